"""Learn the columns of rows that are ranked inside a linked parent, given the rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.key_encoder import KeyEncoder
from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.columns.text import TextEncoder
from relsynth.metadata import ForeignKey
from relsynth.relational.children.completion import Completion, Known
from relsynth.relational.children.ranks import Rank
from relsynth.relational.children.row_model import Given, RowModel
from relsynth.relational.fitting.database import Database, prefixed
from relsynth.relational.fitting.fit_children import FittedChildren
from relsynth.relational.fitting.fit_rows import RowsFit
from relsynth.relational.fitting.fitted import FittedLink
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.typing import Integers


@dataclass(frozen=True, slots=True)
class CompletionFit:
    """Learns the columns of one table that are drawn once its rows are linked and ranked.

    Attributes
    ----------
    order : tuple of str
        Columns the rows of a generating parent are sorted by.
    """

    rows_fit: RowsFit
    database: Database
    children: FittedChildren
    order: tuple[str, ...]
    holders: Holders

    def columns(
        self, free: tuple[str, ...], unique: tuple[UniqueRule, ...], ranks: tuple[Rank, ...]
    ) -> tuple[str, ...]:
        """Return what to draw given a rank that every row has; nothing where there is none.

        Parameters
        ----------
        free : tuple of str
            Columns that may be changed once the rows are linked.
        """
        known = {rank.column for rank in ranks if rank.complete}
        if not known:
            return ()
        ranking = {rank.column for rank in ranks}
        bound = {name for rule in unique if rule.declared for name in rule.columns} - ranking
        encoders = self.rows_fit.made.encoding.encoders
        return tuple(
            name
            for name in free
            if name not in {*bound, *self.order, *known}
            and not isinstance(encoders[name], TextEncoder | KeyEncoder)
        )

    def fit(
        self, columns: tuple[str, ...], links: list[tuple[ForeignKey, FittedLink, Matrix]]
    ) -> Completion:
        """Learn the columns.

        Parameters
        ----------
        links : list of (ForeignKey, FittedLink, Matrix)
            Linked keys and what is known of the rows of their parents.
        """
        table = self.rows_fit.made.step.table
        parents, context = self.database.links, self.rows_fit.made.step.generating
        further = [
            _features(key, link, family, self.database.lineage(table), parents[key.name])
            for key, link, family in links
        ]
        join = self.children.sibling_join
        if join is not None:
            at = np.empty(len(join.sequence), np.int64)
            at[join.sequence] = np.arange(len(at))
            further.append(join.given.take(at))
        known = Known.of(
            self.database.features_of(table), parents[context.name], self.children.context, further
        )
        self.rows_fit.reasons.append(f"given the rank and all parents: {', '.join(columns)}")
        return Completion.fit(known, columns, self.order, self._rows)

    def _rows(
        self, own: Matrix, groups: Integers, context: Matrix, given: Given, some: Integers
    ) -> RowModel:
        return self.rows_fit.completion(
            own,
            groups,
            context,
            given,
            sibling_join=self.children.sibling_join,
            holders=self.holders[some],
        )


def _features(
    key: ForeignKey, link: FittedLink, family: Matrix, children: Matrix, rows: Integers
) -> Given:
    """Return what is known of every row by its parent of a linked key."""
    summary = link.summaries.layout.summarise(children, rows, len(family))
    parents = Matrix.join([family, link.summaries.features(summary)])
    return Given(prefixed(parents.take(rows), key.name), ())
