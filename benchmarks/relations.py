"""Relations between columns: planted ones recovered, none invented, and what it costs.

Run ``python benchmarks/relations.py [FOLDER]``. FOLDER holds one database per folder,
with ``metadata.json`` (SDV) and one ``TABLE.csv.gz`` per table; without it the part on
real data is left out.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.columns.relations import Relations

DAY = 86_400.0
EXPECTED = {
    "total": "quantity * price",
    "gross": "total + freight",
    "minutes": "seconds",
    "required": "ordered",
    "shipped": "ordered",
    "weekday": "weekday of ordered",
    "country": "city",
    "paid": "total",
    "started": "<= played",
}


def main() -> None:
    recover_planted()
    search_independent(tables=20)
    for rows, columns in ((10_000, 30), (1_000_000, 8)):
        time_search(rows, columns)
    if len(sys.argv) > 1:
        for table in sorted(Path(sys.argv[1]).glob("*/*.csv.gz")):
            search_real(table)


def recover_planted(rows: int = 5_000) -> None:
    rng = np.random.default_rng(0)
    ordered = 17_000 * DAY + DAY * rng.integers(0, 700, rows)
    city, quantity = rng.integers(0, 60, rows), rng.integers(1, 30, rows)
    price, freight = rng.integers(100, 9_999, rows) / 100, rng.integers(0, 5_000, rows) / 100
    total = np.round(quantity * price, 2)
    seconds, played = rng.integers(0, 99_999, rows), rng.integers(1, 160, rows)
    shipped = ordered + DAY * rng.integers(1, 20, rows)
    columns = {
        "city": city,
        "country": city % 7,
        "ordered": ordered,
        "weekday": (ordered / DAY + 3) % 7,
        "required": ordered + DAY * rng.choice([14, 28, 42], rows),
        "shipped": np.where(rng.random(rows) < 0.1, np.nan, shipped),
        "quantity": quantity,
        "price": price,
        "total": total,
        "freight": freight,
        "gross": np.round(total + freight, 2),
        "paid": np.where(rng.random(rows) < 0.7, total, np.round(rng.gamma(2, 99, rows), 2)),
        "seconds": seconds,
        "minutes": np.round(seconds / 60, 2),
        "played": played,
        "started": rng.binomial(played, rng.random(rows)),
    }
    kinds = tuple("category" if n in ("city", "country") else "number" for n in columns)
    table = Matrix(tuple(columns), kinds, np.column_stack(list(columns.values())))
    dates = dict.fromkeys(("ordered", "required", "shipped"), DAY)
    relations = Relations.find(table, dict.fromkeys(columns, 2), dates, seed=0)
    notes = {name: note for note in relations.notes for name in [note.split()[0]]}
    recovered = [name for name, base in EXPECTED.items() if base in notes.get(name, "")]
    decoded = relations.decode(relations.encode(table), rng).values
    error = np.nanmax(np.abs(decoded - table.values))
    print(f"planted: {len(recovered)} of {len(EXPECTED)} recovered, largest error {error:.1e}")
    for note in relations.notes:
        print(f"  {note}")


def independent(seed: int, rows: int, columns: int) -> tuple[Matrix, dict[str, float]]:
    rng = np.random.default_rng(seed)
    draws = [
        lambda: np.round(rng.normal(0, 10 ** rng.integers(0, 4), rows), 2),
        lambda: rng.poisson(rng.integers(1, 30), rows),
        lambda: rng.integers(0, rng.integers(2, 40), rows),
        lambda: 17_000 * DAY + DAY * rng.integers(0, 900, rows),
        lambda: np.where(rng.random(rows) < 0.1, rng.integers(1, 99, rows), np.nan),
    ]
    names = tuple(f"column{k}" for k in range(columns))
    kinds = tuple("category" if k % 5 == 2 else "number" for k in range(columns))
    values = np.column_stack([draws[k % 5]() for k in range(columns)]).astype(float)
    return Matrix(names, kinds, values), dict.fromkeys(names[3::5], DAY)


def search_independent(tables: int) -> None:
    found = 0
    for seed in range(tables):
        table, steps = independent(seed, rows=2_000, columns=30)
        found += len(Relations.find(table, dict.fromkeys(table.names, 2), steps, seed).notes)
    print(f"independent: {found} relations found in {tables} tables of 30 columns")


def time_search(rows: int, columns: int) -> None:
    table, steps = independent(0, rows, columns)
    start = time.process_time()
    relations = Relations.find(table, dict.fromkeys(table.names, 2), steps, seed=0)
    middle = time.process_time()
    relations.decode(relations.encode(table), np.random.default_rng(0))
    end = time.process_time()
    search, back = middle - start, end - middle
    print(f"cost: {rows} x {columns}: find {search:.2f} s, round trip {back:.2f} s of CPU")


def search_real(path: Path) -> None:
    table, decimals, steps = read(path)
    start = time.process_time()
    relations = Relations.find(table, decimals, steps, seed=0)
    seconds = time.process_time() - start
    name = path.name.removesuffix(".csv.gz")
    print(f"{path.parent.name}.{name}: {len(table)} rows, {seconds:.2f} s")
    for note in relations.notes:
        print(f"  {note}")


def read(path: Path) -> tuple[Matrix, dict[str, int | None], dict[str, float]]:
    schema = json.loads((path.parent / "metadata.json").read_text())
    types = schema["tables"][path.name.removesuffix(".csv.gz")]["columns"]
    frame = pd.read_csv(path, low_memory=False)
    columns, kinds = {}, []
    decimals: dict[str, int | None] = {}
    steps: dict[str, float] = {}
    for name in frame:
        kind = types[name]["sdtype"]
        if kind == "id":
            continue
        if kind == "datetime":
            instants = pd.to_datetime(frame[name], format="mixed", utc=True)
            since = instants - pd.Timestamp(0, tz="UTC")
            columns[name] = since.dt.total_seconds().to_numpy(float)
            steps[name] = DAY if np.nanmax(columns[name] % DAY, initial=0) == 0 else 1.0
        elif kind == "numerical":
            columns[name] = pd.to_numeric(frame[name]).to_numpy(float)
            present = columns[name][~np.isnan(columns[name])]
            exact = (d for d in range(9) if np.array_equal(np.round(present, d), present))
            decimals[name] = next(exact, None)
        else:
            codes = pd.factorize(frame[name])[0].astype(float)
            columns[name] = np.where(codes < 0, np.nan, codes)
        kinds.append("number" if kind in ("datetime", "numerical") else "category")
    values = np.column_stack(list(columns.values())) if columns else np.empty((len(frame), 0))
    return Matrix(tuple(columns), tuple(kinds), values), decimals, steps


if __name__ == "__main__":
    main()
