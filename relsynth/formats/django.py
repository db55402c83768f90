"""Django models, through their ``_meta``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from relsynth.errors import SchemaError, did_you_mean
from relsynth.formats.ddl_catalogue import Catalogue
from relsynth.formats.ddl_tables import TableReader
from relsynth.formats.sql_items import Reader
from relsynth.formats.sql_text import statements
from relsynth.formats.typed import Declared, Reference, Unique, assemble, typed_column
from relsynth.optional import require
from relsynth.schema import Schema


def read_models(*apps: str) -> Schema:
    """Read the models of a configured Django project.

    Parameters
    ----------
    *apps : str
        Labels of apps; all installed ones where none is named. Models of other apps that are
        referred to are read as well.

    Raises
    ------
    ImportError
        Where Django is not installed.
    SchemaError
        For an unknown app, or where the apps hold no model.

    Notes
    -----
    Tables and columns have the names they have in the database. Choices become values,
    ``unique_together`` and unconditional ``UniqueConstraint`` unique sets, many-to-many fields
    their bridge tables, and validators of ranges bounds.
    """
    registry: Any = require("django.apps", "fixtures", "Reading Django models").apps
    if not registry.ready and os.environ.get("DJANGO_SETTINGS_MODULE"):
        require("django", "fixtures", "Reading Django models").setup()
    known = [config.label for config in registry.get_app_configs()]
    for app in apps:
        if app not in known:
            raise SchemaError(f"django: no app {app!r}; {did_you_mean(app, known)}")
    chosen = [
        model
        for model in registry.get_models(include_auto_created=True)
        if (not apps or model._meta.app_label in apps) and not model._meta.proxy
    ]
    if not chosen:
        raise SchemaError(f"django: the apps {', '.join(apps or known)} hold no models")
    declared = {model._meta.db_table: _declared(model) for model in _closed(chosen)}
    return assemble(declared, "django models")


def _closed(models: Iterable[Any]) -> list[Any]:
    """Return the models and all they refer to."""
    found = list(models)
    for model in found:
        for field in model._meta.local_concrete_fields:
            other = field.related_model if field.is_relation else None
            if other is not None and other not in found:
                found.append(other)
    return found


def _declared(model: Any) -> Declared:
    from dataclasses import replace

    from django.db import connection

    meta = model._meta
    table = Declared(meta.db_table)
    for field in meta.local_concrete_fields:
        native = _NATIVE.get(_internal(field)) or str(field.db_type(connection) or "text")
        exact = hasattr(field, "decimal_places") and hasattr(field, "max_digits")
        if exact:
            native = f"numeric({field.max_digits}, {field.decimal_places})"
        levels = [value for value, _ in field.flatchoices if value not in (None, "")]
        optional = field.null and field.blank  # full_clean() refuses the one without the other
        column = typed_column(field.column, native, nullable=optional, levels=levels)
        low, high = _bounds(field)
        table.columns[field.column] = replace(
            column,
            low=low,
            high=high,
            exact=exact,
            max_length=getattr(field, "max_length", None) or column.max_length,
            provider=_PROVIDERS.get(type(field).__name__),
            pattern=_pattern(field) if column.values is None else None,
        )
        if field.primary_key:
            table.primary = (field.column,)
        elif field.unique:
            table.unique.append(Unique((field.column,)))
        if field.is_relation and field.related_model is not None:
            parent = field.related_model._meta.db_table
            target = field.target_field.column
            table.references.append(Reference((field.column,), parent, (target,)))
    spelled = {field.name: field.column for field in meta.local_concrete_fields}
    table.checks += _checks(model)
    for field in meta.local_concrete_fields:
        table.checks += _least_length(field)
    for group in _unique_sets(meta):
        table.unique.append(Unique(tuple(spelled[name] for name in group)))
    _unique_indexes(model, table)
    return table


def _unique_indexes(model: Any, table: Declared) -> None:
    """Read unique constraints with a condition or of expressions, as Django itself writes them."""
    from django.db import connection

    catalogue = Catalogue("postgres")
    catalogue.tables["", table.name] = table
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        for constraint in model._meta.constraints:
            fields = getattr(constraint, "fields", ())
            plain = fields and getattr(constraint, "condition", None) is None
            if type(constraint).__name__ != "UniqueConstraint" or plain:
                continue
            text = str(constraint.create_sql(model, editor)).replace("%%", "%")
            reader = Reader(next(statements(text, "postgres")), "postgres")
            reader.take("CREATE", "UNIQUE", "INDEX")
            TableReader(catalogue, reader).unique_index()


_NATIVE = {
    "UUIDField": "uuid", "JSONField": "json", "DurationField": "interval", "TimeField": "time",
    "BinaryField": "bytea", "DateTimeField": "timestamp", "DateField": "date",
    "BooleanField": "boolean", "FloatField": "double precision", "FilePathField": "varchar",
}  # fmt: skip
"""What a field holds, whatever the database of the project keeps it as."""


def _internal(field: Any) -> str:
    return str((field.target_field if field.is_relation else field).get_internal_type())


SLUG = 17  # the longest of two words of eight letters
_PROVIDERS = {"EmailField": "email", "URLField": "url", "GenericIPAddressField": "ipv4"}


def _bounds(field: Any) -> tuple[Any, Any]:
    limits = {"min_value": None, "max_value": None}
    if type(field).__name__.startswith("Positive"):
        limits["min_value"] = 0  # type: ignore[assignment]
    for validator in field._validators:  # those of the type itself say nothing
        if getattr(validator, "code", None) in limits:
            value = validator.limit_value
            found = value() if callable(value) else value
            limits[validator.code] = _plain(found)
    words = ("Integer", "Decimal", "Float")
    numeric = any(word in type(field).__name__ for word in words)
    return (limits["min_value"], limits["max_value"]) if numeric else (None, None)


def _least_length(field: Any) -> list[str]:
    """Return the condition of a shortest text, where a validator asks for one."""
    return [
        f'length("{field.column}") >= {validator.limit_value}'
        for validator in field._validators
        if getattr(validator, "code", None) == "min_length"
        and not callable(validator.limit_value)
        and _pattern(field) is None
    ]


def _pattern(field: Any) -> str | None:
    """Return the regular expression that validators of a text ask for, without its anchors."""
    if type(field).__name__ == "SlugField":
        return "[a-z]{3,8}(-[a-z]{3,8})?" if (field.max_length or 50) >= SLUG else None
    if _internal(field) == "FileField" and isinstance(field.upload_to, str):
        endings = "jpg|png" if type(field).__name__ == "ImageField" else "pdf|png|csv"
        folder = re.escape(field.upload_to.rstrip("/") + "/") if field.upload_to else ""
        return rf"{folder}[a-z]{{5,8}}[0-9]{{2}}\.({endings})" if "%" not in folder else None
    for validator in field.validators:
        regex = getattr(validator, "regex", None)
        own = type(validator).__name__ == "RegexValidator"
        if own and regex is not None and not validator.inverse_match:
            return str(regex.pattern).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
    return None


def _checks(model: Any) -> list[str]:
    """Return the conditions of ``Meta.constraints`` as SQL, as Django itself writes them."""
    from django.db import connection

    found = []
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        for constraint in model._meta.constraints:
            if type(constraint).__name__ == "CheckConstraint":
                text = str(constraint.constraint_sql(model, editor))
                opening = text.upper().find("CHECK (")
                if opening >= 0:
                    found.append(text[opening + 7 : text.rindex(")")])
    return found


def _plain(value: Any) -> Any:
    """Return a number of Python's own for a Decimal."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _unique_sets(meta: Any) -> list[tuple[str, ...]]:
    together = [tuple(group) for group in meta.unique_together]
    for constraint in meta.constraints:
        fields = getattr(constraint, "fields", ())
        plain = getattr(constraint, "condition", None) is None
        if type(constraint).__name__ == "UniqueConstraint" and fields and plain:
            together.append(tuple(fields))
    return together
