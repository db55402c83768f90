"""Parts of a date: what a tree of thresholds cannot read off a number of seconds."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats

DAY = 86_400.0
HOUR = 3_600.0
PARTS = ("month", "day", "weekday", "hour")


def varying_parts(values: Floats) -> tuple[str, ...]:
    """Return the parts of the calendar in which some moments differ.

    Parameters
    ----------
    values : ndarray of float, shape (n_values,)
        Seconds since 1970.

    Examples
    --------
    >>> import numpy as np
    >>> varying_parts(np.array([0.0, 7 * DAY, 14 * DAY]))
    ('day',)
    """
    parts = calendar(np.unique(values), PARTS)
    return tuple(name for name, part in zip(PARTS, parts.T, strict=True) if np.ptp(part) > 0)


def calendar(values: Floats, parts: tuple[str, ...]) -> Floats:
    """Return parts of moments.

    Parameters
    ----------
    values : ndarray of float, shape (n_values,)
        Seconds since 1970.
    parts : tuple of {"month", "day", "weekday", "hour"}
        Months and days of the month count from 1, weekdays from 0, a Monday.

    Returns
    -------
    ndarray of float, shape (n_values, n_parts)

    Examples
    --------
    >>> import numpy as np
    >>> calendar(np.array([0.0]), ("month", "day", "weekday", "hour")).tolist()
    [[1.0, 1.0, 3.0, 0.0]]
    """
    days = np.floor(values / DAY)
    dates = days.astype(np.int64).view("datetime64[D]")
    months = dates.astype("datetime64[M]")
    found = np.empty((len(values), len(parts)))
    for at, part in enumerate(parts):
        if part == "month":
            found[:, at] = months.astype(np.int64) % 12 + 1
        elif part == "day":
            found[:, at] = (dates - months).astype(np.int64) + 1
        elif part == "weekday":
            found[:, at] = (days + 3) % 7
        else:
            found[:, at] = np.floor((values - days * DAY) / HOUR)
    return found
