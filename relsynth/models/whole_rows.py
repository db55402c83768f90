"""Real rows used again as a whole, in turn, to the new rows whose context is most alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from scipy.optimize import linear_sum_assignment

from relsynth.columns.matrix import Matrix
from relsynth.models.systematic import spread
from relsynth.packing import packable
from relsynth.seeding import Seed
from relsynth.typing import Array, Floats

BLOCK = 500  # rows assigned at a time: cost is its square; 1,000 take four times as long
JITTER = 0.01  # of a deviation: equal contexts are taken in random order


@packable
class WholeRows:
    """Table model that draws complete real rows, each equally often.

    For a handful of rows there is nothing to learn from: a column drawn by itself would
    mix them. Only for rows that are no secret, such as sums over many children.

    Notes
    -----
    New rows take the real ones in turn, in blocks of ``BLOCK``; within a block they are
    assigned so that the contexts differ least in all (Kuhn 1955). Costs O(n_new x ``BLOCK``^2)
    at most.

    Examples
    --------
    >>> rows = Matrix(("a", "b"), ("count", "count"), np.array([[1.0, 10.0], [2.0, 20.0]]))
    >>> context = Matrix(("x",), ("number",), np.array([[0.0], [5.0]]))
    >>> model = WholeRows().fit(rows, context)
    >>> model.sample(context.take(np.array([1, 0])), np.random.default_rng(0)).tolist()
    [[2.0, 20.0], [1.0, 10.0]]
    """

    name = "whole_rows"

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Keep the rows and their context; see `TableModel.fit`."""
        self.rows_ = rows.values.copy()
        self.context_ = context.values.copy()
        self.is_category_ = np.array([kind == "category" for kind in context.kinds], bool)
        return self

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row; see `TableModel.sample`."""
        n_rows, n_new = len(self.rows_), len(context)
        if not n_rows:
            return np.full((n_new, self.rows_.shape[1]), np.nan)
        donor = (spread(np.zeros(n_new, np.int64), rng) * n_rows).astype(np.int64)
        for start in range(0, n_new, BLOCK):
            block = slice(start, start + BLOCK)
            apart = self._distances(context.values[block])
            apart += JITTER * rng.random(apart.shape)
            _, best = linear_sum_assignment(apart[:, donor[block]])
            donor[block] = donor[block][best]
        return self.rows_[donor]

    def _distances(self, context: Floats) -> Floats:
        """Return how far new contexts are from real ones, shape (n_new, n_rows)."""
        apart = np.zeros((len(context), len(self.rows_)))
        for at, is_category in enumerate(self.is_category_):
            known, new = self.context_[:, at], context[:, at]
            difference = new[:, None] - known
            if is_category:
                apart += _filled((difference != 0) * 1.0, new, known)
            else:
                scale = np.nanstd(known) if (~np.isnan(known)).any() else 0.0
                apart += _filled(np.minimum(np.abs(difference) / (scale or 1.0), 1.0), new, known)
        return apart

    def to_state(self) -> dict[str, Any]:
        """Return the rows and their context."""
        return {"rows": self.rows_, "context": self.context_, "is_category": self.is_category_}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`."""
        model = cls()
        model.rows_ = np.asarray(state["rows"], float)
        model.context_ = np.asarray(state["context"], float)
        model.is_category_ = np.asarray(state["is_category"], bool)
        return model


def _filled(distance: Array, new: Floats, known: Floats) -> Floats:
    """Return distances where both are known, 0 where neither is, else 1."""
    missing = np.isnan(new)[:, None], np.isnan(known)[None, :]
    differing: Floats = np.where(missing[0] | missing[1], missing[0] != missing[1], distance)
    return differing
