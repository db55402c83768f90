"""Boosted trees of two classes as complete binary trees in arrays, routed without pointers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier

from relsynth.errors import ModelFileError
from relsynth.groups import starts_of
from relsynth.packing import packable
from relsynth.typing import Array, Floats, Integers

DEPTH = 5  # conditions that may act together; 2 ** DEPTH leaves are stored a tree, at 10 a thousand
INNER = 2**DEPTH - 1  # nodes with a condition
LEAVES = 24  # of the 32 that a depth of 5 allows: the rest would hold a few rows each
ROUNDS = 80  # trees at most, fewer where held-out rows say so; twice as many may take twice as long
LEARNING_RATE = 0.2  # with .1 about twice as many trees are needed; .4 takes coarser steps
LEAST_IN_LEAF = 10  # rows of which a leaf speaks; 20 are smoother and miss rare cases
LEAST_ROWS = 200  # 40 to hold out: fewer cannot say when to stop; twice that gives up small tables
LEAST_OF_A_CLASS = 20  # four of them held out; fewer make their loss noise, 40 give up rare tokens
PATIENCE = 4  # trees without gain before it stops; 8 grow four more that do not help
HELD_OUT = 0.1  # of the rows; .2 leave fewer to learn from
HELD_OUT_OF_FEW = 0.2  # of fewer rows, where a tenth could not say when to stop
FEW_ROWS = 2_000  # 200 held out of 2,000 know a loss to 7 %; beyond that a tenth is enough
BLOCK = 2_048  # rows that a tree descends at a time: 2,048 x 32 nodes fit the cache
SLACK = 1e-3  # of log odds: sums of single precision differ in the last digits


@dataclass(frozen=True, slots=True)
class Boosted:
    """The log odds of one yes-or-no question: a constant and a sum of trees.

    Attributes
    ----------
    feature : ndarray of int32, shape (n_trees, 2 ** DEPTH - 1)
        What an inner node asks for, level by level from the root.
    threshold : ndarray of float32, shape (n_trees, 2 ** DEPTH - 1)
        Rows with ``x <= threshold`` go to the first child; infinite below a leaf.
    value : ndarray of float32, shape (n_trees, 2 ** DEPTH)
    low, high : float
        Log odds below which no row learned from answers 1, and above which none answers 0.
    """

    base: float
    feature: Array
    threshold: Array
    value: Array
    low: float = -np.inf
    high: float = np.inf


def boost(features: Array, answers: Integers, seed: int) -> Boosted:
    """Learn the log odds of an answer.

    Parameters
    ----------
    features : ndarray of float32, shape (n_rows, n_features)
        Without missing values.
    answers : ndarray of int, shape (n_rows,)
        0 or 1.
    seed : int
        Chooses the rows on which the number of trees is decided.

    Notes
    -----
    Gradient boosting (Friedman 2001) on histograms by scikit-learn, with trees of depth
    ``DEPTH``; it stops once ``PATIENCE`` trees no longer lower the log loss of held-out
    rows, or after ``ROUNDS``. Of fewer than ``LEAST_ROWS`` rows, or ``LEAST_OF_A_CLASS`` with one
    answer, only the share is learned. Shrinkage leaves some chance to what no row shows: odds
    beyond those of every row that gave the answer count as certain.
    """
    n_rows, ones = len(answers), int(answers.sum())
    few = n_rows < LEAST_ROWS or min(ones, n_rows - ones) < LEAST_OF_A_CLASS
    if few or not features.shape[1]:
        return _constant(np.log((ones + 1e-3) / (n_rows - ones + 1e-3)))
    learner = HistGradientBoostingClassifier(
        learning_rate=LEARNING_RATE,
        max_iter=ROUNDS,
        max_depth=DEPTH,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=LEAST_IN_LEAF,
        early_stopping=True,
        n_iter_no_change=PATIENCE,
        validation_fraction=HELD_OUT if n_rows >= FEW_ROWS else HELD_OUT_OF_FEW,
        random_state=seed,
    )
    learner.fit(features, answers)
    nodes = [trees[0].nodes for trees in learner._predictors]
    base = float(np.ravel(learner._baseline_prediction)[0])
    if not nodes:
        return _constant(base)
    odds = learner.decision_function(features)
    low, high = float(odds[answers == 1].min()), float(odds[answers == 0].max())
    return Boosted(base, *_complete(nodes), low, high)


def _constant(base: float) -> Boosted:
    none = np.empty((0, INNER))
    return Boosted(
        base, none.astype(np.int32), none.astype(np.float32), np.empty((0, INNER + 1), np.float32)
    )


def _complete(trees: Sequence[Array]) -> tuple[Array, Array, Array]:
    """Return pointer trees as complete trees, a leaf above the last level repeated below."""
    starts = np.cumsum([0, *(len(nodes) for nodes in trees[:-1])])
    nodes = np.concatenate(trees)
    at = starts[:, None]
    features, thresholds = [], []
    offset = starts[:, None]
    for _ in range(DEPTH):
        level = nodes[at]
        leaf = level["is_leaf"].astype(bool)
        features.append(np.where(leaf, 0, level["feature_idx"]))
        thresholds.append(np.where(leaf, np.inf, level["num_threshold"]))
        left = np.where(leaf, at, level["left"] + offset)
        right = np.where(leaf, at, level["right"] + offset)
        at = np.stack([left, right], axis=2).reshape(len(trees), -1)
    return (
        np.hstack(features).astype(np.int32),
        _rounded_down(np.hstack(thresholds)),
        nodes[at]["value"].astype(np.float32),
    )


def _rounded_down(thresholds: Floats) -> Array:
    """Return the greatest float32 that is not above, which parts float32 values alike."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


