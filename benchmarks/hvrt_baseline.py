"""The plain leaf kernel that published figures are about, written down from its description."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hvrt_measures import Task, codes

from relsynth.hvrt import HVRT

BANDWIDTH = 0.5


def plain_kernel(task: Task, seed: int) -> pd.DataFrame:
    """Draw rows around donors with covariance ``h^2 S`` of each leaf, in z space.

    Category codes count as numbers. A leaf whose covariance is singular returns its first
    row with noise of 0.01. Afterwards numbers are clipped to the training range, whole
    ones rounded, and codes snapped.
    """
    raw, rng = codes(task, task.train), np.random.default_rng(seed)
    model = HVRT(random_state=seed).fit(raw)
    z, parts = model.X_z_, []
    for members in model.partition_.members():
        leaf = z[members]
        size, columns = leaf.shape
        covariance = np.atleast_2d(np.cov(leaf.T)) if size > 1 else np.zeros((columns, columns))
        if size <= columns or np.linalg.matrix_rank(covariance) < columns:
            parts.append(leaf[:1] + 0.01 * rng.standard_normal(leaf.shape))
            continue
        noise = rng.standard_normal(leaf.shape) @ np.linalg.cholesky(covariance).T
        parts.append(leaf[rng.integers(size, size=size)] + BANDWIDTH * noise)
    drawn = model.scaler_.inverse_transform(np.vstack(parts))
    drawn = np.clip(drawn, raw.min(axis=0), raw.max(axis=0))
    whole = (raw == np.rint(raw)).all(axis=0)
    drawn[:, whole] = np.rint(drawn[:, whole])
    return decode(task, drawn)


def decode(task: Task, values: np.ndarray) -> pd.DataFrame:
    """Return numbers as a table like the training rows."""
    columns = {}
    for j, name in enumerate(task.train):
        column = values[:, j]
        if name in task.categorical:
            levels = pd.concat([task.train[name], task.holdout[name]]).dropna().astype(str)
            columns[name] = np.array(sorted(levels.unique()))[column.astype(int)]
        else:
            whole = (task.train[name] == task.train[name].round()).all()
            columns[name] = np.rint(column) if whole else column
    return pd.DataFrame(columns)
