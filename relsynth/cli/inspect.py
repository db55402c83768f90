"""``relsynth inspect``: what is in the data, how it hangs together, what would be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from relsynth.cli.source import json_option, read, say, tell, with_treatments
from relsynth.metadata.subjects import describe_subjects
from relsynth.metadata.treatments import column_treatments

if TYPE_CHECKING:
    from relsynth.metadata import Metadata, Plan, Table

# together at most about forty lines, a screen
SCREEN_TABLES, SCREEN_PLAN, SCREEN_NOTES = 14, 16, 6


@click.command(short_help="Show tables, keys, guesses and the plan.")
@click.argument("data")
@with_treatments
@click.option("--save", help="Write the schema as the library's own JSON.")
@click.option(
    "--save-learned",
    help="Write a schema for `generate`, with ranges, null shares and children per parent of the "
    "data; no keys, no texts.",
)
@click.option("--mermaid", is_flag=True, help="Print the schema as a Mermaid diagram and stop.")
@click.option("--all", "show_all", is_flag=True, help="Every column and guess, however long.")
@click.option("--seed", type=int, default=0, hidden=True)
@json_option
def inspect(
    data: str,
    schemas: tuple[str, ...],
    exclude: tuple[str, ...],
    subjects: tuple[str, ...],
    keep: tuple[str, ...],
    invent: tuple[str, ...],
    save: str | None,
    save_learned: str | None,
    mermaid: bool,
    show_all: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Show the tables of DATA, their keys, every guess with its evidence, and the plan.

    DATA is a folder of CSV, CSV.gz or Parquet files, a SQLite file or a database URL.
    """
    metadata, tables = read(data, schemas, exclude)
    if mermaid:
        click.echo(metadata.to_mermaid())
        return
    if save:
        metadata.save(save)
    metadata.check(tables, orphans="null")
    if save_learned:
        from relsynth.generation.learned import learned_schema

        learned_schema(metadata, tables).save(save_learned)
    plan = metadata.plan(tables, keep=keep or "auto", subjects=subjects or "auto", invent=invent)
    treatments = column_treatments(metadata, [step.table for step in plan.steps if step.kept])
    if show_all:
        _show_all(metadata, tables, treatments, plan, as_json)
    else:
        _show(metadata, tables, treatments, plan, as_json)
    tell(
        {
            "schema": metadata.to_dict(),
            "rows": {name: len(tables[name]) for name in metadata.tables},
            "notes": [str(note) for note in metadata.notes],
            "subjects": dict(plan.subjects),
            "treatments": treatments,
            "plan": str(plan).splitlines(),
        },
        as_json,
    )


def _show(
    metadata: Metadata,
    tables: Mapping[str, Any],
    treatments: Mapping[str, Mapping[str, str]],
    plan: Plan,
    as_json: bool,
) -> None:
    """Print what matters first, on one screen."""
    say(describe_subjects(plan.subjects), as_json)
    listed = list(metadata.tables.values())
    for table in listed[:SCREEN_TABLES]:
        counted = Counter(treatments[table.name].values())
        columns = ", ".join(f"{count} {word}" for word, count in counted.items())
        say(f"{table.name}: {len(tables[table.name]):,} rows, {_key(table)} ({columns})", as_json)
    _say_left(len(listed) - SCREEN_TABLES, "tables", as_json)
    lines = str(plan).splitlines()[1:]
    say("\nplan", as_json)
    for line in lines[:SCREEN_PLAN]:
        say(line, as_json)
    _say_left(len(lines) - SCREEN_PLAN, "lines", as_json)
    advice = [note for note in metadata.notes if note.advice]
    say("\nlook at" if advice else "", as_json)
    for note in advice[:SCREEN_NOTES]:
        say(f"  {note}", as_json)
    _say_left(len(advice) - SCREEN_NOTES, "notes", as_json)
    guesses = len(metadata.notes) - len(advice)
    if guesses:
        say(f"{guesses} guesses with their evidence, and every column: --all", as_json)


def _say_left(count: int, what: str, as_json: bool) -> None:
    if count > 0:
        say(f"  … {count} more {what}: --all", as_json)


def _key(table: Table) -> str:
    return f"primary key {'+'.join(table.primary_key)}" if table.primary_key else "no key"


def _show_all(
    metadata: Metadata,
    tables: Mapping[str, Any],
    treatments: Mapping[str, Mapping[str, str]],
    plan: Plan,
    as_json: bool,
) -> None:
    say(describe_subjects(plan.subjects), as_json)
    for table in metadata.tables.values():
        say(f"{table.name}: {len(tables[table.name]):,} rows, {_key(table)}", as_json)
        for column in table.columns.values():
            marks = [
                column.kind,
                treatments[table.name][column.name],
                column.provider or "",
                "personal" if column.pii else "",
            ]
            say(f"    {column.name}: {' '.join(filter(None, marks))}", as_json)
    for key in metadata.foreign_keys:
        say(f"{key.name} ({'+'.join(key.parent_columns)})", as_json)
    for note in metadata.notes:
        say(f"{'note' if note.advice else 'guess'}: {note}", as_json)
    say(f"\nplan\n{plan}", as_json)
