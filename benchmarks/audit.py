"""Audit what is learned from one half of real people, attacked with the other half.

Needs a folder of databases (one folder each: CSV files and an SDV ``metadata.json``), given by
RELSYNTH_DATA or --data. Prints, for rows of subjects and of the tables below them and for
families, every attack's AUC and how many members it finds at 1 % false accusations.

    python benchmarks/audit.py --data DATA [--sets adult airbnb] [--seeds 2] [--roots 8000]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import pandas as pd
from ceiling_floor import load, split

import relsynth as rs

SETS = ("adult", "airbnb", "baseball", "berka_small")
AUC, TPR = 0.55, 0.02  # of the best attack on subjects


def main() -> int:
    """Audit every database with every seed and model."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=os.environ.get("RELSYNTH_DATA"))
    options.add_argument("--sets", nargs="+", default=SETS)
    options.add_argument("--models", nargs="+", default=["auto"])
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--roots", type=int, default=8_000, help="rows of a root table at most")
    given = options.parse_args()
    if given.data is None:
        options.error("give --data or set RELSYNTH_DATA")
    rows = []
    for name in given.sets:
        for model in given.models:
            for seed in range(given.seeds):
                found = audited(given.data, name, model, seed, given.roots)
                print(found.round(3).to_string(index=False), flush=True)
                rows.append(found)
    best = pd.concat(rows).groupby(["set", "model", "seed"])[["auc", "tpr"]].max()
    print(best.round(3).to_string())
    return 0 if (best["auc"] <= AUC).all() and (best["tpr"] <= TPR).all() else 1


def without_orphans(
    tables: dict[str, pd.DataFrame], metadata: rs.Metadata
) -> dict[str, pd.DataFrame]:
    """Return a half without the rows that refer to the other one, such as shared accounts."""
    kept, before = dict(tables), -1
    while before != (before := sum(map(len, kept.values()))):
        for key in metadata.foreign_keys:
            child, parent = kept[key.child], kept[key.parent]
            known = pd.MultiIndex.from_frame(parent[list(key.parent_columns)])
            given = child[list(key.columns)]
            found = pd.MultiIndex.from_frame(given).isin(known) | given.isna().any(axis=1)
            kept[key.child] = child[found].reset_index(drop=True)
    return kept


def audited(data: Path, name: str, model: str, seed: int, roots: int) -> pd.DataFrame:
    """Return one row per attack on one synthetic database."""
    real, metadata = load(data, name)
    parents = {key.parent for key in metadata.foreign_keys}
    children = {key.child for key in metadata.foreign_keys}
    root = max((n for n in real if n not in children or not parents), key=lambda n: len(real[n]))
    if len(real[root]) > roots:
        real = rs.subset(real, metadata, {root: roots}, seed=seed)
    learned, unseen = (without_orphans(half, metadata) for half in split(real, metadata))
    started = time.time()
    synth = rs.RelationalSynthesizer(metadata, model=model, seed=seed).fit(learned)
    report = rs.audit(learned, synth.sample(), metadata, unseen, seed=seed)
    print(f"{name} {model} {seed}: {report.verdict} ({time.time() - started:.0f} s)", flush=True)
    lines = []
    for unit in ("rows", "families"):
        for table, entry in report.scores[unit].items():
            for attack, done in entry.get("membership", {}).items():
                figures = {
                    key: done[key] for key in ("auc", "auc_low", "auc_high", "tpr", "tpr_low")
                }
                lines.append({"records": unit, "table": table, "attack": attack, **figures})
    table = pd.DataFrame(lines)
    table.insert(0, "set", name)
    table.insert(1, "model", model)
    table.insert(2, "seed", seed)
    return table


if __name__ == "__main__":
    sys.exit(main())
