"""Measures of synthetic rows against the rows they were learned from and a holdout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import NearestNeighbors
from xgboost import XGBClassifier, XGBRegressor

TREES = {"n_estimators": 100, "max_depth": 6, "n_jobs": 1, "verbosity": 0}


@dataclass(frozen=True)
class Task:
    """A table with the outcome as its last column, cut into training rows and holdout."""

    name: str
    train: pd.DataFrame
    holdout: pd.DataFrame
    classification: bool

    @property
    def categorical(self) -> list[str]:
        """Columns that hold no numbers."""
        return [c for c in self.train if not pd.api.types.is_numeric_dtype(self.train[c])]


def codes(task: Task, frame: pd.DataFrame) -> np.ndarray:
    """Return numbers, categories as codes in text order over training rows and holdout."""
    columns = []
    for name in task.train:
        if name in task.categorical:
            levels = pd.concat([task.train[name], task.holdout[name]]).dropna().astype(str)
            levels = pd.Index(sorted(levels.unique()))
            columns.append(levels.get_indexer(frame[name].astype(str)).astype(float))
        else:
            columns.append(frame[name].to_numpy(dtype=float, na_value=np.nan))
    return np.column_stack(columns)


def marginal_fidelity(task: Task, synthetic: pd.DataFrame) -> float:
    """Return the mean of 1 - KS over numbers and 1 - total variation over categories."""
    scores = []
    for name in task.train:
        real, made = task.train[name], synthetic[name]
        if name in task.categorical:
            shares = [c.astype(str).value_counts(normalize=True) for c in (real, made)]
            scores.append(1 - shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)
        else:
            scores.append(1 - ks_2samp(real.dropna(), made.dropna()).statistic)
    return float(np.mean(scores))


def tail_error(task: Task, synthetic: pd.DataFrame) -> float:
    """Return how far the 5-95 % ranges are off, as a geometric mean over numbers.

    Columns in which one value holds most rows are left out: a percentile beside the spike
    says nothing.
    """
    ratios = []
    for name in task.train:
        if name not in task.categorical:
            if task.train[name].value_counts(normalize=True).iloc[0] > 0.5:
                continue
            spans = [np.ptp(np.nanpercentile(f[name], [5, 95])) for f in (task.train, synthetic)]
            if spans[0] > 0:
                ratios.append(np.log(max(spans[1], 1e-9) / spans[0]))
    return float(abs(np.expm1(np.mean(ratios))))


def discrimination(real: np.ndarray, made: np.ndarray, seed: int) -> float:
    """Return the accuracy of XGBoost in telling real rows from made ones, 5-fold."""
    count = min(len(real), len(made))
    rng = np.random.default_rng(seed)
    rows = np.vstack(
        [real[rng.permutation(len(real))[:count]], made[rng.permutation(len(made))[:count]]]
    )
    label = np.repeat([0, 1], count)
    hits = np.zeros(len(label))
    for fit, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(rows, label):
        model = XGBClassifier(**TREES, random_state=seed).fit(rows[fit], label[fit])
        hits[test] = model.predict(rows[test]) == label[test]
    return float(hits.mean())


def usefulness(task: Task, frame: pd.DataFrame) -> float:
    """Return AUC or R^2 on the holdout of XGBoost trained on a frame."""
    given, test = codes(task, frame), codes(task, task.holdout)
    if not task.classification:
        model = XGBRegressor(**TREES, random_state=0).fit(given[:, :-1], given[:, -1])
        return float(r2_score(test[:, -1], model.predict(test[:, :-1])))
    levels, label = np.unique(given[:, -1], return_inverse=True)
    if len(levels) < 2:
        return 0.5
    model = XGBClassifier(**TREES, random_state=0).fit(given[:, :-1], label)
    chance = model.predict_proba(test[:, :-1])
    if len(levels) == 2:
        return float(roc_auc_score(test[:, -1] == levels[1], chance[:, 1]))
    return float(roc_auc_score(test[:, -1], chance, multi_class="ovr", average="weighted"))


def dcr_share(task: Task, synthetic: pd.DataFrame) -> float:
    """Return the share of rows nearer to training rows than to as many holdout rows.

    Euclidean distance over z scores of numbers and, per category, 1 where two rows
    differ. Rows equally far from both count half.
    """
    count = min(len(task.train), len(task.holdout))
    train, holdout = task.train.iloc[:count], task.holdout.iloc[:count]
    reference, query = _embed(task, pd.concat([train, holdout])), _embed(task, synthetic)
    nearest = [
        NearestNeighbors(n_neighbors=1, algorithm="brute").fit(part).kneighbors(query)[0][:, 0]
        for part in (reference[:count], reference[count:])
    ]
    closer = np.where(np.isclose(*nearest, atol=1e-5), 0.5, nearest[0] < nearest[1])
    return float(closer.mean())


def _embed(task: Task, frame: pd.DataFrame) -> np.ndarray:
    parts = []
    for name in task.train:
        if name in task.categorical:
            levels = sorted(pd.concat([task.train[name], task.holdout[name]]).astype(str).unique())
            parts.append((frame[name].astype(str).to_numpy()[:, None] == levels) / np.sqrt(2))
        else:
            spread = task.train[name].std() or 1.0
            z = ((frame[name] - task.train[name].mean()) / spread).fillna(0.0)
            parts.append(z.to_numpy(float)[:, None])
    return np.hstack(parts)
