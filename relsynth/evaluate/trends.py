"""Trends across foreign keys: whether parents and descendants vary together as in the real data."""

from __future__ import annotations

from itertools import product

import numpy as np

from relsynth.evaluate.association import PairScore, pair_summary, score_pairs
from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import Comparison, Figure, Measure, Scores
from relsynth.evaluate.paths import (
    Path,
    downward_paths,
    joined_columns,
    joined_kinds,
    path_name,
    top_rows,
)
from relsynth.typing import Array

HOPS = 3  # keys a path: associations over more are near 0


def measure_trends(comparison: Comparison) -> Scores:
    """Return the likeness of pairs of an ancestor's and a descendant's column, per distance.

    References
    ----------
    One hop: SDMetrics 0.32, InterTableTrends with both thresholds 0 (published) and
    restricted to associated pairs. More hops: ClavaDDPM and SyntheRela, multi-table trends.
    """
    groups: dict[int, dict[str, dict[str, PairScore]]] = {hop + 1: {} for hop in range(HOPS)}
    for path in downward_paths(comparison.real.metadata, HOPS):
        groups[len(path)][path_name(path)] = _path_scores(comparison, path)
    scores: Scores = {}
    paths: Scores = {}
    for hop, found in groups.items():
        summary = pair_summary(found)
        scores[f"hop{hop}"] = summary["published"]
        scores[f"hop{hop}_associated"] = summary["associated"]
        paths |= summary["pairs"]
    return {**scores, "paths": paths}


def _path_scores(comparison: Comparison, path: Path) -> dict[str, PairScore]:
    kinds = joined_kinds(comparison.real, path)
    real_up, real_down = _joined(comparison, comparison.real, path)
    up, down = _joined(comparison, comparison.synthetic, path)
    pairs = list(product(real_up, real_down))
    if not pairs or not _filled(real_up) or not _filled(up):
        return {}
    return score_pairs(real_up | real_down, up | down, kinds, pairs)


def _joined(
    comparison: Comparison, database: Database, path: Path
) -> tuple[dict[str, Array], dict[str, Array]]:
    tops = top_rows(database, path)
    rows = np.flatnonzero(tops >= 0)
    rows = rows[comparison.sample(len(rows), comparison.limits.pair_rows, path_name(path))]
    return joined_columns(database, path, rows, tops[rows])


def _filled(columns: dict[str, Array]) -> bool:
    return any(len(values) for values in columns.values())


_SAYS = {
    1: "A parent's and a child's column: do they vary together as in the real data?",
    2: "The same for grandparent and grandchild.",
    3: "The same over three foreign keys.",
}
TRENDS = Measure(
    "trends",
    "Trends across tables",
    "A column of an ancestor and one of a descendant: do they vary together?",
    tuple(
        figure
        for hop, says in _SAYS.items()
        for figure in (
            Figure(
                f"hop{hop}",
                f"Trends over {hop} hop{'s' * (hop > 1)}",
                f"{says} Mean over all pairs, as published; nearly blind to broken links.",
            ),
            Figure(
                f"hop{hop}_associated",
                f"Trends over {hop} hop{'s' * (hop > 1)}, associated pairs",
                "The same over pairs that really belong together. 1 is identical.",
            ),
        )
    ),
    measure_trends,
)
