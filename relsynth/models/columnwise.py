"""What models that draw the columns of a row one after the other have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any, Self

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.models.features import FeatureScaling
from relsynth.seeding import Seed, stream
from relsynth.typing import Array, Flags, Floats, Integers

Draw = Callable[[Array, int], Floats]


class ColumnByColumn:
    """Model of a scaling and of columns, with parameters that its constructor stores."""

    scaling_: FeatureScaling
    columns_: list[Any]

    def to_state(self) -> dict[str, Any]:
        """Return parameters, scaling and columns."""
        names = signature(type(self)).parameters
        parameters = {name: getattr(self, name) for name in names}
        return {"parameters": parameters, "scaling": self.scaling_, "columns": self.columns_}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`."""
        model = cls(**state["parameters"])
        model.scaling_, model.columns_ = state["scaling"], state["columns"]
        return model


def as_features(rows: Matrix, context: Matrix) -> tuple[FeatureScaling, Array]:
    """Return context and rows side by side as float32 features, and their scaling."""
    scaling, known = FeatureScaling.of(context, rows), len(context.names)
    scaled = np.empty((len(rows), known + len(rows.names)), np.float32)
    scaled[:, :known] = scaling.apply(context.values, slice(0, known))
    scaled[:, known:] = scaling.apply(rows.values, slice(known, None))
    return scaling, scaled


def structure_rows(n_rows: int, limit: int, seed: Seed) -> Integers:
    """Return the rows that structure is learned from, in rising order: all, or some at random."""
    if n_rows <= limit:
        return np.arange(n_rows)
    return np.sort(stream(seed, "structure").permutation(n_rows)[:limit])


def draw_in_turn(
    scaling: FeatureScaling, context: Matrix, draws: Sequence[Draw], asked: Flags | None = None
) -> Floats:
    """Draw one row per context row, every column given the context and the columns before.

    Parameters
    ----------
    scaling : FeatureScaling
        Of context and columns side by side.
    context : Matrix, shape (n_rows, n_context)
    draws : sequence of callable
        Per column: what draws it, from all features and its position among them.
    asked : ndarray of bool, shape (n_context + n_columns,), optional
        Which of context and columns any of them looks at; by default all.

    Returns
    -------
    ndarray of float, shape (n_rows, n_columns)
    """
    known = len(context.names)
    drawn = np.empty((len(context), len(draws)))
    scaled = np.empty((known + len(draws), len(context)), np.float32)
    asked = np.ones(len(scaled), bool) if asked is None else asked
    used = np.flatnonzero(asked[:known])
    scaled[used] = scaling.by_column(context.values, used)
    for position, draw in enumerate(draws):
        at = known + position
        values = draw(scaled.T, at)
        drawn[:, position] = values
        if asked[at]:
            scaled[at] = scaling.column(values, at)
    return drawn
