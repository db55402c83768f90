"""Tables as an SQL script: CREATE, INSERT in a valid order, UPDATE for keys that close a cycle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from relsynth.formats.tables import Dialect, to_sqlalchemy, write_ddl
from relsynth.optional import require
from relsynth.storage.atomic import replacing
from relsynth.storage.declaration import values_of
from relsynth.storage.loading import loading_order

if TYPE_CHECKING:
    from relsynth.schema import Schema
    from relsynth.typing import Tables

_ROWS = 500


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
    tables : mapping of str to DataFrame
    path : str or Path
        The file is replaced in one step.
    metadata : Schema
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
    quote = sa.dialects.registry.load(dialect)().identifier_preparer.quote
    if create:
        yield write_ddl(metadata, dialect) + "\n"
    yield {"mysql": "START TRANSACTION;\n"}.get(dialect, "BEGIN;\n")
    for name in order:
        frame = tables[name].drop(columns=late[name])
        columns = ", ".join(quote(column) for column in frame.columns)
        rows = _rows(sa, schema.tables[name], frame, dialect)
        for start in range(0, len(rows), _ROWS):
            values = ",\n".join(f"  ({', '.join(row)})" for row in rows[start : start + _ROWS])
            yield f"INSERT INTO {quote(name)} ({columns}) VALUES\n{values};\n"
    for name in order:
        yield from _updates(sa, schema.tables[name], tables[name], late[name], dialect, quote)
    yield "COMMIT;\n"


def _updates(
    sa: Any, table: Any, frame: pd.DataFrame, late: list[str], dialect: str, quote: Any
) -> Iterator[str]:
    if not late:
        return
    primary = [column.name for column in table.primary_key.columns]
    known = frame[frame[late].notna().any(axis=1)]
    for row in _rows(sa, table, known[late + primary], dialect):
        pairs = [f"{quote(n)} = {value}" for n, value in zip(late + primary, row, strict=True)]
        sets, where = ", ".join(pairs[: len(late)]), " AND ".join(pairs[len(late) :])
        yield f"UPDATE {quote(table.name)} SET {sets} WHERE {where};\n"  # noqa: S608


def _rows(sa: Any, table: Any, frame: pd.DataFrame, dialect: str) -> list[list[str]]:
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
    text = str(value).replace("'", "''")
    if dialect == "mysql":
        text = text.replace("\\", "\\\\")
    return f"'{text}'"
