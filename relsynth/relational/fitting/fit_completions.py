"""Learn the columns that are drawn anew once all parents of a row are known."""

from __future__ import annotations

from collections.abc import Iterator
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
from relsynth.relational.fitting.fit_rows import RowsFit
from relsynth.relational.fitting.fit_sibling_join import SiblingJoinRows
from relsynth.relational.fitting.fitted import FittedLink
from relsynth.relational.links.explained import explained_columns
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.typing import Integers


@dataclass(frozen=True, slots=True)
class CompletionFit:
    """Learns the columns of one table that its linked parents tell of.

    Attributes
    ----------
    rows_fit : RowsFit
    database : Database
    context : Matrix, shape (n_parents, n_context)
        What is known of the generating parents.
    order : tuple of str
        Columns the rows of a generating parent are sorted by.
    sibling_join : SiblingJoinRows or None
    holders : Holders
    """

    rows_fit: RowsFit
    database: Database
    context: Matrix
    order: tuple[str, ...]
    sibling_join: SiblingJoinRows | None
    holders: Holders

    def columns(
        self,
        keys: list[ForeignKey],
        free: tuple[str, ...],
        unique: tuple[UniqueRule, ...],
        ranks: tuple[Rank, ...],
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return which columns to draw first, which rank the rows of a parent, and then.

        Parameters
        ----------
        keys : list of ForeignKey
        free : tuple of str
            Columns that may be changed once the rows are linked. All others follow a rank.
        unique : tuple of UniqueRule
        ranks : tuple of Rank
        """
        ranking = {rank.column for rank in ranks}
        bound = {name for rule in unique if rule.declared for name in rule.columns} - ranking
        encoders = self.rows_fit.made.encoding.encoders
        names = tuple(
            name
            for name in free
            if name not in {*bound, *self.order}
            and not isinstance(encoders[name], TextEncoder | KeyEncoder)
        )
        own, links = self.rows_fit.made.own, self.database.links
        following = {
            name for key in keys for name in explained_columns(own, links[key.name], names)
        }
        first = [rank.column for rank in ranks if rank.complete and rank.column in names]
        following = {*names} if first else following | ranking
        rest = [name for name in names if name in following and name not in first]
        return tuple(first), tuple(rest)

    def fit(
        self,
        links: list[tuple[ForeignKey, FittedLink, Matrix]],
        stages: tuple[tuple[str, ...], ...],
    ) -> Iterator[Completion]:
        """Learn the columns, stage by stage.

        Parameters
        ----------
        links : list of (ForeignKey, FittedLink, Matrix)
            Linked keys and what is known of the rows of their parents.
        stages : tuple of tuple of str
            Columns to draw one after the other.
        """
        table = self.rows_fit.made.step.table
        parents, context = self.database.links, self.rows_fit.made.step.context
        assert context is not None  # noqa: S101
        further = [
            _told(key, link, family, self.database.lineage(table), parents[key.name])
            for key, link, family in links
        ]
        join = self.sibling_join
        if join is not None:
            at = np.empty(len(join.sequence), np.int64)
            at[join.sequence] = np.arange(len(at))
            further.append(join.given.take(at))
        known = Known.of(
            self.database.features_of(table), parents[context.name], self.context, further
        )
        for number, names in enumerate(stages):
            if names:
                self.rows_fit.reasons.append(f"given all parents: {', '.join(names)}")
                later = tuple(name for stage in stages[number + 1 :] for name in stage)
                yield Completion.fit(known, names, later, self.order, self._rows)

    def _rows(
        self, own: Matrix, groups: Integers, context: Matrix, given: Given, some: Integers
    ) -> RowModel:
        return self.rows_fit.completion(
            own, groups, context, given, sibling_join=self.sibling_join, holders=self.holders[some]
        )


def _told(
    key: ForeignKey, link: FittedLink, family: Matrix, children: Matrix, rows: Integers
) -> Given:
    """Return what the parents of a linked key tell every row."""
    assert link.extension is not None  # noqa: S101
    summary = link.extension.layout.summarise(children, rows, len(family))
    parents = Matrix.join([family, link.extension.features(summary)])
    return Given(prefixed(parents.take(rows), key.name), ())
