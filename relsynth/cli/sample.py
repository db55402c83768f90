"""``relsynth sample``: draw a synthetic database from a model file."""

from __future__ import annotations

import time
from typing import Any

import click

from relsynth.cli.source import conditions, sampling_options, say, tell


@click.command()
@click.argument("model")
@sampling_options
@click.option(
    "--where",
    multiple=True,
    metavar="TABLE.COLUMN=VALUE",
    help="Value that all rows of a table have; the same column again for any of several.",
)
@click.option("--seed", type=int, default=None, help="Another seed than the model's.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def sample(
    model: str,
    output: str,
    scale: float,
    rows: dict[str, int] | None,
    file_format: Any,
    where: tuple[str, ...],
    seed: int | None,
    as_json: bool,
) -> None:
    """Draw a synthetic database from MODEL, a file written by ``relsynth fit``."""
    from relsynth.relational import RelationalSynthesizer
    from relsynth.storage import write_tables

    synthesizer = RelationalSynthesizer.load(model)
    start = time.perf_counter()
    asked = conditions(where, synthesizer.metadata.tables)
    made = synthesizer.sample(scale, rows=rows, where=asked, seed=seed)
    write_tables(made, output, format=file_format, metadata=synthesizer.metadata)
    seconds = time.perf_counter() - start
    for name, table in made.items():
        say(f"{name}: {len(table):,} rows", as_json)
    say(f"drawn and written to {output} in {seconds:.1f} s", as_json)
    counts = {name: len(table) for name, table in made.items()}
    tell({"output": output, "seconds": round(seconds, 2), "rows": counts}, as_json)
