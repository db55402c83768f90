"""What XGBoost learns from rows that HVRT chooses, on every member of the natural family.

Run ``python benchmarks/hvrt_reduction.py [--seeds 20] [--calibrate | --hindsight]``.

A published figure comes from one run on data described by a name. Beside the mean of our
figures and its standard error therefore stands the standard deviation of a single run: a
published figure that lies within it cannot be told from ours.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from hvrt_family import MEMBERS, Generator
from hvrt_measures import Task, usefulness

from relsynth.hvrt import HVRT, ReduceParams

METHODS = ("random", "by class", "HVRT", "y a column", "y_weight .3")
SIZES = (100, 150, 200, 300, 450, 700, 1000, 1500, 2200, 3300, 5000, 7500, 11_000)


@dataclass(frozen=True)
class Published:
    """AUC kept, per cent of that on all rows."""

    ratio: float
    random: float
    by_class: float
    hvrt: float
    with_outcome: float | None = None

    def verdict(self, method: str, mean: float, run: float) -> str:
        """Return how a method stands to the published figure for it."""
        goal = self.hvrt
        if method == "y_weight .3" and self.with_outcome is not None:
            goal = self.with_outcome
        if mean >= goal:
            return f"at or above {goal}"
        return f"{'within a run of' if goal - mean <= run else 'below'} {goal}"


PUBLISHED: Mapping[str, Published] = {
    "Gaussian": Published(0.1, 96.9, 98.0, 97.1),
    "noisy labels": Published(0.1, 93.3, 90.4, 96.1),
    "heavy tail": Published(0.3, 94.3, 95.2, 98.2),
    "rare class": Published(0.1, 86.5, 94.1, 98.0, 99.4),
}


def reduction(seeds: int = 20) -> None:
    """AUC on the holdout of XGBoost trained on chosen rows, as a share of all rows'."""
    print(f"\nreduction: AUC kept, per cent: mean of {seeds} seeds +- standard error (one run)")
    for name, published in PUBLISHED.items():
        members = [m for m in MEMBERS if m.published == name]
        outcome = f", {published.with_outcome} with the outcome" if published.with_outcome else ""
        print(
            f"{name} {published.ratio:.0%}, published: random {published.random}, by class "
            f"{published.by_class}, HVRT {published.hvrt}{outcome}"
        )
        print(f"    {'':24} rows   " + "".join(f"{method:20}" for method in METHODS))
        found = [_report(member, published, seeds) for member in members]
        means = np.array([kept.mean(axis=0) for kept in found])
        runs = np.array([kept.std(axis=0, ddof=1) for kept in found])
        for method in ("HVRT", "y_weight .3"):
            k = METHODS.index(method)
            mean, run = float(means[:, k].mean()), float(np.sqrt((runs[:, k] ** 2).mean()))
            print(
                f"  {method}: mean {mean:.1f} ({run:.1f}), {published.verdict(method, mean, run)}"
            )
        for ratio in sorted({0.1, 0.2, 0.3} - {published.ratio}):
            kept = np.mean([_kept(members[0].task(s), ratio, s) for s in range(seeds)], axis=0)
            print(f"  {members[0].name}, {ratio:.0%}: " + "  ".join(f"{v:.1f}" for v in kept))


def _report(member: Generator, published: Published, seeds: int) -> np.ndarray:
    kept = np.array([_kept(member.task(seed), published.ratio, seed) for seed in range(seeds)])
    mean, run = kept.mean(axis=0), kept.std(axis=0, ddof=1)
    row = "".join(
        f"{f'{m:5.1f} +- {r / np.sqrt(seeds):.1f} ({r:.1f})':20}"
        for m, r in zip(mean, run, strict=True)
    )
    verdicts = [
        published.verdict(METHODS[k], float(mean[k]), float(run[k]))
        for k in map(METHODS.index, ("HVRT", "y_weight .3"))
    ]
    print(f"    {member.name:24} {member.rows:5}  {row}{'; '.join(verdicts)}", flush=True)
    return kept


def _kept(task: Task, ratio: float, seed: int) -> list[float]:
    full = usefulness(task, task.train)
    chosen = _choices(task, ratio, seed)
    return [100 * usefulness(task, task.train.iloc[rows]) / full for rows in chosen]


