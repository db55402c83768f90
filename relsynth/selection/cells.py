"""The cells of all margins as one sparse table: how often every unit falls into each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from relsynth.selection.margins import RARE, Subset, View
from relsynth.selection.units import OUTSIDE
from relsynth.typing import Array, Floats, Integers

JOINT_SHARE = 1 / 400  # of all rows, that a cell of two columns must hold to count
JOINT_MOST = 50  # rows that suffice however large the table is


@dataclass(frozen=True, slots=True)
class Cells:
    """What units add to the margins, and what they shall add up to.

    Attributes
    ----------
    counts : csr_matrix of float32, shape (n_units, n_cells)
    targets : ndarray of float32, shape (n_targets, n_cells)
        Real counts at the size of the selection; a second row for a holdout.
    weights : ndarray of float32, shape (n_cells,)
        What one row too many or too few costs.
    """

    counts: sparse.csr_matrix
    targets: Array
    weights: Array

    def __len__(self) -> int:
        return int(self.counts.shape[0])

    def scaled(self, factor: float) -> Cells:
        """Return the same for a selection larger by a factor."""
        by = np.float32(factor)
        return Cells(self.counts, self.targets * by, self.weights / by)

    def total(self, units: Integers) -> Array:
        """Return how full the cells are with some units."""
        taken = np.zeros(len(self), dtype=np.float32)
        taken[units] = 1
        return self.counts.T @ taken

    def distance(self, total: Array, target: int = 0) -> float:
        """Return the mean total variation distance over the levels; 0 is identical."""
        gap = np.abs(total.astype(np.float64) - self.targets[target])
        return float(gap @ self.weights)


def count_cells(views: Sequence[View], units: Sequence[int], wanted: int) -> Cells:
    """Count the cells of all margins.

    Parameters
    ----------
    units : sequence of int
        Number of units per side: real, pool and, where there is one, holdout.
    wanted : int
        Number of units to choose.

    Notes
    -----
    Cells that fewer than five real rows fill, of several columns fewer than a 400th of the
    rows (5 to 50), are one cell per margin, so that no target
    tells of single rows. Levels weigh the same, the number of rows of a table five times as
    much, and within a level its margins. Memory: 8 bytes per unit and cell that it fills.
    """
    whole = sum(level.weight for view in views for level in view.levels if level.subsets)
    sizes = [units[0], *units[2:]]
    scales = [wanted / max(size, 1) for size in sizes]
    tables, targets, weights = [], [], []
    for view in views:
        real = [side.codes[side.unit != OUTSIDE].T for side in (view.sides[0], *view.sides[2:])]
        places, start = [], 0
        for level in view.levels:
            for subset in level.subsets:
                place, target = _margin(real, scales, subset, view.sizes)
                places.append((subset, place + np.int32(start)))
                start += target.shape[1]
                targets.append(target)
                cost = level.weight / (whole * len(level.subsets)) * 0.5 / max(target[0].sum(), 1.0)
                weights.append(np.full(target.shape[1], cost))
        tables.append(_fill(view, places, units[1], start))
    return Cells(
        sparse.hstack(tables, format="csr"),
        np.hstack(targets).astype(np.float32),
        np.concatenate(weights).astype(np.float32),
    )


def _margin(
    real: Sequence[Array], scales: Sequence[float], subset: Subset, sizes: Sequence[int]
) -> tuple[Array, Floats]:
    """Return the place of every cell, where the rare ones share the first, and the targets."""
    size = int(np.prod([sizes[column] for column in subset], dtype=np.int64))
    counts = [np.bincount(_joint(codes, subset, sizes), minlength=size) for codes in real]
    # combinations tell more of single rows than the values of one column do
    joint = int(np.clip(real[0].shape[1] * JOINT_SHARE, RARE, JOINT_MOST))
    common = counts[0] >= (RARE if len(subset) == 1 else joint)
    place = np.where(common, np.cumsum(common), 0).astype(np.int32)
    n_cells = int(common.sum()) + 1
    scaled = [
        np.bincount(place, count, minlength=n_cells) * scale
        for count, scale in zip(counts, scales, strict=True)
    ]
    return place, np.stack(scaled)


def _fill(
    view: View, places: Sequence[tuple[Subset, Array]], n_units: int, n_cells: int
) -> sparse.csr_matrix:
    """Return how often the units of the pool fall into each cell of a view."""
    side = view.sides[1]
    rows = np.flatnonzero(side.unit != OUTSIDE)
    rows = rows[np.argsort(side.unit[rows], kind="stable")]
    codes, unit = side.codes[rows].T, side.unit[rows]
    filled = np.empty((len(rows), len(places)), dtype=np.int32)
    for column, (subset, place) in enumerate(places):
        filled[:, column] = place[_joint(codes, subset, view.sizes)]
    bounds = np.searchsorted(unit, np.arange(n_units + 1)) * len(places)
    data = np.ones(filled.size, dtype=np.float32)
    table = sparse.csr_matrix((data, filled.ravel(), bounds), shape=(n_units, n_cells))
    if (np.diff(unit) == 0).any():
        table.sum_duplicates()
    return table


def _joint(codes: Array, subset: Subset, sizes: Sequence[int]) -> Integers:
    joint = np.zeros(codes.shape[1], dtype=np.int64)
    for column in subset:
        joint = joint * sizes[column] + codes[column]
    return joint
