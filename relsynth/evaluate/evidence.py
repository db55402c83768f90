"""What gives a synthetic database away: loudest features, and a picture of each worst case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from relsynth.evaluate.aggregates import families
from relsynth.evaluate.binning import fit_bins
from relsynth.evaluate.measure import Comparison
from relsynth.evaluate.plots import column_panel, counts_panel, distribution, grid, pair_panels
from relsynth.typing import Floats

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey

SHOWN = 4  # features in one sentence
# up to this share classified right, rows pass for real; beyond the other they do not
LOUD, CLEAR = 0.55, 0.7
Scores = Mapping[str, Any]


def detections(scores: Scores) -> list[dict[str, Any]]:
    """Return every two-sample test with the columns that tell, the surest first."""
    lines = scores["ceiling"]
    found = []
    for table, outcome in _tests(scores, "c2st").items():
        found.append(_line(f"rows of {table}", outcome, _tests(lines, "c2st").get(table)))
    for table, forms in _tests(scores, "dda").items():
        for form, outcome in forms.items():
            what = "published summaries" if form == "base" else "full summaries"
            best = _tests(lines, "dda").get(table, {}).get(form)
            found.append(_line(f"families of {table}, {what}", outcome, best))
    for key, outcome in _tests(scores, "joined").items():
        found.append(_line(f"joined rows, {key}", outcome, _tests(lines, "joined").get(key)))
    return sorted(found, key=lambda line: -line["accuracy"])


def _tests(scores: Scores, measure: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = scores.get(measure, {}).get("tables", {})
    return found


def pictures(scores: Scores, comparison: Comparison) -> list[dict[str, str]]:
    """Return a picture of the worst column, pair of columns, foreign key and family summary."""
    makers = (_worst_column, _worst_pair, _worst_key, _worst_summary)
    return [picture for make in makers if (picture := make(scores, comparison)) is not None]


def _line(title: str, outcome: Mapping[str, Any], best: Mapping[str, Any] | None) -> dict[str, Any]:
    total = sum(outcome["loudest"].values()) or 1.0
    loudest = [(name, gain / total) for name, gain in list(outcome["loudest"].items())[:SHOWN]]
    ceiling = None if best is None else best["accuracy"]
    return {
        "title": title,
        **outcome,
        "loudest": loudest,
        "ceiling": ceiling,
        "colour": colour_of(outcome, ceiling),
    }


def colour_of(outcome: Mapping[str, Any] | None, ceiling: float | None = None) -> str:
    """Return the CSS class of a two-sample test: distinguished, partly so, or passing for real."""
    if outcome is None:
        return "unknown"
    if outcome["verdict"] == "memorised":
        return "memorisation"
    accuracy = outcome["accuracy"]
    if outcome["verdict"] != "detected" or accuracy <= max(LOUD, ceiling or 0.0):
        return "good"
    return "fair" if accuracy <= max(CLEAR, ceiling or 0.0) else "poor"


def _worst_column(scores: Scores, comparison: Comparison) -> dict[str, str] | None:
    every = [
        (score, table, column)
        for table, columns in scores.get("shapes", {}).get("columns", {}).items()
        for column, score in columns.items()
        if score is not None
    ]
    if not every:
        return None
    score, table, column = min(every)
    panel = column_panel(comparison.real, comparison.synthetic, table, column, score)
    return {
        "title": f"Least alike column: {table}.{column}",
        "says": "Its values are distributed least like the real ones.",
        "svg": grid([panel], 1, (4.4, 1.9)),
    }


def _worst_pair(scores: Scores, comparison: Comparison) -> dict[str, str] | None:
    every = [
        (found["score"], table, pair)
        for table, pairs in scores.get("pairs", {}).get("tables", {}).items()
        for pair, found in pairs.items()
        if found["score"] is not None and found["associated"]
    ]
    if not every:
        return None
    _, table, pair = min(every)
    names = _split(pair, list(comparison.real.kinds[table]))
    real, synthetic = (
        _joint_shares(comparison, side, table, names) for side in ("real", "synthetic")
    )
    return {
        "title": f"Least alike pair: {table}.{names[0]} with {names[1]}",
        "says": "The darker a cell, the more rows have these two values together.",
        "svg": grid(pair_panels(real, synthetic, names), 2, (2.2, 1.9)),
    }


def _worst_key(scores: Scores, comparison: Comparison) -> dict[str, str] | None:
    keys = scores.get("cardinality", {}).get("keys", {})
    known = {name: found["score"] for name, found in keys.items() if found["score"] is not None}
    if not known:
        return None
    worst = min(known, key=lambda name: (known[name], name))
    key = _key(comparison, worst)
    panel = counts_panel(comparison.real.counts(key), comparison.synthetic.counts(key), "")
    return {
        "title": f"Least alike foreign key: {worst}",
        "says": f"How many {key.child} a row of {key.parent} has. Likeness {known[worst]:.3f}.",
        "svg": grid([panel], 1, (4.4, 1.9)),
    }


def _worst_summary(scores: Scores, comparison: Comparison) -> dict[str, str] | None:
    tests = [
        (forms["full"]["accuracy"], table, next(iter(forms["full"]["loudest"]), None))
        for table, forms in scores.get("dda", {}).get("tables", {}).items()
        if "full" in forms
    ]
    measured = [test for test in tests if test[2] is not None]
    if not measured:
        return None
    accuracy, table, name = max(measured)
    real, synthetic = families(comparison.real, comparison.synthetic, table, "full")
    column = str(name)
    levels = comparison.real.levels[table].get(column, ())
    panel = distribution(
        real.values[column], synthetic.values[column], real.kinds[column], "", levels
    )
    return {
        "title": f"What tells families of {table}: {column}",
        "says": f"The summary that gives them away first (classified right {accuracy:.1%}).",
        "svg": grid([panel], 1, (4.4, 1.9)),
    }


def _split(pair: str, columns: list[str]) -> tuple[str, str]:
    """Return the two names of ``first|second``, which may hold bars themselves."""
    return next((a, b) for a in columns for b in columns if f"{a}|{b}" == pair)


def _joint_shares(comparison: Comparison, side: str, table: str, names: tuple[str, str]) -> Floats:
    database = comparison.real if side == "real" else comparison.synthetic
    binned = []
    for name in names:
        bins = fit_bins(comparison.real.values[table][name], comparison.real.kinds[table][name])
        binned.append((bins.apply(database.values[table][name]), bins.size))
    (a, width), (b, height) = binned
    cells = np.bincount(a * height + b, minlength=width * height).reshape(width, height)
    return cells / max(cells.sum(), 1)


def _key(comparison: Comparison, name: str) -> ForeignKey:
    return next(key for key in comparison.real.metadata.foreign_keys if key.name == name)
