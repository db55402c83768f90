"""``relsynth evaluate``: compare a synthetic database with the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from relsynth.cli.reporting import report_options, say_report
from relsynth.cli.source import (
    SCHEMA_HELP,
    check_memory,
    memory_option,
    read,
    roots_option,
    schema_of,
    tables_in,
    with_csv,
)
from relsynth.cli.target import check_report


@click.command(short_help="Compare a synthetic database with the real one.")
@click.argument("real")
@click.argument("synthetic")
@click.option("--schema", "-s", help=SCHEMA_HELP)
@click.option("--holdout", help="Real data the synthesizer has not seen.")
@click.option("--measures", help="Names of measures, separated by commas; all by default.")
@click.option("--no-baselines", is_flag=True, help="Leave out ceiling and floor.")
@with_csv
@roots_option
@memory_option
@report_options("Exit with status 1 where a figure is worse than its gate, such as dda=0.6.")
def evaluate(
    context: click.Context,
    real: str,
    synthetic: str,
    schema: str | None,
    holdout: str | None,
    measures: str | None,
    roots: int | None,
    memory: str | None,
    output: Path | None,
    seed: int,
    no_baselines: bool,
    as_json: bool,
    fail_under: dict[str, float] | None,
) -> None:
    """Compare the SYNTHETIC data with the REAL data.

    Each is a folder of CSV or Parquet files, a SQLite file or a database URL; with ``--roots``
    also a pattern of file names such as ``data/*.parquet``.
    """
    from relsynth.evaluate.report import check_gates
    from relsynth.evaluate.run import choose
    from relsynth.evaluate.run import evaluate as compare
    from relsynth.metadata.sources import schema_from

    names = None if measures is None else [name.strip() for name in measures.split(",")]
    check_gates(fail_under or {}, choose(names))
    check_report(output)
    check_memory(roots, memory)
    sides: list[Any] = [real, synthetic, holdout]
    if roots is not None:
        metadata = schema_of(real, () if schema is None else (schema,))
    elif schema is None:
        metadata, sides[0] = read(real, ())
    else:
        metadata = schema_from(schema)
        sides[0] = tables_in(real, metadata)
    if roots is None:
        sides[1:] = [None if side is None else tables_in(side, metadata) for side in sides[1:]]
    report = compare(
        sides[0],
        sides[1],
        metadata,
        sides[2],
        measures=names,
        seed=seed,
        baselines=not no_baselines,
        progress=None,
        about={"database": real},
        roots=roots,
        memory=memory,
    )
    say_report(context, report, fail_under, output, as_json)
