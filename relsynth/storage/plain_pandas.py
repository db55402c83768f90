"""Columns of pandas' rarer types as plain columns, and back."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from relsynth.packing import packable

# intervals are levels of a category; more than these are no levels
_MOST_INTERVALS = 1_000


@packable
@dataclass(frozen=True, slots=True)
class StringForm:
    """Text in another storage than the usual one of this pandas.

    Attributes
    ----------
    by_nan : bool
        Whether a missing value is ``NaN`` rather than ``NA``.
    """

    storage: str
    by_nan: bool

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> Self | None:
        """Return the form of a column, None where it is of another type."""
        dtype = series.dtype
        if not isinstance(dtype, pd.StringDtype) or pd.api.types.pandas_dtype(str(dtype)) == dtype:
            return None
        return cls(dtype.storage, getattr(dtype, "na_value", pd.NA) is not pd.NA)

    def plain(self, series: pd.Series) -> pd.Series:
        """Return the text as objects."""
        return pd.Series(series.astype(object).where(series.notna(), None).to_numpy(object))

    def restored(self, series: pd.Series) -> pd.Series:
        """Return text in its storage."""
        dtype = pd.StringDtype(self.storage)
        if self.by_nan:
            dtype = pd.StringDtype(self.storage, na_value=np.nan)
        return series.astype(dtype)


@packable
@dataclass(frozen=True, slots=True)
class ZoneForm:
    """Moments in a time zone that does not read back from the name of the dtype.

    Attributes
    ----------
    standard : bool
        Whether the zone is a `zoneinfo.ZoneInfo`.
    """

    zone: str
    unit: str
    standard: bool = False

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> Self | None:
        """Return the form of a column, None where it is of another type."""
        dtype = series.dtype
        if not isinstance(dtype, pd.DatetimeTZDtype) or _reads_back(dtype, str(dtype)):
            return None
        if isinstance(dtype.tz, zoneinfo.ZoneInfo):
            return cls(str(dtype.tz), dtype.unit, True)
        file = getattr(dtype.tz, "_filename", None)
        for zone in (f"dateutil/{file}", f"dateutil//usr/share/zoneinfo/{file}", str(dtype.tz)):
            if _reads_back(dtype, f"datetime64[{dtype.unit}, {zone}]"):
                return cls(zone, dtype.unit)
        raise TypeError(
            f"has the time zone {dtype.tz!r}, which has no name; convert it with tz_convert to one "
            "such as 'Europe/Paris'"
        )

    def plain(self, series: pd.Series) -> pd.Series:
        """Return the moments in UTC."""
        return series.dt.tz_convert("UTC")

    def restored(self, series: pd.Series) -> pd.Series:
        """Return moments in the zone."""
        zone = zoneinfo.ZoneInfo(self.zone) if self.standard else self.zone
        return series.dt.tz_convert(zone).dt.as_unit(self.unit)


def _reads_back(dtype: Any, name: str) -> bool:
    try:
        return bool(pd.api.types.pandas_dtype(name) == dtype)
    except (TypeError, ValueError, KeyError, OSError):
        return False


@packable
@dataclass(frozen=True, slots=True)
class PeriodForm:
    """Periods, as the moments they start at."""

    frequency: str

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> Self | None:
        """Return the form of a column, None where it is of another type."""
        dtype = series.dtype
        return cls(str(dtype)[7:-1]) if isinstance(dtype, pd.PeriodDtype) else None

    def plain(self, series: pd.Series) -> pd.Series:
        """Return the moments at which the periods start."""
        return series.dt.start_time.dt.as_unit("us")

    def restored(self, series: pd.Series) -> pd.Series:
        """Return the periods that moments lie in."""
        return series.astype(f"period[{self.frequency}]")


@packable
@dataclass(frozen=True, slots=True)
class IntervalForm:
    """Intervals, or a category of them, as levels of text.

    Attributes
    ----------
    bounds : list of list of float
        Of every interval.
    subtype : str
        Dtype of the bounds.
    """

    bounds: list[list[float]]
    closed: str
    subtype: str
    is_category: bool
    ordered: bool

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> Self | None:
        """Return the form of a column, None where it is of another type."""
        dtype: Any = series.dtype
        is_category = isinstance(dtype, pd.CategoricalDtype)
        held = dtype.categories.dtype if is_category else dtype
        if not isinstance(held, pd.IntervalDtype):
            return None
        found = series.cat.categories if is_category else pd.Index(series.dropna().unique())
        if not pd.api.types.is_numeric_dtype(held.subtype) or len(found) > _MOST_INTERVALS:
            raise TypeError("holds intervals; replace them by their two bounds, or by labels")
        levels = found if is_category else found.sort_values()
        bounds = [[one.left, one.right] for one in levels]
        ordered = bool(is_category and dtype.ordered)
        return cls(
            [[float(low), float(high)] for low, high in bounds],
            held.closed,
            str(held.subtype),
            is_category,
            ordered,
        )

    @property
    def levels(self) -> pd.IntervalIndex:
        """The intervals."""
        lows, highs = np.array(self.bounds).reshape(-1, 2).T
        return pd.IntervalIndex.from_arrays(
            lows.astype(self.subtype), highs.astype(self.subtype), self.closed
        )

    def plain(self, series: pd.Series) -> pd.Series:
        """Return a category of text."""
        codes = pd.Categorical(series, categories=self.levels).codes
        return pd.Series(
            pd.Categorical.from_codes(codes, list(map(str, self.levels)), ordered=self.ordered)
        )

    def restored(self, series: pd.Series) -> pd.Series:
        """Return the intervals that text names."""
        codes = pd.Index(map(str, self.levels)).get_indexer(series.astype(object))
        found = pd.Categorical.from_codes(codes, self.levels, ordered=self.ordered)
        if self.is_category or (codes < 0).any():  # whole intervals have no missing value
            return pd.Series(found)
        return pd.Series(found.astype(self.levels.dtype))
