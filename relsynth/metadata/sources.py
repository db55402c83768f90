"""A schema from whatever names one: a file, a database, models in code."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from relsynth.errors import SchemaError
from relsynth.formats.classes import is_class, read_classes
from relsynth.formats.database import from_sqlalchemy
from relsynth.formats.django import read_models
from relsynth.metadata.metadata import Metadata
from relsynth.schema import Schema
from relsynth.storage.database import is_database


def schema_from(source: str | Path) -> Metadata:
    """Return the schema that a text names.

    Parameters
    ----------
    source : str or Path
        A schema file of any known format, a SQLite file, an SQLAlchemy URL,
        ``package.module:Base`` for SQLAlchemy or SQLModel models, ``package.module:Order`` for a
        Pydantic model or dataclass (or a list of them), or ``django:app`` for the models of a
        Django app (several separated by commas, none for all).

    Raises
    ------
    FileNotFoundError
        Where it looks like a file that does not exist.
    SchemaError
        Where models cannot be imported.
    """
    text = str(source)
    if text.startswith("django:"):
        apps = [app for app in text.removeprefix("django:").split(",") if app]
        return Metadata.from_schema(read_models(*apps))
    if Path(text).exists() or "://" in text:
        return Metadata.from_database(text) if is_database(source) else Metadata.load(source)
    models = re.fullmatch(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)", text)
    if models is None:
        raise FileNotFoundError(f"{text}: no such schema file")
    return _from_models(text, models[1], models[2])


def metadata_of(given: Schema | str | Path | Any) -> Metadata:
    """Return the metadata that a public function was given, as an object or by name.

    Parameters
    ----------
    given : Metadata, str, Path or object
        A schema, what `schema_from` takes, an SQLAlchemy `MetaData` or declarative base, or
        Pydantic models and dataclasses, one or a list.

    Raises
    ------
    SchemaError
        Where it is something else, such as the tables.
    """
    if isinstance(given, Metadata):
        return given
    if isinstance(given, Schema):
        return Metadata.from_schema(given)
    if isinstance(given, (str, Path)):
        return schema_from(given)
    made = _from_object(given, "models")
    if made is not None:
        return made
    raise SchemaError(
        f"a {type(given).__name__} stands where the schema is expected; give a Metadata, such as "
        "Metadata.detect(tables), or the path of a schema file, and mind the order of the arguments"
    )


def _from_models(text: str, module: str, name: str) -> Metadata:
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise SchemaError(f"{text}: the models cannot be imported: {error}") from error
    made = _from_object(found, text)
    if made is None:
        raise SchemaError(
            f"{text}: a {type(found).__name__} is no schema; name SQLAlchemy's MetaData or base, "
            "a Pydantic model or dataclass, or a list of them"
        )
    return made


def _from_object(given: Any, source: str) -> Metadata | None:
    """Return the schema of SQLAlchemy tables, models or classes; ``None`` for other things."""
    declared = getattr(given, "metadata", given)
    if hasattr(declared, "sorted_tables"):
        return Metadata.from_schema(from_sqlalchemy(declared, source=source))
    listed = [given] if is_class(given) else given
    if isinstance(listed, (list, tuple)) and listed and hasattr(listed[0], "__table__"):
        return _from_object(listed[0].metadata, source)
    if isinstance(listed, (list, tuple)) and listed and all(map(is_class, listed)):
        return Metadata.from_schema(read_classes(listed, source))
    return None
