"""The schema of a database as users hold it: where it comes from, what is done with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from relsynth.formats import load_schema, parse_schema
from relsynth.formats.database import reflect_schema
from relsynth.formats.diagram import Diagram, draw_alone
from relsynth.formats.html import html_table
from relsynth.formats.mermaid import to_mermaid
from relsynth.formats.own import write_own
from relsynth.formats.sdv import write_sdv
from relsynth.metadata import editing
from relsynth.metadata.check_data import check_tables
from relsynth.metadata.detection import detect_schema
from relsynth.metadata.joining import fill_in
from relsynth.metadata.plan import Plan, build_plan
from relsynth.metadata.subjects import find_subjects
from relsynth.metadata.treatments import column_treatments
from relsynth.schema import ForeignKey, Note, Schema, Table
from relsynth.storage import tables_of
from relsynth.storage.atomic import replacing
from relsynth.storage.database import connect, is_database, read_database
from relsynth.storage.plain import Storage, plain_tables

if TYPE_CHECKING:
    from relsynth.typing import Source

DETECTION_ROWS = 500_000  # of a table; reading and comparing more takes minutes


class Metadata(Schema):
    """A `Schema` as users hold it: with where it comes from and what is done with it.

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
        """Read a schema file; its format is recognised by its content.

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

    def set(self, table: str, column: str | None = None, /, **changes: Any) -> Self:
        """Correct what is said about a column, or a table, in place.

        Parameters
        ----------
        table : str
        column : str, optional
            Without one the table itself is meant.
        **changes
            Of a column any field of `relsynth.metadata.Column` but the name: ``kind``,
            ``treatment``, ``provider``, ``locale``, ``format``, ``values``, ``nullable``,
            ``low``, ``high`` and so on; ``type``, ``min`` and ``max`` as in the schema file.
            Of a table ``role`` and ``rows``.

        Returns
        -------
        Metadata
            This one, so that corrections can be chained.

        Raises
        ------
        SchemaError
            For an unknown table, column or field, and for what contradicts the rest; nothing
            is changed then.

        Examples
        --------
        >>> import pandas as pd, relsynth as rs
        >>> people = pd.DataFrame({"id": range(60), "zip": [10115, 20095, 80331] * 20})
        >>> metadata = rs.Metadata.detect({"people": people})
        >>> metadata.set("people", "zip", kind="categorical").tables["people"].columns["zip"].kind
        'categorical'
        """
        if column is None:
            made, note = editing.changed_table(self, table, changes)
        else:
            made, note = editing.changed_column(self, table, column, changes)
        return self._become({**self.tables, table: made}, self.foreign_keys, note)

    def add_key(
        self,
        child: str,
        columns: str | Iterable[str],
        parent: str,
        parent_columns: str | Iterable[str] | None = None,
        *,
        nullable: bool | None = None,
        when: Mapping[str, Any] | None = None,
        context: bool = False,
    ) -> Self:
        """Add a foreign key in place.

        Parameters
        ----------
        child : str
            Table whose rows refer.
        columns : str or iterable of str
        parent : str
            Table referred to.
        parent_columns : str or iterable of str, optional
            The primary key of the parent by default.
        nullable : bool, optional
        when : mapping, optional
            Values of the child's columns under which the key applies.
        context : bool
            Whether the child's rows are generated through this key.

        Raises
        ------
        SchemaError
            For unknown names, a parent without a key, and a key that is there already.
        """
        targets = None if parent_columns is None else editing.names_of(parent_columns)
        table, key = editing.new_key(
            self, child, editing.names_of(columns), parent, targets,
            nullable=nullable, when=when, context=context,
        )  # fmt: skip
        note = Note(f"{child}.{'+'.join(key.columns)}", f"refers to {parent}", editing.BY_USER)
        return self._become({**self.tables, child: table}, (*self.foreign_keys, key), note)

    def drop_key(self, child: str, columns: str | Iterable[str], parent: str | None = None) -> Self:
        """Remove a foreign key in place.

        Parameters
        ----------
        child : str
        columns : str or iterable of str
            Of the child.
        parent : str, optional
            Only needed where the same columns refer to several tables.

        Raises
        ------
        SchemaError
            Where there is no such key.

        Notes
        -----
        The columns keep their kind: one of kind ``"key"`` is issued anew, like any
        identifier; ``set(child, column, kind="categorical")`` has it learned instead.
        """
        gone = editing.found_key(self, child, editing.names_of(columns), parent)
        kept = tuple(key for key in self.foreign_keys if key != gone)
        where = f"{child}.{'+'.join(gone.columns)}"
        return self._become(self.tables, kept, Note(where, "no foreign key", editing.BY_USER))

    def set_primary_key(self, table: str, columns: str | Iterable[str] = ()) -> Self:
        """Declare the primary key of a table in place; no columns for none.

        Raises
        ------
        SchemaError
            For unknown names, and where foreign keys refer to the old one.
        """
        names = editing.names_of(columns)
        made = editing.keyed_table(self, table, names)
        said = f"primary key {', '.join(names)}" if names else "no primary key"
        note = Note(table, said, editing.BY_USER)
        return self._become({**self.tables, table: made}, self.foreign_keys, note)

    def add_check(self, table: str, check: str) -> Self:
        """Add a condition that every row of a table meets, in place.

        Parameters
        ----------
        table : str
        check : str
            An SQL-like expression, such as ``"shipped >= ordered"``.

        Raises
        ------
        SchemaError
            For an unknown table, and an expression that names no column of it.
        """
        made = editing.checked_table(self, table, check)
        note = Note(table, f"check {check}", editing.BY_USER)
        return self._become({**self.tables, table: made}, self.foreign_keys, note)

    def _become(self, tables: Mapping[str, Table], keys: Iterable[ForeignKey], note: Note) -> Self:
        """Take over tables and keys if they do not contradict each other, and say why."""
        notes = [known for known in self.notes if known.where != note.where]
        made = type(self)(tables, keys, notes=(*notes, note), source=self.source)
        self.__dict__.clear()
        self.__dict__.update(made.__dict__)
        return self

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

    def diagram(self) -> Diagram:
        """Return the schema as a drawing: parents left, children right.

        Returns
        -------
        Diagram
            SVG text; a notebook shows it, ``save("schema.svg")`` writes it.
        """
        counted = {name: f"{len(table.columns)} columns" for name, table in self.tables.items()}
        return draw_alone(self, counted)

    def _repr_html_(self) -> str:
        subjects = self.subjects
        rows = []
        for name, table in self.tables.items():
            words = Counter(self.treatments[name].values())
            rows.append(
                (
                    name + (" (subject)" if name in subjects else ""),
                    "+".join(table.primary_key),
                    ", ".join(f"{'+'.join(k.columns)} → {k.parent}" for k in self.parents_of(name)),
                    ", ".join(f"{count} {word}" for word, count in words.items()),
                )
            )
        listed = html_table(("table", "primary key", "refers to", "columns"), rows, repr(self))
        notes = [note for note in self.notes if note.advice]
        advice = html_table(("where", "look at"), [(n.where, n.decision) for n in notes])
        return listed + self.diagram() + (advice if notes else "")

    def to_mermaid(self) -> str:
        """Return an entity-relationship diagram as Mermaid text."""
        return to_mermaid(self)
