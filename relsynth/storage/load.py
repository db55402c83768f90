"""Fill the tables of a database in an order its constraints allow, all or nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from relsynth.errors import DataError, Faults
from relsynth.formats.tables import to_sqlalchemy
from relsynth.optional import require
from relsynth.schema.graph import break_cycles
from relsynth.schema.native import parse_native
from relsynth.schema.spellings import WELL_KNOWN_TEXT
from relsynth.storage.certificate import certify
from relsynth.storage.database import connect
from relsynth.storage.declaration import values_of
from relsynth.storage.django import is_django, load_into_django
from relsynth.storage.loading import loading_order

if TYPE_CHECKING:
    from relsynth.schema import Schema
    from relsynth.typing import Tables

_ROWS = 20_000  # written at a time, to bound memory


class _Undone(Exception):  # noqa: N818 - ends a trial, no error
    """Rolls back what was written for a trial."""


def _end(dry_run: bool) -> None:
    if dry_run:
        raise _Undone


def load_tables(
    tables: Tables,
    target: Any,
    metadata: Schema,
    *,
    append: bool = False,
    truncate: bool = False,
    dry_run: bool = False,
    schema: str | None = None,
    certificate: dict[str, Any] | None = None,
) -> dict[str, int]:
    """Write tables into a database with all constraints of their schema.

    Tables that do not exist are created; parents are filled before children, and keys that
    close a cycle are set by UPDATE. PostgreSQL is filled by COPY.

    Parameters
    ----------
    target : str, Path, Engine, Connection or Session
        SQLAlchemy URL, SQLite file, what SQLAlchemy connects with, or ``django.db.connection``.
        The transaction of a connection or session is used and left open.
    append : bool, default False
        Write beside rows that exist; otherwise a table that holds rows is refused.
    truncate : bool, default False
        Delete the rows that the tables hold first, in the same transaction.
    dry_run : bool, default False
        Write and check everything, then roll it back.
    schema : str, optional
        Schema of a PostgreSQL database in which the tables are.
    certificate : dict, optional
        Receives what the database says of every rule; see `relsynth.storage.certificate`.

    Returns
    -------
    dict of str to int
        Rows written per table.

    Raises
    ------
    ConnectionError
        Where the database does not answer.
    DataError
        Where a table holds rows already, or the database rejects a row. In all cases the
        database is as it was.
    """
    if is_django(target):
        if truncate or schema is not None or certificate is not None:
            raise DataError("Django's own connection takes append and dry_run; the test rolls back")
        return load_into_django(tables, target, metadata, append=append, dry_run=dry_run)
    sa = require("sqlalchemy", "db", "Writing a database")
    try:
        with _connection(target) as connection, _rolled_back(sa, connection):
            if schema is not None:
                _open_schema(sa, connection, schema)
            present = _prepare(sa, connection, metadata, append or truncate)
            loader = _Loader(sa, connection, metadata, present)
            if truncate:
                loader.empty()
            loader.defer()
            for name in loader.order:
                loader.insert(name, tables[name])
            for name in loader.order:
                loader.close(name, tables[name])
            loader.finish()
            if certificate is not None:
                certificate.update(certify(connection, metadata))
            _end(dry_run)
    except _Undone:
        pass
    return {name: len(tables[name]) for name in metadata.tables}


def _open_schema(sa: Any, connection: Any, schema: str) -> None:
    """Let names without a schema mean the tables of this one, in this transaction."""
    if connection.dialect.name != "postgresql":
        raise DataError(f"schema={schema!r}: only PostgreSQL has schemas inside a database")
    quoted = connection.dialect.identifier_preparer.quote(schema)
    connection.execute(sa.text(f"SET LOCAL search_path TO {quoted}, public"))
    connection.dialect.default_schema_name = schema


@contextmanager
def _connection(target: Any) -> Iterator[Any]:
    if isinstance(target, (str, Path)):
        with connect(target) as connection:
            yield connection
    elif hasattr(target, "get_bind"):  # a Session, which keeps its transaction
        target.flush()
        yield target.connection()
    elif hasattr(target, "begin_nested"):
        yield target
    else:
        with target.begin() as connection:
            yield connection


@contextmanager
def _rolled_back(sa: Any, connection: Any) -> Iterator[None]:
    """Explain what a database rejects; the caller's transaction is rolled back to here."""
    try:
        if connection.in_transaction() and connection.dialect.name != "sqlite":
            with connection.begin_nested():
                yield
        else:
            yield
    except (sa.exc.IntegrityError, sa.exc.DataError, sa.exc.ProgrammingError) as error:
        raise DataError(f"the database rejects the rows: {str(error.orig).strip()}") from error


