"""What a table says in parts and is learned as one: a date in year and month, a series by its key.

Before a database is learned, columns that are parts of one date become one, and rows of a
series get a parent; both are undone in what is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd

from relsynth.columns.calendar import DAY
from relsynth.columns.date_parts import find_date_parts, joined, read
from relsynth.columns.dtype import Dtype
from relsynth.evidence import ENOUGH, RARELY, Evidence
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.packing import packable
from relsynth.relational.sources.one_series import OneSeries
from relsynth.sorting import stable_order
from relsynth.typing import Floats, Tables

CALENDAR: Final = "calendar"  # the kind of rule that date parts are
MOST_DATES: Final = 5_000  # dates that a condition on a part may stand for
_FACTS: Final = ("sequence", "address", "gps", "high_cardinality")  # that check no values


class Fold(Protocol):
    """What is learned in another shape than it is given in."""

    @property
    def table(self) -> str:
        """The table it belongs to."""

    @property
    def note(self) -> str:
        """One sentence."""

    def schema(self, metadata: Metadata) -> Metadata:
        """Return the schema of what is learned."""

    def shut(self, tables: dict[str, pd.DataFrame]) -> None:
        """Bring tables into the shape that is learned, in place, where they are there."""

    def open(self, tables: dict[str, pd.DataFrame]) -> None:
        """Bring tables back into the shape that was given, in place, where they are there."""

    def conditions(self, where: dict[str, Any]) -> dict[str, Any]:
        """Return conditions on the rows of the table, as they are on what is learned."""

    def sizes(self, rows: dict[str, int], real: int, scale: float, some: bool) -> dict[str, int]:
        """Return the numbers of rows asked for, as they are of what is learned.

        `real` is the number of rows of the table, and `some` whether only those that meet
        conditions are wanted.
        """


@packable
@dataclass(frozen=True, slots=True)
class DateParts:
    """A date in columns of its parts.

    Attributes
    ----------
    table, name : str
        The table, and the column that stands for all.
    columns, parts : tuple of str
        Columns, and what each says: ``"year"``, ``"month"``, …
    order : tuple of str
        All columns of the table.
    dtypes : tuple of Dtype
        Of the parts.
    low, high : float
        First and last date, in seconds since 1970.
    """

    table: str
    name: str
    columns: tuple[str, ...]
    parts: tuple[str, ...]
    order: tuple[str, ...]
    dtypes: tuple[Dtype, ...]
    low: float
    high: float

    @property
    def note(self) -> str:
        """One sentence."""
        return f"calendar: {' and '.join(self.columns)} are learned as one date"

    def schema(self, metadata: Metadata) -> Metadata:
        """Return the schema with the date in place of its parts."""
        columns: dict[str, Column] = {}
        for name, column in metadata.tables[self.table].columns.items():
            if name == self.columns[0]:
                columns[self.name] = Column(self.name, "datetime")
            elif name not in self.columns:
                columns[name] = column
        return metadata.replace_table(self.table, columns=columns, constraints=())

    def shut(self, tables: dict[str, pd.DataFrame]) -> None:
        """Put the date in place of its parts."""
        frame = tables.get(self.table)
        if frame is None or not set(self.columns) <= set(frame.columns):
            return
        seconds = joined(self.parts, [_numbers(frame[name]) for name in self.columns])
        place = list(frame.columns).index(self.columns[0])
        folded = frame.drop(columns=list(self.columns))
        at = min(place, len(folded.columns))
        folded.insert(at, self.name, _dates(seconds))
        tables[self.table] = folded

    def open(self, tables: dict[str, pd.DataFrame]) -> None:
        """Put the parts in place of the date."""
        frame = tables.get(self.table)
        if frame is None or self.name not in frame:
            return
        columns = {name: frame[name] for name in frame.columns if name != self.name}
        missing = frame[self.name].isna().to_numpy()
        since = frame[self.name].to_numpy().astype("datetime64[s]").astype(np.int64)
        seconds = np.where(missing, 0, since).astype(float)
        for name, part, dtype in zip(self.columns, self.parts, self.dtypes, strict=True):
            columns[name] = dtype.series(read(part, seconds).astype(np.int64), missing)
        tables[self.table] = pd.DataFrame({name: columns[name] for name in self.order})

    def conditions(self, where: dict[str, Any]) -> dict[str, Any]:
        """Return conditions on parts as the list of dates that meet them."""
        asked = {name: where[name] for name in self.columns if name in where}
        if not asked:
            return where
        seconds = np.arange(self.low, self.high + DAY, DAY)
        starts = [read(part, seconds) for part in self.parts]
        _, first = np.unique(np.column_stack(starts), axis=0, return_index=True)
        met = np.ones(len(first), bool)
        missing = True
        for name, wanted in asked.items():
            listed = wanted if isinstance(wanted, list | tuple | set) else [wanted]
            numbers = [float(value) for value in listed if value is not None]
            met &= np.isin(read(self.parts[self.columns.index(name)], seconds[first]), numbers)
            missing &= None in listed
        dates: list[Any] = list(_dates(seconds[first][met])[:MOST_DATES])
        rest = {name: value for name, value in where.items() if name not in asked}
        return {**rest, self.name: [*dates, None] if missing else dates}

    def sizes(self, rows: dict[str, int], real: int, scale: float, some: bool) -> dict[str, int]:
        """Return the numbers of rows as they are."""
        return rows


@packable
@dataclass(frozen=True, slots=True)
class Series:
    """Rows of a declared sequence key, which get a parent that holds the key.

    Attributes
    ----------
    parent : str
        Name of the parent.
    """

    table: str
    key: tuple[str, ...]
    parent: str

    @property
    def note(self) -> str:
        """One sentence."""
        return f"sequence: rows of one {'+'.join(self.key)} are learned as one series"

    def schema(self, metadata: Metadata) -> Metadata:
        """Return the schema with the parent."""
        given = metadata.tables[self.table].columns
        columns = {name: replace(given[name], nullable=None) for name in self.key}
        parent = Table(self.parent, columns, primary_key=self.key)
        key = ForeignKey(self.table, self.key, self.parent, self.key)
        tables = [parent, *metadata.tables.values()]
        keys = (*metadata.foreign_keys, key)
        return type(metadata)(tables, keys, notes=metadata.notes, source=metadata.source)

    def shut(self, tables: dict[str, pd.DataFrame]) -> None:
        """Add the parent."""
        if self.table in tables:
            rows = tables[self.table][list(self.key)].dropna().drop_duplicates()
            tables[self.parent] = rows.reset_index(drop=True)

    def open(self, tables: dict[str, pd.DataFrame]) -> None:
        """Take the parent away."""
        tables.pop(self.parent, None)

    def conditions(self, where: dict[str, Any]) -> dict[str, Any]:
        """Return the conditions as they are."""
        return where

    def sizes(self, rows: dict[str, int], real: int, scale: float, some: bool) -> dict[str, int]:
        """Return the numbers of rows as they are."""
        return rows


def find_folds(
    metadata: Metadata,
    tables: Tables,
    kept: Container[str],
    kinds: Container[str],
    subjects: Container[str],
    *,
    whole: bool,
) -> tuple[Fold, ...]:
    """Return what is learned in another shape.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Checked against the metadata.
    kept : container of str
        Tables that are kept as they are.
    kinds : container of str
        Kinds of rules to look for; date parts are of the kind ``"calendar"``.
    subjects : container of str
        Tables whose rows are people or firms.
    whole : bool
        Whether all rows are there; a sample of rows is no series.

    Notes
    -----
    Columns are parts of one date by their names, in several languages, and by their values,
    in tables that refer to others: where the rows of one parent repeat a date less often
    than after permuting the smaller part among the rows of the same larger part.
    """
    found = list[Fold]()
    for name, table in metadata.tables.items():
        if name in kept or table.role == "reference":
            continue
        series = _declared(metadata, table)
        found += [] if series is None else [series]
        if series is None and whole:
            one = OneSeries.find(metadata, table, tables, subjects)
            found += [] if one is None else [one]
        keys = [key.columns for key in metadata.parents_of(name)]
        keys += [] if series is None else [series.key]
        bound = metadata.key_columns(name).union(*table.candidate_keys, *keys)
        checked = any(fact.get("type") not in _FACTS for fact in table.constraints)
        if (
            len(tables[name]) >= ENOUGH
            and keys
            and not checked
            and not table.checks
            and CALENDAR in kinds
        ):
            found.extend(_date_parts(table, tables[name], keys, bound))
    return tuple(found)


def _declared(metadata: Metadata, table: Table) -> Series | None:
    """Return the sequence that a schema declares, unless a foreign key says it."""
    for fact in table.constraints:
        key = tuple(fact.get("key", ())) if fact.get("type") == "sequence" else ()
        own = [set(other.columns) for other in metadata.parents_of(table.name)]
        if key and not any(set(key) <= columns for columns in own):
            whose = re.sub(r"(?i)[\W_]*(id|key|no|nr|number)$", "", key[0])
            named = whose and whose not in metadata.tables
            return Series(table.name, key, whose if named else f"#series of {table.name}")
    return None


def _date_parts(
    table: Table, frame: pd.DataFrame, keys: list[tuple[str, ...]], bound: set[str]
) -> Iterator[DateParts]:
    columns_of = {
        name: _numbers(frame[name])
        for name in table.columns
        if name not in bound and _is_plain(frame[name])
    }
    for columns, whole in find_date_parts(columns_of):
        seconds = joined(whole, [columns_of[name] for name in columns])
        known = ~np.isnan(seconds)
        if known.sum() < ENOUGH:
            continue
        if not any(_is_one(frame, key, columns, known) for key in keys):
            continue
        yield DateParts(
            table.name,
            "+".join(columns),
            columns,
            whole,
            tuple(frame.columns),
            tuple(Dtype.open(frame[name]) for name in columns),
            float(seconds[known].min()),
            float(seconds[known].max()),
        )


def _is_plain(column: pd.Series) -> bool:
    is_bool = pd.api.types.is_bool_dtype(column.dtype)
    return not is_bool and bool(pd.api.types.is_numeric_dtype(column.dtype))


def _is_one(
    frame: pd.DataFrame, key: tuple[str, ...], columns: tuple[str, ...], known: np.ndarray[Any, Any]
) -> bool:
    """Return whether rows of one parent repeat a date less often than chance has it."""
    rows = frame.loc[known, [*key, *columns]].dropna()
    if len(rows) < ENOUGH:
        return False
    larger, smaller = list(columns[:-1]), columns[-1]
    order = np.random.default_rng(0).permutation(len(rows))
    dealt = rows.copy()
    # permuted among the rows of the same larger part: both are sorted by it, one at random within
    by = rows[larger[0]].to_numpy()
    codes = pd.factorize(pd.MultiIndex.from_frame(rows[larger]))[0] if len(larger) > 1 else by
    one = stable_order(codes)
    other = order[stable_order(codes[order])]
    values = rows[smaller].to_numpy().copy()
    values[one] = rows[smaller].to_numpy()[other]
    dealt[smaller] = values
    real, chance = (float(some.duplicated().mean()) for some in (rows, dealt))
    return Evidence.of_share(1.0 - real, 1.0 - chance, len(rows)).exceeds(RARELY)


def fold_schema(folds: Iterable[Fold], metadata: Metadata) -> Metadata:
    """Return the schema of what is learned."""
    for fold in folds:
        metadata = fold.schema(metadata)
    return metadata


def shut(folds: Iterable[Fold], tables: Tables) -> dict[str, pd.DataFrame]:
    """Return tables in the shape that is learned."""
    changed = dict(tables)
    for fold in folds:
        fold.shut(changed)
    return changed


def opened(folds: Iterable[Fold], tables: Tables) -> dict[str, pd.DataFrame]:
    """Return tables in the shape that was given."""
    changed = dict(tables)
    for fold in folds:
        fold.open(changed)
    return changed


def fold_conditions(
    folds: Iterable[Fold], where: Mapping[str, Mapping[str, Any]] | None
) -> Mapping[str, Mapping[str, Any]] | None:
    """Return conditions as they are on what is learned."""
    if not where:
        return where
    changed = dict(where)
    for fold in folds:
        if isinstance(changed.get(fold.table), Mapping):
            changed[fold.table] = fold.conditions(dict(changed[fold.table]))
    return changed


def fold_sizes(
    folds: Iterable[Fold],
    real: Mapping[str, int],
    scale: float,
    rows: Mapping[str, int] | None,
    where: Container[str],
) -> dict[str, int]:
    """Return the numbers of rows asked for, as they are of what is learned."""
    asked = dict(rows or {})
    for fold in folds:
        asked = fold.sizes(asked, real[fold.table], scale, fold.table in where)
    return asked


def _numbers(column: pd.Series) -> Floats:
    numbers: Floats = column.to_numpy(dtype=float, na_value=np.nan)
    return numbers


def _dates(seconds: Floats) -> pd.Series:
    return pd.Series(pd.to_datetime(seconds, unit="s")).astype("datetime64[ns]")
