"""Write the pages that are generated: the schema file and the command line.

    python docs/_pages.py

MkDocs does so before it builds. The command line is not kept, because ``--help`` says it too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from relsynth.cli import COMMANDS, cli

HERE = Path(__file__).parent
SCHEMA = HERE.parent / "schemas" / "relsynth.schema.json"
EXAMPLE = """```json
{
  "relsynth": 1,
  "tables": {
    "customers": {
      "columns": {
        "id": {"type": "key"},
        "city": {"type": "text", "treatment": "fake", "provider": "city", "locale": "de_DE"},
        "since": {"type": "datetime", "format": "%d.%m.%Y", "min": "01.01.2020"}
      },
      "primary_key": ["id"],
      "role": "subject"
    },
    "orders": {
      "columns": {"customer": {"type": "key"}, "total": {"type": "numeric", "decimals": 2}},
      "checks": ["total >= 0"]
    }
  },
  "foreign_keys": [{"child": "orders", "columns": ["customer"], "parent": "customers"}]
}
```"""
INTRO = """One JSON file says what tables, columns and keys there are, and what is known about them.
`metadata.save` and `relsynth inspect DATA --save schema.json` write it; every command and function
that takes a schema reads it. Editors complete it with `schemas/relsynth.schema.json`, a JSON
Schema."""
FAULTS = """What is wrong in it is listed all at once, with its place:
`tables.orders.columns.total has the unknown key 'typ'; did you mean 'type'?`"""
PARTS = {
    "The document": (),
    "A table": ("table",),
    "A column": ("column",),
    "A foreign key": ("foreign_key",),
}


def schema_page() -> str:
    """Return the page of the schema file: every field of its JSON Schema."""
    document = json.loads(SCHEMA.read_text(encoding="utf-8"))
    lines = [
        "# The schema file",
        "",
        INTRO,
        "",
        EXAMPLE,
        "",
        FAULTS,
    ]
    for title, names in PARTS.items():
        part = document["$defs"][names[0]] if names else document
        lines += ["", f"## {title}", "", "| field | value | meaning |", "|---|---|---|"]
        for name, said in part["properties"].items():
            must = " (required)" if name in part.get("required", ()) else ""
            lines.append(
                f"| `{name}`{must} | {_value(said, document)} | {_meaning(said, document)} |"
            )
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Return the page of the command line: the help of every command."""
    lines = ["# The command line", "", "```text", _help("relsynth", cli), "```"]
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None  # noqa: S101 - COMMANDS names them
        lines += [
            "",
            f"## relsynth {name}",
            "",
            "```text",
            _help(f"relsynth {name}", command),
            "```",
        ]
    return "\n".join(lines) + "\n"


PAGES = {"schema-file.md": schema_page, "commands.md": commands_page}


def _help(name: str, command: click.Command) -> str:
    with click.Context(command, info_name=name, max_content_width=96, terminal_width=96) as context:
        return command.get_help(context).strip()


def _resolved(said: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in said:
        return said
    found = document["$defs"][said["$ref"].rpartition("/")[2]]
    return {**found, **said}


def _value(said: dict[str, Any], document: dict[str, Any]) -> str:
    known = _resolved(said, document)
    if "enum" in known:
        return ", ".join(f"`{value}`" for value in known["enum"])
    if "const" in known:
        return f"`{known['const']}`"
    kind = known.get("type", "object")
    if kind == "array":
        item = _resolved(known["items"], document).get("type", "object")
        return f"list of {item if isinstance(item, str) else ' or '.join(item)}s".replace(
            "arrays", "lists"
        )
    return kind if isinstance(kind, str) else " or ".join(kind)


def _meaning(said: dict[str, Any], document: dict[str, Any]) -> str:
    known = _resolved(said, document)
    meaning = known.get("description", "")
    examples = known.get("properties", {}).get("name", {}).get("examples")
    items = _resolved(known.get("items", {}), document).get("properties", {}).get("type", {})
    examples = examples or items.get("examples")
    if examples:
        meaning += " One of " + ", ".join(f"`{name}`" for name in examples) + "."
    return str(meaning).replace("|", "\\|").strip()


def on_pre_build(config: Any) -> None:
    """Write the pages; MkDocs calls this."""
    write_pages()


def write_pages() -> None:
    """Write the pages beside this file."""
    for file, write in PAGES.items():
        (HERE / file).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
