"""``relsynth evaluate``: compare a synthetic database with the real one."""

from __future__ import annotations

from pathlib import Path

import click

from relsynth.cli.reporting import report_options, say_report
from relsynth.cli.source import SCHEMA_HELP, read, tables_in, with_csv
from relsynth.cli.target import check_report


@click.command(short_help="Compare a synthetic database with the real one.")
@click.argument("real")
@click.argument("synthetic")
@click.option("--schema", "-s", help=SCHEMA_HELP)
@click.option("--holdout", help="Real data the synthesizer has not seen.")
@click.option("--measures", help="Names of measures, separated by commas; all by default.")
@click.option("--no-baselines", is_flag=True, help="Leave out ceiling and floor.")
@with_csv
@report_options("Exit with status 1 where a figure is worse than its gate, such as dda=0.6.")
def evaluate(
    context: click.Context,
    real: str,
    synthetic: str,
    schema: str | None,
    holdout: str | None,
    measures: str | None,
    output: Path | None,
    seed: int,
    no_baselines: bool,
    as_json: bool,
    fail_under: dict[str, float] | None,
) -> None:
    """Compare the SYNTHETIC data with the REAL data.

    Each is a folder of CSV or Parquet files, a SQLite file or a database URL.
    """
    from relsynth.evaluate.report import check_gates
    from relsynth.evaluate.run import choose
    from relsynth.evaluate.run import evaluate as compare
    from relsynth.metadata.sources import schema_from

    names = None if measures is None else [name.strip() for name in measures.split(",")]
    check_gates(fail_under or {}, choose(names))
    check_report(output)
    if schema is None:
        metadata, tables = read(real, ())
    else:
        metadata = schema_from(schema)
        tables = tables_in(real, metadata)
    report = compare(
        tables,
        tables_in(synthetic, metadata),
        metadata,
        tables_in(holdout, metadata) if holdout else None,
        measures=names,
        seed=seed,
        baselines=not no_baselines,
        progress=None,
        about={"database": real},
    )
    say_report(context, report, fail_under, output, as_json)
