"""Correct a guess: one column, one key, one rule; checked before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from relsynth.errors import Faults, SchemaError, did_you_mean
from relsynth.schema import Column, ForeignKey, Note, Schema, Table

# the schema file's words for the fields of a column
_FIELD_OF = {"type": "kind", "min": "low", "max": "high"}
_COLUMN_FIELDS = tuple(field.name for field in fields(Column) if field.name != "name")
_TABLE_FIELDS = ("role", "rows")
_LISTED = ("values", "weights")
BY_USER = "as set by the user"


def changed_column(
    schema: Schema, table: str, column: str, changes: Mapping[str, Any]
) -> tuple[Table, Note]:
    """Return a table in which fields of one column are replaced, and the note that says so."""
    found = _column(schema, table, column)
    given = {_FIELD_OF.get(name, name): value for name, value in changes.items()}
    _check_fields(f"{table}.{column}", given, _COLUMN_FIELDS)
    for name in _LISTED:
        if given.get(name) is not None:
            given[name] = tuple(given[name])
    said = ", ".join(f"{name} {value!r}" for name, value in changes.items())
    made = schema.tables[table].with_columns({column: replace(found, **given)})
    return made, Note(f"{table}.{column}", said, BY_USER)


def changed_table(schema: Schema, table: str, changes: Mapping[str, Any]) -> tuple[Table, Note]:
    """Return a table with another role or number of rows, and the note that says so."""
    _check_fields(table, changes, _TABLE_FIELDS)
    said = ", ".join(f"{name} {value!r}" for name, value in changes.items())
    return replace(_table(schema, table), **changes), Note(table, said, BY_USER)


def new_key(
    schema: Schema,
    child: str,
    columns: Iterable[str],
    parent: str,
    parent_columns: Iterable[str] | None,
    *,
    nullable: bool | None,
    when: Mapping[str, Any] | None,
    context: bool,
) -> tuple[Table, ForeignKey]:
    """Return the foreign key, and the child table with its columns as keys."""
    names = tuple(columns)
    for name in names:
        _column(schema, child, name)
    above = _table(schema, parent)
    targets = above.primary_key if parent_columns is None else tuple(parent_columns)
    if not targets:
        raise SchemaError(
            f"{parent!r} has no primary key; give parent_columns, or set_primary_key first"
        )
    for name in targets:
        _column(schema, parent, name)
    table = schema.tables[child]
    keyed = {
        name: replace(Column(name, "key"), nullable=table.columns[name].nullable)
        for name, target in zip(names, targets, strict=False)
        if above.columns[target].kind == "key" and table.columns[name].kind != "key"
    }
    key = ForeignKey(child, names, parent, targets, nullable=nullable, when=when, context=context)
    return table.with_columns(keyed), key


def found_key(schema: Schema, child: str, columns: Iterable[str], parent: str | None) -> ForeignKey:
    """Return the foreign key of a child table with these columns.

    Raises
    ------
    SchemaError
        Where there is none, or several parents are referred to.
    """
    _table(schema, child)
    names = tuple(columns)
    found = [
        key
        for key in schema.parents_of(child)
        if key.columns == names and parent in (None, key.parent)
    ]
    if len(found) == 1:
        return found[0]
    there = ["+".join(key.columns) for key in schema.parents_of(child)]
    if not found:
        hint = did_you_mean("+".join(names), there)
        raise SchemaError(f"{child} has no foreign key {'+'.join(names)!r}; {hint}")
    parents = ", ".join(repr(key.parent) for key in found)
    raise SchemaError(f"{child}.{'+'.join(names)} refers to {parents}; name the parent as well")


def names_of(columns: str | Iterable[str]) -> tuple[str, ...]:
    """Return column names, of which one may be given as text."""
    return (columns,) if isinstance(columns, str) else tuple(columns)


def keyed_table(schema: Schema, table: str, columns: tuple[str, ...]) -> Table:
    """Return a table with another primary key; none for no columns."""
    for name in columns:
        _column(schema, table, name)
    return replace(schema.tables[table], primary_key=columns)


def checked_table(schema: Schema, table: str, check: str) -> Table:
    """Return a table with one more check."""
    found = _table(schema, table)
    return replace(found, checks=(*found.checks, check))


def _table(schema: Schema, table: str) -> Table:
    if table not in schema.tables:
        raise SchemaError(f"no table {table!r}; {did_you_mean(table, schema.tables)}")
    return schema.tables[table]


def _column(schema: Schema, table: str, column: str) -> Column:
    columns = _table(schema, table).columns
    if column not in columns:
        raise SchemaError(f"{table} has no column {column!r}; {did_you_mean(column, columns)}")
    return columns[column]


def _check_fields(where: str, given: Mapping[str, Any], allowed: Iterable[str]) -> None:
    with Faults(where, SchemaError) as faults:
        if not given:
            faults.add(f"nothing to set; name a field such as {next(iter(allowed))}=")
        for name in given:
            if name not in allowed:
                faults.add(f"no field {name!r}; {did_you_mean(name, allowed)}")
