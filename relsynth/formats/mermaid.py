"""Entity-relationship diagrams as Mermaid text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relsynth.schema import Column, ForeignKey, Schema


def to_mermaid(metadata: Schema) -> str:
    """Return the tables, columns and references of a schema as a Mermaid ``erDiagram``.

    Returns
    -------
    str
        Columns are marked PK, UK and FK; the ends of a line tell whether a reference may be
        missing (``|o``) and whether a parent row has at most one child (``o|``).

    Examples
    --------
    >>> from relsynth.schema import Column, Schema, Table
    >>> table = Table("parts", {"id": Column("id", "key")}, primary_key=("id",))
    >>> print(to_mermaid(Schema([table])), end="")
    erDiagram
        "parts" {
            key id PK
        }
    """
    lines = ["erDiagram"]
    for name, table in metadata.tables.items():
        referring = {column for key in metadata.parents_of(name) for column in key.columns}
        unique = {columns[0] for columns in table.unique if len(columns) == 1}
        lines.append(f"    {_quoted(name)} {{")
        for column in table.columns.values():
            marks = [
                mark
                for mark, members in (
                    ("PK", table.primary_key),
                    ("FK", referring),
                    ("UK", unique),
                )
                if column.name in members
            ]
            lines.append(f"        {_attribute(column, marks)}")
        lines.append("    }")
    lines.extend(f"    {_line(metadata, key)}" for key in metadata.foreign_keys)
    return "\n".join(lines) + "\n"


def _attribute(column: Column, marks: list[str]) -> str:
    name = re.sub(r"[^\w-]", "_", column.name, flags=re.ASCII)
    if not name[0].isalpha():
        name = f"c{name}"
    parts = [column.kind, name, ", ".join(marks)]
    if name != column.name:
        parts.append(_quoted(column.name))
    return " ".join(part for part in parts if part)


def _line(metadata: Schema, key: ForeignKey) -> str:
    child = metadata.tables[key.child]
    optional = key.nullable or any(child.columns[name].nullable for name in key.columns)
    single = any(set(columns) <= set(key.columns) for columns in child.candidate_keys)
    ends = f"{'|o' if optional else '||'}--{'o|' if single else 'o{'}"
    label = ", ".join(key.columns)
    return f"{_quoted(key.parent)} {ends} {_quoted(key.child)} : {_quoted(label)}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'").replace("\n", " ") + '"'
