"""What `evaluate` returns: scores between ceiling and floor, a table, gates and a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from relsynth.errors import Faults, RelsynthError, did_you_mean
from relsynth.evaluate.measure import Comparison, Figure, Measure
from relsynth.evaluate.violation import Violation
from relsynth.formats.diagram import Diagram as Picture
from relsynth.formats.html import check_report_name, html_table
from relsynth.storage.atomic import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 20  # broken rules that a text lists


class Report:
    """The outcome of an evaluation.

    Attributes
    ----------
    scores : dict
        JSON-able. ``scores["summary"][figure]`` has ``score``, ``ceiling`` and ``floor``;
        ``scores[measure]`` the details of a measure, ``scores["ceiling"]`` and
        ``scores["floor"]`` the same for the two lines, ``scores["limits"]`` and
        ``scores["rows"]`` what was looked at.
    """

    def __init__(
        self, scores: dict[str, Any], measures: Sequence[Measure], comparison: Comparison
    ) -> None:
        self.scores = scores
        self._measures = tuple(measures)
        self._comparison = comparison

    @property
    def figures(self) -> dict[str, Figure]:
        """Every figure of this report by name."""
        return {figure.name: figure for measure in self._measures for figure in measure.figures}

    def table(self) -> pd.DataFrame:
        """Return one row per figure: score, ceiling, floor, position, verdict and meaning.

        ``position`` is where the score lies between floor (0) and ceiling (1).
        """
        rows = []
        for measure in self._measures:
            for figure in measure.figures:
                line = self.scores["summary"][figure.name]
                rows.append(
                    {
                        "measure": measure.name,
                        "figure": figure.name,
                        "score": line["score"],
                        "ceiling": line["ceiling"],
                        "floor": line["floor"],
                        "position": line["position"],
                        "verdict": line["verdict"],
                        "meaning": figure.says,
                    }
                )
        return (
            pd.DataFrame(rows)
            .set_index("figure")
            .astype(dict.fromkeys(("score", "ceiling", "floor", "position"), float))
        )

    def fails(self, under: Mapping[str, float]) -> list[str]:
        """Return a sentence for every gate that is not passed; an empty list is a pass.

        Parameters
        ----------
        under : mapping of str to float
            Figure names and gates. A figure where less is better, detection included,
            fails above its gate; one where more is better fails below it.

        Raises
        ------
        RelsynthError
            For a figure that this report does not have.
        """
        check_gates(under, self._measures)
        known = self.figures
        found = []
        for name, gate in under.items():
            score = self.scores["summary"][name]["score"]
            if score is None:
                found.append(f"{name} could not be measured, the gate is {gate:g}")
            elif known[name].better == "higher" and score < gate:
                found.append(f"{name} is {score:.4g}, below the gate {gate:g}")
            elif known[name].better != "higher" and score > gate:
                found.append(f"{name} is {score:.4g}, above the gate {gate:g}")
        return found

    def save(self, path: str | Path) -> Path:
        """Write the report as one self-contained HTML page, or as JSON by its suffix.

        Parameters
        ----------
        path : str or Path
            ``.html`` or ``.json``; the file is replaced in one step.

        Raises
        ------
        DataError
            For any other suffix.
        """
        target = Path(path)
        check_report_name(target)
        if target.suffix == ".json":
            text = json.dumps(self.scores, indent=1)
        else:
            from relsynth.evaluate.page import render

            text = render(self.scores, self._measures, self._comparison)
        with replacing(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return target

    def plot(self, table: str, column: str | None = None) -> Picture:
        """Draw a column of both databases, or all columns of a table, least alike first.

        Parameters
        ----------
        table : str
        column : str, optional

        Returns
        -------
        Picture
            SVG text; a notebook shows it, ``save("age.svg")`` writes it.

        Raises
        ------
        RelsynthError
            For a table or column that was not compared.
        """
        from relsynth.evaluate.page import draw_columns

        kinds = self._comparison.real.kinds
        with Faults("plot", RelsynthError) as faults:
            if table not in kinds:
                faults.add(f"no table {table!r}; {did_you_mean(table, kinds)}")
            elif column is not None and column not in kinds[table]:
                hint = did_you_mean(column, kinds[table])
                faults.add(f"{table}.{column} is not compared; {hint}")
        shown = None if column is None else [column]
        return draw_columns(self.scores, self._comparison, table, shown)

    def _repr_html_(self) -> str:
        from relsynth.evaluate.page import headlines

        rows = [
            (
                card["question"],
                card["verdict"],
                f"{card['good']} of {card['count']} figures are good",
                "; ".join(f"{point['title']}: {point['reason']}" for point in card["points"]),
            )
            for card in headlines(self.scores, self._measures)
        ]
        shown = self.table()[["score", "ceiling", "floor", "verdict"]]
        cards = html_table(("question", "verdict", "figures", "why"), rows, repr(self))
        return f"{cards}<details><summary>all figures</summary>{shown.to_html(na_rep='')}</details>"

    def __str__(self) -> str:
        shown = self.table()[["score", "ceiling", "floor", "verdict"]]
        lines = [name for name in ("ceiling", "floor") if shown[name].isna().all()]
        table = shown.drop(columns=lines).to_string(
            float_format=lambda value: f"{value:.4f}", na_rep="-"
        )
        return "\n".join([table, *self._read_in_part(), *self._broken_rules()])

    def _read_in_part(self) -> list[str]:
        """Return what was read of databases that were not read whole."""
        sides = ("real data", "synthetic data", "holdout data")
        known = {side: self.scores["about"].get(side) for side in sides}
        return [f"{side}: {read}" for side, read in known.items() if read]

    def _broken_rules(self) -> list[str]:
        """Return a line for every rule that is broken, where validity was measured."""
        found = self.scores.get("validity", {}).get("found", [])
        lines = []
        for title, strict in (("broken rules:", True), ("not declared, noted only:", False)):
            broken = [f"    {Violation(**entry)}" for entry in found if entry["strict"] == strict]
            left_out = [f"    and {len(broken) - _SHOWN} more"] if len(broken) > _SHOWN else []
            lines += [title, *broken[:_SHOWN], *left_out] if broken else []
        return lines

    def __repr__(self) -> str:
        return f"Report({len(self.figures)} figures of {len(self._measures)} measures)"


def check_gates(gates: Iterable[str], measures: Iterable[Measure]) -> None:
    """Raise one error for every gate whose figure none of the measures gives."""
    known = [figure.name for measure in measures for figure in measure.figures]
    with Faults("gates", RelsynthError) as faults:
        for name in gates:
            if name not in known:
                faults.add(f"no figure {name!r}; {did_you_mean(name, known)}")


def plain(value: Any) -> Any:
    """Return a value as JSON has it: no arrays, no numpy numbers, ``None`` for ``NaN``."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value
