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

REDRAWS = 3  # of gaps that are too long: what is so in half of all draws is so in 6 % then
Draw = Callable[[Matrix], Floats]


@packable
@dataclass(frozen=True, slots=True)
class EventTime:
    """The conditional distribution of the order column, drawn before the rest of a row.

    It is learned as the gap to the sibling before and, of dates that keep to a part of the
    calendar such as the end of the month, that part of the day they land on. The rest of the
    row is given the gap, the value itself in place of the one before and, of a date, the parts
    of the calendar: a holiday is the same day for all families, whatever went before in each.

    Attributes
    ----------
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
    ) -> EventTime:
        """Learn the gaps.

        Parameters
        ----------
        values, gaps : ndarray of float, shape (n_rows,)
        known : Matrix, shape (n_rows, n_known)
            What is known before the rows.
        model : TableModel
            Not fitted yet.
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
        return self.order.on_anchor(starts, draw(known)[:, 0], least)

    def advance(self, before: Floats, known: Matrix, draw: Draw) -> Floats:
        """Return the values that follow those of the siblings before."""
        drawn = draw(known)
        if self.order.is_bursty:
            self._end(drawn, known, draw)
        moved = self.order.advance(before, drawn[:, -1])
        if self.order.anchor is None:
            return moved
        return self.order.on_anchor(moved, drawn[:, 0], before + self.order.least)

    def _end(self, drawn: Floats, known: Matrix, draw: Draw) -> None:
        """Let families end when they are predicted to, in place: no gap is longer than is left.

        What is too long is drawn again, at last an equal part of what is left.
        """
        end = f"{self.order.name}.last"
        if end not in known.names:
            return
        left, remaining = np.maximum(known[end], 0.0), known["#remaining"]
        for _ in range(REDRAWS):
            over = np.flatnonzero(drawn[:, -1] > left)
            if len(over):
                drawn[over] = draw(known.take(over))
        gaps = np.where(drawn[:, -1] > left, left / (remaining + 1), drawn[:, -1])
        drawn[:, -1] = np.where((remaining == 0) & ~np.isnan(left), left, gaps)


def moment_columns(order: OrderColumn, before: Floats) -> Matrix:
    """Return the parts of the calendar of the siblings before, and an empty column for the gap.

    The parts are missing where gaps have no reason to follow them: days evenly spread.
    """
    follows = order.anchor is not None or "hour" in order.parts
    values = np.full((len(before), len(order.parts) + 1), np.nan)
    if follows:
        values[:, :-1] = calendar(before, order.parts)
    names = (*(f"{part}.{order.name}" for part in order.parts), f"gap.{order.name}")
    kinds: list[ColumnKind] = ["number"] * len(names)
    return Matrix(names, tuple(kinds), values)


def relate_end(known: Matrix, order: OrderColumn, before: Floats) -> None:
    """Put the time left to the last moment of the family in place of that moment.

    Of a first row, which has no sibling before, it is the time from the first moment on.

    Parameters
    ----------
    known : Matrix, shape (n_rows, n_known)
        Its array is written to.
    before : ndarray of float, shape (n_rows,)
        Moments of the siblings before.
    """
    first, last = (f"{order.name}.{end}" for end in ("first", "last"))
    if last in known.names:
        start = np.where(np.isnan(before), known[first], before)
        known.values[:, known.names.index(last)] -= start


def without_gap(known: Matrix) -> Matrix:
    """Return what is known before the inter-event time is."""
    return known.columns(slice(0, -1))


def with_moment(known: Matrix, order: OrderColumn, values: Floats, gaps: Floats) -> Matrix:
    """Return what is known of rows with their moment in place of the one before.

    Parameters
    ----------
    known : Matrix, shape (n_rows, n_known)
        Ends with `moment_columns`; its array is written to.
    values, gaps : ndarray of float, shape (n_rows,)
    """
    before, own = f"before.{order.name}", f"now.{order.name}"
    known.values[:, known.names.index(before)] = values
    left = f"{order.name}.last"
    if left in known.names:
        known.values[:, known.names.index(left)] -= np.nan_to_num(gaps)
    known.values[:, -1 - len(order.parts) : -1] = calendar(values, order.parts)
    known.values[:, -1] = gaps
    names = tuple(own if name == before else name for name in known.names)
    return Matrix(names, known.kinds, known.values)
