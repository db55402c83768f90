"""Check the values of one column against what the schema says about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

from relsynth.errors import Faults, examples_of
from relsynth.metadata.date_format import guess_format
from relsynth.metadata.faulty import rows_of, types_in
from relsynth.metadata.references import without_categories
from relsynth.schema import Column
from relsynth.schema.date_text import read_dates, utc_moments
from relsynth.schema.durations import durations_of
from relsynth.schema.number_text import NumberStyle

if TYPE_CHECKING:
    from relsynth.typing import Array, Flags

_NUMBER = re.compile(
    r"\s*[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?|inf|infinity)\s*", re.IGNORECASE
)
_ONE_TYPE = {
    "string", "bytes", "floating", "integer", "mixed-integer-float", "decimal", "boolean",
    "datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period", "empty",
}  # fmt: skip


def check_values(where: str, column: Column, values: pd.Series, faults: Faults) -> None:
    """Add every fault of one column.

    Parameters
    ----------
    where : str
        ``table.column``; opens every fault.
    column : Column
        What the schema says.
    values : Series of shape (n_rows,)

    Notes
    -----
    Formats, patterns and allowed values are tried once per distinct value.
    """
    null = values.isna().to_numpy()
    if column.nullable is False and null.any():
        faults.add(
            f"{where} is not nullable but null in {null.sum()} of {len(values)} rows "
            f"({rows_of(values, null)}); fill them or declare the column nullable"
        )
    if null.all():
        return
    if not is_supported(values):
        faults.add(
            f"{where} has the dtype {values.dtype}, which cannot be learned; "
            "convert it to numbers, text or dates"
        )
        return
    if not _of_one_type(values):
        faults.add(
            f"{where} mixes types: {types_in(values)}; convert the column to one type"
            if is_hashable(values)
            else f"{where} holds {types_in(values)}; only plain values are possible, not containers"
        )
        return
    distinct = _Distinct(where, column, values, faults)
    check = _CHECKS.get(column.kind)
    if check is not None:
        check(distinct)
    _check_declared(distinct)


def is_comparable(values: pd.Series) -> bool:
    """Return whether the values of a column can be keys."""
    return is_supported(values) and is_hashable(values)


def is_supported(values: pd.Series) -> bool:
    """Return whether a column is of a type that can be learned.

    Complex numbers, periods, intervals and sparse columns are not.
    """
    exotic = (pd.PeriodDtype, pd.IntervalDtype, pd.SparseDtype)
    return not isinstance(values.dtype, exotic) and not types.is_complex_dtype(values.dtype)


def is_hashable(values: pd.Series) -> bool:
    """Return whether no value of a column is a list, a dict or another container."""
    if values.dtype != object or types.infer_dtype(values, skipna=True) in _ONE_TYPE:
        return True
    try:
        pd.util.hash_array(values.to_numpy())
    except TypeError:
        return False
    return True


def _of_one_type(values: pd.Series) -> bool:
    if values.dtype != object or types.infer_dtype(values, skipna=True) in _ONE_TYPE:
        return True
    return is_hashable(values) and values.dropna().map(type).nunique() == 1


class _Distinct:
    """The distinct values of a column, and a way to report those that are wrong."""

    def __init__(self, where: str, column: Column, values: pd.Series, faults: Faults) -> None:
        self.where = where
        self.column = column
        self.values = values
        self.faults = faults

    @property
    def plain(self) -> pd.Series:
        """The column without a categorical dtype or one of Arrow's."""
        dtype = self.values.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            return without_categories(self.values)
        if isinstance(dtype, pd.ArrowDtype) and not types.is_numeric_dtype(dtype):
            return self.values.astype(object)
        return self.values

    def text(self) -> pd.Series:
        """Return the distinct values as text, indexed by the values themselves."""
        distinct = self.plain.drop_duplicates().dropna()
        if types.is_float_dtype(distinct.dtype) and (distinct % 1 == 0).all():
            distinct = distinct.astype("int64")
        return pd.Series(distinct.astype(str).to_numpy(object), index=distinct.to_numpy(object))

    def refuse(self, bad: Array, complaint: str) -> None:
        """Report the rows that hold one of some distinct values."""
        if len(bad):
            rows = int(self.values.isin(list(bad)).sum())
            self.faults.add(
                f"{self.where}: {rows} of {len(self.values)} rows {complaint}: {examples_of(bad)}"
            )

    def refuse_rows(self, wrong: Flags, complaint: str) -> None:
        """Report rows by a flag."""
        if wrong.any():
            bad = self.values[wrong].drop_duplicates().head(4)
            self.faults.add(
                f"{self.where}: {wrong.sum()} of {len(self.values)} rows {complaint}: "
                f"{examples_of(bad)}"
            )