@packable
@dataclass(frozen=True, slots=True)
class BoostedSet:
    """The log odds of many questions, each row asking one of them.

    Attributes
    ----------
    base : ndarray of float, shape (n_questions,)
    trees : ndarray of int32, shape (n_questions, n_rounds)
        Trees of every question; the last tree adds nothing and fills the table.
    feature, threshold, value : ndarray
        As in `Boosted`, of all questions.
    ends : ndarray of float, shape (n_questions, 2)
        Log odds beyond which an answer is certain.
    """

    base: Floats
    trees: Array
    feature: Array
    threshold: Array
    value: Array
    ends: Floats

    @classmethod
    def of(cls, questions: Sequence[Boosted]) -> BoostedSet:
        """Put questions together."""
        sizes = np.array([len(one.feature) for one in questions], np.int64)
        nothing = Boosted(
            0.0,
            np.zeros((1, INNER), np.int32),
            np.full((1, INNER), np.inf, np.float32),
            np.zeros((1, INNER + 1), np.float32),
        )
        every = [*questions, nothing]
        rounds = np.arange(sizes.max(initial=0))
        starts = starts_of(sizes)
        trees = np.where(rounds < sizes[:, None], starts[:, None] + rounds, sizes.sum())
        return cls(
            np.array([one.base for one in questions], float),
            trees.astype(np.int32),
            np.concatenate([one.feature for one in every]),
            np.concatenate([one.threshold for one in every]),
            np.concatenate([one.value for one in every]),
            np.array([(one.low, one.high) for one in questions], float).reshape(-1, 2),
        )

    def chance(self, features: Array, questions: Integers) -> Floats:
        """Return the probability that each row answers its question with 1.

        Parameters
        ----------
        features : ndarray of float32, shape (n_rows, n_features)
        questions : ndarray of int, shape (n_rows,)

        Notes
        -----
        Costs about 10 nanoseconds a tree and level.
        """
        odds = self.base[questions]
        if self.trees.shape[1]:
            for start in range(0, len(odds), BLOCK):
                part = slice(start, start + BLOCK)
                odds[part] += self._sum(features[part], self.trees[questions[part]])
        low, high = (self.ends + np.array([-SLACK, SLACK])).T
        chances: Floats = expit(odds)
        chances[odds < low[questions]] = 0.0
        chances[odds > high[questions]] = 1.0
        return chances

    def _sum(self, features: Array, trees: Array) -> Floats:
        n_features = features.shape[1]
        values = features.ravel()
        row = (np.arange(len(features)) * n_features)[:, None]
        first = trees.astype(np.int64) * INNER
        feature, threshold = self.feature.ravel(), self.threshold.ravel()
        place = np.zeros(trees.shape, np.int64)
        for level in range(DEPTH):
            node = first + place
            node += 2**level - 1
            right = values.take(row + feature.take(node)) > threshold.take(node)
            place *= 2
            place += right
        first += trees
        first += place
        total: Floats = self.value.ravel().take(first).sum(axis=1, dtype=np.float64)
        return total

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> BoostedSet:
        """Rebuild from `to_state`, refusing arrays that do not fit each other."""
        base = np.asarray(state["base"], float)
        ends = np.asarray(state["ends"], float).reshape(-1, 2)
        trees, feature = (np.asarray(state[name], np.int32) for name in ("trees", "feature"))
        threshold, value = (np.asarray(state[n], np.float32) for n in ("threshold", "value"))
        n_trees = len(feature)
        sound = (
            trees.ndim == 2
            and len(trees) == len(base)
            and feature.shape == threshold.shape == (n_trees, INNER)
            and value.shape == (n_trees, INNER + 1)
            and n_trees > 0
            and ends.shape == (len(base), 2)
            and not bool(np.isnan(ends).any())
            and bool(((trees >= 0) & (trees < n_trees)).all())
            and bool((feature >= 0).all())
        )
        if not sound:
            raise ModelFileError("boosted trees of the model are damaged; fit and save it again")
        return cls(base, trees, feature, threshold, value, ends)
