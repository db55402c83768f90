"""Sibling tables: whether two kinds of children of one parent tell the same story."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from relsynth.evaluate.aggregates import families
from relsynth.evaluate.association import PairScore, score_pairs
from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import Comparison, Figure, Measure, Scores, mean_of
from relsynth.typing import Array, Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey

Pair = tuple["ForeignKey", "ForeignKey"]


def measure_siblings(comparison: Comparison) -> Scores:
    """Return the agreement of every two child tables of one parent.

    Trends: correlations between the summaries of the one and of the other (count, means,
    distinct values), over pairs that really belong together. Shared values: for columns
    of the same name, the share of rows whose value the sibling has for the same parent.
    """
    trends: dict[str, dict[str, PairScore]] = {}
    shared: dict[str, dict[str, float]] = {}
    for first, second in _sibling_keys(comparison.real):
        name = f"{first.child} & {second.child} of {first.parent}"
        trends[name] = _summary_trends(comparison, first, second)
        for column, rates in _shared_values(comparison, first, second).items():
            shared[f"{name}: {column}"] = rates
    strong = [pair.score for group in trends.values() for pair in group.values() if pair.associated]
    return {
        "siblings": mean_of(strong),
        "siblings_shared": mean_of(1 - abs(r["real"] - r["synthetic"]) for r in shared.values()),
        "pairs": {
            name: mean_of(p.score for p in group.values() if p.associated)
            for name, group in trends.items()
        },
        "shared": shared,
    }


def _sibling_keys(database: Database) -> list[Pair]:
    metadata = database.metadata
    return [
        pair
        for parent in metadata.tables
        for pair in combinations(metadata.children_of(parent), 2)
        if pair[0].child != pair[1].child
    ]


def _summary_trends(
    comparison: Comparison, first: ForeignKey, second: ForeignKey
) -> dict[str, PairScore]:
    sides = families(comparison.real, comparison.synthetic, first.parent)
    named = [f"{key.child}.{'+'.join(key.columns)}:" for key in (first, second)]
    columns = [[c for c in sides[0].values if c.startswith(name)] for name in named]
    pairs = list(product(columns[0], columns[1]))
    return score_pairs(sides[0].values, sides[1].values, sides[0].kinds, pairs)


def _shared_values(
    comparison: Comparison, first: ForeignKey, second: ForeignKey
) -> dict[str, dict[str, float]]:
    kinds = comparison.real.kinds
    found = {}
    for column, kind in kinds[first.child].items():
        if kinds[second.child].get(column) != kind:
            continue
        rates = {
            "real": _share_met(comparison.real, first, second, column),
            "synthetic": _share_met(comparison.synthetic, first, second, column),
        }
        if not any(np.isnan(rate) for rate in rates.values()):
            found[column] = rates
    return found


def _share_met(database: Database, first: ForeignKey, second: ForeignKey, column: str) -> float:
    """Return the share of first-table rows whose (parent, value) the second table has."""
    mine, theirs = _common_codes(database, first.child, second.child, column)
    links = database.links[first.name], database.links[second.name]
    width = int(max(mine.max(initial=0), theirs.max(initial=0))) + 1
    kept = (links[0] >= 0) & (mine >= 0)
    other = (links[1] >= 0) & (theirs >= 0)
    if not kept.any():
        return np.nan
    cells = links[1][other] * width + theirs[other]
    return float(np.isin(links[0][kept] * width + mine[kept], cells).mean())


def _common_codes(
    database: Database, first: str, second: str, column: str
) -> tuple[Integers, Integers]:
    parts: list[Array] = []
    for table in (first, second):
        values = database.values[table][column]
        if database.kinds[table][column] == "category":
            labels = np.array([*database.levels[table][column], ""], dtype=str)
            values = labels[values]
        parts.append(values)
    known = [p != "" if p.dtype.kind == "U" else ~np.isnan(p) for p in parts]
    _, codes = np.unique(np.concatenate(parts), return_inverse=True)
    codes = np.where(np.concatenate(known), codes, -1)
    return codes[: len(parts[0])], codes[len(parts[0]) :]


SIBLINGS = Measure(
    "siblings",
    "Sibling tables",
    "Two child tables of one parent: do they tell the same story about it?",
    (
        Figure(
            "siblings",
            "Trends between siblings",
            "Likeness of correlations between two children's summaries, where they really belong "
            "together. 1 is identical.",
        ),
        Figure(
            "siblings_shared",
            "Values siblings share",
            "Of one parent, do both child tables have the same values as often? 1 is as often.",
        ),
    ),
    measure_siblings,
)
