"""Systematic sampling: draws that keep the proportions of their groups."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats, Integers


def spread(groups: Integers, rng: np.random.Generator) -> Floats:
    """Return evenly spaced numbers in [0, 1) for the rows of each group, in random order.

    Parameters
    ----------
    groups : ndarray of int, shape (n_rows,)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float, shape (n_rows,)
        Uniform for each row; the rows of one group cover [0, 1) in equal steps.
    """
    n_rows = len(groups)
    if not n_rows:
        return np.empty(0)
    order = np.argsort(groups + rng.random(n_rows))
    sizes = np.bincount(groups)
    starts = np.cumsum(sizes) - sizes
    ordered = groups[order]
    rank = np.arange(n_rows) - starts[ordered]
    numbers = np.empty(n_rows)
    numbers[order] = (rank + rng.random(n_rows)) / sizes[ordered]
    return numbers


def round_to_total(expected: Floats, rng: np.random.Generator) -> Integers:
    """Round non-negative numbers at random so that their sum is exact.

    Parameters
    ----------
    expected : ndarray of float, shape (n,)
        With a whole sum, up to rounding error.

    Returns
    -------
    ndarray of int, shape (n,)
        Each the floor or the ceiling of its expectation, in expectation equal to it.

    Examples
    --------
    >>> import numpy as np
    >>> int(round_to_total(np.full(8, 0.5), np.random.default_rng(0)).sum())
    4
    """
    order = rng.permutation(len(expected))
    edges = np.floor(np.cumsum(expected[order]) + rng.random())
    total = round(float(expected.sum()))
    if len(edges):
        edges[-1] = total
    rounded = np.empty(len(expected), np.int64)
    rounded[order] = np.diff(np.minimum(edges, total), prepend=0.0).astype(np.int64)
    return rounded
