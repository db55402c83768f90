"""SDV's HMA against this library on the same two databases: seconds and scores.

SDV runs in a virtual environment of its own, made on first use. `cdnow` is cut to 3,000
users and `baseball` to 500 players, with all their descendants. Both sides start from the
same CSV files in a fresh process; imports and reading are not timed on either side. On a
machine that is busy otherwise the ratio of processor seconds is the steadier one.

    RELSYNTH_DATA=/data python benchmarks/vs_sdv.py
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from cut import cut_folder

SDV = "sdv==2.0.0"
CUTS = {"cdnow": ("users", 3_000), "baseball": ("players", 500)}
MEASURES = ("cardinality", "shapes", "pairs", "c2st", "dda")
TARGET = 100.0
HERE = Path(__file__).parent


def main() -> int:
    arguments = _arguments()
    interpreter = sdv_interpreter(arguments.venv)
    rows = []
    for name in arguments.databases:
        work = arguments.work / name
        cut_folder(arguments.data / name, work / "real", *CUTS[name], seed=arguments.seed)
        runs = {
            "SDV HMA": run(interpreter, "sdv_worker.py", work / "real", work / "sdv"),
            "relsynth": run(sys.executable, "own_worker.py", work / "real", work / "relsynth"),
        }
        for label, folder in runs.items():
            rows.append(measured(name, label, work / "real", folder))
    print(report(rows))
    slow = [name for name, ratio in ratios(rows, "total").items() if ratio < TARGET]
    if slow:
        print(f"below {TARGET:.0f} times: {', '.join(slow)}")
    return 1 if slow else 0


def sdv_interpreter(folder: Path) -> Path:
    """Return the interpreter of a virtual environment that holds SDV, made where missing."""
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([interpreter, "-m", "pip", "install", "-q", SDV], check=True)
    return interpreter


def run(interpreter: str | Path, script: str, real: Path, out: Path) -> Path:
    """Run a worker on one thread and return the folder it wrote."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parent)}
    subprocess.run([interpreter, HERE / script, real, out], check=True, env=environment)
    return out


def measured(database: str, label: str, real: Path, folder: Path) -> dict[str, object]:
    """Return the seconds a worker wrote and the scores of its tables."""
    import relsynth as rs

    metadata = rs.Metadata.load(real / "metadata.json")
    report = rs.evaluate(
        rs.read_tables(real, metadata),
        rs.read_tables(folder, metadata),
        metadata,
        measures=MEASURES,
        baselines=False,
    )
    scores = {name: entry["score"] for name, entry in report.scores["summary"].items()}
    seconds = json.loads((folder / "seconds.json").read_text())
    return {
        "database": database,
        "synthesizer": f"{label} {seconds['version']}",
        "fit": seconds["fit"],
        "sample": seconds["sample"],
        "total": seconds["fit"] + seconds["sample"],
        "cpu": seconds["cpu"],
        **scores,
    }


def ratios(rows: list[dict[str, object]], seconds: str) -> dict[str, float]:
    """Return how many times faster the second row of every database is than the first."""
    spent: dict[str, list[float]] = {}
    for row in rows:
        spent.setdefault(str(row["database"]), []).append(float(str(row[seconds])))
    return {name: first / second for name, (first, second) in spent.items()}


def report(rows: list[dict[str, object]]) -> str:
    """Return the table of all runs and the ratios as text."""
    import pandas as pd

    table = pd.DataFrame(rows).to_string(index=False, float_format=lambda x: f"{x:.3f}")
    by_cpu = ratios(rows, "cpu")
    times = "".join(
        f"\n{name}: {ratio:.0f} times faster ({by_cpu[name]:.0f} times in processor seconds)"
        for name, ratio in ratios(rows, "total").items()
    )
    return table + "\n" + times


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("databases", nargs="*", default=list(CUTS), help="of: " + ", ".join(CUTS))
    parser.add_argument("--data", type=Path, default=os.environ.get("RELSYNTH_DATA"))
    parser.add_argument("--work", type=Path, default=Path("build/vs_sdv"))
    parser.add_argument("--venv", type=Path, default=Path("build/sdv-venv"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data or set RELSYNTH_DATA to the folder of databases")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
