"""Tables prepared for measuring: numbers, dates and category codes, and who belongs to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.evaluate.codes import MISSING, canonical_texts, find_rows, key_codes, shared_codes
from relsynth.metadata.check_values import numbers_of
from relsynth.schema.date_text import read_dates
from relsynth.schema.durations import durations_of
from relsynth.typing import Array, Floats, Integers, Tables

if TYPE_CHECKING:
    from relsynth.metadata import Column, ForeignKey, Metadata

Kind = Literal["number", "date", "category"]
_KINDS: dict[str, Kind] = {
    "numeric": "number",
    "integer": "number",
    "timedelta": "number",
    "datetime": "date",
    "categorical": "category",
    "boolean": "category",
    "ordinal": "category",
}
# treatments that put other values in place of the real ones on purpose
_REPLACED = ("fake", "form", "issue", "drop")


@dataclass(frozen=True, slots=True)
class Database:
    """One database in the form every measure works on.

    Attributes
    ----------
    rows : mapping of str to int
        Number of rows per table.
    values : mapping of str to mapping of str to ndarray
        Per table and scored column: float numbers, dates as float seconds (both ``NaN``
        where missing), or integer category codes (``-1`` where missing). Keys, texts
        and personal data are left out.
    kinds : mapping of str to mapping of str to {"number", "date", "category"}
    levels : mapping of str to mapping of str to tuple of str
        What the codes of a category column mean; shared by databases prepared together.
    links : mapping of str to ndarray of int
        Per foreign key name: the parent's row of every child row, ``-1`` for none.
    """

    metadata: Metadata
    rows: Mapping[str, int]
    values: Mapping[str, Mapping[str, Array]]
    kinds: Mapping[str, Mapping[str, Kind]]
    levels: Mapping[str, Mapping[str, tuple[str, ...]]]
    links: Mapping[str, Integers]

    @property
    def learned(self) -> tuple[str, ...]:
        """Tables that are not lookup tables, which are copied on purpose."""
        return tuple(n for n, table in self.metadata.tables.items() if table.role != "reference")

    def counts(self, key: ForeignKey) -> Integers:
        """Return the number of children of every parent row."""
        link = self.links[key.name]
        return np.bincount(link[link >= 0], minlength=self.rows[key.parent])

    def take(self, chosen: Mapping[str, Integers]) -> Database:
        """Return the database of the chosen rows; links to rows left out are cut."""
        rows = {name: len(chosen[name]) for name in self.rows}
        values = {
            name: {column: array[chosen[name]] for column, array in columns.items()}
            for name, columns in self.values.items()
        }
        links = {}
        for key in self.metadata.foreign_keys:
            place = np.full(self.rows[key.parent] + 1, MISSING, dtype=np.int64)
            place[chosen[key.parent]] = np.arange(rows[key.parent])
            links[key.name] = place[self.links[key.name][chosen[key.child]]]
        return replace(self, rows=rows, values=values, links=links)


def prepare(metadata: Metadata, databases: Mapping[str, Tables]) -> list[Database]:
    """Return databases in comparable form: one code means the same value in all of them.

    Parameters
    ----------
    databases : mapping of str to mapping of str to DataFrame
        What each is called in error messages, such as ``"synthetic"``, and its tables.

    Raises
    ------
    DataError
        Listing every table and column that is missing.

    Notes
    -----
    Linear in cells; categories and keys are matched by value, whatever their dtype.
    """
    check_present(metadata, databases)
    kinds = {name: scored_columns(metadata, name) for name in metadata.tables}
    values: list[dict[str, dict[str, Array]]] = [{} for _ in databases]
    levels: dict[str, dict[str, tuple[str, ...]]] = {}
    for name in metadata.tables:
        levels[name] = {}
        for tables in values:
            tables[name] = {}
        for column, kind in kinds[name].items():
            series = [tables[name][column] for tables in databases.values()]
            arrays, labels = _arrays(series, kind, metadata.tables[name].columns[column])
            if labels:
                levels[name][column] = labels
            for tables, array in zip(values, arrays, strict=True):
                tables[name][column] = array
    return [
        Database(
            metadata,
            {name: len(tables[name]) for name in metadata.tables},
            prepared,
            kinds,
            levels,
            {key.name: _link(key, tables) for key in metadata.foreign_keys},
        )
        for tables, prepared in zip(databases.values(), values, strict=True)
    ]


def scored_columns(metadata: Metadata, table: str) -> dict[str, Kind]:
    """Return the columns of a table that carry meaning and how they are compared."""
    keys = metadata.key_columns(table)
    return {
        name: _KINDS[column.kind]
        for name, column in metadata.tables[table].columns.items()
        if name not in keys
        and column.kind in _KINDS
        and not column.pii
        and column.treatment not in _REPLACED
    }


def check_present(metadata: Metadata, databases: Mapping[str, Tables]) -> None:
    """Raise one error that lists every table and column that is missing."""
    with Faults("evaluate", DataError) as faults:
        for title, tables in databases.items():
            for name, table in metadata.tables.items():
                if name not in tables:
                    hint = did_you_mean(name, tables)
                    faults.add(f"the {title} data have no table {name!r}; {hint}")
                    continue
                for column in table.columns:
                    if column not in tables[name].columns:
                        hint = did_you_mean(column, tables[name].columns)
                        faults.add(f"the {title} data have no column {name}.{column}; {hint}")


def _arrays(
    series: Sequence[pd.Series], kind: Kind, column: Column
) -> tuple[list[Array], tuple[str, ...]]:
    if kind == "category":
        codes, labels = shared_codes(series)
        return list(codes), labels
    if kind == "date":
        return [as_seconds(part, column.format) for part in series], ()
    return [as_numbers(part) for part in series], ()


def as_numbers(series: pd.Series) -> Floats:
    """Return numbers as float, durations and times of day in seconds; ``NaN`` for anything else."""
    if pd.api.types.is_timedelta64_dtype(series.dtype):
        return series.dt.total_seconds().to_numpy(float)
    numbers = pd.Series(numbers_of(series))
    if numbers.isna().all():
        return durations_of(series).dt.total_seconds().to_numpy(float)
    plain = numbers.to_numpy(float)
    return np.where(np.isfinite(plain), plain, np.nan)


def as_seconds(series: pd.Series, form: str | None = None) -> Floats:
    """Return dates as seconds since 1970 in UTC; texts are read in their own format, then freely.

    ``NaN`` stands for what is no date.
    """
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return _seconds(series.to_numpy().astype("datetime64[us]"))
    codes, uniques = pd.factorize(series)
    return np.append(_seconds(_parse(uniques, form)), np.nan)[codes]


def _seconds(moments: Array) -> Floats:
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e6)


def _parse(uniques: pd.Index, form: str | None) -> Array:
    texts = canonical_texts(np.asarray(uniques, dtype=object)).astype(object)
    moments = np.full(len(texts), "NaT", "datetime64[us]")
    if form is not None:
        moments = read_dates(texts, form).utc
    left = np.isnat(moments)
    if left.any():
        parsed = pd.to_datetime(texts[left], format="mixed", errors="coerce", utc=True)
        moments[left] = parsed.tz_localize(None).to_numpy("datetime64[us]")
    return moments


def _link(key: ForeignKey, tables: Tables) -> Integers:
    child, parent = tables[key.child], tables[key.parent]
    wanted, owned = key_codes([(child, key.columns), (parent, key.parent_columns)])
    link = find_rows(wanted, owned)
    for column, value in (key.when or {}).items():
        (codes, only), _ = shared_codes([child[column], pd.Series([value], dtype=object)])
        link = np.where(codes == only[0], link, MISSING)
    return link
