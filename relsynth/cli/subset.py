"""``relsynth subset``: cut a small, referentially closed piece out of real data."""

from __future__ import annotations

from typing import Any

import click

from relsynth.cli.source import (
    SCHEMA_HELP,
    format_option,
    json_option,
    read,
    say,
    seed_option,
    tell,
)


class Rows(click.ParamType[dict[str, float]]):
    """Rows per table such as ``customers=200`` or ``customers=5%``."""

    name = "TABLE=ROWS,…"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, float]:
        """Return counts, or shares below 1, by table."""
        if isinstance(value, dict):
            return value
        rows = {}
        for part in str(value).split(","):
            name, _, text = part.rpartition("=")
            try:
                number = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
            except ValueError:
                number = -1.0
            if not name.strip() or number <= 0 or (text.endswith("%") and number >= 1):
                self.fail(f"{part!r} is not of the form customers=200 or customers=5%", param, ctx)
            rows[name.strip()] = number
        return rows


@click.command(short_help="Cut a small, whole piece out of real data.")
@click.argument("data")
@click.option("--schema", "-s", help=SCHEMA_HELP)
@click.option("--rows", type=Rows(), required=True, help="Such as customers=200 or customers=5%.")
@click.option("--output", "-o", required=True, help="Folder or database URL to write.")
@format_option
@seed_option
@json_option
def subset(
    data: str,
    schema: str | None,
    rows: dict[str, float],
    output: str,
    file_format: Any,
    seed: int,
    as_json: bool,
) -> None:
    """Choose rows that stand for DATA, all that hangs below them and all they refer to.

    DATA is a folder of CSV or Parquet files, a SQLite file or a database URL.
    """
    from relsynth.selection import subset as choose
    from relsynth.storage import write_tables

    metadata, tables = read(data, () if schema is None else (schema,))
    small = choose(tables, metadata, rows, seed=seed)
    write_tables(small, output, file_format, metadata)
    width = max(map(len, small))
    for name, frame in small.items():
        say(f"{name:<{width}}  {len(frame):>10,} of {len(tables[name]):>10,} rows", as_json)
    tell({"rows": {name: len(frame) for name, frame in small.items()}}, as_json)
