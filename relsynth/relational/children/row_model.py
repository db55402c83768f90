"""The rows of one table: relations, order and history around a table model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.columns.relations import Relations
from relsynth.errors import needed
from relsynth.models.protocol import TableModel
from relsynth.packing import packable
from relsynth.relational.children.baseline import Baseline
from relsynth.relational.children.date_effects import DateEffects
from relsynth.relational.children.event_time import EventTime
from relsynth.relational.children.history import HistoryLayout
from relsynth.relational.children.inter_event import OrderColumn
from relsynth.relational.children.parent_values import ParentValues, Recurrence
from relsynth.relational.children.time_trend import Trends
from relsynth.relational.sources.encoding import only
from relsynth.seeding import Seed, stream
from relsynth.typing import Floats, Integers


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of every single row before it is drawn, besides what its group knows.

    Attributes
    ----------
    context : Matrix, shape (n_rows, n_given)
    known : tuple of str
        Columns of it that relations may build on: columns of the rows themselves, which are
        not drawn, and columns of the row of a sibling table.
    """

    context: Matrix
    known: tuple[str, ...]

    def take(self, rows: Integers) -> Given:
        """Return what is known of some rows."""
        return Given(self.context.take(rows), self.known)


@packable
@dataclass(frozen=True, slots=True)
class RowModel:
    """The conditional distribution of a table's rows.

    Attributes
    ----------
    kinds : tuple
        Of the rows: hidden columns first, then the modelled ones.
    hidden : int
        Number of hidden columns.
    encoded_names, encoded_kinds : tuple
        Of what the table model learns instead of the modelled columns.
    event_time : EventTime or None
        Of the column that orders the rows of a parent, if any.
    history : HistoryLayout or None
        ``None`` for a root, whose rows are independent.
    model : TableModel
        Of the other columns.
    known : tuple of str
        Columns known of every row before it is drawn; see `Given`.
    baseline : Baseline or None
        ``None`` for a root.
    trends : Trends or None
        ``None`` where no column orders the rows.
    date_effects : DateEffects or None
        ``None`` where no column orders the rows.
    """

    names: tuple[str, ...]
    kinds: tuple[ColumnKind, ...]
    hidden: int
    encoded_names: tuple[str, ...]
    encoded_kinds: tuple[ColumnKind, ...]
    relations: Relations
    event_time: EventTime | None
    history: HistoryLayout | None
    model: TableModel
    known: tuple[str, ...] = ()
    baseline: Baseline | None = None
    parent_values: ParentValues | None = None
    trends: Trends | None = None
    date_effects: DateEffects | None = None

    @property
    def order(self) -> OrderColumn | None:
        """The column that orders the rows of a parent."""
        return None if self.event_time is None else self.event_time.order

    @property
    def given(self) -> tuple[str, ...]:
        """Columns that the table model does not draw."""
        return self.known if self.order is None else (*self.known, self.order.name)

    @property
    def drawn_columns(self) -> dict[str, int]:
        """Position of every modelled column in what the table model draws."""
        free = (name for name in self.encoded_names if name not in self.given)
        return {name: at for at, name in enumerate(free, start=self.hidden)}

    def sample(self, count: int, seed: Seed, invented: dict[str, int] | None = None) -> Matrix:
        """Draw the independent rows of a root table.

        Parameters
        ----------
        invented : dict of str to int, optional
            Private values invented by earlier calls, per column; goes on counting.
        """
        drawn = self.model.sample(Matrix.empty(count), stream(seed, "rows"))
        values = self.decode(drawn, stream(seed, "decode"))
        if self.parent_values is not None:
            recurrence = Recurrence(self.parent_values, self.names, count)
            every = np.arange(count)
            numbers = recurrence.settle(every, values, stream(seed, "private"))
            recurrence.name(values, every, numbers, {} if invented is None else invented)
        return Matrix(self.names, self.kinds, values)

    def aligned(self, values: Floats, rng: np.random.Generator) -> Floats:
        """Return drawn rows with their order column spread over time as in the real data.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows, n_columns)
            Hidden columns first; sorted by group and position.
        """
        if self.order is None or not self._may_reorder():
            return values
        moved = self.order.align(values[:, self.names.index(self.order.name)])
        return self.reordered(values, moved, rng)

    def apart(self, values: Floats, starts: Integers, rng: np.random.Generator) -> Floats:
        """Return drawn rows with no value of the order column twice in a group that may not be.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows, n_columns)
            Hidden columns first; sorted by group and position.
        starts : ndarray of int, shape (n_groups,)
            First row of each group; none is empty.
        """
        if self.order is None or not self._may_reorder():
            return values
        moved = self.order.apart(values[:, self.names.index(self.order.name)], starts)
        return self.reordered(values, moved, rng)

    def reordered(self, values: Floats, order: Floats, rng: np.random.Generator) -> Floats:
        """Return drawn rows with other values of the order column and what follows from them.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows, n_columns)
            Hidden columns first.
        order : ndarray of float, shape (n_rows,)
        """
        name = needed(self.order, "the column that orders siblings").name
        return self.with_column(values, name, order, rng)

    def with_column(
        self, values: Floats, name: str, column: Floats, rng: np.random.Generator
    ) -> Floats:
        """Return drawn rows with other values of a column and what follows from them.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows, n_columns)
            Hidden columns first.
        column : ndarray of float, shape (n_rows,)

        Notes
        -----
        A column that has to follow from others, or rows that relations tie to those of a
        sibling table, are changed by themselves. One that is learned as the rest of a formula
        keeps its new value, and what is learned as the rest of a formula of it keeps the rest.
        """
        at = self.names.index(name)
        same = (values[:, at] == column) | (np.isnan(values[:, at]) & np.isnan(column))
        changed = np.flatnonzero(~same)
        if not len(changed):
            return values
        values = values.copy()
        if name not in self.encoded_names or not set(self.known) <= set(self.names):
            values[changed, at] = column[changed]
            return values
        own = slice(self.hidden, None)
        rows = Matrix(self.names[own], self.kinds[own], values[changed, own])
        encoded = self.relations.encode(rows)
        new = Matrix(rows.names, rows.kinds, rows.values.copy())
        new.values[:, rows.names.index(name)] = column[changed]
        encoded.values[:, encoded.names.index(name)] = self.relations.encode(new)[name]
        decoded = self.relations.decode(encoded, rng)  # known columns come first there
        values[changed, own] = only(decoded, rows.names).values
        return values

    def _may_reorder(self) -> bool:
        """Return whether what follows from the order column can be computed again."""
        return set(self.known) <= set(self.names) and not self._relates_private()

    def _relates_private(self) -> bool:
        return self.parent_values is not None and bool(
            self.relations.tied & set(self.parent_values.shared)
        )

    def decode(
        self, drawn: Floats, rng: np.random.Generator, given: Matrix | None = None
    ) -> Floats:
        """Return the rows, hidden columns first, that encoded rows stand for.

        Parameters
        ----------
        drawn : ndarray of float, shape (n_samples, n_drawn)
        given : Matrix, shape (n_samples, n_given), optional
            Holds the columns that the table model does not draw, where there are any.
        """
        if not self.given or given is None:
            encoded = Matrix(self.encoded_names, self.encoded_kinds, drawn[:, self.hidden :])
            rows = self.relations.decode(encoded, rng)
            return np.column_stack([drawn[:, : self.hidden], rows.values])
        free, features = iter(drawn.T[self.hidden :]), self.given
        parts = [given[n] if n in features else next(free) for n in self.encoded_names]
        encoded = Matrix(self.encoded_names, self.encoded_kinds, np.column_stack(parts))
        rows = self.relations.decode(encoded, rng)
        own = [given[n] if n in self.known else rows[n] for n in self.names[self.hidden :]]
        return np.column_stack([drawn[:, : self.hidden], *own])
