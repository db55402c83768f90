"""Learn a database: one table after the other in the order of the plan."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from relsynth.columns.dtype import Dtype
from relsynth.columns.key_learning import learn_format
from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.columns.relations.finders import KINDS
from relsynth.columns.relations.fitted import Relations
from relsynth.metadata import Column, ForeignKey, Metadata, Plan, TablePlan
from relsynth.relational.children.completion import Completion
from relsynth.relational.children.ranks import Rank, find_ranks
from relsynth.relational.children.row_model import RowModel
from relsynth.relational.fitting.database import Database
from relsynth.relational.fitting.fit_children import ChildrenFit, FittedChildren
from relsynth.relational.fitting.fit_completion import CompletionFit
from relsynth.relational.fitting.fit_links import LinkFit
from relsynth.relational.fitting.fit_rows import ModelChoice, RowsFit
from relsynth.relational.fitting.fit_rules import fit_composed, fit_rules
from relsynth.relational.fitting.fit_sibling_join import SiblingJoinRows
from relsynth.relational.fitting.fit_unique import find_unique_rules
from relsynth.relational.fitting.fitted import FittedLink, FittedTable, order_column
from relsynth.relational.fitting.prepared import PreparedTable, prepare
from relsynth.relational.fitting.task_graph import KnownTables, Results, side_by_side
from relsynth.relational.rules.find import KINDS as ACROSS_ROWS
from relsynth.relational.sources.aggregates import Total, find_totals, independent
from relsynth.relational.sources.folds import CALENDAR
from relsynth.relational.sources.kept import KeptRows
from relsynth.relational.sources.moment_features import moments_of
from relsynth.relational.sources.row_order import RowOrder
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.seeding import Seed, integer_seed
from relsynth.typing import Integers, Tables

RELATIONS = (CALENDAR, *KINDS, *ACROSS_ROWS)


def fit_database(
    tables: Tables,
    metadata: Metadata,
    plan: Plan,
    links: Mapping[str, Integers],
    choose: ModelChoice,
    seed: Seed,
    holders: Mapping[str, Holders],
    relations: Container[str] = RELATIONS,
    workers: int = 1,
    originals: Tables | None = None,
) -> Iterator[FittedTable]:
    """Learn every table.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Checked against the metadata.
    links : mapping of str to ndarray of int
        Parent row of every child row by key name; see `parent_rows`.
    choose : callable
        Gives unfitted models; see `RowsFit`.
    holders : mapping of str to Holders
        Whose the rows of every table are.
    relations : container of str
        Kinds of rules to look for, in rows and across them.
    workers : int
        Threads that learn tables side by side; see `KnownTables`.
    originals : mapping of str to DataFrame, optional
        The tables before values were taken apart for protection, if they were.

    Yields
    ------
    FittedTable
        In the order of the plan.
    """
    database = Database(plan, links=dict(links))

    def prepared_table(name: str) -> PreparedTable:
        prepare_seed = integer_seed(seed, "prepare", name)
        step = plan[name]
        return prepare(
            metadata, plan, step, tables, database.links, holders, relations, prepare_seed,
            (originals or tables)[name],
        )  # fmt: skip

    names = tuple(step.table for step in plan.steps)
    prepared = dict(zip(names, side_by_side(prepared_table, names, workers), strict=True))
    for name, made in prepared.items():
        database.own[name] = made.own
        database.moments[name] = moments_of(made.encoding.encoders)
    results = {name: Results.expected(plan[name]) for name in plan.order}

    def fitted_table(name: str) -> FittedTable:
        known = KnownTables.of(name, database, results)

        def learn() -> FittedTable:
            return _TableFit(
                metadata, plan, prepared, name, tables, known, choose, seed, holders, relations
            ).fit()

        return results[name].complete(learn)

    yield from side_by_side(fitted_table, tuple(plan.order), workers)


@dataclass(slots=True)
class _TableFit:
    metadata: Metadata
    plan: Plan
    prepared: Mapping[str, PreparedTable]
    name: str
    tables: Tables
    database: KnownTables
    choose: ModelChoice
    seed: Seed
    holders: Mapping[str, Holders]
    relations: Container[str]
    ranks: tuple[Rank, ...] = field(init=False)
    rows_fit: RowsFit = field(init=False)
    rows: RowModel | None = field(init=False, default=None)
    features: Mapping[str, Matrix] = field(init=False, default_factory=dict)
    children: FittedChildren | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.seed = integer_seed(self.seed, "fit", self.name)
        self.ranks = () if self.step.kept else tuple(self._find_ranks())
        ranked = tuple(rank.column for rank in self.ranks)
        note = partial(self.database.note_parent_values, self.name)
        self.rows_fit = RowsFit(self.made, self.choose, self.seed, note, self.relations, ranked)

    @property
    def made(self) -> PreparedTable:
        return self.prepared[self.name]

    @property
    def step(self) -> TablePlan:
        return self.made.step

    @property
    def frame(self) -> pd.DataFrame:
        return self.tables[self.step.table]

    def fit(self) -> FittedTable:
        made, step = self.made, self.step
        reasons = self.rows_fit.reasons
        if not step.kept:
            self.features = {key.name: self.database.family(key.parent) for key in step.linked}
        rows, predicted, most, null_rows = None, None, 0, 0
        if not step.kept and step.context is None:
            rows = self.rows_fit.rows(made.own, None, None, holders=self.holders[step.table])
        elif step.context is not None:
            self.children = ChildrenFit(
                step.context, self.rows_fit, self.database, self.prepared, self.tables, self.holders
            ).fit()
            rows = self.children.rows
            if self.plan[step.context.parent].kept and self.sibling_join is None:
                predicted = self.children.summary
            links = self.database.links[step.context.name]
            null_rows = int((links < 0).sum())
            most = int(np.bincount(links[links >= 0]).max(initial=0))
            reasons.extend(
                f"copy: {name} repeats {step.context.parent}.{source}"
                for name, source in made.sources.copied.items()
            )
        self.rows = rows
        reasons.extend(f"copy: {repeat.note}" for repeat in made.sources.repeats)
        reasons.extend(f"common: {common.note}" for common in made.sources.common)
        totals = () if step.kept else tuple(self._totals(made.sources.copied))
        reasons.extend(f"total: {total.note}" for total in totals)
        columns = self.metadata.tables[step.table].columns
        unique = (
            () if step.kept else find_unique_rules(self.metadata, made, self.tables, self.database)
        )
        ranks = tuple(rank for rank in self.ranks if rank.column in self._free)
        reasons.extend(f"rank: {rank.note}" for rank in ranks)
        link_models = () if step.kept else self._fit_links()
        completion = self._fit_completion(link_models, unique, ranks)
        children, join = self.children, self.sibling_join
        modelled = set(made.roles.modelled).difference(made.roles.foreign)
        unmodelled = [name for name in self.frame.columns if name not in modelled]
        fitted = FittedTable(
            name=step.table,
            columns=tuple(self.frame.columns),
            n_rows=len(self.frame),
            kept=self._kept_rows() if step.kept else None,
            roles=made.roles,
            encoding=made.encoding.following(() if rows is None else rows.relations.followed),
            key_formats={
                name: learn_format(self.frame[name], columns[name], self.holders[step.table].locale)
                for name in made.roles.issued
            },
            dtypes={name: Dtype.open(self.frame[name]) for name in unmodelled},
            rows=rows,
            extension=None if children is None else children.summaries,
            predicted=predicted,
            sources=made.sources,
            most=most,
            null_rows=null_rows,
            links=link_models,
            unique=unique,
            reasons=tuple(reasons),
            join_counts=None if join is None else join.join_counts,
            ceilings={name: _ceiling(columns[name]) for name in made.roles.modelled},
            totals=totals,
            stored=None if children is None else children.stored,
            row_order=None if step.kept else self._row_order(),
            ranks=ranks,
            completion=completion,
            kept_counts={key.name: self._counts(key) for key in step.lookups},
        )
        rules = fit_rules(
            fitted,
            self.tables,
            self.prepared,
            self.database,
            self.relations,
            self.holders[step.table],
            self.seed,
        )
        composed = fit_composed(fitted, self.frame, step, self.relations, _personal(columns))
        said = [*(rule.note for rule in rules), *(rule.note for rule in composed)]
        notes = tuple(f"rule: {note}" for note in said)
        return replace(fitted, rules=rules, composed=composed, reasons=fitted.reasons + notes)

    @property
    def sibling_join(self) -> SiblingJoinRows | None:
        return None if self.children is None else self.children.sibling_join

    def _kept_rows(self) -> KeptRows:
        table, locale = self.metadata.tables[self.name], self.holders[self.name].locale
        return KeptRows.of(self.frame, table, locale, self.seed)

    def _row_order(self) -> RowOrder | None:
        if self.step.sibling_join is not None:
            return None
        context, moments = self.step.context, self.made.encoding.steps
        groups = None if context is None else self.database.links[context.name]
        return RowOrder.find(self.made.own, moments, groups)

    def _counts(self, key: ForeignKey) -> Integers:
        links = self.database.links[key.name]
        return np.bincount(links[links >= 0], minlength=len(self.tables[key.parent]))

    def _totals(self, copied: Mapping[str, str]) -> Iterator[Total]:
        """Find columns of parents learned before that sum up the rows of the table."""
        for key in (self.step.context, *self.step.linked):
            parent = None if key is None else self.database.before(key.parent)
            if key is None or parent is None:
                continue
            summed = {
                repeat.source for repeat in self.made.sources.repeats if repeat.key == key.name
            }
            targets = parent.free_columns - {copied[name] for name in copied} - summed
            found = find_totals(
                key,
                self.database.links[key.name],
                (self.frame, self.made.encoding),
                (self.tables[key.parent], parent.encoding),
                tuple(name for name in parent.columns if name in targets),
                copied if key == self.step.context else {},
            )
            rows = parent.rows
            yield from independent(found, () if rows is None else _binding(rows.relations, found))

    def _fit_links(self) -> tuple[FittedLink, ...]:
        """Learn the other keys; one to the context's parents knows what children these have."""
        context = self.step.context
        for key in self.step.linked:
            if context is not None and key.parent == context.parent:
                self.features = {**self.features, key.name: self.database.family(key.parent)}
        return LinkFit(
            self.rows_fit,
            self.database,
            self.features,
            self.holders,
            self._order_of,
            self.sibling_join,
            self._free,
        ).fit()

    def _fit_completion(
        self, links: tuple[FittedLink, ...], unique: tuple[UniqueRule, ...], ranks: tuple[Rank, ...]
    ) -> Completion | None:
        """Learn the columns of ranked rows given their rank and all their parents."""
        if self.children is None:
            return None
        keys = {key.name: key for key in self.step.linked}
        known = [
            (keys[link.key], link, self.features[link.key])
            for link in links
            if link.key in keys and link.extension is not None
        ]
        order = order_column(self.rows, self.made.sources.number)
        sorted_by: tuple[str, ...] = () if order is None else (order,)
        if self.step.sibling_join is not None:
            sorted_by = self.step.sibling_join.columns
        fit = CompletionFit(
            self.rows_fit, self.database, self.children, sorted_by, self.holders[self.step.table]
        )
        columns = fit.columns(self._free, unique, ranks)
        return fit.fit(columns, known) if columns and known else None

    def _find_ranks(self) -> Iterator[Rank]:
        """Yield the columns that rank the rows of a parent, those that repeat one's aside."""
        made, keys = self.made, (*self.step.linked, *self.step.deferred)
        links = {key.name: self.database.links[key.name] for key in keys}
        names = tuple(name for name in made.roles.modelled if name not in made.sources.held)
        return find_ranks(made.own, links, names)

    @property
    def _free(self) -> tuple[str, ...]:
        """Return the columns that may be changed once the rows are linked."""
        made, rows = self.made, self.rows
        if rows is None:
            return ()
        bound = {*made.sources.held, *rows.given}
        bound |= set() if rows.parent_values is None else set(rows.parent_values.shared)
        return tuple(name for name in made.roles.modelled if name not in bound)

    def _order_of(self, name: str) -> str | None:
        """Return by which column the rows of a parent are drawn, of the tables learned so far."""
        if name == self.name:
            return order_column(self.rows, self.made.sources.number)
        before = self.database.before(name)
        return None if before is None else before.order


def _personal(columns: Mapping[str, Column]) -> frozenset[str]:
    return frozenset(name for name, column in columns.items() if column.pii)


def _binding(relations: Relations, totals: tuple[Total, ...]) -> tuple[frozenset[str], ...]:
    """Return the ties that a total may break: what follows from it is computed again."""
    summed = {total.target for total in totals}
    free = {
        frozenset((found.target, *found.bases))
        for found in relations.relations.values()
        if found.target not in summed
    }
    return tuple(tie for tie in relations.ties if tie not in free)


def _ceiling(column: Column) -> float:
    """Return the highest number the schema allows; see `FittedTable`."""
    if isinstance(column.high, int | float):
        return float(column.high)
    if column.high is not None and column.kind == "datetime":
        moment = pd.to_datetime(column.high, format=column.format, utc=True, errors="coerce")
        return -np.inf if pd.isna(moment) else float(moment.timestamp())
    limited = any(said is not None for said in (column.high, column.values, column.pattern))
    return -np.inf if limited else np.inf
