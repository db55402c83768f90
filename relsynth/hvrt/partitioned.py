"""Rows partitioned by a tree: what `fit` learns of the columns, the outcome and the leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from relsynth.arguments import number_fault, refuse
from relsynth.errors import DataError
from relsynth.hvrt.arguments import check_partitions
from relsynth.hvrt.classes import Classes, is_text
from relsynth.hvrt.columns import Columns, as_frame
from relsynth.hvrt.params import AugmentParams, ExpandParams, ReduceParams
from relsynth.hvrt.partition import Partition, TreeSize, grow, leaves_for, leaves_of, tune, untuned
from relsynth.hvrt.randomness import CallStream, seed_of
from relsynth.hvrt.scaling import Scaling
from relsynth.hvrt.target import blend_with_outcome
from relsynth.typing import Floats


class PartitionedRows(BaseEstimator):
    """Rows and the leaves they fall into; the ground of `HVRT`, where the parameters stand."""

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
            One per column; taken from the dtypes by default.

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
        """Return what the tree is grown on, by z of shape (n_rows, n_columns)."""
        raise NotImplementedError

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
        if self.n_partitions is not None:
            return self._size_for(self.n_partitions)
        rows, columns = self.X_z_.shape
        others = self.expand_params is not None or self.augment_params is not None
        size = untuned(rows)
        if self.auto_tune:
            size = tune(rows, columns, reducing=self.reduce_params is not None and not others)
        smallest = self.min_samples_leaf or size.min_samples_leaf
        leaves = leaves_for(rows, smallest) if self.auto_tune else size.max_leaf_nodes
        return TreeSize(leaves, smallest)

    def _size_for(self, n_partitions: int) -> TreeSize:
        """Return limits under which the rows can fill as many leaves as are asked for."""
        # a third of an even share: leaves may differ in size and still be as many
        smallest = self.min_samples_leaf or max(2, len(self.X_) // (3 * n_partitions))
        return TreeSize(n_partitions, smallest)

    def _partition(self, size: TreeSize) -> tuple[Any, Partition]:
        z = np.ascontiguousarray(self.X_z_, dtype=np.float32)
        tree = grow(z, self.target_, size, max_depth=self.max_depth, seed=self.seed_)
        return tree, Partition(leaves_of(tree, z))

    def _rows(self, X: Any, n_partitions: int | None) -> tuple[Floats, Floats, Partition]:
        """Return rows as numbers, their z and their leaves; overrides stay in this call."""
        tree, partition = self.tree_, self.partition_
        if n_partitions is not None:
            check_partitions(n_partitions)
            tree, partition = self._partition(self._size_for(n_partitions))
        if X is None:
            return self.X_, self.X_z_, partition
        raw = self.columns_.read(X)
        z = self.scaling_.transform(raw)
        return raw, z, Partition(leaves_of(tree, z))

    def _name_columns(self) -> None:
        names = self.columns_.names
        if self.columns_.is_frame and all(isinstance(name, str) for name in names):
            self.feature_names_in_ = np.asarray(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _check_fitted(self) -> None:
        check_is_fitted(self, "partition_")

    def _check_parameters(self) -> None:
        faults = number_fault("y_weight", self.y_weight, least=0, most=1)
        faults += number_fault(
            "min_samples_per_partition", self.min_samples_per_partition, least=0, whole=True
        )
        for name, least in (("n_partitions", 2), ("min_samples_leaf", 1), ("max_depth", 1)):
            if (given := getattr(self, name)) is not None:
                faults += number_fault(name, given, least=least, whole=True)
        refuse(type(self).__name__, faults)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags
