"""A part of a large database that models can be learned from: roots with all their descendants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from relsynth.errors import DataError, Faults
from relsynth.metadata import ForeignKey, Metadata, Plan
from relsynth.warehouse.source import Warehouse, opened

MOST_ROWS = 1_000_000
"""Rows taken in all: five times what is modelled of one table, and 1 GB at 100 columns."""
FEWEST_ROOTS = 100
"""Families of a root table are never fewer: counts of children could not be learned."""


@dataclass(frozen=True, slots=True)
class Extract:
    """Rows read from a large database, and what was counted over all of its rows.

    Attributes
    ----------
    tables : dict of str to DataFrame
        Root rows drawn at random with all their descendants, and the parents these need.
    sizes : dict of str to int
        Rows of every table in the whole.
    notes : tuple of str
        What was taken of which table.
    """

    tables: dict[str, pd.DataFrame]
    sizes: dict[str, int]
    notes: tuple[str, ...]


def extract(
    source: Any,
    metadata: Metadata,
    *,
    roots: int,
    memory: str | None = None,
    seed: int = 0,
    orphans: str = "error",
) -> Extract:
    """Take some families out of a database and count the rest where it lies.

    Parameters
    ----------
    source : str, Path, connection, or mapping of str to relation, frame or path
        See `opened`.
    metadata : Metadata
    roots : int
        Most rows of each table without a parent; fewer where their descendants exceed
        ``MOST_ROWS``. A table of no more rows is taken whole.
    memory : str, optional
        What DuckDB may use.
    seed : int
        Chooses the roots.
    orphans : {"error", "null"}
        Whether references without a target are refused.

    Raises
    ------
    DataError
        Listing over all rows the keys that are not unique and references without a target.

    Notes
    -----
    Every table is read once for its families and once for each of its keys; memory holds the
    rows taken. Rows are chosen by a hash of their key, so that the same rows are chosen
    however the database is stored.
    """
    if roots < 1:
        raise DataError(f"roots must be at least 1, not {roots!r}")
    with opened(source, metadata, memory) as warehouse:
        plan = metadata.plan()
        taking = _Taking(warehouse, metadata, plan, seed)
        sizes = taking.sizes()
        taking.check(orphans)
        try:
            wanted = taking.wanted(sizes, roots)
            for step in plan.steps:
                taking.pick(step.table, wanted)
            taking.complete()
            tables = {
                name: warehouse.frame(taking.picked[name], name)[list(table.columns)]
                for name, table in metadata.tables.items()
            }
        finally:
            taking.drop()
    notes = tuple(
        f"{name}: {len(frame):,} of {sizes[name]:,} rows read"
        for name, frame in tables.items()
        if len(frame) < sizes[name]
    )
    return Extract(tables, sizes, notes)


@dataclass(slots=True)
class _Taking:
    warehouse: Warehouse
    metadata: Metadata
    plan: Plan
    seed: int

    @property
    def picked(self) -> dict[str, str]:
        """Temporary table of the rows taken, by table."""
        return {name: f"relsynth_taken_{at}" for at, name in enumerate(self.metadata.tables)}

    def sizes(self) -> dict[str, int]:
        return {name: self._count(f"FROM {self._table(name)}") for name in self.metadata.tables}

    def check(self, orphans: str) -> None:
        """Refuse keys that are not unique and, unless they become null, orphans."""
        dialect = self.warehouse.dialect
        with Faults("data", DataError) as faults:
            for name, table in self.metadata.tables.items():
                if not table.primary_key:
                    continue
                columns = ", ".join(f"t.{dialect.name(c)}" for c in table.primary_key)
                twice = self._count(
                    f"FROM (SELECT {columns} FROM {self._table(name)} t GROUP BY {columns} "
                    "HAVING COUNT(*) > 1) AS d"
                )
                if twice:
                    keys = "+".join(table.primary_key)
                    faults.add(f"{name}.{keys}: {twice:,} values of the primary key come twice")
            for key in self.metadata.foreign_keys if orphans == "error" else ():
                # an outer join: DuckDB takes four times as long for NOT EXISTS beside conditions
                lost = self._count(
                    f"FROM {self._table(key.child)} c LEFT JOIN {self._table(key.parent)} p ON "
                    f"{dialect.equal('p', key.parent_columns, 'c', key.columns)} "
                    f"WHERE {self._holds('c', key)} "
                    f"AND p.{dialect.name(key.parent_columns[0])} IS NULL"
                )
                if lost:
                    faults.add(
                        f"{key.child}.{'+'.join(key.columns)}: {lost:,} rows refer to no row of "
                        f"{key.parent!r}; orphans='null' takes them as missing"
                    )

    def wanted(self, sizes: Mapping[str, int], roots: int) -> dict[str, int]:
        """Return how many rows of each root table are taken."""
        below: dict[str, int] = {}
        for name in self.plan.order:
            root = self._root(name)
            below[root] = below.get(root, 0) + sizes[name]
        share = {name: rows / max(sizes[name], 1) for name, rows in below.items()}
        room = MOST_ROWS / len(below)
        return {
            name: min(sizes[name], max(min(roots, int(room / max(share[name], 1))), FEWEST_ROOTS))
            for name in below
        }

    def pick(self, name: str, wanted: Mapping[str, int]) -> None:
        """Take roots by their hash; of other tables the rows of the parents taken."""
        dialect, context = self.warehouse.dialect, self.plan[name].context
        if context is None:
            chosen = self._chosen(name, wanted[name])
        else:
            held = (
                f"EXISTS (SELECT 1 FROM {dialect.name(self.picked[context.parent])} p WHERE "
                f"{dialect.equal('p', context.parent_columns, 't', context.columns)})"
            )
            alone = self._alone(name, context, wanted)
            chosen = f"({held})" if alone is None else f"({held} OR {alone})"
        self._create(name, chosen)

    def complete(self) -> None:
        """Take the parents that rows taken refer to, and theirs, until none is missing."""
        grew = True
        while grew:
            grew = False
            for key in self.metadata.foreign_keys:
                grew |= self._add_parents(key)

    def drop(self) -> None:
        for name in self.picked.values():
            self.warehouse.run(f"DROP TABLE IF EXISTS {self.warehouse.dialect.name(name)}")

    def _create(self, name: str, condition: str) -> None:
        made = self.warehouse.dialect.name(self.picked[name])
        self.warehouse.run(
            f"CREATE TEMPORARY TABLE {made} AS "
            f"SELECT t.* FROM {self._table(name)} t WHERE {condition}"
        )

    def _chosen(self, name: str, number: int) -> str:
        """Return the condition of the rows with the least hashes."""
        digest = self._digest(name)
        if number >= self._count(f"FROM {self._table(name)}"):
            return "1 = 1"
        ((last,),) = self.warehouse.rows(
            f"SELECT MAX(h) FROM (SELECT {digest} AS h FROM {self._table(name)} t "
            f"ORDER BY h LIMIT {number}) AS d"
        )
        return f"{digest} <= '{last}'"

    def _alone(self, name: str, context: ForeignKey, wanted: Mapping[str, int]) -> str | None:
        """Return the condition of rows without a parent: as large a share as of the roots."""
        known = self.warehouse.dialect.known("t", context.columns)
        alone = f"FROM {self._table(name)} t WHERE NOT ({known})"
        number = self._count(alone)
        if not number:
            return None
        root = self._root(name)
        share = wanted[root] / max(self._count(f"FROM {self._table(root)}"), 1)
        limit = f"{min(int(share * 16**8), 16**8 - 1):08x}"
        return f"(NOT ({known}) AND {self._digest(name)} <= '{limit}~')"

    def _add_parents(self, key: ForeignKey) -> bool:
        """Add the parents of one key that are missing; return whether there were any."""
        dialect = self.warehouse.dialect
        held = dialect.name(self.picked[key.parent])
        child = dialect.name(self.picked[key.child])
        same = dialect.equal("c", key.columns, "p", key.parent_columns)
        again = dialect.equal("q", key.parent_columns, "p", key.parent_columns)
        missing = (
            f"FROM {self._table(key.parent)} p WHERE "
            f"EXISTS (SELECT 1 FROM {child} c WHERE {same} AND {self._holds('c', key)}) "
            f"AND NOT EXISTS (SELECT 1 FROM {held} q WHERE {again})"
        )
        before = self._count(f"FROM {held}")
        self.warehouse.run(f"INSERT INTO {held} SELECT p.* {missing}")
        return self._count(f"FROM {held}") > before

    def _holds(self, alias: str, key: ForeignKey) -> str:
        """Return the condition that a row refers to a parent by a key."""
        dialect = self.warehouse.dialect
        conditions = [dialect.known(alias, key.columns)]
        for column, value in (key.when or {}).items():
            text = str(value).replace("'", "''")
            conditions.append(f"CAST({alias}.{dialect.name(column)} AS {dialect.text}) = '{text}'")
        return " AND ".join(conditions)

    def _digest(self, name: str) -> str:
        table = self.metadata.tables[name]
        columns = table.primary_key or tuple(table.columns)
        return self.warehouse.dialect.hashed("t", columns, self.seed)

    def _root(self, name: str) -> str:
        *_, root = self._path(name)
        return root

    def _path(self, name: str) -> Iterator[str]:
        context: ForeignKey | None = self.plan[name].context
        yield name
        while context is not None:
            yield context.parent
            context = self.plan[context.parent].context

    def _table(self, name: str) -> str:
        return self.warehouse.table(name)

    def _count(self, rest: str) -> int:
        ((count,),) = self.warehouse.rows(f"SELECT COUNT(*) {rest}")
        return int(count)
