"""The report as one HTML page: what the template shows, put together from the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relsynth.evaluate import evidence
from relsynth.evaluate.diagram import draw_schema
from relsynth.evaluate.measure import Comparison, Measure
from relsynth.evaluate.plots import column_panel, correlation_panels, counts_panel, grid
from relsynth.optional import require

TEMPLATES = Path(__file__).parent / "templates"
COLUMNS = 24
LOUD = 0.55
QUIET = 0.53
RANKED = ("memorisation", "poor", "fair", "within noise", "good", "not measured")
Scores = Mapping[str, Any]


def render(scores: Scores, measures: Sequence[Measure], comparison: Comparison) -> str:
    """Return the page as text.

    Parameters
    ----------
    scores : mapping
        As `Report.scores`.
    measures : sequence of Measure
    comparison : Comparison
        The databases, for the pictures.

    Notes
    -----
    At most 24 columns per table are drawn, those with the lowest scores first.
    """
    jinja2 = require("jinja2", "report", "writing the report")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["percent"] = lambda value: "–" if value is None else f"{value:.1%}"
    metadata = comparison.real.metadata
    return environment.get_template("report.html").render(
        scores=scores,
        measures=measures,
        headlines=_headlines(scores, measures),
        schema=_schema(scores, comparison),
        detections=evidence.detections(scores),
        pictures=evidence.pictures(scores, comparison),
        tables=[_table(name, scores, comparison) for name in metadata.tables],
        keys=[_key(key, scores, comparison) for key in metadata.foreign_keys],
        column_limit=COLUMNS,
        style=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
    )


def _headlines(scores: Scores, measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """Return the four questions a reader has, each with its worst verdict and one sentence."""
    groups = (
        ("Is it valid?", ("validity",), "keys, references, formats"),
        ("Does it look real?", ("shapes", "pairs", "c2st", "accuracy"), "rows of single tables"),
        (
            "Do tables fit together?",
            ("cardinality", "trends", "dda", "joined", "order", "siblings", "diamonds", "repeats"),
            "families across foreign keys",
        ),
        ("Is it useful?", ("utility",), "models trained on it"),
        ("Is it private?", ("privacy",), "copies and near copies"),
    )
    by_name = {measure.name: measure for measure in measures}
    cards = []
    for question, names, about in groups:
        figures = [figure for name in names if name in by_name for figure in by_name[name].figures]
        lines = [(scores["summary"][figure.name], figure) for figure in figures]
        measured = [line for line in lines if line[0]["score"] is not None]
        if not measured:
            continue
        worst = min(measured, key=lambda line: RANKED.index(line[0]["verdict"]))
        good = sum(line["verdict"] in ("good", "within noise") for line, _ in measured)
        cards.append(
            {
                "question": question,
                "about": about,
                "verdict": worst[0]["verdict"],
                "weakest": worst[1].title,
                "score": worst[0]["score"],
                "good": good,
                "count": len(measured),
            }
        )
    return cards


def _schema(scores: Scores, comparison: Comparison) -> str:
    keys = scores.get("cardinality", {}).get("keys", {})
    return draw_schema(
        comparison.real.metadata,
        {
            name: f"{rows['real']:,} → {rows['synthetic']:,} rows"
            for name, rows in scores["rows"].items()
        },
        {name: _loudness(_detection(scores, name)) for name in scores["rows"]},
        {name: _likeness(found["score"]) for name, found in keys.items()},
    )


def _table(name: str, scores: Scores, comparison: Comparison) -> dict[str, Any]:
    shapes = scores.get("shapes", {}).get("columns", {}).get(name, {})
    columns = sorted(
        comparison.real.kinds[name], key=lambda c: (shapes.get(c) is None, shapes.get(c) or 0.0)
    )
    sides = comparison.real, comparison.synthetic
    panels = [column_panel(*sides, name, c, shapes.get(c)) for c in columns[:COLUMNS]]
    c2st = _detection(scores, name)
    return {
        "name": name,
        "rows": scores["rows"][name],
        "hidden": max(len(columns) - COLUMNS, 0),
        "c2st": c2st,
        "c2st_class": _loudness(c2st),
        "families": scores.get("dda", {}).get("tables", {}).get(name),
        "accuracy": scores.get("accuracy", {}).get("tables", {}).get(name),
        "utility": scores.get("utility", {}).get("tables", {}).get(name),
        "distributions": grid(panels),
        "correlations": grid(correlation_panels(*sides, name), 3, (3.0, 2.3)),
        "faults": [
            fault
            for fault in scores.get("validity", {}).get("found", [])
            if fault["where"].split(".")[0] == name
        ],
    }


def _key(key: Any, scores: Scores, comparison: Comparison) -> dict[str, Any]:
    counts = scores.get("cardinality", {}).get("keys", {}).get(key.name)
    path = f"{key.parent} > {key.child}.{'+'.join(key.columns)}"
    pairs = scores.get("trends", {}).get("paths", {}).get(path, {})
    strongest = sorted(
        ((pair, found) for pair, found in pairs.items() if found["strength"] is not None),
        key=lambda item: -item[1]["strength"],
    )
    panel = counts_panel(comparison.real.counts(key), comparison.synthetic.counts(key), "")
    return {
        "name": f"{key.child}.{'+'.join(key.columns)}",
        "parent": key.parent,
        "child": key.child,
        "counts": counts,
        "class": _likeness(counts["score"] if counts else None),
        "joined": scores.get("joined", {}).get("tables", {}).get(key.name),
        "strongest": strongest[:6],
        "picture": grid([panel], 1, (4.2, 1.7)),
    }


def _detection(scores: Scores, table: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = scores.get("c2st", {}).get("tables", {}).get(table)
    return found


def _loudness(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "unknown"
    if found["verdict"] == "copied":
        return "memorisation"
    accuracy = found["accuracy"]
    return "good" if accuracy <= LOUD else "fair" if accuracy <= 0.7 else "poor"


def _likeness(score: float | None) -> str:
    if score is None:
        return "unknown"
    return "good" if score >= 0.95 else "fair" if score >= 0.85 else "poor"


def _number(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}"
