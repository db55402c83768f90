"""The cells of all margins as one sparse table: how often every unit falls into each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from relsynth.selection.margins import RARE, Subset, View
from relsynth.selection.units import OUTSIDE
from relsynth.typing import Array, Integers


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
    views : sequence of View
    units : sequence of int
        Number of units per side: real, pool and, where there is one, holdout.
    wanted : int
        Number of units to choose.

    Notes
    -----
    Cells that fewer than five real rows fill are one cell per margin, so that no target
    tells of single rows. Levels weigh the same, and within a level its margins. Memory: 8
    bytes per unit and cell that it fills.
    """
    parts, targets, weights = [], [], []
    levels = sum(bool(level.subsets) for view in views for level in view.levels)
    start = 0
    for view in views:
        rows = np.flatnonzero(view.sides[1].unit != OUTSIDE)
        rows = rows[np.argsort(view.sides[1].unit[rows], kind="stable")]
        codes = view.sides[1].codes[rows].T
        known = [side.codes[side.unit != OUTSIDE].T for side in (*view.sides[:1], *view.sides[2:])]
        scales = [wanted / max(count, 1) for count in (*units[:1], *units[2:])]
        subsets = [(level, subset) for level in view.levels for subset in level.subsets]
        filled = np.empty((len(rows), len(subsets)), dtype=np.int32)
        for column, (level, subset) in enumerate(subsets):
            size = int(np.prod([view.sizes[a] for a in subset], dtype=np.int64))
            counted = [
                np.bincount(_joint(side, subset, view.sizes), minlength=size) for side in known
            ]
            place, n_cells = _places(counted[0])
            target = np.stack(
                [
                    np.bincount(place, count, minlength=n_cells) * scale
                    for count, scale in zip(counted, scales, strict=True)
                ]
            )
            place = place.astype(np.int32) + np.int32(start)
            filled[:, column] = place[_joint(codes, subset, view.sizes)]
            start += n_cells
            targets.append(target)
            cost = 0.5 / (levels * len(level.subsets) * max(target[0].sum(), 1.0))
            weights.append(np.full(n_cells, cost))
        parts.append((view.sides[1].unit[rows], filled))
    return Cells(
        _table(parts, units[1], start),
        np.hstack(targets).astype(np.float32),
        np.concatenate(weights).astype(np.float32),
    )


def _joint(codes: Array, subset: Subset, sizes: Sequence[int]) -> Integers:
    joint = np.zeros(codes.shape[1], dtype=np.int64)
    for column in subset:
        joint = joint * sizes[column] + codes[column]
    return joint


def _places(count: Integers) -> tuple[Integers, int]:
    """Return the number of every cell; the rare ones share the first."""
    common = count >= RARE
    return np.where(common, np.cumsum(common), 0), int(common.sum()) + 1


def _table(parts: list[tuple[Integers, Array]], n_units: int, n_cells: int) -> sparse.csr_matrix:
    blocks = []
    for unit, filled in parts:
        width = filled.shape[1]
        bounds = np.searchsorted(unit, np.arange(n_units + 1)) * width
        data = np.ones(filled.size, dtype=np.float32)
        block = sparse.csr_matrix((data, filled.ravel(), bounds), shape=(n_units, n_cells))
        if (np.diff(unit) == 0).any():
            block.sum_duplicates()
        blocks.append(block)
    return blocks[0] if len(blocks) == 1 else sum(blocks[1:], blocks[0])
