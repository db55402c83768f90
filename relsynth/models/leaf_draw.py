"""Draw values from the leaves of a tree: common values exactly, rare ones in between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from relsynth.columns.matrix import ColumnKind
from relsynth.columns.voids import stretches
from relsynth.hvrt.scores import ATOM
from relsynth.models.systematic import Turns, spread
from relsynth.packing import packable
from relsynth.sorting import stable_order
from relsynth.typing import Flags, Floats, Integers

# values up to which each seen often is kept; more are dense, and peaks must stand out
DISCRETE = 100
# times as often as its neighbours; without it siblings repeated values (detection .80, now .53)
PEAK = 2.5
NEIGHBOURS = 10  # values either side that a peak is compared with; 20 see the slope of the whole
DONORS = 200  # values a leaf: a quantile is known to half a percent; 400 double the model file
DONORS_IN_ALL = 20_000  # a tree: trees of few leaves may keep more values in each


@packable
@dataclass(frozen=True)
class LeafDraw:
    """The empirical distribution of a column in every leaf.

    A value that is seen at least ``ATOM`` times in the whole column, and in a column of more
    than ``DISCRETE`` values ``PEAK`` times as often as its neighbours, is an *atom* and is
    drawn exactly. Between other values the distribution function of the leaf is
    interpolated, up to halfway to the neighbour, so that no rare value is emitted as it is;
    nothing is drawn in the empty stretch between two groups of values, see `voids`.

    Attributes
    ----------
    lower, upper : ndarray of float, shape (n_entries,)
        Ends of the interval that an entry stands for; both equal a value drawn exactly.
    ends : ndarray of float, shape (n_entries,)
        Running total of the entries' weights, which are whole numbers.
    bounds : ndarray of float, shape (n_leaves + 1,)
        Running total at the borders of the leaves.
    """

    lower: Floats
    upper: Floats
    ends: Floats
    bounds: Floats

    @classmethod
    def of(cls, column: Floats, kind: ColumnKind, leaves: Integers, n_leaves: int) -> LeafDraw:
        """Sort a column into leaves.

        Notes
        -----
        Of numbers at most ``DONORS`` evenly spaced values a leaf are kept; of categories
        and counts every level with its frequency.
        """
        by_value = stable_order(column)
        order = by_value[stable_order(leaves[by_value])]
        starts = np.concatenate([[0], np.cumsum(np.bincount(leaves, minlength=n_leaves))])
        values = column[order]
        if kind == "number":
            lower, upper = _intervals(values, starts, column)
            kept, starts = _thin(starts)
            ends = np.arange(1, len(kept) + 1).astype(np.float64)
            return cls(lower[kept], upper[kept], ends, starts.astype(float))
        last = _last_of_run(values, leaves[order])
        ends = (last + 1).astype(np.float64)
        return cls(values[last], values[last], ends, starts.astype(float))

    def draw(
        self, leaves: Integers, rng: np.random.Generator, turns: Turns | None = None
    ) -> Floats:
        """Draw one value per row, systematically inside each leaf.

        Parameters
        ----------
        leaves : ndarray of int, shape (n_rows,)
        turns : Turns, optional
            Of earlier draws from these leaves that belong to the same table.

        Notes
        -----
        The rows of a leaf take evenly spaced quantiles in random order, which keeps the
        leaf's distribution closer than independent draws (systematic sampling).
        """
        return self.quantile(leaves, spread(leaves, rng, turns))

    def quantile(self, leaves: Integers, shares: Floats) -> Floats:
        """Return the quantiles of leaves at shares from 0 to below 1."""
        if not len(self.ends):
            return np.full(len(leaves), np.nan)
        low, high = self.bounds[leaves], self.bounds[leaves + 1]
        place = low + shares * (high - low)
        unit = np.minimum(place.astype(np.int64), len(self._entries) - 1)
        entry = self._entries[unit]
        lower = self.lower[entry]
        if self._is_exact:
            return lower
        upper, inside = self.upper[entry], place - np.floor(place)
        return np.where(lower == upper, lower, lower + inside * (upper - lower))

    @cached_property
    def _entries(self) -> Integers:
        """The entry of every unit of weight."""
        return np.repeat(np.arange(len(self.ends)), np.diff(self.ends, prepend=0.0).astype(int))

    @cached_property
    def _is_exact(self) -> bool:
        """Whether every entry stands for one value."""
        return np.array_equal(self.lower, self.upper, equal_nan=True)


def _last_of_run(values: Floats, leaves: Integers) -> Integers:
    """Return the last row of every run of one value in one leaf; missing values are one run."""
    if not len(values):
        return np.empty(0, np.int64)
    missing = np.isnan(values)
    same = (values[1:] == values[:-1]) | (missing[1:] & missing[:-1])
    changes = ~same | (leaves[1:] != leaves[:-1])
    return np.flatnonzero(np.append(changes, True))


def _intervals(values: Floats, starts: Integers, column: Floats) -> tuple[Floats, Floats]:
    """Return for each donor how far a draw may go towards its neighbours."""
    known = column[~np.isnan(column)]
    distinct, counts = np.unique(known, return_counts=True)
    place = np.minimum(np.searchsorted(distinct, values), max(len(distinct) - 1, 0))
    if not len(distinct):
        return values, values
    is_atom = _atoms(counts)
    atom = is_atom[place] | np.isnan(values)
    below, above = _rare_neighbours(distinct, is_atom)
    leaf_below = np.r_[np.nan, values[:-1]]
    leaf_above = np.r_[values[1:], np.nan]
    inner = starts[1:-1][starts[1:-1] < len(values)]
    leaf_below[starts[:-1][starts[:-1] < len(values)]] = np.nan
    leaf_above[inner - 1] = np.nan
    blocked_below = np.isnan(leaf_below) | np.r_[True, atom[:-1]]
    blocked_above = np.isnan(leaf_above) | np.r_[atom[1:], True]
    near_below = np.where(blocked_below, below[place], leaf_below)
    near_above = np.where(blocked_above, above[place], leaf_above)
    low, high = _ends(distinct, counts, is_atom)
    lower = np.where(atom, values, np.maximum((values + near_below) / 2, low[place]))
    upper = np.where(atom, values, np.minimum((values + near_above) / 2, high[place]))
    return lower, upper


def _ends(distinct: Floats, counts: Integers, is_atom: Flags) -> tuple[Floats, Floats]:
    """Return between which values no stretch is empty around each rare value."""
    low, high = distinct.copy(), distinct.copy()
    low[~is_atom], high[~is_atom] = stretches(distinct[~is_atom], counts[~is_atom])
    return low, high


def _atoms(counts: Integers) -> Flags:
    """Return which distinct values, in rising order, are drawn exactly."""
    common = counts >= ATOM
    if len(counts) <= DISCRETE:
        return common
    window = np.ones(2 * NEIGHBOURS + 1)
    reach = np.convolve(np.ones(len(counts)), window, "same") - 1
    around = (np.convolve(counts, window, "same") - counts) / reach
    return common & (counts >= PEAK * around)


def _rare_neighbours(distinct: Floats, is_atom: Flags) -> tuple[Floats, Floats]:
    """Return the next rare value on either side of each rare value, itself at the ends."""
    rare = np.flatnonzero(~is_atom)
    if not len(rare):
        return distinct, distinct
    place = np.searchsorted(rare, np.arange(len(distinct)))
    before = rare[np.maximum(place - 1, 0)]
    after = rare[np.minimum(place + 1, len(rare) - 1)]
    return distinct[before], distinct[after]


def _thin(starts: Integers) -> tuple[Integers, Integers]:
    """Return the positions of at most a limited number of evenly spaced donors a leaf."""
    sizes = np.diff(starts)
    limit = max(DONORS, DONORS_IN_ALL // max(len(sizes), 1))
    kept = np.minimum(sizes, limit)
    first = np.concatenate([[0], np.cumsum(kept)])
    rank = np.arange(first[-1]) - np.repeat(first[:-1], kept)
    ratio = sizes / np.maximum(kept, 1)
    return np.repeat(starts[:-1], kept) + ((rank + 0.5) * np.repeat(ratio, kept)).astype(
        np.int64
    ), first
