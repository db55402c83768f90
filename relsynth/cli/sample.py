"""``relsynth sample``: draw a synthetic database from a model file."""

from __future__ import annotations

import time
from typing import Any

import click

from relsynth.cli.source import (
    conditions,
    json_option,
    on_terminal,
    sampling_options,
    say,
    tell,
)


@click.command(short_help="Draw a synthetic database from a model.")
@click.argument("model")
@sampling_options
@click.option(
    "--where",
    multiple=True,
    metavar="TABLE.COLUMN=VALUE",
    help="Value that all rows of a table have; the same column again for any of several.",
)
@click.option("--seed", type=int, default=None, help="Another seed than that of the model.")
@click.option(
    "--workers", type=int, default=1, show_default=True, help="Processes that draw side by side."
)
@json_option
def sample(
    model: str,
    output: str,
    scale: float,
    rows: dict[str, int] | None,
    file_format: Any,
    where: tuple[str, ...],
    seed: int | None,
    workers: int,
    as_json: bool,
) -> None:
    """Draw a synthetic database from MODEL, a file written by ``relsynth fit``.

    Large ones are drawn and written part by part, in bounded memory.
    """
    from relsynth.relational import RelationalSynthesizer

    synthesizer = RelationalSynthesizer.load(model)
    synthesizer.progress = on_terminal() and not as_json
    start = time.perf_counter()
    asked = conditions(where, synthesizer.metadata.tables)
    counts = synthesizer.sample_to(
        output, scale, rows=rows, where=asked, format=file_format, seed=seed, workers=workers
    )
    seconds = time.perf_counter() - start
    for name, count in counts.items():
        say(f"{name}: {count:,} rows", as_json)
    say(f"drawn and written to {output} in {seconds:.1f} s", as_json)
    tell({"output": output, "seconds": round(seconds, 2), "rows": counts}, as_json)
