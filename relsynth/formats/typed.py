"""Columns and tables from what a database says of them: types, keys, nullability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from relsynth.metadata.metadata import Metadata
from relsynth.metadata.native import parse_native
from relsynth.metadata.schema import Column, ForeignKey, Table

_KINDS = {
    "integer": "integer",
    "decimal": "numeric",
    "float": "numeric",
    "boolean": "boolean",
    "date": "datetime",
    "datetime": "datetime",
    "time": "timedelta",
    "interval": "timedelta",
    "uuid": "key",
}


def typed_column(
    name: str, native: str, *, nullable: bool, levels: Sequence[Any] | None = None
) -> Column:
    """Return a column of a database type.

    Parameters
    ----------
    name : str
    native : str
        Such as ``"NUMERIC(10, 2)"``.
    nullable : bool
    levels : sequence, optional
        Values of an enumeration.
    """
    parsed = parse_native(native)
    if levels:
        return Column(name, "categorical", nullable=nullable, values=tuple(levels), native="TEXT")
    return Column(
        name,
        _KINDS.get(parsed.family or "", "text"),
        nullable=nullable,
        decimals=parsed.scale,
        max_length=parsed.length,
        native=native,
    )


@dataclass
class Reference:
    """A foreign key as written: the parent's columns may be left out."""

    columns: tuple[str, ...]
    parent: str
    targets: tuple[str, ...] = ()
    name: str | None = None


@dataclass
class Declared:
    """A table while its declaration is read."""

    name: str
    columns: dict[str, Column] = field(default_factory=dict)
    primary: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)


def assemble(declared: Mapping[str, Declared], source: str) -> Metadata:
    """Return the schema of declared tables.

    Columns that only identify or refer become keys; a reference without columns goes to
    the parent's primary key; names are matched whatever their case.
    """
    spelled = {name.lower(): name for name in declared}
    keys = [key for table in declared.values() for key in _keys(table, declared, spelled)]
    keys = list(_distinct(keys))
    names = [key.name for key in keys]
    keys = [replace(key, name="") if names.count(key.name) > 1 else key for key in keys]
    tables = [_table(table, keys) for table in declared.values()]
    return Metadata(tables, keys, source=source)


def _distinct(keys: Iterable[ForeignKey]) -> Iterable[ForeignKey]:
    seen = set()
    for key in keys:
        said = (key.child, key.columns, key.parent, key.parent_columns)
        if said not in seen:
            seen.add(said)
            yield key


def _keys(
    table: Declared, declared: Mapping[str, Declared], spelled: Mapping[str, str]
) -> Iterable[ForeignKey]:
    for reference in table.references:
        parent = spelled.get(reference.parent.lower(), reference.parent)
        known = declared.get(parent)
        targets = reference.targets or (known.primary if known else ())
        columns = tuple(_spelled(name, table.columns) for name in reference.columns)
        if known:
            targets = tuple(_spelled(name, known.columns) for name in targets)
        optional = any(
            name in table.columns and table.columns[name].nullable and name not in table.primary
            for name in columns
        )
        yield ForeignKey(
            table.name, columns, parent, targets, name=reference.name or "", nullable=optional
        )


def _spelled(name: str, names: Iterable[str]) -> str:
    listed = list(names)
    if name in listed:
        return name
    return next((known for known in listed if known.lower() == name.lower()), name)


def _table(table: Declared, keys: Sequence[ForeignKey]) -> Table:
    refers = {n for key in keys if key.child == table.name for n in key.columns}
    refers |= {n for key in keys if key.parent == table.name for n in key.parent_columns}
    primary = tuple(_spelled(name, table.columns) for name in table.primary)
    keyed = refers | (set(primary) if len(primary) == 1 else set())
    columns = {}
    for name, column in table.columns.items():
        identifies = name in keyed and column.kind in ("integer", "text")
        columns[name] = replace(
            column,
            kind="key" if identifies else column.kind,
            nullable=False if name in primary else column.nullable,
        )
    unique = [tuple(_spelled(n, table.columns) for n in group) for group in table.unique]
    others = [group for group in dict.fromkeys(unique) if set(group) != set(primary)]
    return Table(
        table.name, columns, primary_key=primary, unique=tuple(others), checks=tuple(table.checks)
    )
