"""Durations and times of day: native, objects of the standard library, or text.

A text such as ``05:50``, ``9:05:30`` or ``26:10:00`` is a clock: hours, which may go beyond a
day as in timetables, minutes and perhaps seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types

from relsynth.packing import packable
from relsynth.schema.words import Column
from relsynth.typing import Array, Integers

_CLOCK = re.compile(r"(?P<H>\d{1,3}):[0-5]\d(?P<S>:[0-5]\d(?P<f>\.\d{1,6})?)?")
_SECOND = 1_000_000  # in microseconds
_DAY = 86_400  # in seconds
_SPELLED = ("string", "time", "timedelta", "timedelta64", "mixed")


def durations_of(values: pd.Series) -> pd.Series:
    """Return durations or times of day as ``timedelta64``; anything else as ``NaT``.

    Parameters
    ----------
    values : Series, shape (n_rows,)
        ``timedelta64``, objects of the standard library, or text: clocks and what pandas reads,
        such as ``1 days 02:30:00``.

    Examples
    --------
    >>> durations_of(pd.Series(["05:50", "26:10:00"])).dt.total_seconds().tolist()
    [21000.0, 94200.0]
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if types.is_timedelta64_dtype(values.dtype):
        return values
    if types.infer_dtype(values, skipna=True) not in _SPELLED:
        return pd.Series(None, index=values.index, dtype="timedelta64[ns]")
    codes, distinct = pd.factorize(values)
    readable = [_readable(value) for value in distinct]
    read = pd.to_timedelta(pd.Series(readable, dtype=object), errors="coerce")
    micro = read.to_numpy("timedelta64[us]")
    return pd.Series(np.append(micro, np.timedelta64("NaT", "us"))[codes], index=values.index)


def _readable(value: Any) -> Any:
    """Return a clock without seconds, or a time of day, as pandas reads it."""
    if isinstance(value, time):
        return value.replace(tzinfo=None).isoformat()
    if not isinstance(value, str):
        return value if isinstance(value, (timedelta, np.timedelta64)) else None
    found = _CLOCK.fullmatch(value)
    return f"{value}:00" if found is not None and found["S"] is None else value


def seconds_within(column: Column) -> tuple[int, int]:
    """Return the declared bounds of a column of durations in seconds, by default a day's."""
    bounds = pd.Series([column.low or "00:00", column.high], dtype=object)
    low, high = durations_of(bounds).dt.total_seconds()
    longest = _DAY if column.format is None else _DAY - ClockStyle.of(column.format).unit
    return int(low), longest if np.isnan(high) else int(high)


def times_of_day(micro: Integers) -> Array:
    """Return microseconds since midnight as objects of the standard library."""
    moments = pd.DatetimeIndex(np.asarray(micro).astype("datetime64[us]"))
    found = np.empty(len(micro), dtype=object)
    found[:] = list(moments.time)
    return found


@packable
@dataclass(frozen=True, slots=True)
class ClockStyle:
    """How clocks are spelled.

    Attributes
    ----------
    hour_digits : int
        Digits that hours have at least: 2 where they are padded with a zero.
    """

    hour_digits: int = 2
    has_seconds: bool = True
    fraction_digits: int = 0

    @classmethod
    def learn(cls, texts: Iterable[Any]) -> Self | None:
        """Read the style off distinct texts; ``None`` where they do not share one.

        Examples
        --------
        >>> ClockStyle.learn(["9:05", "26:10"])
        ClockStyle(hour_digits=1, has_seconds=False, fraction_digits=0)
        >>> ClockStyle.learn(["9:05", "noon"])
        """
        listed = [*texts]
        found = [_CLOCK.fullmatch(text) if isinstance(text, str) else None for text in listed]
        clocks = [match for match in found if match is not None]
        if not clocks or len(clocks) < len(listed):
            return None
        spelled = {(match["S"] is not None, len(match["f"] or ".") - 1) for match in clocks}
        if len(spelled) > 1:
            return None
        style = cls(min(len(match["H"]) for match in clocks), *spelled.pop())
        micro = durations_of(pd.Series(listed, dtype=object)).to_numpy("timedelta64[us]")
        return style if (style.write(micro.astype(np.int64)) == listed).all() else None

    @property
    def unit(self) -> int:
        """Seconds between one clock and the next, not below one."""
        return 1 if self.has_seconds else 60

    @property
    def form(self) -> str:
        """The style as a ``strftime`` format."""
        fraction = ".%f" if self.fraction_digits else ""
        return "%H:%M" + (f":%S{fraction}" if self.has_seconds else "")

    @classmethod
    def of(cls, form: str) -> Self:
        """Return the usual style of a ``strftime`` format."""
        return cls(2, "%S" in form, 6 if "%f" in form else 0)

    def write(self, micro: Integers) -> Array:
        """Return durations of whole microseconds, not below zero, as text."""
        distinct, codes = np.unique(micro, return_inverse=True)
        texts = np.empty(len(distinct), dtype=object)
        texts[:] = [self._spell(int(value)) for value in distinct]
        return texts[codes]

    def _spell(self, micro: int) -> str:
        seconds, fraction = divmod(micro, _SECOND)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        text = f"{hour:0{self.hour_digits}d}:{minute:02d}"
        if self.has_seconds:
            text += f":{second:02d}"
        if self.fraction_digits:
            text += f".{fraction:06d}"[: self.fraction_digits + 1]
        return text
