"""Dates and moments: as text, datetime64 with or without time zone, or objects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from relsynth.columns.calendar import DAY
from relsynth.columns.domain import grid
from relsynth.columns.dtype import Dtype
from relsynth.columns.matrix import ColumnKind
from relsynth.columns.offsets import Offsets
from relsynth.columns.protection import Holders, shared_range
from relsynth.groups import unique_values
from relsynth.metadata.date_format import guess_format
from relsynth.packing import packable
from relsynth.schema import Column
from relsynth.schema.date_text import DateStyle, DateTexts, read_dates, seconds_of, utc_moments
from relsynth.typing import Array, Floats, Integers

MICROSECONDS = 1_000_000  # of a second
_NANO_END = 2**63 // 1000 - 1  # microseconds that nanoseconds of 64 bits can hold
FEWEST_ON_GRID = 10  # moments that are all on full quarters of an hour by chance once in 10 ** 11


@packable
@dataclass(frozen=True, slots=True)
class DatetimeEncoder:
    """Points in time as seconds since 1970, on the grid the real values lie on.

    Attributes
    ----------
    form : {"native", "text", "date", "datetime", "timestamp"}
        ``datetime64``, text, or objects of the standard library or pandas.
    style : DateStyle or None
        How text is spelled.
    offsets : Offsets or None
        Offsets to UTC that text or objects have beside the local time, which is what is
        learned: opening hours and the first of a month are local.
    step, origin : float
        Values are ``origin + k * step`` seconds.
    low, high : float
        Bounds that enough subjects reach; what is learned is cut to them. A date drawn
        as another one plus a duration may lie beyond, as it does in life.
    least, most : float
        Bounds that are declared, in UTC where values have offsets; nothing lies beyond them.
    """

    dtype: Dtype
    form: str
    style: DateStyle | None
    offsets: Offsets | None
    step: float
    origin: float
    low: float
    high: float
    least: float = -math.inf
    most: float = math.inf
    kind: ClassVar[ColumnKind] = "number"
    decimals: ClassVar[int | None] = None

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Holders) -> Self:
        """Learn storage, format and grid; see `ColumnEncoder.learn`."""
        form = _form(series)
        style = _style(series, column) if form == "text" else None
        seconds, spelled = _seconds(series, form, style)
        offsets = Offsets.learn(seconds, spelled, entities)
        known = unique_values(seconds[~np.isnan(seconds)])
        step, origin = time_grid(known)
        low, high = shared_range(seconds, entities)
        least, most = _declared(column)
        dtype = Dtype.open(series)
        return cls(dtype, form, style, offsets, step, origin, low, high, least, most)

    def encode(self, series: pd.Series) -> Floats:
        """Return seconds since 1970, cut to the protected range; ``NaN`` where missing."""
        seconds, _ = _seconds(series, self.form, self.style)
        return seconds if np.isnan(self.low) else np.clip(seconds, self.low, self.high)

    def moments(self, series: pd.Series) -> pd.Series:
        """Return the local moments that values say, as ``datetime64``."""
        seconds, _ = _seconds(series, self.form, self.style)
        missing = np.isnan(seconds)
        micro = np.round(np.where(missing, 0.0, seconds) * MICROSECONDS).astype(np.int64)
        moments = micro.view("datetime64[us]")
        moments[missing] = np.datetime64("NaT", "us")
        return pd.Series(moments, index=series.index)

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return moments on the grid in the learned storage; `rng` picks offsets."""
        missing = np.isnan(values)
        if missing.all() and self.form == "text":  # also of a storage that is not of text
            return self.dtype.series(values, missing)
        steps = np.round((np.where(missing, self.origin, values) - self.origin) / self.step)
        steps = np.clip(steps, *self._ends())
        origin, step = (round(part * MICROSECONDS) for part in (self.origin, self.step))
        micro = origin + steps.astype(np.int64) * step
        if self.form == "native":
            if "[ns" in self.dtype.name:
                micro = np.clip(micro, -_NANO_END, _NANO_END)
            moments = pd.Series(micro.view("datetime64[us]"))
            if "," in self.dtype.name:
                moments = moments.dt.tz_localize("UTC")
            moments = moments.astype(self.dtype.name)
            moments[missing] = pd.NaT
            return moments
        distinct, codes = np.unique(micro, return_inverse=True)
        if self.offsets is None:
            return self.dtype.series(self._stored(distinct)[codes], missing)
        spelled = self.offsets.near(micro / MICROSECONDS, rng)
        kinds, names = pd.factorize(spelled)
        pairs, codes = np.unique(codes * len(names) + kinds, return_inverse=True)
        texts = self._spell(distinct[pairs // len(names)], names[pairs % len(names)])
        return self.dtype.series(texts[codes], missing)

    def _ends(self) -> tuple[float, float]:
        """Return the first and the last step inside the declared bounds."""
        west, east = (0, 0) if self.offsets is None else self.offsets.extremes()
        first = np.ceil((self.least + east - self.origin) / self.step)
        last = np.floor((self.most + west - self.origin) / self.step)
        return (first, last) if first <= last else (-np.inf, np.inf)

    def _stored(self, micro: Integers) -> Array:
        spelled = self._spell(micro, None)
        return spelled if self.dtype.is_text else spelled.astype(np.int64)

    def _spell(self, micro: Integers, offsets: Array | None) -> Array:
        local = micro.view("datetime64[us]")
        if self.style is not None:
            return self.style.write(local, offsets)
        moments = pd.DatetimeIndex(local)
        spelled = np.empty(len(micro), dtype=object)
        if self.form == "date":
            spelled[:] = list(moments.date)
        elif offsets is None:
            spelled[:] = list(moments.to_pydatetime())
        else:
            zones = [timezone(timedelta(seconds=int(part))) for part in seconds_of(offsets)]
            plain = zip(moments.to_pydatetime(), zones, strict=True)
            spelled[:] = [moment.replace(tzinfo=zone) for moment, zone in plain]
        if self.form == "timestamp":
            spelled[:] = [pd.Timestamp(moment) for moment in spelled]
        return spelled

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        return grid(self.low, self.high, self.step)


def _declared(column: Column) -> tuple[float, float]:
    """Return the declared bounds in seconds; infinite where there is none."""
    bounds = pd.Series([column.low, column.high], dtype=object)
    seconds = _from_micro(utc_moments(bounds, column.format).to_numpy("datetime64[us]"))
    low, high = np.where(np.isnan(seconds), [-np.inf, np.inf], seconds).tolist()
    return low, high


def _form(series: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return "native"
    present = series.iloc[:1].dropna()
    present = present if len(present) else series.dropna()
    first = present.iloc[0] if len(present) else ""
    if isinstance(first, datetime):
        return "timestamp" if isinstance(first, pd.Timestamp) else "datetime"
    return "date" if isinstance(first, date) else "text"


def _style(series: pd.Series, column: Column) -> DateStyle | None:
    form = column.format or guess_format(series)
    return (
        None
        if form is None
        else DateStyle.learn(series.drop_duplicates().dropna().to_numpy(), form)
    )


def _seconds(series: pd.Series, form: str, style: DateStyle | None) -> tuple[Floats, Array | None]:
    """Return local times in seconds, and the offsets of the rows where any has one."""
    if form == "native":
        plain = series.dt.tz_convert("UTC").dt.tz_localize(None) if series.dt.tz else series
        return _from_micro(plain.to_numpy("datetime64[us]")), None
    codes, distinct = pd.factorize(series)
    found = _read_objects(distinct) if style is None else read_dates(distinct, style.form)
    seconds = np.append(_from_micro(found.local), np.nan)[codes]
    offsets = np.append(found.offsets, "")[codes] if (found.offsets != "").any() else None
    return seconds, offsets


def _read_objects(distinct: pd.Index) -> DateTexts:
    """Return dates of the standard library in the form of texts."""
    aware = [isinstance(value, datetime) and value.tzinfo is not None for value in distinct]
    offsets = [f"{value:%z}" if known else "" for value, known in zip(distinct, aware, strict=True)]
    plain = [
        value.replace(tzinfo=None) if known else value
        for value, known in zip(distinct, aware, strict=True)
    ]
    local = np.array([np.datetime64(value, "us") for value in plain], "datetime64[us]")
    return DateTexts(local, np.array(offsets, dtype=object))


def _from_micro(moments: Array) -> Floats:
    seconds = moments.astype(np.int64) / MICROSECONDS
    seconds[np.isnat(moments)] = np.nan
    return seconds


def time_grid(known: Floats) -> tuple[float, float]:
    """Return the greatest common step of sorted moments in seconds, and where it starts."""
    if not len(known):
        return DAY, 0.0
    micro = np.round(known * MICROSECONDS).astype(np.int64)
    day = int(DAY * MICROSECONDS)
    if len(micro) == 1:
        return (DAY if micro[0] % day == 0 else 1.0), float(known[0])
    step = int(np.gcd.reduce(np.diff(micro)))
    enough = len(micro) >= FEWEST_ON_GRID
    units = [
        unit * 60 * MICROSECONDS for unit in (60, 30, 20, 15, 10, 5, 1) if enough or unit in (60, 1)
    ]
    whole = next((unit for unit in (day, *units) if step % unit == 0), 0)
    return (whole or math.gcd(step, MICROSECONDS)) / MICROSECONDS, float(known[0])
