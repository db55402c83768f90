"""Matrices as features and targets of clustering trees."""

from __future__ import annotations

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.models.target import normal_scores
from relsynth.typing import Floats

LEVELS = 10  # indicators a category; types of families follow the frequent levels


def cluster_targets(table: Matrix) -> Floats:
    """Return columns on one scale whose squared differences tell rows apart.

    Parameters
    ----------
    table : Matrix, shape (n_rows, n_columns)

    Returns
    -------
    ndarray of float, shape (n_rows, n_targets)
        Normal scores of numbers, 0 where missing; indicators of the ``LEVELS`` most frequent
        levels of categories, scaled so that a category weighs as much as a number.
    """
    parts: list[Floats] = []
    for name, kind in zip(table.names, table.kinds, strict=True):
        column = table[name]
        if kind != "category":
            parts.append(normal_scores(column)[:, None])
            continue
        levels, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        frequent = levels[np.argsort(-counts, kind="stable")[:LEVELS]]
        hits = (column[:, None] == frequent).astype(float)
        spread = np.sqrt(hits.var(0).sum())
        parts.append(hits / spread if spread > 0 else hits * 0.0)
    return np.column_stack(parts) if parts else np.empty((len(table), 0))
