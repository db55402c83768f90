"""``relsynth generate``: related tables from a schema alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relsynth.cli.rows import rows_option
from relsynth.cli.source import seed_option
from relsynth.storage.database import is_database_target

if TYPE_CHECKING:
    import pandas as pd

    from relsynth.metadata import Metadata

PREVIEW = 5


@click.command(short_help="Generate tables from a schema, without data.")
@click.argument("schema")
@rows_option(
    "Of tables (customers=100,orders=50; repeatable) or of the largest (1000).", alone=True
)
@click.option(
    "--profile",
    type=click.Choice(["realistic", "minimal", "edge", "volume"]),
    default="realistic",
    show_default=True,
    help="What the tables are for.",
)
@seed_option
@click.option("--locale", default="en_US", show_default=True, help="Of names and addresses.")
@click.option("--output", "-o", help="Folder, *.sql, *.json, SQLite file *.db or database URL.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "csv.gz", "parquet", "json"]),
    default="csv",
    show_default=True,
    help="Of the files in a folder.",
)
@click.option(
    "--dialect",
    type=click.Choice(["postgresql", "mysql", "sqlite"]),
    default="postgresql",
    show_default=True,
    help="Of an SQL script.",
)
@click.option("--append", is_flag=True, help="Add to the rows that the database holds.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: the rows; with -o their numbers."
)
def generate(
    schema: str,
    rows: dict[str, int] | int | None,
    profile: str,
    seed: int,
    locale: str,
    output: str | None,
    form: str,
    dialect: str,
    append: bool,
    as_json: bool,
) -> None:
    """Generate related tables from a SCHEMA, without any data.

    SCHEMA is a file (own JSON, SDV JSON, Frictionless, dbt, SQL DDL), a database URL, a SQLite
    file, package.module:Base for SQLAlchemy models, or django:app.
    """
    from relsynth.generation import generate as make
    from relsynth.metadata.sources import schema_from

    metadata = schema_from(schema)
    existing = _existing(output, metadata, append)
    tables = make(metadata, rows, profile=profile, seed=seed, locale=locale, existing=existing)
    if output is None:
        _show(tables, as_json)
        return
    _write(tables, output, metadata, form, dialect, append)
    counts = {name: len(frame) for name, frame in tables.items()}
    if as_json:
        click.echo(json.dumps({"rows": counts, "seed": seed, "output": output}))
    else:
        for name, count in counts.items():
            click.echo(f"{name}: {count:,} rows")


def _existing(
    output: str | None, metadata: Metadata, append: bool
) -> dict[str, pd.DataFrame] | None:
    if not append:
        return None
    if output is None or not is_database_target(output):
        raise click.UsageError("--append needs a database as --output")
    from relsynth.storage import read_tables

    return read_tables(output, metadata)


def _write(
    tables: dict[str, pd.DataFrame],
    output: str,
    metadata: Metadata,
    form: str,
    dialect: str,
    append: bool,
) -> None:
    from relsynth.storage import write_tables
    from relsynth.storage.json_file import write_json
    from relsynth.storage.load import load_tables
    from relsynth.storage.sql_script import write_script

    if is_database_target(output):
        load_tables(tables, output, metadata, append=append)
    elif output.endswith(".sql"):
        write_script(tables, output, metadata, dialect=dialect)  # type: ignore[arg-type]
    elif form == "json" or output.endswith(".json"):
        write_json(tables, output)
    else:
        write_tables(tables, Path(output), form)  # type: ignore[arg-type]


def _show(tables: dict[str, pd.DataFrame], as_json: bool) -> None:
    from relsynth.storage.json_file import rows_of

    if as_json:
        shown = {name: rows_of(frame) for name, frame in tables.items()}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    for name, frame in tables.items():
        click.echo(f"{name}: {len(frame):,} rows")
        click.echo(frame.head(PREVIEW).to_string(index=False) + "\n")
