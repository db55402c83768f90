"""``relsynth generate``: related tables from a schema alone."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from relsynth.cli.rows import rows_option
from relsynth.cli.source import seed_option
from relsynth.storage.database import is_database_target

if TYPE_CHECKING:
    import pandas as pd

    from relsynth.metadata import Metadata

PREVIEW = 5  # rows of a table that are shown


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
@click.option("--truncate", is_flag=True, help="Delete the rows that the tables hold first.")
@click.option("--skip-existing", is_flag=True, help="Leave tables that hold rows as they are.")
@click.option("--dry-run", is_flag=True, help="Write to the database, check it, roll it back.")
@click.option("--yes", is_flag=True, help="Write to a database that looks like production.")
@click.option("--data-only", is_flag=True, help="A script without CREATE: the tables are there.")
@click.option("--certificate", help="JSON file for what the database says of every rule.")
@click.option("--db-schema", help="Schema of a PostgreSQL database that holds the tables.")
@click.option(
    "--unreadable",
    type=click.Choice(["warn", "error", "skip"]),
    default="warn",
    show_default=True,
    help="What to do with a condition that cannot be evaluated.",
)
@click.option("--now", help="The date that stands for the present, 2025-01-31; today by default.")
@click.option(
    "--no-assume",
    multiple=True,
    type=click.Choice(["sums", "order in time", "states", "slugs", "all"]),
    help="What not to assume by the names of columns; repeatable.",
)
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
    truncate: bool,
    skip_existing: bool,
    dry_run: bool,
    yes: bool,
    data_only: bool,
    certificate: str | None,
    db_schema: str | None,
    unreadable: Literal["warn", "error", "skip"],
    now: str | None,
    no_assume: tuple[str, ...],
    as_json: bool,
) -> None:
    """Generate related tables from a SCHEMA, without any data.

    SCHEMA is a file (own JSON, SDV JSON, Frictionless, dbt, SQL DDL), a database URL, a SQLite
    file, package.module:Base for SQLAlchemy models, or django:app.
    """
    from relsynth.generation import assumptions
    from relsynth.generation import generate as make
    from relsynth.generation.assumed import GROUPS

    metadata = _schema(schema, db_schema)
    to_database = output is not None and is_database_target(output)
    if not to_database and (truncate or skip_existing or dry_run or certificate):
        raise click.UsageError(
            "--truncate, --skip-existing, --dry-run and --certificate need a database as --output"
        )
    if to_database and not yes and not dry_run:
        _guard(output or "")
    existing = _existing(output, metadata, append or skip_existing)
    asked = rows
    if skip_existing and existing is not None:
        asked = _beside(asked, metadata, existing)
    assume = tuple(g for g in GROUPS if g not in no_assume and "all" not in no_assume)
    with _plain_warnings():
        tables = make(metadata, asked, profile=profile, seed=seed, locale=locale,
                      existing=existing, unreadable=unreadable, now=now, assume=assume)  # fmt: skip
    if not as_json and assume:
        for note in assumptions(metadata):
            click.echo(f"assumed: {note}", err=True)
    if output is None:
        _show(tables, as_json)
        return
    said: dict[str, Any] = {}
    if to_database:
        from relsynth.storage.load import load_tables

        load_tables(tables, output, metadata, append=append or skip_existing, truncate=truncate,
                    dry_run=dry_run, schema=db_schema, certificate=said)  # fmt: skip
        if certificate is not None:
            _save(said, certificate)
    else:
        _write(tables, output, metadata, form, dialect, data_only)
    counts = {name: len(frame) for name, frame in tables.items()}
    if as_json:
        summary = {"rows": counts, "seed": seed, "output": output}
        summary |= {"broken": said["broken"], "unread": said["unread"]} if said else {}
        click.echo(json.dumps(summary | ({"dry_run": True} if dry_run else {})))
    else:
        for name, count in counts.items():
            click.echo(f"{name}: {count:,} rows")


def _schema(schema: str, db_schema: str | None) -> Metadata:
    from relsynth.metadata import Metadata
    from relsynth.metadata.sources import schema_from

    if "://" in schema:
        named = db_schema.split(",") if db_schema is not None else ()
        return Metadata.from_database(schema, schema=named, detect=False)
    return schema_from(schema)


def _guard(output: str) -> None:
    """Refuse a database whose address reads like one that people work with."""
    found = re.search(r"(?<![a-z])(prod|production|live|master|primary)(?![a-z])", output, re.I)
    if found:
        raise click.UsageError(
            f"the database looks like production ({found[0]!r} in its address); "
            "pass --yes to write to it, or --dry-run to try"
        )


def _beside(
    asked: dict[str, int] | int | None, metadata: Metadata, existing: dict[str, pd.DataFrame]
) -> dict[str, int] | int | None:
    """Ask for no rows of tables that hold some."""
    full = {name: 0 for name, frame in existing.items() if len(frame)}
    if not full:
        return asked
    if isinstance(asked, int):
        return dict.fromkeys(metadata.tables, asked) | full
    return (asked or {}) | full


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print warnings as lines of text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        click.echo(f"note: {warning.message}", err=True)


def _save(document: dict[str, Any], path: str) -> None:
    from relsynth.storage.atomic import replacing

    with replacing(Path(path)) as temporary:
        temporary.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


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
    data_only: bool,
) -> None:
    from relsynth.storage import write_tables
    from relsynth.storage.json_file import write_json
    from relsynth.storage.sql_script import write_script

    if output.endswith(".sql"):
        write_script(tables, output, metadata, dialect=dialect, create=not data_only)  # type: ignore[arg-type]
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