def _prepare(sa: Any, connection: Any, metadata: Schema, append: bool) -> Any:
    """Create what is missing and return the tables as the database knows them."""
    existing = set(sa.inspect(connection).get_table_names())
    schema = to_sqlalchemy(metadata)
    with Faults("database", DataError) as faults:
        for name in metadata.tables:
            if name in existing and not append:
                count = connection.scalar(
                    sa.select(sa.func.count()).select_from(schema.tables[name])
                )
                if count:
                    faults.add(
                        f"the table {name!r} holds {count:,} rows already; append beside them, "
                        "or empty it"
                    )
    missing = [schema.tables[name] for name in metadata.tables if name not in existing]
    schema.create_all(connection, tables=missing, checkfirst=False)
    return schema


def _copied(value: Any) -> str:
    """Return a value as COPY reads it."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


class _Loader:
    """Insert and update on one connection."""

    def __init__(self, sa: Any, connection: Any, metadata: Schema, schema: Any) -> None:
        self.sa, self.connection, self.metadata, self.schema = sa, connection, metadata, schema
        self.dialect = connection.dialect.name
        self.order, self.late = loading_order(
            metadata, self_references=self.dialect != "postgresql"
        )
        closing = break_cycles(metadata.graph)
        self.circles = [
            key
            for key in metadata.foreign_keys
            if key.name in closing and key.nullable is False and not key.is_self_reference
        ]
        self.altered: list[tuple[str, str]] = []
        inspector = sa.inspect(connection)
        self.computed = {
            name: [c["name"] for c in inspector.get_columns(name) if c.get("computed")]
            for name in metadata.tables
        }
        if self.dialect == "sqlite":
            self.late = {name: [] for name in metadata.tables}
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")

    def empty(self) -> None:
        """Delete the rows that the tables hold."""
        if self.dialect == "postgresql":
            listed = ", ".join(self._quoted(name) for name in self.order)
            self.connection.exec_driver_sql(f"TRUNCATE {listed}")
            return
        if self.dialect in ("mysql", "mariadb"):
            self.connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for name in reversed(self.order):
            self.connection.exec_driver_sql(f"DELETE FROM {self._quoted(name)}")  # noqa: S608
        if self.dialect in ("mysql", "mariadb"):
            self.connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")

    def defer(self) -> None:
        """Let keys that close a circle of required ones be checked when all rows are there."""
        if not self.circles:
            return
        if self.dialect in ("mysql", "mariadb"):
            self.connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        if self.dialect != "postgresql":
            return
        inspector = self.sa.inspect(self.connection)
        for key in self.circles:
            for found in inspector.get_foreign_keys(key.child):
                if tuple(found["constrained_columns"]) == key.columns and found["name"]:
                    table, name = self._quoted(key.child), self._quoted(found["name"])
                    options = found.get("options") or {}
                    if not options.get("deferrable"):
                        self._alter(table, name, "DEFERRABLE")
                        self.altered.append((table, name))
        self.connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")

    def _alter(self, table: str, name: str, how: str) -> None:
        self.connection.exec_driver_sql(f"ALTER TABLE {table} ALTER CONSTRAINT {name} {how}")

    def _restore(self) -> None:
        """Check the keys that waited, and give them back as they were."""
        if self.circles and self.dialect == "postgresql":
            self.connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
            for table, name in self.altered:
                self._alter(table, name, "NOT DEFERRABLE")
        elif self.circles and self.dialect in ("mysql", "mariadb"):
            self.connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")
            lost = [
                rule["rule"]
                for rule in certify(self.connection, self.metadata)["rules"]
                if rule["kind"] == "foreign key" and rule["broken"]
            ]
            if lost:
                raise DataError(f"the database finds references without a target: {lost}")

    def insert(self, name: str, frame: pd.DataFrame) -> None:
        """Insert the rows of a table, what closes a cycle left open."""
        late = self.late[name]
        kept = frame.drop(columns=[*late, *self.computed.get(name, ())])
        if kept.empty:
            return
        table = self.schema.tables[name]
        if self.dialect == "postgresql" and self.connection.dialect.driver == "psycopg":
            self._copy(self._quoted(name), kept)
            return
        statement = table.insert()
        shapes = self._shapes(name, kept) if self.dialect in ("mysql", "mariadb") else {}
        if shapes:  # the others are named too, for one names all
            plain = {n: self.sa.bindparam(n) for n in kept.columns}
            statement = statement.values({**plain, **shapes})
        for start in range(0, len(kept), _ROWS):
            rows = self._rows(table, kept.iloc[start : start + _ROWS])
            self.connection.execute(statement, rows)

    def _shapes(self, name: str, frame: pd.DataFrame) -> dict[str, Any]:
        """Return how MySQL is given the shapes of a table, which it reads by a function."""
        columns = self.metadata.tables[name].columns
        return {
            n: self.sa.func.ST_GeomFromText(self.sa.bindparam(n, type_=self.sa.Text()))
            for n in frame.columns
            if parse_native(columns[n].native).base in WELL_KNOWN_TEXT
        }

    def _rows(self, table: Any, part: pd.DataFrame) -> list[dict[str, Any]]:
        columns = [values_of(part[name], table.columns[name].type) for name in part.columns]
        return [dict(zip(part.columns, row, strict=True)) for row in zip(*columns, strict=True)]

    def _quoted(self, name: str) -> str:
        return str(self.connection.dialect.identifier_preparer.quote(name))

    def _copy(self, target: str, frame: pd.DataFrame) -> None:
        """Send rows by COPY as CSV, in which a missing value is empty and text is quoted."""
        import pyarrow as pa
        from pyarrow import csv

        plain = frame.copy()
        for name in plain.columns:
            if plain[name].dtype == object or plain[name].dtype.kind == "m":
                listed = plain[name].map(_copied, na_action="ignore")
                plain[name] = pd.Series(listed, dtype="string").to_numpy()
        buffer = io.BytesIO()
        options = csv.WriteOptions(include_header=False)
        csv.write_csv(pa.Table.from_pandas(plain, preserve_index=False), buffer, options)
        columns = ", ".join(self._quoted(name) for name in frame.columns)
        cursor = self.connection.connection.cursor()
        try:
            with cursor.copy(f"COPY {target} ({columns}) FROM STDIN (FORMAT csv)") as copy:
                copy.write(buffer.getvalue())
        except cursor.connection.DatabaseError as error:
            raise DataError(f"the database rejects the rows: {str(error).strip()}") from error
        finally:
            cursor.close()

    def close(self, name: str, frame: pd.DataFrame) -> None:
        """Set the columns that were left open."""
        late = self.late[name]
        primary = list(self.metadata.tables[name].primary_key)
        if not late or frame.empty:
            return
        if not primary:
            raise DataError(
                f"{name}: keys that close a cycle are set by UPDATE, which needs a primary key"
            )
        known = frame[frame[late].notna().any(axis=1)]
        table = self.schema.tables[name]
        if self.dialect == "postgresql" and self.connection.dialect.driver == "psycopg":
            self._update_from_copy(name, table, known[primary + late], primary, late)
            return
        marks = {f"to_{n}": n for n in late} | {f"at_{n}": n for n in primary}
        statement = table.update().values({n: self.sa.bindparam(f"to_{n}") for n in late})
        for column in primary:
            statement = statement.where(table.c[column] == self.sa.bindparam(f"at_{column}"))
        for start in range(0, len(known), _ROWS):
            rows = self._rows(table, known.iloc[start : start + _ROWS][primary + late])
            self.connection.execute(
                statement, [{mark: row[n] for mark, n in marks.items()} for row in rows]
            )

    def _update_from_copy(
        self, name: str, table: Any, frame: pd.DataFrame, primary: list[str], late: list[str]
    ) -> None:
        target, columns = self._quoted(name), ", ".join(map(self._quoted, frame.columns))
        shape = f"SELECT {columns} FROM {target} LIMIT 0"  # noqa: S608
        self.connection.exec_driver_sql(f"CREATE TEMP TABLE relsynth_late AS {shape}")
        self._copy("relsynth_late", frame)
        sets = ", ".join(f"{self._quoted(n)} = relsynth_late.{self._quoted(n)}" for n in late)
        where = " AND ".join(
            f"{target}.{self._quoted(n)} = relsynth_late.{self._quoted(n)}" for n in primary
        )
        update = f"UPDATE {target} SET {sets} FROM relsynth_late WHERE {where}"  # noqa: S608
        self.connection.exec_driver_sql(update)
        self.connection.exec_driver_sql("DROP TABLE relsynth_late")

    def finish(self) -> None:
        """Prove the references of SQLite; move PostgreSQL's counters behind the new keys."""
        self._restore()
        if self.dialect == "sqlite":
            lost = self.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(3)
            if lost:
                shown = ", ".join(f"{row[0]} row {row[1]} -> {row[2]}" for row in lost)
                raise DataError(f"the database finds references without a target: {shown}")
        if self.dialect == "postgresql":
            for name, table in self.metadata.tables.items():
                for column in table.primary_key if len(table.primary_key) == 1 else ():
                    self._advance(name, column)

    def _advance(self, name: str, column: str) -> None:
        sql = self.sa.text("SELECT pg_get_serial_sequence(:table, :column)")
        counter = self.connection.scalar(sql, {"table": self._quoted(name), "column": column})
        if counter:
            at = f"SELECT max({self._quoted(column)}) FROM {self._quoted(name)}"  # noqa: S608
            self.connection.execute(
                self.sa.text(f"SELECT setval(:counter, ({at}))"), {"counter": counter}
            )
