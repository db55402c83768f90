"""What HVRT's expansion is compared with, each as it is usually done."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hvrt_baseline import decode
from hvrt_measures import Task, codes
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from relsynth.columns.matrix import Matrix
from relsynth.models.gaussian_copula import GaussianCopula

NOISE = 0.1  # of a column's deviation
NEIGHBOURS = 5  # as in the publication of SMOTE


def copula(task: Task, seed: int) -> pd.DataFrame:
    """Draw from the table model `gaussian_copula`."""
    names = tuple(task.train.columns)
    kinds = tuple("category" if name in task.categorical else "number" for name in names)
    rows = Matrix(names, kinds, codes(task, task.train))
    fitted = GaussianCopula(marginals="empirical").fit(rows, Matrix.empty(len(rows)), seed=seed)
    return decode(task, fitted.sample(Matrix.empty(len(rows)), np.random.default_rng(seed)))


def mixture(task: Task, seed: int) -> pd.DataFrame:
    """Draw from a mixture of normal distributions, its number of parts by BIC."""
    raw = codes(task, task.train)
    mean, spread = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-9)
    unit = (raw - mean) / spread
    some = [
        GaussianMixture(k, reg_covar=1e-3, random_state=seed).fit(unit)
        for k in range(1, 13)
        if k * 5 <= len(raw)
    ]
    fitted = min(some, key=lambda model: model.bic(unit))
    return _table(task, fitted.sample(len(raw))[0] * spread + mean, raw)


def bootstrap(task: Task, seed: int) -> pd.DataFrame:
    """Draw rows with replacement and move them a little."""
    raw, rng = codes(task, task.train), np.random.default_rng(seed)
    noise = NOISE * raw.std(axis=0) * rng.standard_normal(raw.shape)
    return _table(task, raw[rng.integers(len(raw), size=len(raw))] + noise, raw)


def smote(task: Task, seed: int) -> pd.DataFrame:
    """Draw points between a row and one of its nearest of the same class (Chawla 2002)."""
    raw, rng = codes(task, task.train), np.random.default_rng(seed)
    unit = (raw - raw.mean(axis=0)) / np.maximum(raw.std(axis=0), 1e-9)
    classes = raw[:, -1] if task.classification else np.zeros(len(raw))
    made = np.empty(raw.shape)
    for one in np.unique(classes):
        own = np.flatnonzero(classes == one)
        count = min(NEIGHBOURS + 1, len(own))
        near = NearestNeighbors(n_neighbors=count).fit(unit[own]).kneighbors(unit[own])[1]
        start = rng.integers(len(own), size=len(own))
        end = near[start, rng.integers(min(1, count - 1), count, size=len(own))]
        way = rng.random((len(own), 1))
        made[own] = raw[own[start]] + way * (raw[own[end]] - raw[own[start]])
    return _table(task, made, raw)


def _table(task: Task, drawn: np.ndarray, raw: np.ndarray) -> pd.DataFrame:
    """Return rows inside the training range, whole numbers and codes whole."""
    drawn = np.clip(drawn, raw.min(axis=0), raw.max(axis=0))
    whole = (raw == np.rint(raw)).all(axis=0)
    drawn[:, whole] = np.rint(drawn[:, whole])
    return decode(task, drawn)
