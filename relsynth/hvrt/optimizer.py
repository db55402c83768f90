"""Search the parameters under which drawn rows stand best for real ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from relsynth.arguments import number_fault, refuse
from relsynth.errors import DataError
from relsynth.hvrt.classes import MOST_CLASSES
from relsynth.hvrt.columns import as_frame
from relsynth.hvrt.estimators import HVRT
from relsynth.hvrt.exceptions import HVRTWarning
from relsynth.hvrt.randomness import seed_of
from relsynth.optional import require
from relsynth.typing import Array, Floats

OUTCOME = "outcome of the optimizer"
SPACE: dict[str, list[Any]] = {
    "n_partitions": ["auto", 20, 30, 50, 75, 100],
    "min_samples_leaf": ["auto", 5, 10, 15],
    "y_weight": [0.0, 0.1, 0.3, 0.5],
    "kernel": ["auto", "h=0.10", "h=0.30", "epanechnikov"],
    "variance_weighted": [False, True],
}
DEFAULTS = {
    "n_partitions": "auto",
    "min_samples_leaf": "auto",
    "y_weight": 0.0,
    "kernel": "auto",
    "variance_weighted": False,
}
# what is searched
BANDWIDTHS = {"auto": "auto", "h=0.10": 0.1, "h=0.30": 0.3, "epanechnikov": "auto"}
Objective = Callable[..., float]


class HVRTOptimizer(BaseEstimator):
    """Tune `HVRT` for an outcome: train on drawn rows, test on real ones.

    Without an outcome, for rows that a classifier tells least from held-out ones.

    Parameters
    ----------
    n_trials : int, default 30
    n_jobs : int, default 1
        Trials side by side. With more than one, which trial sees which results depends on
        timing, and so may the outcome.
    cv : int, default 3
        Folds.
    expansion_ratio : float, default 5.0
        Rows drawn per row of a fold's training part.
    task : {"auto", "classification", "regression"}, default "auto"
        ``"auto"`` takes an outcome of text or of at most 20 distinct values for classes.
    timeout : float, optional
        Seconds after which no trial is begun.
    random_state : int, optional
    verbose : int, default 0
        Above 0 optuna reports every trial.
    objective : callable, optional
        Gets the keywords ``tstr, trtr, tstr_delta, X_synth, X_real, y_synth, y_real, fold,
        n_synth`` and returns a number to maximise; the gain ``tstr - trtr`` by default.
        Without an outcome both are minus the AUC (at least .5) by which the rows are distinguished
        from the fold's held-out ones, and ``y_synth`` and ``y_real`` are ``None``.

    Attributes
    ----------
    best_score_ : float
    best_params_ : dict
        ``n_partitions``, ``min_samples_leaf``, ``y_weight`` and ``bandwidth`` of `HVRT`.
    best_expand_params_ : dict
        ``variance_weighted``, and ``generation_strategy`` where one was best.
    best_model_ : HVRT
        Fitted on all rows, with the outcome, if there is one, as last column.
    study_ : optuna.Study

    Notes
    -----
    The first trial is HVRT's defaults, so that the result is never worse than these in
    cross-validation. The outcome is both the last column of what is drawn and the ``y`` of
    the partition's target. A trial costs `cv` fits of HVRT and of 100 boosted trees.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(120, 2))
    >>> tuned = HVRTOptimizer(n_trials=1, random_state=0).fit(X, X.sum(axis=1))
    >>> tuned.expand(n=10).shape
    (10, 2)
    """

    def __init__(
        self,
        n_trials: int = 30,
        n_jobs: int = 1,
        cv: int = 3,
        expansion_ratio: float = 5.0,
        task: str = "auto",
        timeout: float | None = None,
        random_state: int | None = None,
        verbose: int = 0,
        objective: Objective | None = None,
    ) -> None:
        self.n_trials = n_trials
        self.n_jobs = n_jobs
        self.cv = cv
        self.expansion_ratio = expansion_ratio
        self.task = task
        self.timeout = timeout
        self.random_state = random_state
        self.verbose = verbose
        self.objective = objective

    def fit(self, X: Any, y: Any = None, feature_types: list[str] | None = None) -> Self:
        """Search, then fit the best model on all rows.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_rows, n_columns)
        y : array-like, shape (n_rows,), optional
            Outcome; numbers or classes.
        feature_types : list of str, optional
            As in `HVRT.fit`, without the outcome.

        Raises
        ------
        ImportError
            Without optuna, with the command that installs it.
        ValueError
            For numbers of trials below 1, of folds below 2 and other parameters (all listed).
        DataError
            For fewer rows than folds, and an outcome that is missing or of another length.
        """
        optuna = require("optuna", "optimizer", "HVRTOptimizer")
        faults = number_fault("n_trials", self.n_trials, least=1, whole=True)
        faults += number_fault("cv", self.cv, least=2, whole=True)
        faults += number_fault("expansion_ratio", self.expansion_ratio, above=0)
        refuse("HVRTOptimizer", faults)
        trial_data = _TrialData.of(X, y, self.task, feature_types)
        rows = len(trial_data.stacked)
        if rows < self.cv:
            raise DataError(
                f"X: found {rows} sample(s), but cv={self.cv} folds need a row each; give more "
                "rows or fewer folds"
            )
        self.is_frame_ = isinstance(X, pd.DataFrame)
        folds = list(self._folds(trial_data))
        seed = seed_of(self.random_state)
        optuna.logging.set_verbosity(
            optuna.logging.INFO if self.verbose > 0 else optuna.logging.WARNING
        )
        self.study_ = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed)
        )
        self.study_.enqueue_trial(DEFAULTS)

        def run(trial: Any) -> float:
            chosen = {name: trial.suggest_categorical(name, SPACE[name]) for name in SPACE}
            return self._score(chosen, trial_data, folds, (seed or 0) + trial.number)

        self.study_.optimize(run, self.n_trials, timeout=self.timeout, n_jobs=self.n_jobs)
        self.best_score_ = float(self.study_.best_value)
        self.best_params_, self.best_expand_params_ = decode(self.study_.best_params)
        self.best_model_ = HVRT(random_state=seed, **self.best_params_).fit(
            trial_data.stacked, trial_data.outcome, feature_types=trial_data.feature_types
        )
        return self

    def expand(self, n: int, **changed: Any) -> Any:
        """Draw rows as `HVRT.expand` does, under the best parameters, without the outcome."""
        return self._without_outcome("expand", n, {**self._best(), **changed})

    def augment(self, n: int, **changed: Any) -> Any:
        """Return real and drawn rows as `HVRT.augment` does, under the best parameters."""
        return self._without_outcome("augment", n, {**self._best(), **changed})

    def _best(self) -> dict[str, Any]:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "best_model_")
        return self.best_expand_params_

    def _without_outcome(self, method: str, n: int, arguments: dict[str, Any]) -> Any:
        drawn = getattr(self.best_model_, method)(n, **arguments)
        rows, extra = drawn if isinstance(drawn, tuple) else (drawn, None)
        return self._plain(rows) if extra is None else (self._plain(rows), extra)

    def _plain(self, rows: pd.DataFrame) -> Any:
        """Return rows without the outcome, of the kind `fit` was given."""
        rows = rows.drop(columns=OUTCOME, errors="ignore")
        return rows if self.is_frame_ else _as_array(rows)

    def _folds(self, data: _TrialData) -> Iterator[_Fold]:
        from sklearn.model_selection import KFold

        splitter = KFold(self.cv, shuffle=True, random_state=seed_of(self.random_state))
        for number, (train, test) in enumerate(splitter.split(data.stacked)):
            real = data.take(train)
            yield _Fold(number, train, test, data.judge(real, data.take(test)))

    def _score(
        self, chosen: dict[str, Any], data: _TrialData, folds: list[_Fold], seed: int
    ) -> float:
        params, expanding = decode(chosen)
        scores = []
        for fold in folds:
            real = data.take(fold.train)
            n_synth = max(4, int(len(real) * self.expansion_ratio))
            model = HVRT(random_state=seed, **params)
            outcome = None if data.outcome is None else data.outcome[fold.train]
            model.fit(real, outcome, feature_types=data.feature_types)
            try:
                synth = model.expand(n_synth, **expanding)
                tstr = data.judge(synth, data.take(fold.test))
            except np.linalg.LinAlgError as error:
                warnings.warn(f"a trial failed: {error}", HVRTWarning, stacklevel=2)
                return -np.inf
            scores.append(self._value(data, fold, synth, tstr, n_synth))
        return float(np.mean(scores))

    def _value(
        self, data: _TrialData, fold: _Fold, synth: pd.DataFrame, tstr: float, n_synth: int
    ) -> float:
        if self.objective is None:
            return tstr - fold.trtr
        real = data.take(fold.train)
        return self.objective(
            tstr=tstr,
            trtr=fold.trtr,
            tstr_delta=tstr - fold.trtr,
            X_synth=self._plain(synth),
            X_real=self._plain(real),
            y_synth=None if data.outcome is None else synth[OUTCOME].to_numpy(),
            y_real=None if data.outcome is None else real[OUTCOME].to_numpy(),
            fold=fold.number,
            n_synth=n_synth,
        )


@dataclass(frozen=True, slots=True)
class _Fold:
    number: int
    train: Array
    test: Array
    trtr: float


@dataclass(frozen=True, slots=True)
class _TrialData:
    """Rows with the outcome, if any, as last column, and how to judge others like them."""

    stacked: pd.DataFrame
    outcome: Floats | None
    classes: bool
    feature_types: list[str]

    @classmethod
    def of(cls, X: Any, y: Any, task: str, feature_types: list[str] | None) -> _TrialData:
        if task not in ("auto", "classification", "regression"):
            raise ValueError(
                f"task must be 'auto', 'classification' or 'regression' (got {task!r})"
            )
        frame = as_frame(X)
        numeric = pd.api.types.is_numeric_dtype
        kinds = feature_types or [
            "continuous" if numeric(t) else "categorical" for t in frame.dtypes
        ]
        if y is None:
            if task != "auto":
                raise DataError(f"task={task!r} needs y; leave it at 'auto' to tune without one")
            return cls(frame.reset_index(drop=True), None, False, [*kinds])
        given = pd.Series(np.asarray(y).reshape(-1))
        if len(given) != len(frame):
            raise DataError(f"y has {len(given)} entries but X has {len(frame)} rows")
        if given.isna().any():
            raise DataError(f"y is missing in {int(given.isna().sum())} rows; leave them out")
        text = not pd.api.types.is_numeric_dtype(given.dtype)
        classes = task == "classification" or (
            task == "auto" and (text or given.nunique() <= MOST_CLASSES)
        )
        if not classes and text:
            raise DataError("y holds text; regression needs numbers")
        outcome = pd.factorize(given, sort=True)[0] if classes else given.to_numpy(float)
        stacked = frame.reset_index(drop=True).assign(**{OUTCOME: outcome})
        last = "categorical" if classes else "continuous"
        return cls(stacked, outcome.astype(float), classes, [*kinds, last])

    def take(self, rows: Array) -> pd.DataFrame:
        return self.stacked.iloc[rows]

    def judge(self, train: pd.DataFrame, test: pd.DataFrame) -> float:
        """Return R^2 or AUC on real rows of boosted trees trained on others.

        Without an outcome minus the AUC by which the others are distinguished from the real rows.
        """
        if self.outcome is None:
            return -_told_apart(self._numbers(train), self._numbers(test))
        from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
        from sklearn.metrics import r2_score

        X, X_test = self._numbers(train), self._numbers(test)
        y, y_test = train[OUTCOME].to_numpy(), test[OUTCOME].to_numpy()
        if not self.classes:
            model = GradientBoostingRegressor(n_estimators=100, random_state=0).fit(X, y)
            return float(r2_score(y_test, model.predict(X_test)))
        if len(np.unique(y)) < 2 or len(np.unique(y_test)) < 2:
            return 0.5
        model = GradientBoostingClassifier(n_estimators=100, random_state=0).fit(X, y)
        return _auc(y_test, model.predict_proba(X_test), model.classes_)

    def _numbers(self, rows: pd.DataFrame) -> Floats:
        """Return the columns without the outcome as numbers, gaps below all others."""
        columns = []
        for name, kind in zip(self.stacked.columns, self.feature_types, strict=True):
            if name == OUTCOME:
                continue
            if kind == "continuous":
                values = rows[name].to_numpy(dtype=float, na_value=np.nan)
            else:
                levels = pd.Index(sorted(self.stacked[name].dropna().unique(), key=str))
                values = levels.get_indexer(pd.Index(rows[name])).astype(float)
            low = np.nanmin(values, initial=0.0) - 1.0
            columns.append(np.where(np.isnan(values), low, values))
        return np.column_stack(columns)


def decode(chosen: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters of `HVRT` and the arguments of `expand` that a trial stands for."""
    params = {
        "n_partitions": None if chosen["n_partitions"] == "auto" else chosen["n_partitions"],
        "min_samples_leaf": (
            None if chosen["min_samples_leaf"] == "auto" else chosen["min_samples_leaf"]
        ),
        "y_weight": chosen["y_weight"],
        "bandwidth": BANDWIDTHS[chosen["kernel"]],
    }
    expanding = {"variance_weighted": chosen["variance_weighted"]}
    if chosen["kernel"] == "epanechnikov":
        expanding["generation_strategy"] = "epanechnikov"
    return params, expanding


