"""Local clocks: the hour and day that a moment had where it happened."""

from __future__ import annotations

from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from relsynth.typing import Floats

# offsets that are in use, in minutes, those near to UTC first
_OFFSETS: Final = sorted({*range(-720, 841, 60), *range(-210, 631, 60), 345}, key=abs)
# one place for each way clocks go forward and back
_PLACES: Final = (
    "Europe/London", "Europe/Paris", "Europe/Athens", "Europe/Istanbul", "Europe/Moscow",
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
    "America/Anchorage", "America/Halifax", "America/St_Johns", "America/Sao_Paulo",
    "America/Mexico_City", "America/Havana", "America/Santiago", "America/Asuncion",
    "Asia/Jerusalem", "Asia/Beirut", "Asia/Tehran", "Africa/Cairo", "Africa/Casablanca",
    "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Auckland",
    "Pacific/Chatham",
)  # fmt: skip


def local(seconds: Floats, zone: str) -> Floats:
    """Return what clocks and calendars of a zone show, as seconds since 1970.

    Parameters
    ----------
    seconds : ndarray of float, shape (n,)
        Moments in seconds since 1970 in UTC; missing gives missing.
    zone : str
        ``""`` for UTC, an offset such as ``"-05:00"``, or a name such as ``"Europe/Paris"``.

    Examples
    --------
    >>> local(np.array([0.0, 15_552_000.0]), "America/New_York").tolist()
    [-18000.0, 15537600.0]
    """
    if not zone:
        return seconds
    if zone[0] in "+-":
        hours, minutes = zone[1:].split(":")
        shift = 60 * (60 * int(hours) + int(minutes))
        return seconds + (-shift if zone[0] == "-" else shift)
    known = ~np.isnan(seconds)
    distinct, codes = np.unique(np.floor(seconds[known]), return_inverse=True)
    moments = pd.DatetimeIndex(distinct.astype("int64").astype("datetime64[s]"), tz="UTC")
    shown = moments.tz_convert(zone).tz_localize(None).to_numpy("datetime64[s]").astype("int64")
    moved = seconds.copy()
    moved[known] += (shown - distinct)[codes.reshape(-1)]
    return moved


@cache
def all_zones() -> tuple[str, ...]:
    """Return the zones that are tried: offsets without summer time, then places."""
    return (*map(_offset, (m for m in _OFFSETS if m)), *filter(_is_there, _PLACES))


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def _is_there(place: str) -> bool:
    try:
        ZoneInfo(place)
    except (ZoneInfoNotFoundError, OSError):  # a machine without the database of zones
        return False
    return True
