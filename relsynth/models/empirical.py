"""The empirical distribution of one column: common values exactly, rare ones in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relsynth.columns.matrix import ColumnKind
from relsynth.columns.voids import voids
from relsynth.groups import starts_of
from relsynth.hvrt.scores import ATOM
from relsynth.sorting import lexical_order
from relsynth.typing import Flags, Floats, Integers

GRID = 1_000  # knots: a quantile is known to a thousandth; 2,000 double the model file


@dataclass(frozen=True, slots=True)
class Empirical:
    """A distribution with atoms, kept as a quantile function that is linear between knots.

    A value seen at least ``ATOM`` times is an *atom*: it keeps its exact share and is
    reproduced exactly. All other values are averaged in blocks of neighbours (of about
    five, more where that gives over ``GRID`` blocks) and the quantile function runs
    linearly between the averages; it jumps over the gap between an atom and its
    neighbours, and over an empty stretch, see `voids`. The least and the greatest value are
    therefore never kept as they are.

    Attributes
    ----------
    probabilities, values : ndarray of float, shape (n_knots,)
        Both rising; equal neighbours in `values` are an atom, in `probabilities` a jump.
    count : int
        Values it was learned from.
    """

    probabilities: Floats
    values: Floats
    count: int

    @classmethod
    def of(cls, column: Floats, kind: ColumnKind) -> Empirical:
        """Learn a column without missing values; needs at least one row.

        Parameters
        ----------
        column : ndarray of float, shape (n_rows,)
        kind : {"number", "count", "category"}
            Only a ``"number"`` may take values between those seen.
        """
        values, counts = np.unique(column, return_counts=True)
        if kind == "count" and len(values) > GRID:
            ranks = (np.arange(GRID) + 0.5) / GRID * len(column)
            kept = values[np.searchsorted(np.cumsum(counts), ranks, "right")]
            values, counts = np.unique(kept, return_counts=True)
        rare = _is_rare(counts, kind)
        upper = np.cumsum(counts) / counts.sum()
        lower = np.append(0.0, upper[:-1])
        knots = values[~rare].repeat(2)
        shares = np.column_stack([lower[~rare], upper[~rare]]).ravel()
        if rare.any():
            between, at = _between_atoms(values, counts, rare, lower, upper)
            within = np.clip(between, values[0], values[-1])  # a mean may round beyond
            knots, shares = np.append(knots, within), np.append(shares, at)
        order = lexical_order((knots, shares))
        return cls(np.maximum.accumulate(shares[order]), knots[order], len(column))

    def percent_point(self, shares: Floats) -> Floats:
        """Return the quantiles that belong to shares between 0 and 1."""
        return np.interp(shares, self.probabilities, self.values)

    def cumulative_distribution(self, column: Floats) -> Floats:
        """Return the share below each value plus half the share equal to it."""
        last = len(self.values) - 1
        total = np.zeros(len(column))
        for side in ("left", "right"):
            after = np.searchsorted(self.values, column, side)
            low, high = np.maximum(after - 1, 0), np.minimum(after, last)
            gap = self.values[high] - self.values[low]
            part = np.divide(
                column - self.values[low], gap, out=np.zeros(len(column)), where=gap > 0
            )
            step = self.probabilities[high] - self.probabilities[low]
            inside = self.probabilities[low] + part * step
            total += np.where(after == 0, 0.0, np.where(after > last, 1.0, inside))
        return total / 2

    def to_dict(self) -> dict[str, Any]:
        """Return the knots."""
        return {"probabilities": self.probabilities, "values": self.values, "count": self.count}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Empirical:
        """Rebuild from `to_dict`, refusing knots that do not rise."""
        shares = np.asarray(state["probabilities"], float)
        values = np.asarray(state["values"], float)
        if shares.shape != values.shape or not len(shares):
            raise ValueError(f"{shares.shape} probabilities for {values.shape} values")
        if (np.diff(shares) < 0).any() or (np.diff(values) < 0).any():
            raise ValueError("the knots of a distribution do not rise")
        return cls(shares, values, int(state["count"]))


def _is_rare(counts: Integers, kind: ColumnKind) -> Flags:
    """Return which values are no atoms; the ``GRID`` most frequent ones can be."""
    if kind != "number" or len(counts) < 2:
        return np.zeros(len(counts), bool)
    most = -np.partition(-counts, GRID)[GRID] if len(counts) > GRID else 0
    return counts < max(ATOM, most + 1)


def _between_atoms(
    values: Floats, counts: Integers, rare: Flags, lower: Floats, upper: Floats
) -> tuple[Floats, Floats]:
    """Return knots and shares of the rare values, run by run between the atoms."""
    empty = voids(values, counts)
    ends = ~rare[:-1] | ~rare[1:] | empty
    head = np.flatnonzero(rare & np.concatenate([[True], ends]))
    tail = np.flatnonzero(rare & np.concatenate([ends, [True]]))
    ordered = values[rare].repeat(counts[rare])
    size = np.add.reduceat(np.append(counts * rare, 0), head)
    start = starts_of(size)
    blocks = np.maximum(size // _block_size(len(ordered)), 1)
    first = starts_of(blocks)
    run = np.arange(len(head)).repeat(size)
    place = np.arange(len(ordered)) - start[run]
    block = first[run] + place * blocks[run] // size[run]
    weight = np.bincount(block)
    knots = np.bincount(block, ordered) / weight
    shares = (np.bincount(block, place + 0.5) / weight) / counts.sum() + lower[head].repeat(blocks)
    shares[first + blocks - 1] = upper[tail]
    shares[first] = lower[head]
    single = blocks == 1
    left, right = _halfway(values, empty, head[single], tail[single], knots[first[single]])
    knots[first[single]] = left
    return np.append(knots, right), np.append(shares, upper[tail[single]])


def _halfway(
    values: Floats, empty: Flags, head: Integers, tail: Integers, middle: Floats
) -> tuple[Floats, Floats]:
    """Return the interval of a run too short to interpolate in: halfway to its neighbours."""
    before, after = np.maximum(head - 1, 0), np.minimum(tail + 1, len(values) - 1)
    at_end = np.concatenate([[True], empty, [True]])
    left = np.where(at_end[head], middle, (values[before] + middle) / 2)
    right = np.where(at_end[tail + 1], middle, (values[after] + middle) / 2)
    return left, right


def _block_size(rows: int) -> int:
    return max(min(max(rows // 10, 1), ATOM), -(-rows // GRID))
