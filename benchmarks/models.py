"""Compare the table models on whole databases, as a Markdown table.

    RELSYNTH_DATA=/data python benchmarks/models.py rossmann walmart airbnb berka_small baseball

A line a database and model: shapes and pair trends (1 is perfect), detection of parents with their
children by usual and by full aggregates (DDA) and of the rows of each table (C2ST, mean and worst
table), both accuracies with .5 perfect, and the seconds of fit and sample. Below the table stands
what `auto` chose for every table, and why.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from quality import measured

MODELS = ("cart", "gaussian_copula", "hvrt", "auto")
FIGURES = ("shapes", "pairs", "dda", "dda_full", "c2st", "c2st_max")
HEAD = ("database", "model", "shapes", "pairs", "DDA base", "DDA full", "C2ST", "C2ST worst", "s")
LAZY = ("sklearn.tree", "sklearn.ensemble", "scipy.stats", "copulas")


def main() -> None:
    arguments = _arguments()
    for module in LAZY:
        import_module(module)
    reasons = []
    print(_line(HEAD), _line("---" for _ in HEAD), sep="\n")
    for name in arguments.databases:
        for model in arguments.models:
            run = measured(arguments.data / name, model)
            summary = run.scores["summary"]
            figures = (f"{summary[figure]['score']:.3f}".lstrip("0") for figure in FIGURES)
            seconds = f"{run.fit_seconds:.1f} + {run.sample_seconds:.1f}"
            print(_line((name, f"`{model}`", *figures, seconds)), flush=True)
            if model == "auto":
                notes = run.synthesizer.notes_.items()
                reasons += [f"{name}.{table}: {reason}" for table, reason in notes]
    print("", *reasons, sep="\n")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare table models on databases.")
    parser.add_argument("databases", nargs="+", help="folder names")
    parser.add_argument("--data", type=Path, default=os.environ.get("RELSYNTH_DATA"))
    parser.add_argument("--models", nargs="+", default=MODELS)
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data or set RELSYNTH_DATA to the folder of databases")
    arguments.data = Path(arguments.data)
    return arguments


if __name__ == "__main__":
    main()
