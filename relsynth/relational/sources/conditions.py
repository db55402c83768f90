"""Values that every row of a table is to have: which drawn numbers stand for one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from relsynth.columns.dtype import as_plain
from relsynth.columns.encoder import ColumnEncoder, unbounded
from relsynth.columns.matrix import Matrix
from relsynth.errors import did_you_mean, examples_of
from relsynth.typing import Flags, Floats

NEAR = 1e-9  # what writing and reading a number changes
EXACT_BELOW = 2**53  # whole numbers up to here are floats


@dataclass(frozen=True, slots=True)
class Wanted:
    """The values one column may have.

    Attributes
    ----------
    values : tuple
        As they were given.
    codes : ndarray of float, shape (n_values,)
        Their numbers; ``NaN`` for a missing value.
    """

    values: tuple[Any, ...]
    codes: Floats
    encoder: ColumnEncoder

    @classmethod
    def read(cls, encoder: ColumnEncoder, values: Iterable[Any]) -> Wanted:
        """Look values up in a column.

        Raises
        ------
        ValueError
            Saying what is wrong with a value and what the column has instead.
        """
        given = tuple(map(_plain, values))
        codes = np.array([_code(encoder, value) for value in given], float)
        return cls(given, codes, encoder)

    def met(self, numbers: Floats) -> Flags:
        """Return which numbers are shown as one of the values."""
        missing = np.isnan(numbers)
        found: Flags = missing & bool(np.isnan(self.codes).any())
        known = np.flatnonzero(~missing)
        distinct, at = np.unique(numbers[known], return_inverse=True)
        shown = distinct if _levels(self.encoder) is not None else _shown(self.encoder, distinct)
        found[known] = np.isin(shown, self.codes)[at]
        return found

    def shown_in(self, column: pd.Series) -> Flags:
        """Return which rows of a finished column have one of the values."""
        levels = _levels(self.encoder)
        if levels is None:
            return self.met(self.encoder.encode(column))
        missing = np.isnan(self.codes)
        wanted = [levels[int(code)] for code in self.codes[~missing]]
        found: Flags = column.isin(wanted).to_numpy()
        return found | column.isna().to_numpy() if missing.any() else found


@dataclass(frozen=True, slots=True)
class Conditions:
    """The values every row of one table is to have.

    Attributes
    ----------
    wanted : mapping of str to Wanted
        By column.
    """

    table: str
    wanted: Mapping[str, Wanted]

    def met(self, rows: Matrix) -> Flags:
        """Return which rows have one of the values in every column; hidden columns do not matter.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_columns)
            Encoded, with the columns of the conditions.
        """
        found = np.ones(len(rows), bool)
        for name, wanted in self.wanted.items():
            found &= wanted.met(rows[name])
        return found

    def without(self, column: str) -> Conditions:
        """Return the conditions on the other columns."""
        rest = {name: wanted for name, wanted in self.wanted.items() if name != column}
        return Conditions(self.table, rest)

    def renumbered(self, shared: Mapping[str, Any]) -> Conditions:
        """Return the conditions on values numbered as families share them; see `ParentValues`.

        Parameters
        ----------
        shared : mapping of str to ndarray of int
            Per column, the codes in use, rising; a code becomes its place among them.
        """
        changed = {
            name: replace(wanted, codes=_places(wanted.codes, shared[name]))
            for name, wanted in self.wanted.items()
            if name in shared
        }
        return Conditions(self.table, {**self.wanted, **changed})

    def __str__(self) -> str:
        return " and ".join(
            f"{name} = {' or '.join(map(repr, wanted.values))}"
            for name, wanted in self.wanted.items()
        )


def _code(encoder: ColumnEncoder, value: Any) -> float:
    """Return the number of a value; refuse what a column never shows."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return float("nan")
    levels = _levels(encoder)
    if levels is not None:
        return _place(levels, value)
    raw = _number(unbounded(encoder), value)
    if np.isnan(raw):
        raise ValueError(f"{value!r} is no value of a column like this one")
    shown = float(_shown(encoder, np.array([raw]))[0])
    nearest = encoder.decode(np.array([shown]), np.random.default_rng(0))
    # whole numbers that no float holds are never close
    other = isinstance(value, int) and abs(value) > EXACT_BELOW and nearest.iloc[0] != value
    if other or not np.isclose(shown, raw, rtol=NEAR, atol=NEAR):
        raise ValueError(
            f"{value!r} is never emitted; the nearest value is {examples_of(nearest)}. Values "
            "keep to the decimals or days of the real ones, and extremes that only one or two "
            "have are protected"
        )
    return shown


def _place(levels: tuple[Any, ...], value: Any) -> float:
    """Return the place of a value among the levels; text may stand for what is no text."""
    for spelled in (False, True):
        for place, level in enumerate(levels):
            if (_spelled(level) == _spelled(value)) if spelled else _equal(level, value):
                return float(place)
    raise ValueError(
        f"{value!r} is never emitted: no row has it, or so few that it is protected; "
        f"{did_you_mean(value, levels)}"
    )


def _equal(level: Any, value: Any) -> bool:
    """Return whether a value is a level; text and numbers are never equal."""
    return isinstance(level, str) == isinstance(value, str) and bool(level == value)


def _plain(value: Any) -> Any:
    """Return a scalar of numpy as one of Python or pandas."""
    if isinstance(value, np.datetime64 | np.timedelta64):
        return pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value)
    return as_plain(value)


def _spelled(value: Any) -> str:
    return str(value).lower() if str(value) in ("True", "False") else str(value)


def _number(encoder: ColumnEncoder, value: Any) -> float:
    """Return the number of a value of a column of numbers, dates or durations."""
    if encoder.step is None:
        return float(encoder.encode(pd.Series([value]))[0])
    if isinstance(value, str):
        try:
            return float(encoder.encode(pd.Series([value], dtype=object))[0])
        except (ValueError, TypeError, AttributeError):
            pass
    moment = pd.Timestamp(value)
    if moment.tzinfo is not None:
        moment = moment.tz_convert("UTC").tz_localize(None)
    return float((moment - pd.Timestamp(0)) / pd.Timedelta(seconds=1))


def _shown(encoder: ColumnEncoder, numbers: Floats) -> Floats:
    """Return the numbers of what is shown for numbers."""
    return encoder.encode(encoder.decode(numbers, np.random.default_rng(0)))


def _levels(encoder: ColumnEncoder) -> tuple[Any, ...] | None:
    """Return the values of a category by code, the only ones that may be asked for."""
    found: tuple[Any, ...] | None = getattr(encoder, "levels", None)
    return found


def _places(codes: Floats, shared: Any) -> Floats:
    known = ~np.isnan(codes)
    places = np.full(len(codes), np.nan)
    places[known] = np.searchsorted(shared, codes[known])
    return places
