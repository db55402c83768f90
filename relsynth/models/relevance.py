"""How much each feature explains of a tree's outputs: by splits and inside the leaves."""

from __future__ import annotations

import numpy as np

from relsynth.models.features import MISSING
from relsynth.models.histogram_tree import LEAF
from relsynth.models.tree import Tree
from relsynth.typing import Array, Floats, Integers


def explained(tree: Tree, features: Array, outputs: Floats) -> Floats:
    """Return the variation each feature explains, the largest being 1.

    Parameters
    ----------
    features : ndarray, shape (n_rows, n_features)
        What the tree was grown on.
    outputs : ndarray, shape (n_rows, n_outputs)

    Returns
    -------
    ndarray, shape (n_features,)
        Squared error removed by the splits on a feature plus that which a straight line
        in it would remove inside the leaves; all zero where nothing explains anything.
    """
    leaves = tree.apply(features)
    found = _by_splits(tree, leaves, outputs) + _by_lines(tree, leaves, features, outputs)
    found = np.where(found > _by_chance(leaves, tree.n_leaves, outputs, len(found)), found, 0.0)
    largest = found.max(initial=0.0)
    return found / largest if largest > 0 else found


def _by_chance(leaves: Integers, n_leaves: int, outputs: Floats, features: int) -> float:
    """Return what the best of as many features without influence explains.

    A line in one removes the error of one row on average, in units of chi-square with one
    degree of freedom per output, of which the largest of k is about ``2 log k`` larger.
    """
    residuals = _centred(outputs, leaves, n_leaves)
    a_row = float((residuals**2).sum()) / max(len(outputs) - n_leaves - 1, 1)
    return a_row * (1.0 + 2.0 * np.log(features + 1.0) / max(outputs.shape[1], 1))


def _by_splits(tree: Tree, leaves: Integers, outputs: Floats) -> Floats:
    nodes = len(tree.left)
    counts, sums = np.zeros(nodes), np.zeros((nodes, outputs.shape[1]))
    at = np.flatnonzero(tree.left == LEAF)
    counts[at] = np.bincount(leaves, minlength=len(at))
    sums[at] = _leaf_sums(outputs, leaves, len(at))
    gains = np.zeros(tree.n_features)
    for node in np.flatnonzero(tree.left != LEAF)[::-1]:
        left, right = tree.left[node], tree.right[node]
        counts[node], sums[node] = counts[left] + counts[right], sums[left] + sums[right]
        apart = sums[left] / counts[left] - sums[right] / counts[right]
        weight = counts[left] * counts[right] / counts[node]
        gains[tree.feature[node]] += weight * float((apart**2).sum())
    return gains


def _by_lines(tree: Tree, leaves: Integers, features: Array, outputs: Floats) -> Floats:
    inside = _centred(_known(features), leaves, tree.n_leaves)
    residuals = _centred(outputs, leaves, tree.n_leaves)
    spread = (inside**2).sum(axis=0)
    removed = ((inside.T @ residuals) ** 2).sum(axis=1)
    return np.where(spread > 0, removed / np.maximum(spread, 1e-12), 0.0)


def _known(features: Array) -> Floats:
    """Return features with missing values at the mean of the others."""
    missing = features == MISSING
    known = np.where(missing, 0.0, features.astype(float))
    means = known.sum(axis=0) / np.maximum((~missing).sum(axis=0), 1)
    return np.where(missing, means, known)


def _centred(values: Floats, leaves: Integers, n_leaves: int) -> Floats:
    counts = np.bincount(leaves, minlength=n_leaves)
    means = _leaf_sums(values, leaves, n_leaves) / np.maximum(counts, 1)[:, None]
    return values - means[leaves]


def _leaf_sums(values: Floats, leaves: Integers, n_leaves: int) -> Floats:
    sums = [np.bincount(leaves, column, minlength=n_leaves) for column in values.T]
    return np.column_stack(sums) if sums else np.empty((n_leaves, 0))
