"""Statistics of a database that a person can read: no rows, and no cell of fewer than k subjects.

They are written into the fields that a schema has for generation: numbers of rows, shares of
missing values, shares of levels, quantiles, children per parent. So the file is a schema file,
`relsynth.generate` makes rows from it, and a synthesizer can be fitted to those.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from relsynth.metadata import Column, ForeignKey, Metadata, Note, Table
from relsynth.metadata.subjects import choose_subjects, is_personal
from relsynth.typing import Floats, Integers
from relsynth.warehouse.source import Warehouse, opened

LEVELS = 100
"""Levels of a column that are listed, most frequent first; a person reads no more."""
CELLS = 40
"""Cells of a number: each holds 2.5 % of the rows, as fine as a boxplot with its tails."""
HOPS = 4
"""Foreign keys followed from a row up to its subjects; counting over more costs a join each."""
DIGITS = 6  # of a mean: more would tell single rows
SPAN = 86_400.0  # a day in seconds


def measure(
    source: Any,
    metadata: Metadata,
    *,
    k: int = 5,
    subjects: Any = "auto",
    memory: str | None = None,
) -> Metadata:
    """Aggregate a database where it lies.

    Parameters
    ----------
    source : str, Path, connection, or mapping of str to relation, frame or path
        See `opened`.
    k : int
        Cells that fewer distinct subjects have, along any foreign key, are left out or pooled
        with the next ones.
    memory : str, optional
        What DuckDB may use.

    Returns
    -------
    Metadata
        The schema with its statistics. Keys, personal columns and free text have none but
        their share of missing values. What was left out is in the notes.

    Notes
    -----
    One sort of every number and one grouping of every other column.
    """
    chosen = list(choose_subjects(metadata, subjects))
    with opened(source, metadata, memory) as warehouse:
        asked = _Asked(warehouse, metadata, k, frozenset(chosen), [])
        tables = [asked.table(table) for table in metadata.tables.values()]
        keys = [asked.key(key) for key in metadata.foreign_keys]
        notes = [*metadata.notes, *asked.notes]
    return Metadata(tables, keys, notes=notes, source=metadata.source)


@dataclass(slots=True)
class _Asked:
    warehouse: Warehouse
    metadata: Metadata
    k: int
    subjects: Collection[str]
    notes: list[Note]

    def table(self, table: Table) -> Table:
        total = self._one(f"SELECT COUNT(*) FROM {self.warehouse.table(table.name)}")
        keyed = self.metadata.key_columns(table.name)
        columns = {}
        for name, column in table.columns.items():
            missing = self._one(
                f"SELECT COUNT(*) FROM {self.warehouse.table(table.name)} t "
                f"WHERE {self._name('t', name)} IS NULL"
            )
            if missing and total and column.nullable is not False:
                column = replace(column, nullable=True, null_share=round(missing / total, 4))
            if missing < total and name not in keyed and not is_personal(column):
                column = self._column(table, column)
            columns[name] = column
        return replace(table, columns=columns, rows=total)

    def key(self, key: ForeignKey) -> ForeignKey:
        """Return the key with the children per parent, where they are drawn by it."""
        if key.when is not None or self.metadata.plan()[key.child].context != key:
            return key
        dialect = self.warehouse.dialect
        parent = ", ".join(self._name("p", name) for name in key.parent_columns)
        child = self._name("c", key.columns[0])
        found = self.warehouse.rows(
            f"SELECT n, COUNT(*) FROM (SELECT {parent}, COUNT({child}) AS n "
            f"FROM {self.warehouse.table(key.parent)} p LEFT JOIN "
            f"{self.warehouse.table(key.child)} c ON "
            f"{dialect.equal('c', key.columns, 'p', key.parent_columns)} "
            f"GROUP BY {parent}) AS d GROUP BY n ORDER BY n"
        )
        values, times = np.array(found, dtype=np.int64).reshape(-1, 2).T
        least = self.k if any(True for _ in self._paths(key.parent)) else 1
        cells = _pooled(times, times, least)
        if not len(cells):
            return key
        weights = np.add.reduceat(times, cells)
        means = np.add.reduceat(values * times, cells) / weights
        law = {"name": "list", "values": means.round().astype(int).tolist()}
        return replace(key, children={**law, "weights": weights.tolist()})

    def _column(self, table: Table, column: Column) -> Column:
        if column.kind in ("numeric", "integer"):
            return self._number(table, column)
        if column.kind == "datetime":
            return self._moment(table, column)
        if column.kind in ("categorical", "ordinal", "boolean"):
            return self._levels(table, column)
        return column

    def _number(self, table: Table, column: Column) -> Column:
        number = self.warehouse.dialect.number(self._name("t", column.name))
        means = self._quantiles(table, column, number)
        if not len(means):
            return column
        law = {"name": "quantiles", "values": [float(f"{mean:.{DIGITS}g}") for mean in means]}
        return replace(column, low=column.low, high=column.high, distribution=law)

    def _moment(self, table: Table, column: Column) -> Column:
        """Return the column between the means of its first and its last cell, by days."""
        dialect = self.warehouse.dialect
        seconds = dialect.seconds(self._name("t", column.name), column.format)
        means = self._quantiles(table, column, seconds)
        if not len(means):
            return column
        form = column.format or "%Y-%m-%d"
        first, last = means[0] // SPAN * SPAN, -(-means[-1] // SPAN) * SPAN
        ends = [pd.Timestamp(end, unit="s").strftime(form) for end in (first, last)]
        return replace(column, low=ends[0], high=ends[1])

    def _quantiles(self, table: Table, column: Column, number: str) -> Floats:
        """Return the means of cells of equal numbers of rows, each of k subjects or more."""
        holders = list(self._paths(table.name))
        chosen = "".join(f", {holder} AS s{at}" for at, (holder, _) in enumerate(holders))
        counted = "".join(f", COUNT(DISTINCT s{at})" for at in range(len(holders)))
        held = "".join(f", s{at}" for at in range(len(holders)))
        found = self.warehouse.rows(
            f"SELECT g, COUNT(*), AVG(x){counted} FROM (SELECT x, "
            f"NTILE({CELLS}) OVER (ORDER BY x) AS g{held} "
            f"FROM (SELECT {number} AS x{chosen} FROM {self._joined(table.name, holders)}) AS a "
            "WHERE x IS NOT NULL) AS b GROUP BY g ORDER BY g"
        )
        cells = np.array([[float(v) for v in row] for row in found]).reshape(len(found), -1)
        if not len(cells):
            return np.empty(0)
        rows, means = cells[:, 1], cells[:, 2]
        fewest = cells[:, 3:].min(axis=1) if holders else rows
        heads = _pooled(rows.astype(np.int64), fewest, self.k if holders else 1)
        if not len(heads):
            self._note(table, column, f"no statistics: fewer than {self.k} subjects have a value")
            return np.empty(0)
        pooled: Floats = np.add.reduceat(rows * means, heads) / np.add.reduceat(rows, heads)
        return pooled

    def _levels(self, table: Table, column: Column) -> Column:
        if column.values is not None and column.weights is not None:
            return column
        holders = list(self._paths(table.name))
        value = self._name("t", column.name)
        counted = "".join(f", COUNT(DISTINCT {holder})" for holder, _ in holders)
        found = self.warehouse.rows(
            f"SELECT {value}, COUNT(*) AS n{counted} FROM {self._joined(table.name, holders)} "
            f"WHERE {value} IS NOT NULL GROUP BY {value} "
            f"ORDER BY n DESC, {value} LIMIT {LEVELS + 1}"
        )
        shown = [row for row in found[:LEVELS] if not holders or min(row[2:]) >= self.k]
        hidden = len(found) - len(shown)
        if hidden:
            more = "or more " if len(found) > LEVELS else ""
            self._note(
                table,
                column,
                f"{hidden} {more}levels are left out: fewer than {self.k} subjects have them, or "
                f"{LEVELS} are more frequent",
            )
        if not shown or column.kind == "boolean":
            return column
        total = sum(row[1] for row in shown)
        levels = tuple(row[0] for row in shown)
        return replace(
            column, values=levels, weights=tuple(round(row[1] / total, 5) for row in shown)
        )

    def _paths(self, table: str) -> Iterator[tuple[str, tuple[ForeignKey, ...]]]:
        """Yield the identity of the subjects of a row along every path of foreign keys."""
        number = 0
        for at, path in self._climbed(table, ()):
            if at in self.subjects:
                primary = self.metadata.tables[at].primary_key
                alias = "t" if not path else f"j{number}_{len(path) - 1}"
                parts = [
                    f"CAST({self._name(alias, name)} AS {self.warehouse.dialect.text})"
                    for name in primary or tuple(self.metadata.tables[at].columns)
                ]
                yield self.warehouse.dialect.joined(parts), path
                number += 1

    def _climbed(
        self, table: str, path: tuple[ForeignKey, ...]
    ) -> Iterator[tuple[str, tuple[ForeignKey, ...]]]:
        yield table, path
        if len(path) < HOPS:
            for key in self.metadata.parents_of(table):
                if key not in path and not key.is_self_reference:
                    yield from self._climbed(key.parent, (*path, key))

    def _joined(self, table: str, holders: list[tuple[str, tuple[ForeignKey, ...]]]) -> str:
        """Return a table with the tables on the ways to its subjects."""
        parts = [f"{self.warehouse.table(table)} t"]
        for number, (_, path) in enumerate(holders):
            below = "t"
            for hop, key in enumerate(path):
                alias = f"j{number}_{hop}"
                same = self.warehouse.dialect.equal(below, key.columns, alias, key.parent_columns)
                parts.append(f"LEFT JOIN {self.warehouse.table(key.parent)} {alias} ON {same}")
                below = alias
        return " ".join(parts)

    def _note(self, table: Table, column: Column, text: str) -> None:
        self.notes.append(Note(f"{table.name}.{column.name}", text))

    def _name(self, alias: str, column: str) -> str:
        return f"{alias}.{self.warehouse.dialect.name(column)}"

    def _one(self, sql: str) -> int:
        ((value,),) = self.warehouse.rows(sql)
        return int(value)


def _pooled(rows: Integers, holders: Any, least: int) -> Integers:
    """Return where cells begin that neighbours are pooled into until each has enough holders.

    Holders of pooled cells may be the same, so that only the largest of a cell counts.
    """
    heads: list[int] = []
    most, total, start = 0.0, 0, 0
    for at, (count, held) in enumerate(zip(rows, holders, strict=True)):
        most, total = max(most, float(held)), total + int(count)
        if most >= least:
            heads.append(start)
            most, total, start = 0.0, 0, at + 1
    return np.array(heads, dtype=np.int64)
