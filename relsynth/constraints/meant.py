"""Values as conditions compare them: moments, times of day, and ranges with their two ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api import types

from relsynth.schema import Column
from relsynth.schema.date_text import DateStyle, read_dates, seconds_of, utc_moments
from relsynth.schema.native import parse_native

_RANGE = r"^([\[(])\"?([^\",]*)\"?,\"?([^\"\])]*)\"?([\])])$"
_OF_NUMBERS = ("int4range", "int8range", "numrange")
_OF_MOMENTS = ("daterange", "tsrange", "tstzrange")
_COUNTED = ("int4range", "int8range", "daterange")
"""Ranges of which PostgreSQL keeps the first value and the one behind the last."""


def as_meant(values: pd.Series, column: Column) -> pd.Series:
    """Return values as a condition sees them.

    Returns
    -------
    Series
        Moments for dates kept as text, ``time`` for times of day, and for ranges dicts of
        their ``text`` and ``low`` and ``high`` end. Everything else as it is.
    """
    native = parse_native(column.native)
    if is_range(column):
        ends = range_ends(values, column)
        if native.base == "daterange":
            ends = ends.apply(lambda end: end.dt.date)
        known = values.notna().to_numpy()
        if not known.any():
            return pd.Series([None] * len(values), dtype=pd.ArrowDtype(_struct_of(native.base)))
        texts, lows, highs = (s.astype(object) for s in (values, ends["low"], ends["high"]))
        lows, highs = lows.where(lows.notna(), None), highs.where(highs.notna(), None)
        made = [
            {"text": text, "low": low, "high": high} if there else None
            for text, low, high, there in zip(texts, lows, highs, known, strict=True)
        ]
        return pd.Series(made, dtype=object)
    if native.family == "time" and values.dtype == object and values.isna().all():
        return pd.Series(values.array, dtype=pd.ArrowDtype(pa.time64("us")))
    if native.family == "time" and pd.api.types.infer_dtype(values, skipna=True) == "string":
        clocks = values.str.extract(r"^(\d\d:\d\d(?::\d\d)?)", expand=False)
        read = pd.to_datetime("2000-01-01 " + clocks, errors="coerce", format="ISO8601")
        if bool(read.notna().eq(values.notna()).all()):  # MySQL counts hours beyond a day, too
            return read.dt.time.astype(object).where(read.notna(), None)
    return as_moments(values, column)


def _struct_of(base: str) -> pa.DataType:
    """Return the type of a range with its two ends, for ranges that are all missing."""
    moment = pa.date32() if base == "daterange" else pa.timestamp("us")
    end = moment if base in _OF_MOMENTS else pa.float64()
    return pa.struct([("text", pa.string()), ("low", end), ("high", end)])


def is_range(column: Column) -> bool:
    """Return whether the values of a column are ranges."""
    return parse_native(column.native).base in (*_OF_NUMBERS, *_OF_MOMENTS)


def range_ends(values: pd.Series, column: Column) -> pd.DataFrame:
    """Return the ends of ranges: the first value, and the one behind the last.

    Examples
    --------
    >>> ends = range_ends(pd.Series(["[2,5]"]), Column("n", "text", native="INT4RANGE"))
    >>> ends.iloc[0].tolist()
    [2.0, 6.0]
    """
    base = parse_native(column.native).base
    parts = values.astype(object).astype("string").str.extract(_RANGE)
    step: Any = pd.Timedelta(1, "D") if base in _OF_MOMENTS else 1
    ends = {}
    for name, sign, text, moves in (("low", 0, 1, "("), ("high", 3, 2, "]")):
        said = parts[text].where(parts[text] != "")
        if base in _OF_MOMENTS:
            read = pd.to_datetime(said.astype(object), errors="coerce", utc=True, format="ISO8601")
            ends[name] = read.dt.tz_localize(None).astype("datetime64[us]")
        else:
            ends[name] = pd.to_numeric(said.astype(object), errors="coerce").astype(float)
        if base in _COUNTED:
            moved = (parts[sign] == moves).fillna(False).to_numpy(dtype=bool)
            ends[name] = ends[name].where(~moved, ends[name] + step)
    return pd.DataFrame(ends)


def written_ranges(lows: pd.Series, highs: pd.Series, column: Column) -> pd.Series:
    """Return ranges that begin with the one value and end before the other.

    Parameters
    ----------
    lows, highs : Series
        A missing one leaves its side open.
    """
    base = parse_native(column.native).base
    sides = []
    for ends in (lows, highs):
        if base in _OF_MOMENTS:
            form = "%Y-%m-%d" if base == "daterange" else "%Y-%m-%d %H:%M:%S"
            text = ends.dt.strftime(form)
            said = text if base == "daterange" else '"' + text + ("+00" * (base[2] == "t")) + '"'
        elif base == "numrange":
            said = ends.map("{:g}".format, na_action="ignore")
        else:
            said = ends.round().astype("Int64").astype("string")
        sides.append(said.astype(object).where(ends.notna(), ""))
    return "[" + sides[0] + "," + sides[1] + ")"


def as_moments(values: pd.Series, column: Column) -> pd.Series:
    """Return dates kept as text as moments, everything else as it is."""
    if column.kind != "datetime" or values.dtype.kind == "M":
        return values
    return utc_moments(values, column.format)


def from_moments(values: pd.Series, column: Column, old: pd.Series) -> pd.Series:
    """Return moments in the form their column keeps them in, each with the offset it had."""
    if column.format is None or values.dtype.kind != "M":
        return values
    codes, distinct = pd.factorize(old)
    style = DateStyle.learn(distinct, column.format)
    known = values.notna().to_numpy()
    text = np.full(len(values), None, dtype=object)
    offsets = np.append(read_dates(distinct, column.format).offsets, "")[codes][known]
    utc = values[known].to_numpy("datetime64[us]")
    text[known] = style.write(utc + seconds_of(offsets).astype("timedelta64[s]"), offsets)
    written = pd.Series(text, dtype=object)
    return pd.to_numeric(written) if types.is_numeric_dtype(old.dtype) else written
