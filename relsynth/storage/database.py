"""Tables in a database, through SQLAlchemy."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.formats.database import reflected_tables
from relsynth.optional import require
from relsynth.storage.cells import is_text
from relsynth.storage.declaration import declare_references, declare_tables, values_of
from relsynth.storage.limits import LINE
from relsynth.storage.remote import is_remote

if TYPE_CHECKING:
    from relsynth.schema import Schema
    from relsynth.typing import Tables

_ROWS = 50_000  # read or written at a time, to bound memory
SQLITE_SUFFIXES = (".db", ".sqlite", ".sqlite3")
# packages that bring a driver of another name
DRIVERS = {"MySQLdb": "mysqlclient", "psycopg2": "psycopg2-binary", "psycopg": "psycopg[binary]"}
_SQLITE = b"SQLite format 3\x00"


def is_database(source: str | Path) -> bool:
    """Return whether a source is an SQLAlchemy URL or a SQLite file."""
    if isinstance(source, str) and "://" in source:
        return not is_remote(source)
    path = Path(source)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        found = stream.read(len(_SQLITE))
    if found not in (_SQLITE, b"") and path.suffix.lower() in SQLITE_SUFFIXES:
        raise DataError(f"{path}: this is no SQLite database, though its name says so")
    return found == _SQLITE


def is_database_target(target: str | Path) -> bool:
    """Return whether tables go into a database: a URL, a SQLite file, or a name like one."""
    if is_database(target) or is_remote(target):
        return is_database(target)
    path = Path(target)
    return path.suffix.lower() in SQLITE_SUFFIXES and not path.is_dir()


def refuse_tables(connection: Any, target: str | Path, names: Iterable[str]) -> None:
    """Raise one error for every table that a database holds already."""
    sa = require("sqlalchemy", "db", "Writing a database")
    existing = set(sa.inspect(connection).get_table_names())
    there = [repr(name) for name in names if name in existing]
    if there:
        many = len(there) > 1
        raise DataError(
            f"{_shown(target)}: the table{'s' if many else ''} {', '.join(there)} "
            f"exist{'' if many else 's'} already and {'are' if many else 'is'} not overwritten; "
            f"drop {'them' if many else 'it'} or write to another database"
        )


def read_database(
    source: str | Path, metadata: Schema | None, limit: int | None = None
) -> dict[str, pd.DataFrame]:
    """Read the tables of a database; see `relsynth.read_tables`.

    Parameters
    ----------
    source : str or Path
        URL or SQLite file.
    metadata : Schema, optional
        Tables and columns to read; all of the default schema where not given.
    limit : int, optional
        Rows of each table.

    Returns
    -------
    dict of str to DataFrame
        Dates and times are ``datetime64``, whole numbers ``int64`` or ``Int64``, other
        numbers ``float64``; JSON, arrays, money, networks and the like are text as the database
        writes them. Rows come in the order of the primary key.
    """
    require("sqlalchemy", "db", "Reading a database")
    with connect(source, must_exist=True) as connection:
        wanted = None if metadata is None else list(metadata.tables)
        found = reflected_tables(connection, wanted=wanted)
        names = sorted(found) if wanted is None else wanted
        with Faults(_shown(source), DataError) as faults:
            if not found:
                faults.add("the database has no tables")
            for name in names:
                if name not in found:
                    faults.add(f"the table {name!r} is missing; {did_you_mean(name, found)}")
        return {
            name: _read_table(
                connection,
                found[name],
                None if metadata is None else set(metadata.tables[name].columns),
                limit,
            )
            for name in names
        }


def write_database(tables: Tables, target: str | Path, metadata: Schema | None) -> None:
    """Create the tables of a database and fill them; see `relsynth.write_tables`."""
    with filling(target, metadata, tables) as add:
        add(tables)


@contextmanager
def filling(
    target: str | Path, metadata: Schema | None, names: Iterable[str]
) -> Iterator[Callable[[Tables], None]]:
    """Create tables and fill them part by part, in one transaction.

    Parameters
    ----------
    names : iterable of str
        Tables that must not be there yet.

    Yields
    ------
    callable
        Appends rows to tables; the first call holds them all, and their types are taken
        from it.
    """
    sa = require("sqlalchemy", "db", "Writing a database")
    with connect(target) as connection:
        refuse_tables(connection, target, names)
        in_place, declared = not connection.dialect.supports_alter, list[Any]()

        def add(tables: Tables) -> None:
            if not declared:
                declared.append(declare_tables(tables, metadata, connection.dialect.name))
                if in_place:
                    declare_references(declared[0], metadata)
                declared[0].create_all(connection)
            for name, table in tables.items():
                with _telling(target, f"the table {name!r}", table):
                    _insert(connection, declared[0].tables[name], table)

        yield add
        if declared and not in_place:
            for constraint in declare_references(declared[0], metadata):
                with _telling(target, f"the references of {constraint.table.name!r}"):
                    connection.execute(sa.schema.AddConstraint(constraint))


@contextmanager
def _telling(target: str | Path, what: str, rows: pd.DataFrame | None = None) -> Iterator[None]:
    """Say which table a database refuses, and which columns hold what no text there holds."""
    import sqlalchemy as sa

    try:
        yield
    except (sa.exc.IntegrityError, sa.exc.DataError, sa.exc.ProgrammingError) as error:
        said = " ".join(str(error.orig).split())
        names = [] if rows is None else [name for name in rows if _has_nul(rows[name])]
        hint = f"; NUL characters are in {', '.join(map(repr, names))}" if names else ""
        raise DataError(f"{_shown(target)}: {what} cannot be written: {said}{hint}") from error


def _has_nul(column: pd.Series) -> bool:
    return any(isinstance(value, str) and "\0" in value for value in column.dropna().unique())


@contextmanager
def connect(source: str | Path, *, must_exist: bool = False) -> Iterator[Any]:
    """Open a connection in one transaction, committed when the block succeeds.

    Raises
    ------
    DataError
        For an URL nobody understands.
    ConnectionError
        Where the database does not answer.
    FileNotFoundError
        Where a SQLite file to read does not exist.
    """
    sa = require("sqlalchemy", "db", "Using a database")
    url = str(source) if "://" in str(source) else f"sqlite:///{source}"
    try:
        parsed = sa.make_url(url)
        if parsed.drivername == "postgresql" and not find_spec("psycopg2") and find_spec("psycopg"):
            # SQLAlchemy 2.0 knows the older driver alone, unless told
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = sa.create_engine(parsed)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
        raise DataError(f"{_shown(source)}: no database URL: {error}") from error
    except ModuleNotFoundError as error:
        package = DRIVERS.get(str(error.name), str(error.name))
        raise ImportError(
            f"{_shown(source)}: the driver {error.name} is not installed: pip install {package}; "
            "or name another one, such as mysql+pymysql:// or postgresql+psycopg://"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        if must_exist and parsed.database and not Path(parsed.database).is_file():
            raise FileNotFoundError(f"{parsed.database}: no such SQLite file")
        _make_transactional(engine, longest=LINE if must_exist else None)
    try:
        with engine.begin() as connection:
            yield connection
    except sa.exc.OperationalError as error:
        # drivers write hints on lines of their own
        said = " ".join(str(error.orig).split())
        raise ConnectionError(f"{_shown(source)}: {said}") from error
    except sa.exc.DatabaseError as error:
        if "too big" in str(error.orig) and must_exist:
            raise DataError(
                f"{_shown(source)}: a cell of more than {LINE:,} bytes; keep values of this size "
                "in files of their own"
            ) from error
        if type(error) is not sa.exc.DatabaseError:
            raise  # a row or a statement that is refused, which the caller knows more of
        raise DataError(f"{_shown(source)}: the database is damaged: {error.orig}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{_shown(source)}: the database holds text that is not UTF-8") from error
    finally:
        engine.dispose()


def _make_transactional(engine: Any, longest: int | None = None) -> None:
    """Let SQLAlchemy begin transactions, so that CREATE TABLE is rolled back too.

    `longest` is the size of the largest cell, which a formula of a file may make from nothing.
    """
    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def _leave_begin_to_us(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        if longest is not None:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")


def _shown(source: str | Path) -> str:
    if "://" not in str(source):
        return str(source)
    head, _, rest = str(source).partition("://")
    return f"{head}://{rest.rpartition('@')[2]}"


def _read_table(
    connection: Any, table: Any, wanted: set[str] | None = None, limit: int | None = None
) -> pd.DataFrame:
    import sqlalchemy as sa

    columns = [column for column in table.columns if wanted is None or column.name in wanted]
    lenient = connection.dialect.name == "sqlite"
    query = sa.select(*(_selected(sa, column, lenient) for column in columns))
    if table.primary_key.columns:
        query = query.order_by(*table.primary_key.columns)
    if limit is not None:
        query = query.limit(limit)
    parts: list[list[pd.Series]] = [[] for _ in columns]
    found = connection.execute(query, execution_options={"stream_results": True})
    for rows in found.partitions(_ROWS):
        for part, column, values in zip(parts, columns, zip(*rows, strict=True), strict=True):
            part.append(_typed(sa, column.type, pd.Series(values, dtype=object)))
    empty = pd.Series([], dtype=object)
    return pd.DataFrame(
        {
            column.name: _joined(part or [_typed(sa, column.type, empty)])
            for column, part in zip(columns, parts, strict=True)
        },
        copy=False,
    )


def read_selection(connection: Any, table: str, selection: str) -> pd.DataFrame:
    """Return the rows of a temporary table, in the types of the table they were taken from."""
    import sqlalchemy as sa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        real = sa.Table(table, sa.MetaData(), autoload_with=connection, resolve_fks=False)
    return _read_table(connection, real.to_metadata(sa.MetaData(), name=selection))


def _selected(sa: Any, column: Any, lenient: bool) -> Any:
    if isinstance(column.type, (sa.Numeric, sa.Float)):
        return sa.type_coerce(column, sa.Float())
    if lenient and isinstance(column.type, (sa.Date, sa.DateTime, sa.Time, sa.Boolean)):
        return sa.type_coerce(column, sa.types.NullType()).label(column.name)
    if not isinstance(column.type, _plain_types(sa)):
        return sa.cast(column, sa.Text()).label(column.name)
    return column


def _plain_types(sa: Any) -> tuple[Any, ...]:
    """Return the types whose values are learned; what else there is, is read as text."""
    times = (sa.Date, sa.DateTime, sa.Time, sa.Interval)
    return (sa.String, sa.Integer, sa.Boolean, sa.LargeBinary, sa.Uuid, sa.types.NullType, *times)


def _typed(sa: Any, kind: Any, values: pd.Series) -> pd.Series:
    """Return the values in the type of their column, unchanged where one does not fit."""
    try:
        if isinstance(kind, sa.Boolean):
            return values.astype("boolean")
        if isinstance(kind, sa.Integer):
            return values.astype("Int64")
        if isinstance(kind, (sa.Numeric, sa.Float)):
            return values.astype("float64")
        if isinstance(kind, (sa.Date, sa.DateTime)):
            zoned = getattr(kind, "timezone", False)
            return pd.to_datetime(values, format="ISO8601" if is_text(values) else None, utc=zoned)
        if pd.api.types.infer_dtype(values, skipna=True) == "timedelta":
            return pd.to_timedelta(values)
        if isinstance(kind, sa.Uuid):
            return values.map(str, na_action="ignore")
    except (ValueError, TypeError):
        return values
    return values


def _joined(parts: list[pd.Series]) -> pd.Series:
    column = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    plain = {"Int64": "int64", "boolean": "bool"}.get(str(column.dtype))
    if plain and not column.isna().any():
        return column.astype(plain)
    if column.dtype == object and is_text(column):
        return column.astype("str") if _strings_are_native() else column
    return column


def _strings_are_native() -> bool:
    return pd.Series(["a"]).dtype != object


def _insert(connection: Any, declared: Any, table: pd.DataFrame) -> None:
    names = list(table.columns)
    for start in range(0, len(table), _ROWS):
        part = table.iloc[start : start + _ROWS]
        columns = [values_of(part[name], declared.columns[name].type) for name in names]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        connection.execute(declared.insert(), rows)
