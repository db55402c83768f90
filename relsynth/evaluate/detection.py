"""The classifier two-sample test: a model tries to tell real rows from synthetic ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from relsynth.evaluate.features import Features, Form
from relsynth.evaluate.measure import Scores, max_of, mean_of
from relsynth.optional import has
from relsynth.typing import Flags, Floats, Integers

FOLDS = 5  # each row is judged by a classifier that has not seen it
PROTOCOL_SEED = 42  # of the published protocol, so that figures can be compared
FEWEST = 20  # rows a side; an accuracy of 20 is known to .08 only
LOUDEST = 8  # features that a report names
TREES = 100  # XGBoost's default, as published
# scikit-learn takes no sparse rows: 40 million numbers are 320 MB
DENSE_CELLS = 40_000_000
# a tree of 32 leaves shows what tells apart and is quick
TREE_DEPTH = 5


@dataclass(frozen=True, slots=True)
class Detection:
    """Outcome of one two-sample test.

    Attributes
    ----------
    accuracy : float
        Share of rows classified right, out of fold; 0.5 is indistinguishable.
    auc : float
        Area under the ROC curve, 0.5 is indistinguishable.
    error : float
        Standard error of the accuracy; rows of one group count as one.
    rows : int
        Rows a side.
    loudest : mapping of str to float
        Columns that tell the two apart, with their share of the gain.
    """

    accuracy: float
    auc: float
    error: float
    rows: int
    loudest: Mapping[str, float] = field(default_factory=dict)

    def as_scores(self) -> Scores:
        """Return plain values."""
        return {
            "accuracy": self.accuracy,
            "auc": self.auc,
            "error": self.error,
            "rows": self.rows,
            "loudest": dict(self.loudest),
        }


def tests_as_scores(name: str, tests: Sequence[Detection | None]) -> Scores:
    """Return the mean and the worst accuracy as two figures, with the single tests behind each.

    ``"tests"`` holds for every figure pairs of a value and its standard error: the figure is
    as sure as the surest of them.
    """
    known = [test for test in tests if test is not None]
    pairs = [[test.accuracy, test.error] for test in known]
    error = sum(test.error**2 for test in known) ** 0.5 / max(len(known), 1)
    mean = mean_of(test.accuracy for test in known)
    return {
        name: mean,
        f"{name}_max": max_of(test.accuracy for test in known),
        "tests": {name: [[mean, error]] if known else [], f"{name}_max": pairs},
    }


def balanced_rows(real: int, synthetic: int, limit: int, seed: int) -> tuple[Integers, Integers]:
    """Return equally many row numbers of both sides, in random order.

    Seed 0 draws the rows that the published protocol draws (random states 42 and 43).
    """
    n = min(real, synthetic, limit)
    state = PROTOCOL_SEED + seed
    return (
        np.random.RandomState(state).choice(real, n, replace=False),
        np.random.RandomState(state + 1).choice(synthetic, n, replace=False),
    )


def detect(
    real: Features,
    synthetic: Features,
    seed: int,
    *,
    form: Form = "published",
    groups: Integers | None = None,
) -> Detection | None:
    """Test whether boosted trees tell two equally long samples apart, by 5-fold cross-validation.

    Parameters
    ----------
    real, synthetic : Features, shape (n, n_features)
        Encoded together.
    seed : int
        0 gives the published protocol's folds.
    form : {"published", "full"}
        Exact splits as in the published protocol, or histogram splits.
    groups : ndarray of int, shape (2 * n,), optional
        Rows of one group never sit on both sides of a fold, be they real or synthetic.

    Returns
    -------
    Detection or None
        ``None`` with fewer than 20 rows or five groups a side, or nothing to look at.

    Notes
    -----
    XGBoost where it is installed, else scikit-learn's histogram boosting (see `detector`).
    XGBoost with its default settings, starting from even odds as versions before 2.0 did,
    and with one thread (small trees lose by more). Accuracy over all out-of-fold rows, not
    rescaled.
    O(n * n_features) with a fixed number of trees.

    References
    ----------
    Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017. Hudovernik,
    Jurkovič and Štrumbelj, "Benchmarking the fidelity and utility of synthetic relational
    data" (SyntheRela), 2024.
    """
    n = len(real)
    X = sparse.vstack([real.matrix, synthetic.matrix], format="csr")
    if n < FEWEST or not X.shape[1] or not _enough_groups(groups, n):
        return None
    varies = _varies(X)
    if not varies.any():
        return Detection(0.5, 0.5, float(0.5 / np.sqrt(2 * n)), n)
    X, names = X[:, varies], [name for name, kept in zip(real.names, varies, strict=True) if kept]
    y = np.repeat([1, 0], n)
    chance, gain = _cross_validate(X, y, _folds(y, seed, groups), form)
    right = (chance > 0.5) == (y == 1)
    return Detection(
        accuracy=float(right.mean()),
        auc=_auc(chance, y),
        error=_error(right, groups),
        rows=n,
        loudest=_loudest(names, gain),
    )


def detector() -> str:
    """Return the name of the classifier that is used: the published one, where it is installed."""
    return "XGBoost" if has("xgboost") else "scikit-learn"


def _cross_validate(
    X: sparse.csr_matrix, y: Integers, folds: Iterator[tuple[Integers, Integers]], form: Form
) -> tuple[Floats, Floats]:
    chance, gain = np.zeros(len(y)), np.zeros(X.shape[1])
    classify = _xgboost if has("xgboost") else _scikit_learn
    for train, test in folds:
        chance[test], part = classify(X[train], y[train], X[test], form)
        gain += np.nan_to_num(part) / FOLDS
    return chance, gain


def _xgboost(
    X: sparse.csr_matrix, y: Integers, asked: sparse.csr_matrix, form: Form
) -> tuple[Floats, Floats]:
    from xgboost import Booster, DMatrix

    # tree by tree, as XGBClassifier does, without what it does around every tree: a third of
    # the time on few rows
    rows = DMatrix(X, label=y, nthread=1)
    settings = {
        "objective": "binary:logistic",
        "tree_method": "exact" if form == "published" else "hist",
        "base_score": 0.5,
        "nthread": 1,
        "random_state": 0,
    }
    model = Booster(settings, [rows])
    for number in range(TREES):
        model.update(rows, number)
    gain = np.zeros(X.shape[1])
    for name, mean in model.get_score(importance_type="gain").items():
        gain[int(name.removeprefix("f"))] = mean
    return model.inplace_predict(asked), gain / max(gain.sum(), np.finfo(float).tiny)


def _scikit_learn(
    X: sparse.csr_matrix, y: Integers, asked: sparse.csr_matrix, form: Form
) -> tuple[Floats, Floats]:
    """Return the same by scikit-learn, which the base install has; gains are a small tree's."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.tree import DecisionTreeClassifier

    kept = np.sort(np.argsort(-X.getnnz(axis=0), kind="stable")[: DENSE_CELLS // X.shape[0] + 1])
    rows, tested = X[:, kept].toarray(), asked[:, kept].toarray()
    model = HistGradientBoostingClassifier(random_state=0).fit(rows, y)
    tree = DecisionTreeClassifier(max_depth=TREE_DEPTH, random_state=0).fit(rows, y)
    gain = np.zeros(X.shape[1])
    gain[kept] = tree.feature_importances_
    return model.predict_proba(tested)[:, 1], gain


def _folds(y: Integers, seed: int, groups: Integers | None) -> Iterator[tuple[Integers, Integers]]:
    state = np.random.RandomState(PROTOCOL_SEED + seed)
    if groups is not None:
        fold = np.empty(len(y), dtype=np.int64)
        shared = np.isin(groups[y == 1], groups[y == 0]).any()
        for side in [y >= 0] if shared else [y == 0, y == 1]:
            fold[side] = _fold_by_group(groups[side], state)
        for number in range(FOLDS):
            yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        return
    from sklearn.model_selection import StratifiedKFold

    order = state.permutation(len(y))
    for train, test in StratifiedKFold(FOLDS).split(order, y[order]):
        yield order[train], order[test]


def _fold_by_group(groups: Integers, state: np.random.RandomState) -> Integers:
    """Deal groups to folds in falling size, so that folds are about equally large."""
    _, group, size = np.unique(groups, return_inverse=True, return_counts=True)
    ranked = np.lexsort((state.permutation(len(size)), -size))
    fold = np.empty(len(size), dtype=np.int64)
    fold[ranked] = np.arange(len(size)) % FOLDS
    return fold[group]


def _enough_groups(groups: Integers | None, n: int) -> bool:
    """Return whether every fold gets groups of both sides."""
    if groups is None:
        return True
    return all(len(np.unique(side)) >= FOLDS for side in (groups[:n], groups[n:]))


def _varies(X: sparse.csr_matrix) -> Flags:
    missing = np.bincount(X.indices[np.isnan(X.data)], minlength=X.shape[1])
    known = X.copy()
    known.data = np.nan_to_num(known.data)
    lowest, highest = (side.toarray().ravel() for side in (known.min(axis=0), known.max(axis=0)))
    return (lowest != highest) | ((missing > 0) & (missing < X.shape[0]))


def _auc(chance: Floats, y: Integers) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, chance))


def _error(right: Flags, groups: Integers | None) -> float:
    """Return the standard error of the share of rows classified right.

    With groups it is that of a ratio of sums over groups (Cochran, Sampling Techniques, 1977),
    because rows of one group are classified right or wrong together.
    """
    share = right.mean()
    if groups is None:
        # chance's own spread at least: few rows that are all classified right are no certainty
        return float(
            max(np.sqrt(share * (1 - share)), 1 / np.sqrt(len(right))) / np.sqrt(len(right))
        )
    off = np.bincount(groups, weights=right - share)
    return float(np.sqrt((off**2).sum()) / len(right))


def _loudest(names: list[str], gain: Floats) -> dict[str, float]:
    total: dict[str, float] = {}
    for name, part in zip(names, gain, strict=True):
        total[name] = total.get(name, 0.0) + float(part)
    ranked = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return {name: share for name, share in ranked[:LOUDEST] if share > 0}
