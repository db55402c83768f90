"""Systematic sampling: draws that keep the proportions of their groups."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats, Integers

GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0  # the number whose multiples fill an interval most evenly
FEW = 16  # draws at a time: more are stratified among themselves


class Turns:
    """Where in [0, 1) the next draw from each group lies, when draws come in many calls.

    Every draw goes on by the golden section, which fills the range more evenly than chance
    after any number of draws (Kronecker sequence; Niederreiter 1992).

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws where each group starts.
    """

    def __init__(self, n_groups: int, rng: np.random.Generator) -> None:
        self.next = rng.random(n_groups)

    def take(self, groups: Integers, sizes: Integers, rank: Integers) -> Floats:
        """Return numbers in [0, 1) for the rows of groups, one behind the other, and go on.

        Parameters
        ----------
        groups : ndarray of int, shape (n_present,)
            Each at most once.
        sizes : ndarray of int, shape (n_present,)
            Rows of each: few go on step by step, many are evenly spaced by themselves.
        rank : ndarray of int, shape (n_rows,)
            Place of each row in its group.
        """
        many, at = sizes > FEW, self.next[groups]
        self.next[groups] = _fraction(at + np.where(many, 1, sizes) * GOLDEN)
        begin = np.repeat(at, sizes)
        stepped = _fraction(begin + rank * GOLDEN)
        if not many.any():
            return stepped
        size = np.repeat(sizes, sizes)
        return np.where(size > FEW, (rank + begin) / size, stepped)


def spread(groups: Integers, rng: np.random.Generator, turns: Turns | None = None) -> Floats:
    """Return evenly spaced numbers in [0, 1) for the rows of each group, in random order.

    Parameters
    ----------
    groups : ndarray of int, shape (n_rows,)
    turns : Turns, optional
        Of earlier calls, so that the numbers of all calls together are evenly spread.

    Returns
    -------
    ndarray of float, shape (n_rows,)
        Uniform for each row; the rows of one group cover [0, 1) in equal steps.
    """
    n_rows = len(groups)
    if not n_rows:
        return np.empty(0)
    order = np.argsort(groups + rng.random(n_rows))
    ordered = groups[order]
    last = np.flatnonzero(ordered[1:] != ordered[:-1])
    borders = np.zeros(len(last) + 2, np.int64)
    borders[1:-1], borders[-1] = last + 1, n_rows
    first = borders[:-1]
    sizes = borders[1:] - first
    rank = np.arange(n_rows) - np.repeat(first, sizes)
    numbers = np.empty(n_rows)
    if turns is None:
        numbers[order] = (rank + rng.random(n_rows)) / np.repeat(sizes, sizes)
    else:
        numbers[order] = turns.take(ordered[first], sizes, rank)
    return numbers


def _fraction(values: Floats) -> Floats:
    """Return what is left of positive numbers without their whole part."""
    return values - np.floor(values)


def round_to_total(expected: Floats, rng: np.random.Generator) -> Integers:
    """Round non-negative numbers at random so that their sum is exact.

    Parameters
    ----------
    expected : ndarray of float, shape (n,)
        With a whole sum, up to rounding error.

    Returns
    -------
    ndarray of int, shape (n,)
        Each the floor or the ceiling of its expectation, in expectation equal to it.

    Examples
    --------
    >>> import numpy as np
    >>> int(round_to_total(np.full(8, 0.5), np.random.default_rng(0)).sum())
    4
    """
    order = rng.permutation(len(expected))
    edges = np.floor(np.cumsum(expected[order]) + rng.random())
    total = round(float(expected.sum()))
    if len(edges):
        edges[-1] = total
    rounded = np.empty(len(expected), np.int64)
    rounded[order] = np.diff(np.minimum(edges, total), prepend=0.0).astype(np.int64)
    return rounded
