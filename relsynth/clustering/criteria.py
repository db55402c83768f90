"""The criteria: a score for every number of clusters, and the number that a score stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from relsynth.groups import unique_values
from relsynth.quiet import quiet
from relsynth.typing import Floats, Integers

METHODS = ("elbow", "silhouette", "gap", "calinski_harabasz", "davies_bouldin", "bic", "aic")
# what the literature quotes per number of clusters, n rows of d columns, k clusters
QUOTED = {
    "elbow": "O(n k d)",
    "silhouette": "O(n^2 d)",
    "gap": "O(B n k d)",
    "calinski_harabasz": "O(n d)",
    "davies_bouldin": "O(n d + k^2 d)",
    "bic": "O(n k d^2)",
    "aic": "O(n k d^2)",
}
# reference sets of the gap statistic; its error falls with their root
REFERENCES = 20  # uniform tables of the gap: its mean is known to a fifth of its spread
# rows whose silhouette is averaged; the error of the mean is below .01
SILHOUETTE_ROWS = 2_000
STARTS = 10  # of k-means; the best of ten is rarely beaten by an eleventh
# of a column's variance: a cluster is more than rows with one rounded value
FLOOR = 1e-3


@dataclass(frozen=True)
class Data:
    """Rows and their k-means partitions, made once.

    Attributes
    ----------
    X : ndarray, shape (n_rows, n_columns)
    ks : sequence of int
    labels : dict of int to ndarray
    inertia : dict of int to float
        Sum of squared distances to the centres.
    seed : int
    """

    X: Floats
    ks: Sequence[int]
    labels: Mapping[int, Integers]
    inertia: Mapping[int, float]
    seed: int


def partition(X: Floats, k: int, seed: int, starts: int = STARTS) -> tuple[Integers, float]:
    """Return k-means labels and the sum of squared distances to the centres."""
    if k == 1:
        return np.zeros(len(X), np.int64), float(((X - X.mean(axis=0)) ** 2).sum())
    from sklearn.cluster import KMeans

    with threadpool_limits(1):
        found = KMeans(k, n_init=starts, random_state=seed).fit(X)
    return found.labels_.astype(np.int64), float(found.inertia_)


def scores_of(method: str, data: Data) -> tuple[Floats, Floats | None]:
    """Return the score of every number of clusters (``NaN`` where undefined) and its error."""
    if method == "elbow":
        return np.array([data.inertia[k] for k in data.ks]), None
    if method == "gap":
        return _gap(data)
    if method in ("bic", "aic"):
        return _mixture(method, data), None
    return _from_labels(method, data), None


def choice_of(
    method: str, ks: Sequence[int], scores: Floats, errors: Floats | None, total: float
) -> tuple[int, str]:
    """Return the number of clusters that scores stand for, and by which rule.

    `total` is the sum of squares of one cluster, where the elbow's curve begins.
    """
    usable = np.flatnonzero(np.isfinite(scores))
    if method == "elbow":
        return _elbow(ks, scores, total)
    if method == "gap" and errors is not None:
        for a, b in pairwise(usable.tolist()):
            if scores[a] >= scores[b] - errors[b]:
                return ks[a], "the smallest k with gap(k) >= gap(k + 1) - one standard error"
        return ks[usable[-1]], "no k meets the one-standard-error rule; the largest"
    least = method in ("davies_bouldin", "bic", "aic")
    at = usable[np.argmin(scores[usable]) if least else np.argmax(scores[usable])]
    return ks[int(at)], "the least score" if least else "the largest score"


def _elbow(ks: Sequence[int], scores: Floats, total: float) -> tuple[int, str]:
    """Return where the curve lies farthest below the line from one cluster to the most."""
    if ks[-1] < 2 or total <= scores[-1]:
        return ks[0], "the curve has no bend; the smallest"
    across = (np.array(ks) - 1) / (ks[-1] - 1)
    down = (scores - scores[-1]) / (total - scores[-1])
    at = int(np.argmax(1.0 - across - down))
    return ks[at], "the largest distance below the line from one cluster to the most"


def _from_labels(method: str, data: Data) -> Floats:
    from sklearn import metrics

    found = []
    rng = np.random.default_rng(data.seed)
    some = np.sort(rng.permutation(len(data.X))[:SILHOUETTE_ROWS])
    for k in data.ks:
        labels = data.labels[k]
        at = some if method == "silhouette" else np.arange(len(labels))
        if not 2 <= len(unique_values(labels[at])) < len(at):
            found.append(np.nan)
            continue
        measure = getattr(metrics, f"{method}_score")
        found.append(float(measure(data.X[at], labels[at])))
    return np.array(found)


def _gap(data: Data) -> tuple[Floats, Floats]:
    """Compare log inertia with that of uniform rows in the box of the principal axes."""
    centred = data.X - data.X.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    turned = centred @ axes
    low, high = turned.min(axis=0), turned.max(axis=0)
    rng = np.random.default_rng(data.seed)
    logs = np.empty((REFERENCES, len(data.ks)))
    for b in range(REFERENCES):
        uniform = rng.uniform(low, high, turned.shape)
        for at, k in enumerate(data.ks):
            # references are unstructured: one start finds them as well as ten do
            logs[b, at] = np.log(max(partition(uniform, k, data.seed + b, 1)[1], 1e-300))
    own = np.log(np.maximum([data.inertia[k] for k in data.ks], 1e-300))
    return logs.mean(axis=0) - own, logs.std(axis=0) * np.sqrt(1 + 1 / REFERENCES)


def _mixture(method: str, data: Data) -> Floats:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    found = []
    # in the units of the data a fixed floor would round small columns away
    spread = data.X.std(axis=0)
    X = (data.X - data.X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    for k in data.ks:
        if k >= len(X):
            found.append(np.nan)
            continue
        with threadpool_limits(1), quiet(ConvergenceWarning):
            model = GaussianMixture(k, n_init=2, random_state=data.seed, reg_covar=FLOOR).fit(X)
        found.append(float(getattr(model, method)(X)))
    return np.array(found)