def _choices(task: Task, ratio: float, seed: int) -> list[np.ndarray]:
    """Return the rows that each of `METHODS` keeps."""
    rng, y = np.random.default_rng(seed), task.train["y"]
    rows = np.arange(len(y))
    by_class = [
        rng.permutation(rows[y == level])[: max(1, round(ratio * (y == level).sum()))]
        for level in y.unique()
    ]
    X, params = task.train.drop(columns="y"), ReduceParams(ratio=ratio, return_indices=True)
    plain = HVRT(reduce_params=params).fit_transform(X)[1]
    column = HVRT(reduce_params=params).fit_transform(task.train)[1]
    with_y = HVRT(reduce_params=params, y_weight=0.3).fit_transform(X, y)[1]
    random = rng.permutation(rows)[: int(len(y) * ratio)]
    return [random, np.concatenate(by_class), plain, column, with_y]


def hindsight(seeds: int = 6, draws: int = 100) -> None:
    """Print what equally many random rows of both classes keep where one is rare.

    Beside their mean stands the draw that is best on one half of the holdout, judged on
    the other half: hardly any choice of rows without knowledge of the holdout can keep more.
    """
    print("\nrare class, equally many random rows of both classes: mean, and best in hindsight")
    for member in (m for m in MEMBERS if m.published == "rare class"):
        mean, best = np.mean([_best_draw(member, seed, draws) for seed in range(seeds)], axis=0)
        print(f"    {member.name:24} {mean:5.1f}  {best:5.1f}", flush=True)


def _best_draw(member: Generator, seed: int, draws: int) -> tuple[float, float]:
    task, rng = member.task(seed, tested=6000), np.random.default_rng(seed)
    halves = [replace(task, holdout=task.holdout[part::2]) for part in (0, 1)]
    rare, common = (np.flatnonzero(task.train["y"] == level) for level in ("yes", "no"))
    count = int(member.rows * PUBLISHED[member.published].ratio)
    of_rare = min(len(rare), count // 2)
    kept = np.empty((draws, 2))
    for draw in kept:
        few = [rng.permutation(rare)[:of_rare], rng.permutation(common)[: count - of_rare]]
        draw[:] = [usefulness(half, task.train.iloc[np.concatenate(few)]) for half in halves]
    kept *= 100 / np.array([usefulness(half, task.train) for half in halves])
    return float(kept[:, 1].mean()), float(kept[kept[:, 0].argmax(), 1])


def calibrate(draws: int = 8) -> None:
    """Print for each generator the rows at which random ones keep the published figure."""
    for member in MEMBERS:
        published = PUBLISHED[member.published]
        kept: dict[int, float] = {}

        def passes(rows: int, member=member, published=published, kept=kept) -> bool:
            kept[rows] = _random(member, rows, published.ratio, draws)
            return kept[rows] >= published.random

        bisect_left(SIZES, True, key=passes)
        print(
            f"{member.published}, {member.name}: {_crossing(kept, published.random)} rows; "
            + ", ".join(f"{rows} keep {value:.1f}" for rows, value in sorted(kept.items())),
            flush=True,
        )


def _random(member: Generator, rows: int, ratio: float, draws: int) -> float:
    """Return what random rows keep, over more data sets the smaller these are."""
    found = []
    for seed in range(min(60, max(8, 30_000 // rows))):
        task, rng = member.task(900 + seed, rows, 3000), np.random.default_rng(seed)
        full = usefulness(task, task.train)
        for _ in range(draws):
            part = task.train.iloc[rng.permutation(rows)[: int(ratio * rows)]]
            found.append(100 * usefulness(task, part) / full)
    return float(np.mean(found))


def _crossing(kept: Mapping[int, float], goal: float) -> int:
    """Return the rows at which the goal is met, between two sizes on a logarithmic scale."""
    below = [rows for rows, value in kept.items() if value < goal]
    above = [rows for rows, value in kept.items() if value >= goal]
    if not below or not above:
        return min(kept, key=lambda rows: abs(kept[rows] - goal))
    few, many = max(below), min(above)
    part = (goal - kept[few]) / (kept[many] - kept[few])
    return round(few * (many / few) ** part)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--hindsight", action="store_true")
    asked = parser.parse_args()
    if asked.calibrate:
        calibrate()
    elif asked.hindsight:
        hindsight()
    else:
        reduction(asked.seeds)
