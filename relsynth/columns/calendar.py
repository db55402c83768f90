"""Parts of a date: what a tree of thresholds cannot read off a number of seconds."""

from __future__ import annotations

import numpy as np

from relsynth.groups import unique_values
from relsynth.typing import Array, Floats, Integers

DAY = 86_400.0  # in seconds
HOUR = 3_600.0  # in seconds
PARTS = ("month", "day", "left", "weekday", "hour")
LANDING = ("day", "left", "weekday")
UNEVEN = 0.05  # nats of entropy: every day of the week alike but one missing loses .15


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
    ('day', 'left')
    """
    parts = calendar(unique_values(values), PARTS)
    return tuple(name for name, part in zip(PARTS, parts.T, strict=True) if np.ptp(part) > 0)


def uneven_part(values: Floats) -> str | None:
    """Return the part of the calendar over which days are spread least evenly, if any is uneven.

    Parameters
    ----------
    values : ndarray of float, shape (n_values,)
        Seconds since 1970.

    Returns
    -------
    str or None
        ``"day"``, ``"left"`` or ``"weekday"``; ``None`` where none loses ``UNEVEN`` nats of
        entropy against all days between the first and the last, beyond what may be lost by
        chance (three deviations of the G statistic).

    Examples
    --------
    >>> import numpy as np
    >>> days = np.arange(700)
    >>> uneven_part(days * DAY), uneven_part(days[days % 7 < 5] * DAY)
    (None, 'weekday')
    """
    every = np.arange(np.floor(values.min() / DAY), np.floor(values.max() / DAY) + 1) * DAY
    lost = dict[str, float]()
    for part in LANDING:
        possible = np.unique(calendar(every, (part,)), return_counts=True)[1]
        counts = np.unique(calendar(values, (part,)), return_counts=True)[1]
        freedom = len(possible) - 1
        by_chance = (freedom + 3.0 * np.sqrt(2.0 * freedom)) / (2 * len(values))
        lost[part] = _entropy(possible) - _entropy(counts) - by_chance
    part = max(lost, key=lambda name: lost[name])
    return part if lost[part] > UNEVEN else None


def calendar(values: Floats, parts: tuple[str, ...]) -> Floats:
    """Return parts of moments.

    Parameters
    ----------
    values : ndarray of float, shape (n_values,)
        Seconds since 1970, ``NaN`` where missing.
    parts : tuple of {"month", "day", "left", "weekday", "hour"}
        Months and days of the month count from 1, days left in it and weekdays from 0; weekday
        0 is a Monday.

    Returns
    -------
    ndarray of float, shape (n_values, n_parts)
        ``NaN`` where the moment is missing.

    Examples
    --------
    >>> import numpy as np
    >>> calendar(np.array([0.0]), ("month", "day", "left", "weekday", "hour")).tolist()
    [[1.0, 1.0, 30.0, 3.0, 0.0]]
    """
    missing = np.isnan(values)
    values = np.where(missing, 0.0, values)
    days = np.floor(values / DAY)
    dates = days.astype(np.int64).view("datetime64[D]")
    months = dates.astype("datetime64[M]")
    found = np.empty((len(values), len(parts)))
    for at, part in enumerate(parts):
        if part == "month":
            found[:, at] = months.astype(np.int64) % 12 + 1
        elif part == "day":
            found[:, at] = (dates - months).astype(np.int64) + 1
        elif part == "left":
            found[:, at] = (_last_day(months) - dates).astype(np.int64)
        elif part == "weekday":
            found[:, at] = (days + 3) % 7
        else:
            found[:, at] = np.floor((values - days * DAY) / HOUR)
    found[missing] = np.nan
    return found


def nearest_day(values: Floats, part: str, wanted: Floats, least: Floats, most: Floats) -> Floats:
    """Move moments by whole days to the nearest day with a part of the calendar.

    Parameters
    ----------
    values : ndarray of float, shape (n_values,)
        Seconds since 1970.
    part : {"day", "left", "weekday"}
    wanted : ndarray of float, shape (n_values,)
        What the part shall be; ``NaN`` leaves the moment where it is.
    least, most : ndarray of float, shape (n_values,)
        No moment is moved before or behind.

    Examples
    --------
    >>> import numpy as np
    >>> ends, first, last = np.zeros(1), np.array([35 * DAY]), np.array([99 * DAY])
    >>> (nearest_day(np.array([40 * DAY]), "left", ends, first, last) / DAY).tolist()
    [58.0]
    """
    dates = np.floor(values / DAY).astype(np.int64).view("datetime64[D]")
    if part == "weekday":
        ahead = (np.nan_to_num(wanted) - calendar(values, (part,))[:, 0]) % 7
        shifts = ahead[:, None] + np.array([-7.0, 0.0, 7.0])
    else:
        months = dates.astype("datetime64[M]")[:, None] + np.arange(-1, 3).astype("timedelta64[M]")
        place = np.nan_to_num(wanted).astype(np.int64)[:, None]
        steps = place.astype("timedelta64[D]")
        days = months.astype("datetime64[D]") + (steps - np.timedelta64(1, "D"))
        days = _last_day(months) - steps if part == "left" else days
        shifts = (days - dates[:, None]).astype(float)
        shifts[days.astype("datetime64[M]") != months] = np.inf
    moved = values[:, None] + shifts * DAY
    allowed = (moved >= least[:, None]) & (moved <= most[:, None])
    distance = np.where(allowed, np.abs(shifts), np.inf)
    best = np.argmin(distance, axis=1)[:, None]
    shift = np.take_along_axis(shifts, best, axis=1)[:, 0]
    found = np.isfinite(np.take_along_axis(distance, best, axis=1)[:, 0]) & ~np.isnan(wanted)
    return values + np.where(found, shift, 0.0) * DAY


def _last_day(months: Array) -> Array:
    last: Array = (months + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    return last


def _entropy(counts: Integers) -> float:
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum())
