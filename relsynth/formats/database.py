"""Schemas of live databases and of SQLAlchemy models."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

from relsynth.errors import SchemaError
from relsynth.formats.typed import Declared, Reference, Unique, assemble, typed_column
from relsynth.optional import require
from relsynth.schema import Schema


def reflect_schema(bind: Any) -> Schema:
    """Read the schema of a live database.

    Parameters
    ----------
    bind : sqlalchemy.engine.Connection

    Returns
    -------
    Schema
        With keys, unique sets, CHECKs, enumerations, lengths and precisions.

    Raises
    ------
    SchemaError
        Where it has no tables.
    """
    sa = require("sqlalchemy", "db", "Reading the schema of a database")
    schema = sa.MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        schema.reflect(bind)
        inspector = sa.inspect(bind)
        for table in schema.tables.values():
            _add_checks(sa, inspector, table)
    return from_sqlalchemy(schema, source=bind.engine.url.render_as_string())


def _add_checks(sa: Any, inspector: Any, table: Any) -> None:
    known = {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint)}
    try:
        listed = inspector.get_check_constraints(table.name)
    except NotImplementedError:
        return
    for check in listed:
        if check["name"] is None or check["name"] not in known:
            table.append_constraint(sa.CheckConstraint(sa.text(check["sqltext"])))


def from_sqlalchemy(schema: Any, *, source: str = "SQLAlchemy models") -> Schema:
    """Read the tables of an SQLAlchemy `MetaData`.

    Parameters
    ----------
    schema : sqlalchemy.MetaData or declarative base
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
    return assemble({table.name: _declared(sa, table) for table in found.sorted_tables}, source)


def _declared(sa: Any, table: Any) -> Declared:
    read = Declared(table.name)
    for column in table.columns:
        levels = list(column.type.enums) if isinstance(column.type, sa.Enum) else None
        made = typed_column(
            column.name,
            _native(sa, column.type),
            nullable=bool(column.nullable) and not column.primary_key,
            levels=levels,
        )
        if column.computed is not None:
            made = replace(made, derived=str(column.computed.sqltext), generated=True)
        read.columns[column.name] = made
        if column.unique:
            read.unique.append(Unique((column.name,)))
    read.primary = tuple(column.name for column in table.primary_key.columns)
    for constraint in table.constraints:
        _add_constraint(sa, read, constraint)
    for index in table.indexes:
        names = tuple(str(getattr(part, "name", None) or "") for part in index.expressions)
        partial = any(kind.get("where") is not None for kind in index.dialect_options.values())
        if index.unique and all(names) and not partial:
            read.unique.append(Unique(names))
    read.references.sort(key=lambda reference: (reference.columns, reference.parent))
    read.unique.sort(key=lambda unique: unique.columns)
    read.checks.sort()
    return read


def _add_constraint(sa: Any, read: Declared, constraint: Any) -> None:
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
                targets[0][-2],
                tuple(target[-1] for target in targets),
                name,
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
    try:
        return str(kind.compile(sa.dialects.postgresql.dialect()))
    except (AttributeError, sa.exc.CompileError, sa.exc.UnsupportedCompilationError):
        return str(kind)
