"""Fit and sample this library on one folder, in a fresh process.

Usage: python own_worker.py DATA_FOLDER OUT_FOLDER

DATA_FOLDER holds ``TABLE.csv`` files and ``metadata.json``. OUT_FOLDER receives the
synthetic tables and ``seconds.json``. Imports and reading are not timed.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path

import relsynth as rs

LAZY = ("sklearn.tree", "sklearn.ensemble", "scipy.stats", "relsynth.models.cart", "copulas")


def main(data: Path, out: Path) -> None:
    metadata = rs.Metadata.load(data / "metadata.json")
    tables = rs.read_tables(data, metadata)
    synthesizer = rs.RelationalSynthesizer(metadata, seed=0)
    for module in LAZY:
        import_module(module)

    start, cpu = time.perf_counter(), time.process_time()
    synthesizer.fit(tables)
    fitted = time.perf_counter()
    synthetic = synthesizer.sample(scale=1.0)
    sampled, cpu = time.perf_counter(), time.process_time() - cpu

    rs.write_tables(synthetic, out, metadata=metadata)
    seconds = {"fit": fitted - start, "sample": sampled - fitted, "cpu": cpu}
    (out / "seconds.json").write_text(json.dumps({"version": rs.__version__, **seconds}, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
