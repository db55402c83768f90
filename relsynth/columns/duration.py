"""Durations and times of day: timedelta64, objects of the standard library, or text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from relsynth.columns.calendar import DAY
from relsynth.columns.domain import grid
from relsynth.columns.dtype import Dtype
from relsynth.columns.matrix import ColumnKind
from relsynth.columns.moment import MICROSECONDS, time_grid
from relsynth.columns.protection import Holders, shared_range
from relsynth.groups import unique_values
from relsynth.packing import packable
from relsynth.schema import Column
from relsynth.schema.durations import ClockStyle, durations_of, times_of_day
from relsynth.typing import Array, Floats, Integers


@packable
@dataclass(frozen=True, slots=True)
class TimedeltaEncoder:
    """Durations as seconds.

    Attributes
    ----------
    unit : float
        Greatest common step in seconds.
    is_time : bool
        Whether values are times of day of the standard library.
    clock : ClockStyle or None
        How texts such as ``05:50`` are spelled.
    follows : bool
        Whether a formula gives the durations: they are not cut at `low` and `high`.
    """

    dtype: Dtype
    unit: float
    low: float
    high: float
    is_time: bool = False
    clock: ClockStyle | None = None
    follows: bool = False
    kind: ClassVar[ColumnKind] = "number"
    step: ClassVar[float | None] = None

    @property
    def decimals(self) -> int | None:
        """None of whole seconds, so that formulas see them as they are written."""
        return 0 if self.unit % 1 == 0 else None

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Holders) -> Self:
        """Learn storage, spelling and step; see `ColumnEncoder.learn`."""
        seconds = _seconds(series)
        unit, _ = time_grid(np.append(unique_values(seconds[~np.isnan(seconds)]), 0.0))
        low, high = shared_range(seconds, entities)
        stored = pd.api.types.infer_dtype(series, skipna=True)
        clock = ClockStyle.learn(series.dropna().unique()) if stored == "string" else None
        return cls(Dtype.open(series), unit, low, high, stored == "time", clock)

    def encode(self, series: pd.Series) -> Floats:
        """Return seconds, ``NaN`` where missing."""
        return _seconds(series)

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return durations in the learned storage; `rng` is not used."""
        missing = np.isnan(values)
        is_free = self.follows or np.isnan(self.low)
        bounded = values if is_free else np.clip(values, self.low, self.high)
        steps = np.round(np.where(missing, 0.0, bounded) / self.unit)
        micro = np.round(steps * self.unit * MICROSECONDS).astype(np.int64)
        if self.is_time:
            last = round(DAY * MICROSECONDS) - round(self.unit * MICROSECONDS)
            return self.dtype.series(times_of_day(np.clip(micro, 0, last)), missing)
        durations = pd.Series(micro.astype("timedelta64[us]"))
        if self.dtype.is_text:
            return self.dtype.series(self._spelled(micro, durations), missing)
        durations = durations.astype(self.dtype.name)
        durations[missing] = pd.NaT
        return durations

    def _spelled(self, micro: Integers, durations: pd.Series) -> Array:
        if self.clock is not None:
            return self.clock.write(np.maximum(micro, 0))
        return durations.astype(str).to_numpy(object)

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        return grid(self.low, self.high, self.unit)


def _seconds(series: pd.Series) -> Floats:
    micro = durations_of(series).to_numpy("timedelta64[us]")
    seconds: Floats = micro.astype(np.int64) / MICROSECONDS
    seconds[np.isnat(micro)] = np.nan
    return seconds
