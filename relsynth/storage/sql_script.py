"""Tables as an SQL script: CREATE, INSERT in a valid order, UPDATE for keys that close a cycle."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from relsynth.formats.tables import Dialect, to_sqlalchemy, write_ddl
from relsynth.optional import require
from relsynth.schema.graph import break_cycles
from relsynth.schema.native import parse_native
from relsynth.storage.atomic import replacing
from relsynth.storage.declaration import values_of
from relsynth.storage.loading import loading_order

if TYPE_CHECKING:
    from relsynth.schema import Schema
    from relsynth.typing import Tables

_ROWS = 500  # a statement: what every database takes


def write_script(
    tables: Tables,
    path: str | Path,
    metadata: Schema,
    *,
    dialect: Dialect = "postgresql",
    create: bool = True,
) -> None:
    """Write an SQL script that fills a database in one transaction.

    Parameters
    ----------
    path : str or Path
        The file is replaced in one step.
    dialect : {"postgresql", "mysql", "sqlite"}
    create : bool, default True
        Begin with the statements that create the tables.
    """
    with replacing(Path(path)) as temporary, temporary.open("w", encoding="utf-8") as script:
        for statement in _statements(tables, metadata, dialect, create):
            script.write(statement)


def _statements(tables: Tables, metadata: Schema, dialect: Dialect, create: bool) -> Iterator[str]:
    sa = require("sqlalchemy", "db", "Writing an SQL script")
    schema, (order, late) = to_sqlalchemy(metadata), loading_order(metadata)
    quote = sa.dialects.registry.load(dialect)(paramstyle="named").identifier_preparer.quote
    if create:
        yield write_ddl(metadata, dialect) + "\n"
    yield {"mysql": "START TRANSACTION;\n"}.get(dialect, "BEGIN;\n")
    yield from _deferring(metadata, dialect)
    over = " OVERRIDING SYSTEM VALUE" if dialect == "postgresql" and not create else ""
    for name in order:
        known = metadata.tables[name].columns
        computed = [n for n in tables[name] if n in known and known[n].generated and not create]
        frame = tables[name].drop(columns=[*late[name], *computed])
        columns = ", ".join(quote(column) for column in frame.columns)
        rows = _rows(schema.tables[name], frame, dialect)
        for start in range(0, len(rows), _ROWS):
            values = ",\n".join(f"  ({', '.join(row)})" for row in rows[start : start + _ROWS])
            yield f"INSERT INTO {quote(name)} ({columns}){over} VALUES\n{values};\n"
    for name in order:
        yield from _updates(sa, schema.tables[name], tables[name], late[name], dialect, quote)
    if not create and dialect == "postgresql":
        yield from _counters(metadata, quote)
    if dialect == "mysql" and _circles(metadata):
        yield "SET FOREIGN_KEY_CHECKS = 1;\n"
    yield "COMMIT;\n"


def _circles(metadata: Schema) -> list[str]:
    """Return the required keys that close a circle."""
    closing = break_cycles(metadata.graph)
    return [
        key.name
        for key in metadata.foreign_keys
        if key.name in closing and key.nullable is False and not key.is_self_reference
    ]


def _deferring(metadata: Schema, dialect: str) -> Iterator[str]:
    if _circles(metadata):
        yield {
            "postgresql": "SET CONSTRAINTS ALL DEFERRED;\n",
            "mysql": "SET FOREIGN_KEY_CHECKS = 0;\n",
            "sqlite": "PRAGMA defer_foreign_keys = ON;\n",
        }[dialect]


def _counters(metadata: Schema, quote: Any) -> Iterator[str]:
    """Move the counters of PostgreSQL behind the new keys."""
    for name, table in metadata.tables.items():
        for column in table.primary_key if len(table.primary_key) == 1 else ():
            place = quote(name).replace("'", "''")
            counter = f"pg_get_serial_sequence('{place}', '{column.replace(chr(39), chr(39) * 2)}')"
            most = f"(SELECT max({quote(column)})::text::bigint FROM {quote(name)})"  # noqa: S608
            if parse_native(table.columns[column].native).family == "integer":
                yield f"SELECT setval({counter}, {most}) WHERE {counter} IS NOT NULL;\n"


def _updates(
    sa: Any, table: Any, frame: pd.DataFrame, late: list[str], dialect: str, quote: Any
) -> Iterator[str]:
    if not late:
        return
    primary = [column.name for column in table.primary_key.columns]
    known = frame[frame[late].notna().any(axis=1)]
    for row in _rows(table, known[late + primary], dialect):
        pairs = [f"{quote(n)} = {value}" for n, value in zip(late + primary, row, strict=True)]
        sets, where = ", ".join(pairs[: len(late)]), " AND ".join(pairs[len(late) :])
        yield f"UPDATE {quote(table.name)} SET {sets} WHERE {where};\n"  # noqa: S608


def _rows(table: Any, frame: pd.DataFrame, dialect: str) -> list[list[str]]:
    columns = [
        [_literal(value, dialect) for value in values_of(frame[name], table.columns[name].type)]
        for name in frame.columns
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _literal(value: Any, dialect: str) -> str:
    """Return a value as SQL text."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value)) if dialect == "sqlite" else str(value).upper()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'" if dialect == "postgresql" else f"X'{value.hex()}'"
    text = str(value).replace("'", "''")
    if dialect == "mysql":
        text = text.replace("\\", "\\\\")
    return f"'{text}'"
