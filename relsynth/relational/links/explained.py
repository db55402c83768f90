"""How much the parent of a row says about its columns."""

from __future__ import annotations

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.models.cluster_targets import cluster_targets
from relsynth.relational.sources.encoding import only
from relsynth.typing import Floats, Integers

LEAST = 0.02  # of the variation: less is not seen in the rows of a parent
SIGNIFICANT = 4.0  # standard errors: of ten thousand columns that parents tell nothing of, one


def explained_columns(rows: Matrix, parents: Integers, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns in which rows of one parent are alike.

    Parameters
    ----------
    rows : Matrix, shape (n_rows, n_columns)
    parents : ndarray of int, shape (n_rows,)
        Negative for rows without a parent.
    names : tuple of str

    Notes
    -----
    The measure is the intraclass correlation over pairs of different rows of a parent, so no
    row tells of itself. It is noise of variance 2 / pairs where parents tell nothing.

    Examples
    --------
    >>> parents = np.repeat(np.arange(50), 4)
    >>> noise = np.tile([-1.0, 1.0, -1.0, 1.0], 50)
    >>> rows = Matrix(("far", "near"), ("number",) * 2, np.c_[parents + noise, noise])
    >>> explained_columns(rows, parents, rows.names)
    ('far',)
    """
    placed = np.flatnonzero(parents >= 0)
    groups = np.unique(parents[placed], return_inverse=True)[1]
    found = []
    for name in names:
        targets = cluster_targets(only(rows, (name,)).take(placed))
        pairs, alike = _alike(targets, groups)
        if pairs and alike >= max(LEAST, SIGNIFICANT * np.sqrt(2.0 / pairs)):
            found.append(name)
    return tuple(found)


def _alike(targets: Floats, groups: Integers) -> tuple[float, float]:
    """Return ordered pairs of rows of one group and the correlation over them."""
    sizes = np.bincount(groups).astype(float)
    pairs = float((sizes * (sizes - 1)).sum())
    centred = targets - targets.mean(axis=0)
    total = (centred**2).sum()
    if not pairs or not total:
        return 0.0, 0.0
    products = 0.0
    for column in centred.T:
        sums = np.bincount(groups, column)
        products += float((sums**2).sum() - (column**2).sum())
    return pairs, products / pairs / (total / len(targets))
