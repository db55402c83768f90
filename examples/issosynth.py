"""One CSV file in, the best part of a larger synthetic pool out.

    python examples/issosynth.py [DATA.csv] [--rows N] [--oversample 5] [--pool POOL.csv]

The pool is drawn by relsynth into ``pool_data/``, or read from any CSV file with the columns of
the data, whatever wrote it. Without DATA a table of 2,000 people is made up. A fifth of the rows is held out: the selection never sees it, and
distances to it are printed beside those to the rest. The result is written to
``results/NAME_result_YYYYMMDD_HHMM.csv``.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

import relsynth as rs

TABLE = "table"


def main() -> int:
    arguments = parse()
    out = arguments.out
    if arguments.data is None:
        arguments.data = made_up(out / "people.csv")
    real = pd.read_csv(arguments.data)
    order = np.random.default_rng(arguments.seed).permutation(len(real))
    cut = len(real) // 5
    holdout = real.iloc[np.sort(order[:cut])].reset_index(drop=True)
    train = real.iloc[np.sort(order[cut:])].reset_index(drop=True)
    rows = arguments.rows or len(train)
    pool_file = arguments.pool or out / "pool_data" / f"{arguments.data.stem}_pool.csv"
    if arguments.pool is None:
        start = time.perf_counter()
        metadata = rs.Metadata.detect({TABLE: train})
        synth = rs.RelationalSynthesizer(metadata, seed=arguments.seed).fit({TABLE: train})
        pool = synth.sample(rows={TABLE: round(rows * arguments.oversample)})[TABLE]
        pool_file.parent.mkdir(parents=True, exist_ok=True)
        pool.to_csv(pool_file, index=False)
        print(f"pool: {len(pool):,} rows in {time.perf_counter() - start:.1f} s -> {pool_file}")
    pool = pd.read_csv(pool_file)
    chosen = rs.refine(
        pool,
        train,
        rows=rows,
        holdout=holdout,
        top_pairs=arguments.top_pairs,
        bins=arguments.bins,
        swaps=arguments.swaps,
        trim=not arguments.no_trim,
        seed=arguments.seed,
    )
    for choice in chosen.attrs["refined"]:
        print(f"random part: {choice['before']:.4f}, to the holdout {choice['held_before']:.4f}")
        for stage in choice["stages"]:
            print(
                f"{stage['name']:7} {stage['units']:8,} rows, distance {stage['distance']:.4f}, "
                f"to the holdout {stage['held']:.4f}, {stage['seconds']:.1f} s"
            )
    random = pool.sample(rows, random_state=arguments.seed)
    for name, part in (("random part", random), ("chosen", chosen)):
        share = nearer_to_training(part, train, holdout)
        print(f"{name}: {share:.3f} of rows lie nearer to a training row than to a held-out one")
    results = out / "results"
    results.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().strftime("%Y%m%d_%H%M")
    target = results / f"{arguments.data.stem}_result_{stamp}.csv"
    chosen.to_csv(target, index=False)
    print(f"{len(chosen):,} rows -> {target}")
    return 0


def nearer_to_training(
    synthetic: pd.DataFrame, train: pd.DataFrame, holdout: pd.DataFrame, most: int = 2_000
) -> float:
    """Return the share of rows nearer to as many training rows as held-out ones; .5 is ideal."""
    from scipy.spatial import KDTree

    size = min(len(holdout), most)
    parts = [
        part.sample(min(len(part), size), random_state=0) for part in (synthetic, train, holdout)
    ]
    columns = []
    for name in train.columns:
        joined = pd.concat([part[name] for part in parts])
        if pd.api.types.is_numeric_dtype(joined.dtype):
            columns.append(joined.rank(pct=True).fillna(-0.5).to_numpy(float))
        else:
            columns += list(pd.get_dummies(joined.astype(str)).to_numpy(float).T / np.sqrt(2))
    points = np.split(np.column_stack(columns), np.cumsum([len(part) for part in parts])[:-1])
    near, far = (KDTree(side).query(points[0])[0] for side in points[1:])
    return float((near < far).mean() + (near == far).mean() / 2)


def made_up(path: Path) -> Path:
    """Write a table whose columns depend on each other."""
    rng = np.random.default_rng(0)
    age = rng.gamma(9, 4.5, 2_000).round()
    school = rng.choice(["none", "some", "high"], 2_000)
    income = np.exp(rng.normal(7 + age / 90 + (school == "high"), 0.4)).round()
    pd.DataFrame({"age": age, "school": school, "income": income}).to_csv(path, index=False)
    return path


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--oversample", type=float, default=5)
    parser.add_argument("--pool", type=Path)
    parser.add_argument("--top-pairs", type=int)
    parser.add_argument("--bins", type=int, default=10)
    parser.add_argument("--swaps", type=int)
    parser.add_argument("--no-trim", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path())
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
