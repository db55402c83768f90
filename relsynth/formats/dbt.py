"""dbt ``schema.yml``: models and sources, their tests and contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from relsynth.errors import Faults, SchemaError
from relsynth.formats.typed import Declared, Reference, Unique, assemble, typed_column
from relsynth.optional import require
from relsynth.schema import Column, Schema

_REFERENCE = re.compile(r"(?:ref|source)\(\s*(?:['\"][^'\"]+['\"]\s*,\s*)?['\"]([^'\"]+)['\"]\s*\)")


def is_dbt(content: object) -> bool:
    """Return whether text reads like the properties file of a dbt project."""
    return (
        isinstance(content, str)
        and re.search(r"^(models|sources|seeds):", content, re.M) is not None
    )


def read_dbt(text: str, source: str = "schema") -> Schema:
    """Read the models, seeds and sources of a dbt properties file.

    Parameters
    ----------
    text : str
        YAML. Keys come from the tests ``unique``, ``not_null``, ``relationships``,
        ``accepted_values`` and ``dbt_utils.unique_combination_of_columns``, and from contract
        constraints; a unique and not null column that is named first is the primary key.
    source : str
        Opens error messages.

    Raises
    ------
    ImportError
        Where PyYAML is not installed.
    SchemaError
        For broken YAML, with its place, and for models without columns.
    """
    return _read({source: text}, source)


def is_dbt_folder(folder: Path) -> bool:
    """Return whether a folder is a dbt project, or holds properties files and no SQL."""
    if (folder / "dbt_project.yml").is_file():
        return True
    return not any(folder.glob("**/*.sql")) and any(_property_files(folder))


def read_dbt_folder(folder: Path) -> Schema:
    """Read the properties files of a dbt project as one schema.

    A model that several files describe is that of the first; packages and compiled files are
    left out.
    """
    files = list(_property_files(folder))
    if not files:
        raise SchemaError(f"{folder}: the folder holds no properties file of dbt")
    return _read({str(p): p.read_text(encoding="utf-8-sig") for p in files}, str(folder))


def _property_files(folder: Path) -> Iterator[Path]:
    for path in sorted([*folder.glob("**/*.yml"), *folder.glob("**/*.yaml")]):
        made = {"dbt_packages", "dbt_modules", "target"} & set(path.relative_to(folder).parts)
        if not made and is_dbt(path.read_text(encoding="utf-8-sig")):
            yield path


def _read(texts: Mapping[str, str], source: str) -> Schema:
    yaml = require("yaml", "fixtures", "Reading dbt's schema.yml")
    declared: dict[str, Declared] = {}
    with Faults(source, SchemaError) as faults:
        for path, text in texts.items():
            try:
                document = yaml.safe_load(text)
            except yaml.YAMLError as error:
                raise SchemaError(f"{path}: broken YAML: {error}") from error
            for model in _models(document):
                if not model.get("columns"):
                    if len(texts) == 1:
                        faults.add(f"the model {model.get('name')!r} lists no columns")
                elif model["name"] not in declared:
                    declared[model["name"]] = _declared(model)
        for table in declared.values() if len(texts) > 1 else ():
            table.references = [r for r in table.references if _is_there(r, declared)]
        if not declared:
            faults.add("no model lists columns")
    return assemble(declared, source)


def _is_there(reference: Reference, declared: Mapping[str, Declared]) -> bool:
    """Return whether what a test refers to is described too."""
    parent = declared.get(reference.parent)
    return parent is not None and set(reference.targets) <= set(parent.columns)


def _models(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from document.get("models") or []
    yield from document.get("seeds") or []
    for origin in document.get("sources") or []:
        yield from origin.get("tables") or []


def _tests(given: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name and arguments of every test, under its old or new key."""
    for test in [*(given.get("tests") or []), *(given.get("data_tests") or [])]:
        if isinstance(test, str):
            yield test, {}
        else:
            name, said = next(iter(test.items()))
            arguments = said.get("arguments", said) if isinstance(said, Mapping) else {}
            yield name, arguments


def _declared(model: Mapping[str, Any]) -> Declared:
    table = Declared(model["name"])
    for column in model["columns"]:
        _add_column(table, column)
    for name, said in _tests(model):
        if name.endswith("unique_combination_of_columns"):
            table.unique.append(Unique(tuple(said["combination_of_columns"])))
    for constraint in model.get("constraints") or []:
        _add_constraint(table, constraint, tuple(constraint.get("columns") or ()))
    if not table.primary:
        single = [
            group.columns
            for group in table.unique
            if len(group.columns) == 1 and table.columns[group.columns[0]].nullable is False
        ]
        table.primary = single[0] if single else ()
    return table


def _add_column(table: Declared, given: Mapping[str, Any]) -> None:
    name, tests = given["name"], list(_tests(given))
    constraints = given.get("constraints") or []
    required = any(test == "not_null" for test, _ in tests) or any(
        constraint["type"] in ("not_null", "primary_key") for constraint in constraints
    )
    native = given.get("data_type")
    column = (
        typed_column(name, str(native), nullable=not required)
        if native
        else Column(name, _guessed(name), nullable=not required)
    )
    table.columns[name] = column
    for test, said in tests:
        if test == "unique":
            table.unique.append(Unique((name,)))
        elif test == "accepted_values":
            values = tuple(said["values"])
            table.columns[name] = replace(column, kind="categorical", values=values)
        elif test == "relationships":
            parent = _REFERENCE.search(str(said["to"]))
            named = parent[1] if parent else str(said["to"])
            table.references.append(Reference((name,), named, (str(said["field"]),)))
    for constraint in constraints:
        _add_constraint(table, constraint, (name,))


def _add_constraint(table: Declared, given: Mapping[str, Any], columns: tuple[str, ...]) -> None:
    kind = given["type"]
    if kind == "primary_key":
        table.primary = columns
    elif kind == "unique":
        table.unique.append(Unique(columns))
    elif kind == "check":
        table.checks.append(str(given["expression"]))
    elif kind == "foreign_key" and given.get("to"):
        parent = _REFERENCE.search(str(given["to"]))
        targets = tuple(given.get("to_columns") or ())
        table.references.append(Reference(columns, parent[1] if parent else given["to"], targets))


def _guessed(name: str) -> str:
    """Return the kind a column name tells where no type is given."""
    lower = name.lower()
    if lower.endswith(("_at", "_date", "_on")) or lower == "date":
        return "datetime"
    if lower.startswith(("is_", "has_")):
        return "boolean"
    if lower == "id" or lower.endswith(("_id", "_key")):
        return "key"
    if re.search(r"amount|price|total|cost|quantity|count|number", lower):
        return "numeric"
    return "text"
