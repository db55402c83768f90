"""Repeated rows: pairs of foreign keys, and whole rows, that occur more often than in reality."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import Comparison, Figure, Measure, Scores, max_of
from relsynth.typing import Array, Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey


def measure_repeats(comparison: Comparison) -> Scores:
    """Return the share of rows that repeat an earlier row, beyond the real share.

    Looked at are pairs of foreign keys of a table, and a foreign key with all columns of
    the table. The figure is the largest excess.
    """
    real, synthetic = comparison.real, comparison.synthetic
    sets: Scores = {}
    for table in real.rows:
        keys = real.metadata.parents_of(table)
        for first, second in combinations(keys, 2):
            name = f"{table}: {'+'.join(first.columns)} with {'+'.join(second.columns)}"
            sets[name] = _rates(
                pair_share(real, first, second), pair_share(synthetic, first, second)
            )
        for key in keys:
            if real.kinds[table]:
                name = f"{table}: {'+'.join(key.columns)} with all columns"
                sets[name] = _rates(row_share(real, key), row_share(synthetic, key))
    return {"repeats": max_of(rates["excess"] for rates in sets.values()), "sets": sets}


def pair_share(database: Database, first: ForeignKey, second: ForeignKey) -> float:
    """Return the share of rows whose pair of parents occurred before."""
    a, b = database.links[first.name], database.links[second.name]
    known = (a >= 0) & (b >= 0)
    return _repeated(np.stack([a[known], b[known]]))


def row_share(database: Database, key: ForeignKey) -> float:
    """Return the share of rows that repeat parent and all columns of an earlier row."""
    link = database.links[key.name]
    known = link >= 0
    columns: list[Array] = [link[known]]
    columns += [
        np.unique(values[known], return_inverse=True)[1]
        for values in database.values[key.child].values()
    ]
    return _repeated(np.stack(columns))


def _repeated(columns: Integers) -> float:
    joint = np.zeros(columns.shape[1], dtype=np.int64)
    for column in columns:
        _, joint = np.unique(joint * (int(column.max(initial=0)) + 1) + column, return_inverse=True)
    distinct = int(joint.max(initial=-1)) + 1
    return 1.0 - distinct / len(joint) if len(joint) else 0.0


def _rates(real: float, synthetic: float) -> dict[str, float]:
    return {"real": real, "synthetic": synthetic, "excess": max(synthetic - real, 0.0)}


REPEATS = Measure(
    "repeats",
    "Repeated rows",
    "Does a parent get the same child, or the same pair of parents, twice where it should not?",
    (
        Figure(
            "repeats",
            "Excess of repeated rows",
            "Share of rows that repeat an earlier one, beyond the real share. 0 is good.",
            "lower",
            0.0,
        ),
    ),
    measure_repeats,
)
