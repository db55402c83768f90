"""Pydantic models and dataclasses, by the types and limits of their fields."""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

from relsynth.errors import Faults, SchemaError
from relsynth.formats.typed import Declared, Reference, assemble, typed_column
from relsynth.schema import Column, Schema

_NATIVES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"), (int, "bigint"), (float, "double precision"), (Decimal, "numeric"),
    (dt.datetime, "timestamp"), (dt.date, "date"), (dt.time, "time"), (dt.timedelta, "interval"),
    (UUID, "uuid"), (bytes, "bytea"), (str, "text"), (IPv4Address, "inet"), (IPv6Address, "inet"),
)  # fmt: skip
_PROVIDERS = {"EmailStr": "email", "AnyUrl": "url", "HttpUrl": "url", "AnyHttpUrl": "url"}
_NAMED = {
    "SecretStr": "text", "SecretBytes": "bytea", "IPvAnyAddress": "inet", "IPvAnyNetwork": "cidr",
    "ByteSize": "bigint", "PastDate": "date", "FutureDate": "date", "PastDatetime": "timestamp",
    "FutureDatetime": "timestamp", "AwareDatetime": "timestamptz", "NaiveDatetime": "timestamp",
}  # fmt: skip
"""Types of Pydantic's own."""
_AHEAD = 365  # days: what is to come lies within a year
_LISTS = r'\["[a-z]{3,8}"(, "[a-z]{3,8}")?\]'
_BOUNDS = {"ge": "low", "gt": "low", "le": "high", "lt": "high"}


def is_class(given: Any) -> bool:
    """Return whether something is a Pydantic model or a dataclass."""
    return isinstance(given, type) and (
        hasattr(given, "model_fields") or dataclasses.is_dataclass(given)
    )


def read_classes(classes: Iterable[Any], source: str = "classes") -> Schema:
    """Read classes as tables of their names, together with the classes they hold.

    Parameters
    ----------
    classes : iterable of type
        Pydantic models or dataclasses.
    source : str
        Opens error messages.

    Raises
    ------
    SchemaError
        For a class that is neither, and for fields of types that no column has.

    Notes
    -----
    A field ``id`` identifies the rows, else ``order_id`` in a class ``Order``. A field that
    holds another class becomes a reference; lists and mappings become JSON. Limits of Pydantic
    and of ``annotated_types`` are kept, choices of ``Literal`` and ``Enum`` are values.

    Examples
    --------
    >>> @dataclasses.dataclass
    ... class Point:
    ...     id: int
    ...     label: str | None
    >>> read_classes([Point]).tables["Point"].primary_key
    ('id',)
    """
    found = list(classes)
    declared: dict[str, Declared] = {}
    with Faults(source, SchemaError) as faults:
        for one in found:
            if not is_class(one):
                faults.add(f"{one!r} is neither a Pydantic model nor a dataclass")
                continue
            table = Declared(one.__name__)
            for name, (kind, limits) in fields_of(one).items():
                _add(table, name, kind, limits, found, faults)
            named = ("id", f"{one.__name__.lower()}_id")
            table.primary = next(((n,) for n in named if n in table.columns), ())
            declared[one.__name__] = table
    for parent in {r.parent for table in declared.values() for r in table.references}:
        _identified(declared[parent])
    for table in declared.values():
        for reference in table.references:
            primary = declared[reference.parent].primary
            if primary:
                target = declared[reference.parent].columns[primary[0]]
                optional = table.columns[reference.columns[0]].nullable
                name = reference.columns[0]
                table.columns[name] = replace(target, name=name, nullable=optional)
        table.references = [r for r in table.references if declared[r.parent].primary]
    return assemble(declared, source)


def _identified(table: Declared) -> None:
    """Give the rows of a class that others hold a number where it has no field for one."""
    if not table.primary and "id" not in table.columns:
        table.columns = {"id": typed_column("id", "bigint", nullable=False), **table.columns}
        table.primary = ("id",)


def fields_of(one: Any) -> dict[str, tuple[Any, list[Any]]]:
    """Return the type of every field, and what limits its values."""
    if hasattr(one, "model_fields"):
        return {name: (f.annotation, list(f.metadata)) for name, f in one.model_fields.items()}
    hints = typing.get_type_hints(one, include_extras=True)
    return {field.name: (hints[field.name], []) for field in dataclasses.fields(one)}


def _add(
    table: Declared, name: str, kind: Any, limits: list[Any], found: list[Any], faults: Faults
) -> None:
    kind, limits, optional = unwrapped(kind, limits)
    if is_class(kind):
        if kind not in found:
            found.append(kind)
        name = f"{name}_id"
        table.columns[name] = typed_column(name, "bigint", nullable=optional)
        table.references.append(Reference((name,), kind.__name__))
        return
    column = _column(name, kind, limits, optional=optional)
    if column is None:
        faults.add(f"{table.name}.{name}: no column holds the type {kind!r}")
        return
    table.columns[name] = column
    step = _limits(limits).get("multiple_of")
    if step is not None and column.kind in ("integer", "numeric"):
        table.checks.append('"' + name + f'" % {step} = 0')


