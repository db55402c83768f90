"""A synthetic database while it is drawn: rows, links, and the values they will be written with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.errors import needed
from relsynth.metadata import ForeignKey, TablePlan
from relsynth.relational.fitting.database import Database
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.sources.conditions import Conditions
from relsynth.seeding import Seed, stream
from relsynth.typing import Array, Flags, Floats, Integers


@dataclass(slots=True)
class DrawnDatabase:
    """Rows, links and columns of a synthetic database.

    Attributes
    ----------
    columns : dict of str to dict of str to Series
        Modelled columns by table.
    issued : dict of str to dict of str to Series
        Columns by table that are issued anew or number the rows of a group.
    given : dict of str to DataFrame
        Tables that were not drawn: kept ones and those of the caller.
    positions : dict of str to ndarray of int
        Place of every row among its siblings.
    predicted_values : dict of str to Matrix
        What the parents of a linked key were to have, by key name.
    nearby : dict of str to ndarray of int
        A number for every parent row of a linked key, by key name; those of near numbers are
        like each other, so that rows may go from the one to the other.
    partners : dict of str to ndarray of int
        Row of the sibling to which every row is joined, by table; -1 for none.
    part : dict of str to float
        Rows asked for by root table, where that was less than one and one was drawn.
    conditions : mapping of str to Conditions
        What the rows of some tables are to have.
    """

    database: Database
    fitted: Mapping[str, FittedTable]
    columns: dict[str, dict[str, pd.Series]] = field(default_factory=dict)
    issued: dict[str, dict[str, pd.Series]] = field(default_factory=dict)
    given: dict[str, pd.DataFrame] = field(default_factory=dict)
    positions: dict[str, Integers] = field(default_factory=dict)
    predicted_values: dict[str, Matrix] = field(default_factory=dict)
    nearby: dict[str, Integers] = field(default_factory=dict)
    partners: dict[str, Integers] = field(default_factory=dict)
    part: dict[str, float] = field(default_factory=dict)
    conditions: Mapping[str, Conditions] = field(default_factory=dict)

    def common_value(self, key: ForeignKey, column: str) -> Floats:
        """Return what most children of each parent of a linked key were to have in a column."""
        return self.predicted_values[key.name][f"{key.child}.{column}.mode"]

    def rows(self, table: str) -> int:
        """Return the number of rows of a table."""
        return len(self.database.own[table])

    def is_selected(self, table: str) -> bool:
        """Return whether a table or any ancestor by context keys has conditions.

        Numbers of children then are those of such parents, not the usual ones.
        """
        context = self.database.plan[table].context
        return table in self.conditions or (
            context is not None and self.is_selected(context.parent)
        )

    def is_usual(self, key: ForeignKey) -> bool:
        """Return whether parents and children of a key are drawn as they usually are.

        Not where some are given or chosen.
        """
        chosen = self.is_selected(key.parent) or self.is_selected(key.child)
        return not chosen and key.parent not in self.given

    def issue(self, table: str, seed: Seed, start: int) -> None:
        """Issue the keys of a table, behind those issued elsewhere, and number its rows."""
        fitted = self.fitted[table]
        made = _issued(fitted, self.rows(table), seed, start)
        numbering = fitted.roles.numbering
        if numbering is not None:
            numbers = numbering.start + numbering.step * self.positions[table]
            dtype = fitted.dtypes[numbering.column]
            made[numbering.column] = dtype.series(numbers, np.zeros(len(numbers), bool))
        self.issued[table] = made

    def column(self, table: str, name: str) -> pd.Series | None:
        """Return a column that is modelled or was given, else ``None``."""
        if table in self.given:
            return self.given[table][name]
        return self.columns[table].get(name)

    def values(self, table: str, name: str, *, without: str = "") -> pd.Series:
        """Return any column with the values it has by the links made so far.

        A key column that no link fills is missing throughout; the dtype is that of the
        column it is copied from. The key named by `without` is disregarded.
        """
        found = self.column(table, name)
        if found is None:
            found = self.issued[table].get(name)
        if found is not None:
            return found.reset_index(drop=True)
        sources = key_sources(self.database, self.database.plan[table], name)
        sources = [key for key in sources if key.name != without]
        if not sources:
            return pd.Series(np.full(self.rows(table), None, dtype=object))
        values, missing = referred(name, sources, self.database.links, self.values)
        if missing.any():
            values = values.astype(object)
            values[missing] = None
        return pd.Series(values)

    def has_key(self, key: ForeignKey) -> Flags:
        """Return which rows of the parent have a value in every column the key refers to."""
        has = np.ones(self.rows(key.parent), bool)
        for name in key.parent_columns:
            values = self.column(key.parent, name)
            if values is not None:
                has &= values.notna().to_numpy()
                continue
            sources = [
                self.database.links[other.name] >= 0
                for other in self.database.plan[key.parent].early
                if name in other.columns
            ]
            if sources:
                has &= np.any(sources, axis=0)
        return has


def key_sources(database: Database, step: TablePlan, column: str) -> list[ForeignKey]:
    """Return the keys that give a column its values: the widest first, deferred ones at need."""
    for keys in (step.early, step.deferred):
        sources = [
            key
            for key in keys
            if column in key.columns
            and key.name in database.links
            and (key.child, column) != (key.parent, _referred_column(key, column))
        ]
        if sources:
            return sorted(sources, key=lambda key: -len(key.columns))
    return []


def referred(
    column: str,
    sources: Sequence[ForeignKey],
    links: Mapping[str, Integers],
    parent_values: Callable[[str, str], pd.Series],
) -> tuple[Array, Flags]:
    """Return the values of a key column from the first of its keys that is not null.

    Parameters
    ----------
    sources : sequence of ForeignKey
        One or more.
    links : mapping of str to ndarray of int
        Parent row of every row, by key name.
    parent_values : callable
        Gives a column by table and name.

    Returns
    -------
    values : ndarray, shape (n_rows,)
    missing : ndarray of bool, shape (n_rows,)
    """
    values: Array | None = None
    missing = np.ones(len(links[sources[0].name]), bool)
    for key in sources:
        rows = links[key.name]
        parent = parent_values(key.parent, _referred_column(key, column))
        fill = missing & (rows >= 0)
        found = parent.iloc[np.maximum(rows, 0)] if len(parent) else parent.reindex(rows)
        plain = _plain(found)
        values = plain if values is None else np.where(fill, plain, values)
        missing &= ~fill
    return needed(values, f"a key of the column {column}"), missing


def _referred_column(key: ForeignKey, column: str) -> str:
    return key.parent_columns[key.columns.index(column)]


def _issued(table: FittedTable, count: int, seed: Seed, start: int) -> dict[str, pd.Series]:
    issued = {}
    for column, keys in table.key_formats.items():
        values = keys.issue(count, stream(seed, "keys", table.name, column), start=start)
        is_category = table.dtypes[column].name == "category"
        issued[column] = (values.astype("category") if is_category else values).reset_index(
            drop=True
        )
    return issued


def _plain(values: pd.Series) -> Array:
    """Return values as an array that numpy holds natively, or as objects."""
    if isinstance(values.dtype, np.dtype) and values.dtype != object:
        return values.to_numpy()
    if pd.api.types.is_integer_dtype(values.dtype) and not values.hasnans:
        return values.to_numpy(np.int64)
    return values.to_numpy(object)
