"""Reductions of child rows per parent row: one sort, then runs of equal group numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.typing import Array, Floats, Integers


@dataclass(frozen=True, slots=True)
class Groups:
    """Child rows grouped by the row of their parent.

    Parameters
    ----------
    link : ndarray of int, shape (n_children,)
        Parent row of every child; ``-1`` belongs to no group.
    size : int
        Number of parent rows.
    """

    link: Integers
    size: int

    def count(self) -> Floats:
        """Return the number of children of every parent."""
        return np.bincount(self.link[self.link >= 0], minlength=self.size).astype(float)

    def distinct(self, codes: Integers) -> Floats:
        """Return the number of different codes per parent; negative codes do not count."""
        kept = (self.link >= 0) & (codes >= 0)
        width = int(codes.max(initial=0)) + 1
        cells = np.unique(self.link[kept] * width + codes[kept])
        return np.bincount(cells // width, minlength=self.size).astype(float)

    def known(self, values: Floats) -> tuple[Integers, Floats]:
        """Return parent rows and values of the children that have both."""
        kept = (self.link >= 0) & ~np.isnan(values)
        return self.link[kept], values[kept]

    def mean(self, values: Floats) -> Floats:
        """Return the mean per parent, ``NaN`` where no value is known."""
        group, kept = self.known(values)
        return _ratio(np.bincount(group, kept, self.size), np.bincount(group, minlength=self.size))

    def spread(self, values: Floats) -> Floats:
        """Return the sample standard deviation per parent, ``NaN`` below two values."""
        group, kept = self.known(values)
        n = np.bincount(group, minlength=self.size)
        centre = _ratio(np.bincount(group, kept, self.size), n)
        squares = np.bincount(group, (kept - centre[group]) ** 2, self.size)
        return np.sqrt(_ratio(squares, n - 1))

    def total(self, values: Floats) -> Floats:
        """Return the sum per parent, 0 where no value is known."""
        group, kept = self.known(values)
        return np.bincount(group, kept, self.size).astype(float)

    def extremes(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the smallest and largest value per parent, ``NaN`` where none is known."""
        group, kept = self.known(values)
        order = np.argsort(group, kind="stable")
        group, kept = group[order], kept[order]
        low, high = np.full(self.size, np.nan), np.full(self.size, np.nan)
        if len(group):
            starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
            low[group[starts]] = np.minimum.reduceat(kept, starts)
            high[group[starts]] = np.maximum.reduceat(kept, starts)
        return low, high

    def last(self, values: Array, moment: Floats | None = None) -> Floats:
        """Return the value of the last child per parent, by `moment` or else by row order."""
        rows = np.flatnonzero(self.link >= 0)
        if moment is not None:
            rows = rows[~np.isnan(moment[rows])]
            rows = rows[np.argsort(moment[rows], kind="stable")]
        found = np.full(self.size, np.nan)
        found[self.link[rows]] = values[rows]
        return found

    def share(self, flags: Array) -> Floats:
        """Return the share of children with a flag set, ``NaN`` without children."""
        return self.mean(flags.astype(float))


def _ratio(total: Array, n: Array) -> Floats:
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
