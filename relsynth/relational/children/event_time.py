"""When the rows of a parent happen, and what the moment tells of the rest of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relsynth.columns.calendar import calendar
from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.models.protocol import TableModel
from relsynth.packing import packable
from relsynth.relational.children.inter_event import OrderColumn
from relsynth.seeding import Seed
from relsynth.typing import Floats

Draw = Callable[[Matrix], Floats]


@packable
@dataclass(frozen=True, slots=True)
class Clock:
    """The conditional distribution of the order column, drawn before the rest of a row.

    It is learned as the gap to the sibling before and, of dates that keep to a part of the
    calendar such as the end of the month, that part of the day they land on. The rest of the
    row is given the gap, the value itself in place of the one before and, of a date, the parts
    of the calendar: a holiday is the same day for all families, whatever went before in each.

    Attributes
    ----------
    order : OrderColumn
    model : TableModel
        Of the part to land on, if any, and the gap, given all that is known before the row.
    """

    order: OrderColumn
    model: TableModel

    @classmethod
    def fit(
        cls,
        order: OrderColumn,
        values: Floats,
        gaps: Floats,
        known: Matrix,
        model: TableModel,
        seed: Seed,
    ) -> Clock:
        """Learn the gaps.

        Parameters
        ----------
        order : OrderColumn
        values, gaps : ndarray of float, shape (n_rows,)
        known : Matrix, shape (n_rows, n_known)
            What is known before the rows.
        model : TableModel
            Not fitted yet.
        seed : int, SeedSequence or None
        """
        target = Matrix((order.name,), ("number",), gaps[:, None])
        if order.anchor is not None:
            part = calendar(values, (order.anchor,))
            target = Matrix.join([Matrix((order.anchor,), ("category",), part), target])
        return cls(order, model.fit(target, known, seed=seed))

    def begin(self, starts: Floats, known: Matrix, draw: Draw) -> Floats:
        """Return predicted first values on a day that first rows of a run land on."""
        if self.order.anchor is None:
            return starts
        least = np.full(len(starts), self.order.low)
        return self.order.landed(starts, draw(known)[:, 0], least)

    def advance(self, before: Floats, known: Matrix, draw: Draw) -> Floats:
        """Return the values that follow those of the siblings before."""
        drawn = draw(known)
        moved = self.order.advance(before, drawn[:, -1])
        if self.order.anchor is None:
            return moved
        return self.order.landed(moved, drawn[:, 0], before + self.order.least)


def moment_columns(order: OrderColumn, before: Floats) -> Matrix:
    """Return the parts of the calendar of the siblings before, and an empty column for the gap.

    The parts are missing where gaps have no reason to follow them: days evenly spread.
    """
    follows = order.anchor is not None or "hour" in order.parts
    parts = calendar(before if follows else np.full(len(before), np.nan), order.parts)
    names = (*(f"{part}.{order.name}" for part in order.parts), f"gap.{order.name}")
    kinds: list[ColumnKind] = ["number"] * len(names)
    empty = np.empty((len(before), 1))
    return Matrix(names, tuple(kinds), np.hstack([parts, empty]))


def without_gap(known: Matrix) -> Matrix:
    """Return what is known before the inter-event time is."""
    return known.columns(slice(0, -1))


def with_moment(known: Matrix, order: OrderColumn, values: Floats, gaps: Floats) -> Matrix:
    """Return what is known of rows with their moment in place of the one before.

    Parameters
    ----------
    known : Matrix, shape (n_rows, n_known)
        Ends with `moment_columns`; its array is written to.
    order : OrderColumn
    values, gaps : ndarray of float, shape (n_rows,)
    """
    before, own = f"before.{order.name}", f"now.{order.name}"
    known.values[:, known.names.index(before)] = values
    known.values[:, -1 - len(order.parts) : -1] = calendar(values, order.parts)
    known.values[:, -1] = gaps
    names = tuple(own if name == before else name for name in known.names)
    return Matrix(names, known.kinds, known.values)
