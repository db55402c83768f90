"""Tables that stay where they are: files through DuckDB, databases through their own SQL."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.frames import frames_of
from relsynth.optional import require
from relsynth.schema import Schema
from relsynth.storage.database import connect, is_database, read_selection
from relsynth.storage.folder import find_files, read_file
from relsynth.warehouse.dialect import Dialect, dialect_of

PURPOSE = "fitting where the data lie"
_PATTERN = "*?["


class Warehouse(Protocol):
    """Something that answers SQL about the tables of a database.

    Attributes
    ----------
    dialect : Dialect
        How it spells names, casts and hashes.
    """

    dialect: Dialect

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table; an empty list where there is none."""

    def table(self, name: str) -> str:
        """Return how a table is named after FROM."""

    def run(self, sql: str) -> None:
        """Carry out a statement that returns no rows."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""

    def frame(self, picked: str, table: str) -> pd.DataFrame:
        """Return all rows of a temporary table, in the types of the table it was picked from."""


def is_pattern(source: Any) -> bool:
    """Return whether a source is a pattern of file names, such as ``data/*.parquet``."""
    text = str(source) if isinstance(source, (str, Path)) else ""
    return "://" not in text and any(sign in text for sign in _PATTERN)


def is_in_place(source: Any) -> bool:
    """Return whether a source can only be read where it lies: a pattern or a connection."""
    return is_pattern(source) or type(source).__name__ == "DuckDBPyConnection"


@contextmanager
def opened(source: Any, metadata: Schema, memory: str | None = None) -> Iterator[Warehouse]:
    """Open the tables of a schema where they lie.

    Parameters
    ----------
    source : str, Path, connection of DuckDB, or mapping of str to relation, frame or path
        A folder of CSV and Parquet files, a pattern of file names, a database URL, a SQLite
        file, a DuckDB connection, or by table a DuckDB relation, a frame or a file.
    metadata : Schema
        Its tables must be there, with their columns.
    memory : str, optional
        What DuckDB may use, such as ``"2GB"``; beyond that it writes to a temporary folder.

    Raises
    ------
    DataError
        Listing every table and column that is missing.
    FileNotFoundError
        Where a path leads nowhere.
    """
    with ExitStack() as stack:
        if not is_pattern(source) and isinstance(source, (str, Path)) and is_database(source):
            made: Warehouse = _Server(stack.enter_context(connect(source, must_exist=True)))
        else:
            made = _duck(source, metadata, memory, stack)
        _check_columns(made, metadata, source)
        yield made


def _check_columns(warehouse: Warehouse, metadata: Schema, source: Any) -> None:
    shown = str(source) if isinstance(source, (str, Path)) else "data"
    shown = f"{shown.partition('://')[0]}://…" if "://" in shown else shown
    with Faults(shown, DataError) as faults:
        for table in metadata.tables.values():
            there = warehouse.columns(table.name)
            if not there:
                faults.add(f"the table {table.name!r} is missing")
                continue
            for column in table.columns:
                if column not in there:
                    hint = did_you_mean(column, there)
                    faults.add(f"{table.name}.{column}: the column is missing; {hint}")


def _duck(source: Any, metadata: Schema, memory: str | None, stack: ExitStack) -> Warehouse:
    duckdb = require("duckdb", "duckdb", PURPOSE)
    folder = Path(tempfile.mkdtemp(prefix="relsynth-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    if isinstance(source, duckdb.DuckDBPyConnection):
        cursor = stack.enter_context(source.cursor())
        return _Duck(cursor, {}, folder)
    if isinstance(source, Mapping):
        relations = [one for one in source.values() if isinstance(one, duckdb.DuckDBPyRelation)]
        if relations:
            return _of_relations(source, relations, folder, stack)
    connection = stack.enter_context(duckdb.connect())
    connection.execute(f"SET temp_directory = {_quoted(str(folder / 'spill'))}")
    if memory is not None:
        try:
            connection.execute(f"SET memory_limit = {_quoted(memory)}")
        except duckdb.Error as error:
            raise DataError(f"memory: {memory!r} is no size; write it as '2GB'") from error
    files = {}
    if isinstance(source, (str, Path)):
        files = _files(source)
    else:
        frames = source if isinstance(source, Mapping) else {next(iter(metadata.tables)): source}
        files = {n: Path(f) for n, f in frames.items() if isinstance(f, (str, Path))}
        held = {n: f for n, f in frames.items() if n not in files}
        for name, frame in frames_of(held, metadata).items():
            connection.register(name, frame)
    kinds = {}
    for name, path in files.items():
        if name in metadata.tables:
            kinds[name] = _suffix(path)
            scan = _scan(path, kinds[name])
            connection.execute(f"CREATE VIEW {dialect_of('duckdb').name(name)} AS FROM {scan}")
    return _Duck(connection, kinds, folder)


def _of_relations(
    source: Mapping[str, Any], relations: list[Any], folder: Path, stack: ExitStack
) -> Warehouse:
    """Use the connection that the relations belong to."""
    if len(relations) != len(source):
        raise DataError("data: DuckDB relations stand among other frames; give one kind")
    related, views = _Related(relations[0]), {}
    for at, (name, relation) in enumerate(source.items()):
        views[name] = f"relsynth_view_{at}"
        relation.create_view(views[name], replace=True)
        stack.callback(related.execute, f"DROP VIEW IF EXISTS {views[name]}")
    return _Duck(related, {}, folder, views)


class _Related:
    """The connection of a relation, as far as it is needed."""

    def __init__(self, relation: Any) -> None:
        self._relation = relation

    def execute(self, sql: str) -> Any:
        return self._relation.query("relsynth_asked", sql)


def _files(source: str | Path) -> dict[str, Path]:
    """Return the files of a folder or pattern by table."""
    if not is_pattern(source):
        return find_files(Path(source))
    path = Path(source)
    fixed = next(i for i, part in enumerate(path.parts) if is_pattern(part))
    folder = Path(*path.parts[:fixed])
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    found: dict[str, Path] = {}
    for one in sorted(folder.glob(str(Path(*path.parts[fixed:])))):
        found.update(find_files(one) if one.is_file() else {_stem(one): one})
    if not found:
        raise FileNotFoundError(f"{source}: no file has such a name")
    return found


def _stem(path: Path) -> str:
    return path.name.removesuffix(".parquet")


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return "csv" if name.endswith((".csv", ".csv.gz", ".tsv", ".tsv.gz")) else "parquet"


def _scan(path: Path, kind: str) -> str:
    if kind == "csv":
        # cells stay text, so that 007 and 1.50 mean what they mean when a file is read whole
        return f"read_csv({_quoted(str(path))}, all_varchar = true, header = true)"
    inside = path / "*.parquet" if path.is_dir() else path
    return f"read_parquet({_quoted(str(inside))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class _Duck:
    """Files, frames and tables that DuckDB reads."""

    def __init__(
        self,
        connection: Any,
        kinds: Mapping[str, str],
        folder: Path,
        views: Mapping[str, str] | None = None,
    ) -> None:
        self._connection, self._kinds, self._folder = connection, kinds, folder
        self._views = views or {}
        self.dialect = dialect_of("duckdb")

    def columns(self, table: str) -> list[str]:
        import duckdb

        try:
            return [row[0] for row in self.rows(f"DESCRIBE {self.table(table)}")]
        except duckdb.CatalogException:
            return []

    def table(self, name: str) -> str:
        return self.dialect.name(self._views.get(name, name))

    def run(self, sql: str) -> None:
        self._connection.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        return found

    def frame(self, picked: str, table: str) -> pd.DataFrame:
        """Write the rows as the kind of file they came from, and read that as always."""
        kind = self._kinds.get(table, "parquet")
        path = self._folder / f"{len(list(self._folder.iterdir()))}.{kind}"
        form = "(FORMAT csv, HEADER true)" if kind == "csv" else "(FORMAT parquet)"
        self.run(f"COPY (SELECT * FROM {self.dialect.name(picked)}) TO {_quoted(str(path))} {form}")
        read = read_file(path)
        path.unlink()
        return read


class _Server:
    """A database that SQLAlchemy reaches."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        quote = connection.dialect.identifier_preparer.quote
        self.dialect = dialect_of(connection.dialect.name, quote)
        if connection.dialect.name == "sqlite":
            from hashlib import md5

            def digest(text: str) -> str:
                return md5(text.encode(), usedforsecurity=False).hexdigest()

            driver = connection.connection.driver_connection
            driver.create_function("md5", 1, digest, deterministic=True)

    def columns(self, table: str) -> list[str]:
        import sqlalchemy as sa

        asked = sa.inspect(self._connection)
        if table not in [*asked.get_table_names(), *asked.get_view_names()]:
            return []
        return [column["name"] for column in asked.get_columns(table)]

    def table(self, name: str) -> str:
        return self.dialect.name(name)

    def run(self, sql: str) -> None:
        self._connection.exec_driver_sql(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._connection.exec_driver_sql(sql)]

    def frame(self, picked: str, table: str) -> pd.DataFrame:
        return read_selection(self._connection, table, picked)
