"""The families that the rows of a context parent are predicted, drawn as often as need be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.groups import starts_of
from relsynth.relational.children.rejection import still_met
from relsynth.relational.children.stepwise import sample_siblings
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.sources.conditions import Conditions
from relsynth.seeding import Seed, stream
from relsynth.typing import Floats, Integers


@dataclass(frozen=True, slots=True)
class DrawnFamilies:
    """What the children of every parent are drawn from.

    Attributes
    ----------
    table : FittedTable
        Of the children.
    context : Matrix, shape (n_parents, n_features)
        What is known of the parents.
    predicted : Matrix, shape (n_parents, n_extension_columns)
    aligns : bool
        Whether their dates are to be spread over time as the real ones are.
    """

    table: FittedTable
    context: Matrix
    predicted: Matrix
    aligns: bool

    def draw(
        self,
        parents: Integers,
        counts: Integers,
        seed: Seed,
        *,
        conditions: Conditions | None = None,
        invented: dict[str, int] | None = None,
    ) -> Matrix:
        """Draw families, sorted by position each.

        Parameters
        ----------
        parents : ndarray of int, shape (n_families,)
            Row of the parent of each family, in any order and number; -1 for none.
        counts : ndarray of int, shape (n_families,)
        conditions : Conditions, optional
            Every row meets them.
        invented : dict of str to int, optional
            Private values invented by earlier calls; goes on counting.
        """
        rows = self.table.row_model
        own = sample_siblings(
            rows,
            Matrix.join([self.context, self.predicted]).take(parents),
            counts,
            self._ends(parents),
            seed,
            given=self.numbers(parents, counts, seed),
            conditions=conditions,
            invented=invented,
        )
        if self.aligns:
            own = still_met(conditions, own, rows.aligned(own.values, stream(seed, "aligned")))
        starts = starts_of(counts)[counts > 0]
        return still_met(conditions, own, rows.apart(own.values, starts, stream(seed, "apart")))

    def numbers(self, parents: Integers, counts: Integers, seed: Seed) -> Matrix | None:
        """Return the column that numbers the rows of each parent, where there is one."""
        near = self.table.sources.number
        if near is None:
            return None
        encoder = self.table.encoding.number(near.column)
        starts = np.append(self.predicted[f"{near.column}.first"], np.nan)[parents]
        numbers = near.draw(counts, starts, encoder, stream(seed, "numbers"))
        return Matrix((near.column,), (encoder.kind,), numbers[:, None])

    def _ends(self, parents: Integers) -> Floats | None:
        """Return the first and last moment predicted to each family."""
        order = None if self.table.rows is None else self.table.rows.order
        if order is None:
            return None
        ends = [self.predicted[f"{order.name}.{end}"] for end in ("first", "last")]
        return np.column_stack([np.append(end, np.nan)[parents] for end in ends])
