"""Fit and sample SDV's HMA on one folder; runs inside SDV's own virtual environment.

Usage: python sdv_worker.py DATA_FOLDER OUT_FOLDER

DATA_FOLDER holds ``TABLE.csv`` files and ``metadata.json``. OUT_FOLDER receives the
synthetic tables and ``seconds.json``. Imports and reading are not timed.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path


def main(data: Path, out: Path) -> None:
    import pandas as pd
    import sdv
    from sdv.metadata import Metadata
    from sdv.multi_table import HMASynthesizer

    warnings.simplefilter("ignore")
    tables = {path.stem: pd.read_csv(path) for path in sorted(data.glob("*.csv"))}
    metadata = Metadata.load_from_json(data / "metadata.json")
    synthesizer = HMASynthesizer(metadata, verbose=False)

    start, cpu = time.perf_counter(), time.process_time()
    synthesizer.fit(tables)
    fitted = time.perf_counter()
    synthetic = synthesizer.sample_scale(1.0)
    sampled, cpu = time.perf_counter(), time.process_time() - cpu

    out.mkdir(parents=True, exist_ok=True)
    for name, table in synthetic.items():
        table.to_csv(out / f"{name}.csv", index=False)
    seconds = {"fit": fitted - start, "sample": sampled - fitted, "cpu": cpu}
    (out / "seconds.json").write_text(json.dumps({"version": sdv.__version__, **seconds}, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
