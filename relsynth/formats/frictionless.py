"""Frictionless Data Packages: resources with table schemas, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from relsynth.errors import Faults, SchemaError
from relsynth.schema import Column, ForeignKey, Schema, Table

_KINDS = {
    "integer": "integer",
    "year": "integer",
    "number": "numeric",
    "boolean": "boolean",
    "date": "datetime",
    "datetime": "datetime",
    "yearmonth": "datetime",
    "duration": "timedelta",
    "string": "text",
    "time": "text",
    "any": "text",
    "geopoint": "text",
    "geojson": "text",
    "object": "text",
    "array": "text",
    "list": "text",
}
_AT = r"-?[1-8][0-9]\.[0-9]{4}"
_FORMS = {
    ("geopoint", ""): f"{_AT}, {_AT}",
    ("geopoint", "array"): rf"\[{_AT}, {_AT}\]",
    ("geopoint", "object"): rf'\{{"lon": {_AT}, "lat": {_AT}\}}',
    ("geojson", ""): rf'\{{"type": "Point", "coordinates": \[{_AT}, {_AT}\]\}}',
    ("geojson", "topojson"): r'\{"type": "Topology", "objects": \{\}, "arcs": \[\]\}',
    ("object", ""): r'\{"[a-z]{3,6}": [1-9][0-9]?\}',
    ("time", ""): "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
    ("list", ""): "[a-z]{3,6}(,[a-z]{3,6})?",
    ("array", ""): r'\["[a-z]{3,6}", "[a-z]{3,6}"\]',
}
"""How the values of types that are neither numbers, words nor dates are written."""
_PROVIDERS = {"email": "email", "uri": "url", "uuid": "uuid4"}


def is_frictionless(document: object) -> bool:
    """Return whether a parsed JSON document is a data package."""
    return isinstance(document, Mapping) and isinstance(document.get("resources"), list)


def read_frictionless(document: Mapping[str, Any], source: str = "schema") -> Schema:
    """Read a data package of version 1 or 2.

    Parameters
    ----------
    source : str
        Opens error messages.

    Returns
    -------
    Schema
        ``primaryKey``, ``foreignKeys`` (an empty or missing resource is the table itself),
        ``uniqueKeys`` and the constraints of fields.

    Raises
    ------
    SchemaError
        Listing resources without a name or schema, and fields without a name or known type.
    """
    tables, keys = [], []
    with Faults(source, SchemaError) as faults:
        for number, resource in enumerate(document["resources"]):
            schema = resource.get("schema") if isinstance(resource, Mapping) else None
            name = resource.get("name") if isinstance(resource, Mapping) else None
            if not isinstance(name, str) or not isinstance(schema, Mapping):
                faults.add(f"resource {number} needs a 'name' and a 'schema' with fields")
                continue
            tables.append(_table(name, schema, faults))
            keys += [_key(name, given, tables[-1]) for given in schema.get("foreignKeys", [])]
    return Schema(tables, keys, source=source)


def _listed(names: Any) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())


def _table(name: str, schema: Mapping[str, Any], faults: Faults) -> Table:
    primary = _listed(schema.get("primaryKey"))
    unique = [_listed(group) for group in schema.get("uniqueKeys", [])]
    refers = {n for key in schema.get("foreignKeys", []) for n in _listed(key.get("fields"))}
    columns = {}
    for field in schema.get("fields", []):
        column = _column(name, field, faults)
        if column.name in refers or primary == (column.name,):
            kept = column.kind if column.kind == "datetime" else "key"
            column = replace(column, kind=kept)
        if column.name in primary:
            column = replace(column, nullable=False)
        columns[column.name] = column
        if field.get("constraints", {}).get("unique") and (column.name,) != primary:
            unique.append((column.name,))
    checks = [
        f'length("{field["name"]}") >= {least}'
        for field in schema.get("fields", [])
        if (least := field.get("constraints", {}).get("minLength")) is not None
        and field.get("type", "string") == "string"
    ]
    unique = list(dict.fromkeys(unique))
    return Table(name, columns, primary_key=primary, unique=tuple(unique), checks=tuple(checks))


def _column(table: str, field: Mapping[str, Any], faults: Faults) -> Column:
    name, kind = str(field.get("name", "")), field.get("type", "string")
    if not name:
        faults.add(f"{table}: a field has no name")
    if kind not in _KINDS:
        faults.add(f"{table}.{name} has the type {kind!r}, which cannot be generated")
    said = field.get("constraints", {})
    form, native = field.get("format"), {"date": "DATE", "datetime": "TIMESTAMP"}.get(kind)
    dated = kind in ("date", "datetime", "yearmonth")
    explicit = form if dated and form not in (None, "default", "any") else None
    return Column(
        name,
        _KINDS.get(kind, "text") if not said.get("enum") else "categorical",
        nullable=not said.get("required", False),
        low=said.get("minimum"),
        high=said.get("maximum"),
        values=tuple(said["enum"]) if said.get("enum") else None,
        pattern=said.get("pattern")
        or _FORMS.get((kind, str(form or "")))
        or _FORMS.get((kind, "")),
        max_length=said.get("maxLength"),
        format="%Y-%m" if kind == "yearmonth" else explicit,
        provider=_PROVIDERS.get(str(form)) if kind == "string" else None,
        native=None if explicit else native,
    )


def _key(table: str, given: Mapping[str, Any], child: Table) -> ForeignKey:
    columns = _listed(given.get("fields"))
    reference = given.get("reference", {})
    optional = any(child.columns[n].nullable for n in columns if n in child.columns)
    return ForeignKey(
        table,
        columns,
        reference.get("resource") or table,
        _listed(reference.get("fields")),
        nullable=optional,
    )
