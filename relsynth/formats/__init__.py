"""Formats a schema can be read from and written to, distinguished by content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relsynth.errors import SchemaError
from relsynth.formats.dbt import is_dbt, is_dbt_folder, read_dbt, read_dbt_folder
from relsynth.formats.ddl import is_ddl, read_ddl, read_folder
from relsynth.formats.document import parse_json
from relsynth.formats.frictionless import is_frictionless, read_frictionless
from relsynth.formats.own import is_own, read_own
from relsynth.formats.sdv import is_sdv, read_sdv

if TYPE_CHECKING:
    from relsynth.schema import Schema

__all__ = ["FORMATS", "Format", "load_schema", "parse_schema"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of schema files.

    Attributes
    ----------
    name : str
        As shown in messages.
    recognises : callable
        Tells from the content, a parsed JSON document or else text, whether it is this format.
    read : callable
        Turns ``(content, source)`` into a `Schema`.
    """

    name: str
    recognises: Callable[[Any], bool]
    read: Callable[[Any, str], Schema]


FORMATS: tuple[Format, ...] = (
    Format("relsynth JSON", is_own, read_own),
    Format("SDV metadata JSON", is_sdv, read_sdv),
    Format("Frictionless data package", is_frictionless, read_frictionless),
    Format("SQL DDL", is_ddl, read_ddl),
    Format("dbt schema.yml", is_dbt, read_dbt),
)

# what tables are read from
_DATA = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")


def load_schema(path: Path) -> Schema:
    """Read a schema file of any known format; see `Metadata.load`."""
    if _is_data(path):
        raise SchemaError(
            f"{path}: this is data, not a schema; relsynth inspect {path} --save schema.json, or "
            "Metadata.detect, makes a schema of it"
        )
    if path.is_dir():
        return read_dbt_folder(path) if is_dbt_folder(path) else read_folder(path)
    try:
        if path.exists() and not path.is_file():
            raise SchemaError(f"{path}: a schema is read from a regular file, this is none")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path}: not a schema file: it is not UTF-8 text") from error
    content = parse_json(text, str(path)) if text.lstrip()[:1] in ("{", "[") else text
    return _read(content, str(path))


def _is_data(path: Path) -> bool:
    """Return whether a file, or a folder without a schema, holds tables."""
    if not path.is_dir():
        return path.name.lower().endswith(_DATA)
    names = [found.name.lower() for found in path.iterdir()]
    return any(name.endswith(_DATA) for name in names) and not (
        is_dbt_folder(path) or any(path.glob("**/*.sql"))
    )


_PRISMA = re.compile(r"^(datasource|generator|model)\s+\w+\s*\{", re.M)


def parse_schema(document: Mapping[str, Any], source: str = "schema") -> Schema:
    """Read a parsed JSON document of any known format; see `Metadata.from_dict`."""
    return _read(document, source)


def _read(content: object, source: str) -> Schema:
    for known in FORMATS:
        if known.recognises(content):
            return known.read(content, source)
    names = ", ".join(known.name for known in FORMATS)
    found = (
        f"a JSON object with the keys {', '.join(map(repr, list(content)[:6]))}"
        if isinstance(content, Mapping)
        else "text"
        if isinstance(content, str)
        else f"a JSON {type(content).__name__}"
    )
    hint = ""
    if isinstance(content, Mapping) and "tables" in content:
        hint = '; if it is relsynth JSON, its first entry is missing: "relsynth": 1'
    if isinstance(content, str) and _PRISMA.search(content):
        hint = "; of Prisma give the folder of migrations, which are SQL (prisma/migrations)"
    raise SchemaError(f"{source}: unknown schema format: {found}; known formats are {names}{hint}")
