"""Donors by kernel weights: which real row of a leaf gives its value to a new row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.arrays import CELLS
from relsynth.groups import starts_of
from relsynth.hvrt.partition import Partition
from relsynth.models.systematic import GOLDEN, spread
from relsynth.sorting import lexical_order
from relsynth.typing import Array, Floats, Integers

CANDIDATES = 32  # rows of a leaf that are looked at; 64 cost twice
BANDWIDTH = 0.3  # of a standard deviation: context nearer than that counts as the same
MISMATCH = 3.0  # bandwidths that another level weighs; twice that lets categories decide alone


@dataclass(frozen=True, slots=True)
class LeafDonors:
    """The real rows in the order of their leaves, and what makes them near.

    Attributes
    ----------
    columns : ndarray of int, shape (n_near,)
        Columns that make up the distance, numbers before categories.
    lead : int
        The most relevant of them; -1 where there is none.
    numbers : int
        How many of them are numbers.
    known : ndarray of float32, shape (n_rows, n_near)
        The real rows, leaf by leaf. ``NaN`` on either side adds no distance.
    weights : ndarray of float32, shape (n_near,)
        Of a squared difference of numbers, of a pair of unequal codes.
    order : ndarray of int, shape (n_rows,)
        Numbers of the real rows, leaf by leaf and within a leaf by value: even draws of a
        leaf are even draws of its values.
    reach : int
        The bandwidth is the distance of the candidate with this place, nearest first.
    """

    columns: Integers
    lead: int
    numbers: int
    known: Array
    weights: Array
    partition: Partition
    order: Integers
    reach: int

    @classmethod
    def of(
        cls,
        known: Array,
        columns: Integers,
        relevance: Floats,
        is_category: Array,
        partition: Partition,
        values: Floats,
        reach: float,
    ) -> LeafDonors:
        """Sort the real rows into their leaves.

        Parameters
        ----------
        known : ndarray of float32, shape (n_rows, n_columns)
        columns : ndarray of int, shape (n_near,)
        relevance : ndarray, shape (n_columns,)
        is_category : ndarray of bool, shape (n_columns,)
        values : ndarray, shape (n_rows,)
            What the donors are asked for; ``NaN`` is missing.
        reach : float
            Share of a leaf's rows that the kernel reaches.

        Notes
        -----
        If k rows weigh at least ``exp(-1/2)`` and none more than 1, their effective number
        ``1 / sum w^2`` is at least ``k exp(-1/2)``.
        """
        order = lexical_order((values, partition.codes))
        lead = int(columns[0]) if len(columns) else -1
        columns = columns[np.argsort(is_category[columns], kind="stable")]
        chosen = is_category[columns]
        weights = relevance[columns] * np.where(chosen, MISMATCH * BANDWIDTH**2, 1.0)
        return cls(
            columns,
            lead,
            int((~chosen).sum()),
            np.ascontiguousarray(known[order[:, None], columns]),
            weights.astype(np.float32),
            partition,
            order,
            max(round(min(reach, 1.0) * CANDIDATES), 1) - 1,
        )

    def draw(self, known: Array, leaves: Integers, rng: np.random.Generator) -> Integers:
        """Draw for each row one real row of its leaf, near rows rather than far ones.

        Parameters
        ----------
        known : ndarray of float32, shape (n_new, n_columns)
        leaves : ndarray of int, shape (n_new,)

        Returns
        -------
        ndarray of int, shape (n_new,)
            Numbers of real rows.

        Notes
        -----
        ``CANDIDATES`` rows are looked at, evenly spread over the leaf in random phase.
        O(n_new x candidates x n_near) time; memory is bounded by blocks of rows.
        """
        starts, sizes = self.partition.starts[leaves], self.partition.sizes[leaves]
        if not len(self.columns):
            level = spread(leaves, rng)
            return self.order[starts + (level * sizes).astype(np.int64)]
        level = _levels(leaves, known[:, self.lead], len(self.partition), rng)
        drawn = np.empty(len(leaves), dtype=np.int64)
        block = max(1, CELLS // (CANDIDATES * len(self.columns)))
        for start in range(0, len(leaves), block):
            part = slice(start, start + block)
            phase = np.arange(CANDIDATES) + rng.random((len(leaves[part]), 1))
            offsets = (phase * (sizes[part, None] / CANDIDATES)).astype(np.int64)
            rows = starts[part, None] + offsets
            distance = self._distance(known[part][:, self.columns], rows)
            drawn[part] = _pick(rows, distance, self.reach, level[part])
        return self.order[drawn]

    def _distance(self, query: Array, rows: Integers) -> Array:
        offset = query[:, None, :] - self.known[rows]
        squared = np.multiply(offset, offset, out=offset)
        if self.numbers < len(self.columns):
            codes = squared[:, :, self.numbers :]
            np.greater(codes, 0.0, out=codes)
        np.fmax(squared, 0.0, out=squared)
        return (squared.reshape(-1, len(self.columns)) @ self.weights).reshape(rows.shape)


def _levels(leaves: Integers, lead: Array, n_leaves: int, rng: np.random.Generator) -> Floats:
    """Return numbers in [0, 1) that are even among rows near in the most relevant column.

    The rows of a leaf in the order of that column go on by the golden section (Kronecker
    sequence; Niederreiter 1992), so that what they draw is even over the whole leaf too.
    """
    order = lexical_order((rng.random(len(leaves)), lead, leaves))
    sizes = np.bincount(leaves, minlength=n_leaves)
    rank = np.arange(len(leaves)) - starts_of(sizes)[leaves[order]]
    level = np.empty(len(leaves))
    level[order] = (rng.random(n_leaves)[leaves[order]] + rank * GOLDEN) % 1.0
    return level


def _pick(rows: Integers, distance: Array, reach: int, level: Floats) -> Integers:
    ordered = np.sort(distance, axis=1)
    nearest = ordered[:, :1]
    width = np.maximum(ordered[:, [reach]] - nearest, BANDWIDTH**2)
    reached = np.cumsum(np.exp((nearest - distance) / (2.0 * width)), axis=1)
    return rows[np.arange(len(rows)), np.argmax(reached > level[:, None] * reached[:, -1:], axis=1)]
