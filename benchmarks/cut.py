"""Cut a database folder to a number of parent rows with all their descendants."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd


def cut_folder(source: Path, target: Path, root: str, rows: int, seed: int) -> None:
    """Write a referentially closed piece of a database as CSV files, as text.

    Parameters
    ----------
    source, target : Path
        Folder with ``TABLE.csv.gz`` and ``metadata.json`` (SDV form); folder to write.
    root : str
        Table whose rows are drawn.
    rows : int
        Rows of `root` to keep.
    seed : int
    """
    document = json.loads((source / "metadata.json").read_text())
    tables = {
        name: pd.read_csv(source / f"{name}.csv.gz", dtype=str, keep_default_na=False)
        for name in document["tables"]
    }
    drawn = np.random.default_rng(seed).choice(len(tables[root]), rows, replace=False)
    kept = {root: tables[root].iloc[np.sort(drawn)]}
    waiting = list(document["relationships"])
    while waiting:
        ready = [key for key in waiting if key["parent_table_name"] in kept]
        if not ready:
            raise ValueError(f"{source.name}: tables that do not hang below {root!r}")
        for key in ready:
            parent, child = key["parent_table_name"], key["child_table_name"]
            rows_of = kept.get(child, tables[child])
            allowed = kept[parent][key["parent_primary_key"]]
            kept[child] = rows_of[rows_of[key["child_foreign_key"]].isin(allowed)]
            waiting.remove(key)
    target.mkdir(parents=True, exist_ok=True)
    for name, table in kept.items():
        table.to_csv(target / f"{name}.csv", index=False)
    (target / "metadata.json").write_text(json.dumps(document, indent=1))
