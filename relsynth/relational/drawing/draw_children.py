"""Draw the children of a generating parent: summaries for the parents, then rows that have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.groups import starts_of
from relsynth.relational.children.rejection import most_moments, on_moment, too_rare
from relsynth.relational.children.row_model import RowModel
from relsynth.relational.children.summary_model import ExtensionModel
from relsynth.relational.drawing.child_counts import ChildCounts
from relsynth.relational.drawing.conditioned import select_rows
from relsynth.relational.drawing.families import DrawnFamilies
from relsynth.relational.drawing.referring import Referring
from relsynth.relational.drawing.shared_columns import has_feasible_parents
from relsynth.relational.drawing.taken import is_kept
from relsynth.relational.sources.conditions import Conditions
from relsynth.seeding import stream
from relsynth.typing import Floats, Integers


@dataclass(frozen=True, slots=True)
class ChildrenDraw:
    """Draws the rows of a table by those of its generating parent.

    Attributes
    ----------
    rows, summaries : RowModel, ExtensionModel
        What was learned of them.
    """

    counts: ChildCounts
    rows: RowModel
    summaries: ExtensionModel

    def draw(self, wanted: int | None) -> tuple[Matrix, Matrix]:
        """Return the rows, of an exact number if so wanted, and what they know of the parents."""
        counting, drawn, table = self.counts, self.counts.drawn, self.counts.table
        key, seed = counting.key, counting.seed
        family = drawn.database.family(key.parent)
        predicted = table.predicted
        if predicted is None or not is_kept(key.parent, drawn):
            summaries = self.summaries
            draw = summaries.balanced if drawn.is_usual(key) else summaries.sample
            predicted = draw(family, stream(seed, "extension"))
        counts = predicted.values[:, 0].astype(np.int64)
        able = has_feasible_parents(drawn, key)
        counts, room = counts * able, np.where(able, np.inf, 0.0)
        aligns = not drawn.is_selected(table.name) and key.parent not in drawn.given
        families = DrawnFamilies(table, family, predicted, aligns)
        context = Matrix.join([family, predicted])
        usual, asked = counting.usual(counts), drawn.conditions.get(table.name)
        if asked is not None and on_moment(self.rows.order, asked):
            room = np.minimum(room, most_moments(self.rows.order, asked))
        else:
            referring = Referring.to_selected(drawn, table, counting.step, seed)
            if asked is not None or referring is not None:
                whole = counting.totals(counts, None, room, usual)
                asked = Conditions(table.name, {}) if asked is None else asked
                return self._select(families, *whole, room, asked, referring, wanted), context
        counts, alone = counting.totals(counts, wanted, room, usual)
        groups = np.concatenate([np.arange(len(family)), np.full(alone, -1)])
        counts = np.concatenate([counts, np.ones(alone, np.int64)])
        own = families.draw(groups, counts, seed, conditions=asked)
        self._note_parents(np.repeat(groups, counts), counts)
        return own, context

    def _select(
        self,
        families: DrawnFamilies,
        counts: Integers,
        alone: int,
        room: Floats,
        conditions: Conditions,
        referring: Referring | None,
        wanted: int | None,
    ) -> Matrix:
        """Draw the children that meet conditions, from whole families of given sizes."""
        counting, seed = self.counts, self.counts.seed
        selection = select_rows(families, counts, alone, conditions, referring, wanted, seed)
        available, whole = selection.available, float(counts.sum())
        room = np.minimum(room, available[:-1])
        share_alone = alone / max(whole + alone, 1)
        if wanted is not None and wanted - round(wanted * share_alone) > room.sum():
            raise too_rare(conditions, len(selection.rows), selection.drawn, wanted)
        counts, alone = counting.totals(selection.weights, wanted, room, min(whole, room.sum()))
        if alone > available[-1] and wanted is not None:
            raise too_rare(conditions, len(selection.rows), selection.drawn, wanted)
        alone = min(alone, int(available[-1]))
        own, parents = selection.take(counts, alone, seed)
        self._note_parents(parents, np.concatenate([counts, np.ones(alone, np.int64)]))
        return own

    def _note_parents(self, parents: Integers, sizes: Integers) -> None:
        """Keep the parent of every row, and its place among its siblings."""
        drawn, key = self.counts.drawn, self.counts.key
        drawn.database.links[key.name] = parents
        starts = starts_of(sizes)
        drawn.positions[key.child] = np.arange(len(parents)) - np.repeat(starts, sizes)
