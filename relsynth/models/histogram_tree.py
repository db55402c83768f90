"""A regression tree grown on binned features with scikit-learn's histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble._hist_gradient_boosting.histogram import HistogramBuilder
from sklearn.ensemble._hist_gradient_boosting.splitting import Splitter

from relsynth.models.binning import BinnedFeatures
from relsynth.typing import Array, Floats, Integers

LEAF = -1  # mark in place of a child
LEAST_GAIN = 1e-6  # of the variance: what rounding alone may gain


@dataclass(frozen=True, slots=True)
class GrownTree:
    """A tree as it was grown, before pruning.

    Attributes
    ----------
    left, right, feature : ndarray of int, shape (n_nodes,)
        Child nodes, ``-1`` at a leaf, and the feature an inner node asks for; nodes are in
        depth-first order, a left child right behind its parent.
    threshold : ndarray of float, shape (n_nodes,)
    spread : ndarray of float, shape (n_nodes,)
        Sum of squared deviations (or of impurities) of the rows of a node.
    size : ndarray of int, shape (n_nodes,)
    rows : ndarray of int, shape (n_rows,)
        Row numbers sorted by leaf, from left to right.
    start : ndarray of int, shape (n_nodes,)
        Where the rows of a node begin; they are consecutive.
    """

    left: Integers
    right: Integers
    feature: Integers
    threshold: Floats
    spread: Floats
    size: Integers
    rows: Integers
    start: Integers


def grow_histogram_tree(features: BinnedFeatures, score: Floats, min_leaf: int) -> GrownTree:
    """Grow a tree that tells a score apart until its leaves are small.

    Parameters
    ----------
    score : ndarray of float, shape (n_rows,)
    min_leaf : int
        Least rows in a leaf.

    Notes
    -----
    Sums per bin are kept for every node, and the larger child's are the difference of its
    parent's and its sibling's (Ke et al. 2017, LightGBM). Memory is 20 bytes a bin and
    feature for every node along a branch. Costs about 1 nanosecond a row,
    feature and level, and 2 a bin, feature and node.
    """
    centred = (score - score.mean()).astype(np.float32)
    gradients = -centred
    sizes = np.array([len(edges) + 1 for edges in features.edges], np.uint32)
    n_bins = int(sizes.max()) + 1
    builder = HistogramBuilder(features.codes, n_bins, gradients, np.ones(1, np.float32), True, 1)
    nothing = np.zeros(features.width, np.uint8)
    splitter = Splitter(
        features.codes,
        sizes,
        missing_values_bin_idx=n_bins - 1,
        has_missing_values=nothing,
        is_categorical=nothing,
        monotonic_cst=nothing.astype(np.int8),
        l2_regularization=0.0,
        min_samples_leaf=min_leaf,
        min_gain_to_split=LEAST_GAIN * float(centred.var()),
        hessians_are_constant=True,
        n_threads=1,
    )
    total = float(np.bincount(features.codes[:, 0], gradients, n_bins).sum())
    nodes = _split(builder, splitter, total, min_leaf)
    return _flat(nodes, splitter.partition, features, centred)


def _split(builder: Any, splitter: Any, total: float, min_leaf: int) -> Integers:
    """Split until leaves are small.

    Returns
    -------
    ndarray of int, shape (5, n_nodes)
        Right child, feature, bin, first row and the one behind the last of every node, depth
        first.
    """
    found: list[list[int]] = []
    sums = builder.compute_histograms_brute(splitter.partition)
    waiting = [(LEAF, 0, splitter.partition, sums, total, 0.0)]
    while waiting:
        parent, start, rows, sums, total, value = waiting.pop()
        node, size = len(found), len(rows)
        found.append([LEAF, 0, 0, start, start + size])
        if parent != LEAF:
            found[parent][0] = node
        if size < 2 * min_leaf:
            continue
        best = splitter.find_node_split(size, sums, total, size, value)
        if best.gain <= 0:
            continue
        found[node][1:3] = best.feature_idx, best.bin_idx
        left, right, n_left = splitter.split_indices(best, rows)
        left_sums = right_sums = None
        if max(n_left, size - n_left) >= 2 * min_leaf:
            if n_left < size - n_left:
                left_sums = builder.compute_histograms_brute(left)
                right_sums = builder.compute_histograms_subtraction(sums, left_sums)
            else:
                right_sums = builder.compute_histograms_brute(right)
                left_sums = builder.compute_histograms_subtraction(sums, right_sums)
        right_total, left_total = best.sum_gradient_right, best.sum_gradient_left
        waiting.append((node, start + n_left, right, right_sums, right_total, best.value_right))
        waiting.append((LEAF, start, left, left_sums, left_total, best.value_left))
    return np.array(found, dtype=np.int64).T


def _flat(nodes: Integers, partition: Any, features: BinnedFeatures, score: Array) -> GrownTree:
    right, feature, bins, start, stop = nodes
    left = np.where(right == LEAF, LEAF, np.arange(1, len(right) + 1))
    inner = np.flatnonzero(right != LEAF)
    threshold = np.zeros(len(right))
    threshold[inner] = features.thresholds(feature[inner], bins[inner])
    rows = np.asarray(partition).astype(np.int64)
    ordered = score[rows].astype(float)
    total = np.concatenate([[0.0], np.cumsum(ordered)])
    squares = np.concatenate([[0.0], np.cumsum(ordered**2)])
    size = stop - start
    spread = squares[stop] - squares[start] - (total[stop] - total[start]) ** 2 / size
    return GrownTree(left, right, feature, threshold, spread, size, rows, start)
