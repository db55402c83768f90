"""How many rows each partition gets."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats, Integers


def allocate(
    weights: Floats, total: int, *, floor: int = 0, capacity: Integers | None = None
) -> Integers:
    """Divide a number of rows among partitions by largest remainders.

    Parameters
    ----------
    weights : ndarray, shape (n_partitions,)
        Not negative, any scale; only their proportions matter. All zero counts as equal.
    total : int
        Rows to divide.
    floor : int, default 0
        Least rows per partition. Floors together take at most half of the total, so
        that a small total is still divided in proportion.
    capacity : ndarray of int, shape (n_partitions,), optional
        Most rows per partition; together they must hold the total.

    Returns
    -------
    ndarray of int, shape (n_partitions,)
        Sums to `total` exactly.

    Examples
    --------
    >>> allocate(np.array([0.52, 0.27, 0.14, 0.07]), 103)
    array([54, 28, 14,  7])
    >>> allocate(np.array([0.6, 0.2, 0.1, 0.1]), 10, floor=5)
    array([6, 2, 1, 1])
    """
    count = len(weights)
    upper = np.full(count, total) if capacity is None else np.asarray(capacity, dtype=np.int64)
    lower = np.minimum(min(floor, total // (2 * count)), upper)
    largest = float(np.max(weights))
    proportions = np.maximum(weights / largest, 1e-300) if largest > 0 else np.ones(count)
    shares = _fill(proportions, float(total), lower, upper)
    rows = np.clip(np.floor(shares + 1e-9).astype(np.int64), lower, upper)
    missing = total - int(rows.sum())
    open_ = np.flatnonzero(rows < upper)
    order = open_[np.argsort(-(shares - rows)[open_], kind="stable")]
    rows[order[:missing]] += 1
    return rows


def _fill(weights: Floats, total: float, lower: Integers, upper: Integers) -> Floats:
    """Return real shares in proportion to the weights, held between bounds."""
    shares = np.zeros(len(weights))
    free = np.ones(len(weights), dtype=bool)
    while free.any():
        left = total - shares[~free].sum()
        proposal = weights[free] / weights[free].sum() * left
        low, high = lower[free], upper[free]
        lifted, cut = np.maximum(low - proposal, 0), np.maximum(proposal - high, 0)
        shares[free] = np.clip(proposal, low, high)
        excess = lifted.sum() - cut.sum()
        fixed = (proposal < low) if excess > 0 else (proposal > high)
        if not fixed.any():
            break
        free[np.flatnonzero(free)[fixed]] = False
    return shares


def partition_weights(z: Floats, partitions: Integers, count: int, *, by_variance: bool) -> Floats:
    """Return the weight of each partition.

    Parameters
    ----------
    z : ndarray, shape (n_rows, n_columns)
    partitions : ndarray of int, shape (n_rows,)
        Partition of each row, 0 to ``count - 1``.
    count : int
    by_variance : bool
        Weight by the mean absolute z of a partition, whatever its size, instead of by
        its number of rows.

    Returns
    -------
    ndarray, shape (count,)
        Sums to 1.
    """
    sizes = np.bincount(partitions, minlength=count).astype(float)
    if not by_variance:
        return sizes / sizes.sum()
    extent = np.bincount(partitions, np.abs(z).mean(axis=1), minlength=count)
    weights = np.where(sizes > 0, np.maximum(extent / np.maximum(sizes, 1.0), 1e-10), 0.0)
    return weights / weights.sum()
