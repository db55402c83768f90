"""A part of a large database that models can be learned from: roots with all their descendants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from relsynth.errors import DataError, Faults
from relsynth.metadata import ForeignKey, Metadata, Plan
from relsynth.seeding import Seed, integer_seed
from relsynth.warehouse.source import Warehouse, is_in_place, opened

MOST_ROWS = 1_000_000
"""Rows taken in all: five times what is modelled of one table, and 1 GB at 100 columns."""
ROOTS = 50_000
"""Root rows read by default; of a table 200,000 rows are modelled at most."""
FEWEST_ROOTS = 100
"""Families of a root table are never fewer: counts of children could not be learned."""


@dataclass(frozen=True, slots=True)
class BrokenKey:
    """Rows, counted over all of a database, that a key does not allow.

    Attributes
    ----------
    where : str
        ``table.column+column``.
    parent : str or None
        The table of which they refer to no row; ``None`` for a primary key that repeats.
    """

    where: str
    count: int
    parent: str | None = None

    def __str__(self) -> str:
        if self.parent is None:
            return f"{self.where}: {self.count:,} rows repeat a value of the primary key"
        return (
            f"{self.where}: {self.count:,} rows refer to no row of {self.parent!r}; "
            "orphans='null' takes them as missing"
        )


@dataclass(frozen=True, slots=True)
class Extract:
    """Rows read from a large database, and what was counted over all of its rows.

    Attributes
    ----------
    tables : dict of str to DataFrame
        Root rows drawn at random with all their descendants, and the parents these need.
    sizes : dict of str to int
        Rows of every table in the whole.
    broken : tuple of BrokenKey
        Where they were counted and not refused.
    """

    tables: dict[str, pd.DataFrame]
    sizes: dict[str, int]
    broken: tuple[BrokenKey, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken of which table."""
        return tuple(
            f"{name}: {len(frame):,} of {self.sizes[name]:,} rows read"
            for name, frame in self.tables.items()
            if len(frame) < self.sizes[name]
        )


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
    _check_roots(roots)
    with opened(source, metadata, memory) as warehouse:
        taking = _Taking(warehouse, metadata, metadata.plan(), seed)
        sizes = taking.sizes()
        with Faults("data", DataError) as faults:
            for broken in taking.broken(orphans=orphans == "error"):
                faults.add(str(broken))
        return taking.take(sizes, taking.wanted(sizes, roots))


def extract_alike(
    sources: Mapping[str, Any],
    metadata: Metadata,
    *,
    roots: int,
    memory: str | None = None,
    seed: int = 0,
) -> dict[str, Extract]:
    """Take families out of several databases of one schema, so that they can be compared.

    Parameters
    ----------
    sources : mapping of str to str, Path, connection or mapping
        Each as for `extract`.
    metadata, roots, memory, seed
        As for `extract`. Where families share rows of other tables, the same share of the roots
        is taken of every database, at most `roots`: how many families a shared row has
        grows with it.

    Notes
    -----
    Keys that are broken are counted over all rows, not refused.
    """
    _check_roots(roots)
    plan, found = metadata.plan(), {}
    sizes, wanted = dict[str, dict[str, int]](), dict[str, dict[str, int]]()
    for name, source in sources.items():
        with opened(source, metadata, memory) as warehouse:
            taking = _Taking(warehouse, metadata, plan, seed)
            sizes[name] = taking.sizes()
            wanted[name] = taking.wanted(sizes[name], roots)
    if any(step.linked or step.deferred for step in plan.steps):
        wanted = _same_share(sizes, wanted)
    for name, source in sources.items():
        with opened(source, metadata, memory) as warehouse:
            taking = _Taking(warehouse, metadata, plan, seed)
            broken = tuple(taking.broken())
            found[name] = replace(taking.take(sizes[name], wanted[name]), broken=broken)
    return found


def parts_of(
    sources: Mapping[str, Any],
    metadata: Metadata,
    roots: int | None,
    memory: str | None,
    seed: Seed,
) -> dict[str, Extract]:
    """Return parts of databases of which not all rows are to be read; nothing of others.

    Parameters
    ----------
    roots : int or None
        ``None`` stands for ``ROOTS`` where a database can only be read in place.
    """
    if roots is None and not any(map(is_in_place, sources.values())):
        if memory is not None:
            raise DataError("memory bounds what is read in part; give roots= as well")
        return {}
    number = seed if isinstance(seed, int) else integer_seed(seed, "roots")
    roots = ROOTS if roots is None else roots
    return extract_alike(sources, metadata, roots=roots, memory=memory, seed=number)


def _check_roots(roots: int) -> None:
    if roots < 1:
        raise DataError(f"roots must be at least 1, not {roots!r}")


def _same_share(
    sizes: Mapping[str, Mapping[str, int]], wanted: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    """Return how many roots to take of each database: of every table the least share."""
    made: dict[str, dict[str, int]] = {name: {} for name in wanted}
    for root in next(iter(wanted.values())):
        share = min(wanted[name][root] / max(sizes[name][root], 1) for name in wanted)
        for name in wanted:
            fewest = min(FEWEST_ROOTS, sizes[name][root])
            made[name][root] = max(round(share * sizes[name][root]), fewest)
    return made


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

    def broken(self, *, orphans: bool = True) -> Iterator[BrokenKey]:
        """Yield the keys that are not unique and, where asked for, those without a target."""
        dialect = self.warehouse.dialect
        for name, table in self.metadata.tables.items():
            if not table.primary_key:
                continue
            columns = ", ".join(f"t.{dialect.name(c)}" for c in table.primary_key)
            ((again,),) = self.warehouse.rows(
                f"SELECT SUM(n - 1) FROM (SELECT COUNT(*) AS n FROM {self._table(name)} t "
                f"GROUP BY {columns} HAVING COUNT(*) > 1) AS d"
            )
            if again:
                yield BrokenKey(f"{name}.{'+'.join(table.primary_key)}", int(again))
        for key in self.metadata.foreign_keys if orphans else ():
            # an outer join: DuckDB takes four times as long for NOT EXISTS beside conditions
            lost = self._count(
                f"FROM {self._table(key.child)} c LEFT JOIN {self._table(key.parent)} p ON "
                f"{dialect.equal('p', key.parent_columns, 'c', key.columns)} "
                f"WHERE {self._holds('c', key)} "
                f"AND p.{dialect.name(key.parent_columns[0])} IS NULL"
            )
            if lost:
                yield BrokenKey(f"{key.child}.{'+'.join(key.columns)}", lost, key.parent)

    def take(self, sizes: dict[str, int], wanted: Mapping[str, int]) -> Extract:
        """Read so many rows of every root, all below them and the parents these need."""
        try:
            for step in self.plan.steps:
                self.pick(step.table, wanted)
            self.complete()
            tables = {
                name: self.warehouse.frame(self.picked[name], name)[list(table.columns)]
                for name, table in self.metadata.tables.items()
            }
        finally:
            self.drop()
        return Extract(tables, sizes)

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
