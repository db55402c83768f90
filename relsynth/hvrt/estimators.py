"""The HVRT estimators: partition rows, then choose from them or generate more."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from relsynth.errors import DataError
from relsynth.hvrt.arguments import (
    check_count,
    check_partitions,
    check_size,
    generator_of,
    rows_to_keep,
)
from relsynth.hvrt.budgets import allocate, partition_weights
from relsynth.hvrt.classes import Classes, is_text
from relsynth.hvrt.columns import Columns, as_frame
from relsynth.hvrt.exceptions import HVRTDeprecationWarning
from relsynth.hvrt.expansion import Expansion
from relsynth.hvrt.generation import GenerationStrategy
from relsynth.hvrt.novelty import insist_on_novelty, nearest_distances, summarise_novelty
from relsynth.hvrt.operations import OperationMixin
from relsynth.hvrt.params import AugmentParams, ExpandParams, ReduceParams
from relsynth.hvrt.partition import (
    Partition,
    TreeSize,
    grow,
    leaves_for,
    leaves_of,
    tune,
    untuned,
)
from relsynth.hvrt.randomness import CallStream, seed_of
from relsynth.hvrt.reduction import Reduction
from relsynth.hvrt.scaling import Scaling
from relsynth.hvrt.selection import SelectionStrategy, get_strategy
from relsynth.hvrt.target import blend_with_outcome, pairwise_target, sum_target
from relsynth.typing import Floats, Integers


class HVRT(OperationMixin, BaseEstimator):
    """Partition rows by how extreme they are, then reduce, expand or augment them.

    A regression tree is grown on a synthetic target, the sum of the standardised products
    of all column pairs. Its leaves group rows of similar extremeness; from each leaf rows
    are chosen (`reduce`) or drawn anew (`expand`).

    Parameters
    ----------
    n_partitions : int, optional
        Most leaves, at least 2; chosen from the data by default.
    min_samples_leaf : int, optional
        Least rows per leaf; chosen from the data by default.
    max_depth : int, optional
    min_samples_per_partition : int, default 5
        Least rows that `reduce` takes from a leaf; together at most half of all.
    y_weight : float, default 0.0
        Share of the outcome's extremeness in the target, 0 to 1. Where the outcome is a
        class (text, or at most 20 whole numbers), also how far `reduce` moves from the
        classes' own parts towards rare ones; then a class is chosen from among a random
        part of it, three times as large as wanted, and rows whose class their nearest
        neighbours contradict are chosen last.
    auto_tune : bool, default True
        Choose tree limits that are not given by row and column count.
    bandwidth : float or {"auto", "scott", "silverman"}, default "auto"
        Noise of `expand` in units of the leaf's spread. ``"auto"`` takes 0.1 where leaves
        hold ``max(15, 2 d)`` rows on average, and the strategy ``"epanechnikov"`` where
        they are smaller.
    random_state : int, RandomState, Generator or None, default 42
        Calls continue one stream: each returns other rows, a refitted estimator the same.
    reduce_params, expand_params, augment_params : optional
        What `fit_transform` and `transform` do.
    mode : {"reduce", "expand", "augment"}, optional
        Deprecated; use the params objects.

    Attributes
    ----------
    X_ : ndarray, shape (n_rows, n_columns)
        The rows as numbers, categories as codes.
    X_z_ : ndarray, shape (n_rows, n_columns)
        Continuous columns, then categorical ones, each with mean 0 and deviation 1;
        missing numbers are 0.
    continuous_mask_, categorical_mask_ : ndarray of bool, shape (n_columns,)
    scaler_, cat_scaler_ : StandardScaler or None
    label_encoders_ : dict of int to Categories
    tree_ : DecisionTreeRegressor
    partition_ids_ : ndarray of int, shape (n_rows,)
        Leaf id of each row.
    unique_partitions_ : ndarray of int, shape (n_partitions_,)
    n_partitions_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of object
        Only where all column names are text.

    See Also
    --------
    FastHVRT : the same on the plain sum of columns.

    Notes
    -----
    Fitting costs one tree on n rows of d columns and O(n d^2) for the target; memory is
    O(n d). Generated rows with small bandwidths lie close to real ones: a bandwidth is no
    privacy guarantee. For synthesis use the table model ``"hvrt"``.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(500, 3))
    >>> model = HVRT().fit(X)
    >>> model.reduce(ratio=0.1).shape, model.expand(n=800).shape
    ((50, 3), (800, 3))
    """

    def __init__(
        self,
        n_partitions: int | None = None,
        min_samples_leaf: int | None = None,
        max_depth: int | None = None,
        min_samples_per_partition: int = 5,
        y_weight: float = 0.0,
        auto_tune: bool = True,
        bandwidth: float | str = "auto",
        random_state: Any = 42,
        reduce_params: ReduceParams | None = None,
        expand_params: ExpandParams | None = None,
        augment_params: AugmentParams | None = None,
        mode: str | None = None,
    ) -> None:
        self.n_partitions = n_partitions
        self.min_samples_leaf = min_samples_leaf
        self.max_depth = max_depth
        self.min_samples_per_partition = min_samples_per_partition
        self.y_weight = y_weight
        self.auto_tune = auto_tune
        self.bandwidth = bandwidth
        self.random_state = random_state
        self.reduce_params = reduce_params
        self.expand_params = expand_params
        self.augment_params = augment_params
        self.mode = mode

    def fit(self, X: Any, y: Any = None, feature_types: Sequence[str] | None = None) -> Self:
        """Learn the columns and grow the partition tree.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_rows, n_columns)
            Numbers, text, categories and booleans; may hold missing values.
        y : array-like, shape (n_rows,), optional
            Outcome; used where ``y_weight > 0``.
        feature_types : sequence of {"continuous", "categorical"}, optional
            One per column; told from the dtypes by default.

        Returns
        -------
        self

        Raises
        ------
        DataError
            Listing what is wrong with the columns.
        """
        self._check_parameters()
        self.columns_ = Columns(X, feature_types)
        self.scaling_ = Scaling(self.columns_)
        self.X_, self.X_z_ = self.columns_.fitted, self.scaling_.z
        self.n_features_in_ = len(self.columns_.names)
        self._name_columns()
        self.continuous_mask_ = self.columns_.continuous
        self.categorical_mask_ = ~self.columns_.continuous
        self.scaler_, self.cat_scaler_ = self.scaling_.continuous, self.scaling_.categorical
        self.label_encoders_ = self.columns_.categories
        self.seed_ = seed_of(self.random_state)
        self.calls_ = CallStream(self.seed_)
        self._learn_outcome(y)
        self.tree_, partition = self._partition(self._tree_size())
        self.partition_ = partition
        self.partition_ids_ = partition.leaves
        self.unique_partitions_ = partition.ids
        self.n_partitions_ = len(partition)
        return self

    def reduce(
        self,
        n: int | None = None,
        ratio: float | None = None,
        method: str | SelectionStrategy = "fps",
        variance_weighted: bool = True,
        return_indices: bool = False,
        n_partitions: int | None = None,
        X: Any = None,
    ) -> Any:
        """Choose a diverse part of the rows.

        Parameters
        ----------
        n, ratio : int, float
            How many rows; give one. ``floor(rows * ratio)``, at least 1.
        method : str or callable, default "fps"
            A name in `BUILTIN_STRATEGIES` or a `SelectionStrategy`.
        variance_weighted : bool, default True
            Give leaves with extreme rows a larger share.
        return_indices : bool, default False
            Return ``(rows, indices)``.
        n_partitions : int, optional
            Leaves for this call only.
        X : DataFrame or array-like, optional
            Choose from these rows instead of those seen in `fit`.

        Returns
        -------
        DataFrame or ndarray
            Rows as they were given, in their order.

        Raises
        ------
        ValueError
            For both or neither of `n` and `ratio`, more rows than there are, or an
            unknown method.
        """
        self._check_fitted()
        strategy = get_strategy(method) if isinstance(method, str) else method
        raw, z, partition = self._rows(X, n_partitions)
        count = rows_to_keep(n, ratio, len(raw))
        indices = np.arange(len(raw))
        if count < len(raw):
            indices = Reduction(
                z,
                partition,
                self.y_classes_ if X is None else None,
                strategy,
                by_variance=variance_weighted,
                floor=self.min_samples_per_partition,
                seed=self.calls_.next("reduce"),
            ).choose(count)
        chosen = self._given(X, raw, indices)
        return (chosen, indices) if return_indices else chosen

    def expand(
        self,
        n: int,
        min_novelty: float = 0.0,
        variance_weighted: bool = False,
        bandwidth: float | str | None = None,
        adaptive_bandwidth: bool = False,
        generation_strategy: str | GenerationStrategy | None = None,
        return_novelty_stats: bool = False,
        n_partitions: int | None = None,
        X: Any = None,
    ) -> Any:
        """Draw new rows.

        Parameters
        ----------
        n : int
            Rows to draw, at least 1.
        min_novelty : float, default 0.0
            Deprecated: least z distance to a real row; rows that stay closer after
            several rounds are returned with a warning.
        variance_weighted : bool, default False
            Give leaves with extreme rows a larger share.
        bandwidth : float or str, optional
            As in the constructor, for this call only.
        adaptive_bandwidth : bool, default False
            Per leaf: Scott's bandwidth, widened where a leaf is asked for more rows than
            it holds. Replaces `bandwidth`.
        generation_strategy : str or callable, optional
            A name in `BUILTIN_GENERATION_STRATEGIES` or a `GenerationStrategy`;
            bandwidths do not apply to it.
        return_novelty_stats : bool, default False
            Return ``(rows, {"min", "mean", "p5"})``, the distances to the nearest real
            row over continuous z columns.
        n_partitions : int, optional
            Leaves for this call only.
        X : DataFrame or array-like, optional
            Draw around these rows instead of those seen in `fit`.

        Returns
        -------
        DataFrame or ndarray, shape (n, n_columns)
            In random order, in the columns' order and dtypes. Numbers stay inside the
            range of the real ones, whole numbers stay whole, categories are real ones.

        Raises
        ------
        CapacityError
            For more rows than fit into one array of reasonable size.
        ValueError
            For an unknown strategy or bandwidth, or fewer rows than 1.

        Notes
        -----
        Without a strategy, rows are drawn from shrunk leaf kernels on normal scores
        (`relsynth.hvrt.kernel`): marginals and covariances are kept at any bandwidth.
        """
        self._check_fitted()
        check_count(n)
        check_size(n, self.n_features_in_)
        raw, z, partition = self._rows(X, n_partitions)
        weights = partition_weights(
            z, partition.codes, len(partition), by_variance=variance_weighted
        )
        expansion = Expansion(self.columns_, self.scaling_, raw, z, partition)
        draw = expansion.drawer(
            allocate(weights, n),
            bandwidth=self.bandwidth if bandwidth is None else bandwidth,
            adaptive=adaptive_bandwidth,
            strategy=generator_of(generation_strategy),
        )
        rng = np.random.default_rng(self.calls_.next("expand"))
        drawn = rng.permutation(draw(rng))
        if min_novelty > 0:
            warnings.warn(
                "min_novelty is deprecated; choose a wider bandwidth instead",
                HVRTDeprecationWarning,
                stacklevel=2,
            )
            drawn = insist_on_novelty(
                drawn, z, min_novelty, lambda: rng.permutation(draw(rng)), self.scaling_.transform
            )
        rows = self.columns_.write(drawn)
        if not return_novelty_stats:
            return rows
        width = int(self.continuous_mask_.sum())
        new = self.scaling_.transform(drawn)[:, :width]
        return rows, summarise_novelty(nearest_distances(new, z[:, :width]))

    def augment(
        self,
        n: int,
        min_novelty: float = 0.0,
        variance_weighted: bool = False,
        n_partitions: int | None = None,
    ) -> Any:
        """Return the real rows followed by as many new ones as `n` needs.

        Raises
        ------
        ValueError
            Unless `n` exceeds the number of real rows.
        """
        self._check_fitted()
        rows = len(self.X_)
        if n <= rows:
            raise ValueError(f"augment(n={n}): n counts all rows and must exceed the {rows} given")
        new = self.expand(
            n - rows,
            min_novelty=min_novelty,
            variance_weighted=variance_weighted,
            n_partitions=n_partitions,
        )
        given = self.columns_.write(self.X_)
        if isinstance(given, pd.DataFrame):
            return pd.concat([given, new], ignore_index=True)
        return np.concatenate([given, new])

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the column names, which stay as they are."""
        self._check_fitted()
        names = self.columns_.names if self.columns_.is_frame else input_features
        if names is None:
            names = [f"x{j}" for j in range(self.n_features_in_)]
        return np.asarray([str(name) for name in names], dtype=object)

    def get_partitions(self) -> list[dict[str, Any]]:
        """Return id, size, mean absolute z and pooled variance of z per leaf."""
        self._check_fitted()
        parts = [self.X_z_[members] for members in self.partition_.members()]
        return [
            {
                "id": int(leaf),
                "size": len(part),
                "mean_abs_z": float(np.abs(part).mean()),
                "variance": float(part.var()),
            }
            for leaf, part in zip(self.unique_partitions_, parts, strict=True)
        ]

    def compute_novelty(self, X_new: Any) -> Floats:
        """Return the Euclidean distance of each row to its nearest real row in z space."""
        self._check_fitted()
        return nearest_distances(self.scaling_.transform(self.columns_.read(X_new)), self.X_z_)

    @classmethod
    def recommend_params(cls, X: Any) -> dict[str, int]:
        """Return the tree limits that suit reducing these rows."""
        rows, columns = as_frame(X).shape
        size = tune(rows, columns, reducing=True)
        return {
            "n_partitions": size.max_leaf_nodes,
            "min_samples_leaf": size.min_samples_leaf,
            "n_samples": rows,
            "n_features": columns,
        }

    def _synthetic_target(self, z: Floats) -> Floats:
        return pairwise_target(z)

    def _learn_outcome(self, y: Any) -> None:
        self.target_ = self._synthetic_target(self.X_z_)
        self.y_classes_: Classes | None = None
        if y is None or self.y_weight == 0:
            return
        outcome = np.asarray(y).reshape(-1)
        if len(outcome) != len(self.X_z_):
            raise DataError(f"y has {len(outcome)} entries but X has {len(self.X_z_)} rows")
        if pd.isna(outcome).any() or (not is_text(outcome) and np.isinf(outcome).any()):
            raise DataError("y holds missing or infinite values; leave out those rows")
        self.y_classes_ = Classes.of(outcome, self.y_weight)
        if is_text(outcome):
            outcome = np.unique(outcome.astype(str), return_inverse=True)[1]
        self.target_ = blend_with_outcome(self.target_, outcome.astype(float), self.y_weight)

    def _tree_size(self) -> TreeSize:
        rows, columns = self.X_z_.shape
        others = self.expand_params is not None or self.augment_params is not None
        size = untuned(rows)
        if self.auto_tune:
            size = tune(rows, columns, reducing=self.reduce_params is not None and not others)
        smallest = self.min_samples_leaf or size.min_samples_leaf
        leaves = leaves_for(rows, smallest) if self.auto_tune else size.max_leaf_nodes
        return TreeSize(self.n_partitions or leaves, smallest)

    def _partition(self, size: TreeSize) -> tuple[Any, Partition]:
        z = np.ascontiguousarray(self.X_z_, dtype=np.float32)
        tree = grow(z, self.target_, size, max_depth=self.max_depth, seed=self.seed_)
        return tree, Partition(leaves_of(tree, z))

    def _rows(self, X: Any, n_partitions: int | None) -> tuple[Floats, Floats, Partition]:
        """Return rows as numbers, their z and their leaves; overrides stay in this call."""
        tree, partition = self.tree_, self.partition_
        if n_partitions is not None:
            check_partitions(n_partitions)
            smallest = self.min_samples_leaf or max(2, len(self.X_) // (3 * n_partitions))
            tree, partition = self._partition(TreeSize(n_partitions, smallest))
        if X is None:
            return self.X_, self.X_z_, partition
        raw = self.columns_.read(X)
        z = self.scaling_.transform(raw)
        return raw, z, Partition(leaves_of(tree, z))

    def _given(self, X: Any, raw: Floats, indices: Integers) -> Any:
        if isinstance(X, pd.DataFrame) and self.columns_.is_frame:
            return X[self.columns_.names].iloc[indices]
        return self.columns_.write(
            raw[indices], self.columns_.index[indices] if X is None else None
        )

    def _name_columns(self) -> None:
        names = self.columns_.names
        if self.columns_.is_frame and all(isinstance(name, str) for name in names):
            self.feature_names_in_ = np.asarray(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _check_fitted(self) -> None:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "partition_")

    def _check_parameters(self) -> None:
        if self.n_partitions is not None:
            check_partitions(self.n_partitions)
        if not 0 <= self.y_weight <= 1:
            raise ValueError(f"y_weight must lie between 0 and 1 (got {self.y_weight})")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


class FastHVRT(HVRT):
    """`HVRT` on the plain sum of the z columns: cheaper to compute, coarser in what it sees.

    Parameters, attributes and methods are those of `HVRT`.

    Examples
    --------
    >>> import numpy as np
    >>> FastHVRT().fit(np.random.default_rng(0).normal(size=(200, 3))).expand(n=50).shape
    (50, 3)
    """

    def _synthetic_target(self, z: Floats) -> Floats:
        return sum_target(z)
