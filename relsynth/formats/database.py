"""Schemas of live databases and of SQLAlchemy models."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from relsynth.errors import Faults, SchemaError, did_you_mean
from relsynth.formats.ddl_constraints import add_exclusion
from relsynth.formats.ddl_types import as_postgres, column_of_type
from relsynth.formats.typed import (
    Declared,
    Reference,
    Unique,
    assemble,
    distinguish_targets,
    typed_column,
)
from relsynth.optional import require
from relsynth.schema import Note, Schema

EXCLUSIONS = "exclusions"
"""Under which the texts of exclusion constraints are kept in the ``info`` of a table."""
_OF_THE_SYSTEM = ("information_schema", "pg_catalog", "sys", "mysql", "performance_schema")


def reflect_schema(
    bind: Any, schemas: str | Iterable[str] = (), exclude: Iterable[str] = ()
) -> Schema:
    """Read the schema of a live database.

    Parameters
    ----------
    schemas : str or iterable of str
        Schemas of the database; the default one where none is named.
    exclude : iterable of str
        Tables, and columns as ``table.column``, to leave out.

    Returns
    -------
    Schema
        With keys, unique sets, CHECKs, enumerations, lengths and precisions. Views, and schemas
        that were not read, are named in its notes.

    Raises
    ------
    SchemaError
        Where it has no tables, or what is to be excluded or read is not there.
    """
    sa = require("sqlalchemy", "db", "Reading the schema of a database")
    source = bind.engine.url.render_as_string()
    inspector = sa.inspect(bind)
    places: list[str] = [schemas] if isinstance(schemas, str) else list(schemas)
    with Faults(source, SchemaError) as faults:
        for place in places:
            known = inspector.get_schema_names()
            if place not in known:
                faults.add(f"no schema {place!r}; {did_you_mean(place, known)}")
    found = reflected_tables(bind, places)
    if not found:
        raise SchemaError(f"{source}: the database has no tables")
    for table in found.values():
        _add_checks(sa, inspector, table)
    names = {id(table): name for name, table in found.items()}
    spelled = {(table.schema, table.name): name for name, table in found.items()}
    declared = {names[id(t)]: _declared(sa, t, names[id(t)], spelled) for t in found.values()}
    lenient = bind.dialect.name in ("mysql", "mariadb")
    distinguished = distinguish_targets(declared) if lenient else []
    made = assemble(declared, source, mysql=lenient)
    notes = [
        Note(view, "a view, left out", "its rows follow from tables", advice=True)
        for place in (places or (None,))
        for view in inspector.get_view_names(schema=place)
    ]
    whole = Schema(
        made.tables, made.foreign_keys, notes=[*made.notes, *distinguished, *notes], source=source
    )
    return whole.without(exclude)


def reflected_tables(
    connection: Any, schemas: Iterable[str] = (), wanted: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return the tables of a database as SQLAlchemy sees them, by the names they get here.

    Parameters
    ----------
    schemas : iterable of str
        To read; the default one where none is named.
    wanted : iterable of str, optional
        Names given before: those that the default schema lacks are looked for in the others.

    Notes
    -----
    A name that several schemas have is ``schema.table``.
    """
    sa = require("sqlalchemy", "db", "Reading the schema of a database")
    inspector = sa.inspect(connection)
    default = inspector.default_schema_name
    places: list[str | None] = [*schemas] or [None]
    if wanted is not None and not set(wanted) <= set(inspector.get_table_names()):
        others = set(inspector.get_schema_names()) - {default, *_OF_THE_SYSTEM}
        places += sorted(others)
    declared = sa.MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        for place in places:
            declared.reflect(connection, schema=place, resolve_fks=False)
    _add_exclusions(sa, connection, declared)
    parts = _partitions(sa, connection)
    tables = [
        table
        for table in declared.tables.values()
        if table.schema in places and (table.schema or default, table.name) not in parts
    ]
    names = [table.name for table in tables]
    full = {f"{table.schema or default}.{table.name}": table for table in tables}
    single = {table.name: table for table in tables if names.count(table.name) == 1}
    if wanted is None:
        return single | {name: t for name, t in full.items() if t.name not in single}
    return full | single | {table.name: table for table in tables if table.schema is None}


