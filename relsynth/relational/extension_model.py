"""The promised summaries of a parent's children, drawn before the children are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.models.protocol import TableModel
from relsynth.packing import packable
from relsynth.relational.extension import ExtensionLayout
from relsynth.seeding import Seed
from relsynth.typing import Integers


@packable
@dataclass(frozen=True, slots=True)
class ExtensionModel:
    """The conditional distribution of a child table's extension columns.

    Attributes
    ----------
    layout : ExtensionLayout
    model : TableModel
    """

    layout: ExtensionLayout
    model: TableModel

    @classmethod
    def fit(
        cls,
        children: Matrix,
        parents: Integers,
        context: Matrix,
        new_model: Callable[[Matrix, Matrix, Integers], TableModel],
        *,
        order: str | None = None,
        seed: Seed = None,
    ) -> ExtensionModel:
        """Learn the extension columns of real parents.

        Parameters
        ----------
        children : Matrix, shape (n_children, n_columns)
        parents : ndarray of int, shape (n_children,)
            Parent row of each child; negative without.
        context : Matrix, shape (n_parents, n_context)
        new_model : callable
            Gives the unfitted table model.
        order : str, optional
            Column the children are ordered by.
        seed : int, SeedSequence or None
        """
        layout = ExtensionLayout.of(children, order)
        summary = layout.summarise(children, parents, len(context))
        model = new_model(summary, context, np.arange(len(context)))
        model.fit(summary, context, seed=seed)
        return cls(layout, model)

    def sample(self, context: Matrix, rng: np.random.Generator) -> Matrix:
        """Draw extension columns that are possible: counts whole, shares between 0 and 1."""
        values = self.model.sample(context, rng)
        counts = np.maximum(np.round(np.nan_to_num(values[:, 0])), 0.0)
        values[:, 0] = counts
        for at, (_, _, measure, _) in enumerate(self.layout.columns):
            column = values[:, at]
            if measure == "distinct":
                column[:] = np.minimum(np.maximum(np.round(column), 1.0), counts)
            elif measure in ("share", "missing"):
                column[:] = np.clip(column, 0.0, 1.0)
            elif measure == "spread":
                column[counts == 1] = 0.0
                column[:] = np.maximum(column, 0.0)
        values[counts == 0, 1:] = np.nan
        return Matrix(self.layout.names, self.layout.kinds, values)
