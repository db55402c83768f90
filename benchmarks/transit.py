"""Two real timetables, read without a schema: what detection finds and how close the copy is.

The feeds (GTFS: routes, trips, stops, stop times, calendars) of Cairns' buses and New York's
subway come with the sources of the package ``gtfs-kit``, which are downloaded on first use.
Both have few routes with many trips each, times beyond midnight as text, and dates as whole
numbers.

    python benchmarks/transit.py --seeds 0 1
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pandas as pd

import relsynth as rs

SOURCE = "gtfs-kit==13.0.1"
FEEDS = {"cairns": "cairns_gtfs.zip", "subway": "nyc_subway_gtfs.zip"}
MEASURES = ("validity", "shapes", "pairs", "cardinality", "c2st", "dda")


def main() -> int:
    arguments = _arguments()
    rows = []
    for name in FEEDS:
        tables = rs.read_tables(feed(name, arguments.work))
        metadata = rs.Metadata.detect(tables)
        if arguments.verbose:
            print(f"{name}\n{metadata.plan(tables)}\n")
        for seed in arguments.seeds:
            fake = rs.RelationalSynthesizer(metadata, seed=seed).fit(tables).sample()
            report = rs.evaluate(tables, fake, metadata, measures=MEASURES, baselines=False)
            scores = {what: entry["score"] for what, entry in report.scores["summary"].items()}
            rows.append({"feed": name, "seed": seed, **scores})
    print(pd.DataFrame(rows).to_string(index=False, float_format=lambda x: f"{x:.3f}"))
    return 0


def feed(name: str, work: Path) -> Path:
    """Return the folder of a feed's tables, made where missing."""
    folder = work / name
    if not folder.exists():
        work.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":all:",
        ]
        subprocess.run([*command, "-d", str(work), SOURCE], check=True)
        archive = next(work.glob("gtfs_kit-*.tar.gz"))
        with tarfile.open(archive) as packed:
            inside = f"{archive.name.removesuffix('.tar.gz')}/data/{FEEDS[name]}"
            found = packed.extractfile(inside)
            if found is None:
                raise FileNotFoundError(f"{archive} has no {inside}")
            with zipfile.ZipFile(found) as zipped:
                zipped.extractall(folder)  # noqa: S202 - a release of the package index
        for text in folder.glob("*.txt"):
            text.rename(text.with_suffix(".csv"))
    return folder


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("build/transit"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--verbose", action="store_true", help="print the plans")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
