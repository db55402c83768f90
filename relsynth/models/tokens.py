"""Columns as tokens: levels of a category, frequent values, quantile bins, missing values."""

from __future__ import annotations

import numpy as np

from relsynth.columns.matrix import ColumnKind
from relsynth.groups import starts_of
from relsynth.typing import Floats, Integers

MOST_LEVELS = 250  # so that the tokens of a column, with missing and the last, fit a byte


def tokens_of(column: Floats, kind: ColumnKind, n_bins: int) -> tuple[Integers, int]:
    """Cut a column into tokens.

    Parameters
    ----------
    column : ndarray of float, shape (n_rows,)
        ``NaN`` where missing.
    kind : {"number", "count", "category"}
    n_bins : int
        At most so many quantile bins of numbers and counts, besides frequent values.

    Returns
    -------
    tokens : ndarray of int, shape (n_rows,)
    n_tokens : int
        At least 1, and every token has rows if there are any.

    Notes
    -----
    Token 0 are the missing values, if there are any. Levels of a category follow by
    falling frequency, those behind the ``MOST_LEVELS`` most frequent share the last token.
    Numbers follow in rising order: a value of at least the share of a bin is a token of
    its own, and so is every value where there are no more than bins.

    Examples
    --------
    >>> import numpy as np
    >>> tokens_of(np.array([5.0, np.nan, 5.0, 2.0]), "category", 4)
    (array([1, 0, 1, 2]), 3)
    >>> tokens_of(np.array([0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), "number", 4)
    (array([0, 0, 0, 1, 2, 2, 3, 3]), 4)
    """
    missing = np.isnan(column)
    known = column[~missing]
    tokens = np.zeros(len(column), np.int64)
    if not len(known):
        return tokens, 1
    _, place, counts = np.unique(known, return_inverse=True, return_counts=True)
    numbers = _levels(counts) if kind == "category" else numeric_tokens(counts, n_bins)
    first = int(missing.any())
    tokens[~missing] = numbers[place] + first
    return tokens, int(numbers.max()) + 1 + first


def _levels(counts: Integers) -> Integers:
    """Return the token of every level, by falling frequency."""
    numbers = np.empty(len(counts), np.int64)
    numbers[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.minimum(numbers, MOST_LEVELS)


def numeric_tokens(counts: Integers, n_bins: int, *, atoms: bool = True) -> Integers:
    """Return the token of every distinct value, in rising order.

    Parameters
    ----------
    counts : ndarray of int, shape (n_values,)
        Rows of each distinct value, in rising order.
    n_bins : int
        No more values than these are tokens of their own.
    atoms : bool, default True
        Whether a value with the share of a bin is one too; if not, it fills bins with its
        neighbours.
    """
    if len(counts) <= n_bins:
        return np.arange(len(counts))
    rows = int(counts.sum())
    quantile = starts_of(counts) * n_bins // rows
    starts = np.diff(quantile, prepend=0) > 0
    if atoms:
        is_atom = counts * n_bins >= rows
        starts |= is_atom | np.append(False, is_atom[:-1])
    starts[0] = False
    return np.cumsum(starts)
