"""Empty stretches between the values of a column, in which nothing is drawn."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from relsynth.typing import Flags, Floats, Integers

WINDOW = 8  # gaps on either side that tell how far apart values are there
WIDE = 50  # times the gaps around it: beyond what the tails of amounts and waiting times show
FEWEST = 5  # rows on either side; fewer are stragglers, which draws must not lie close to


def voids(distinct: Floats, counts: Integers) -> Flags:
    """Return which gaps between sorted different values are empty stretches.

    Parameters
    ----------
    distinct : ndarray of float, shape (n_values,)
    counts : ndarray of int, shape (n_values,)
        Rows that have each value.

    Returns
    -------
    ndarray of bool, shape (n_values - 1,)
        Whether a gap is ``WIDE`` times as wide as those around it, with enough rows on
        either side.

    Examples
    --------
    >>> voids(*np.unique(np.r_[np.arange(9.0), [9999.0] * 7], return_counts=True)).tolist()
    [False, False, False, False, False, False, False, False, True]
    """
    found = np.zeros(max(len(distinct) - 1, 0), bool)
    if len(distinct) < FEWEST:
        return found
    with np.errstate(over="ignore"):
        gaps = np.diff(distinct)
    wide = np.flatnonzero(gaps > WIDE * np.median(gaps))
    if not len(wide):
        return found
    padded = np.concatenate([np.full(WINDOW, np.nan), gaps, np.full(WINDOW, np.nan)])
    around = sliding_window_view(padded, 2 * WINDOW + 1)[wide].copy()
    around[:, WINDOW] = np.nan
    found[wide] = gaps[wide] > WIDE * np.nanmedian(around, axis=1)
    starts = np.append(0, np.flatnonzero(found) + 1)
    few = np.add.reduceat(counts, starts) < FEWEST
    found[starts[1:] - 1] = ~(few[:-1] | few[1:])
    return found


def stretches(distinct: Floats, counts: Integers) -> tuple[Floats, Floats]:
    """Return for each of some sorted different values between which two no gap is empty."""
    empty = voids(distinct, counts)
    first = np.r_[True, empty][: len(distinct)]
    last = np.r_[empty, True][: len(distinct)]
    run = np.cumsum(first) - 1
    return distinct[first][run], distinct[last][run]


def empty_stretches(values: Floats) -> Floats:
    """Return the ends of the empty stretches of a column, shape (n_stretches, 2)."""
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    at = np.flatnonzero(voids(distinct, counts))
    return np.column_stack([distinct[at], distinct[at + 1]])


def marks(distinct: Floats, counts: Integers) -> Flags:
    """Return which sorted values stand alone, far from all others, such as 9999-12-31."""
    empty = voids(distinct, counts)
    return np.append(True, empty) & np.append(empty, True) & (len(distinct) > 1)


def moved_out(values: Floats, empty: Floats, low: Floats, high: Floats) -> Floats:
    """Return values of which those in an empty stretch are at its nearer end within bounds.

    Parameters
    ----------
    values, low, high : ndarray of float, shape (n_values,)
    empty : ndarray of float, shape (n_stretches, 2)
        From `empty_stretches`.
    """
    if not len(empty):
        return values
    at = np.clip(np.searchsorted(empty[:, 0], values, "left") - 1, 0, None)
    below, above = empty[at].T
    inside = (values > below) & (values < above)
    up = values - below > above - values
    up = np.where(below < low, True, np.where(above > high, False, up))
    end = np.where(up, above, below)
    return np.where(inside & (end >= low) & (end <= high), end, values)
