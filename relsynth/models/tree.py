"""A decision tree as four arrays: grown, pruned, stored, applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeRegressor
from sklearn.tree._tree import NODE_DTYPE
from sklearn.tree._tree import Tree as CompiledTree

from relsynth.errors import ModelFileError
from relsynth.models.binning import BinnedFeatures
from relsynth.models.histogram_tree import LEAF, GrownTree, grow_histogram_tree
from relsynth.models.target import Target
from relsynth.packing import packable
from relsynth.sorting import stable_order
from relsynth.typing import Array, Flags, Floats, Integers


@packable
@dataclass(frozen=True)
class Tree:
    """A binary tree whose leaves are numbered 0, 1, 2, … from left to right.

    Attributes
    ----------
    left, right : ndarray of int, shape (n_nodes,)
        Child nodes; ``-1`` at a leaf. A child stands behind its parent.
    feature : ndarray of int, shape (n_nodes,)
    threshold : ndarray of float, shape (n_nodes,)
        Rows with ``x <= threshold`` go left.
    """

    left: Integers
    right: Integers
    feature: Integers
    threshold: Floats
    n_features: int

    @cached_property
    def n_leaves(self) -> int:
        """Number of leaves."""
        return int(np.count_nonzero(self.left == LEAF))

    @cached_property
    def _compiled(self) -> Any:
        return _compile(self)

    @cached_property
    def _leaf_number(self) -> Integers:
        return np.cumsum(self.left == LEAF) - 1

    def apply(self, features: Array) -> Integers:
        """Return the leaf number of every row of a float32 array (n_rows, n_features)."""
        if len(self.left) == 1:
            return np.zeros(len(features), np.int64)
        leaves: Integers = self._leaf_number[self._compiled.apply(np.ascontiguousarray(features))]
        return leaves

    def narrowed(self) -> tuple[Tree, Integers]:
        """Return the tree on the features it asks for, and which these are."""
        inner = self.left != LEAF
        is_used = np.bincount(self.feature[inner], minlength=self.n_features) > 0
        used = np.flatnonzero(is_used)
        feature = np.zeros_like(self.feature)
        feature[inner] = (np.cumsum(is_used) - 1)[self.feature[inner]]
        return Tree(self.left, self.right, feature, self.threshold, len(used)), used

    def to_state(self) -> dict[str, Any]:
        """Return the arrays."""
        return {
            "left": self.left.astype(np.int32),
            "right": self.right.astype(np.int32),
            "feature": self.feature.astype(np.int32),
            "threshold": self.threshold,
            "n_features": self.n_features,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Tree:
        """Rebuild a tree, refusing arrays that are no tree."""
        left, right, feature = (
            np.asarray(state[name], np.int64) for name in ("left", "right", "feature")
        )
        threshold = np.asarray(state["threshold"], float)
        n_features, nodes = int(state["n_features"]), np.arange(len(left))
        inner = left != LEAF
        children = np.concatenate([left[inner], right[inner]])
        sound = (
            len(left) == len(right) == len(feature) == len(threshold) > 0
            and np.array_equal(inner, right != LEAF)
            and np.array_equal(np.sort(children), nodes[1:])
            and (left[inner] > nodes[inner]).all()
            and (right[inner] > nodes[inner]).all()
            and ((feature[inner] >= 0) & (feature[inner] < n_features)).all()
        )
        if not sound:
            raise ModelFileError("a decision tree of the model is damaged; fit and save it again")
        return cls(left, right, feature, threshold, n_features)


def grow(
    features: BinnedFeatures, target: Target, *, min_leaf: int, significance: float, seed: int
) -> tuple[Tree, Integers]:
    """Grow a tree on a target and prune the splits that are not significant.

    Parameters
    ----------
    min_leaf : int
        Least rows in a leaf.
    significance : float
        A last split stays where its F statistic is at least
        ``1 + (significance - 1) / sqrt(df)``; 0 keeps every split.
    seed : int
        Breaks ties between equally good splits.

    Returns
    -------
    tree : Tree
    leaves : ndarray of int, shape (n_rows,)
        The leaf number of every row.

    Notes
    -----
    Targets of one score go to the histogram grower, classes and directions to exact trees
    on the bins. Pruning goes bottom-up over pairs of leaves. Of a target with many levels, no
    split is made that is not significant.
    """
    grown = _grown(features, target, min_leaf, seed, significance)
    if grown is None:
        return _stump(features.width), np.zeros(len(features), np.int64)
    if significance > 0:
        _prune(grown, target.freedom, significance)
    kept = _reached(grown.left, grown.right) if significance > 0 else np.ones(len(grown.left), bool)
    tree = _compact(grown.left, grown.right, grown.feature, grown.threshold, features.width, kept)
    return tree, _leaves(grown, kept)


def importances(features: BinnedFeatures, target: Target, *, min_leaf: int, seed: int) -> Floats:
    """Return how much each feature lowers the impurity of a tree grown on the target."""
    grown = _grown(features, target, min_leaf, seed)
    if grown is None:
        return np.zeros(features.width)
    inner = np.flatnonzero(grown.left != LEAF)
    children = grown.spread[grown.left[inner]] + grown.spread[grown.right[inner]]
    gain = grown.spread[inner] - children
    weight: Floats = np.bincount(grown.feature[inner], gain, features.width).astype(float)
    return weight


def _grown(
    features: BinnedFeatures, target: Target, min_leaf: int, seed: int, significance: float = 0.0
) -> GrownTree | None:
    """Return a tree before pruning; ``None`` where there is nothing to split."""
    if features.width == 0 or len(features) < 2 * min_leaf or target.is_constant:
        return None
    score = target.score
    if score is None:
        return _grow_exact_tree(features, target, min_leaf, seed, significance)
    return grow_histogram_tree(features, score, min_leaf)


def _grow_exact_tree(
    features: BinnedFeatures, target: Target, min_leaf: int, seed: int, significance: float
) -> GrownTree:
    codes = np.ascontiguousarray(features.codes, dtype=np.float32)
    learner = target.learner(min_leaf, seed)
    if target.has_many_levels:
        impurity = float(target.values.var(axis=0).mean())
        bound = _bound(target.freedom, significance) * impurity / len(features)
        learner.set_params(min_impurity_decrease=bound)
    grown = learner.fit(codes, target.values, check_input=False).tree_
    left = grown.children_left.astype(np.int64)
    inner = np.flatnonzero(left != LEAF)
    threshold = np.zeros(len(left))
    bins = np.floor(grown.threshold[inner]).astype(np.int64)
    threshold[inner] = features.thresholds(grown.feature[inner], bins)
    size = grown.n_node_samples.astype(np.int64)
    nodes = grown.apply(codes)
    start = np.zeros(len(left), np.int64)
    before = np.cumsum(np.where(left == LEAF, size, 0)) - np.where(left == LEAF, size, 0)
    start[:] = before
    return GrownTree(
        left,
        grown.children_right.astype(np.int64),
        grown.feature.astype(np.int64),
        threshold,
        grown.impurity * size,
        size,
        stable_order(nodes),
        start,
    )


def grow_clusters(
    features: Array,
    targets: Floats,
    *,
    max_leaves: int,
    min_leaf: int,
    weights: Floats | None = None,
    seed: int,
) -> Tree:
    """Grow a tree whose leaves cluster rows by several targets at once.

    Parameters
    ----------
    features : ndarray of float32, shape (n_rows, n_features)
    targets : ndarray of float, shape (n_rows, n_targets)
        On comparable scales; squared errors are summed.
    weights : ndarray of float, shape (n_rows,), optional
    """
    n_rows, n_features = features.shape
    varies = targets.shape[1] > 0 and n_rows > 0 and bool((targets != targets[:1]).any())
    if n_features == 0 or n_rows < 2 * min_leaf or max_leaves < 2 or not varies:
        return _stump(n_features)
    learner = DecisionTreeRegressor(
        max_leaf_nodes=max_leaves, min_samples_leaf=min_leaf, random_state=seed
    )
    grown = learner.fit(features, targets, sample_weight=weights).tree_
    return _compact(
        grown.children_left.astype(np.int64),
        grown.children_right.astype(np.int64),
        grown.feature,
        grown.threshold,
        n_features,
        np.ones(grown.node_count, bool),
    )


def _stump(n_features: int) -> Tree:
    none = np.full(1, LEAF, np.int64)
    return Tree(none, none, np.zeros(1, np.int64), np.zeros(1), n_features)


def _prune(grown: GrownTree, freedom: float, significance: float) -> None:
    """Turn insignificant last splits into leaves, in place; children stand behind parents."""
    left, right = grown.left.tolist(), grown.right.tolist()
    spread, size = grown.spread.tolist(), grown.size.tolist()
    bound = _bound(freedom, significance)
    for node in range(len(left) - 1, -1, -1):
        one, other = left[node], right[node]
        if one == LEAF or left[one] != LEAF or left[other] != LEAF:
            continue
        within = spread[one] + spread[other]
        if spread[node] - within < bound * (within / max(size[node] - 2, 1)):
            left[node] = right[node] = LEAF
    grown.left[:], grown.right[:] = left, right


def _bound(freedom: float, significance: float) -> float:
    """Return the F statistic from which on a split is significant."""
    return float(1.0 + (significance - 1.0) / np.sqrt(max(freedom, 1e-9)))


def _leaves(grown: GrownTree, kept: Flags) -> Integers:
    """Return the leaf number of every row, counted from left to right."""
    ends = np.flatnonzero(kept & (grown.left == LEAF))
    ends = ends[stable_order(grown.start[ends])]
    leaves = np.empty(len(grown.rows), np.int64)
    leaves[grown.rows] = np.repeat(np.arange(len(ends)), grown.size[ends])
    return leaves


def _reached(left: Integers, right: Integers) -> Flags:
    """Return which nodes still hang below the root."""
    reached = np.zeros(len(left), bool)
    reached[0] = True
    frontier = np.zeros(1, np.int64)
    while len(frontier):
        inner = frontier[left[frontier] != LEAF]
        frontier = np.concatenate([left[inner], right[inner]])
        reached[frontier] = True
    return reached


def _compact(
    left: Integers,
    right: Integers,
    feature: Integers,
    threshold: Floats,
    n_features: int,
    reached: Flags,
) -> Tree:
    number = np.cumsum(reached) - 1
    kept = np.flatnonzero(reached)
    inner = left[kept] != LEAF
    return Tree(
        np.where(inner, number[left[kept]], LEAF),
        np.where(inner, number[right[kept]], LEAF),
        np.where(inner, feature[kept], 0).astype(np.int64),
        np.where(inner, threshold[kept], 0.0),
        n_features,
    )


def _compile(tree: Tree) -> Any:
    """Return scikit-learn's tree of these arrays, for its routing in C."""
    nodes = np.zeros(len(tree.left), dtype=NODE_DTYPE)
    nodes["left_child"], nodes["right_child"] = tree.left, tree.right
    nodes["feature"], nodes["threshold"] = tree.feature, tree.threshold
    compiled = CompiledTree(tree.n_features, np.array([1], dtype=np.intp), 1)
    compiled.__setstate__(
        {
            "max_depth": len(nodes),
            "node_count": len(nodes),
            "nodes": nodes,
            "values": np.zeros((len(nodes), 1, 1)),
        }
    )
    return compiled
