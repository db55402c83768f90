"""Draw a database: parents first, then their children, then the links between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.errors import CapacityError
from relsynth.metadata import Metadata, Plan, TablePlan
from relsynth.metadata.references import referenced_rows
from relsynth.metadata.schema import ForeignKey
from relsynth.relational.drawing.draw_beside import BesideDraw
from relsynth.relational.drawing.draw_links import draw_link, settle_lookup
from relsynth.relational.drawing.drawn import DrawnDatabase, early_keys
from relsynth.relational.drawing.repeating import copy_context, repeat_parents, share_common
from relsynth.relational.drawing.room import most_per_parent
from relsynth.relational.drawing.shared_columns import has_company, shares_columns
from relsynth.relational.learning.fitted import FittedTable
from relsynth.relational.learning.knowledge import Knowledge
from relsynth.relational.learning.prepared import lookup_name
from relsynth.relational.promises.counts import fit_total
from relsynth.relational.promises.totals import is_faithful, realised
from relsynth.relational.rows.lock_step import sample_siblings
from relsynth.relational.rows.near_numbering import NearNumbering
from relsynth.relational.unique.enforce import enforce_unique, settle_parents
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Floats, Integers, Tables

DRIFT = 0.02
MENDING_ROUNDS = 5


def draw_database(
    fitted: Mapping[str, FittedTable],
    metadata: Metadata,
    plan: Plan,
    whole: Plan,
    *,
    scale: float,
    rows: Mapping[str, int],
    given: Tables,
    seed: Seed,
) -> DrawnDatabase:
    """Draw all tables of a plan.

    Parameters
    ----------
    fitted : mapping of str to FittedTable
    metadata : Metadata
    plan : Plan
        Of the tables to make.
    whole : Plan
        The fitted one, of which `plan` may be a part.
    scale : float
        Size of the roots relative to the real ones.
    rows : mapping of str to int
        Exact numbers of rows, where asked for.
    given : mapping of str to DataFrame
        Tables to build upon instead of drawing them.
    seed : int, SeedSequence or None
    """
    drawn = DrawnDatabase(Knowledge(plan), fitted)
    for step in whole.steps:
        table = fitted[step.table]
        if step.table not in plan.order:
            _tell_nothing(drawn, table, step)
        elif step.table in given:
            _take_over(drawn, metadata, table, step, given[step.table])
        elif table.kept is not None:
            _take_over(drawn, metadata, table, step, table.kept.frame)
        else:
            made = _TableDraw(drawn, step, integer_seed(seed, "sample", step.table))
            made.draw(scale, rows.get(step.table), seed)
    for step in plan.steps:
        if step.table not in drawn.given:
            late_seed = integer_seed(seed, "deferred", step.table)
            _assign(drawn, step, late=True, seed=late_seed)
    for step in reversed(plan.steps):
        _sum_up(drawn, step)
    return drawn


def _take_over(
    drawn: DrawnDatabase,
    metadata: Metadata,
    table: FittedTable,
    step: TablePlan,
    frame: pd.DataFrame,
) -> None:
    """Use a table as it is, as far as its parents are there."""
    drawn.given[step.table] = frame
    knowledge = drawn.knowledge
    for key in metadata.parents_of(step.table):
        if key.parent in drawn.given:
            found = referenced_rows(frame, drawn.given[key.parent], key)
            knowledge.links[key.name] = np.maximum(found, -1)
        else:
            knowledge.links[key.name] = np.full(len(frame), -1)
    encoded = table.encoding.encode(frame)
    if table.rows is None:
        knowledge.own[step.table] = encoded
        return
    values = np.full((len(frame), len(table.rows.names)), np.nan)
    for at, name in enumerate(table.rows.names):
        if name in encoded.names:
            values[:, at] = encoded[name]
    for key in step.lookups:
        links = knowledge.links[key.name]
        at = table.rows.names.index(lookup_name(key))
        values[:, at] = np.where(links >= 0, links, np.nan)
    knowledge.own[step.table] = Matrix(table.rows.names, table.rows.kinds, values)
    knowledge.note_private(step.table, table.rows.private)
    if step.context is not None and step.context.parent in knowledge.own:
        _tell(drawn, table, step.context)
    _tell_linked(drawn, table, step)


def _sum_up(drawn: DrawnDatabase, step: TablePlan) -> None:
    """Let columns of the parents of a table say what its rows turned out to be.

    Those of a linked parent do so where that leaves their distribution as it is.
    """
    table = drawn.fitted[step.table]
    keys = {key.name: key for key in (step.context, *step.linked) if key is not None}
    for total in table.totals:
        parent = keys[total.key].parent if total.key in keys else None
        if step.table in drawn.given or parent is None or parent in drawn.given:
            continue
        child = drawn.columns[step.table], table.encoding
        own = drawn.columns[parent]
        links = drawn.knowledge.links[total.key]
        encoding = drawn.fitted[parent].encoding
        made = realised(total, links, child, (own, encoding))
        generated = step.context is not None and total.key == step.context.name
        if generated or is_faithful(total, own[total.target], made, encoding):
            own[total.target] = made


@dataclass(slots=True)
class _TableDraw:
    drawn: DrawnDatabase
    step: TablePlan
    seed: int

    @property
    def table(self) -> FittedTable:
        return self.drawn.fitted[self.step.table]

    def draw(self, scale: float, wanted: int | None, key_seed: Seed) -> None:
        table, knowledge = self.table, self.drawn.knowledge
        assert table.rows is not None  # noqa: S101
        beside = None
        if self.step.context is None:
            own = table.rows.sample(self._root_rows(scale, wanted), self.seed)
            self.drawn.positions[table.name] = np.zeros(len(own), np.int64)
        elif self.step.beside is None:
            own = self._draw_children(wanted)
        else:
            family = knowledge.family(self.step.context.parent)
            beside = BesideDraw(self.drawn, table, self.step, family, self.seed)
            totals = self._totals(beside.per_parent, wanted, beside.room, beside.usual)
            own = beside.draw(*totals)
        knowledge.own[table.name] = own
        knowledge.note_private(table.name, table.rows.private)
        self.drawn.columns[table.name] = table.encoding.decode(
            own.columns(slice(table.rows.hidden, None)), stream(self.seed, "values")
        )
        if table.near is not None:
            number = table.near.column
            shown = table.near.show(own[number], table.encoding.encoders[number])
            self.drawn.columns[table.name][number] = shown
        copy_context(self.drawn, table, self.step)
        if beside is not None:
            beside.copy_keys(self.drawn.columns[table.name])
        self.drawn.issue(table.name, key_seed)
        self._look_up()
        _assign(self.drawn, self.step, late=False, seed=self.seed)
        repeat_parents(self.drawn, table, self.step, self.seed)
        share_common(self.drawn, table, self.step, self.seed)
        self._store_in_order()
        if self.step.context is not None:
            _tell(self.drawn, table, self.step.context)
        _tell_linked(self.drawn, table, self.step)

    def _root_rows(self, scale: float, wanted: int | None) -> int:
        """Return the number of rows of a root; one where less than one is asked for."""
        if wanted is not None:
            return wanted
        part = self.table.n_rows * scale
        if 0 < part < 1:
            self.drawn.part[self.table.name] = part
        return max(round(part), min(self.table.n_rows, 1))

    def _store_in_order(self) -> None:
        """Sort the rows of one parent as the real ones are; keys issued by row stay in place."""
        table, knowledge, context = self.table, self.drawn.knowledge, self.step.context
        if context is None or table.rows is None:
            return
        columns, links = self.drawn.columns[table.name], knowledge.links[context.name]
        by = table.rows.order
        if table.stored is not None:
            order = table.stored.sequence(columns[table.stored.column], links)
        elif by is not None and any(common.column == by.name for common in table.common):
            family = np.cumsum(np.diff(links, prepend=0) != 0)
            order = np.lexsort((knowledge.own[table.name][by.name], family))
        else:
            return
        knowledge.own[table.name] = knowledge.own[table.name].take(order)
        for name, column in columns.items():
            columns[name] = column.iloc[order].reset_index(drop=True)
        for key in early_keys(self.step):
            knowledge.links[key.name] = knowledge.links[key.name][order]

    def _look_up(self) -> None:
        """Link the rows to the kept tables whose rows were drawn with them."""
        own, links = self.drawn.knowledge.own[self.step.table], self.drawn.knowledge.links
        for key in self.step.lookups:
            at = own.names.index(lookup_name(key))
            codes = own.values[:, at]
            links[key.name] = np.where(np.isnan(codes), -1, codes).astype(np.int64)
            if shares_columns(key, self.drawn):
                rng = stream(self.seed, "lookup", key.name)
                links[key.name] = rows = settle_lookup(key, self.drawn, rng)
                own.values[:, at] = np.where(rows >= 0, rows, np.nan)

    def _draw_children(self, wanted: int | None) -> Matrix:
        table, knowledge, key = self.table, self.drawn.knowledge, self.step.context
        assert key is not None and table.rows is not None  # noqa: S101, PT018
        assert table.extension is not None  # noqa: S101
        family = knowledge.family(key.parent)
        promise = table.promise
        if promise is None or len(promise) != len(family):
            promise = table.extension.sample(family, stream(self.seed, "extension"))
        counts = promise.values[:, 0].astype(np.int64)
        able = has_company(self.drawn, key)
        counts, room = counts * able, np.where(able, np.inf, 0.0)
        counts, alone = self._totals(counts, wanted, room, self._usual(counts))
        context = Matrix.join([family, promise])
        n_parents = len(family)
        groups = np.concatenate([np.arange(n_parents), np.full(alone, -1)])
        counts = np.concatenate([counts, np.ones(alone, np.int64)])
        ends = None
        if table.rows.order is not None:
            first, last = (f"{table.rows.order.name}.{end}" for end in ("first", "last"))
            ends = np.column_stack([promise[first], promise[last]])
            ends = np.vstack([ends, np.full((alone, 2), np.nan)])
        given = None
        if table.near is not None:
            given = self._numbers(table.near, promise.take(groups), counts)
        context = context.take(groups)
        own = sample_siblings(table.rows, context, counts, ends, self.seed, given=given)
        if key.parent not in self.drawn.given:
            moved = table.rows.aligned(own.values, stream(self.seed, "aligned"))
            own = Matrix(own.names, own.kinds, moved)
        starts = (np.cumsum(counts) - counts)[counts > 0]
        moved = table.rows.apart(own.values, starts, stream(self.seed, "apart"))
        own = Matrix(own.names, own.kinds, moved)
        knowledge.links[key.name] = np.repeat(groups, counts)
        starts = np.cumsum(counts) - counts
        self.drawn.positions[table.name] = np.arange(len(own)) - np.repeat(starts, counts)
        return own

    def _numbers(self, near: NearNumbering, promise: Matrix, counts: Integers) -> Matrix:
        """Return the column that numbers the rows of each parent, as the rows are told of it."""
        encoder = self.table.encoding.encoders[near.column]
        starts = promise[f"{near.column}.first"]
        numbers = near.draw(counts, starts, encoder, stream(self.seed, "numbers"))
        return Matrix((near.column,), (encoder.kind,), numbers[:, None])

    def _totals(
        self, counts: Integers, wanted: int | None, room: Floats, usual: float
    ) -> tuple[Integers, int]:
        """Return children per parent and rows without a parent that meet what is asked for.

        Without a wish the number of children is the drawn one, held to the usual one where it
        drifts off, and wherever other parents have a number of children as well.
        """
        table = self.table
        share_alone = table.null_rows / max(table.n_rows, 1)
        least, most = self._bounds()
        if wanted is not None and wanted > most:
            raise CapacityError(
                f"{table.name}: {wanted} rows are asked for, but each refers to a row of its own "
                f"of another table, of which there are {most:.0f}; ask for more of those or fewer "
                "of these"
            )
        rng = stream(self.seed, "room")
        room = most_per_parent(self.drawn, self.step, counts, room, wanted or 0, rng)
        if wanted is None:
            total = float(counts.sum())
            drifts = abs(total - usual) > (0.0 if self.step.linked else DRIFT) * usual
            placed = min(usual if drifts else total, room.sum())
            drawn = placed / (1 - share_alone) if share_alone < 1 else table.n_rows
            wanted = round(min(max(drawn, least), most))
            if share_alone < 1:
                wanted = int(min(wanted, room.sum() / (1 - share_alone)))
        alone = round(wanted * share_alone)
        self._check_places(wanted - alone, room)
        return fit_total(counts, wanted - alone, stream(self.seed, "total"), at_most=room), alone

    def _usual(self, counts: Integers) -> float:
        """Return how many children the parents would have in the real data.

        A root row that stands for less than one has as much of a family; a child of its own
        it has whole.
        """
        key = self.step.context
        assert key is not None  # noqa: S101
        if key.parent in self.drawn.given:
            return float(counts.sum())
        parent = self.drawn.fitted[key.parent]
        mean = (self.table.n_rows - self.table.null_rows) / max(parent.n_rows, 1)
        part = self.drawn.part.get(key.parent, 1.0) if self.table.most > 1 else 1.0
        return mean * len(counts) * part

    def _bounds(self) -> tuple[float, float]:
        """Return the fewest and most rows that keys with one child per parent allow."""
        least, most = 0.0, np.inf
        parents = {key.name: key.parent for key in self.step.linked}
        for link in self.table.links:
            if link.key in parents and link.most == 1:
                parent = parents[link.key]
                most = min(most, self.drawn.rows(parent))
                if self.table.n_rows == self.drawn.fitted[parent].n_rows and not link.has_nulls:
                    least = self.drawn.rows(parent)
        return least, most

    def _check_places(self, wanted: int, room: Floats) -> None:
        key, name, places = self.step.context, self.table.name, room.sum()
        assert key is not None  # noqa: S101
        if wanted and not len(room):
            raise CapacityError(
                f"{name}: {wanted} rows are asked for, but their parent table "
                f"{key.parent!r} has no row; ask for at least one"
            )
        if wanted > places and self.step.beside is not None:
            sibling = self.step.beside.sibling
            raise CapacityError(
                f"{name}: {wanted} rows are asked for, but they hang below the rows of "
                f"{sibling!r}, which offer {places:.0f} places; ask for more rows of {sibling!r}"
            )
        if wanted > places:
            raise CapacityError(
                f"{name}: {wanted} rows are asked for, but each row of {key.parent!r} "
                f"has at most {room.max():.0f} and there are {len(room)} of them, which makes "
                f"{places:.0f}; ask for more rows of {key.parent!r}"
            )


def _tell(drawn: DrawnDatabase, table: FittedTable, key: ForeignKey) -> None:
    """Let later siblings know what the rows of a table turned out to be."""
    assert table.extension is not None  # noqa: S101
    knowledge = drawn.knowledge
    summary = table.extension.layout.summarise(
        knowledge.own[table.name], knowledge.links[key.name], drawn.rows(key.parent)
    )
    knowledge.tell(key.parent, table.name, summary)


def _tell_linked(drawn: DrawnDatabase, table: FittedTable, step: TablePlan) -> None:
    """Let later children of linked parents know what the rows of a table turned out to be."""
    layouts = {link.key: link.extension for link in table.links}
    for key in step.linked:
        extension = layouts.get(key.name)
        if extension is not None and key.parent in drawn.knowledge.own:
            drawn.knowledge.tell_linked(key, extension.layout)


def _tell_nothing(drawn: DrawnDatabase, table: FittedTable, step: TablePlan) -> None:
    """Let later children of the parents of a table know that its rows are not made."""
    layouts = {
        key.name: link.extension.layout.own(f"{table.name}.")
        for link in table.links
        for key in step.linked
        if link.key == key.name and link.extension is not None
    }
    names = {key.name: key.name for key in step.linked}
    if step.context is not None and table.extension is not None:
        layouts[step.context.name] = table.extension.layout
        names[step.context.name] = table.name
    for key in early_keys(step):
        if key.name in layouts and key.parent in drawn.knowledge.own:
            layout = layouts[key.name]
            unknown = np.full((drawn.rows(key.parent), len(layout.names)), np.nan)
            summary = Matrix(layout.names, layout.kinds, unknown)
            drawn.knowledge.tell(key.parent, names[key.name], summary)


def _assign(drawn: DrawnDatabase, step: TablePlan, *, late: bool, seed: int) -> None:
    """Assign the linked or the deferred keys, then mend what must be unique.

    Mending one rule may break another: all are looked at again, the declared ones last.
    """
    table, links = drawn.fitted[step.table], drawn.knowledge.links
    keys = {key.name: key for key in (step.deferred if late else step.linked)}
    for link in table.links:
        if link.key in keys:
            key = keys[link.key]
            able = has_company(drawn, key)
            links[key.name] = draw_link(link, key, drawn, able, seed)
    deferred = {key.name for key in step.deferred}
    rules = [rule for rule in table.unique if late or not deferred & set(rule.keys)]
    rules.sort(key=lambda rule: rule.declared)
    for name in keys:
        settle_parents(name, rules, drawn, step, stream(seed, "settle", name))
    for number in range(MENDING_ROUNDS if keys or not late else 0):
        mended = [
            enforce_unique(
                rule, drawn, step, stream(seed, "unique", number, *rule.keys, *rule.columns)
            )
            for rule in rules
        ]
        if not any(mended):
            return
