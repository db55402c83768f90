"""Pair trends: whether two columns of a table vary together as in the real data."""

from __future__ import annotations

from itertools import combinations

from relsynth.evaluate.association import pair_summary, score_pairs
from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import CEILING, Comparison, Figure, Measure, Scores
from relsynth.typing import Array


def measure_pairs(comparison: Comparison) -> Scores:
    """Return the likeness of all pairs of columns of every table.

    References
    ----------
    SDMetrics 0.32, ColumnPairTrends with both thresholds 0 (`published`), and with its
    default thresholds in form of the restricted mean (`associated`).
    """
    groups = {}
    for table, kinds in comparison.real.kinds.items():
        if len(kinds) > 1:
            real = _capped(comparison, comparison.real, table, "real")
            synthetic = _capped(comparison, comparison.synthetic, table, "synthetic")
            groups[table] = score_pairs(real, synthetic, kinds, list(combinations(kinds, 2)))
    found = pair_summary(groups)
    return {
        "pairs": found.pop("published"),
        "pairs_associated": found.pop("associated"),
        "associated_pairs": found["associated_pairs"],
        "tables": found["pairs"],
    }


def _capped(comparison: Comparison, database: Database, table: str, side: str) -> dict[str, Array]:
    rows = comparison.sample(
        database.rows[table], comparison.limits.pair_rows, "pairs", table, side
    )
    return {column: values[rows] for column, values in database.values[table].items()}


PAIRS = Measure(
    "pairs",
    "Pair trends",
    "Two columns of one table: do they vary together as in the real data?",
    (
        Figure(
            "pairs",
            "Pair trends",
            "Mean likeness over all pairs of columns, as published. 1 is identical.",
        ),
        Figure(
            "pairs_associated",
            "Pair trends, associated pairs",
            "The same over pairs that really belong together: the stricter figure. 1 is identical.",
        ),
    ),
    measure_pairs,
    lines=CEILING,
)
