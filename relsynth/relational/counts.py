"""Numbers of children: fitted to a total without changing who has many."""

from __future__ import annotations

import numpy as np

from relsynth.models.systematic import round_to_total
from relsynth.typing import Floats, Integers


def fit_total(
    counts: Integers, total: int, rng: np.random.Generator, *, at_most: float = np.inf
) -> Integers:
    """Scale numbers of children so that they add up to a total.

    Parameters
    ----------
    counts : ndarray of int, shape (n_parents,)
    total : int
    rng : numpy.random.Generator
    at_most : float
        Most children a parent may have; ``n_parents * at_most`` must not be below `total`.

    Returns
    -------
    ndarray of int, shape (n_parents,)
        Parents without children stay without, as far as the total allows.

    Examples
    --------
    >>> import numpy as np
    >>> fit_total(np.array([0, 2, 4]), 12, np.random.default_rng(0)).tolist()
    [0, 4, 8]
    """
    if counts.sum() == total and counts.max(initial=0) <= at_most:
        return counts
    expected = _spread_total(counts.astype(float), float(total), at_most)
    return round_to_total(expected, rng)


def _spread_total(weights: Floats, total: float, at_most: float) -> Floats:
    """Share a total out by weight, none above the limit; what is over goes to the others."""
    if not len(weights):
        return weights
    if weights.sum() <= 0 or (weights > 0).sum() * at_most < total:
        weights = weights + max(weights.mean(), 1.0) * 1e-3
    expected = np.zeros(len(weights))
    free = np.ones(len(weights), bool)
    while True:
        rest = total - expected[~free].sum()
        expected[free] = weights[free] * (rest / max(weights[free].sum(), 1e-300))
        over = free & (expected > at_most)
        if not over.any():
            return expected
        expected[over] = at_most
        free &= ~over
