"""Diamonds: two ways from a row to one ancestor, and whether they meet as often as in reality."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import Comparison, Figure, Measure, Scores, mean_of
from relsynth.evaluate.paths import Path, downward_paths, path_name, top_rows

HOPS = 3  # keys a path: what lies farther is rarely one row


def measure_diamonds(comparison: Comparison) -> Scores:
    """Return how often two paths lead to the same ancestor row, real and synthetic.

    Two foreign keys to one parent are the smallest diamond. `by_chance` is the rate after
    dealing the ancestors of one path at random.
    """
    found = {}
    for first, second in _diamonds(comparison):
        real = _meeting(comparison.real, first, second)
        synthetic = _meeting(comparison.synthetic, first, second)
        if real is None or synthetic is None:
            continue
        found[f"{path_name(first)} = {path_name(second)}"] = {
            "real": real,
            "synthetic": synthetic,
            "by_chance": _chance(comparison.real, first, second),
            "score": 1 - abs(real - synthetic),
        }
    return {"diamonds": mean_of(d["score"] for d in found.values()), "paths": found}


def _diamonds(comparison: Comparison) -> list[tuple[Path, Path]]:
    paths = downward_paths(comparison.real.metadata, HOPS)
    return [
        (first, second)
        for first, second in combinations(paths, 2)
        if first[0].parent == second[0].parent
        and first[-1].child == second[-1].child
        and not {key.name for key in first} & {key.name for key in second}
    ]


def _meeting(database: Database, first: Path, second: Path) -> float | None:
    a, b = top_rows(database, first), top_rows(database, second)
    known = (a >= 0) & (b >= 0)
    return float((a[known] == b[known]).mean()) if known.any() else None


def _chance(database: Database, first: Path, second: Path) -> float:
    size = database.rows[first[0].parent]
    tops = [top_rows(database, path) for path in (first, second)]
    shares = [np.bincount(top[top >= 0], minlength=size) / (top >= 0).sum() for top in tops]
    return float((shares[0] * shares[1]).sum())


DIAMONDS = Measure(
    "diamonds",
    "Diamonds",
    "Two ways lead from a row to one ancestor: do they meet as often as in the real data?",
    (
        Figure(
            "diamonds",
            "Agreement of two paths",
            "1 minus the difference of how often both paths reach the same row. 1 is as often.",
        ),
    ),
    measure_diamonds,
)