def unwrapped(kind: Any, limits: list[Any]) -> tuple[Any, list[Any], bool]:
    """Return a type without ``Annotated`` and ``None``."""
    optional = False
    while True:
        origin = typing.get_origin(kind)
        if origin is typing.Annotated:
            kind, *more = typing.get_args(kind)
            limits = [*limits, *more]
        elif origin in (typing.Union, types.UnionType):
            parts = [part for part in typing.get_args(kind) if part is not type(None)]
            optional |= len(parts) < len(typing.get_args(kind))
            kind = parts[0]
        elif hasattr(kind, "__supertype__"):  # NewType
            kind = kind.__supertype__
        else:
            return kind, limits, optional


def _column(name: str, kind: Any, limits: list[Any], *, optional: bool) -> Column | None:
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        levels = [v.value if isinstance(v, Enum) else v for v in typing.get_args(kind)]
        return typed_column(name, "text", nullable=optional, levels=levels)
    if isinstance(kind, type) and issubclass(kind, Enum):
        levels = [member.value for member in kind]
        return typed_column(name, "text", nullable=optional, levels=levels)
    if origin is not None or kind in (list, dict, tuple, set, Any):
        column = typed_column(name, "jsonb", nullable=optional)
        pattern = _LISTS if _is_list(kind) else _json_of(kind)
        return column if pattern is None else replace(column, pattern=pattern)
    if getattr(kind, "__name__", "") in _PROVIDERS:
        column = typed_column(name, "text", nullable=optional)
        return replace(column, provider=_PROVIDERS[kind.__name__])
    native = next((n for t, n in _NATIVES if isinstance(kind, type) and issubclass(kind, t)), None)
    named = getattr(kind, "__name__", "")
    native = _NAMED.get(named, native)
    if native is None:
        return None
    said = _limits(limits)
    if native == "numeric" and said.get("max_digits"):
        native = f"numeric({said['max_digits']}, {said.get('decimal_places') or 0})"
    column = typed_column(name, native, nullable=optional)
    if named.startswith(("Past", "Future")):
        days = (1, _AHEAD) if named.startswith("Future") else (-20 * _AHEAD, -1)
        low, high = ((dt.date.today() + dt.timedelta(n)).isoformat() for n in days)
        column = replace(column, low=low, high=high)
    return _limited(column, said, exact=kind is Decimal)


_LEAVES = ((bool, "(true|false)"), (int, "[1-9][0-9]?"), (float, r"[1-9][0-9]?\.[0-9]"),
           (str, '"[a-z]{3,8}"'))  # fmt: skip
"""How values inside lists and mappings are written."""


def _json_of(kind: Any) -> str | None:
    """Return the expression of lists and mappings of plain values."""
    parts, whole = typing.get_args(kind), typing.get_origin(kind)
    plain = unwrapped(parts[-1], [])[0] if parts else None
    leaf = next((text for known, text in _LEAVES if plain is known), None)
    if leaf is None:
        return None
    if whole in (list, set, frozenset) and len(parts) == 1:
        return rf"\[{leaf}\]"
    if whole is dict and parts[0] is str:
        return rf'\{{"[a-z]{{3,6}}": {leaf}\}}'
    return None


def _is_list(kind: Any) -> bool:
    parts = typing.get_args(kind)
    listed = (typing.get_origin(kind) or kind) in (list, tuple, set, frozenset)
    return listed and (not parts or unwrapped(parts[0], [])[0] is str)


def _limits(limits: Iterable[Any]) -> dict[str, Any]:
    names = (*_BOUNDS, "multiple_of", "min_length", "max_length", "pattern", "max_digits",
             "decimal_places")  # fmt: skip
    found: dict[str, Any] = {}
    for limit in [one for given in limits for one in (getattr(given, "metadata", None) or [given])]:
        for name in names:
            value = getattr(limit, name, None)
            if value is not None and not callable(value):
                found[name] = value
    return found


def _limited(column: Column, said: Mapping[str, Any], *, exact: bool) -> Column:
    changes: dict[str, Any] = {"exact": exact}
    if column.kind in ("integer", "numeric"):
        places = column.decimals if column.decimals is not None else said.get("decimal_places")
        step = 1 if column.kind == "integer" else 10 ** -(2 if places is None else places)
        for word, side in _BOUNDS.items():
            if word in said:
                open_end = {"gt": step, "lt": -step}.get(word, 0)
                changes[side] = float(said[word]) + open_end
                if column.kind == "integer":
                    changes[side] = int(changes[side])
        if column.kind == "numeric" and places is not None:
            changes["decimals"] = places
    elif column.kind == "datetime":
        for word, side in _BOUNDS.items():
            if word in said:
                changes[side] = said[word].isoformat()
    elif column.kind == "text":
        changes["max_length"] = said.get("max_length")
        if "pattern" in said:
            pattern = str(getattr(said["pattern"], "pattern", said["pattern"]))
            changes["pattern"] = pattern.removeprefix("^").removesuffix("$")
        elif said.get("min_length", 0) > 1:
            least = said["min_length"]
            changes["pattern"] = f"[A-Za-z]{{{least},{said.get('max_length') or least + 8}}}"
    return replace(column, **changes)
