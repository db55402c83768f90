"""``relsynth subset``: cut a small, referentially closed piece out of real data."""

from __future__ import annotations

from typing import Any

import click

from relsynth.cli.rows import rows_option
from relsynth.cli.source import (
    SCHEMA_HELP,
    format_option,
    formulas_option,
    json_option,
    read,
    say,
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
@seed_option
@json_option
def subset(
    data: str,
    schema: str | None,
    rows: dict[str, float],
    output: str,
    file_format: Any,
    escape_formulas: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Choose rows that stand for DATA, all that hangs below them and all they refer to.

    DATA is a folder of CSV or Parquet files, a SQLite file or a database URL.
    """
    from relsynth.selection import subset as choose
    from relsynth.storage import write_tables

    metadata, tables = read(data, () if schema is None else (schema,))
    check_target(output, metadata.tables, file_format, [data])
    small = choose(tables, metadata, rows, seed=seed)
    write_tables(small, output, file_format, metadata, escape_formulas=escape_formulas)
    width = max(map(len, small))
    for name, frame in small.items():
        say(f"{name:<{width}}  {len(frame):>10,} of {len(tables[name]):>10,} rows", as_json)
    tell({"rows": {name: len(frame) for name, frame in small.items()}}, as_json)
