"""Utility: whether models trained on synthetic data predict real data as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.errors import Faults, RelsynthError, did_you_mean
from relsynth.evaluate.aggregates import families
from relsynth.evaluate.association import score_pairs
from relsynth.evaluate.baselines import halves_by_root
from relsynth.evaluate.codes import MISSING
from relsynth.evaluate.database import Database, Kind
from relsynth.evaluate.features import encode
from relsynth.evaluate.measure import CEILING, Comparison, Figure, Measure, Scores, mean_of
from relsynth.evaluate.sequences import take_or_missing
from relsynth.optional import require
from relsynth.typing import Array, Flags, Floats

FEWEST = 100  # rows to train and test on; with fewer the score of a model is noise
SIGNAL = 0.05  # that a model must have over guessing, or there is nothing to keep
COPY = 0.999  # a feature that alone predicts so well is the target once more


@dataclass(frozen=True, slots=True)
class Task:
    """What is predicted: a number, or whether a category is its most frequent value."""

    table: str
    column: str
    kind: Kind
    code: int = MISSING


def measure_utility(comparison: Comparison) -> Scores:
    """Return how well models trained on synthetic and on real data predict unseen real data.

    One column per table is predicted by gradient boosting from the other columns, the
    parent's columns and summaries of the children. Categories: AUC of the most frequent
    value against the rest; numbers and dates: R2. Tested on the holdout, else on a real half
    that neither model of the real data has seen.
    """
    check_targets(comparison)
    train, test = comparison.real, comparison.holdout
    if test is None:
        halves = halves_by_root(comparison.real, comparison.contexts, comparison.seed)
        train, test = (comparison.real.take(half) for half in halves)
    tables = {}
    for table in comparison.real.rows:
        task = _task(comparison, table)
        if task and min(side.rows[table] for side in (train, test, comparison.synthetic)) >= FEWEST:
            tables[table] = _scores(comparison, task, train, test)
    kept = [
        (found["synthetic"] - found["chance"]) / (found["real"] - found["chance"])
        for found in tables.values()
        if found["real"] is not None
        and found["synthetic"] is not None
        and found["real"] - found["chance"] > SIGNAL
    ]
    return {"utility": mean_of(np.clip(kept, -1, None)) if kept else None, "tables": tables}


def check_targets(comparison: Comparison) -> None:
    """Raise one error that lists every target that cannot be predicted."""
    kinds = comparison.real.kinds
    with Faults("targets", RelsynthError) as faults:
        for table, column in comparison.targets.items():
            if table not in kinds:
                faults.add(f"no table {table!r}; {did_you_mean(table, kinds)}")
            elif column not in kinds[table]:
                hint = did_you_mean(column, kinds[table])
                faults.add(f"{table}.{column} is no column with values to predict; {hint}")


def _task(comparison: Comparison, table: str) -> Task | None:
    kinds = comparison.real.kinds[table]
    column = comparison.targets.get(table) or _most_dependent(comparison, table)
    if column is None:
        return None
    if kinds[column] != "category":
        return Task(table, column, kinds[column])
    codes = comparison.real.values[table][column]
    count = np.bincount(codes[codes >= 0])
    if (count > 0).sum() < 2:
        return None
    return Task(table, column, "category", int(count.argmax()))


def _most_dependent(comparison: Comparison, table: str) -> str | None:
    """Return the column that depends most on the others without being a copy of one."""
    kinds = comparison.real.kinds[table]
    rows = comparison.sample(comparison.real.rows[table], comparison.limits.utility_rows, "task")
    values = {name: array[rows] for name, array in comparison.real.values[table].items()}
    pairs = [(a, b) for i, a in enumerate(kinds) for b in list(kinds)[i + 1 :]]
    strength: dict[str, list[float]] = {}
    for (a, b), score in zip(
        pairs, score_pairs(values, values, kinds, pairs).values(), strict=True
    ):
        for name in (a, b):
            strength.setdefault(name, []).append(score.strength)
    known = {name: np.nan_to_num(found) for name, found in strength.items()}
    means = {name: float(f.mean()) for name, f in known.items() if f.max() < COPY}
    return max(sorted(means), key=lambda name: means[name]) if means else None


def _scores(comparison: Comparison, task: Task, train: Database, test: Database) -> Scores:
    sides = [_table(comparison, side, task) for side in (train, comparison.synthetic, test)]
    size = min(len(sides[0][1]), len(sides[1][1]))
    fitted = {}
    for name, (columns, answers, kinds) in zip(("real", "synthetic"), sides[:2], strict=True):
        rows = comparison.sample(len(answers), size, "utility", task.table, name)
        chosen = {column: values[rows] for column, values in columns.items()}
        known, unseen = encode(chosen, sides[2][0], kinds, "full")
        fitted[name] = _quality(task, known.matrix, answers[rows], unseen.matrix, sides[2][1])
    return {
        "column": task.column,
        "predicts": "most frequent value" if task.kind == "category" else "value",
        "score": "AUC" if task.kind == "category" else "R2",
        "chance": 0.5 if task.kind == "category" else 0.0,
        **fitted,
    }


def _table(
    comparison: Comparison, side: Database, task: Task
) -> tuple[dict[str, Array], Floats, Mapping[str, Kind]]:
    """Return the features and the answers of one side's rows with a known answer."""
    family = families(comparison.real, side, task.table)[1]
    columns, kinds = dict(family.values), dict(family.kinds)
    answers = columns.pop(task.column)
    kinds.pop(task.column)
    for key in side.metadata.parents_of(task.table):
        for name, values in side.values[key.parent].items():
            label = f"{'+'.join(key.columns)}.{name}"
            columns[label] = take_or_missing(values, side.links[key.name])
            kinds[label] = side.kinds[key.parent][name]
    known = answers >= 0 if task.kind == "category" else ~np.isnan(answers)
    rows = np.flatnonzero(known)
    rows = rows[comparison.sample(len(rows), comparison.limits.utility_rows, "utility", task.table)]
    wanted = (answers == task.code).astype(float) if task.kind == "category" else answers
    return {name: values[rows] for name, values in columns.items()}, wanted[rows], kinds


def _quality(task: Task, X: object, y: Floats, X_test: object, y_test: Floats) -> float | None:
    from sklearn.metrics import r2_score, roc_auc_score

    xgboost = require("xgboost", "report", "training on synthetic data")
    options = {"random_state": 0, "n_jobs": 1, "tree_method": "hist"}
    if task.kind != "category":
        centre, scale = y.mean(), y.std() or 1.0
        model = xgboost.XGBRegressor(**options).fit(X, (y - centre) / scale)
        return float(r2_score(y_test, model.predict(X_test) * scale + centre))
    if not _both(y) or not _both(y_test):
        return None
    model = xgboost.XGBClassifier(**options).fit(X, y)
    return float(roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))


def _both(answers: Floats) -> bool:
    flags: Flags = answers > 0
    return bool(flags.any() and not flags.all())


UTILITY = Measure(
    "utility",
    "Utility",
    "A model learns from synthetic data and is tested on real data it has not seen.",
    (
        Figure(
            "utility",
            "Share of what a model learns from real data",
            "Predictive power of a model trained on synthetic data, as a share of one trained on "
            "real data. 1 is as good; mean over tables.",
        ),
    ),
    measure_utility,
    lines=CEILING,
)
