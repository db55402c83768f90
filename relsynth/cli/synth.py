"""``relsynth synth``: fit, sample, check and compare in one go."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relsynth.cli.rows import check_names
from relsynth.cli.source import (
    fitting_options,
    json_option,
    learned,
    on_terminal,
    read,
    sampling_options,
    say,
    tell,
)
from relsynth.cli.target import check_report, check_target
from relsynth.models import MODELS

if TYPE_CHECKING:
    from relsynth.relational import RelationalSynthesizer

MEASURES = ("validity", "shapes", "pairs", "cardinality")


@click.command(short_help="Learn, draw, check and score in one go.")
@click.argument("data")
@fitting_options
@sampling_options
@click.option(
    "--report", type=click.Path(path_type=Path), help="Full report to write, .html or .json."
)
@json_option
def synth(
    data: str,
    schemas: tuple[str, ...],
    exclude: tuple[str, ...],
    output: str,
    scale: float,
    rows: dict[str, int] | None,
    file_format: Any,
    escape_formulas: bool,
    report: Path | None,
    as_json: bool,
    **fitting: Any,
) -> None:
    """Learn the database DATA, write a synthetic one, check it and print its scores.

    DATA is a folder of CSV, CSV.gz or Parquet files, a SQLite file or a database URL.

    Exit status 1 where the synthetic database breaks a rule that the real one keeps. Every such
    rule is printed with its table, columns and number of rows.
    """
    from relsynth.evaluate import evaluate
    from relsynth.storage import write_tables

    check_report(report)
    metadata, tables = read(data, schemas, exclude)
    check_target(output, metadata.tables, file_format, [data])
    check_names(rows or {}, metadata.tables)
    for note in metadata.notes:
        if note.advice:
            say(f"note: {note}", as_json)
    start = time.perf_counter()
    synthesizer = learned(metadata, tables, fitting, as_json)
    say(str(synthesizer.plan_), as_json)
    fitted = time.perf_counter()
    made = synthesizer.sample(scale, rows=rows)
    write_tables(
        made, output, format=file_format, metadata=metadata, escape_formulas=escape_formulas
    )
    done = time.perf_counter()
    say(f"\nlearned in {fitted - start:.1f} s, drawn and written in {done - fitted:.1f} s", as_json)
    real = metadata.check(tables, orphans="null")
    scores = evaluate(
        real, made, metadata, measures=MEASURES, baselines=False, seed=synthesizer.seed
    )
    say(f"\n{scores}", as_json)
    if report is not None:
        shown = None if on_terminal() and not as_json else False
        about = {"database": data, "models": _models(synthesizer)}
        full = evaluate(real, made, metadata, seed=synthesizer.seed, progress=shown, about=about)
        full.save(report)
        say(f"report: {report}", as_json)
    seconds = {"fit": round(fitted - start, 2), "sample": round(done - fitted, 2)}
    tell(
        {
            "output": output,
            "seconds": seconds,
            "notes": [str(note) for note in metadata.notes if note.advice],
            "subjects": dict(synthesizer.plan_.subjects),
            "kept": [step.table for step in synthesizer.plan_.steps if step.kept],
            "scores": scores.scores,
        },
        as_json,
    )
    if scores.fails(under={"validity": 0}):
        raise click.exceptions.Exit(1)


def _models(synthesizer: RelationalSynthesizer) -> str:
    """Return the table models in use, each with how many tables it learned."""
    names = {attribute: name for name, (_, attribute) in MODELS.items()}
    used = Counter(
        names.get(type(table.rows.model).__name__, type(table.rows.model).__name__)
        for table in synthesizer.tables_.values()
        if table.rows is not None
    )
    return ", ".join(f"{name} ({count})" for name, count in used.most_common())
