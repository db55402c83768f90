"""The schema of a database as users hold it: where it comes from, what is done with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from relsynth.formats import load_schema, parse_schema
from relsynth.formats.database import reflect_schema
from relsynth.formats.mermaid import to_mermaid
from relsynth.formats.own import write_own
from relsynth.formats.sdv import write_sdv
from relsynth.metadata.check_data import check_tables
from relsynth.metadata.detection import detect_schema
from relsynth.metadata.joining import fill_in
from relsynth.metadata.plan import Plan, build_plan
from relsynth.metadata.subjects import find_subjects
from relsynth.metadata.treatments import column_treatments
from relsynth.schema import Schema
from relsynth.storage import tables_of
from relsynth.storage.atomic import replacing
from relsynth.storage.database import connect, is_database, read_database
from relsynth.storage.plain import Storage, plain_tables

if TYPE_CHECKING:
    from relsynth.typing import Source

DETECTION_ROWS = 500_000  # of a table; reading and comparing more takes minutes


class Metadata(Schema):
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

    @classmethod
    def from_schema(cls, schema: Schema) -> Metadata:
        """Return the metadata of tables and keys that were read elsewhere."""
        return cls(schema.tables, schema.foreign_keys, notes=schema.notes, source=schema.source)

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
        return cls.from_schema(load_schema(Path(path)))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], source: str = "schema") -> Metadata:
        """Read a schema from an already parsed JSON document of any known format."""
        return cls.from_schema(parse_schema(document, source))

    @classmethod
    def detect(cls, tables: Source) -> Metadata:
        """Guess the schema from data; every guess is listed in `notes` with its evidence.

        Parameters
        ----------
        tables : mapping of str to frame, frame, str or Path
            Frames of pandas, polars, PyArrow, DuckDB and the like, or a path or URL; a
            database is asked for what it declares.
        """
        if isinstance(tables, (str, Path)) and is_database(tables):
            return cls.from_database(tables)
        return cls.from_schema(detect_schema(plain_tables(tables_of(tables))))

    @classmethod
    def from_database(
        cls,
        url: str | Path,
        *,
        schema: str | Iterable[str] = (),
        exclude: Iterable[str] = (),
        detect: bool = True,
    ) -> Metadata:
        """Read the schema of a live database through SQLAlchemy, and guess what it leaves open.

        Parameters
        ----------
        url : str or Path
            An SQLAlchemy URL such as ``"sqlite:///shop.db"``, or a SQLite file.
        schema : str or iterable of str
            Schemas of the database to read; its default one where none is named.
        exclude : iterable of str
            Tables and columns to leave out: ``"audit_log"``, ``"customers.photo"``.
        detect : bool, default True
            Look at the data for keys, references, dates in text and personal columns that
            are not declared; see `detect`. Of a table with very many rows only some are read,
            and its keys are not guessed.
        """
        with connect(url, must_exist=True) as connection:
            declared = reflect_schema(connection, schema, exclude)
        if not detect:
            return cls.from_schema(declared)
        tables = read_database(url, declared, limit=DETECTION_ROWS)
        partial = [name for name, table in tables.items() if len(table) == DETECTION_ROWS]
        return cls.from_schema(fill_in(declared, plain_tables(tables), partial))

    @property
    def subjects(self) -> dict[str, str]:
        """The tables whose rows are people or firms to be protected, with the evidence."""
        return find_subjects(self)

    @property
    def treatments(self) -> dict[str, dict[str, str]]:
        """Where the synthetic values of each column come from; see `column_treatments`."""
        kept = [name for name, table in self.tables.items() if table.role == "reference"]
        return column_treatments(self, kept)

    def plan(
        self,
        tables: Source | None = None,
        *,
        keep: str | Iterable[str] = "auto",
        subjects: str | Iterable[str] = "auto",
        invent: Iterable[str] = (),
    ) -> Plan:
        """Return the generation order and the role of every foreign key.

        Parameters
        ----------
        tables : mapping of str to frame, frame, str or Path, optional
            Data to measure by which key explains most of a child's rows; without them
            declared wishes and the keys' form decide.
        keep : "auto" or iterable of str
            Tables to keep as they are, beside those whose role is ``"reference"``; ``"auto"``
            finds reference tables in the data.
        subjects : "auto" or iterable of str
            Tables whose rows are protected; ``"auto"`` takes those of `subjects`.
        invent : iterable of str
            Tables not to keep, whatever speaks for it.
        """
        read = None if tables is None else plain_tables(tables_of(tables, self))
        return build_plan(self, read, keep=keep, subjects=subjects, invent=invent)

    def check(
        self, tables: Source, *, orphans: Literal["error", "null"] = "error"
    ) -> dict[str, Any]:
        """Check data against the schema and return them, ready for fitting.

        Parameters
        ----------
        tables : mapping of str to frame, frame, str or Path
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
        given = tables_of(tables, self)
        storage = Storage.of(given)
        return storage.restored(check_tables(self, storage.plain(given), orphans=orphans))

    def to_dict(self) -> dict[str, Any]:
        """Return the library's own JSON document, version 1."""
        return write_own(self)

    def save(self, path: str | Path) -> None:
        """Write the library's own JSON; the file is replaced in one step."""
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        with replacing(Path(path)) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")

    def to_sdv(self) -> dict[str, Any]:
        """Return SDV metadata, version V2."""
        return write_sdv(self)

    def to_mermaid(self) -> str:
        """Return an entity-relationship diagram as Mermaid text."""
        return to_mermaid(self)
