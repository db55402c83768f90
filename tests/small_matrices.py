"""Matrices by column, and rows drawn from them, for the tests of table models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.models.protocol import TableModel


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def matrix(**columns) -> Matrix:
    """Return columns whose names open with their kind: ``category_x``, ``count_x``, ``x``."""
    kinds = tuple(
        next((kind for kind in ("category", "count") if name.startswith(kind)), "number")
        for name in columns
    )
    return Matrix(tuple(columns), kinds, np.column_stack(list(columns.values())).astype(float))


def drawn_from(
    model: TableModel, rows: Matrix, count: int = 4000, context: Matrix | None = None
) -> np.ndarray:
    """Return rows of a model fitted here, one per context row where there is a context."""
    model.fit(rows, Matrix.empty(len(rows)) if context is None else context, seed=1)
    return model.sample(Matrix.empty(count) if context is None else context, rng())


def assert_draws_of_few_rows(rows: int, drawn: Callable[[Matrix, int], np.ndarray]) -> None:
    """Assert that rows are drawn whatever few, empty or constant columns there are."""
    given = matrix(
        x=np.arange(rows) + 0.5,
        nothing=np.full(rows, np.nan),
        category_nothing=np.full(rows, np.nan),
        constant=np.full(rows, 3.25),
        category_c=np.zeros(rows),
    )
    made = drawn(given, 20)
    assert made.shape == (20, 5)
    assert np.isnan(made[:, 1:3]).all()
    if rows:
        assert (made[:, 3] == 3.25).all()
        assert ((made[:, 0] >= 0.5) & (made[:, 0] <= rows - 0.5)).all()
    else:
        assert np.isnan(made).all()
