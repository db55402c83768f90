"""Columns of rows that are ranked inside a parent, drawn given the rank: points of a place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.packing import packable
from relsynth.relational.children.row_model import Given, RowModel
from relsynth.relational.children.stepwise import sample_siblings
from relsynth.relational.sources.encoding import only
from relsynth.seeding import Seed
from relsynth.sorting import lexical_order
from relsynth.typing import Integers

FitRows = Callable[[Matrix, Integers, Matrix, Given, Integers], RowModel]


@packable
@dataclass(frozen=True, slots=True)
class Completion:
    """The distribution of some columns given the others, the rank above all, and all parents.

    Attributes
    ----------
    rows : RowModel
        All other columns are given.
    columns : tuple of str
        Those drawn.
    order : tuple of str
        Columns the rows of a generating parent are sorted by.
    """

    rows: RowModel
    columns: tuple[str, ...]
    order: tuple[str, ...]

    @classmethod
    def fit(
        cls, known: Known, columns: tuple[str, ...], order: tuple[str, ...], fit_rows: FitRows
    ) -> Completion:
        """Learn the columns of real rows.

        Parameters
        ----------
        fit_rows : callable
            Fits the rows, of which some columns are given, and which are some of these.
        """
        sequence, groups = known.sequence(order), known.groups
        given = known.given(columns).take(sequence)
        own = [name for name in known.own.names if name in given.known]
        modelled = only(known.own, [*own, *columns]).take(sequence)
        rows = fit_rows(modelled, groups[sequence], known.context, given, sequence)
        return cls(rows, columns, order)

    def draw(self, known: Known, seed: Seed) -> Matrix:
        """Draw the columns of rows of which the others are known; see `fit`.

        Returns
        -------
        Matrix, shape (n_rows, n_drawn)
        """
        sequence = known.sequence(self.order)
        given = known.given(self.columns).take(sequence)
        members, counts = np.unique(known.groups[sequence], return_counts=True)
        context = known.context.take(np.where(members < len(known.context), members, -1))
        drawn = sample_siblings(self.rows, context, counts, None, seed, given=given.context)
        made = only(drawn, self.columns)
        made.values[sequence] = made.values.copy()
        return made


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the rows of a table once all their parents are.

    Attributes
    ----------
    own : Matrix, shape (n_rows, n_columns)
    groups : ndarray of int, shape (n_rows,)
        Row of the generating parent; beyond the last one for rows without.
    context : Matrix, shape (n_parents, n_context)
        What is known of the generating parents.
    further : Given
        Of every row: what its other parents and the row of a sibling table tell.
    """

    own: Matrix
    groups: Integers
    context: Matrix
    further: Given

    @classmethod
    def of(cls, own: Matrix, parents: Integers, context: Matrix, further: list[Given]) -> Known:
        """Put together what is known; parents are negative for rows without one."""
        groups = parents.copy()
        alone = np.flatnonzero(groups < 0)
        groups[alone] = len(context) + np.arange(len(alone))
        taken = set(own.names)
        parts = [
            only(given.context, [n for n in given.context.names if n not in taken])
            for given in further
        ]
        names = tuple(name for given in further for name in given.known if name not in taken)
        return cls(own, groups, context, Given(Matrix.join(parts), names))

    def sequence(self, order: tuple[str, ...]) -> Integers:
        """Return the rows sorted by group and some columns."""
        return lexical_order((*(self.own[name] for name in order[::-1]), self.groups))

    def given(self, without: tuple[str, ...]) -> Given:
        """Return what is known of every row but for some columns."""
        names = [name for name in self.own.names if name not in without]
        shown = tuple(name for name in names if not name.startswith("#"))
        context = Matrix.join([only(self.own, names), self.further.context])
        return Given(context, (*shown, *self.further.known))
