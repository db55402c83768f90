"""The library's own schema file: JSON, version 1, described by ``relsynth.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

from relsynth.errors import Faults, SchemaError, did_you_mean
from relsynth.formats.shipped import shipped_schema
from relsynth.schema import Column, ForeignKey, Schema, Table

if TYPE_CHECKING:
    from jsonschema import ValidationError

VERSION = 1  # raised where older releases could not read what is written
_JSON_NAMES = {"kind": "type", "low": "min", "high": "max"}
_FIELD_NAMES = {short: name for name, short in _JSON_NAMES.items()}


def is_own(document: object) -> bool:
    """Return whether a parsed JSON document is the library's own format."""
    return isinstance(document, Mapping) and "relsynth" in document


def read_own(document: Mapping[str, Any], source: str = "schema") -> Schema:
    """Read the library's own JSON document.

    Parameters
    ----------
    source : str
        Where it came from; opens error messages.

    Raises
    ------
    SchemaError
        Listing every fault with its path in the document.
    """
    version = document["relsynth"]
    if isinstance(version, int) and version > VERSION:
        raise SchemaError(
            f"{source}: written in version {version} of the format; this library reads "
            f"version {VERSION}; a newer release of it is needed"
        )
    with Faults(source, SchemaError) as faults:
        for error in _validator().iter_errors(document):
            for fault in _explain(error):
                faults.add(fault)
    tables = {name: _read_table(name, given) for name, given in document["tables"].items()}
    keys = [_read_key(given, tables) for given in document.get("foreign_keys", [])]
    return Schema(tables, keys, source=source)


def write_own(metadata: Schema) -> dict[str, Any]:
    """Return the library's own JSON document, version 1; see `Metadata.to_dict`."""
    document: dict[str, Any] = {
        "relsynth": VERSION,
        "tables": {name: _write_table(table) for name, table in metadata.tables.items()},
    }
    if metadata.foreign_keys:
        document["foreign_keys"] = [_write_key(key) for key in metadata.foreign_keys]
    return document


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    path = shipped_schema("relsynth.schema.json")
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def _explain(error: ValidationError) -> Iterable[str]:
    where = ".".join(str(part) for part in error.absolute_path) or "the document"
    if error.validator == "additionalProperties":
        allowed = error.schema["properties"]
        for key in error.instance:
            if key not in allowed:
                yield f"{where} has the unknown key {key!r}; {did_you_mean(key, allowed)}"
    elif error.validator == "enum":
        hint = did_you_mean(error.instance, error.validator_value)
        yield f"{where} is {error.instance!r}; {hint}"
    elif error.validator == "required":
        lacking = [key for key in error.validator_value if key not in error.instance]
        yield f"{where} lacks {', '.join(repr(key) for key in lacking)}"
    elif error.validator == "type":
        wanted = error.validator_value
        names = wanted if isinstance(wanted, list) else [wanted]
        yield f"{where} is {error.instance!r}; it must be of type {' or '.join(names)}"
    else:
        yield f"{where}: {error.message}"


def _read_table(name: str, given: Mapping[str, Any]) -> Table:
    return Table(
        name,
        {column: _read_column(column, said) for column, said in given["columns"].items()},
        primary_key=tuple(given.get("primary_key", ())),
        unique=tuple(tuple(columns) for columns in given.get("unique", ())),
        checks=tuple(given.get("checks", ())),
        constraints=tuple(given.get("constraints", ())),
        role=given.get("role"),
        rows=given.get("rows"),
    )


def _read_column(name: str, given: Mapping[str, Any]) -> Column:
    said = {_FIELD_NAMES.get(key, key): value for key, value in given.items()}
    for listed in ("values", "weights"):
        if listed in said:
            said[listed] = tuple(said[listed])
    return Column(name, **said)


def _read_key(given: Mapping[str, Any], tables: Mapping[str, Table]) -> ForeignKey:
    parent = tables.get(given["parent"])
    targets = given.get("parent_columns", parent.primary_key if parent else ())
    rest = {
        key: given[key]
        for key in ("name", "nullable", "when", "children", "context", "deferrable")
        if key in given
    }
    return ForeignKey(
        given["child"], tuple(given["columns"]), given["parent"], tuple(targets), **rest
    )


def _write_table(table: Table) -> dict[str, Any]:
    written: dict[str, Any] = {
        "columns": {name: _write_fields(column) for name, column in table.columns.items()}
    }
    lists = {
        "primary_key": list(table.primary_key),
        "unique": [list(columns) for columns in table.unique],
        "checks": list(table.checks),
        "constraints": [dict(constraint) for constraint in table.constraints],
    }
    written.update({key: value for key, value in lists.items() if value})
    if table.role is not None:
        written["role"] = table.role
    if table.rows is not None:
        written["rows"] = table.rows
    return written


def _write_key(key: ForeignKey) -> dict[str, Any]:
    written = _write_fields(key)
    if key.name != key.default_name:
        return {"name": key.name, **written}
    return written


def _write_fields(said: Column | ForeignKey) -> dict[str, Any]:
    """Return the fields that differ from their defaults, under their JSON names."""
    written: dict[str, Any] = {}
    for field in fields(said):
        value = getattr(said, field.name)
        if field.name == "name" or (value == field.default and field.name != "kind"):
            continue
        if isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, Mapping):
            value = dict(value)
        written[_JSON_NAMES.get(field.name, field.name)] = value
    return written
