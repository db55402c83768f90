"""Learn a database: one table after the other in the order of the plan."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from relsynth.columns.dtype import Dtype
from relsynth.columns.key_learning import learn_format
from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.columns.relations.fitted import KINDS
from relsynth.metadata import Column, ForeignKey, Metadata, Plan, TablePlan
from relsynth.metadata.naming import is_about_parties
from relsynth.relational.children.completion import Completion
from relsynth.relational.children.family_types import sure_numbers
from relsynth.relational.children.inter_event import OrderColumn
from relsynth.relational.children.ranks import Rank, find_ranks
from relsynth.relational.children.row_model import Given, RowModel
from relsynth.relational.children.sequence_number import SequenceNumber, in_number_order
from relsynth.relational.children.summary_model import ExtensionModel
from relsynth.relational.drawing.drawn import early_keys
from relsynth.relational.fitting.database import Database
from relsynth.relational.fitting.fit_completions import CompletionFit
from relsynth.relational.fitting.fit_repeated_partners import fit_repeated_partners
from relsynth.relational.fitting.fit_rows import EXTENSION, ModelChoice, RowsFit
from relsynth.relational.fitting.fit_rules import fit_composed, fit_rules
from relsynth.relational.fitting.fit_sibling_join import SiblingJoinRows, fit_sibling_join
from relsynth.relational.fitting.fitted import FittedLink, FittedTable
from relsynth.relational.fitting.prepared import LinkShape, PreparedTable, prepare
from relsynth.relational.links.link_model import LinkModel
from relsynth.relational.rules.find import KINDS as ACROSS_ROWS
from relsynth.relational.sibling_join.join_counts import JoinCounts
from relsynth.relational.sources.aggregates import Total, find_totals, independent
from relsynth.relational.sources.common_values import modes
from relsynth.relational.sources.encoding import only
from relsynth.relational.sources.folds import CALENDAR
from relsynth.relational.sources.kept import KeptRows
from relsynth.relational.sources.spans import moments_of
from relsynth.relational.sources.stored_order import StoredOrder
from relsynth.relational.sources.unique_rule import UniqueRule, declared_rules, observed_rules
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Floats, Integers, Tables

SAME_PARENT = 0.95  # of joined rows: as many keep their parent where all take the sibling's
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
) -> Iterator[FittedTable]:
    """Learn every table.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Checked against the metadata.
    metadata : Metadata
    plan : Plan
    links : mapping of str to ndarray of int
        Parent row of every child row by key name; see `parent_rows`.
    choose : callable
        Gives unfitted models; see `RowsFit`.
    seed : int, SeedSequence or None
    holders : mapping of str to Holders
        Whose the rows of every table are.
    relations : container of str
        Kinds of rules to look for, in rows and across them.

    Yields
    ------
    FittedTable
        In the order of the plan.
    """
    database = Database(plan, links=dict(links))
    prepared = {}
    for step in plan.steps:
        made = prepare(metadata, plan, step, tables, database.links, holders)
        database.own[step.table] = made.own
        database.moments[step.table] = moments_of(made.encoding.encoders)
        prepared[step.table] = made
    done: dict[str, FittedTable] = {}
    for name in plan.order:
        table = _TableFit(
            metadata,
            plan,
            prepared,
            name,
            tables,
            database,
            choose,
            seed,
            holders,
            done,
            relations,
        )
        done[name] = table.fit()
        yield done[name]


@dataclass(slots=True)
class _TableFit:
    metadata: Metadata
    plan: Plan
    prepared: Mapping[str, PreparedTable]
    name: str
    tables: Tables
    database: Database
    choose: ModelChoice
    seed: Seed
    holders: Mapping[str, Holders]
    done: Mapping[str, FittedTable]
    relations: Container[str]
    rows_fit: RowsFit = field(init=False)
    rows: RowModel | None = field(init=False, default=None)
    features: Mapping[str, Matrix] = field(init=False, default_factory=dict)
    stored: StoredOrder | None = field(init=False, default=None)
    context: Matrix | None = field(init=False, default=None)
    sibling_join: SiblingJoinRows | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.seed = integer_seed(self.seed, "fit", self.name)
        self.rows_fit = RowsFit(self.made, self.choose, self.seed, self.relations)

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
        rows, extension, predicted, join_counts, most, null_rows = None, None, None, None, 0, 0
        if not step.kept and step.context is None:
            rows = self.rows_fit.rows(made.own, None, None, holders=self.holders[step.table])
        elif step.context is not None:
            extension, predicted, rows, join_counts = self._fit_children()
            links = self.database.links[step.context.name]
            null_rows = int((links < 0).sum())
            most = int(np.bincount(links[links >= 0]).max(initial=0))
            reasons.extend(
                f"copy: {name} repeats {step.context.parent}.{source}"
                for name, source in made.copied.items()
            )
        self.rows = rows
        if rows is not None:
            self.database.note_parent_values(step.table, rows.parent_values)
        reasons.extend(f"copy: {repeat.note}" for repeat in made.repeats)
        reasons.extend(f"common: {common.note}" for common in made.common)
        totals = () if step.kept else tuple(self._totals(made.copied))
        reasons.extend(f"total: {total.note}" for total in totals)
        columns = self.metadata.tables[step.table].columns
        unique = () if step.kept else self._unique_rules()
        ranks = tuple(self._ranks())
        reasons.extend(f"rank: {rank.note}" for rank in ranks)
        link_models = () if step.kept else self._fit_links()
        completions = self._fit_completions(link_models, unique, ranks)
        unmodelled = [name for name in self.frame.columns if name not in made.roles.modelled]
        fitted = FittedTable(
            name=step.table,
            columns=tuple(self.frame.columns),
            n_rows=len(self.frame),
            kept=KeptRows(self.frame) if step.kept else None,
            roles=made.roles,
            encoding=made.encoding,
            key_formats={
                name: learn_format(self.frame[name], columns[name]) for name in made.roles.issued
            },
            dtypes={name: Dtype.open(self.frame[name]) for name in unmodelled},
            rows=rows,
            extension=extension,
            predicted=predicted,
            copied=made.copied,
            most=most,
            null_rows=null_rows,
            links=link_models,
            unique=unique,
            reasons=tuple(reasons),
            join_counts=join_counts,
            near=made.near,
            ceilings={name: _ceiling(columns[name]) for name in made.roles.modelled},
            totals=totals,
            repeats=made.repeats,
            stored=self.stored,
            common=made.common,
            ranks=ranks,
            completions=completions,
            kept_counts={key.name: self._counts(key) for key in step.lookups},
        )
        rules = fit_rules(
            fitted, self.tables, self.prepared, self.database, self.relations, self.seed
        )
        composed = fit_composed(fitted, self.frame, step, self.relations)
        said = [*(rule.note for rule in rules), *(rule.note for rule in composed)]
        notes = tuple(f"rule: {note}" for note in said)
        return replace(fitted, rules=rules, composed=composed, reasons=fitted.reasons + notes)

    def _counts(self, key: ForeignKey) -> Integers:
        links = self.database.links[key.name]
        return np.bincount(links[links >= 0], minlength=len(self.tables[key.parent]))

    def _totals(self, copied: Mapping[str, str]) -> Iterator[Total]:
        """Find columns of parents learned before that sum up the rows of the table."""
        for key in (self.step.context, *self.step.linked):
            if key is None or key.parent == key.child or key.parent not in self.done:
                continue
            parent = self.done[key.parent]
            summed = {repeat.source for repeat in self.made.repeats if repeat.key == key.name}
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
            yield from independent(found, () if rows is None else rows.relations.ties)

    def _fit_children(
        self,
    ) -> tuple[ExtensionModel, Matrix | None, RowModel, JoinCounts | None]:
        """Learn the predicted summary a parent makes and the rows that keep it."""
        context_key = self.step.context
        assert context_key is not None  # noqa: S101
        parent = context_key.parent
        links = self.database.links[context_key.name]
        made, own = self.made, self.made.own
        alone = np.flatnonzero(links < 0)
        family = self.database.family(parent)
        groups = links.copy()
        groups[alone] = len(family) + np.arange(len(alone))
        order = self._find_order(groups)
        near = None if made.near is None else made.near.column
        sibling_join: SiblingJoinRows | None = None
        known: tuple[str, ...] = ()
        if self.step.sibling_join is not None:
            sibling_join, known = (
                self._fit_sibling_join(groups, family),
                self.step.sibling_join.columns,
            )
            order = None if order is None or order.name not in known else order
            self.rows_fit.reasons.append(f"sibling: {self.step.sibling_join}")
        extension = ExtensionModel.fit(
            own,
            links,
            family,
            self.rows_fit.model(EXTENSION),
            order=None if order is None else order.name,
            numbered=near,
            known=known,
            resamples=not is_about_parties(parent),
            short=not known,
            holders=self._parents(parent),
            seed=integer_seed(self.seed, "extension"),
        )
        summary = extension.layout.summarise(own, links, len(family))
        self.database.tell(parent, self.step.table, summary)
        features = extension.features(summary)
        self.context = context = Matrix.join([family, features])
        self.sibling_join = sibling_join
        if sibling_join is not None:
            in_order = own.take(sibling_join.sequence), groups[sibling_join.sequence]
            holders = self.holders[self.step.table][sibling_join.sequence]
            rows = self.rows_fit.rows(
                *in_order, context, sibling_join=sibling_join, holders=holders
            )
            return extension, None, rows, sibling_join.join_counts
        given, holders = None, self.holders[self.step.table]
        if near is not None:
            sequence = np.lexsort((own[near], groups))
            own, groups, holders = own.take(sequence), groups[sequence], holders[sequence]
            given = Given(only(own, (near,)), (near,))
            self.rows_fit.reasons.append(f"number: {near} counts the rows of one parent")
        elif order is None and (stored := self._stored(groups)) is not None:
            sequence = stream(self.seed, "set").permutation(len(own))
            own, groups, holders = own.take(sequence), groups[sequence], holders[sequence]
            self.rows_fit.reasons.append(
                f"set: rows of one parent are merely sorted by {stored.column}"
            )
        rows = self.rows_fit.rows(own, groups, context, order=order, given=given, holders=holders)
        return extension, features if self.plan[parent].kept else None, rows, None

    def _parents(self, parent: str) -> Holders:
        """Return whose the rows of a parent are; nobody's, each of its own for its children's."""
        holders = self.holders[parent]
        if holders.paths or not self.holders[self.step.table].paths:
            return holders
        return Holders.rows(len(holders), max(self.holders[self.step.table].least))

    def _find_order(self, groups: Integers) -> OrderColumn | None:
        """Return the column that orders siblings; it must not contradict one that counts them."""
        own, encoding, near = self.made.own, self.made.encoding, self.made.near
        if near is None:
            return OrderColumn.find(own, groups, encoding.steps, encoding.decimals)
        others = only(own, [name for name in own.names if name != near.column])
        order = OrderColumn.find(others, groups, encoding.steps, encoding.decimals)
        if order is None or not in_number_order(own[near.column], own[order.name], groups):
            return None
        return order

    def _stored(self, groups: Integers) -> StoredOrder | None:
        """Return how siblings are sorted, where their places tell nothing else."""
        self.stored = StoredOrder.find(self.frame, self.made.roles.modelled, groups)
        return self.stored

    def _fit_sibling_join(self, groups: Integers, family: Matrix) -> SiblingJoinRows:
        assert self.step.sibling_join is not None  # noqa: S101
        return fit_sibling_join(
            self.step.sibling_join,
            self.prepared,
            self.tables,
            self.database,
            groups,
            family,
            self.rows_fit.join_counts,
        )

    def _fit_links(self) -> tuple[FittedLink, ...]:
        """Learn all linked keys, then let later tables know what the parents have.

        A parent of both keys, such as an atom of its bonds, is told of those by the first.
        """
        context = self.step.context
        for key in self.step.linked if context is not None else ():
            if context is not None and key.parent == context.parent:
                self.features = {**self.features, key.name: self.database.family(key.parent)}
        links = tuple(self._fit_link(shape) for shape in self.made.shapes)
        for link, shape in zip(links, self.made.shapes, strict=True):
            if link.extension is not None and shape.key in self.step.linked:
                self.database.tell_linked(shape.key, link.extension.layout)
        return links

    def _fit_completions(
        self, links: tuple[FittedLink, ...], unique: tuple[UniqueRule, ...], ranks: tuple[Rank, ...]
    ) -> tuple[Completion, ...]:
        """Learn the columns that linked parents tell of, given them: ranks before the others."""
        if self.context is None:
            return ()
        keys = {key.name: key for key in self.step.linked}
        known = [
            (keys[link.key], link, self.features[link.key])
            for link in links
            if link.key in keys and link.extension is not None
        ]
        if not known:
            return ()
        order: tuple[str, ...] = ()
        column = _order_column(self.rows, self.made.near)
        if self.step.sibling_join is not None:
            order = self.step.sibling_join.columns
        elif column is not None:
            order = (column,)
        fit = CompletionFit(
            self.rows_fit,
            self.database,
            self.context,
            order,
            self.sibling_join,
            self.holders[self.step.table],
        )
        stages = fit.columns([key for key, _, _ in known], self._free, unique, ranks)
        return tuple(fit.fit(known, stages))

    def _fit_link(self, shape: LinkShape) -> FittedLink:
        key = shape.key
        links = self.database.links[key.name]
        placed = links >= 0
        if shape.loops:
            placed &= links != np.arange(len(links))
        model = extension = returning = None
        if placed.any():
            seed = integer_seed(self.seed, "link", key.name)
            rows = self.database.lineage(self.step.table).take(np.flatnonzero(placed))
            lineage = self.features.get(key.name)
            lineage = self.database.lineage(key.parent) if lineage is None else lineage
            children = self.database.lineage(self.step.table)
            extension = ExtensionModel.fit(
                children,
                np.where(placed, links, -1),
                lineage,
                self.rows_fit.model(EXTENSION),
                common=tuple(
                    f"{key.child}.{common.column}"
                    for common in self.made.common
                    if common.key == key.name
                ),
                resamples=not is_about_parties(key.parent),
                holders=self._parents(key.parent),
                seed=seed,
            )
            summary = extension.layout.summarise(
                children, np.where(placed, links, -1), len(lineage)
            )
            parents = Matrix.join([lineage, summary])
            model = LinkModel.fit(rows, parents, links[placed], seed=seed)
            if self.step.context is not None and shape.diamond is None and not shape.forest:
                returning = fit_repeated_partners(
                    key,
                    model,
                    rows,
                    parents,
                    self.database,
                    self._ordered(),
                    self.rows_fit.model(EXTENSION),
                    seed=integer_seed(seed, "returning"),
                )
            if returning is not None:
                owner = self.database.owners(key)[returning.path]
                self.rows_fit.reasons.append(
                    f"repeated partners: rows of one row of {owner} tend to share rows of "
                    f"{key.parent} by {'+'.join(key.columns)}"
                )
        along, source = self._along(key, model)
        return FittedLink(
            key.name,
            model,
            extension,
            shape.has_nulls,
            shape.diamond,
            shape.forest,
            shape.loops,
            returning,
            along,
            source,
            () if extension is None else self._levels(key, links),
            self._with_sibling(key),
        )

    def _with_sibling(self, key: ForeignKey) -> str | None:
        """Return the key of the sibling by which its rows have the parents of these."""
        join, links = self.sibling_join, self.database.links
        if join is None or self.step.sibling_join is None or key not in self.step.linked:
            return None
        rows = np.flatnonzero((join.partners >= 0) & (links[key.name] >= 0))
        own, partners = links[key.name][rows], join.partners[rows]
        if not len(rows) or np.bincount(own).max() == 1:
            return None
        for other in early_keys(self.plan[self.step.sibling_join.sibling]):
            same = other.parent == key.parent and other.parent_columns == key.parent_columns
            if same and (links[other.name][partners] == own).mean() >= SAME_PARENT:
                return other.name
        return None

    def _ranks(self) -> Iterator[Rank]:
        links = {
            key.name: self.database.links[key.name]
            for key in (*self.step.linked, *self.step.deferred)
        }
        return find_ranks(self.made.own, links, self._free)

    def _levels(self, key: ForeignKey, links: Integers) -> tuple[str, ...]:
        """Return the numbers of which every linked parent has its own mean and spread."""
        own = self.made.own
        if key not in self.step.linked:
            return ()
        sure = (name for name in sure_numbers(own, links) if name in self._free)
        return tuple(name for name in sure if _is_fine(own[name]))

    @property
    def _free(self) -> tuple[str, ...]:
        """Return the columns that may be changed once the rows are linked."""
        made, rows = self.made, self.rows
        if rows is None:
            return ()
        bound = {*made.copied, *(found.column for found in made.repeats)}
        bound |= {found.column for found in made.common}
        bound |= {*rows.given, *(() if made.near is None else (made.near.column,))}
        bound |= set() if rows.parent_values is None else set(rows.parent_values.shared)
        return tuple(name for name in made.roles.modelled if name not in bound)

    def _along(self, key: ForeignKey, model: LinkModel | None) -> tuple[str | None, str | None]:
        """Return a number that tells parents apart more finely than their clusters, if any does.

        A column that repeats one of the parent, or in which all rows of a parent mostly agree.
        """
        if model is None:
            return None, None
        links, clusters = self.database.links[key.name], model.parent_tree.n_leaves
        own, theirs = self.made.own, self.database.own[key.parent]
        for repeat in (found for found in self.made.repeats if found.key == key.name):
            both = _is_number(own, repeat.column) and _is_number(theirs, repeat.source)
            if both and repeat.always and len(np.unique(theirs[repeat.source])) > clusters:
                return repeat.column, repeat.source
        for common in (found for found in self.made.common if found.key == key.name):
            if _is_number(own, common.column):
                placed = np.flatnonzero(links >= 0)
                most = modes(own[common.column][placed], links[placed], len(theirs))
                if len(np.unique(most[~np.isnan(most)])) > clusters:
                    return common.column, None
        return None, None

    def _ordered(self) -> dict[str, str]:
        """Return by which column the rows of a parent are drawn, of the tables learned so far."""
        columns = {self.name: _order_column(self.rows, self.made.near)}
        columns |= {
            name: _order_column(table.rows, table.near) for name, table in self.done.items()
        }
        return {name: column for name, column in columns.items() if column is not None}

    def _with_values(self, rule: UniqueRule) -> UniqueRule:
        """Return a rule with its exempt values in place of their codes."""
        if not rule.exempt:
            return rule
        values = pd.factorize(self.frame[rule.columns[0]])[1]
        return replace(rule, exempt=tuple(str(values[int(code)]) for code in rule.exempt))

    def _unique_rules(self) -> tuple[UniqueRule, ...]:
        keys = tuple(k for k in self.metadata.parents_of(self.step.table) if k.when is None)
        near, context = self.made.near, self.step.context
        repeated = {repeat.column for repeat in self.made.repeats}
        repeated |= {common.column for common in self.made.common}
        codes = {
            name: pd.factorize(self.frame[name])[0].astype(np.int64)
            for name in self.made.roles.modelled
            if (near is None or name != near.column) and name not in repeated
        }
        table, context = self.metadata.tables[self.step.table], self.step.context
        declared = declared_rules(table, self.made.roles, keys, context)
        if near is not None and context is not None:
            numbered = {*context.columns, near.column}
            declared = tuple(
                replace(rule, columns=tuple(n for n in rule.columns if n != near.column))
                for rule in declared
                if not numbered <= set(rule.on)
            )
        parents = {key.parent: len(self.tables[key.parent]) for key in keys}
        found = observed_rules(keys, self.database.links, codes, parents)
        observed = tuple(self._with_values(rule) for rule in found)
        covered = [set(rule.keys) | set(rule.columns) for rule in declared]
        return declared + tuple(
            rule
            for rule in observed
            if not any(part <= set(rule.keys) | set(rule.columns) for part in covered)
        )


def _order_column(rows: RowModel | None, near: SequenceNumber | None) -> str | None:
    if near is not None:
        return near.column
    return None if rows is None or rows.order is None else rows.order.name


def _is_number(rows: Matrix, name: str) -> bool:
    return name in rows.names and rows.kinds[rows.names.index(name)] == "number"


def _is_fine(values: Floats) -> bool:
    """Return whether most values are distinct, so that all between them could be real."""
    known = values[~np.isnan(values)]
    return len(np.unique(known)) > len(known) / 2


def _ceiling(column: Column) -> float:
    """Return the highest number the schema allows; see `FittedTable`."""
    if isinstance(column.high, int | float):
        return float(column.high)
    if column.high is not None and column.kind == "datetime":
        moment = pd.to_datetime(column.high, format=column.format, utc=True, errors="coerce")
        return -np.inf if pd.isna(moment) else float(moment.timestamp())
    limited = any(said is not None for said in (column.high, column.values, column.pattern))
    return -np.inf if limited else np.inf
