"""Dates, times and durations: as text, datetime64 with or without time zone, or objects."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from relsynth.columns.domain import grid
from relsynth.columns.dtype import Dtype
from relsynth.columns.matrix import ColumnKind
from relsynth.columns.protection import shared_range
from relsynth.metadata.date_format import guess_format
from relsynth.metadata.schema import Column
from relsynth.typing import Array, Floats, Integers

MICROSECONDS = 1_000_000
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class DatetimeEncoder:
    """Points in time as seconds since 1970, on the grid the real values lie on.

    Attributes
    ----------
    dtype : Dtype
    form : {"native", "text", "date", "datetime"}
        ``datetime64``, text in `text_format`, or objects of the standard library.
    text_format : str or None
    step, origin : float
        Values are ``origin + k * step`` seconds.
    low, high : float
        Bounds that enough root entities reach; what is learned is cut to them. A date drawn
        as another one plus a duration may lie beyond, as it does in life.
    """

    dtype: Dtype
    form: str
    text_format: str | None
    step: float
    origin: float
    low: float
    high: float
    kind: ClassVar[ColumnKind] = "number"
    decimals: ClassVar[int | None] = None

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Integers) -> Self:
        """Learn storage, format and grid; see `ColumnEncoder.learn`."""
        form = _form(series)
        text_format = (column.format or guess_format(series)) if form == "text" else None
        seconds = _seconds(series, form, text_format)
        known = np.unique(seconds[~np.isnan(seconds)])
        step, origin = _grid(known)
        low, high = shared_range(seconds, entities)
        return cls(Dtype.open(series), form, text_format, step, origin, low, high)

    def encode(self, series: pd.Series) -> Floats:
        """Return seconds since 1970, cut to the protected range; ``NaN`` where missing."""
        seconds = _seconds(series, self.form, self.text_format)
        return seconds if np.isnan(self.low) else np.clip(seconds, self.low, self.high)

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return moments on the grid in the learned storage; `rng` is not used."""
        missing = np.isnan(values)
        steps = np.round((np.where(missing, self.origin, values) - self.origin) / self.step)
        origin, step = (round(part * MICROSECONDS) for part in (self.origin, self.step))
        micro = origin + steps.astype(np.int64) * step
        if self.form == "native":
            moments = pd.Series(micro.view("datetime64[us]"))
            if "," in self.dtype.name:
                moments = moments.dt.tz_localize("UTC")
            moments = moments.astype(self.dtype.name)
            moments[missing] = pd.NaT
            return moments
        distinct, codes = np.unique(micro, return_inverse=True)
        return self.dtype.series(self._spell(distinct)[codes], missing)

    def _spell(self, micro: Integers) -> Array:
        moments = pd.DatetimeIndex(micro.view("datetime64[us]"))
        spelled = np.empty(len(micro), dtype=object)
        if self.form == "text":
            spelled[:] = list(moments.strftime(self.text_format))
        elif self.form == "date":
            spelled[:] = list(moments.date)
        else:
            spelled[:] = list(moments.to_pydatetime())
        return spelled

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        return grid(self.low, self.high, self.step)

    def to_state(self) -> dict[str, Any]:
        """Return the attributes."""
        names = ("form", "text_format", "step", "origin", "low", "high")
        return {"dtype": self.dtype.to_state(), **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`."""
        return cls(**{**state, "dtype": Dtype.from_state(state["dtype"])})


@dataclass(frozen=True, slots=True)
class TimedeltaEncoder:
    """Durations as seconds.

    Attributes
    ----------
    dtype : Dtype
    unit : float
        Greatest common step in seconds.
    low, high : float
    """

    dtype: Dtype
    unit: float
    low: float
    high: float
    kind: ClassVar[ColumnKind] = "number"
    decimals: ClassVar[int | None] = None
    step: ClassVar[float | None] = None

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Integers) -> Self:
        """Learn storage and step; see `ColumnEncoder.learn`."""
        seconds = _durations(series)
        unit, _ = _grid(np.append(np.unique(seconds[~np.isnan(seconds)]), 0.0))
        return cls(Dtype.open(series), unit, *shared_range(seconds, entities))

    def encode(self, series: pd.Series) -> Floats:
        """Return seconds, ``NaN`` where missing."""
        return _durations(series)

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return durations in the learned storage; `rng` is not used."""
        missing = np.isnan(values)
        bounded = values if np.isnan(self.low) else np.clip(values, self.low, self.high)
        steps = np.round(np.where(missing, 0.0, bounded) / self.unit)
        micro = np.round(steps * self.unit * MICROSECONDS).astype("timedelta64[us]")
        durations = pd.Series(micro)
        if self.dtype.is_text:
            return self.dtype.series(durations.astype(str).to_numpy(object), missing)
        durations = durations.astype(self.dtype.name)
        durations[missing] = pd.NaT
        return durations

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        return grid(self.low, self.high, self.unit)

    def to_state(self) -> dict[str, Any]:
        """Return the attributes."""
        return {
            "dtype": self.dtype.to_state(),
            "unit": self.unit,
            "low": self.low,
            "high": self.high,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`."""
        return cls(**{**state, "dtype": Dtype.from_state(state["dtype"])})


def _form(series: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return "native"
    present = series.dropna()
    first = present.iloc[0] if len(present) else ""
    if isinstance(first, datetime):
        return "datetime"
    return "date" if isinstance(first, date) else "text"


def _seconds(series: pd.Series, form: str, text_format: str | None) -> Floats:
    if form == "native":
        plain = series.dt.tz_convert("UTC").dt.tz_localize(None) if series.dt.tz else series
        return _from_micro(plain.to_numpy("datetime64[us]"))
    codes, distinct = pd.factorize(series)
    if form == "text":
        moments = _parse(pd.Index(distinct), text_format)
    else:
        moments = np.array([np.datetime64(value, "us") for value in distinct], "datetime64[us]")
    return np.append(_from_micro(moments), np.nan)[codes]


def _parse(distinct: pd.Index, text_format: str | None) -> Array:
    try:
        parsed = pd.to_datetime(distinct, format=text_format)
        return np.asarray(parsed.to_numpy("datetime64[us]"))
    except pd.errors.OutOfBoundsDatetime:
        read = [datetime.strptime(str(text), str(text_format)) for text in distinct]
        return np.array(read, "datetime64[us]")


def _from_micro(moments: Array) -> Floats:
    seconds = moments.astype(np.int64) / MICROSECONDS
    seconds[np.isnat(moments)] = np.nan
    return seconds


def _durations(series: pd.Series) -> Floats:
    moments = pd.to_timedelta(series).to_numpy("timedelta64[us]")
    seconds: Floats = moments.astype(np.int64) / MICROSECONDS
    seconds[np.isnat(moments)] = np.nan
    return seconds


def _grid(known: Floats) -> tuple[float, float]:
    """Return the greatest common step of sorted moments in seconds, and where it starts."""
    if not len(known):
        return DAY, 0.0
    micro = np.round(known * MICROSECONDS).astype(np.int64)
    day = int(DAY * MICROSECONDS)
    if len(micro) == 1:
        return (DAY if micro[0] % day == 0 else 1.0), float(known[0])
    step = int(np.gcd.reduce(np.diff(micro)))
    whole = next(
        (unit for unit in (day, 3600 * MICROSECONDS, 60 * MICROSECONDS) if step % unit == 0), 0
    )
    return (whole or math.gcd(step, MICROSECONDS)) / MICROSECONDS, float(known[0])
