"""What every table model is: four methods over plain matrices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.seeding import Seed
from relsynth.typing import Floats

__all__ = ["ColumnKind", "Matrix", "TableModel", "stepwise"]


@runtime_checkable
class TableModel(Protocol):
    """The conditional distribution of a table's columns given a context.

    An object with these four methods can be passed as ``models={"table": it}``.
    """

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Learn the rows given their context.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_columns)
            May hold no column, one row or no row, constant and all-missing columns.
        context : Matrix, shape (n_rows, n_context)
            Has no column for a root table.
        seed : int, SeedSequence or None
        """
        ...

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row.

        Parameters
        ----------
        context : Matrix, shape (n_samples, n_context)
            The same columns as in `fit`; rows may be few (one step of many siblings).
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of float, shape (n_samples, n_columns)
        """
        ...

    def to_state(self) -> dict[str, Any]:
        """Return what was learned as nested dicts of arrays and JSON values."""
        ...

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a model from `to_state`, refusing what is inconsistent."""
        ...


def stepwise(model: TableModel, rng: np.random.Generator) -> Callable[[Matrix], Floats]:
    """Return what draws rows of one table in many calls.

    A model may offer a method of this name, which takes the generator, where its rows are
    closer to the real ones if it knows that calls belong together.
    """
    begin = getattr(model, "stepwise", None)
    found: Callable[[Matrix], Floats] = (
        partial(model.sample, rng=rng) if begin is None else begin(rng)
    )
    return found
