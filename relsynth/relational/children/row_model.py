"""The rows of one table: relations, order and history around a table model."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from relsynth.columns.blur import blurred
from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.columns.protection import Holders
from relsynth.columns.relations import Relations
from relsynth.columns.relations.fitted import KINDS
from relsynth.errors import needed
from relsynth.models.protocol import TableModel
from relsynth.packing import packable
from relsynth.relational.children.baseline import Baseline
from relsynth.relational.children.date_effects import DateEffects
from relsynth.relational.children.event_time import Clock, moment_columns, tell_moment, without_gap
from relsynth.relational.children.history import HistoryLayout, Siblings, forget, past
from relsynth.relational.children.inter_event import OrderColumn
from relsynth.relational.children.parent_values import ParentValues, Recurrence
from relsynth.relational.children.time_trend import Trends
from relsynth.relational.sources.encoding import level_counts, only
from relsynth.seeding import Seed, integer_seed, stream
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
    names : tuple of str
    kinds : tuple
        Of the rows: hidden columns first, then the modelled ones.
    hidden : int
        Number of hidden columns.
    encoded_names, encoded_kinds : tuple
        Of what the table model learns instead of the modelled columns.
    relations : Relations
    clock : Clock or None
        Of the column that orders the rows of a parent, if any.
    history : HistoryLayout or None
        ``None`` for a root, whose rows are independent.
    model : TableModel
        Of the other columns.
    known : tuple of str
        Columns known of every row before it is drawn; see `Given`.
    baseline : Baseline or None
        ``None`` for a root.
    parent_values : ParentValues or None
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
    clock: Clock | None
    history: HistoryLayout | None
    model: TableModel
    known: tuple[str, ...] = ()
    baseline: Baseline | None = None
    parent_values: ParentValues | None = None
    trends: Trends | None = None
    date_effects: DateEffects | None = None

    @classmethod
    def fit(
        cls,
        own: Matrix,
        n_hidden: int,
        new_model: Callable[[Matrix, Matrix, Integers], TableModel],
        *,
        steps: Mapping[str, float],
        decimals: Mapping[str, int | None],
        groups: Integers | None = None,
        context: Matrix | None = None,
        order: OrderColumn | None = None,
        given: Given | None = None,
        parent_values: ParentValues | None = None,
        uses_history: bool = True,
        relations_of: Container[str] = KINDS,
        holders: Holders | None = None,
        seed: Seed = None,
    ) -> RowModel:
        """Learn the rows of a table.

        Parameters
        ----------
        own : Matrix, shape (n_rows, n_columns)
            Hidden columns, then modelled ones.
        n_hidden : int
        new_model : callable
            Gives the unfitted table model for encoded rows, their context and groups.
        steps, decimals : mapping
            Of the modelled columns; see `TableEncoding`.
        groups : ndarray of int, shape (n_rows,), optional
            Sibling group of each row, 0, 1, 2, …; absent for a root.
        context : Matrix, shape (n_groups, n_context), optional
        order : OrderColumn, optional
        given : Given, optional
        parent_values : ParentValues, optional
        uses_history : bool, default True
            Whether siblings before are features of a row; in an order they always are.
        relations_of : container of str, optional
            Kinds of relations to look for.
        holders : Holders, optional
            Whose the rows are: the table model sees no number that too few subjects have.
        seed : int, SeedSequence or None
        """
        families = np.arange(len(own)) if groups is None else groups
        holders = Holders(len(own)) if holders is None else holders
        siblings = Siblings.of(families, None if order is None else own[order.name])
        unsorted, own = own, own.take(siblings.rows)
        given_rows = None if given is None else given.take(siblings.rows)
        shown = own
        if parent_values is not None:
            own = parent_values.localise(own, siblings)
        rows, fixed = _modelled(own.columns(slice(n_hidden, None)), given_rows)
        relations = Relations.find(
            rows,
            decimals,
            steps,
            seed,
            fixed=fixed,
            kinds=relations_of,
            within=holders.within,
            ordered="" if order is None else order.name,
        )
        encoded = relations.encode(rows)
        if order is not None and not _untouched(order.name, rows, encoded):
            return cls.fit(
                unsorted,
                n_hidden,
                new_model,
                steps=steps,
                decimals=decimals,
                groups=groups,
                context=context,
                given=given,
                parent_values=parent_values,
                uses_history=uses_history,
                relations_of=relations_of,
                holders=holders,
                seed=seed,
            )
        holders = holders[siblings.rows]
        free = tuple(name for name in encoded.names if name not in fixed)
        target = Matrix.join([own.columns(slice(0, n_hidden)), only(encoded, free)])
        layout = (own.names, own.kinds, n_hidden, encoded.names, encoded.kinds, relations)
        if context is None:
            nothing, target = Matrix.empty(len(rows)), blurred(target, holders, seed)
            model = new_model(target, nothing, siblings.group)
            model.fit(target, nothing, seed=seed)
            return cls(*layout, None, None, model, parent_values=parent_values)
        history = HistoryLayout.silent()
        if uses_history or order is not None:
            history = HistoryLayout.of(
                own, level_counts(own), parent_values.fresh if parent_values else None
            )
        plain = tuple(name for name in free if _untouched(name, rows, encoded))
        rng = stream(seed, "forget")
        known = _known(context, siblings, _features(own, siblings, history, order, given_rows, rng))
        before = known if order is None else without_gap(known)
        if order is not None:
            gaps = order.gaps(own[order.name], siblings.position)
            target.values[:, target.names.index(order.name)] = gaps
            plain = tuple(name for name in plain if name != order.name)
        baseline = Baseline.find(own, siblings, plain, context.names)
        baseline.leave(target, before)
        baseline.relate(before)
        trends = date_effects = None
        if order is not None:
            free_names = tuple(name for name in plain if name not in baseline.anchored)
            trends = Trends.find(own, siblings, free_names, own[order.name])
            trends.leave(target, own[order.name])
            trends.relate(before, known[f"before.{order.name}"])
        target, before = blurred(target, holders, seed), blurred(before, holders, seed)
        model, clock = new_model(target, before, siblings.group), None
        if order is not None:
            clock_seed, gaps = integer_seed(seed, "clock"), target[order.name]
            clock = Clock.fit(order, own[order.name], gaps, before, deepcopy(model), clock_seed)
            known = tell_moment(known, order, own[order.name], gaps)
            date_effects = DateEffects.find(own, plain, own[order.name], order.parts)
            if date_effects.names:
                known = Matrix.join([known, date_effects.features(own[order.name])])
            target = only(target, [name for name in target.names if name != order.name])
        model.fit(target, before if order is None else blurred(known, holders, seed), seed=seed)
        if parent_values is not None:
            alone = tuple(
                n for n in plain if n not in relations.tied and n not in parent_values.shared
            )
            parent_values = parent_values.accompanied(shown, siblings, alone)
        return cls(
            *layout, clock, history, model, fixed, baseline, parent_values, trends, date_effects
        )

    @property
    def order(self) -> OrderColumn | None:
        """The column that orders the rows of a parent."""
        return None if self.clock is None else self.clock.order

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
        count : int
        seed : int, SeedSequence or None
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
        rng : numpy.random.Generator
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
        rng : numpy.random.Generator
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
        rng : numpy.random.Generator
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
        name : str
        column : ndarray of float, shape (n_rows,)
        rng : numpy.random.Generator

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
        values[changed, own] = self.relations.decode(encoded, rng).values
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
        rng : numpy.random.Generator
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


def _modelled(rows: Matrix, given: Given | None) -> tuple[Matrix, tuple[str, ...]]:
    """Return the columns that relations may tie, known ones first, and the names of these."""
    if given is None:
        return rows, ()
    free = tuple(name for name in rows.names if name not in given.known)
    return Matrix.join([only(given.context, given.known), only(rows, free)]), given.known


def _features(
    own: Matrix,
    siblings: Siblings,
    history: HistoryLayout,
    order: OrderColumn | None,
    given: Given | None,
    rng: np.random.Generator,
) -> list[Matrix]:
    """Return features of every row besides its context: siblings before, the given, moments."""
    features = past(own, siblings, history)
    forget(features, siblings, len(own.names), rng)
    parts = [features] if given is None else [features, given.context]
    if order is not None:
        parts.append(moment_columns(order, features[f"before.{order.name}"]))
    return parts


def _known(context: Matrix, siblings: Siblings, further: list[Matrix]) -> Matrix:
    """Return context, place and further columns of sorted rows, written into one array."""
    parts = [siblings.place, *further]
    names = context.names + tuple(name for part in parts for name in part.names)
    kinds = context.kinds + tuple(kind for part in parts for kind in part.kinds)
    values = np.empty((len(siblings.group), len(names)))
    at = len(context.names)
    np.take(context.values, siblings.group, axis=0, out=values[:, :at], mode="clip")
    for part in parts:
        values[:, at : at + len(part.names)] = part.values
        at += len(part.names)
    return Matrix(names, kinds, values)


def _untouched(name: str, rows: Matrix, encoded: Matrix) -> bool:
    if name not in rows.names or name not in encoded.names:
        return False
    return np.array_equal(encoded[name], rows[name], equal_nan=True)