def _partitions(sa: Any, connection: Any) -> set[tuple[str, str]]:
    """Return the tables that are parts of others, by schema and name."""
    if connection.dialect.name != "postgresql":
        return set()
    sql = (
        "SELECT n.nspname, c.relname FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relispartition"
    )
    return {(schema, name) for schema, name in connection.execute(sa.text(sql))}


def _add_exclusions(sa: Any, connection: Any, declared: Any) -> None:
    """Keep the exclusion constraints of tables, which SQLAlchemy does not read."""
    if connection.dialect.name != "postgresql":
        return
    sql = (
        "SELECT n.nspname, c.relname, pg_get_constraintdef(x.oid) FROM pg_constraint x "
        "JOIN pg_class c ON c.oid = x.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE x.contype = 'x'"
    )
    default = sa.inspect(connection).default_schema_name
    listed = [tuple(row) for row in connection.execute(sa.text(sql))]
    for table in declared.tables.values():
        found = [t for s, n, t in listed if (s, n) == (table.schema or default, table.name)]
        table.info[EXCLUSIONS] = found


def _add_checks(sa: Any, inspector: Any, table: Any) -> None:
    known = {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint)}
    if inspector.bind.dialect.name in ("mysql", "mariadb") and inspector.bind.dialect.is_mariadb:
        sql = (  # SQLAlchemy leaves out those that stand beside a column, such as that of JSON
            "SELECT check_clause FROM information_schema.check_constraints WHERE level = 'Column' "
            "AND table_name = :table AND constraint_schema = coalesce(:place, database())"
        )
        said = {"table": table.name, "place": table.schema}
        for (text,) in inspector.bind.execute(sa.text(sql), said):
            escaped = text.replace(":", r"\:")
            table.append_constraint(sa.CheckConstraint(sa.text(escaped)))
    try:
        listed = inspector.get_check_constraints(table.name, schema=table.schema)
    except NotImplementedError:
        return
    for check in listed:
        if check["name"] is None or check["name"] not in known:
            text = check["sqltext"].replace(":", r"\:")
            table.append_constraint(sa.CheckConstraint(sa.text(text)))


def from_sqlalchemy(schema: Any, *, source: str = "SQLAlchemy models") -> Schema:
    """Read the tables of an SQLAlchemy `MetaData`.

    Parameters
    ----------
    source : str
        Opens error messages.

    Examples
    --------
    >>> import sqlalchemy as sa
    >>> models = sa.MetaData()
    >>> _ = sa.Table("users", models, sa.Column("id", sa.Integer, primary_key=True))
    >>> from_sqlalchemy(models).tables["users"].primary_key
    ('id',)
    """
    sa = require("sqlalchemy", "db", "Reading SQLAlchemy models")
    found = getattr(schema, "metadata", schema)
    if not found.tables:
        raise SchemaError(f"{source}: the database has no tables")
    tables = found.sorted_tables
    spelled = {(table.schema, table.name): table.name for table in tables}
    return assemble({t.name: _declared(sa, t, t.name, spelled) for t in tables}, source)


