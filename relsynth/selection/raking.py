"""Weights under which the units of a pool have the wanted counts, and a draw by them."""

from __future__ import annotations

import numpy as np

from relsynth.selection.cells import Cells
from relsynth.typing import Floats, Integers

ROUNDS = 25  # of proportional fitting; the distance falls by a fixed part in each
SMOOTH = 1.0  # rows added to every cell, so that an empty one has a finite weight


def rake(cells: Cells, wanted: int, start: Floats | None = None) -> Floats:
    """Return inclusion probabilities that bring all margins near their targets at once.

    Parameters
    ----------
    wanted : int
        Sum of the probabilities.
    start : ndarray of float, shape (n_units,), optional
        Weights to start from; equal ones by default.

    Returns
    -------
    ndarray of float, shape (n_units,)

    Notes
    -----
    Iterative proportional fitting of all margins in one step instead of one after the
    other: a weight is multiplied by a power of the mean ratio, target over count, of the
    cells that the unit fills; the power grows while the distance falls. 25 products with
    the sparse table.

    References
    ----------
    Deming, W. E. and Stephan, F. F. (1940). On a least squares adjustment of a sampled
    frequency table when the expected marginal totals are known. Annals of Mathematical
    Statistics 11.
    """
    weight = _capped(np.ones(len(cells)) if start is None else start, wanted)
    target = cells.targets[0] + SMOOTH
    mass = np.maximum(cells.counts @ cells.weights, 1e-30)
    best, power = np.inf, 4.0
    kept, pull = weight, np.zeros(len(cells))
    for _ in range(ROUNDS):
        total = cells.counts.T @ weight.astype(np.float32)
        found = cells.distance(total)
        if found < best:
            best, kept = found, weight
            ratio = np.log(target / (total + SMOOTH)) * cells.weights
            pull = (cells.counts @ ratio.astype(np.float32)) / mass
            power *= 1.3
        else:
            power *= 0.5
        weight = _capped(kept * np.exp(power * pull), wanted)
    return kept


def _capped(weight: Floats, wanted: int) -> Floats:
    """Return weights scaled to a sum, none above 1."""
    weight = weight * (wanted / weight.sum())
    for _ in range(50):
        full = weight >= 1
        free = weight[~full].sum()
        missing = wanted - full.sum()
        if not full.any() or free <= 0 or abs(free - missing) < 1e-9 * wanted:
            break
        weight = np.where(full, 1.0, weight * (missing / free))
    return np.minimum(weight, 1.0)


def draw(probability: Floats, wanted: int, rng: np.random.Generator) -> Integers:
    """Return units drawn systematically without replacement, in rising order.

    Notes
    -----
    Units stand in random order on a line, each as long as its probability; every point at
    a whole distance from a random start takes the unit it falls on.
    """
    order = rng.permutation(len(probability))
    ends = np.cumsum(probability[order])
    ends *= wanted / ends[-1]
    points = np.arange(wanted) + rng.random()
    taken = np.unique(order[np.minimum(np.searchsorted(ends, points, "right"), len(order) - 1)])
    if len(taken) < wanted:
        # rounding let two points fall on one unit
        free = np.setdiff1d(order, taken)
        taken = np.union1d(taken, rng.permutation(free)[: wanted - len(taken)])
    return taken