def _auc(y: Array, chances: Floats, classes: Array) -> float:
    """Return the area under the ROC curve, one class against the rest, weighted by size."""
    from sklearn.metrics import roc_auc_score

    known = [c for c in np.unique(y) if c in classes]
    areas = [roc_auc_score(y == c, chances[:, int(np.flatnonzero(classes == c)[0])]) for c in known]
    return float(np.average(areas, weights=[(y == c).sum() for c in known]))


def _told_apart(drawn: Floats, real: Floats) -> float:
    """Return the cross-validated AUC by which boosted trees tell as many rows of two kinds."""
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    rows = min(len(drawn), len(real))
    rng = np.random.default_rng(0)
    parts = [part[rng.permutation(len(part))[:rows]] for part in (drawn, real)]
    side = np.repeat([0, 1], rows)
    chance = cross_val_predict(
        GradientBoostingClassifier(n_estimators=50, random_state=0),
        np.vstack(parts),
        side,
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
        method="predict_proba",
    )[:, 1]
    return max(float(roc_auc_score(side, chance)), 0.5)


def _as_array(rows: pd.DataFrame) -> Array:
    numeric = all(pd.api.types.is_numeric_dtype(dtype) for dtype in rows.dtypes)
    return rows.to_numpy(dtype=float if numeric else object)
