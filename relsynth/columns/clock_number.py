"""Times of day written as whole numbers: 517 is 5:17, 83005 is 8:30:05."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats

PLACES = 100  # what a written hour or minute is moved by
PARTS = 60  # minutes of an hour, seconds of a minute
HOURS = 48  # timetables go on beyond midnight, up to the end of the next day
EVIDENCE = 50  # different numbers; that as many keep below 60 by chance is 1 in 10^11
TOLD = 6  # different hours, and minutes: amounts in steps of 20 or 50 keep below 60 too


def clock_parts(values: Floats) -> int:
    """Return how many parts of 60 each number ends with: 0 if they are no times of day.

    Parameters
    ----------
    values : ndarray of float, shape (n_values,)
        Missing ones are left out.

    Examples
    --------
    >>> times = np.array([h * 100 + m for h in range(6, 23) for m in range(0, 60, 5)], float)
    >>> clock_parts(times), clock_parts(times + 1_000_000), clock_parts(np.arange(2_000.0))
    (1, 0, 0)
    """
    known = np.unique(values[~np.isnan(values)])
    if len(known) < EVIDENCE or known[0] < 0 or (known != np.floor(known)).any():
        return 0
    for parts in (1, 2):
        hours = known // PLACES**parts
        ends = [known // PLACES**part % PLACES for part in range(parts)]
        if (
            hours[-1] < HOURS
            and all((end < PARTS).all() and len(np.unique(end)) >= TOLD for end in ends)
            and len(np.unique(hours)) >= TOLD
        ):
            return parts
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
