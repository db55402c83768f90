"""Everything about HVRT that has a figure: speed, reduction, expansion, table model, subset.

Run ``python benchmarks/hvrt.py [speed|reduction|expansion|bandwidth|rivals|optimizer|model|
subset] ...``; all by default, in about forty minutes on one core, of which the reduction takes
four. ``--quick`` leaves out adult and takes three seeds of each set.
RELSYNTH_DATA names the folder of databases. Published figures stand beside ours.
"""

from __future__ import annotations

import os
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import hvrt_data as data
import numpy as np
import pandas as pd
from hvrt_baseline import decode, plain_kernel
from hvrt_measures import (
    Task,
    codes,
    dcr_share,
    discrimination,
    marginal_fidelity,
    tail_error,
    usefulness,
)
from hvrt_reduction import reduction
from hvrt_rivals import bootstrap, copula, mixture, smote
from scipy.spatial.distance import cdist
from sklearn.tree import DecisionTreeRegressor

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.hvrt import HVRT, FastHVRT, HVRTOptimizer, ReduceParams
from relsynth.models.hvrt import HVRTModel
from relsynth.selection.closure import close, descending_keys, parent_rows
from relsynth.selection.features import encode_rows, row_features, spread_out
from relsynth.selection.subset import choose_rows

# MF, XGBoost accuracy, TSTR - TRTR, DCR share as published or recorded for h = 0.5
RECORDED = {
    "adult": (0.838, 0.945, -0.067, 0.840),
    "heavy tail": (0.948, 0.609, -0.023, 0.724),
    "diabetes": (0.933, 0.817, -0.012, 0.923),
    "wine": (0.903, 0.416, -0.004, 0.963),
    "breast cancer": (0.939, 0.496, -0.004, 0.917),
}
CONDITIONAL = {"heavy tail": 0.55, "diabetes": 0.58, "breast cancer": 0.60}
TASKS: Sequence[tuple[Callable[[int], Task], int]] = (
    (data.adult, 2),
    (data.heavy_tail, 8),
    (data.diabetes, 20),
    (data.wine, 80),
    (data.breast, 24),
)


QUICK = "--quick" in sys.argv


