"""The schema of a database as one object: what every other part of the library starts from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from relsynth.metadata.check_data import check_tables
from relsynth.metadata.check_schema import check_schema
from relsynth.metadata.graph import build_graph
from relsynth.metadata.plan import Plan, build_plan
from relsynth.metadata.schema import ForeignKey, Note, Table

if TYPE_CHECKING:
    import networkx as nx

    from relsynth.typing import Tables


class Metadata:
    """Tables, columns and keys of a database.

    Parameters
    ----------
    tables : mapping of str to Table, or iterable of Table
    foreign_keys : iterable of ForeignKey
    notes : iterable of Note
        Guesses made while the schema was obtained.
    source : str
        Where the schema came from; opens error messages.

    Attributes
    ----------
    tables : dict of str to Table
    foreign_keys : tuple of ForeignKey
    notes : tuple of Note

    Raises
    ------
    SchemaError
        Listing every contradiction of the schema at once.

    Examples
    --------
    >>> import relsynth as rs
    >>> from relsynth.metadata import Column, ForeignKey, Table
    >>> customers = Table("customers", {"id": Column("id", "key")}, primary_key=("id",))
    >>> columns = {"customer": Column("customer", "key"), "total": Column("total", "numeric")}
    >>> key = ForeignKey("orders", ("customer",), "customers", ("id",))
    >>> rs.Metadata([customers, Table("orders", columns)], [key]).plan().order
    ('customers', 'orders')
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

    @classmethod
    def load(cls, path: str | Path) -> Metadata:
        """Read a schema file; its format is told by its content.

        Parameters
        ----------
        path : str or Path
            The library's own JSON, SDV metadata JSON (V1, V2 or without a version), a
            Frictionless data package, or SQL DDL.

        Raises
        ------
        SchemaError
            Listing every fault of the file at once.
        """
        from relsynth.formats import load_schema

        return load_schema(Path(path))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], source: str = "schema") -> Metadata:
        """Read a schema from an already parsed JSON document of any known format."""
        from relsynth.formats import parse_schema

        return parse_schema(document, source)

    @classmethod
    def detect(cls, tables: Tables) -> Metadata:
        """Guess the schema from data; every guess is listed in `notes` with its evidence.

        Parameters
        ----------
        tables : mapping of str to DataFrame
        """
        from relsynth.metadata.detection import detect_schema

        return detect_schema(tables)

    @classmethod
    def from_database(cls, url: str) -> Metadata:
        """Reflect the schema of a live database through SQLAlchemy.

        Parameters
        ----------
        url : str
            An SQLAlchemy URL such as ``"sqlite:///shop.db"``.
        """
        from relsynth.formats.database import reflect_schema

        return reflect_schema(url)

    @cached_property
    def graph(self) -> nx.MultiDiGraph:
        """The tables as nodes and the foreign keys as edges parent -> child."""
        return build_graph(self.tables, self.foreign_keys)

    def plan(self, tables: Tables | None = None, *, keep: Iterable[str] = ()) -> Plan:
        """Return the generation order and the role of every foreign key.

        Parameters
        ----------
        tables : mapping of str to DataFrame, optional
            Data to measure by which key explains most of a child's rows; without them
            declared wishes and the keys' form decide.
        keep : iterable of str
            Tables to keep as they are, beside those whose role is ``"reference"``.
        """
        return build_plan(self, tables, keep=keep)

    def check(
        self, tables: Tables, *, orphans: Literal["error", "null"] = "error"
    ) -> dict[str, Any]:
        """Check data against the schema and return them, ready for fitting.

        Parameters
        ----------
        tables : mapping of str to DataFrame
        orphans : {"error", "null"}
            References without a target are an error, or are set to null in a copy.

        Returns
        -------
        dict of str to DataFrame
            The tables of the schema; a copy only where orphans were set to null.

        Raises
        ------
        DataError
            Listing every fault of the data at once.
        """
        return check_tables(self, tables, orphans=orphans)

    def parents_of(self, table: str) -> tuple[ForeignKey, ...]:
        """Return the foreign keys that the rows of a table carry."""
        return tuple(key for key in self.foreign_keys if key.child == table)

    def children_of(self, table: str) -> tuple[ForeignKey, ...]:
        """Return the foreign keys that refer to a table."""
        return tuple(key for key in self.foreign_keys if key.parent == table)

    def key_columns(self, table: str) -> set[str]:
        """Return the columns of a table that take part in a primary or foreign key."""
        columns = set(self.tables[table].primary_key)
        for key in self.foreign_keys:
            if key.child == table:
                columns.update(key.columns)
            if key.parent == table:
                columns.update(key.parent_columns)
        return columns

    def replace_table(self, name: str, **changes: Any) -> Metadata:
        """Return a copy in which some attributes of one table are replaced."""
        tables = {**self.tables, name: replace(self.tables[name], **changes)}
        return Metadata(tables, self.foreign_keys, notes=self.notes, source=self.source)

    def restrict(self, names: Iterable[str]) -> Metadata:
        """Return the schema of some tables and of the keys between them; itself for all."""
        kept = set(names)
        if kept >= set(self.tables):
            return self
        return Metadata(
            [table for table in self.tables.values() if table.name in kept],
            [key for key in self.foreign_keys if {key.child, key.parent} <= kept],
            source=self.source,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the library's own JSON document, version 1."""
        from relsynth.formats.own import write_own

        return write_own(self)

    def save(self, path: str | Path) -> None:
        """Write the library's own JSON; the file is replaced in one step."""
        from relsynth.formats.own import save_own

        save_own(self, Path(path))

    def to_sdv(self) -> dict[str, Any]:
        """Return SDV metadata, version V2."""
        from relsynth.formats.sdv import write_sdv

        return write_sdv(self)

    def to_mermaid(self) -> str:
        """Return an entity-relationship diagram as Mermaid text."""
        from relsynth.formats.mermaid import to_mermaid

        return to_mermaid(self)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Metadata)
            and self.tables == other.tables
            and sorted(self.foreign_keys, key=_by_name) == sorted(other.foreign_keys, key=_by_name)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Metadata({len(self.tables)} tables, {len(self.foreign_keys)} foreign keys)"


def _by_name(key: ForeignKey) -> str:
    return key.name
