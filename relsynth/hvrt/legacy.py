"""The reducers of HVRT's first version, kept for old code."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone

from relsynth.arguments import number_fault, refuse
from relsynth.errors import DataError
from relsynth.hvrt.budgets import allocate, partition_weights
from relsynth.hvrt.columns import Columns
from relsynth.hvrt.exceptions import HVRTDeprecationWarning
from relsynth.hvrt.partition import Partition, TreeSize, grow, leaves_of, tune, untuned
from relsynth.hvrt.scaling import Scaling
from relsynth.hvrt.selection import get_strategy
from relsynth.hvrt.target import blend_with_outcome, pairwise_target
from relsynth.optional import require
from relsynth.typing import Floats, Integers

ROWS_PER_COLUMN = 40  # as in the first version
CLASS_SHARE = 0.05  # as in the first version
RATIOS = (0.5, 0.3, 0.2, 0.15, 0.1, 0.05)  # as in the first version
LocalStrategy = Callable[[Floats, int, Any], Any]


class HVRTSampleReducer(TransformerMixin, BaseEstimator):
    """Reduce rows by partitions grown on the outcome. Deprecated: use `HVRT.reduce`.

    Parameters
    ----------
    reduction_ratio : float, default 0.2
    max_leaf_nodes, min_samples_leaf, max_depth : int, optional
    min_samples_per_partition : int, default 5
    auto_tune : bool, default True
    maintain_ratio : bool, default False
        Keep at least 40 rows per column.
    y_weight : float, default 0.0
        0 grows the tree on `y` itself, more blends `y` into the pairwise target.
    selection_strategy : str or callable, default "centroid_fps"
        A callable gets the rows of one partition, how many to choose and the random state,
        and returns positions among these rows.
    random_state : int, default 42

    Attributes
    ----------
    selected_indices_ : ndarray of int
    tree_ : DecisionTreeRegressor
    n_partitions_ : int

    Notes
    -----
    Costs one tree and the selection, as `HVRT.reduce` does.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", HVRTDeprecationWarning)
    ...     reducer = HVRTSampleReducer(reduction_ratio=0.1)
    >>> reducer.fit_transform(X).shape
    (10, 3)
    """

    def __init__(
        self,
        reduction_ratio: float = 0.2,
        max_leaf_nodes: int | None = None,
        min_samples_leaf: int | None = None,
        max_depth: int | None = None,
        min_samples_per_partition: int = 5,
        auto_tune: bool = True,
        maintain_ratio: bool = False,
        y_weight: float = 0.0,
        selection_strategy: str | LocalStrategy = "centroid_fps",
        random_state: int | None = 42,
    ) -> None:
        _deprecated("HVRTSampleReducer", "HVRT with ReduceParams")
        self.reduction_ratio = reduction_ratio
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.max_depth = max_depth
        self.min_samples_per_partition = min_samples_per_partition
        self.auto_tune = auto_tune
        self.maintain_ratio = maintain_ratio
        self.y_weight = y_weight
        self.selection_strategy = selection_strategy
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Choose rows.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_rows, n_columns)
        y : array-like, shape (n_rows,), optional
        """
        if not (isinstance(self.selection_strategy, str) or callable(self.selection_strategy)):
            kind = type(self.selection_strategy).__name__
            raise TypeError(f"selection_strategy must be a name or a callable, not {kind}")
        faults = number_fault("reduction_ratio", self.reduction_ratio, above=0, most=1)
        refuse("HVRTSampleReducer", faults)
        self.z_ = Scaling(Columns(X)).z
        size = self._size()
        z = np.ascontiguousarray(self.z_, dtype=np.float32)
        target = self._target(y)
        self.tree_ = grow(z, target, size, max_depth=self.max_depth, seed=self.random_state)
        self.size_ = size
        partition = Partition(leaves_of(self.tree_, z))
        self.n_partitions_ = len(partition)
        self.selected_indices_ = self._select(partition)
        return self

    def transform(self, X: Any, y: Any = None) -> Any:
        """Return the chosen rows of what was fitted, and of `y` where it is given."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "selected_indices_")
        if len(X) != len(self.z_):
            raise DataError(f"X has {len(X)} rows but {len(self.z_)} were fitted")
        chosen = _take(X, self.selected_indices_)
        return chosen if y is None else (chosen, _take(y, self.selected_indices_))

    def fit_transform(self, X: Any, y: Any = None, **unused: Any) -> Any:
        """Return the chosen rows, with their `y` where it is given."""
        return self.fit(X, y).transform(X, y)

    def get_reduction_info(self) -> dict[str, Any]:
        """Return how the reduction went."""
        return {
            "n_partitions": self.n_partitions_,
            "n_selected": len(self.selected_indices_),
            "reduction_ratio": len(self.selected_indices_) / len(self.z_),
            "tree_depth": int(self.tree_.get_depth()),
            "max_leaf_nodes": self.size_.max_leaf_nodes,
            "min_samples_leaf": self.size_.min_samples_leaf,
        }

    def _size(self) -> TreeSize:
        rows, columns = self.z_.shape
        size = tune(rows, columns, reducing=True) if self.auto_tune else untuned(rows)
        return TreeSize(
            self.max_leaf_nodes or size.max_leaf_nodes,
            self.min_samples_leaf or size.min_samples_leaf,
        )

    def _target(self, y: Any) -> Floats:
        if y is None:
            return pairwise_target(self.z_)
        outcome = np.asarray(y).reshape(-1)
        if len(outcome) != len(self.z_):
            raise DataError(f"y has {len(outcome)} entries but X has {len(self.z_)} rows")
        if outcome.dtype.kind not in "iufb":
            outcome = np.unique(outcome.astype(str), return_inverse=True)[1]
        if self.y_weight == 0:
            return outcome.astype(float)
        return blend_with_outcome(pairwise_target(self.z_), outcome.astype(float), self.y_weight)

    def _select(self, partition: Partition) -> Integers:
        rows = len(self.z_)
        count = max(1, int(rows * self._ratio()))
        weights = partition_weights(self.z_, partition.codes, len(partition), by_variance=False)
        floor = self.min_samples_per_partition
        budgets = allocate(weights, count, floor=floor, capacity=partition.sizes)
        if isinstance(self.selection_strategy, str):
            strategy = get_strategy(self.selection_strategy)
            return strategy(self.z_, partition.leaves, partition.ids, budgets, self.random_state)
        parts = [
            members[
                np.asarray(self.selection_strategy(self.z_[members], int(b), self.random_state))
            ]
            for members, b in zip(partition.members(), budgets, strict=True)
            if b > 0
        ]
        return np.sort(np.concatenate(parts))

    def _ratio(self) -> float:
        rows, columns = self.z_.shape
        least = ROWS_PER_COLUMN * columns / rows
        if not self.maintain_ratio or self.reduction_ratio >= least:
            return self.reduction_ratio
        if least > 1:
            raise DataError(
                f"maintain_ratio needs {ROWS_PER_COLUMN} rows for each of {columns} columns, "
                f"{ROWS_PER_COLUMN * columns} in all, but X has {rows}"
            )
        warnings.warn(
            f"the ratio {self.reduction_ratio} is raised to {least:.3f} to keep "
            f"{ROWS_PER_COLUMN} rows per column",
            UserWarning,
            stacklevel=4,
        )
        return least


class AdaptiveHVRTReducer(TransformerMixin, BaseEstimator):
    """Find the smallest reduction that keeps a model's score. Deprecated.

    Parameters
    ----------
    accuracy_threshold : float, default 0.95
        Share of the score on all rows that a reduction must keep.
    reduction_ratios : sequence of float, optional
        Tried from the largest down, until one fails; 0.5 to 0.05 by default.
    validator : estimator, optional
        XGBoost with 100 trees of depth 6 by default: a classifier where `y` has few
        distinct values.
    cv : int, default 3
    scoring : str, callable(y_true, y_pred) or dict, optional
        A dict gives several; its first entry decides.
    y_weight : float, default 0.0
    random_state : int, default 42
    verbose : bool, default True
        Report each ratio through the logger ``relsynth.hvrt``.

    Attributes
    ----------
    reduction_results_ : list of dict
    best_reduction_ : dict
        With ``ratio``, ``score``, ``n_samples`` and ``indices``.
    baseline_score_ : float

    Notes
    -----
    Costs `cv` fits of the validator for all rows and for each ratio tried.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", HVRTDeprecationWarning)
    ...     reducer = AdaptiveHVRTReducer(validator=LinearRegression())
    >>> reducer.fit(X, X.sum(axis=1)).best_reduction_["ratio"]
    0.05
    """

    def __init__(
        self,
        accuracy_threshold: float = 0.95,
        reduction_ratios: Sequence[float] | None = None,
        validator: Any = None,
        cv: int = 3,
        scoring: Any = None,
        y_weight: float = 0.0,
        random_state: int | None = 42,
        verbose: bool = True,
    ) -> None:
        _deprecated("AdaptiveHVRTReducer", "HVRT.reduce at several ratios")
        self.accuracy_threshold = accuracy_threshold
        self.reduction_ratios = reduction_ratios
        self.validator = validator
        self.cv = cv
        self.scoring = scoring
        self.y_weight = y_weight
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> Self:
        """Try the ratios.

        Parameters
        ----------
        X : array-like of numbers, shape (n_rows, n_columns)
        y : array-like, shape (n_rows,)
        """
        ratios = RATIOS if self.reduction_ratios is None else tuple(self.reduction_ratios)
        faults = [] if ratios else ["reduction_ratios is empty; give shares such as 0.5 and 0.2"]
        for ratio in ratios:
            faults += number_fault("a reduction ratio", ratio, above=0, most=1)
        refuse("AdaptiveHVRTReducer", faults)
        validator = self._validator(np.asarray(y))
        self.baseline_score_ = self._scores(validator, X, y)[0]
        self.reduction_results_ = []
        best: dict[str, Any] | None = None
        for ratio in sorted(ratios, reverse=True):
            result = self._try(validator, X, y, ratio)
            self.reduction_results_.append(result)
            best = best or result
            if result["score_ratio"] < self.accuracy_threshold:
                break
            best = result
        self.best_reduction_ = best
        return self

    def transform(self, X: Any, y: Any = None) -> Any:
        """Return the rows of the best reduction, and of `y` where it is given."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "best_reduction_")
        indices = self.best_reduction_["indices"] if self.best_reduction_ else np.arange(len(X))
        chosen = _take(X, indices)
        return chosen if y is None else (chosen, _take(y, indices))

    def fit_transform(self, X: Any, y: Any = None, **unused: Any) -> Any:
        """Fit and return the rows of the best reduction with their `y`."""
        return self.fit(X, y).transform(X, y)

    def get_reduction_summary(self) -> pd.DataFrame:
        """Return one row per ratio that was tried."""
        shown = [
            {name: value for name, value in result.items() if name != "indices"}
            for result in self.reduction_results_
        ]
        return pd.DataFrame(shown)

    def _try(self, validator: Any, X: Any, y: Any, ratio: float) -> dict[str, Any]:
        import logging

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            reducer = HVRTSampleReducer(
                ratio, y_weight=self.y_weight, random_state=self.random_state
            )
        indices = reducer.fit(X, y).selected_indices_
        scores = self._scores(validator, _take(X, indices), _take(y, indices))
        result = {
            "ratio": ratio,
            "n_samples": len(indices),
            "score": scores[0],
            "score_ratio": scores[0] / self.baseline_score_ if self.baseline_score_ else np.nan,
            "all_scores": scores,
            "indices": indices,
        }
        if self.verbose:
            kept = result["score_ratio"]
            logging.getLogger("relsynth.hvrt").info("ratio %g keeps %.3f", ratio, kept)
        return result

    def _validator(self, y: Any) -> Any:
        if self.validator is not None:
            return self.validator
        xgboost = require("xgboost", "report", "The default validator")
        few = len(np.unique(y)) < max(3, CLASS_SHARE * len(y))
        kind = xgboost.XGBClassifier if few else xgboost.XGBRegressor
        return kind(n_estimators=100, max_depth=6, random_state=self.random_state, n_jobs=1)

    def _scores(self, validator: Any, X: Any, y: Any) -> list[float]:
        from sklearn.metrics import make_scorer
        from sklearn.model_selection import cross_val_score

        wanted = self.scoring.values() if isinstance(self.scoring, dict) else [self.scoring]
        return [
            float(
                cross_val_score(
                    clone(validator),
                    X,
                    y,
                    cv=self.cv,
                    scoring=make_scorer(scoring) if callable(scoring) else scoring,
                ).mean()
            )
            for scoring in wanted
        ]


def _deprecated(name: str, instead: str) -> None:
    warnings.warn(
        f"{name} is deprecated; use {instead} instead", HVRTDeprecationWarning, stacklevel=3
    )


def _take(rows: Any, indices: Integers) -> Any:
    if isinstance(rows, pd.DataFrame | pd.Series):
        return rows.iloc[indices]
    return np.asarray(rows)[indices]
