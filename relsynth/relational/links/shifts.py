"""Shift whole families in time so that every moment has as many rows as it should."""

from __future__ import annotations

import numpy as np

from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Integers

ROUNDS = 200  # the error hardly falls afterwards
FURTHEST = 0.1  # of all places at once; most shifts are much shorter, so a family stays in its time
AT_ONCE = 0.2  # of the families that would do better: all together would overshoot


def shift_families(
    places: Integers, families: Integers, wanted: Integers, rng: np.random.Generator
) -> Integers:
    """Return places of rows, shifted by family, so that numbers of rows are those wanted.

    Places that are taken most often get the highest number.

    Parameters
    ----------
    places : ndarray of int, shape (n_rows,)
    families : ndarray of int, shape (n_rows,)
        Rows of one family are shifted alike.
    wanted : ndarray of int, shape (n_places,)
        Adds up to the number of rows; in the order of what is taken, then in its own.

    Notes
    -----
    A family that goes on by one leaves the place of its first row and takes the one behind its
    last: long families carry rows over long distances while they themselves hardly move. Local
    search for the least sum of squares, O(rows) a round.

    Examples
    --------
    >>> places, families = np.array([0, 1, 2, 0, 1, 2]), np.array([0, 0, 0, 1, 1, 1])
    >>> wanted = np.array([1, 2, 2, 1])
    >>> moved = shift_families(places, families, wanted, np.random.default_rng(0))
    >>> np.bincount(moved).tolist()
    [1, 2, 2, 1]
    """
    count = len(wanted)
    now = np.bincount(places, minlength=count)
    wanted = np.sort(wanted)[np.argsort(lexical_order((wanted, now)))]
    order = stable_order(families)
    at, sizes = places[order], np.unique(families, return_counts=True)[1]
    starts = np.cumsum(sizes) - sizes
    low, high = np.minimum.reduceat(at, starts), np.maximum.reduceat(at, starts)
    furthest = max(int(FURTHEST * count), 1)
    taken = np.bincount(at, minlength=count)
    for _ in range(ROUNDS):
        reach = furthest ** rng.random(len(sizes))
        shift = np.round(reach * rng.choice([-1.0, 1.0], len(sizes))).astype(np.int64)
        shift = np.clip(shift, -low, count - 1 - high)
        moved = at + np.repeat(shift, sizes)
        over = taken - wanted
        gain = np.add.reduceat(over[at] - over[moved], starts) - np.minimum(np.abs(shift), sizes)
        chosen = (gain > 0) & (shift != 0) & (rng.random(len(sizes)) < AT_ONCE)
        trial = np.where(np.repeat(chosen, sizes), moved, at)
        counts = np.bincount(trial, minlength=count)
        if ((counts - wanted) ** 2).sum() < ((taken - wanted) ** 2).sum():
            at, taken = trial, counts
            low, high = low + shift * chosen, high + shift * chosen
    made = np.empty_like(places)
    made[order] = at
    return made
