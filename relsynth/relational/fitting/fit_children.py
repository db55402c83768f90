"""Learn the children of a generating parent: the summary it is to have, and rows that have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.metadata import ForeignKey
from relsynth.metadata.naming import is_about_parties
from relsynth.relational.children.inter_event import OrderColumn
from relsynth.relational.children.row_model import Given, RowModel
from relsynth.relational.children.sequence_number import in_number_order
from relsynth.relational.children.summary_model import ExtensionModel
from relsynth.relational.fitting.database import Database
from relsynth.relational.fitting.fit_rows import EXTENSION, RowsFit
from relsynth.relational.fitting.fit_sibling_join import SiblingJoinRows, fit_sibling_join
from relsynth.relational.fitting.prepared import PreparedTable
from relsynth.relational.fitting.protected import parent_holders
from relsynth.relational.sources.encoding import only
from relsynth.relational.sources.stored_order import StoredOrder
from relsynth.seeding import integer_seed, stream
from relsynth.sorting import lexical_order
from relsynth.typing import Integers, Tables


@dataclass(frozen=True, slots=True)
class FittedChildren:
    """What was learned of the children of a generating parent.

    Attributes
    ----------
    summaries : ExtensionModel
        Predicts the summary of every parent's children.
    summary : Matrix, shape (n_parents, n_features)
        That of the real children.
    context : Matrix, shape (n_parents, n_context)
        What the rows know of their parents.
    """

    summaries: ExtensionModel
    summary: Matrix
    rows: RowModel
    context: Matrix
    sibling_join: SiblingJoinRows | None
    stored: StoredOrder | None


@dataclass(frozen=True, slots=True)
class ChildrenFit:
    """Learns the rows of a table by those of its generating parent.

    Attributes
    ----------
    key : ForeignKey
        The one to the generating parent.
    holders : mapping of str to Holders
        Whose the rows of every table are.
    """

    key: ForeignKey
    rows_fit: RowsFit
    database: Database
    prepared: Mapping[str, PreparedTable]
    tables: Tables
    holders: Mapping[str, Holders]

    def fit(self) -> FittedChildren:
        """Learn the summaries, then the rows given the summaries."""
        made, rows_fit, database = self.rows_fit.made, self.rows_fit, self.database
        own, join, seed = made.own, made.step.sibling_join, rows_fit.seed
        parent, links = self.key.parent, database.links[self.key.name]
        alone = np.flatnonzero(links < 0)
        family = database.family(parent)
        groups = links.copy()
        groups[alone] = len(family) + np.arange(len(alone))
        order = self._find_order(groups)
        near = None if made.sources.number is None else made.sources.number.column
        sibling_join = None
        if join is not None:
            sibling_join = fit_sibling_join(
                join, self.prepared, self.tables, database, groups, family, rows_fit.join_counts
            )
            order = None if order is None or order.name not in join.columns else order
            rows_fit.reasons.append(f"sibling: {join}")
        summaries = ExtensionModel.fit(
            own,
            links,
            family,
            rows_fit.model(EXTENSION),
            order=None if order is None else order.name,
            numbered=near,
            known=() if join is None else join.columns,
            resamples=not is_about_parties(parent),
            short=join is None or not join.columns,
            holders=parent_holders(self.holders, self.key.child, parent),
            seed=integer_seed(seed, "extension"),
        )
        summary = summaries.layout.summarise(own, links, len(family))
        database.add_summary(parent, self.key.child, summary)
        summary = summaries.features(summary)
        context = Matrix.join([family, summary])
        given, stored, sequence = None, None, None
        if sibling_join is not None:
            sequence = sibling_join.sequence
        elif near is not None:
            sequence = lexical_order((own[near], groups))
            given = Given(only(own.take(sequence), (near,)), (near,))
            rows_fit.reasons.append(f"number: {near} counts the rows of one parent")
        elif order is None:
            frame = self.tables[self.key.child]
            stored = StoredOrder.find(frame, made.roles.modelled, groups)
            if stored is not None:
                sequence = stream(seed, "set").permutation(len(own))
                rows_fit.reasons.append(
                    f"set: rows of one parent are merely sorted by {stored.column}"
                )
        holders = self.holders[self.key.child]
        if sequence is not None:
            own, groups, holders = own.take(sequence), groups[sequence], holders[sequence]
        rows = rows_fit.rows(
            own,
            groups,
            context,
            order=order if sibling_join is None else None,
            sibling_join=sibling_join,
            given=given,
            holders=holders,
        )
        return FittedChildren(summaries, summary, rows, context, sibling_join, stored)

    def _find_order(self, groups: Integers) -> OrderColumn | None:
        """Return the column that orders siblings; it must not contradict one that counts them."""
        made = self.rows_fit.made
        own, encoding, near = made.own, made.encoding, made.sources.number
        find = partial(
            OrderColumn.find,
            steps=encoding.steps,
            decimals=encoding.decimals,
            holders=self.holders[self.key.child],
            seed=integer_seed(self.rows_fit.seed, "order"),
        )
        if near is None:
            return find(own, groups)
        others = only(own, [name for name in own.names if name != near.column])
        order = find(others, groups)
        if order is None or not in_number_order(own[near.column], own[order.name], groups):
            return None
        return order
