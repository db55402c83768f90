"""``relsynth subset``: cut a small, referentially closed piece out of real data."""

from __future__ import annotations

from typing import Any

import click

from relsynth.cli.rows import rows_option
from relsynth.cli.source import (
    SCHEMA_HELP,
    check_memory,
    format_option,
    formulas_option,
    json_option,
    memory_option,
    read,
    roots_option,
    say,
    schema_of,
    seed_option,
    tell,
    with_csv,
)
from relsynth.cli.target import OUTPUT_HELP, check_target


@click.command(short_help="Cut a small, whole piece out of real data.")
@click.argument("data")
@click.option("--schema", "-s", help=SCHEMA_HELP)
@rows_option("Such as customers=200 or customers=5%; repeatable.", shares=True, required=True)
@click.option("--output", "-o", required=True, help=OUTPUT_HELP)
@format_option
@formulas_option
@with_csv
@roots_option
@memory_option
@seed_option
@json_option
def subset(
    data: str,
    schema: str | None,
    rows: dict[str, float],
    output: str,
    file_format: Any,
    escape_formulas: bool,
    roots: int | None,
    memory: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Choose rows that stand for DATA, all that hangs below them and all they refer to.

    DATA is a folder of CSV or Parquet files, a SQLite file or a database URL; with ``--roots``
    also a pattern of file names such as ``data/*.parquet``.
    """
    from relsynth.selection import subset as choose
    from relsynth.storage import write_tables

    check_memory(roots, memory)
    schemas, tables = () if schema is None else (schema,), None
    if roots is None:
        metadata, tables = read(data, schemas)
    else:
        metadata = schema_of(data, schemas)
    check_target(output, metadata.tables, file_format, [data])
    source = data if tables is None else tables
    small = choose(source, metadata, rows, seed=seed, roots=roots, memory=memory)
    write_tables(small, output, file_format, metadata, escape_formulas=escape_formulas)
    width = max(map(len, small))
    for name, frame in small.items():
        whole = "" if tables is None else f" of {len(tables[name]):>10,}"
        say(f"{name:<{width}}  {len(frame):>10,}{whole} rows", as_json)
    if roots is not None:
        say(f"chosen among {roots:,} rows of every table without a parent, at random", as_json)
    tell({"rows": {name: len(frame) for name, frame in small.items()}, "roots": roots}, as_json)
