"""Columns one by one: order, dtype, nulls, ranges, allowed values and text formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from relsynth.evaluate.codes import canonical_text
from relsynth.evaluate.database import as_numbers, as_seconds
from relsynth.evaluate.violation import Violation, broken
from relsynth.schema.date_text import DateStyle, read_dates
from relsynth.typing import Flags, Tables

if TYPE_CHECKING:
    from relsynth.metadata import Column, Metadata

_DIGIT = re.compile(r"\d")
_FIXED = re.compile(r"[-+]?\d*\.(\d+)|[-+]?\d+")


def column_violations(metadata: Metadata, real: Tables, synthetic: Tables) -> list[Violation]:
    """Return what is wrong with columns, each seen by itself."""
    found: list[Violation] = []
    for name, table in metadata.tables.items():
        keys = metadata.key_columns(name)
        a, b = real[name], synthetic[name]
        found += _order(name, list(a.columns), list(b.columns))
        for column in table.columns.values():
            where = f"{name}.{column.name}"
            found += _dtype(where, a[column.name], b[column.name])
            if column.name not in keys:
                found += _nulls(where, column, a, b)
            found += _infinite(where, column, a, b)
            found += _declared(where, column, b)
            found += _formats(where, column, a, b)
    return found


def _order(name: str, real: list[str], synthetic: list[str]) -> list[Violation]:
    if real == synthetic:
        return []
    detail = f"real: {', '.join(real)}; synthetic: {', '.join(synthetic)}"
    return [Violation(name, "column order", 1, (), detail)]


def _dtype(where: str, real: pd.Series, synthetic: pd.Series) -> list[Violation]:
    if _dtype_name(real) == _dtype_name(synthetic) or not len(synthetic):
        return []
    detail = f"real {_dtype_name(real)}, synthetic {_dtype_name(synthetic)}"
    return [Violation(where, "dtype", 1, (), detail)]


def _dtype_name(series: pd.Series) -> str:
    return "text" if pd.api.types.is_string_dtype(series.dtype) else str(series.dtype)


def _nulls(
    where: str, column: Column, real: pd.DataFrame, synthetic: pd.DataFrame
) -> list[Violation]:
    if column.nullable is not False and real[column.name].isna().any():
        return []
    detail = "declared not null" if column.nullable is False else "the real data have no null"
    null = synthetic[column.name].isna().to_numpy()
    return broken(synthetic, null, where, "unexpected null", [column.name], detail)


def _infinite(
    where: str, column: Column, real: pd.DataFrame, synthetic: pd.DataFrame
) -> list[Violation]:
    name = column.name
    if synthetic[name].dtype.kind != "f" or _is_infinite(real[name]).any():
        return []
    flags = _is_infinite(synthetic[name])
    return broken(synthetic, flags, where, "infinite", [name], "all real values are finite")


def _is_infinite(series: pd.Series) -> Flags:
    if series.dtype.kind != "f":
        return np.zeros(len(series), dtype=bool)
    return np.isinf(series.to_numpy(float, na_value=np.nan))


def _declared(where: str, column: Column, frame: pd.DataFrame) -> list[Violation]:
    """Check what the schema itself declares: bounds, values, pattern, length."""
    series, found = frame[column.name], []
    if column.low is not None or column.high is not None:
        outside = _outside(column, series)
        detail = f"{column.low} to {column.high}"
        found += broken(frame, outside, where, "out of range", [column.name], detail)
    if column.values is not None:
        allowed = set(column.values) | set(map(canonical_text, column.values))
        fits = _every(series, lambda text: text in allowed or canonical_text(text) in allowed)
        found += broken(frame, ~fits, where, "value not allowed", [column.name])
    if column.pattern is not None:
        fits = _every(series, re.compile(column.pattern).fullmatch)
        found += broken(frame, ~fits, where, "pattern", [column.name], column.pattern)
    if column.max_length is not None:
        limit = column.max_length
        short = _every(series, lambda text: len(text) <= limit)
        found += broken(frame, ~short, where, "too long", [column.name], f"at most {limit}")
    return found


def _outside(column: Column, series: pd.Series) -> Flags:
    if column.kind == "datetime":
        ends = pd.Series([column.low, column.high], dtype=object)
        low, high = as_seconds(ends, column.format)
        values = as_seconds(series, column.format)
    else:
        low = np.nan if column.low is None else float(column.low)
        high = np.nan if column.high is None else float(column.high)
        values = as_numbers(series)
    return (values < low) | (values > high)


def _formats(
    where: str, column: Column, real: pd.DataFrame, synthetic: pd.DataFrame
) -> list[Violation]:
    """Check text that stands for a date or a number: readable, and written as in the real data."""
    series = synthetic[column.name]
    if not pd.api.types.is_string_dtype(series.dtype):
        return []
    name = [column.name]
    if column.kind == "datetime" and column.format:
        return _date_format(where, column.name, column.format, real, synthetic)
    if column.kind in ("numeric", "integer"):
        written = set(pd.unique(real[column.name].dropna().astype(str).map(_decimals)))
        bad = ~_every(series, lambda text: _decimals(text) in written)
        detail = f"decimals as in the real data: {sorted(map(str, written))}"
        return broken(synthetic, bad, where, "number format", name, detail)
    return []


def _every(series: pd.Series, test: Callable[[str], object]) -> Flags:
    """Return which values pass a test of their text, made once per distinct value."""
    codes, uniques = pd.factorize(series)
    passed = np.array([bool(test(str(value))) for value in uniques], dtype=bool)
    return np.append(passed, True)[codes]


def _date_format(
    where: str, name: str, form: str, real: pd.DataFrame, synthetic: pd.DataFrame
) -> list[Violation]:
    """Check that dates are spelled as the real ones: digits, zeros and kinds of offsets."""
    known = real[name].dropna().unique()
    style = DateStyle.learn(known, form)
    if not style.spells(known).all():
        return []
    codes, uniques = pd.factorize(synthetic[name])
    shapes = set(_offset_shapes(known, form))
    fits = style.spells(uniques) & [shape in shapes for shape in _offset_shapes(uniques, form)]
    bad = ~np.append(fits, True)[codes]
    detail = f"{form}, as in the real data: {known[0]}"
    return broken(synthetic, bad, where, "date format", [name], detail)


def _offset_shapes(texts: Iterable[object], form: str) -> list[str]:
    """Return how the offset of each text is spelled, whatever its digits."""
    return [_DIGIT.sub("0", offset) for offset in read_dates(texts, form).offsets]


def _decimals(text: str) -> int | str:
    found = _FIXED.fullmatch(text)
    if not found:
        return "not a number"
    return len(found[1] or "")
