"""Features as small integers: at most 255 bins a column, whose edges are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from relsynth.typing import Array, Floats, Integers

MOST_BINS = 255  # what a byte holds beside missing; twice as many need two bytes a cell
# of small tables: dates still fall into weeks of a year; 32 save a tenth and lose detail
LEAST_BINS = 64
# so that a bin edge rests on 40 rows; with 80 tables of 10,000 rows have 125 bins
ROWS_PER_BIN = 40


@dataclass(frozen=True, slots=True)
class BinnedFeatures:
    """Features of some rows, each column cut at rising edges.

    Attributes
    ----------
    codes : ndarray of uint8, shape (n_rows, n_features)
        Number of edges below each value; columns are contiguous.
    edges : tuple of ndarray of float
        Per feature; a value equal to an edge lies below it.
    """

    codes: Array
    edges: tuple[Floats, ...]

    @classmethod
    def of(cls, features: Array, n_bins: int) -> BinnedFeatures:
        """Cut every column of a float32 array (n_rows, n_features) into at most `n_bins`.

        Notes
        -----
        A column of at most `n_bins` distinct values keeps them apart; others are cut at
        quantiles. Costs one sort a column.
        """
        codes = np.empty(features.shape, np.uint8, order="F")
        edges = []
        for at in range(features.shape[1]):
            column = np.ascontiguousarray(features[:, at])
            cut = edges_of(*_distinct(np.sort(column)), n_bins)
            codes[:, at] = np.searchsorted(cut, column)
            edges.append(cut)
        return cls(codes, tuple(edges))

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.edges)

    def take(self, columns: Integers) -> BinnedFeatures:
        """Return some features, copied."""
        codes = self.codes.T.take(columns, axis=0).T
        return BinnedFeatures(codes, tuple(self.edges[column] for column in columns))

    def rows(self, rows: Integers) -> BinnedFeatures:
        """Return some rows."""
        return BinnedFeatures(np.asfortranarray(self.codes[rows]), self.edges)

    def thresholds(self, features: Iterable[int], bins: Iterable[int]) -> Floats:
        """Return the edge above a bin, for pairs of feature and bin."""
        pairs = zip(features, bins, strict=True)
        return np.array([self.edges[feature][bin_] for feature, bin_ in pairs], float)


def usual_bins(n_rows: int) -> int:
    """Return how many bins are worth their time on a number of rows.

    Examples
    --------
    >>> usual_bins(500), usual_bins(3_200), usual_bins(100_000)
    (64, 80, 255)
    """
    return min(max(n_rows // ROWS_PER_BIN, LEAST_BINS), MOST_BINS)


def edges_of(distinct: Array, counts: Integers, n_bins: int) -> Floats:
    """Return rising edges between distinct values, so that bins hold about equal counts.

    Parameters
    ----------
    distinct : ndarray of float32, shape (n_values,)
        Rising.
    counts : ndarray of int, shape (n_values,)
    n_bins : int
        At most so many bins, one more than edges.

    Examples
    --------
    >>> import numpy as np
    >>> edges_of(np.array([0, 1, 2, 3], np.float32), np.array([5, 1, 1, 5]), 2).tolist()
    [1.5]
    """
    last = np.arange(max(len(distinct) - 1, 0))
    if len(distinct) > n_bins:
        share = np.cumsum(counts)[:-1] / counts.sum() * n_bins
        wanted = np.arange(1, n_bins)
        last = np.searchsorted(share, wanted - 1e-9)
        last = last[(np.diff(last, prepend=-1) > 0) & (last < len(share))]
    lower, upper = distinct[last].astype(float), distinct[last + 1].astype(float)
    middle = ((lower + upper) / 2).astype(np.float32)
    return np.where(middle < upper, middle, distinct[last]).astype(float)


def _distinct(ordered: Array) -> tuple[Array, Integers]:
    if not len(ordered):
        return ordered, np.empty(0, np.int64)
    last = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    return ordered[last], np.diff(last, prepend=-1)
