"""The shrunk leaf kernel: noise that leaves the covariance of a leaf as it is."""

from __future__ import annotations

import numpy as np

from relsynth.hvrt.covariance import factor, regularise, within
from relsynth.hvrt.partition import Partition
from relsynth.typing import Floats, Integers


def shrunk_kernel(
    scores: Floats,
    partition: Partition,
    budgets: Integers,
    bandwidths: Floats,
    donors: Integers,
    rng: np.random.Generator,
) -> Floats:
    """Draw rows around those of each leaf without inflating its covariance.

    Parameters
    ----------
    scores : ndarray, shape (n_rows, n_columns)
        Normal scores.
    partition : Partition
    budgets : ndarray of int, shape (n_partitions,)
    bandwidths : ndarray, shape (n_partitions,)
        Noise in units of the leaf's own spread: 0 copies, large values draw from the
        leaf's Gaussian.
    donors : ndarray of int, shape (budgets.sum(),)
        Rows to draw around, as `Partition.draw` returns them.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (budgets.sum(), n_columns)
        Grouped by partition.

    Notes
    -----
    A new row is ``m + (x - m + h L e) / sqrt(1 + h^2)`` with the leaf mean m, a donor x
    and a factor L of the regularised leaf covariance. O(n d^2) time.

    References
    ----------
    Jones, M. C. (1991). On correcting for variance inflation in kernel density
    estimation. Computational Statistics & Data Analysis 11, 3-15.
    """
    columns = scores.shape[1]
    drawn = scores[donors]
    noise = rng.standard_normal(drawn.shape)
    pooled = within(scores, partition)
    stops = np.cumsum(budgets)
    for k, members in enumerate(partition.members()):
        if budgets[k] == 0:
            continue
        part = scores[members]
        place = slice(int(stops[k] - budgets[k]), int(stops[k]))
        spread = noise[place] @ (bandwidths[k] * factor(regularise(part, pooled))).T
        mean = part.mean(axis=0) if len(part) > columns else _steadied(part, scores)
        drawn[place] = mean + (drawn[place] - mean + spread) / np.sqrt(1 + bandwidths[k] ** 2)
    return drawn


def _steadied(part: Floats, scores: Floats) -> Floats:
    """Return the mean of a leaf of few rows, pulled towards the mean of all rows."""
    columns = scores.shape[1]
    return (part.sum(axis=0) + columns * scores.mean(axis=0) / 10) / (len(part) + columns / 10)
