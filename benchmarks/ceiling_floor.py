"""Show that real halves are not told apart, that every planted fault is caught, and the cost.

Needs a folder of databases (one folder each: CSV files and an SDV ``metadata.json``), given by
RELSYNTH_DATA or --data.

    python benchmarks/ceiling_floor.py --data DATA
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from disturb import disturb

import relsynth as rs
from relsynth.evaluate.baselines import context_keys, halves_by_root
from relsynth.evaluate.database import prepare

SETS = ("rossmann", "airbnb", "cdnow", "baseball", "cora", "berka_trans11")
Tables = dict[str, pd.DataFrame]
Row = tuple[str, str, str, float, bool]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("RELSYNTH_DATA"))
    chosen = options.parse_args()
    if chosen.data is None:
        options.error("give --data or set RELSYNTH_DATA")
    rows: list[Row] = []
    for part in (cost, faults, halves):
        for row in part(chosen.data):
            print("  ".join(map(str, row)), file=sys.stderr, flush=True)
            rows.append(row)
    table = pd.DataFrame(rows, columns=["what", "figure", "target", "result", "reached"])
    print(table.to_string(index=False, float_format=lambda value: f"{value:.4f}"))
    return 0 if table["reached"].all() else 1


def halves(data: Path) -> list[Row]:
    """Score one real half against the other, and against the other with permuted keys."""
    rows = []
    for name in SETS:
        real, metadata = load(data, name)
        report = rs.evaluate(real, real, metadata, measures=("c2st", "dda"))
        for figure in ("c2st", "dda"):
            ceiling = report.scores["ceiling"][figure][figure]
            within = abs(ceiling - 0.5) <= 0.03
            rows.append((f"real half, {name}", figure, ".5 +- .03", ceiling, within))
        if name == "baseball":
            floor = report.scores["floor"]["dda"]["dda_max"]
            rows.append(("keys permuted, baseball", "dda_max", "> .95", floor, floor > 0.95))
    return rows


def faults(data: Path) -> list[Row]:
    """Plant one fault at a time in a real half and look at the measure made for it."""
    real, metadata = load(data, "rossmann")
    mine, other = split(real, metadata)
    rows = []

    def score(fake: Tables, figure: str, holdout: Tables | None = None) -> float:
        measure = next(m.name for m in rs.evaluate.MEASURES.values()
                       for f in m.figures if f.name == figure)  # fmt: skip
        report = rs.evaluate(mine, fake, metadata, holdout, measures=[measure])
        return report.scores["summary"][figure]["score"]

    shuffled = copy(other)
    for place, column in enumerate(metadata.tables["historical"].columns):
        if column not in metadata.key_columns("historical"):
            shuffled["historical"][column] = deal(shuffled["historical"][column], place)
    drop = score(other, "pairs_associated") - score(shuffled, "pairs_associated")
    rows.append(("columns shuffled", "pairs_associated", "falls > .05", drop, drop > 0.05))
    found = score(shuffled, "c2st_max")
    rows.append(("columns shuffled", "c2st_max", "> .9", found, found > 0.9))
    constant = copy(other)
    constant["historical"]["Sales"] = constant["historical"]["Sales"].median()
    drop = score(other, "shapes") - score(constant, "shapes")
    rows.append(("one column constant", "shapes", "falls > .02", drop, drop > 0.02))
    found = score(constant, "c2st_max")
    rows.append(("one column constant", "c2st_max", "> .95", found, found > 0.95))
    doubled = copy(other)
    extra = doubled["historical"].sample(frac=0.02, random_state=0)
    extra["Id"] = np.arange(len(extra)) + 10**7
    doubled["historical"] = pd.concat([doubled["historical"], extra], ignore_index=True)
    found = score(doubled, "repeats")
    rows.append(("2 % of children repeated", "repeats", "> .015", found, found > 0.015))
    found = score(doubled, "validity")
    rows.append(("2 % of children repeated", "validity", "all of them", found, found >= len(extra)))
    disordered = copy(other)
    disordered["historical"]["Date"] = (
        disordered["historical"].groupby("Store")["Date"].transform(lambda days: deal(days).array)
    )
    drop = score(other, "order") - score(disordered, "order")
    rows.append(("wrong order within groups", "order", "falls > .02", drop, drop > 0.02))
    found = score(mine, "dcr_share", other)
    rows.append(("exact copy", "dcr_share", "> .8", found, found > 0.8))
    for figure in ("c2st_max", "dda_max"):
        found = score(mine, figure)
        rows.append(("exact copy", figure, "< .5", found, found < 0.5))
    return rows


def cost(data: Path) -> list[Row]:
    """Time the full report with its page on eight tables."""
    real, metadata = load(data, "berka_trans11")
    mine, other = split(real, metadata)
    started = time.process_time()
    report = rs.evaluate(mine, disturb(mine, metadata), metadata, other)
    with tempfile.TemporaryDirectory() as folder:
        report.save(Path(folder) / "report.html")
    spent = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return [
        ("full report, berka_trans11", "CPU seconds", "< 60", spent, spent < 60),
        ("full report, berka_trans11", "peak GB", "< 2", peak, peak < 2),
    ]


def load(data: Path, name: str) -> tuple[Tables, rs.Metadata]:
    metadata = rs.Metadata.load(data / name / "metadata.json")
    return rs.read_tables(data / name, metadata), metadata


def split(tables: Tables, metadata: rs.Metadata) -> tuple[Tables, Tables]:
    """Return two halves by root as tables, so that the second can serve as unseen data."""
    (database,) = prepare(metadata, {"real": tables})
    rows = halves_by_root(database, context_keys(database))
    return tuple(
        {name: frame.iloc[half[name]].reset_index(drop=True) for name, frame in tables.items()}
        for half in rows
    )


def copy(tables: Tables) -> Tables:
    return {name: frame.copy() for name, frame in tables.items()}


def deal(column: pd.Series, seed: int = 0) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).permutation(column.to_numpy()), index=column.index)


if __name__ == "__main__":
    sys.exit(main())
