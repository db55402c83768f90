"""Draw a pool, choose the best part of it, and score both against a plain sample.

    RELSYNTH_DATA=/data python benchmarks/refine.py adult baseball rossmann airbnb walmart
    python benchmarks/refine.py baseball --tables players batting --roots 8000 --holdout 0.5

Prints per database the seconds of CPU and, for a plain sample and for the chosen part of a pool
of five times the size, accuracy (MOSTLY AI's, against training and holdout rows together), shapes,
pairs, children per parent, detection of families against the training and against the unseen rows
(.5 is a coin toss), and how often a row or a family is closer to training than to unseen ones.
Databases with one root table are split by root rows; `--holdout 0` learns from all. `--write`
leaves the tables as CSV for other scorers.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

import relsynth as rs
from relsynth.evaluate.database import prepare
from relsynth.selection.units import families_of

MEASURES = ("validity", "accuracy", "shapes", "pairs", "cardinality", "dda", "privacy")
FIGURES = (
    ("validity", "validity"),
    ("accuracy", "accuracy"),
    ("accuracy", "univariate"),
    ("accuracy", "bivariate"),
    ("accuracy", "trivariate"),
    ("accuracy", "coherence"),
    ("shapes", "shapes"),
    ("pairs", "pairs"),
    ("pairs", "pairs_associated"),
    ("cardinality", "cardinality"),
    ("dda", "dda"),
    ("dda", "dda_full"),
    ("privacy", "copies"),
    ("privacy", "dcr_share"),
    ("privacy", "family_dcr_share"),
)


def main() -> None:
    arguments = _arguments()
    for name in arguments.databases:
        _run(name, arguments)


def _run(name: str, arguments: argparse.Namespace) -> None:
    folder = arguments.data / name
    metadata = rs.Metadata.load(folder / "metadata.json")
    if arguments.tables:
        metadata = metadata.restrict(arguments.tables)
    every = rs.read_tables(folder, metadata)
    tables = metadata.check({table: every[table] for table in metadata.tables}, orphans="null")
    real, unseen = _split(metadata, tables, arguments)
    synthesizer = rs.RelationalSynthesizer(metadata, model=arguments.model, seed=0).fit(real)
    print(f"\n{name}")
    for seed in range(arguments.seeds):
        plain = synthesizer.sample(seed=seed)
        pool = synthesizer.sample(scale=arguments.pool, seed=1_000 + seed)
        start = time.process_time()
        better = rs.refine(pool, real, metadata, seed=seed)
        print(f"seed {seed}, {time.process_time() - start:.1f} s of CPU\n{better}")
        _compare(metadata, real, unseen, plain, better)
        if arguments.write:
            for what, found in (("real", real), ("plain", plain), ("refined", better)):
                rs.write_tables(found, arguments.write / name / what)


def _compare(metadata, real, unseen, plain, better) -> None:
    scores = [_scores(metadata, real, unseen, found) for found in (plain, better)]
    for measure, figure in FIGURES:
        values = [found[measure].get(figure) for found in scores]
        if None not in values:
            print(f"    {figure:<22} {values[0]:.4f} -> {values[1]:.4f}")
    if unseen is not None and metadata.foreign_keys:
        against = [
            rs.evaluate(unseen, found, metadata, measures=["dda"], baselines=False).scores["dda"]
            for found in (plain, better)
        ]
        for figure in ("dda", "dda_full"):
            told = " -> ".join(f"{found[figure]:.4f}" for found in against)
            print(f"    {figure + ', unseen rows':<22} {told}")


def _scores(metadata, real, unseen, found):
    return rs.evaluate(
        real, found, metadata, holdout=unseen, measures=MEASURES, baselines=False
    ).scores


def _split(metadata, tables, arguments):
    """Return the tables of some root rows to learn from and those of the others."""
    (database,) = prepare(metadata, {"real": tables})
    contexts = {step.table: step.context for step in metadata.plan(tables).steps}
    first, *more = families_of(database, contexts)
    if not arguments.holdout and not arguments.roots:
        return tables, None
    if any(len(family) for family in more):
        print("several roots: nothing is held out")
        return tables, None
    order = np.random.default_rng(1).permutation(len(first))[: arguments.roots]
    cut = round(len(order) * (1 - arguments.holdout))
    parts = []
    for units in (order[:cut], order[cut:]):
        rows = first.rows(units)
        parts.append({t: tables[t].iloc[rows[t]].reset_index(drop=True) for t in tables})
    return parts[0], parts[1] if cut < len(order) else None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Score the best part of a pool.")
    parser.add_argument("databases", nargs="+", help="folder names")
    parser.add_argument("--data", type=Path, default=os.environ.get("RELSYNTH_DATA"))
    parser.add_argument("--model", default="cart")
    parser.add_argument("--pool", type=float, default=5.0, help="times the size of the real data")
    parser.add_argument("--holdout", type=float, default=0.2, help="share of root rows held out")
    parser.add_argument("--roots", type=int, help="root rows at most")
    parser.add_argument("--tables", nargs="+", help="tables to take")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--write", type=Path, help="folder for the tables as CSV")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data or set RELSYNTH_DATA to the folder of databases")
    arguments.data = Path(arguments.data)
    return arguments


if __name__ == "__main__":
    main()