def _declared(
    sa: Any, table: Any, name: str, spelled: Mapping[tuple[str | None, str], str]
) -> Declared:
    read = Declared(name)
    mysql = any(_is_of_mysql(column.type) for column in table.columns)
    for column in table.columns:
        levels = list(column.type.enums) if isinstance(column.type, sa.Enum) else None
        optional = bool(column.nullable) and not column.primary_key
        if _is_of_mysql(column.type) and levels is None:
            written = column.type.compile(_mysql())
            made = replace(column_of_type(column.name, written, "mysql"), nullable=optional)
        else:
            native = _native(sa, column.type)
            made = typed_column(column.name, native, nullable=optional, levels=levels)
        if column.computed is not None:
            formula = _spoken(str(column.computed.sqltext), mysql)
            made = replace(made, derived=formula, generated=True)
        read.columns[column.name] = made
        check = getattr(column.type, "check", None)  # a domain's own condition
        if isinstance(check, str):
            quoted = '"' + column.name.replace('"', '""') + '"'
            read.checks.append(re.sub(r"\bVALUE\b", quoted, check))
        if column.unique:
            read.unique.append(Unique((column.name,)))
    read.primary = tuple(column.name for column in table.primary_key.columns)
    for constraint in table.constraints:
        _add_constraint(sa, read, constraint, spelled)
    for index in table.indexes:
        parts = [
            part.name if isinstance(part, sa.Column) else f"={part}".replace(f"{table.name}.", "")
            for part in index.expressions
        ]
        options = [dict(kind) for kind in index.dialect_options.values()]
        where = next((str(o["where"]) for o in options if o.get("where") is not None), "")
        together = any(o.get("nulls_not_distinct") for o in options)
        if index.unique and parts:
            read.unique.append(Unique(tuple(map(str, parts)), where=where, together=together))
    for text in sorted(_exclusions(table)):
        add_exclusion(read, text)
    read.references.sort(key=lambda reference: (reference.columns, reference.parent))
    read.unique.sort(key=lambda unique: unique.columns)
    read.checks = sorted(_spoken(check, mysql) for check in read.checks)
    return read


def _exclusions(table: Any) -> Iterable[str]:
    """Yield the exclusion constraints of a table, as PostgreSQL writes them."""
    yield from table.info.get(EXCLUSIONS, ())
    postgresql: Any = import_module("sqlalchemy.dialects.postgresql")
    adding = import_module("sqlalchemy.schema").AddConstraint
    for constraint in table.constraints:
        if isinstance(constraint, postgresql.ExcludeConstraint):
            text = str(adding(constraint).compile(dialect=postgresql.dialect()))
            yield text[text.index("EXCLUDE") :]


def _is_of_mysql(kind: Any) -> bool:
    return type(kind).__module__.startswith("sqlalchemy.dialects.mysql")


def _mysql() -> Any:
    return import_module("sqlalchemy.dialects.mysql").dialect()


def _spoken(condition: str, mysql: bool) -> str:
    return as_postgres(condition, "mysql") if mysql else condition


def _add_constraint(
    sa: Any, read: Declared, constraint: Any, spelled: Mapping[tuple[str | None, str], str]
) -> None:
    if isinstance(constraint, sa.UniqueConstraint):
        read.unique.append(Unique(tuple(column.name for column in constraint.columns)))
    elif isinstance(constraint, sa.CheckConstraint):
        read.checks.append(str(constraint.sqltext))
    elif isinstance(constraint, sa.ForeignKeyConstraint):
        targets = [element.target_fullname.split(".") for element in constraint.elements]
        name = constraint.name if isinstance(constraint.name, str) else None
        read.references.append(
            Reference(
                tuple(constraint.column_keys),
                spelled.get((".".join(targets[0][:-2]) or None, targets[0][-2]), targets[0][-2]),
                tuple(target[-1] for target in targets),
                name,
                deferrable=bool(constraint.deferrable or constraint.initially),
            )
        )


def _native(sa: Any, kind: Any) -> str:
    """Return the type as SQL text, without what no other database understands."""
    if isinstance(kind, sa.types.NullType):
        return "TEXT"
    if isinstance(kind, sa.Uuid):
        return "UUID"
    if isinstance(kind, sa.Enum):
        return "TEXT"
    if isinstance(kind, sa.LargeBinary):
        return "BYTEA"
    postgresql: Any = import_module("sqlalchemy.dialects.postgresql")
    if isinstance(kind, postgresql.DOMAIN):
        return _native(sa, kind.data_type)
    try:
        return str(kind.compile(postgresql.dialect()))
    except (AttributeError, sa.exc.CompileError, sa.exc.UnsupportedCompilationError):
        return str(kind)
