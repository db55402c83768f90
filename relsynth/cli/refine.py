"""``relsynth refine``: choose the best part of a larger synthetic database."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from relsynth.cli.rows import check_names, rows_option
from relsynth.cli.source import FORMATS, formulas_option, read, say, tables_in, tell, with_csv
from relsynth.cli.target import OUTPUT_HELP, check_target


@click.command()
@click.argument("pool")
@click.argument("real")
@click.option("--schema", "-s", help="Schema file; guessed from the real data without one.")
@rows_option("Rows of root tables; as in REAL without.")
@click.option("--holdout", help="Real data that POOL was not learned from.")
@click.option("--output", "-o", required=True, help=OUTPUT_HELP)
@click.option(
    "--format", "file_format", type=click.Choice(FORMATS), default="csv", show_default=True
)
@formulas_option
@with_csv
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def refine(
    pool: str,
    real: str,
    schema: str | None,
    rows: dict[str, int] | None,
    holdout: str | None,
    output: str,
    file_format: Any,
    escape_formulas: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Choose the rows of POOL, with all that hangs below them, that are most like REAL.

    POOL is a synthetic database several times as large as wanted, such as ``relsynth synth
    --scale 5`` writes. Each is a folder of CSV or Parquet files, a SQLite file or a database
    URL.
    """
    from relsynth.selection import refine as choose
    from relsynth.storage import write_tables

    metadata, tables = read(real, () if schema is None else (schema,))
    check_target(output, metadata.tables, file_format, [real, pool])
    check_names(rows or {}, metadata.tables)
    better = choose(
        tables_in(pool, metadata),
        tables,
        metadata,
        rows,
        holdout=tables_in(holdout, metadata) if holdout else None,
        seed=seed,
    )
    write_tables(better, output, file_format, metadata, escape_formulas=escape_formulas)
    say(str(better), as_json)
    tell(
        {
            "output": output,
            "rows": {name: len(frame) for name, frame in better.items()},
            "choices": [asdict(choice) for choice in better.choices],
            "relinked": dict(better.relinked),
        },
        as_json,
    )
