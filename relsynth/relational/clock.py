"""When the rows of a parent happen, and what the moment tells of the rest of a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.models.protocol import TableModel
from relsynth.packing import packable
from relsynth.relational.calendar import calendar
from relsynth.relational.order import OrderColumn
from relsynth.seeding import Seed
from relsynth.typing import Floats


@packable
@dataclass(frozen=True, slots=True)
class Clock:
    """The conditional distribution of the order column, drawn before the rest of a row.

    It is learned as the gap to the sibling before. The rest of the row is told the gap, the
    value itself in place of the one before and, of a date, the parts of the calendar: a holiday
    is the same day for all families, whatever went before in each of them.

    Attributes
    ----------
    order : OrderColumn
    model : TableModel
        Of the gap, given all that is known before the row.
    """

    order: OrderColumn
    model: TableModel

    @classmethod
    def fit(
        cls, order: OrderColumn, gaps: Floats, known: Matrix, model: TableModel, seed: Seed
    ) -> Clock:
        """Learn the gaps.

        Parameters
        ----------
        order : OrderColumn
        gaps : ndarray of float, shape (n_rows,)
        known : Matrix, shape (n_rows, n_known)
            What is known before the rows.
        model : TableModel
            Not fitted yet.
        seed : int, SeedSequence or None
        """
        target = Matrix((order.name,), ("number",), gaps[:, None])
        return cls(order, model.fit(target, known, seed=seed))

    def draw(self, known: Matrix, rng: np.random.Generator) -> Floats:
        """Return a gap for every row of what is known before it."""
        gaps: Floats = self.model.sample(known, rng)[:, 0]
        return gaps


def room_for_moment(order: OrderColumn, n_rows: int) -> Matrix:
    """Return empty columns for what the moment of a row adds to what is known of it."""
    names = (f"gap.{order.name}", *(f"{part}.{order.name}" for part in order.parts))
    kinds: list[ColumnKind] = ["number"] * len(names)
    return Matrix(names, tuple(kinds), np.empty((n_rows, len(names))))


def tell_moment(known: Matrix, order: OrderColumn, values: Floats, gaps: Floats) -> Matrix:
    """Return what is known of rows with their moment, written into the same array.

    Parameters
    ----------
    known : Matrix, shape (n_rows, n_known)
        Its last columns are those of `room_for_moment`.
    order : OrderColumn
    values, gaps : ndarray of float, shape (n_rows,)
    """
    before, own = f"before.{order.name}", f"now.{order.name}"
    known.values[:, known.names.index(before)] = values
    first = len(known.names) - len(order.parts)
    known.values[:, first - 1] = gaps
    known.values[:, first:] = calendar(values, order.parts)
    names = tuple(own if name == before else name for name in known.names)
    return Matrix(names, known.kinds, known.values)
