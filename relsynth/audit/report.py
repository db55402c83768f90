"""What an audit found: figures with intervals, a verdict in plain words, gates and a page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from relsynth.errors import Faults, RelsynthError, did_you_mean
from relsynth.evaluate.report import plain
from relsynth.formats.html import check_report_name
from relsynth.storage.atomic import replacing

FIGURES = {
    "auc": "Members distinguished from others (AUC), the surest attack; .5 is a coin toss",
    "tpr": "Members found while 1 % of the others are accused; .01 is a coin toss",
    "copies": "Records that are exactly a real one, beyond chance",
    "singling_out": "Risk that a description fits one real person alone",
    "linkability": "Risk that two halves of a person are brought together",
    "inference": "Risk that a secret is guessed, beyond what statistics tell",
    "canaries": "Planted values that came out more often than by chance",
    "model_values": "Values of single rows that the model file holds, worst column",
}
LEAK = {"auc": 0.6, "tpr": 0.05, "copies": 0.01, "canaries": 0.0, "model_values": 0.05}
"""Above these nothing should be shared: as in published attacks on methods that memorise."""
CARE = {"auc": 0.55, "tpr": 0.02, "singling_out": 0.1, "linkability": 0.1, "inference": 0.1}
"""Above these somebody should look: about what unseen data reach by luck."""
_RISKS = ("singling_out", "linkability", "inference")


class Audit:
    """The outcome of an audit.

    Attributes
    ----------
    scores : dict
        JSON-able. Every figure by name (``None`` where it was not measured), and beneath
        ``"rows"`` and ``"families"`` all attacks by table, ``"planted"``, ``"model"``.
    verdict : str
    """

    def __init__(self, scores: Mapping[str, Any]) -> None:
        found = dict(scores)
        entries = [entry for unit in ("rows", "families") for entry in found[unit].values()]
        attacks = [done for e in entries for done in e.get("membership", {}).values()]
        surest = max(attacks, key=lambda done: done["auc_low"], default=None)
        finds = max(attacks, key=lambda done: done["tpr_low"], default=None)
        found["auc"] = None if surest is None else surest["auc"]
        found["tpr"] = None if finds is None else finds["tpr"]
        found["copies"] = max((entry["copies"] for entry in entries), default=None)
        for name in _RISKS:
            risks = [e["disclosure"][name] for e in entries if name in e.get("disclosure", {})]
            worst = max(risks, key=lambda risk: risk["low"], default=None)
            found[name] = None if worst is None else worst["risk"]
        planted = found.get("planted")
        found["canaries"] = None
        if planted is not None:
            leaked = [canary for canary in planted if canary["caught"] > canary["chance"]]
            found["canaries"] = len(leaked) / max(len(planted), 1)
        found["model_values"] = found.get("model", {}).get("model_values")
        self.scores: dict[str, Any] = plain(found)
        self.verdict = _verdict(self.scores)
        self.scores["verdict"] = self.verdict

    def table(self) -> pd.DataFrame:
        """Return one row per attack: on what, its figure and the interval of 95 %."""
        columns = ["records", "table", "attack", "figure", "value", "low", "high"]
        return pd.DataFrame(list(_lines(self.scores)), columns=columns)

    def fails(self, under: Mapping[str, float]) -> list[str]:
        """Return a sentence for every gate that is not passed; of all figures less is better.

        Parameters
        ----------
        under : mapping of str to float
            Figures and the most they may be, such as ``{"auc": 0.55, "tpr": 0.02}``.

        Raises
        ------
        RelsynthError
            For a figure that there is not.
        """
        check_gates(under)
        found = []
        for name, gate in under.items():
            score = self.scores[name]
            if score is None:
                found.append(f"{name} could not be measured, the gate is {gate:g}")
            elif score > gate:
                found.append(f"{name} is {score:.4g}, above the gate {gate:g}")
        return found

    def save(self, path: str | Path) -> Path:
        """Write the audit as one HTML page, or as JSON by its suffix, in one step."""
        target = Path(path)
        check_report_name(target)
        text = json.dumps(self.scores, indent=1) if target.suffix == ".json" else self._page()
        with replacing(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return target

    def __str__(self) -> str:
        width = max(map(len, FIGURES))
        lines = [self.verdict, self.scores["subjects"]]
        for name, says in FIGURES.items():
            score = self.scores[name]
            lines.append(f"{name:<{width}}  {'-' if score is None else f'{score:.4f}':>7}  {says}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Audit({self.verdict!r})"

    def _repr_html_(self) -> str:
        return self._body()

    def _page(self) -> str:
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Privacy audit</title>'
            "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:64em;margin:2em auto;"
            "padding:0 1em}table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;"
            "border-bottom:1px solid #ccc;text-align:left}.v{font-size:1.2em}</style>"
            f"<body><h1>Privacy audit</h1>{self._body()}</body></html>\n"
        )

    def _body(self) -> str:
        figures = [
            (name, "-" if self.scores[name] is None else f"{self.scores[name]:.4f}", says)
            for name, says in FIGURES.items()
        ]
        attacks = [
            (*line[:4], *("-" if v is None else f"{v:.4f}" for v in line[4:]))
            for line in _lines(self.scores)
        ]
        heads = ("records", "table", "attack", "figure", "value", "low", "high")
        parts = [
            f'<p class="v">{escape(self.verdict)}</p><p>{escape(self.scores["subjects"])}</p>',
            _table(("figure", "value", "meaning"), figures),
            f"<h2>Every attack</h2>{_table(heads, attacks)}",
        ]
        if self.scores.get("planted"):
            names = ("table", "column", "value", "rows", "draws", "caught", "chance")
            planted = [[canary[name] for name in names] for canary in self.scores["planted"]]
            parts.append(f"<h2>Planted values</h2>{_table(names, planted)}")
        columns = self.scores.get("model", {}).get("columns", {})
        if columns:
            held = [
                (table, column, entry["values"], f"{entry['held']:.1%}")
                for table, of in columns.items()
                for column, entry in of.items()
            ]
            titles = ("table", "column", "values of single rows", "in the model file")
            parts.append(f"<h2>The model file</h2>{_table(titles, held)}")
        return "".join(parts)


def check_gates(under: Mapping[str, float]) -> None:
    """Raise one error for every gate on a figure that there is not."""
    with Faults("gates", RelsynthError) as faults:
        for name in under:
            if name not in FIGURES:
                faults.add(f"no figure {name!r}; {did_you_mean(name, FIGURES)}")


def _lines(scores: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for unit in ("rows", "families"):
        for table, entry in scores[unit].items():
            for name, done in entry.get("membership", {}).items():
                for figure in ("auc", "tpr"):
                    ends = (done[f"{figure}_low"], done[f"{figure}_high"])
                    yield unit, table, name, figure, done[figure], *ends
                yield unit, table, name, "tpr at .1 %", done["tpr_strict"], None, None
            for name, risk in entry.get("disclosure", {}).items():
                yield unit, table, name, "risk", risk["risk"], risk["low"], risk["high"]
            yield unit, table, "copies", "share", entry["copies"], None, None


def _table(heads: Any, rows: Any) -> str:
    head = "".join(f"<th>{escape(str(cell))}</th>" for cell in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _verdict(scores: Mapping[str, Any]) -> str:
    leaks = [name for name, most in LEAK.items() if (scores[name] or 0.0) > most]
    cares = [name for name, most in CARE.items() if (scores[name] or 0.0) > most]
    if leaks:
        found = ", ".join(f"{name} {scores[name]:.3g}" for name in leaks)
        return f"Not safe to share: {found}. Look at the attacks below."
    if cares:
        found = ", ".join(f"{name} {scores[name]:.3g}" for name in cares)
        return f"Look before sharing: {found}, more than unseen people reach by luck."
    if not scores["holdout"]:
        return (
            "No copies found, and nothing else could be attacked: give a holdout, real data that "
            "nothing was learned from."
        )
    return (
        "No attack tells the people learned from, better than luck, from people never seen. "
        "That is evidence, not a proof."
    )
