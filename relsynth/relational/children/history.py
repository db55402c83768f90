"""Rows of one parent in order: their position, the sibling before, and what was so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.evidence import SLIGHT
from relsynth.packing import packable
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Flags, Floats, Integers

Some = Integers | slice  # groups: the first ones, or any

COUNTED_LEVELS = 300  # memory is runs times levels
# runs side by side at least: below, a step draws too few rows to be worth its cost
BUSY_GROUPS = 100
# rows one after the other: time is linear in it, and each run starts without a sibling before
LONGEST_RUN = 1_000


@dataclass(frozen=True, slots=True)
class Siblings:
    """Child rows sorted by group and position.

    Attributes
    ----------
    rows : ndarray of int, shape (n_rows,)
        Row numbers in sorted order.
    group, position, remaining : ndarray of int, shape (n_rows,)
        Of the sorted rows; `remaining` siblings come after.
    """

    rows: Integers
    group: Integers
    position: Integers
    remaining: Integers

    @classmethod
    def of(cls, groups: Integers, order: Floats | None = None) -> Siblings:
        """Sort rows by group, then by an order column where there is one, then as given."""
        rows = stable_order(groups) if order is None else lexical_order((order, groups))
        return cls.sorted(groups[rows], rows)

    @classmethod
    def sorted(cls, group: Integers, rows: Integers) -> Siblings:
        """Describe rows that are sorted by group already."""
        if not len(group):
            return cls(rows, group, group, group)
        starts = np.flatnonzero(np.r_[True, np.diff(group) != 0])
        sizes = np.diff(np.r_[starts, len(group)])
        position = np.arange(len(group)) - np.repeat(starts, sizes)
        return cls(rows, group, position, np.repeat(sizes, sizes) - position - 1)

    @property
    def place(self) -> Matrix:
        """Position and number of siblings to come, as context columns."""
        values = np.column_stack([self.position, self.remaining]).astype(float)
        return Matrix(("#position", "#remaining"), ("count", "count"), values)


@packable
@dataclass(frozen=True, slots=True)
class HistoryLayout:
    """Which context columns tell of earlier siblings.

    Attributes
    ----------
    kinds : tuple of {"number", "count", "category"}
    averaged, counted : ndarray of int
        Positions of the columns whose mean, or number of distinct values, so far is a feature.
    levels : ndarray of int
        Levels of each counted column.
    fresh : ndarray of float
        Of each counted column, the one code that stands for a value not seen before, if any.
    """

    names: tuple[str, ...]
    kinds: tuple[ColumnKind, ...]
    averaged: Integers
    counted: Integers
    levels: Integers
    fresh: Floats

    @classmethod
    def of(
        cls, columns: Matrix, levels: Integers, fresh: Mapping[str, float] | None = None
    ) -> HistoryLayout:
        """Lay out the history of some columns.

        Parameters
        ----------
        levels : ndarray of int, shape (n_columns,)
            Number of levels of each category, 0 for numbers; distinct values are counted
            for categories of at most ``COUNTED_LEVELS``.
        fresh : mapping of str to float, optional
            Codes that stand for a value not seen before; see `ParentValues`.
        """
        is_category = np.array([kind == "category" for kind in columns.kinds], bool)
        averaged = np.flatnonzero(~is_category)
        counted = np.flatnonzero(is_category & (levels <= COUNTED_LEVELS))
        names = (
            *(f"before.{name}" for name in columns.names),
            *(f"mean.{columns.names[at]}" for at in averaged),
            *(f"distinct.{columns.names[at]}" for at in counted),
        )
        numbers: list[ColumnKind] = ["number"] * len(averaged)
        counts: list[ColumnKind] = ["count"] * len(counted)
        kinds: tuple[ColumnKind, ...] = (*columns.kinds, *numbers, *counts)
        new = np.array([(fresh or {}).get(columns.names[at], np.nan) for at in counted], float)
        return cls(names, kinds, averaged, counted, levels[counted], new)


def past(columns: Matrix, siblings: Siblings, layout: HistoryLayout) -> Matrix:
    """Return what each row's earlier siblings tell, from complete real rows.

    Parameters
    ----------
    columns : Matrix, shape (n_rows, n_columns)
        In sorted order.

    Returns
    -------
    Matrix, shape (n_rows, n_history_columns)
        The sibling before, the mean so far of numbers, the number of distinct values so
        far of categories.
    """
    first = siblings.position == 0
    before = np.vstack([np.full((1, len(columns.names)), np.nan), columns.values[:-1]])
    before = before[: len(columns)]
    before[first] = np.nan
    parts = [before, _running_mean(columns.values[:, layout.averaged], siblings.position)]
    for at, new in zip(layout.counted, layout.fresh, strict=True):
        column = columns.values[:, at]
        if np.isnan(new):
            parts.append(_running_distinct(column, siblings)[:, None])
        else:
            parts.append(_exclusive_sum((column == new)[:, None] * 1.0, siblings.position))
    return Matrix(layout.names, layout.kinds, np.column_stack(parts))


def longest_run(counts: Integers) -> int:
    """Return after how many siblings a group is cut, so that few long ones advance side by side.

    Parameters
    ----------
    counts : ndarray of int, shape (n_groups,)

    Notes
    -----
    ``LONGEST_RUN``, but not less than the size that ``BUSY_GROUPS`` groups have.
    """
    ordered = np.sort(counts)[::-1]
    busy = int(ordered[BUSY_GROUPS - 1]) if len(ordered) >= BUSY_GROUPS else 0
    return max(busy, LONGEST_RUN)


def forget(features: Matrix, siblings: Siblings, width: int, rng: np.random.Generator) -> None:
    """Hide from the rows of long groups what a run of them does not know, in place.

    Beyond the first run that is all but the sibling before, and for a few rows this one, too;
    see `longest_run`.

    Parameters
    ----------
    features : Matrix, shape (n_rows, n_history_columns)
        As `past` returns it.
    width : int
        Columns of the sibling before, which come first.
    """
    late = np.flatnonzero(siblings.position >= longest_run(np.bincount(siblings.group)))
    if len(late):
        features.values[late, width:] = np.nan
        features.values[late[rng.random(len(late)) < SLIGHT], :width] = np.nan


class History:
    """The same as `past`, kept up to date while rows are drawn.

    Parameters
    ----------
    n_columns : int
        Columns of the rows.
    """

    def __init__(self, layout: HistoryLayout, n_groups: int, n_columns: int) -> None:
        self.layout = layout
        self.before = np.full((n_groups, n_columns), np.nan)
        self.total = np.zeros((n_groups, len(layout.averaged)))
        self.number = np.zeros((n_groups, len(layout.averaged)))
        self.distinct = np.zeros((n_groups, len(layout.counted)))
        self.offsets = np.concatenate([[0], np.cumsum(layout.levels)]).astype(np.int64)
        self.seen: Flags = np.zeros((n_groups, int(self.offsets[-1])), bool)

    def features(self, groups: Some) -> Matrix:
        """Return the history of some groups as context columns."""
        before, number = self.before[groups], self.number[groups]
        mean = np.where(number > 0, self.total[groups] / np.maximum(number, 1), np.nan)
        values = np.concatenate([before, mean, self.distinct[groups]], axis=1)
        return Matrix(self.layout.names, self.layout.kinds, values)

    def add(self, groups: Some, values: Floats) -> None:
        """Append one row to each of some groups, which come once."""
        self.before[groups] = values
        numbers = values[:, self.layout.averaged]
        known = ~np.isnan(numbers)
        self.total[groups] += np.where(known, numbers, 0.0)
        self.number[groups] += known
        for at, column in enumerate(values[:, self.layout.counted].T):
            if not np.isnan(self.layout.fresh[at]):
                self.distinct[groups, at] += column == self.layout.fresh[at]
                continue
            has = np.flatnonzero(~np.isnan(column))
            rows = has if isinstance(groups, slice) else groups[has]
            cell = self.offsets[at] + column[has].astype(np.int64)
            new = np.flatnonzero(~self.seen[rows, cell])
            self.distinct[rows[new], at] += 1
            self.seen[rows[new], cell[new]] = True


def _running_mean(values: Floats, position: Integers) -> Floats:
    """Return the mean over earlier rows of the group; ``NaN`` where there is none."""
    known = ~np.isnan(values)
    total = _exclusive_sum(np.where(known, values, 0.0), position)
    number = _exclusive_sum(known.astype(float), position)
    return np.where(number > 0.5, total / np.maximum(number, 1.0), np.nan)


def _running_distinct(column: Floats, siblings: Siblings) -> Floats:
    known = np.flatnonzero(~np.isnan(column))
    levels = int(column[known].max(initial=0)) + 1
    pairs = siblings.group[known] * levels + column[known].astype(np.int64)
    _, first = np.unique(pairs, return_index=True)
    fresh = np.zeros(len(column))
    fresh[known[first]] = 1.0
    return _exclusive_sum(fresh[:, None], siblings.position)[:, 0]


def _exclusive_sum(values: Floats, position: Integers) -> Floats:
    """Return the sum over the earlier rows of each group."""
    running = np.cumsum(values, axis=0)
    start = np.arange(len(values)) - position
    ahead = np.where(start[:, None] > 0, running[start - 1], 0.0)
    summed: Floats = running - values - ahead
    return summed
