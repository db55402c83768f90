"""A column as the target of a tree: scores for numbers, classes for categories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtri
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from relsynth.columns.matrix import ColumnKind
from relsynth.columns.scale import scale_of
from relsynth.evidence import LARGELY
from relsynth.typing import Array, Floats, Integers

MAX_CLASSES = 100  # that a tree tells apart; time is linear in them, and twice as many are rare
ROWS_PER_LEVEL = 2  # of a category with hardly any repeated level nothing can be learned
MISSING_SCORE = -2.0  # two deviations below the mean: apart from numbers, yet within their scale


@dataclass(frozen=True, slots=True)
class Target:
    """What a tree is grown to tell apart.

    Attributes
    ----------
    values : ndarray, shape (n_rows,) or (n_rows, 2)
        Class codes, or normal scores with a column that marks missing values.
    has_many_levels : bool
        Whether a category has so many levels that most splits on single ones are noise;
        the codes of all of them stay, to be `placed` on axes.
    freedom : float
        Degrees of freedom of a split: 1 for numbers, effective classes less one otherwise.
    score : ndarray of float, shape (n_rows,), or None
        One number whose variance tells all there is, where one can: numbers, with
        ``MISSING_SCORE`` for missing values, and two classes as 0 and 1.
    """

    values: Array
    is_class: bool
    has_many_levels: bool
    freedom: float
    score: Floats | None = None

    @classmethod
    def of(cls, column: Floats, kind: ColumnKind) -> Target:
        """Prepare a column with ``NaN`` for missing values.

        Notes
        -----
        Numbers become normal scores of their mid-ranks, so that splits follow the
        order and not the scale. Categories beyond the ``MAX_CLASSES`` most frequent
        share one class, unless they hold more than a tenth of the rows (``LARGELY``); a
        category of hardly more than ``ROWS_PER_LEVEL`` rows a level
        cannot be distinguished at all. The values of a scale are classes, too: who gives
        whole stars only has the same mean as others.
        """
        missing = np.isnan(column)
        values = scale_of(column) if kind == "number" else column[:0]
        if len(values):
            column = np.where(missing, np.nan, np.searchsorted(values, column))
        if kind == "category" or len(values):
            codes = np.where(missing, -1, column).astype(np.int64) + 1
            counts = np.bincount(codes)
            n_levels = int((counts > 0).sum())
            share = counts / max(len(codes), 1)
            classes = max(1.0 / max(float((share**2).sum()), 1e-12), 1.0)
            if n_levels > max(len(codes) // ROWS_PER_LEVEL, 2):
                codes, counts = np.zeros_like(codes), np.array([len(codes)])
            frequent = np.sort(counts)[-MAX_CLASSES:].sum()
            if frequent < LARGELY * counts.sum():
                return cls(codes, True, True, classes - 1.0)
            lumped = _lump(codes, counts)
            score = lumped.astype(float) if lumped.max(initial=0) < 2 else None
            return cls(lumped, True, False, classes - 1.0, score)
        scores = normal_scores(column)
        if missing.any() and not missing.all():
            score = np.where(missing, MISSING_SCORE, scores)
            return cls(np.column_stack([scores, missing * 2.0]), False, False, 1.0, score)
        return cls(scores, False, False, 1.0, scores)

    @property
    def is_constant(self) -> bool:
        """Whether there is nothing to tell apart."""
        return len(self.values) == 0 or bool((self.values == self.values[0]).all())

    def take(self, rows: Integers) -> Target:
        """Return the target of some rows."""
        score = None if self.score is None else self.score[rows]
        return replace(self, values=self.values[rows], score=score)

    def placed(self, places: Floats, rows: Integers) -> Target:
        """Return the target of some rows by the places of its levels on a few axes.

        Parameters
        ----------
        places : ndarray of float, shape (n_seen_levels, n_axes)
            Levels behind them lie in the middle.
        """
        known = np.vstack([places, np.zeros((1, places.shape[1]))])
        values = known[np.minimum(self.values[rows], len(places))]
        spread = values.var(axis=0)
        freedom = float(spread.sum() ** 2 / max((spread**2).sum(), 1e-300))
        return Target(values, False, True, freedom)

    @property
    def scores(self) -> Floats:
        """The target as columns of numbers, shape (n_rows, n_scores)."""
        if not self.is_class:
            return self.values.reshape(len(self.values), -1)
        return np.eye(int(self.values.max(initial=0)) + 1)[self.values]

    def learner(self, min_leaf: int, seed: int) -> Any:
        """Return an unfitted scikit-learn tree for this target."""
        kind = DecisionTreeClassifier if self.is_class else DecisionTreeRegressor
        return kind(min_samples_leaf=min_leaf, random_state=seed)


def normal_scores(column: Floats) -> Floats:
    """Return standard normal quantiles of the mid-ranks; 0 where missing.

    Examples
    --------
    >>> import numpy as np
    >>> normal_scores(np.array([3.0, 1.0, 2.0])).round(2).tolist()
    [0.97, -0.97, 0.0]
    """
    scores = np.zeros(len(column))
    known = ~np.isnan(column)
    if known.any():
        _, codes, counts = np.unique(column[known], return_inverse=True, return_counts=True)
        middle = np.cumsum(counts) - counts / 2.0
        scores[known] = ndtri(middle / known.sum())[codes]
    return scores


def _lump(codes: Integers, counts: Integers) -> Integers:
    """Renumber classes densely, the rare ones beyond the limit as one."""
    frequent = np.argsort(-counts, kind="stable")[:MAX_CLASSES]
    number = np.full(len(counts), min(len(frequent), MAX_CLASSES), np.int64)
    number[frequent] = np.arange(len(frequent))
    return number[codes]
