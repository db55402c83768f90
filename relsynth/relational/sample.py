"""Draw a database: parents first, then their children, then the links between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.metadata import ForeignKey, Metadata, Plan, TablePlan
from relsynth.relational.children.counts import fit_total
from relsynth.relational.children.rejection import sample_roots
from relsynth.relational.drawing.child_counts import ChildCounts
from relsynth.relational.drawing.draw_children import ChildrenDraw
from relsynth.relational.drawing.draw_completion import complete
from relsynth.relational.drawing.draw_links import draw_link, settle_lookup
from relsynth.relational.drawing.draw_sibling_join import SiblingJoinDraw
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.drawing.repeating import Repeating
from relsynth.relational.drawing.ruled import compose, follow, keep_rules
from relsynth.relational.drawing.shared_columns import has_feasible_parents, shares_columns
from relsynth.relational.drawing.taken import (
    among_given,
    below_given,
    leave_out,
    summarise_for_linked,
    summarise_for_parent,
    take_over,
)
from relsynth.relational.fitting.database import Database
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.fitting.prepared import lookup_name
from relsynth.relational.links.quotas import meet_counts
from relsynth.relational.requests import KeyBlocks, Request
from relsynth.relational.sources.aggregates import is_faithful, realised
from relsynth.relational.sources.conditions import Conditions
from relsynth.relational.sources.encoding import only
from relsynth.relational.sources.moment_features import moments_of
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.relational.unique.enforce import enforce_unique
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.sorting import lexical_order
from relsynth.typing import Floats, Integers, Shown, Tables

MENDING_ROUNDS = 5  # rounds over all rules, as one may break another; each costs a pass


def draw_database(
    fitted: Mapping[str, FittedTable],
    metadata: Metadata,
    plan: Plan,
    whole: Plan,
    request: Request,
    *,
    given: Tables,
    seed: Seed,
    keys: KeyBlocks,
    shown: Shown | None = None,
) -> DrawnDatabase:
    """Draw all tables of a plan; parameters as for `sample_tables`."""
    fitted = dict(fitted)
    moments = {name: moments_of(table.encoding.encoders) for name, table in fitted.items()}
    database = Database(whole, moments=moments)
    drawn = DrawnDatabase(database, fitted, conditions=request.conditions)
    steps = whole.steps if shown is None else shown(whole.steps, len(whole.steps))
    for step in steps:
        fitted[step.table] = table = _among_drawn(drawn, fitted[step.table], step)
        if step.table not in plan.order:
            leave_out(drawn, table, step)
        elif step.table in given:
            take_over(drawn, metadata, table, step, given[step.table])
        elif table.kept is not None:
            take_over(drawn, metadata, table, step, table.kept.frame)
        else:
            own_seed = integer_seed(seed, "sample", step.table)
            _TableDraw(drawn, step, own_seed, request, keys).draw()
    for step in plan.steps:
        if step.table not in drawn.given:
            late_seed = integer_seed(seed, "deferred", step.table)
            _assign(drawn, step, late=True, seed=late_seed)
            keep_rules(drawn, fitted[step.table], step, late_seed, late=True)
    for step in reversed(plan.steps):
        _sum_up(drawn, step)
    return drawn


def _among_drawn(drawn: DrawnDatabase, table: FittedTable, step: TablePlan) -> FittedTable:
    """Return a table whose dates have their places among those of the drawn parents."""
    parents = {key.name: key.parent for key in step.linked}
    dates = {
        repeat.column: drawn.column(parents[repeat.key], repeat.source)
        for repeat in table.sources.repeats
        if repeat.key in parents and parents[repeat.key] in {**drawn.columns, **drawn.given}
    }
    found = {name: column for name, column in dates.items() if column is not None}
    return replace(table, encoding=table.encoding.among(found)) if found else table


def _sum_up(drawn: DrawnDatabase, step: TablePlan) -> None:
    """Let columns of the parents of a table say what its rows turned out to be.

    Those of a linked parent do so where that leaves their distribution as it is.
    """
    table = drawn.fitted[step.table]
    keys = {key.name: key for key in (step.context, *step.linked) if key is not None}
    summed: list[tuple[str, str, pd.Series]] = []
    for total in table.totals:
        parent = keys[total.key].parent if total.key in keys else None
        if step.table in drawn.given or parent is None or parent in drawn.given:
            continue
        child = drawn.columns[step.table], table.encoding
        own = drawn.columns[parent]
        links = drawn.database.links[total.key]
        encoding = drawn.fitted[parent].encoding
        made = realised(total, links, child, (own, encoding))
        generated = step.context is not None and total.key == step.context.name
        if generated or is_faithful(total, own[total.target], made, encoding):
            summed.append((parent, total.target, made))
    for parent, target, made in summed:
        follow(drawn, drawn.fitted[parent], target, made)
    for parent, target, made in summed:
        drawn.columns[parent][target] = made


@dataclass(slots=True)
class _TableDraw:
    drawn: DrawnDatabase
    step: TablePlan
    seed: int
    request: Request
    keys: KeyBlocks

    @property
    def table(self) -> FittedTable:
        return self.drawn.fitted[self.step.table]

    def draw(self) -> None:
        table, database = self.table, self.drawn.database
        wanted = self.request.rows.get(table.name)
        key, sibling_join, context = self.step.context, None, None
        if key is None:
            own = self._draw_roots(self._root_rows(wanted))
            own = below_given(self.step, own, self.drawn)
            self.drawn.positions[table.name] = np.zeros(len(own), np.int64)
        else:
            aim = self.request.aims.get(table.name)
            counts = ChildCounts(self.drawn, self.step, key, self.seed, aim)
            if self.step.sibling_join is not None:
                family = database.family(key.parent)
                sibling_join = SiblingJoinDraw(self.drawn, table, self.step, family, self.seed)
                room, usual = sibling_join.room, sibling_join.usual
                own = sibling_join.draw(
                    *counts.totals(sibling_join.per_parent, wanted, room, usual)
                )
                self.drawn.partners[table.name] = sibling_join.source
                context = sibling_join.context
            else:
                children = ChildrenDraw(counts, table.row_model, table.summaries)
                own, context = children.draw(wanted)
        database.own[table.name] = own
        database.note_parent_values(table.name, table.row_model.parent_values)
        self.drawn.columns[table.name] = table.encoding.decode(
            own.columns(slice(table.row_model.hidden, None)), stream(self.seed, "values")
        )
        if table.sources.number is not None:
            number = table.sources.number.column
            shown = table.sources.number.show(own[number], table.encoding.number(number))
            self.drawn.columns[table.name][number] = shown
        repeating = Repeating(self.drawn, self.step, self.seed)
        repeating.copy_context()
        if sibling_join is not None:
            sibling_join.copy_keys(self.drawn.columns[table.name])
        self.drawn.issue(table.name, self.keys.seed, self.keys.starts.get(table.name, 0))
        self._look_up()
        _assign(self.drawn, self.step, late=False, seed=self.seed)
        repeating.follow_parents()
        if table.completion is not None and context is not None and self.conditions is None:
            given = None if sibling_join is None else sibling_join.given
            complete(table.completion, self.drawn, self.step, context, given, self.seed)
            columns = set(table.completion.columns)
            repeating.rank([rank for rank in table.ranks if rank.column in columns])
            mended = [rule for rule in table.unique if columns & set(rule.columns)]
            _mend(self.drawn, self.step, mended, self.seed)
        keep_rules(self.drawn, table, self.step, self.seed, late=False)
        self._store_in_order()
        compose(self.drawn, table, self.keys.starts)
        if key is not None:
            summarise_for_parent(self.drawn, table, key)
        summarise_for_linked(self.drawn, table, self.step)

    @property
    def conditions(self) -> Conditions | None:
        return self.drawn.conditions.get(self.step.table)

    def _draw_roots(self, count: int) -> Matrix:
        if self.conditions is None:
            return self.table.row_model.sample(count, self.seed)
        return sample_roots(self.table.row_model, count, self.conditions, self.seed)

    def _root_rows(self, wanted: int | None) -> int:
        """Return the number of rows of a root; one where less than one is asked for."""
        if wanted is not None:
            return wanted
        part = self.table.n_rows * self.request.scale
        if 0 < part < 1:
            self.drawn.part[self.table.name] = part
        return max(round(part), min(self.table.n_rows, 1))

    def _store_in_order(self) -> None:
        """Store the rows as the real ones are; keys issued by row stay in place."""
        table, database, context = self.table, self.drawn.database, self.step.context
        if table.rows is None:
            return
        columns, by = self.drawn.columns[table.name], table.rows.order
        if context is not None:
            links = database.links[context.name]
            if table.stored is not None:
                self._reorder(table.stored.sequence(columns[table.stored.column], links))
            elif by is not None and any(
                common.column == by.name for common in table.sources.common
            ):
                family = np.cumsum(np.diff(links, prepend=0) != 0)
                self._reorder(lexical_order((database.own[table.name][by.name], family)))
        if table.row_order is not None:
            own, name = database.own[table.name], table.row_order.column
            alone = np.arange(len(own))
            groups = alone if context is None else database.links[context.name]
            moments = own[name] if name else None
            rng = stream(self.seed, "stored")
            self._reorder(table.row_order.sequence(moments, groups, rng))

    def _reorder(self, order: Integers) -> None:
        """Put the drawn rows in another order; keys issued by row stay, numbers of lines go."""
        table, database = self.table, self.drawn.database
        columns, numbering = self.drawn.columns[table.name], table.roles.numbering
        database.own[table.name] = database.own[table.name].take(order)
        for name, column in columns.items():
            columns[name] = column.iloc[order].reset_index(drop=True)
        for key in self.step.early:
            database.links[key.name] = database.links[key.name][order]
        if numbering is not None:
            issued = self.drawn.issued[table.name]
            numbers = issued[numbering.column].iloc[order]
            issued[numbering.column] = numbers.reset_index(drop=True)

    def _look_up(self) -> None:
        """Link the rows to the kept tables whose rows were drawn with them."""
        own, links = self.drawn.database.own[self.step.table], self.drawn.database.links
        for key in self.step.lookups:
            at = own.names.index(lookup_name(key))
            codes = own.values[:, at]
            rows = np.where(np.isnan(codes), -1, codes).astype(np.int64)
            if key.name in self.table.kept_counts and self.conditions is None:
                codes[:] = self._counted(key, rows)
                rows = np.where(np.isnan(codes), -1, codes).astype(np.int64)
            rng = stream(self.seed, "given", key.name)
            links[key.name] = among_given(key, rows, self.drawn, rng)
            if shares_columns(key, self.drawn):
                rng = stream(self.seed, "lookup", key.name)
                links[key.name] = rows = settle_lookup(key, self.drawn, rng)
                own.values[:, at] = np.where(rows >= 0, rows, np.nan)

    def _counted(self, key: ForeignKey, rows: Integers) -> Floats:
        """Return kept rows with numbers of children as in the real data."""
        own, rng = self.drawn.database.own[self.step.table], stream(self.seed, "counts", key.name)
        real, hidden = self.table.kept_counts[key.name], lookup_name(key)
        wanted = fit_total(real, int((rows >= 0).sum()), rng)
        features = only(own, [name for name in own.names if name != hidden])
        changed = meet_counts(rows, wanted, features, rng)
        return np.where(changed >= 0, changed, np.nan)


def _assign(drawn: DrawnDatabase, step: TablePlan, *, late: bool, seed: int) -> None:
    """Assign the linked or the deferred keys, then mend what must be unique."""
    table, links = drawn.fitted[step.table], drawn.database.links
    keys = {key.name: key for key in (step.deferred if late else step.linked)}
    for link in table.links:
        if link.key in keys:
            key = keys[link.key]
            able = has_feasible_parents(drawn, key)
            links[key.name] = draw_link(link, key, drawn, able, seed)
    deferred = {key.name for key in step.deferred}
    rules = [rule for rule in table.unique if (late or not deferred & set(rule.keys))]
    if keys or not late:
        _mend(drawn, step, rules, seed)
    ranks = [rank for rank in table.ranks if (rank.key in deferred) == late]
    Repeating(drawn, step, seed).rank(ranks)


def _mend(drawn: DrawnDatabase, step: TablePlan, rules: list[UniqueRule], seed: int) -> None:
    """Mend what must be unique, the declared last.

    One rule may break another: all are looked at again.
    """
    ranks = drawn.fitted[step.table].ranks
    rules = [rule for rule in rules if not any(rank.keeps(rule) for rank in ranks)]
    rules.sort(key=lambda rule: rule.declared)
    for number in range(MENDING_ROUNDS):
        mended = [
            enforce_unique(
                rule, drawn, step, stream(seed, "unique", number, *rule.keys, *rule.columns)
            )
            for rule in rules
        ]
        if not any(mended):
            break
