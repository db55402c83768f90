"""Objects of the standard library in a column as plain values, and back."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

import numpy as np
import pandas as pd

from relsynth.packing import packable

_LARGEST = 2**63 - 1  # of a 64-bit integer
# objects that are text with a meaning: how each type is read from its text
_NAMED: dict[str, Callable[[str], Any]] = {
    "UUID": UUID,
    **{
        cls.__name__: cls
        for cls in (
            ipaddress.IPv4Address,
            ipaddress.IPv6Address,
            ipaddress.IPv4Network,
            ipaddress.IPv6Network,
            ipaddress.IPv4Interface,
            ipaddress.IPv6Interface,
        )
    },
}
# what `pandas.api.types.infer_dtype` calls the object columns that are learned as they are
_LEARNED = frozenset(
    {"string", "floating", "decimal", "boolean", "datetime", "datetime64", "time", "empty"}
    | {"mixed-integer-float"}
)


def infer(series: pd.Series) -> str:
    """Return what the objects of a column are; empty for columns of another dtype."""
    return pd.api.types.infer_dtype(series, skipna=True) if series.dtype == object else ""


@dataclass(frozen=True, slots=True)
class _Objects:
    """A column of Python objects.

    Attributes
    ----------
    none : bool
        Whether a missing value is ``None`` rather than ``NaN``.
    """

    none: bool = True

    def _objects(self, values: list[Any], series: pd.Series) -> pd.Series:
        made = np.empty(len(series), dtype=object)
        made[:] = None if self.none else np.nan
        made[series.notna().to_numpy()] = values
        return pd.Series(made, dtype=object)


def _marks_by_none(series: pd.Series) -> bool:
    missing = series[series.isna()]
    return not len(missing) or missing.iloc[0] is None


def _filled(values: list[Any], series: pd.Series) -> pd.Series:
    made = np.full(len(series), None, dtype=object)
    made[series.notna().to_numpy()] = values
    return pd.Series(made, dtype=object)


@packable
@dataclass(frozen=True, slots=True)
class DayForm(_Objects):
    """`datetime.date` objects, as dates."""

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> Self | None:
        """Return the form of a column, None where it holds others."""
        if kind != "date":
            return None
        if any(isinstance(value, datetime) for value in series.dropna()):
            raise TypeError("mixes dates and moments; make all of them one")
        return cls(_marks_by_none(series))

    def plain(self, series: pd.Series) -> pd.Series:
        """Return the days as ``datetime64``."""
        days = [np.datetime64("NaT", "D") if gone else value for value, gone in _pairs(series)]
        return pd.Series(np.array(days, "datetime64[D]").astype("datetime64[us]"))

    def restored(self, series: pd.Series) -> pd.Series:
        """Return the days as objects."""
        days = series.dropna().to_numpy("datetime64[D]").astype(object)
        return self._objects(list(days), series)


@packable
@dataclass(frozen=True, slots=True)
class DurationForm(_Objects):
    """`datetime.timedelta` objects, as durations."""

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> Self | None:
        """Return the form of a column, None where it holds others."""
        return cls(_marks_by_none(series)) if kind in ("timedelta", "timedelta64") else None

    def plain(self, series: pd.Series) -> pd.Series:
        """Return the durations as ``timedelta64``."""
        return pd.Series(pd.to_timedelta(series).to_numpy("timedelta64[us]"))

    def restored(self, series: pd.Series) -> pd.Series:
        """Return the durations as objects."""
        return self._objects(
            list(series.dropna().to_numpy("timedelta64[us]").astype(object)), series
        )


@packable
@dataclass(frozen=True, slots=True)
class IntegerForm(_Objects):
    """Whole numbers as objects, beside ``None``."""

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> Self | None:
        """Return the form of a column, None where it holds others or larger ones."""
        if kind != "integer" or any(not -_LARGEST <= int(v) <= _LARGEST for v in series.dropna()):
            return None
        return cls(_marks_by_none(series))

    def plain(self, series: pd.Series) -> pd.Series:
        """Return the numbers as integers, nullable ones where any is missing."""
        return series.astype("Int64" if series.isna().any() else "int64").reset_index(drop=True)

    def restored(self, series: pd.Series) -> pd.Series:
        """Return the numbers as objects."""
        return self._objects(series.dropna().astype("int64").tolist(), series)


@packable
@dataclass(frozen=True, slots=True)
class BigNumberForm(_Objects):
    """Whole numbers of more than 64 bits that identify, as text."""

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> Self | None:
        """Return the form of a column, None where it holds others."""
        if kind != "integer":
            return None
        if not series.dropna().is_unique:
            raise TypeError(
                "holds whole numbers of more than 64 bits, which cannot be learned; make them text"
            )
        return cls(_marks_by_none(series))

    def plain(self, series: pd.Series) -> pd.Series:
        """Return the numbers as text."""
        return _filled([str(value) for value in series.dropna()], series)

    def restored(self, series: pd.Series) -> pd.Series:
        """Return the numbers as objects."""
        return self._objects([int(value) for value in series.dropna()], series)


@packable
@dataclass(frozen=True, slots=True)
class ByteForm(_Objects):
    """Bytes, as text of hexadecimal digits."""

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> Self | None:
        """Return the form of a column, None where it holds others."""
        is_bytes = kind == "bytes" or (
            kind == "mixed" and _only_type(series) in (bytearray, memoryview)
        )
        return cls(_marks_by_none(series)) if is_bytes else None

    def plain(self, series: pd.Series) -> pd.Series:
        """Return the bytes as text behind ``0x``."""
        return _filled(["0x" + bytes(value).hex() for value in series.dropna()], series)

    def restored(self, series: pd.Series) -> pd.Series:
        """Return text of hexadecimal digits as bytes."""
        texts = [str(value)[2:] for value in series.dropna()]
        return self._objects([bytes.fromhex(t[: len(t) // 2 * 2]) for t in texts], series)


@packable
@dataclass(frozen=True, slots=True)
class NamedForm(_Objects):
    """Objects that are text with a meaning, such as UUIDs and addresses of machines.

    Attributes
    ----------
    type : str
        Name of their class.
    """

    type: str = "UUID"

    @classmethod
    def of(cls, series: pd.Series, kind: str) -> Self | None:
        """Return the form of a column, None where it holds plain values.

        Raises
        ------
        TypeError
            For objects that nobody could write anew.
        """
        if kind in _LEARNED or kind == "":
            return None
        found = _only_type(series)
        if found is not None and found.__name__ in _NAMED and not issubclass(found, date):
            return cls(_marks_by_none(series), found.__name__)
        if found is not None:
            raise TypeError(
                f"holds objects of type {found.__name__}, which cannot be learned; convert them to "
                "numbers, text or dates"
            )
        return None

    def plain(self, series: pd.Series) -> pd.Series:
        """Return the objects as text."""
        return _filled([str(value) for value in series.dropna()], series)

    def restored(self, series: pd.Series) -> pd.Series:
        """Return text as objects."""
        read = _NAMED[self.type]
        return self._objects([read(value) for value in series.dropna()], series)


def _only_type(series: pd.Series) -> type | None:
    kinds = set(map(type, series.dropna()))
    return kinds.pop() if len(kinds) == 1 else None


def _pairs(series: pd.Series) -> zip[tuple[Any, bool]]:
    return zip(series, series.isna().to_numpy(), strict=True)
