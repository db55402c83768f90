"""Parts and beginnings of dates given as seconds since 1970."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from relsynth.columns.calendar import DAY
from relsynth.typing import Array, Floats


def _instants(seconds: Floats) -> Array:
    whole = np.floor(np.where(np.isnan(seconds), 0, seconds)).astype("int64")
    return whole.astype("datetime64[s]")


def _since(seconds: Floats, unit: str, within: str) -> Floats:
    """Return how many units have passed since the current larger unit began."""
    instants = _instants(seconds)
    begun = instants.astype(f"datetime64[{within}]").astype(f"datetime64[{unit}]")
    return (instants.astype(f"datetime64[{unit}]") - begun).astype("float64")


def _weekday(seconds: Floats) -> Floats:
    return np.mod(np.floor(seconds / DAY) + 3, 7)  # 1970 began on a Thursday; Monday is 0


def _left(seconds: Floats) -> Floats:
    months = _instants(seconds).astype("datetime64[M]")
    after = months + np.timedelta64(1, "M")
    length = (after.astype("datetime64[D]") - months.astype("datetime64[D]")).astype("float64")
    return length - 1 - _since(seconds, "D", "M")


PARTS: Final[dict[str, Callable[[Floats], Floats]]] = {
    "hour": lambda seconds: _since(seconds, "h", "D"),
    "weekday": _weekday,
    "quarter": lambda seconds: _since(seconds, "M", "Y") // 3 + 1,
    "month": lambda seconds: _since(seconds, "M", "Y") + 1,
    "day": lambda seconds: _since(seconds, "D", "M") + 1,
    "days left in the month": lambda seconds: _left(seconds),
    "year": lambda seconds: _instants(seconds).astype("datetime64[Y]").astype("float64") + 1970,
    "date": lambda seconds: np.floor(seconds / DAY) * DAY,
}


def _iso_week(seconds: Floats) -> Floats:
    thursday = (np.floor(seconds / DAY) - _weekday(seconds) + 3) * DAY  # of the same ISO week
    return np.floor(_since(thursday, "D", "Y") / 7) + 1


def _known(read: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    return lambda seconds: np.where(np.isnan(seconds), np.nan, read(seconds))


# what a column of numbers may say of a date
NUMBERS: Final[dict[str, Callable[[Floats], Floats]]] = {
    f"{name} of": _known(read)
    for name, read in {
        **{name: read for name, read in PARTS.items() if name != "date"},
        "minute": lambda seconds: _since(seconds, "m", "h"),
        "week": _iso_week,
        "day of year": lambda seconds: _since(seconds, "D", "Y") + 1,
        "seconds since 1970": lambda seconds: seconds,
        "milliseconds since 1970": lambda seconds: 1_000 * seconds,
        "days since 1970": lambda seconds: seconds / DAY,
    }.items()
}


def _months(start: Floats, end: Floats) -> Floats:
    """Return the calendar months from one date to another, whatever their days."""
    months = [_instants(at).astype("datetime64[M]").astype("float64") for at in (start, end)]
    return months[1] - months[0]


def _whole_months(start: Floats, end: Floats) -> Floats:
    """Return the months completed from one date to another."""
    days = [_since(at, "D", "M") for at in (start, end)]
    return _months(start, end) - (days[1] < days[0])


def _both(between: Callable[[Floats, Floats], Floats]) -> Callable[[Floats, Floats], Floats]:
    return lambda start, end: np.where(np.isnan(start) | np.isnan(end), np.nan, between(start, end))


def _units(seconds: float) -> Callable[[Floats, Floats], Floats]:
    return lambda start, end: (end - start) / seconds


def _whole(seconds: float) -> Callable[[Floats, Floats], Floats]:
    return lambda start, end: np.floor((end - start) / seconds)


YEAR: Final = 365.25 * DAY  # in seconds, of the Julian calendar
# what a column of numbers may say of two dates, the plainest first
SPANS: Final[dict[str, Callable[[Floats, Floats], Floats]]] = {
    "days": _units(DAY),
    "hours": _units(3_600.0),
    "minutes": _units(60.0),
    "seconds": _units(1.0),
    "weeks": _units(7 * DAY),
    "years of 365.25 days": _units(YEAR),
    "years of 365 days": _units(365 * DAY),
    "whole days": _whole(DAY),
    "whole hours": _whole(3_600.0),
    "whole minutes": _whole(60.0),
    "whole weeks": _whole(7 * DAY),
    "whole years": _both(lambda start, end: np.floor(_whole_months(start, end) / 12)),
    "whole years of 365.25 days": _whole(YEAR),
    "whole years of 365 days": _whole(365 * DAY),
    "calendar years": _both(lambda start, end: PARTS["year"](end) - PARTS["year"](start)),
    "whole months": _both(_whole_months),
    "calendar months": _both(_months),
}
BEGINNINGS: Final = {"minute": "m", "hour": "h", "date": "D", "month": "M", "year": "Y"}


def part(seconds: Floats, name: str) -> Floats:
    """Return a part of a date, such as its weekday (Monday is 0) or month (1 to 12).

    Parameters
    ----------
    seconds : ndarray of float, shape (n,)
        Seconds since 1970-01-01T00:00; missing gives missing.
    name : {"hour", "weekday", "quarter", "month", "day", "year", "date"}
    """
    return np.where(np.isnan(seconds), np.nan, PARTS[name](seconds))


def beginning(seconds: Floats, name: str) -> Floats:
    """Return when the current minute, hour, date, month or year began, in seconds since 1970."""
    begun = _instants(seconds).astype(f"datetime64[{BEGINNINGS[name]}]").astype("datetime64[s]")
    return np.where(np.isnan(seconds), np.nan, begun.astype("float64"))
