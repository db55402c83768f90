"""What a filled database itself says of every rule of its schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from relsynth.optional import require

if TYPE_CHECKING:
    from relsynth.schema import ForeignKey, Schema, Table


def certify(connection: Any, metadata: Schema) -> dict[str, Any]:
    """Count in a database the rows that break each rule of a schema.

    Returns
    -------
    dict
        ``rows`` by table; ``rules``, a list with ``table``, ``kind``, ``rule`` and ``broken``,
        the number of rows or groups of rows, ``None`` where the database cannot evaluate it;
        ``broken`` and ``unread``, the numbers of such rules.
    """
    sa = require("sqlalchemy", "db", "Checking a database")
    quote = connection.dialect.identifier_preparer.quote
    rows = {
        name: connection.scalar(sa.text(f"SELECT count(*) FROM {quote(name)}"))  # noqa: S608
        for name in metadata.tables
    }
    rules = []
    for table, kind, rule, sql in _rules(metadata, quote, connection.dialect.name):
        rules.append(
            {"table": table, "kind": kind, "rule": rule, "broken": _counted(sa, connection, sql)}
        )
    return {
        "rows": rows,
        "rules": rules,
        "broken": sum(bool(rule["broken"]) for rule in rules),
        "unread": sum(rule["broken"] is None for rule in rules),
    }


def _counted(sa: Any, connection: Any, sql: str) -> int | None:
    try:
        with connection.begin_nested():
            return int(connection.scalar(sa.text(sql.replace(":", r"\:"))))
    except sa.exc.DBAPIError:
        return None


def _rules(
    metadata: Schema, quote: Callable[[str], str], dialect: str
) -> Iterator[tuple[str, str, str, str]]:
    for name, table in metadata.tables.items():
        for group in table.candidate_keys:
            kind = "primary key" if group == table.primary_key else "unique"
            yield name, kind, ", ".join(group), _repeats(table, group, quote)
        for check in table.checks:
            text = _spoken(check, dialect)
            yield name, "check", check, f"SELECT count(*) FROM {quote(name)} WHERE NOT ({text})"  # noqa: S608
    for key in metadata.foreign_keys:
        if key.when is None:
            yield key.child, "foreign key", key.name, _lost(key, quote)


def _repeats(table: Table, group: tuple[str, ...], quote: Callable[[str], str]) -> str:
    listed = ", ".join(map(quote, group))
    known = " AND ".join(f"{quote(name)} IS NOT NULL" for name in group)
    groups = f"SELECT 1 AS x FROM {quote(table.name)} WHERE {known} GROUP BY {listed}"  # noqa: S608
    return f"SELECT count(*) FROM ({groups} HAVING count(*) > 1) AS again"  # noqa: S608


def _lost(key: ForeignKey, quote: Callable[[str], str]) -> str:
    known = " AND ".join(f"c.{quote(name)} IS NOT NULL" for name in key.columns)
    pairs = zip(key.columns, key.parent_columns, strict=True)
    same = " AND ".join(f"c.{quote(here)} = p.{quote(there)}" for here, there in pairs)
    found = f"SELECT 1 FROM {quote(key.parent)} AS p WHERE {same}"  # noqa: S608
    return f"SELECT count(*) FROM {quote(key.child)} AS c WHERE {known} AND NOT EXISTS ({found})"  # noqa: S608


def _spoken(check: str, dialect: str) -> str:
    """Return a condition in the words of another database than PostgreSQL."""
    if dialect == "postgresql":
        return check
    sqlglot = require("sqlglot", "ddl", "Checking conditions")
    try:
        return str(sqlglot.transpile(check, read="postgres", write=dialect)[0])
    except sqlglot.errors.SqlglotError:
        return check
