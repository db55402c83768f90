"""Tables and keys as one object without contradictions: what formats read and write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from relsynth.errors import Faults, SchemaError, did_you_mean
from relsynth.schema.check_schema import check_schema
from relsynth.schema.graph import build_graph
from relsynth.schema.words import ForeignKey, Note, Table

if TYPE_CHECKING:
    import networkx as nx


class Schema:
    """Tables, columns and keys of a database.

    Parameters
    ----------
    notes : iterable of Note
        Guesses made while the schema was obtained.
    source : str
        Where the schema came from; opens error messages.

    Raises
    ------
    SchemaError
        Listing every contradiction of the schema at once.

    Examples
    --------
    >>> from relsynth.schema import Column, ForeignKey, Schema, Table
    >>> customers = Table("customers", {"id": Column("id", "key")}, primary_key=("id",))
    >>> orders = Table("orders", {"customer": Column("customer", "key")})
    >>> key = ForeignKey("orders", ("customer",), "customers", ("id",))
    >>> [one.child for one in Schema([customers, orders], [key]).children_of("customers")]
    ['orders']
    """

    def __init__(
        self,
        tables: Mapping[str, Table] | Iterable[Table],
        foreign_keys: Iterable[ForeignKey] = (),
        *,
        notes: Iterable[Note] = (),
        source: str = "schema",
    ) -> None:
        listed = tables.values() if isinstance(tables, Mapping) else tables
        given = list(listed)
        self.tables: dict[str, Table] = {table.name: table for table in given}
        self.foreign_keys: tuple[ForeignKey, ...] = tuple(foreign_keys)
        self.notes: tuple[Note, ...] = tuple(notes)
        self.source = source
        check_schema(given, self.foreign_keys, source)

    @cached_property
    def graph(self) -> nx.MultiDiGraph:
        """The tables as nodes and the foreign keys as edges parent -> child."""
        return build_graph(self.tables, self.foreign_keys)

    def parents_of(self, table: str) -> tuple[ForeignKey, ...]:
        """Return the foreign keys that the rows of a table carry."""
        return self._keys_by_side[0].get(table, ())

    def children_of(self, table: str) -> tuple[ForeignKey, ...]:
        """Return the foreign keys that refer to a table."""
        return self._keys_by_side[1].get(table, ())

    @cached_property
    def _keys_by_side(self) -> tuple[dict[str, tuple[ForeignKey, ...]], ...]:
        """Return the foreign keys by child, and by parent, in their order."""
        sides: tuple[dict[str, tuple[ForeignKey, ...]], ...] = ({}, {})
        for key in self.foreign_keys:
            for side, name in zip(sides, (key.child, key.parent), strict=True):
                side[name] = (*side.get(name, ()), key)
        return sides

    def key_columns(self, table: str) -> set[str]:
        """Return the columns of a table that take part in a primary or foreign key."""
        columns = set(self.tables[table].primary_key)
        for key in self.parents_of(table):
            columns.update(key.columns)
        for key in self.children_of(table):
            columns.update(key.parent_columns)
        return columns

    def replace_table(self, name: str, **changes: Any) -> Self:
        """Return a copy in which some attributes of one table are replaced."""
        return self.replace_tables([replace(self.tables[name], **changes)])

    def replace_tables(self, changed: Iterable[Table]) -> Self:
        """Return a copy in which tables stand in the place of those of their names."""
        tables = {**self.tables, **{table.name: table for table in changed}}
        return type(self)(tables, self.foreign_keys, notes=self.notes, source=self.source)

    def without(self, places: Iterable[str]) -> Self:
        """Return the schema without some tables and columns, and the keys and rules they are in.

        Parameters
        ----------
        places : iterable of str
            ``"table"`` or ``"table.column"``.
        """
        tables, keys, gone = dict(self.tables), self.foreign_keys, set[tuple[str, str]]()
        with Faults(self.source, SchemaError) as faults:
            for place in places:
                if place in tables:
                    gone.update((place, name) for name in tables.pop(place).columns)
                    continue
                name = next((n for n in tables if place.startswith(f"{n}.")), "")
                column = place[len(name) + 1 :]
                if not name or column not in tables[name].columns:
                    known = [*tables, *(f"{n}.{c}" for n, t in tables.items() for c in t.columns)]
                    hint = did_you_mean(place, known)
                    faults.add(f"exclude: no table or column {place!r}; {hint}")
                    continue
                gone.add((name, column))
                tables[name] = tables[name].without(column)
        if not gone:
            return self
        left = [
            key
            for key in keys
            if gone.isdisjoint((key.child, name) for name in (*key.columns, *(key.when or ())))
            and gone.isdisjoint((key.parent, name) for name in key.parent_columns)
        ]
        return type(self)(tables, left, notes=self.notes, source=self.source)

    def restrict(self, names: Iterable[str]) -> Self:
        """Return the schema of some tables and of the keys between them; itself for all."""
        kept = set(names)
        if kept >= set(self.tables):
            return self
        return type(self)(
            [table for table in self.tables.values() if table.name in kept],
            [key for key in self.foreign_keys if {key.child, key.parent} <= kept],
            source=self.source,
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Schema)
            and self.tables == other.tables
            and sorted(self.foreign_keys, key=_by_name) == sorted(other.foreign_keys, key=_by_name)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = f"{len(self.tables)} tables, {len(self.foreign_keys)} foreign keys"
        return f"{type(self).__name__}({shown})"


def _by_name(key: ForeignKey) -> str:
    return key.name
