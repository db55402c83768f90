"""A folder of table files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from relsynth.storage.csv import read_csv


def read_tables(source: str | Path, metadata: object = None) -> dict[str, pd.DataFrame]:
    folder = Path(source)
    return {
        path.name.split(".")[0]: read_csv(path)
        for path in sorted(folder.iterdir())
        if path.name.endswith((".csv", ".csv.gz"))
    }
