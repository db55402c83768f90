"""Learn the rows of one table: complete groups of them, by the model chosen, without drift."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.columns.relations.finders import KINDS
from relsynth.models.protocol import TableModel
from relsynth.relational.children.drift import drifting_column
from relsynth.relational.children.inter_event import OrderColumn
from relsynth.relational.children.parent_values import ParentValues
from relsynth.relational.children.row_fit import fit_row_model
from relsynth.relational.children.row_model import Given, RowModel
from relsynth.relational.fitting.fit_sibling_join import SiblingJoinRows
from relsynth.relational.fitting.prepared import PreparedTable
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Integers

# rows of complete families: twice as many take twice as long
MAX_ROWS = 200_000
MAX_CELLS = 6_000_000  # 48 MB of numbers
ROWS = "rows"
DRIFTING_ROWS = "drifting rows"
EXTENSION = "extension columns"

ModelChoice = Callable[[str, str, Matrix, Matrix, Integers], tuple[TableModel, str]]


@dataclass(slots=True)
class RowsFit:
    """Fits what belongs to the rows of one table.

    Attributes
    ----------
    choose : callable
        Gives the unfitted model for a table, a purpose (``ROWS``, ``DRIFTING_ROWS`` or
        ``EXTENSION``), its rows, their context and groups; and the reason.
    note_parent_values : callable
        Called with what values are private to families of the table, before its rows are learned.
    relations : container of str
        Kinds of relations between columns to look for.
    ranked : tuple of str
        Columns whose values are ranked once the rows are linked.
    reasons : list of str
        Decisions taken on the way, in plain words.
    """

    made: PreparedTable
    choose: ModelChoice
    seed: Seed
    note_parent_values: Callable[[ParentValues | None], None]
    relations: Container[str] = KINDS
    ranked: tuple[str, ...] = ()
    reasons: list[str] = field(default_factory=list)

    def model(self, purpose: str) -> Callable[[Matrix, Matrix, Integers], TableModel]:
        """Return what gives the unfitted model for a purpose."""

        def new_model(rows: Matrix, context: Matrix, groups: Integers) -> TableModel:
            table = self.made.step.table
            model, reason = self.choose(table, purpose, rows, context, groups)
            if reason and purpose == ROWS:
                self.reasons.append(f"{purpose}: {reason}")
            return model

        return new_model

    def rows(
        self,
        own: Matrix,
        groups: Integers | None,
        context: Matrix | None,
        *,
        order: OrderColumn | None = None,
        sibling_join: SiblingJoinRows | None = None,
        given: Given | None = None,
        holders: Holders | None = None,
    ) -> RowModel:
        """Learn the rows of the table; see `fit_row_model`."""
        encoding, reasons = self.made.encoding, self.reasons
        steps, decimals = encoding.steps, encoding.decimals
        if sibling_join is not None:
            given = sibling_join.given
            steps, decimals = {**steps, **sibling_join.steps}, {**decimals, **sibling_join.decimals}
        known = () if given is None else given.known
        invented = (name for name in encoding.invents if name not in known)
        parent_values = ParentValues.find(own, groups, tuple(invented))
        private = parent_values if parent_values.shared else None
        self.note_parent_values(private)
        if groups is not None and context is not None:
            some, groups, context = self._some_groups(own, groups, context, given)
            own, given = own.take(some), None if given is None else given.take(some)
            holders = None if holders is None else holders[some]
        fit_rows = partial(
            fit_row_model,
            own,
            self.made.n_hidden,
            steps=steps,
            decimals=decimals,
            groups=groups,
            context=context,
            order=order,
            given=given,
            parent_values=private,
            relations_of=self.relations,
            ranked=self.ranked,
            holders=holders,
            seed=integer_seed(self.seed, "rows"),
        )
        fitted = fit_rows(self.model(ROWS))
        if groups is not None and context is not None and given is None:
            fitted = self._without_drift(fitted, fit_rows, own, groups, context)
        reasons.extend(f"parent-specific: {note}" for note in parent_values.notes)
        reasons.extend(f"relation: {note}" for note in fitted.relations.notes)
        if fitted.order is not None:
            reasons.append(f"order: rows of one parent follow {fitted.order.name}")
        if fitted.baseline is not None:
            reasons.extend(f"baseline: {note}" for note in fitted.baseline.notes)
        if fitted.trends is not None:
            reasons.extend(f"trend: {note}" for note in fitted.trends.notes)
        return fitted

    def completion(
        self,
        own: Matrix,
        groups: Integers,
        context: Matrix,
        given: Given,
        *,
        sibling_join: SiblingJoinRows | None,
        holders: Holders,
    ) -> RowModel:
        """Learn some columns of rows of which the others are given; see `Completion`."""
        encoding = self.made.encoding
        steps, decimals = encoding.steps, encoding.decimals
        if sibling_join is not None:
            steps, decimals = {**steps, **sibling_join.steps}, {**decimals, **sibling_join.decimals}
        some, groups, context = self._some_groups(own, groups, context, given)
        return fit_row_model(
            own.take(some),
            0,
            self.model(DRIFTING_ROWS),
            steps=steps,
            decimals=decimals,
            groups=groups,
            context=context,
            given=given.take(some),
            relations_of=self.relations,
            holders=holders[some],
            seed=integer_seed(self.seed, "completion"),
        )

    def join_counts(
        self,
        own: Matrix,
        groups: Integers,
        context: Matrix,
        *,
        given: Given | None = None,
        name: str,
    ) -> RowModel:
        """Learn rows that are no table of their own; see `FitRows`."""
        some, groups, context = self._some_groups(own, groups, context, given)
        own, given = own.take(some), None if given is None else given.take(some)
        return fit_row_model(
            own,
            len(own.names),
            self.model(EXTENSION),
            steps={},
            decimals={},
            groups=groups,
            context=context,
            given=given,
            seed=integer_seed(self.seed, name),
        )

    def _without_drift(
        self,
        fitted: RowModel,
        fit_rows: Callable[..., RowModel],
        own: Matrix,
        groups: Integers,
        context: Matrix,
    ) -> RowModel:
        """Return rows that trees have learned where those of another model drift."""
        model, reason = self.choose(self.made.step.table, DRIFTING_ROWS, own, context, groups)
        if type(model) is type(fitted.model):
            return fitted
        seed = integer_seed(self.seed, "drift")
        column = drifting_column(fitted, own, groups, context, seed)
        if column is None:
            return fitted
        self.reasons.append(f"{ROWS}: {reason}, because {column} drifts from sibling to sibling")
        return fit_rows(lambda rows, context, groups: model)

    def _some_groups(
        self, own: Matrix, groups: Integers, context: Matrix, given: Given | None
    ) -> tuple[Integers, Integers, Matrix]:
        """Return rows of complete groups that fit the limits, their groups from 0, and context."""
        width = len(context.names) + 4 * len(own.names)
        width += 0 if given is None else len(given.context.names)
        some = _whole_groups(groups, min(MAX_ROWS, MAX_CELLS // width), self.seed)
        members, groups = np.unique(groups[some], return_inverse=True)
        return some, groups, context.take(np.where(members < len(context), members, -1))


def _whole_groups(groups: Integers, limit: int, seed: Seed) -> Integers:
    """Return rows of complete groups, chosen at random, at most about `limit` of them."""
    if len(groups) <= limit:
        return np.arange(len(groups))
    sizes = np.bincount(groups)
    order = stream(seed, "groups").permutation(len(sizes))
    chosen = np.zeros(len(sizes), bool)
    chosen[order[: np.searchsorted(np.cumsum(sizes[order]), limit) + 1]] = True
    return np.flatnonzero(chosen[groups])
