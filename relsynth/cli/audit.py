"""``relsynth audit``: attack a synthetic database to see what it tells about people."""

from __future__ import annotations

from pathlib import Path

import click

from relsynth.cli.reporting import report_options, say_report
from relsynth.cli.source import tables_in, with_csv


@click.command(short_help="Attack a synthetic database to see what it tells about people.")
@click.argument("real")
@click.argument("synthetic")
@click.option("--schema", "-s", required=True, help="Schema file of any known format.")
@click.option("--holdout", help="Real data of other people, which nothing was learned from.")
@click.option("--reference", help="More of them, for the attacker; half of the holdout otherwise.")
@click.option("--subject", "subjects", multiple=True, help="A table of people; found otherwise.")
@click.option("--model", help="Model file to look through.")
@click.option("--canaries", default=0, help="Synthetic databases to look for planted values in.")
@with_csv
@report_options("Exit with status 1 where a figure is above its gate, such as auc=0.55,tpr=0.02.")
def audit(
    context: click.Context,
    real: str,
    synthetic: str,
    schema: str,
    holdout: str | None,
    reference: str | None,
    subjects: tuple[str, ...],
    model: str | None,
    canaries: int,
    output: Path | None,
    seed: int,
    as_json: bool,
    fail_under: dict[str, float] | None,
) -> None:
    """Attack the SYNTHETIC data with the REAL data at hand.

    Each is a folder of CSV or Parquet files, a SQLite file or a database URL.
    """
    from relsynth.audit import audit as attacked
    from relsynth.audit.report import check_gates
    from relsynth.metadata import Metadata

    check_gates(fail_under or {})
    metadata = Metadata.load(schema)
    found = attacked(
        tables_in(real, metadata),
        tables_in(synthetic, metadata),
        metadata,
        tables_in(holdout, metadata) if holdout else None,
        reference=tables_in(reference, metadata) if reference else None,
        subjects=subjects or "auto",
        model=model,
        canaries=canaries,
        seed=seed,
    )
    say_report(context, found, fail_under, output, as_json)
