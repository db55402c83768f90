"""Choose the format of a key from what a schema declares about its column."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relsynth.columns.key_formats import DateKeys, ListedKeys, NumberKeys, TextKeys, UuidKeys
from relsynth.columns.keys import KeyFormat
from relsynth.columns.languages import Letters
from relsynth.columns.patterns import parse_pattern
from relsynth.schema import Column
from relsynth.schema.date_text import utc_moment
from relsynth.schema.durations import ClockStyle, seconds_within
from relsynth.schema.native import NativeType, parse_native

FIRST_DAY = "2020-01-01"
SHORT_TEXT = 10  # signs, below which a declared text key is a number
DIGITS = 6  # of such a number: a million keys
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def declared_format(column: Column) -> KeyFormat:
    """Return the format that a schema declares by values, pattern, type or kind."""
    native = parse_native(column.native)
    if column.values is not None:
        dtype = str(pd.Series(list(column.values)).dtype)
        return ListedKeys(column.name, dtype, tuple(column.values))
    if column.pattern is not None:
        return _by_pattern(column, column.pattern)
    if native.family == "uuid" or column.provider == "uuid4":
        return UuidKeys(column.name, "object")
    if column.kind == "boolean" or native.family == "boolean":
        return ListedKeys(column.name, "bool", (False, True))
    if column.kind == "datetime" or native.family in ("date", "datetime"):
        return _dates(column, native)
    if column.kind == "timedelta":
        return _durations(column)
    is_text = column.kind in ("text", "categorical", "ordinal") or native.family == "text"
    if is_text and native.family not in ("integer", "decimal", "float"):
        return _texts(column, native)
    if column.kind == "key" and native.family is None and column.max_length is not None:
        return _texts(column, native)
    return _numbers(column, native)


def _by_pattern(column: Column, pattern: str) -> KeyFormat:
    """Issue in sequence where a single run of digits varies, scattered otherwise."""
    language = parse_pattern(pattern, column.max_length)
    if not isinstance(language, Letters):
        return TextKeys.of_pattern(column.name, pattern, column.max_length)
    alphabets = ["".join(map(chr, alphabet)) for alphabet in language.alphabets]
    varying = [i for i, alphabet in enumerate(alphabets) if len(alphabet) > 1]
    run = varying == list(range(varying[0], varying[-1] + 1)) if varying else False
    if not run or any(alphabets[i] != "0123456789" for i in varying) or len(varying) > 18:
        return TextKeys.of_pattern(column.name, pattern, column.max_length)
    prefix, suffix = "".join(alphabets[: varying[0]]), "".join(alphabets[varying[-1] + 1 :])
    width = len(varying)
    return NumberKeys(column.name, "object", 0, 10**width, True, 0, prefix, suffix, width, "text")


def _dates(column: Column, native: NativeType) -> DateKeys:
    low = pd.Timestamp(FIRST_DAY) if column.low is None else utc_moment(column.low, column.format)
    high = None if column.high is None else utc_moment(column.high, column.format)
    count = None if high is None else (high - low) // pd.Timedelta(1, "D") + 1
    dtype = "object" if column.format is not None else "datetime64[us]"
    return DateKeys(column.name, dtype, low.isoformat(), 86_400, "s", count, format=column.format)


def _durations(column: Column) -> KeyFormat:
    """Issue seconds in order, or the clocks of a day where the column has a format."""
    low, high = seconds_within(column)
    if column.format is None:
        return NumberKeys(column.name, "timedelta64[s]", low, high - low + 1)
    clock = ClockStyle.of(column.format)
    seconds = np.arange(low, high + 1)
    whole = seconds[seconds % clock.unit == 0]
    return ListedKeys(column.name, "object", tuple(clock.write(whole * 1_000_000).tolist()))


def _texts(column: Column, native: NativeType) -> KeyFormat:
    length = column.max_length or native.length
    if length is not None and length <= SHORT_TEXT:
        return TextKeys.of_masks(column.name, "object", [[_UPPER] * length])
    prefix = "".join(part[0] for part in column.name.split("_") if part)[:3].upper()
    count = None if length is None else int(10 ** (length - len(prefix))) - 1
    return NumberKeys(column.name, "object", 1, count, True, 0, prefix, "", DIGITS, "text")


def _numbers(column: Column, native: NativeType) -> NumberKeys:
    decimals = column.decimals or 0
    low = 1 if column.low is None else round(float(column.low) * 10**decimals)
    limits = [
        round(float(limit) * 10**decimals)
        for limit in (column.high, native.limit)
        if limit is not None
    ]
    count = max(0, min(limits) - low + 1) if limits else None
    return NumberKeys(column.name, "float64" if decimals else "int64", low, count, True, decimals)
