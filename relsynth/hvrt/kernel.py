"""The shrunk leaf kernel: noise that leaves the covariance of a leaf as it is."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from relsynth.hvrt.covariance import factor, regularise, within
from relsynth.hvrt.partition import Partition
from relsynth.typing import Floats, Integers

NEIGHBOURS = 5  # of a row; the nearest alone would be noise
SEARCHED = 200  # rows among which they are looked for, in large leaves


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
    A new row is ``m + (x - m + h L e) / sqrt(1 + h^2)`` with the leaf mean m and a factor L
    of the regularised leaf covariance. x lies between a donor and one of its nearest
    neighbours in the leaf, at most ``min(h, 1/2)`` of the way, so that no kernel is centred
    on a real row; what spread that costs is restored per column. O(n d^2) time and a
    neighbour search in each leaf.

    References
    ----------
    Jones, M. C. (1991). On correcting for variance inflation in kernel density
    estimation. Computational Statistics & Data Analysis 11, 3-15.
    Chawla, N. V. et al. (2002). SMOTE: synthetic minority over-sampling technique. Journal
    of Artificial Intelligence Research 16, 321-357.
    """
    columns = scores.shape[1]
    drawn = scores[donors]
    noise = rng.standard_normal(drawn.shape)
    pooled = within(scores, partition)
    stops = np.cumsum(budgets)
    for k, members in enumerate(partition.members()):
        if budgets[k] == 0:
            continue
        part, h = scores[members], bandwidths[k]
        place = slice(int(stops[k] - budgets[k]), int(stops[k]))
        mean = part.mean(axis=0) if len(part) > columns else _steadied(part, scores)
        centre = _between(part, np.searchsorted(members, donors[place]), min(h, 0.5), mean, rng)
        spread = noise[place] @ (h * factor(regularise(part, pooled))).T
        drawn[place] = mean + (centre + spread) / np.sqrt(1 + h**2)
    return drawn


def _between(
    part: Floats, donors: Integers, most: float, mean: Floats, rng: np.random.Generator
) -> Floats:
    """Return points between donors and near rows, less the mean, as spread as the donors."""
    donor = part[donors] - mean
    if most == 0 or len(part) < 2:
        return donor
    near = _neighbours(part, rng)
    partner = part[near[donors, rng.integers(near.shape[1], size=len(donors))]] - mean
    point = donor + rng.uniform(0.0, most, (len(donors), 1)) * (partner - donor)
    lost = (donor**2).sum(axis=0) / np.maximum((point**2).sum(axis=0), 1e-12)
    return np.asarray(point * np.sqrt(np.maximum(lost, 1.0)))


def _neighbours(part: Floats, rng: np.random.Generator) -> Integers:
    """Return the nearest other rows of each row, among ``SEARCHED`` random ones at most."""
    among = rng.permutation(len(part))[:SEARCHED]
    apart = cdist(part, part[among], "sqeuclidean")
    apart[among, np.arange(len(among))] = np.inf
    count = min(NEIGHBOURS, len(part) - 1)
    return among[np.argpartition(apart, count - 1, axis=1)[:, :count]]


def _steadied(part: Floats, scores: Floats) -> Floats:
    """Return the mean of a leaf of few rows, pulled towards the mean of all rows."""
    columns = scores.shape[1]
    return (part.sum(axis=0) + columns * scores.mean(axis=0) / 10) / (len(part) + columns / 10)
