"""Times of day written as whole numbers: 517 is 5:17, 83005 is 8:30:05."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats

PLACES = 100  # what a written hour or minute is moved by
PARTS = 60  # minutes of an hour, seconds of a minute
HOURS = 48  # timetables go on beyond midnight, up to the end of the next day
HOURS_SEEN = 6  # different hours; years of one century have one
ALONE = 1e-6  # chance that amounts all end below 60: one in a million columns
WITH_A_CLOCK = 0.01  # the same where another column of the table is surely one


def clock_parts(values: Floats, chance: float = ALONE) -> int:
    """Return how many parts of 60 each number ends with: 0 if they are no times of day.

    Parameters
    ----------
    values : ndarray of float, shape (n_values,)
        Missing ones are left out.
    chance : float
        Highest probability that other numbers in the same steps look like this.

    Notes
    -----
    Numbers that go in steps of 5 end below 60 in 12 of 20 cases, those in steps of 50 always:
    they tell nothing, however many there are.

    Examples
    --------
    >>> times = np.array([h * 100 + m for h in range(6, 23) for m in range(0, 60, 15)], float)
    >>> clock_parts(times), clock_parts(times + 1_000_000), clock_parts(np.arange(2_000.0))
    (1, 0, 0)
    """
    known = np.unique(values[~np.isnan(values)])
    if not len(known) or known[0] < 0 or known[-1] >= HOURS * PLACES**2:
        return 0
    if (known != np.floor(known)).any():
        return 0
    step = int(np.gcd.reduce(np.append(known.astype(np.int64), PLACES)))
    below = len(range(0, PARTS, step)) / len(range(0, PLACES, step))
    for parts in (1, 2):
        hours = known // PLACES**parts
        ends = [known // PLACES**part % PLACES for part in range(parts)]
        several = len(np.unique(hours)) >= (HOURS_SEEN if chance <= ALONE else 2)
        if several and hours[-1] < HOURS and all((end < PARTS).all() for end in ends):
            return parts if below ** len(known) <= chance else 0
    return 0


def counted(values: Floats, parts: int) -> Floats:
    """Return written times as minutes, or seconds where they end with two parts.

    Examples
    --------
    >>> counted(np.array([517.0, 2359.0]), 1)
    array([ 317., 1439.])
    """
    units = values // PLACES**parts
    for part in range(parts - 1, -1, -1):
        units = units * PARTS + values // PLACES**part % PLACES
    return units


def written(units: Floats, parts: int) -> Floats:
    """Return minutes, or seconds, as written times.

    Examples
    --------
    >>> written(np.array([317.0, 1439.0]), 1)
    array([ 517., 2359.])
    """
    values = units // PARTS**parts
    for part in range(parts - 1, -1, -1):
        values = values * PLACES + units // PARTS**part % PARTS
    return values
