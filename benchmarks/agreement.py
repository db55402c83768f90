"""Check that the measures agree with the originals they reproduce.

Every original runs in an environment of its own, made here with venv and pip, on the same real
and synthetic files. Needs a folder of databases (one folder each: CSV files and an SDV
``metadata.json``), given by RELSYNTH_DATA or --data.

    python benchmarks/agreement.py --data DATA
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from disturb import disturb, thin

import relsynth as rs
from relsynth.evaluate import Limits

HERE = Path(__file__).parent / "originals"
PACKAGES = {
    "sdmetrics": ["sdmetrics==0.32.0"],
    "syntherela": ["syntherela==0.0.4"],
    "mostlyai": ["mostlyai-qa>=1.10,<1.11"],
}
UNCORRELATED = 1e-12
WHOLE = Limits(detection_rows=10**9, pair_rows=10**9)
Row = tuple[str, str, float, float, float, bool]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("RELSYNTH_DATA"))
    options.add_argument(
        "--environments", type=Path, default=Path(tempfile.gettempdir()) / "relsynth-originals"
    )
    chosen = options.parse_args()
    if chosen.data is None:
        options.error("give --data or set RELSYNTH_DATA")
    rows: list[Row] = []
    for name in ("rossmann", "walmart", "berka_trans11"):
        rows += sdmetrics(chosen, name)
    for name in ("rossmann", "walmart"):
        rows += syntherela(chosen, name)
    rows += mostlyai(chosen, "adult", "adult", allowed=0.003)
    # sequences are seen through rows drawn at random on both sides
    rows += mostlyai(chosen, "rossmann", "historical", "store", "Store", allowed=0.01)
    table = pd.DataFrame(
        rows, columns=["original", "figure", "theirs", "ours", "largest difference", "within"]
    )
    print(table.to_string(index=False, float_format=lambda value: f"{value:.5f}"))
    return 0 if table["within"].all() else 1


def sdmetrics(options: argparse.Namespace, name: str) -> list[Row]:
    real, fake, metadata = databases(options.data, name)
    theirs = original(options, "sdmetrics", real, fake, metadata.source)
    report = rs.evaluate(
        real, fake, metadata, measures=("shapes", "pairs", "cardinality", "trends"),
        baselines=False, limits=WHOLE,
    )  # fmt: skip
    scores = report.scores
    ours = {
        "shapes": {
            f"{table}.{column}": score
            for table, columns in scores["shapes"]["columns"].items()
            for column, score in columns.items()
        },
        "pairs": _published(scores["pairs"]["tables"]),
        "hop1": _published(
            {path: p for path, p in scores["trends"]["paths"].items() if path.count(">") == 1}
        ),
    }
    found = [
        _compare(
            f"SDMetrics 0.32, {name}",
            figure,
            {item: theirs[figure][item] for item in ours[figure]},
            ours[figure],
            1e-3,
        )
        for figure in ours
    ]
    cardinality = {"all": theirs["cardinality"]}, {"all": scores["cardinality"]["cardinality"]}
    return [*found, _compare(f"SDMetrics 0.32, {name}", "cardinality", *cardinality, 1e-3)]


def syntherela(options: argparse.Namespace, name: str) -> list[Row]:
    real, fake, metadata = databases(options.data, name)
    theirs = original(options, "syntherela", real, fake, metadata.source)
    report = rs.evaluate(
        real, fake, metadata, measures=("c2st", "dda"), baselines=False, limits=WHOLE
    )
    ours = {
        "c2st": {t: v["accuracy"] for t, v in report.scores["c2st"]["tables"].items()},
        "dda": {t: v["base"]["accuracy"] for t, v in report.scores["dda"]["tables"].items()},
    }
    return [
        _compare(f"SyntheRela 0.0.4, {name}", f"{figure} {table}", {table: value},
                 {table: ours[figure][table]}, 0.01)
        for figure in ours
        for table, value in theirs[figure].items()
    ]  # fmt: skip


def mostlyai(options: argparse.Namespace, name: str, *table: str, allowed: float) -> list[Row]:
    real, fake, metadata = databases(options.data, name)
    theirs = original(options, "mostlyai", real, fake, metadata.source, *table)
    report = rs.evaluate(real, fake, metadata, measures=["accuracy"], baselines=False)
    ours = report.scores["accuracy"]["tables"][table[0]]
    return [
        _compare(f"mostlyai-qa 1.10, {table[0]}", figure, {"": value}, {"": ours[figure]}, allowed)
        for figure, value in theirs.items()
    ]


def databases(
    data: Path, name: str
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame], rs.Metadata]:
    path = data / name / "metadata.json"
    metadata = rs.Metadata.load(path)
    metadata.source = str(path)
    real = {t: pd.read_csv(data / name / f"{t}.csv.gz") for t in metadata.tables}
    return real, thin(disturb(real, metadata), metadata), metadata


def original(
    options: argparse.Namespace,
    package: str,
    real: dict[str, pd.DataFrame],
    fake: dict[str, pd.DataFrame],
    schema: str,
    *arguments: str,
) -> dict[str, Any]:
    """Run an original in its own environment and return what it prints."""
    python = environment(options.environments, package)
    with tempfile.TemporaryDirectory() as folder:
        for side, tables in (("real", real), ("synthetic", fake)):
            (Path(folder) / side).mkdir()
            shutil.copyfile(schema, Path(folder) / side / "metadata.json")
            for table, frame in tables.items():
                frame.to_csv(Path(folder) / side / f"{table}.csv", index=False)
        command = [str(python), str(HERE / f"{package}_scores.py"), f"{folder}/real",
                   f"{folder}/synthetic", *arguments]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{package} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def environment(folder: Path, package: str) -> Path:
    """Return the interpreter of an original's environment, making it first where needed."""
    python = folder / package / "bin" / "python"
    if not python.exists():
        print(f"installing {' '.join(PACKAGES[package])} …", file=sys.stderr)
        venv.create(folder / package, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES[package]], check=True)
    return python


def _published(groups: dict[str, Any]) -> dict[str, float]:
    """Return the published form of every pair.

    A real correlation of 0 is left out: there SDMetrics takes "not above the threshold 0" or
    rounding noise, whichever comes, for undefined or defined.
    """
    return {
        f"{group}: {pair}": score["published"]
        for group, pairs in groups.items()
        for pair, score in pairs.items()
        if score["strength"] is None or score["strength"] > UNCORRELATED
    }


def _compare(
    original: str, figure: str, theirs: dict[str, Any], ours: dict[str, Any], allowed: float
) -> Row:
    """Compare item by item; what an original leaves undefined must be undefined here too."""
    if set(theirs) != set(ours):
        sys.exit(f"{original}, {figure}: compared are {sorted(set(theirs) ^ set(ours))[:5]}")
    pairs = np.array([[theirs[name], ours[name]] for name in theirs], dtype=float)
    if (np.isnan(pairs[:, 0]) != np.isnan(pairs[:, 1])).any():
        sys.exit(f"{original}, {figure}: undefined on one side only")
    known = pairs[~np.isnan(pairs).any(axis=1)]
    apart = float(np.abs(known[:, 0] - known[:, 1]).max())
    return original, figure, known[:, 0].mean(), known[:, 1].mean(), apart, apart <= allowed


if __name__ == "__main__":
    sys.exit(main())
