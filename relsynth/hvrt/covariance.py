"""Leaf covariances that never collapse."""

from __future__ import annotations

import numpy as np

from relsynth.hvrt.partition import Partition
from relsynth.typing import Floats

DIAGONAL_SHARE = 0.1  # that shrinks correlations of small leaves; .2 loses those of large ones
FLOOR = 1e-6  # of a variance: constant columns stay invertible


def within(values: Floats, partition: Partition) -> Floats:
    """Return the covariance of rows about the mean of their partition."""
    ordered = values[partition.order]
    means = np.add.reduceat(ordered, partition.starts, axis=0) / partition.sizes[:, None]
    centred = ordered - np.repeat(means, partition.sizes, axis=0)
    return centred.T @ centred / max(len(values) - len(partition), 1)


def regularise(part: Floats, pooled: Floats | None) -> Floats:
    """Return the covariance of one leaf, shrunk so that it is positive definite.

    Parameters
    ----------
    part : ndarray, shape (n_rows, n_columns)
        Rows of the leaf; one is enough where `pooled` is given.
    pooled : ndarray, shape (n_columns, n_columns) or None
        Covariance inside leaves, taken over all of them; counts as much as d rows.

    Notes
    -----
    ``0.9 S + 0.1 diag(S) + 1e-6 I`` after pooling: a leaf with one row, fewer rows than
    columns, or constant columns keeps the spread that leaves have on average.
    """
    rows, columns = part.shape
    centred = part - part.mean(axis=0)
    scatter = centred.T @ centred
    if pooled is None:
        covariance = scatter / max(rows - 1, 1)
    else:
        covariance = (scatter + columns * pooled) / (max(rows - 1, 0) + columns)
    shrunk = (1.0 - DIAGONAL_SHARE) * covariance
    shrunk[np.diag_indices(columns)] += DIAGONAL_SHARE * np.diag(covariance) + FLOOR
    return shrunk


def factor(covariance: Floats) -> Floats:
    """Return the lower Cholesky factor."""
    return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