def speed(rows: int = 50_000, columns: int = 20) -> None:
    """Fit against the bare tree on the same matrix; expansion; reduction."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, columns))
    X[:, 1] += X[:, 0]
    X[:, 2] = np.exp(X[:, 2])
    print(f"\nspeed on {rows:,} x {columns}, best of 3, seconds")
    for kind, limit, recorded in ((HVRT, 1.5, 13.0), (FastHVRT, 1.2, 5.0)):
        fits, bare = [], []
        for _ in range(3):
            seconds, model = clock(lambda kind=kind: kind().fit(X))
            tree = DecisionTreeRegressor(**model.tree_.get_params())
            fits.append(seconds)
            bare.append(clock(lambda: tree.fit(model.X_z_, model.target_))[0])  # noqa: B023
        ratio = min(fits) / min(bare)
        expand = clock(lambda: model.expand(rows))[0]  # noqa: B023
        print(
            f"  {kind.__name__:9} fit {min(fits):.2f} (recorded {recorded}), bare tree "
            f"{min(bare):.2f}, ratio {ratio:.2f} <= {limit}: {ratio <= limit}; expand "
            f"{expand:.2f} (1.7) <= fit: {expand <= min(fits)}"
        )
    for name, model in (
        ("fine leaves", HVRT().fit(X)),
        ("coarse leaves", HVRT(reduce_params=ReduceParams(ratio=0.1)).fit(X)),
    ):
        seconds = clock(lambda: model.reduce(ratio=0.1))[0]  # noqa: B023
        tracemalloc.start()
        model.reduce(ratio=0.1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(
            f"  fps to 10 %, {name}: {seconds:.2f} s (1.4), peak {peak / 1e6:.0f} MB = "
            f"{peak / X.nbytes:.1f} times the data"
        )


def measure(task: Task, made: pd.DataFrame, seed: int) -> list[float]:
    """Return MF, XGBoost accuracy, gain, DCR share, accuracy against holdout, tail error."""
    train, holdout, drawn = (codes(task, f) for f in (task.train, task.holdout, made))
    return [
        marginal_fidelity(task, made),
        discrimination(train, drawn, seed),
        usefulness(task, made) - usefulness(task, task.train),
        dcr_share(task, made),
        discrimination(holdout, drawn, seed),
        tail_error(task, made),
    ]


def compare(
    makers: dict[str, Callable[[Task, int], pd.DataFrame]],
) -> dict[str, dict[str, np.ndarray]]:
    """Print the measures of several ways to draw rows, with the largest standard errors."""
    print("                           s     MF   disc  TSTR-TRTR  share  disc/holdout  tail")
    results: dict[str, dict[str, np.ndarray]] = {}
    for load, seeds in TASKS[1:] if QUICK else TASKS:
        tasks = [load(seed) for seed in range(min(seeds, 3) if QUICK else seeds)]
        name = tasks[0].name
        for label, make in makers.items():
            taken, found = [], []
            for seed, task in enumerate(tasks):
                seconds, made = clock(lambda make=make, task=task, seed=seed: make(task, seed))
                taken.append(seconds)
                found.append(measure(task, made, seed))
            mean, error = _summary(np.array(found))
            results.setdefault(name, {})[label] = np.array(found)
            print(
                f"  {name:13} {label:10} {np.mean(taken):5.2f}  {mean[0]:.3f}  {mean[1]:.3f}  "
                f"{mean[2]:+.3f}     {mean[3]:.3f}  {mean[4]:.3f}         {mean[5]:.3f}   +- "
                + " ".join(f"{e:.3f}" for e in error),
                flush=True,
            )
    return results


def _summary(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(len(found))


def expansion() -> None:
    """Expansion at several bandwidths against the plain kernel at h = 0.5."""

    def expand(**options: object) -> Callable[[Task, int], pd.DataFrame]:
        return lambda task, seed: (
            HVRT(random_state=seed).fit(task.train).expand(len(task.train), **options)
        )

    print("\nexpansion, as many rows as the training half has")
    results = compare(
        {
            "plain h=.5": plain_kernel,
            "h=.5": expand(bandwidth=0.5),
            "h=1": expand(bandwidth=1.0),
            "h=.1": expand(bandwidth=0.1),
            "auto": expand(),
            "epan": expand(generation_strategy="epanechnikov"),
        }
    )
    print(
        "  at h = 0.5 less the plain kernel, seed by seed: MF, TSTR-TRTR, share, |disc/holdout-.5|"
    )
    for name, found in results.items():
        ours, plain = (
            np.column_stack([x[:, 0], x[:, 2], x[:, 3], np.abs(x[:, 4] - 0.5)])
            for x in (found["h=.5"], found["plain h=.5"])
        )
        gain = "  ".join(
            f"{m:+.3f} +- {e:.3f}" for m, e in zip(*_summary(ours - plain), strict=True)
        )
        print(f"    {name:13} {gain}; recorded MF, disc, TSTR-TRTR, share {RECORDED[name]}")


def rivals() -> None:
    """Expansion against a copula, a mixture, a bootstrap with noise and SMOTE."""
    print("\nrivals of the expansion, as many rows as the training half has")
    compare(
        {
            "HVRT h=.5": lambda task, seed: (
                HVRT(random_state=seed).fit(task.train).expand(len(task.train), bandwidth=0.5)
            ),
            "by class": by_class,
            "copula": copula,
            "mixture": mixture,
            "bootstrap": bootstrap,
            "SMOTE": smote,
        }
    )


def by_class(task: Task, seed: int) -> pd.DataFrame:
    """Draw inside leaves and classes; as `HVRT` where the outcome is a number."""
    model = HVRT(random_state=seed)
    outcome = task.train.columns[-1]
    if not task.classification:
        return model.fit(task.train).expand(len(task.train), bandwidth=0.5)
    X, y = task.train.drop(columns=outcome), task.train[outcome]
    rows, classes = model.fit(X).expand(len(X), bandwidth=0.5, by=y)
    return rows.assign(**{outcome: classes})


def bandwidth() -> None:
    """How many times the rows are expanded, by bandwidth: which one is best how often."""
    print("\nbandwidths at 2, 5 and 10 times the rows: TSTR - TRTR, and how often each is best")
    kernels: dict[str, dict[str, object]] = {
        "h=.1": {"bandwidth": 0.1},
        "h=.3": {"bandwidth": 0.3},
        "h=.5": {"bandwidth": 0.5},
        "h=1": {"bandwidth": 1.0},
        "scott": {"bandwidth": "scott"},
        "adaptive": {"adaptive_bandwidth": True},
        "epan": {"generation_strategy": "epanechnikov"},
        "auto": {},
    }
    best = dict.fromkeys(kernels, 0)
    for load, seeds in (*(TASKS[1:] if QUICK else TASKS), (data.rare_class, 3)):
        tasks = [load(seed) for seed in range(min(seeds, 3))]
        real = [usefulness(task, task.train) for task in tasks]
        for times in (2, 5, 10):
            gains = {}
            for label, options in kernels.items():
                found = []
                for seed, (task, whole) in enumerate(zip(tasks, real, strict=True)):
                    model = HVRT(random_state=seed).fit(task.train)
                    made = model.expand(times * len(task.train), **options)
                    found.append(usefulness(task, made) - whole)
                gains[label] = float(np.mean(found))
            best[max(gains, key=gains.__getitem__)] += 1
            line = "  ".join(f"{label} {gain:+.3f}" for label, gain in gains.items())
            print(f"  {tasks[0].name:13} x {times:2}: {line}", flush=True)
    print(f"  best: {best}")


def optimizer() -> None:
    """Nested: tuned on a training half, scored on the other, against the defaults."""
    print("\noptimizer, TSTR - TRTR on unseen rows: defaults, tuned")
    for load in (data.diabetes, data.wine, data.breast):
        gains = []
        for seed in range(2 if QUICK else 5):
            task = load(seed)
            outcome = task.train.columns[-1]
            X, y = task.train.drop(columns=outcome), task.train[outcome]
            tuned = HVRTOptimizer(n_trials=5 if QUICK else 30, random_state=seed).fit(X, y)
            plain = HVRT(random_state=seed).fit(task.train)
            made = tuned.best_model_.expand(5 * len(X), **tuned.best_expand_params_)
            made.columns = [*X.columns, outcome]
            if task.classification:
                levels = np.sort(y.unique())
                made[outcome] = levels[made[outcome].to_numpy(dtype=int)]
            whole = usefulness(task, task.train)
            gains.append([usefulness(task, m) - whole for m in (plain.expand(5 * len(X)), made)])
        mean, error = _summary(np.array(gains))
        print(
            f"  {task.name:13} {mean[0]:+.3f} +- {error[0]:.3f}, {mean[1]:+.3f} +- {error[1]:.3f}",
            flush=True,
        )


def model() -> None:
    """Draw whole tables with the table model, then columns given the first three."""

    def draw(**options: float) -> Callable[[Task, int], pd.DataFrame]:
        def make(task: Task, seed: int) -> pd.DataFrame:
            rows = _matrix(task, codes(task, task.train))
            fitted = HVRTModel(**options).fit(rows, Matrix.empty(len(rows)), seed=seed)
            rng = np.random.default_rng(seed)
            return decode(task, fitted.sample(Matrix.empty(len(rows)), rng))

        return make

    print("\ntable model (adult: disc <= .75 at share <= .55)")
    compare({"privacy 1": draw(), "privacy .5": draw(privacy=0.5), "privacy 2": draw(privacy=2.0)})
    print("  conditional on three columns of the holdout: disc against real holdout rows")
    for load in (data.heavy_tail, data.diabetes, data.breast):
        tasks = [load(seed) for seed in range(6)]
        found = [_conditional(task, seed) for seed, task in enumerate(tasks)]
        name = tasks[0].name
        print(
            f"    {name:13} {np.mean(found):.3f} (standard error "
            f"{np.std(found) / np.sqrt(len(found)):.3f}) <= {CONDITIONAL[name]}"
        )


def _conditional(task: Task, seed: int, given: int = 3) -> float:
    real, test = codes(task, task.train), codes(task, task.holdout)
    context = _matrix(task, real[:, :given], slice(0, given))
    rows = _matrix(task, real[:, given:], slice(given, None))
    fitted = HVRTModel().fit(rows, context, seed=seed)
    asked = _matrix(task, test[:, :given], slice(0, given))
    drawn = fitted.sample(asked, np.random.default_rng(seed))
    whole = (real[:, given:] == np.rint(real[:, given:])).all(axis=0)
    drawn[:, whole] = np.rint(drawn[:, whole])
    return discrimination(test, np.hstack([test[:, :given], drawn]), seed)


def _matrix(task: Task, values: np.ndarray, columns: slice = slice(None)) -> Matrix:
    names = tuple(task.train.columns[columns])
    kinds = tuple("category" if name in task.categorical else "number" for name in names)
    return Matrix(names, kinds, values)


class Database:
    """A real database and the features its subsets are judged by."""

    def __init__(self, name: str, root: str) -> None:
        folder = Path(os.environ["RELSYNTH_DATA"]) / name
        self.root = root
        self.metadata = rs.Metadata.load(folder / "metadata.json")
        self.tables = self.metadata.check(rs.read_tables(folder, self.metadata))
        self.links = parent_rows(self.tables, self.metadata)
        keys = descending_keys(self.metadata)
        self.whole = row_features(self.tables, self.metadata, self.links, keys, root)
        rows = {t: spread_out(encode_rows(self.tables[t], self.metadata, t)) for t in self.tables}
        self.each = {t: x for t, x in rows.items() if np.ptp(x, axis=0).any()}

    def choose(self, count: int) -> np.ndarray:
        """Return the root rows that `subset` chooses."""
        return choose_rows(self.tables, self.metadata, self.links, self.root, count, 0)

    def judge(self, rows: np.ndarray) -> tuple[float, float]:
        """Return the discrepancy of root rows with all below, and of the rows of all tables."""
        kept = close(self.tables, self.metadata, self.links, {self.root: rows})
        found = {t: discrepancy(x[kept[t]], x) for t, x in self.each.items() if len(kept[t])}
        weights = [len(self.each[t]) for t in found]
        return discrepancy(self.whole[rows], self.whole), float(
            np.average(list(found.values()), weights=weights)
        )


def subset() -> None:
    """Report broken references and maximum mean discrepancy, against random roots."""
    print("\nsubset: MMD to the full database, ours against random roots (mean of 20)")
    for name, root in (("sakila_pagila", "customer"), ("berka_small", "account")):
        base, rng = Database(name, root), np.random.default_rng(0)
        for share in (0.01, 0.05, 0.2):
            count = round(share * len(base.whole))
            start = time.perf_counter()
            small = rs.subset(base.tables, base.metadata, {root: share})
            seconds = time.perf_counter() - start
            base.metadata.check(small)
            ours = base.judge(base.choose(count))
            draws = [np.sort(rng.permutation(len(base.whole))[:count]) for _ in range(20)]
            random = np.mean([base.judge(rows) for rows in draws], axis=0)
            print(
                f"  {name:13} {root} {share:4.0%}: 0 broken references, "
                f"{sum(map(len, small.values())):,} rows, {seconds:.1f} s; {root} with all below "
                f"{ours[0]:.4f} < {random[0]:.4f}; rows of all tables {ours[1]:.4f} < "
                f"{random[1]:.4f}",
                flush=True,
            )


def discrepancy(part: np.ndarray, whole: np.ndarray, most: int = 2000) -> float:
    """Return the squared maximum mean discrepancy under a Gaussian kernel of median width."""
    rng = np.random.default_rng(0)
    part, whole = (x[rng.permutation(len(x))[:most]] for x in (part, whole))
    apart = cdist(whole, whole, "sqeuclidean")
    width = np.median(apart[apart > 0])

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-cdist(a, b, "sqeuclidean") / width).mean())

    return kernel(part, part) + kernel(whole, whole) - 2 * kernel(part, whole)


def clock(call: Callable[[], object]) -> tuple[float, object]:
    """Return the seconds a call takes and what it returns."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="ks_2samp")
    parts = (speed, reduction, expansion, bandwidth, rivals, optimizer, model, subset)
    sections = {f.__name__: f for f in parts}
    for section in [name for name in sys.argv[1:] if name != "--quick"] or sections:
        sections[section]()
