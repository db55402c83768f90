"""Parts and beginnings of dates given as seconds since 1970."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from relsynth.typing import Array, Floats

DAY: Final = 86_400.0


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


PARTS: Final[dict[str, Callable[[Floats], Floats]]] = {
    "hour": lambda seconds: _since(seconds, "h", "D"),
    "weekday": _weekday,
    "quarter": lambda seconds: _since(seconds, "M", "Y") // 3 + 1,
    "month": lambda seconds: _since(seconds, "M", "Y") + 1,
    "day": lambda seconds: _since(seconds, "D", "M") + 1,
    "year": lambda seconds: _instants(seconds).astype("datetime64[Y]").astype("float64") + 1970,
    "date": lambda seconds: np.floor(seconds / DAY) * DAY,
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