def numbers_of(values: pd.Series) -> Array:
    """Return numbers, or text that spells them, as floats; anything else as ``NaN``.

    Text may have a currency, a unit or grouped digits; see `NumberStyle`.

    Texts that are no numbers never reach pandas, which may crash on a digest that begins like a
    number with an enormous exponent.
    """
    if types.is_numeric_dtype(values.dtype):
        return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))
    codes, distinct = pd.factorize(values)
    foreign = [isinstance(value, str) and not _NUMBER.fullmatch(value) for value in distinct]
    own = pd.Series(distinct, dtype=object).mask(np.array(foreign, dtype=bool))
    numbers = pd.to_numeric(own, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    style = NumberStyle.learn(distinct) if np.isnan(numbers).any() else None
    if style is not None:
        numbers = style.read(distinct)
    return np.append(numbers, np.nan)[codes]


def _check_numbers(found: _Distinct) -> None:
    plain = found.plain
    if types.is_datetime64_any_dtype(plain.dtype) or types.is_timedelta64_dtype(plain.dtype):
        found.faults.add(
            f"{found.where} is declared {found.column.kind} but holds {plain.dtype}; "
            "declare it 'datetime' or 'timedelta'"
        )
        return
    numbers = numbers_of(plain)
    null = plain.isna().to_numpy()
    found.refuse_rows(
        np.isnan(numbers) & ~null,
        "are no numbers; make them missing, or declare the column 'categorical' or 'text'",
    )
    found.refuse_rows(
        np.isinf(numbers), "are infinite; replace them by finite numbers or make them missing"
    )
    if found.column.kind == "integer":
        with np.errstate(invalid="ignore"):
            broken = np.isfinite(numbers) & (numbers != np.floor(numbers))
        found.refuse_rows(broken, "are no whole numbers; declare the column 'numeric'")


def _check_infinite(found: _Distinct) -> None:
    if types.is_float_dtype(found.plain.dtype):
        numbers = found.plain.to_numpy(dtype=float, na_value=np.nan)
        found.refuse_rows(
            np.isinf(numbers), "are infinite; replace them by finite numbers or make them missing"
        )


def _check_moments(found: _Distinct) -> None:
    plain, text_format = found.plain, found.column.format
    if types.is_datetime64_any_dtype(plain.dtype):
        return
    kind = types.infer_dtype(plain, skipna=True)
    if kind in ("datetime", "date", "datetime64"):
        return
    if kind == "floating" and (plain.dropna() % 1 == 0).all():
        kind = "integer"
    if kind not in ("string", "integer") or (kind == "integer" and text_format is None):
        found.faults.add(
            f"{found.where} is declared datetime but holds {plain.dtype} values such as "
            f"{examples_of(plain.dropna().head(1))}; dates are datetime64, or text or whole "
            "numbers with a 'format'"
        )
        return
    if text_format is None:
        if guess_format(plain) is None:
            _refuse_formats(found)
        return
    dates = found.text()
    if kind == "integer":  # as numbers, which have lost the zeros in front
        dates = dates.index.to_series()
    found.refuse(
        dates.index[np.isnat(read_dates(dates, text_format).local)].to_numpy(),
        f"do not follow the date format {text_format!r}; mend one or the other",
    )


def _refuse_formats(found: _Distinct) -> None:
    text = found.text()
    odd = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True).isna()
    found.refuse(
        text.index[odd if odd.any() else slice(None)].to_numpy(),
        "do not share one date format; write all alike and declare the 'format'",
    )


def _check_durations(found: _Distinct) -> None:
    plain = found.plain
    found.refuse_rows(
        (durations_of(plain).isna() & plain.notna()).to_numpy(),
        "are no durations such as '1 days 02:30:00' and no times such as '14:30'",
    )


def _check_flags(found: _Distinct) -> None:
    distinct = found.values.drop_duplicates().dropna()
    if len(distinct) > 2:
        found.faults.add(
            f"{found.where} is declared boolean but holds {len(distinct)} distinct values: "
            f"{examples_of(distinct.head(4))}; declare it 'categorical' or 'integer'"
        )


_CHECKS: dict[str, Callable[[_Distinct], None]] = {
    "numeric": _check_numbers,
    "integer": _check_numbers,
    "datetime": _check_moments,
    "timedelta": _check_durations,
    "boolean": _check_flags,
    "categorical": _check_infinite,
    "ordinal": _check_infinite,
    "key": _check_infinite,
    "text": _check_infinite,
}


def _check_declared(found: _Distinct) -> None:
    column = found.column
    if column.low is not None or column.high is not None:
        _check_bounds(found)
    if column.values is not None:
        allowed = {spelling for value in column.values for spelling in _spellings(value)}
        text = found.text()
        found.refuse(
            text.index[[not allowed.intersection(_spellings(v)) for v in text.index]].to_numpy(),
            f"hold a value that is not declared (allowed: {examples_of(column.values, 8)})",
        )
    if column.pattern is not None:
        text = found.text()
        matches = text.str.fullmatch(re.compile(column.pattern)).to_numpy(bool)
        found.refuse(
            text.index[~matches].to_numpy(), f"do not follow the pattern {column.pattern!r}"
        )
    if column.max_length is not None:
        text = found.text()
        long = (text.str.len() > column.max_length).to_numpy(bool)
        found.refuse(text.index[long].to_numpy(), f"are longer than {column.max_length} characters")


def _spellings(value: Any) -> tuple[str, ...]:
    """Return a value as text, and a number also without its trailing zeros."""
    try:
        return (str(value), repr(float(value)))
    except (TypeError, ValueError):
        return (str(value),)


def _check_bounds(found: _Distinct) -> None:
    column = found.column
    bounds = pd.Series([column.low, column.high], dtype=object)
    if column.kind == "datetime":
        plain, form = found.plain, column.format
        if form is None and types.infer_dtype(plain, skipna=True) == "string":
            form = guess_format(plain)
        values = utc_moments(plain, form)
        low, high = utc_moments(bounds, column.format)
        outside = ((values < low) | (values > high)).to_numpy()
    elif column.kind == "timedelta":
        values = durations_of(found.plain)
        low, high = durations_of(bounds)
        outside = ((values < low) | (values > high)).to_numpy()
    else:
        numbers = numbers_of(found.plain)
        low, high = numbers_of(bounds)
        outside = (numbers < low) | (numbers > high)
    shown = [repr(bound) for bound in (column.low, column.high)]
    found.refuse_rows(
        outside,
        f"lie outside the declared {shown[0] if column.low is not None else '-∞'} to "
        f"{shown[1] if column.high is not None else '∞'}",
    )
