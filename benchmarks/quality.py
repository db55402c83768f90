"""Learn databases, draw them and score them against the ceiling and the floor of the same run.

    RELSYNTH_DATA=/data python benchmarks/quality.py rossmann cdnow baseball walmart airbnb cora

Prints per database the seconds of fit and sample and, per figure, score, ceiling (a disjoint
real half) and floor (the same half with permuted keys); `--no-baselines` leaves the two out.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import relsynth as rs

MEASURES = ("validity", "shapes", "pairs", "cardinality", "c2st", "dda")
LINES = ("score", "ceiling", "floor")


@dataclass(frozen=True)
class Run:
    """A database learned, drawn and scored: seconds of the clock, and of the processor."""

    synthesizer: rs.RelationalSynthesizer
    fit_seconds: float
    sample_seconds: float
    cpu_seconds: float
    scores: dict[str, Any]


def main() -> None:
    arguments = _arguments()
    for name in arguments.databases:
        run = measured(arguments.data / name, arguments.model, arguments.baselines)
        print(f"\n{name}: fit {run.fit_seconds:.1f} s, sample {run.sample_seconds:.1f} s")
        for figure, line in run.scores["summary"].items():
            shown = (f"{what} {line[what]:.3f}" for what in LINES if line.get(what) is not None)
            print(f"    {figure}: {', '.join(shown)}")
        for table_name, found in run.scores["c2st"]["tables"].items():
            print(
                f"    c2st {table_name}: accuracy {found['accuracy']:.3f}, AUC {found['auc']:.3f}"
            )


def measured(folder: Path, model: str, baselines: bool = False) -> Run:
    metadata = rs.Metadata.load(folder / "metadata.json")
    tables = rs.read_tables(folder, metadata)
    start, cpu = time.perf_counter(), time.process_time()
    synthesizer = rs.RelationalSynthesizer(metadata, model=model, seed=0).fit(tables)
    fitted = time.perf_counter()
    made = synthesizer.sample()
    drawn, cpu = time.perf_counter(), time.process_time() - cpu
    report = rs.evaluate(tables, made, metadata, measures=MEASURES, baselines=baselines)
    return Run(synthesizer, fitted - start, drawn - fitted, cpu, report.scores)


def databases_of(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse arguments with folders of databases beside those the parser knows."""
    parser.add_argument("databases", nargs="+", help="folder names")
    parser.add_argument("--data", type=Path, default=os.environ.get("RELSYNTH_DATA"))
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data or set RELSYNTH_DATA to the folder of databases")
    arguments.data = Path(arguments.data)
    return arguments


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Score synthetic databases.")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--no-baselines", dest="baselines", action="store_false")
    return databases_of(parser)


if __name__ == "__main__":
    main()
