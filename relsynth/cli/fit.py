"""``relsynth fit``: learn a database and keep the model in a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from relsynth.cli.source import (
    check_memory,
    fitting_options,
    json_option,
    learned,
    memory_option,
    read,
    roots_option,
    say,
    schema_of,
    tell,
)
from relsynth.cli.target import check_place


@click.command(short_help="Learn a database and write the model.")
@click.argument("data")
@click.option("--output", "-o", required=True, help="Model file to write.")
@fitting_options
@roots_option
@memory_option
@click.option(
    "--workers", type=int, default=1, show_default=True, help="Tables learned side by side."
)
@json_option
def fit(
    data: str,
    output: str,
    schemas: tuple[str, ...],
    exclude: tuple[str, ...],
    roots: int | None,
    memory: str | None,
    workers: int,
    as_json: bool,
    **fitting: Any,
) -> None:
    """Learn the database DATA and write the model, for ``relsynth sample``.

    DATA is a folder of CSV, CSV.gz or Parquet files, a SQLite file or a database URL; with
    ``--roots`` also a pattern of file names such as ``data/*.parquet``.
    """
    if Path(output).is_dir():
        raise IsADirectoryError(
            f"{output}: this is a folder; name a file such as {output}.relsynth"
        )
    check_place(Path(output))
    check_memory(roots, memory)
    tables: Mapping[str, Any] | str = data
    if roots is None:
        metadata, tables = read(data, schemas, exclude)
    else:
        metadata = schema_of(data, schemas, exclude)
    start = time.perf_counter()
    synthesizer = learned(
        metadata, tables, fitting, as_json, roots=roots, memory=memory, workers=workers
    )
    synthesizer.save(output)
    seconds = time.perf_counter() - start
    say(f"{synthesizer.plan_}\n\nlearned in {seconds:.1f} s, kept in {output}", as_json)
    notes = {name: list(found) for name, found in synthesizer.notes_.items()}
    tell({"model": output, "seconds": round(seconds, 2), "notes": notes}, as_json)
