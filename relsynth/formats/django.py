"""Django models, through their ``_meta``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from relsynth.errors import SchemaError, did_you_mean
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
        native = str(field.db_type(connection) or "text")
        exact = hasattr(field, "decimal_places") and hasattr(field, "max_digits")
        if exact:
            native = f"numeric({field.max_digits}, {field.decimal_places})"
        levels = [value for value, _ in field.flatchoices if value not in (None, "")]
        column = typed_column(field.column, native, nullable=field.null, levels=levels)
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
    for group in _unique_sets(meta):
        table.unique.append(Unique(tuple(spelled[name] for name in group)))
    return table


SLUG = 17  # the longest of two words of eight letters
_PROVIDERS = {"EmailField": "email", "URLField": "url", "GenericIPAddressField": "ipv4"}


def _bounds(field: Any) -> tuple[Any, Any]:
    limits = {"min_value": None, "max_value": None}
    if type(field).__name__.startswith("Positive"):
        limits["min_value"] = 0  # type: ignore[assignment]
    for validator in field.validators:
        if getattr(validator, "code", None) in limits:
            value = validator.limit_value
            found = value() if callable(value) else value
            limits[validator.code] = _plain(found)
    integral = "Integer" in type(field).__name__ or "Decimal" in type(field).__name__
    return (limits["min_value"], limits["max_value"]) if integral else (None, None)


def _pattern(field: Any) -> str | None:
    """Return the regular expression that validators of a text ask for, without its anchors."""
    if type(field).__name__ == "SlugField":
        return "[a-z]{3,8}(-[a-z]{3,8})?" if (field.max_length or 50) >= SLUG else None
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
