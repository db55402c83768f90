"""Compare the table models on whole databases, as a Markdown table.

    RELSYNTH_DATA=/data python benchmarks/models.py rossmann walmart airbnb berka_small baseball

A line a database and model: shapes and pair trends (1 is perfect), detection of parents with their
children by usual and by full aggregates (DDA) and of the rows of each table (C2ST, mean and worst
table), both accuracies with .5 perfect, and the CPU seconds of fit and sample. Below the table
stands what `auto` chose for the rows of every table, and why.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from importlib import import_module

from quality import databases_of, measured

import relsynth as rs

MODELS = ("cart", "gaussian_copula", "hvrt", "auto")
FIGURES = ("shapes", "pairs", "dda", "dda_full", "c2st", "c2st_max")
HEAD = ("database", "model", "shapes", "pairs", "DDA", "DDA full", "C2ST", "C2ST worst", "CPU s")
LAZY = ("sklearn.tree", "sklearn.ensemble", "scipy.stats", "copulas")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare table models on databases.")
    parser.add_argument("--models", nargs="+", default=MODELS)
    arguments = databases_of(parser)
    for module in LAZY:
        import_module(module)
    reasons = []
    print(_line(HEAD), _line("---" for _ in HEAD), sep="\n")
    for name in arguments.databases:
        for model in arguments.models:
            run = measured(arguments.data / name, model)
            summary = run.scores["summary"]
            figures = (f"{summary[figure]['score']:.3f}".lstrip("0") for figure in FIGURES)
            print(_line((name, f"`{model}`", *figures, f"{run.cpu_seconds:.1f}")), flush=True)
            if model == "auto":
                reasons += _reasons(name, run.synthesizer)
    print("", *reasons, sep="\n")


def _reasons(database: str, synthesizer: rs.RelationalSynthesizer) -> list[str]:
    return [
        f"{database}.{table}: {note}"
        for table, notes in synthesizer.notes_.items()
        for note in notes
        if note.startswith("rows: ")
    ]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
