"""``relsynth sample``: draw a synthetic database from a model file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from relsynth.cli.rows import check_names
from relsynth.cli.source import conditions, json_option, on_terminal, sampling_options, say, tell
from relsynth.cli.target import check_target

DATA_SUFFIXES = (".csv", ".gz", ".parquet", ".db", ".sqlite", ".sqlite3")


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
    escape_formulas: bool,
    where: tuple[str, ...],
    seed: int | None,
    workers: int,
    as_json: bool,
) -> None:
    """Draw a synthetic database from MODEL, a file written by ``relsynth fit``.

    Large ones are drawn and written part by part, in bounded memory.
    """
    from relsynth.relational import RelationalSynthesizer

    if Path(model).is_dir() or ("://" not in model and Path(model).suffix in DATA_SUFFIXES):
        raise click.UsageError(
            f"{model} is data, not a model; relsynth fit {model} -o FILE learns it"
        )
    synthesizer = RelationalSynthesizer.load(model)
    check_target(output, synthesizer.metadata.tables, file_format)
    check_names(rows or {}, synthesizer.metadata.tables)
    synthesizer.progress = on_terminal() and not as_json
    start = time.perf_counter()
    asked = conditions(where, synthesizer.metadata.tables)
    counts = synthesizer.sample_to(
        output,
        scale,
        rows=rows,
        where=asked,
        format=file_format,
        seed=seed,
        workers=workers,
        escape_formulas=escape_formulas,
    )
    seconds = time.perf_counter() - start
    for name, count in counts.items():
        say(f"{name}: {count:,} rows", as_json)
    say(f"drawn and written to {output} in {seconds:.1f} s", as_json)
    tell({"output": output, "seconds": round(seconds, 2), "rows": counts}, as_json)
