"""Check a schema against itself: every contradiction is found and reported at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from relsynth.errors import Faults, SchemaError, did_you_mean
from relsynth.schema.check_column import check_column
from relsynth.schema.expressions import column_names
from relsynth.schema.graph import break_cycles, build_graph
from relsynth.schema.native import parse_native
from relsynth.schema.words import MOST_COLUMNS, ROLES, Column, ForeignKey, Table

_FAMILIES = {
    "numeric": "number",
    "integer": "number",
    "boolean": "boolean",
    "datetime": "datetime",
    "timedelta": "timedelta",
    "text": "text",
}
_NATIVE = {
    "integer": "number",
    "decimal": "number",
    "float": "number",
    "boolean": "boolean",
    "text": "text",
    "uuid": "text",
    "date": "datetime",
    "datetime": "datetime",
    "interval": "timedelta",
}


def check_schema(
    tables: Sequence[Table], foreign_keys: Iterable[ForeignKey], source: str = "schema"
) -> None:
    """Raise one error that lists everything a schema contradicts itself in.

    Parameters
    ----------
    source : str
        Where the schema came from; opens the message.

    Raises
    ------
    SchemaError
        For names that do not exist, keys that cannot be keys, columns whose limits exclude
        each other and cycles of required keys.
    """
    keys = list(foreign_keys)
    with Faults(source, SchemaError) as faults:
        if not tables:
            faults.add("no tables; a schema needs at least one")
        for name, count in Counter(table.name for table in tables).items():
            if count > 1:
                faults.add(f"{count} tables are named {name!r}; a table name must be unique")
        known = {table.name: table for table in tables}
        for table in tables:
            _check_table(table, known, faults)
        _check_names(keys, faults)
        for key in keys:
            _check_foreign_key(key, known, faults)
        try:
            break_cycles(build_graph(known, keys))
        except SchemaError as error:
            for fault in error.faults:
                faults.add(fault)


def _check_table(table: Table, known: Mapping[str, Table], faults: Faults) -> None:
    where = f"table {table.name!r}"
    _check_shape(where, table, faults)
    if len(table.columns) > MOST_COLUMNS:
        return
    for name, column in table.columns.items():
        if name != column.name:
            faults.add(f"{where} lists the column {column.name!r} under the name {name!r}")
        check_column(f"{table.name}.{name}", column, faults)
    _check_names_in(where, "primary key", table.primary_key, table, faults)
    for unique in table.unique:
        if not unique:
            faults.add(f"{where}: a unique set names no columns")
        _check_names_in(where, "unique set", unique, table, faults)
    _check_primary_key(table, faults)
    if table.role is not None and table.role not in ROLES:
        faults.add(
            f"{where} has the unknown role {table.role!r}; {did_you_mean(table.role, ROLES)}"
        )
    if table.rows is not None and table.rows < 0:
        faults.add(f"{where} asks for {table.rows} rows; 0 or more are possible")
    for condition in table.checks:
        _check_condition(where, condition, table, known, faults)
    for constraint in table.constraints:
        if not constraint.get("type"):
            faults.add(f"{where}: the constraint {dict(constraint)} has no 'type'")


def _check_shape(where: str, table: Table, faults: Faults) -> None:
    if not table.columns:
        faults.add(f"{where} has no columns")
    if len(table.columns) > MOST_COLUMNS:
        faults.add(
            f"{where} has {len(table.columns):,} columns, at most {MOST_COLUMNS:,} are taken"
        )
    for name in (table.name, *table.columns):
        _check_characters(where, name, faults)


def _check_characters(where: str, name: str, faults: Faults) -> None:
    """Add a fault for a name that no file and no database can have."""
    if "\0" in name:
        faults.add(f"{where}: the name {name!r} holds a NUL, which no file or database takes")
    if any("\ud800" <= character <= "\udfff" for character in name):
        faults.add(f"{where}: the name {name!r} holds half of a character, which UTF-8 has not")


def _check_primary_key(table: Table, faults: Faults) -> None:
    for name in table.primary_key:
        if name in table.columns and table.columns[name].nullable:
            faults.add(
                f"{table.name}.{name} is part of the primary key but nullable; "
                "a primary key is never null"
            )


def _check_names_in(
    where: str, what: str, names: Sequence[str], table: Table, faults: Faults
) -> None:
    for name, count in Counter(names).items():
        if name not in table.columns:
            faults.add(
                f"{where}: the {what} names the column {name!r}, which does not exist; "
                f"{did_you_mean(name, table.columns)}"
            )
        elif count > 1:
            faults.add(f"{where}: the {what} names the column {name!r} {count} times")


def _check_condition(
    where: str, condition: str, table: Table, known: Mapping[str, Table], faults: Faults
) -> None:
    for qualifier, name in column_names(condition):
        if qualifier and qualifier not in known:
            continue
        home = known[qualifier] if qualifier else table
        lowered = {column.lower() for column in home.columns}
        if name.lower() not in lowered:
            faults.add(
                f"{where}: the check {condition!r} names the column {name!r}, which "
                f"{home.name!r} does not have; {did_you_mean(name, home.columns)}"
            )


def _check_names(keys: Sequence[ForeignKey], faults: Faults) -> None:
    for name, count in Counter(key.name for key in keys).items():
        if count > 1:
            faults.add(f"{count} foreign keys are named {name!r}; give each a name of its own")
    first: dict[object, ForeignKey] = {}
    for key in keys:
        pairs = frozenset(zip(key.columns, key.parent_columns, strict=False))
        twin = first.setdefault((key.child, key.parent, pairs, str(key.when)), key)
        if twin.name != key.name:
            faults.add(f"the foreign keys {twin.name!r} and {key.name!r} say the same thing twice")


def _check_foreign_key(key: ForeignKey, known: Mapping[str, Table], faults: Faults) -> None:
    where = f"foreign key {key.name!r}"
    for role, name in (("child", key.child), ("parent", key.parent)):
        if name not in known:
            faults.add(
                f"{where}: the {role} table {name!r} does not exist; {did_you_mean(name, known)}"
            )
    if not key.columns:
        faults.add(f"{where} names no columns")
    if len(key.columns) != len(key.parent_columns):
        faults.add(
            f"{where} maps {len(key.columns)} columns of {key.child!r} ({', '.join(key.columns)}) "
            f"to {len(key.parent_columns)} of {key.parent!r} ({', '.join(key.parent_columns)}); "
            "they must correspond one to one"
        )
    if key.child not in known or key.parent not in known:
        return
    child, parent = known[key.child], known[key.parent]
    _check_names_in(where, "child side", key.columns, child, faults)
    _check_names_in(where, "parent side", key.parent_columns, parent, faults)
    _check_target(where, key, parent, faults)
    _check_types(where, key, child, parent, faults)
    _check_nullable(where, key, child, faults)
    for name in key.when or {}:
        if name not in child.columns:
            faults.add(
                f"{where}: 'when' names the column {name!r}, which {child.name!r} does not have; "
                f"{did_you_mean(name, child.columns)}"
            )


def _check_target(where: str, key: ForeignKey, parent: Table, faults: Faults) -> None:
    wanted = set(key.parent_columns)
    if not wanted <= set(parent.columns):
        return
    if all(wanted != set(candidate) for candidate in parent.candidate_keys):
        keys = " or ".join(f"({', '.join(found)})" for found in parent.candidate_keys) or "none"
        faults.add(
            f"{where} refers to {parent.name}({', '.join(key.parent_columns)}), which is neither "
            f"the primary key nor a unique set of {parent.name!r} (it has {keys})"
        )


def _check_types(where: str, key: ForeignKey, child: Table, parent: Table, faults: Faults) -> None:
    for name, target in zip(key.columns, key.parent_columns, strict=False):
        if name not in child.columns or target not in parent.columns:
            continue
        here, there = child.columns[name], parent.columns[target]
        kinds = {_family(here), _family(there)} - {None}
        if len(kinds) > 1:
            faults.add(
                f"{where}: {child.name}.{name} is {_described(here)} but "
                f"{parent.name}.{target} is {_described(there)}; both must have one type"
            )


def _family(column: Column) -> str | None:
    if column.kind in _FAMILIES:
        return _FAMILIES[column.kind]
    family = parse_native(column.native).family
    return None if family is None else _NATIVE.get(family)


def _described(column: Column) -> str:
    return f"{column.kind} ({column.native})" if column.native else column.kind


def _check_nullable(where: str, key: ForeignKey, child: Table, faults: Faults) -> None:
    if not key.nullable or key.when:
        return
    columns = [child.columns[name] for name in key.columns if name in child.columns]
    if columns and all(
        column.nullable is False or column.name in child.primary_key for column in columns
    ):
        faults.add(
            f"{where} is nullable but none of its columns may be null; "
            "drop one of the two statements"
        )
