"""Keep the rules across rows and tables in what was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from relsynth.columns.encoder import unbounded
from relsynth.columns.matrix import Matrix, differs
from relsynth.metadata import TablePlan
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.rules.composed import as_moments
from relsynth.relational.rules.running import Running
from relsynth.relational.rules.view import ABOVE, TableView
from relsynth.seeding import stream
from relsynth.sorting import lexical_order
from relsynth.typing import Floats, Integers


def keep_rules(
    drawn: DrawnDatabase, table: FittedTable, step: TablePlan, seed: int, *, late: bool
) -> None:
    """Give columns of drawn rows the values that the rules of their table want.

    Parameters
    ----------
    late : bool
        Whether all keys are assigned now.

    Notes
    -----
    A column that the caller set a condition for is left alone.
    """
    asked = drawn.conditions.get(table.name)
    rules = [rule for rule in table.rules if rule.late is late]
    if not rules or table.rows is None:
        return
    view = drawn_view(drawn, table.name)
    groups = np.zeros(view.n_rows, np.int64)
    if step.context is not None:
        links = drawn.database.links[step.context.name]
        groups = np.where(links < 0, view.n_rows + np.arange(len(links)), links)
    for number, rule in enumerate(rules):
        if not rule.usable(view) or (asked is not None and set(rule.columns) & set(asked.wanted)):
            continue
        rng = stream(seed, "rule", int(late), number)
        for name, values in rule.settle(view, groups, rng).items():
            if not isinstance(rule, Running):  # which follows the rows one by one
                values = in_order(table, name, values, view, groups)
            put(drawn, table, name, values, rng)
        view.forget()


def compose(drawn: DrawnDatabase, table: FittedTable, starts: Mapping[str, int]) -> None:
    """Make the ids of drawn rows of the columns they repeat.

    Parameters
    ----------
    drawn : DrawnDatabase
        All early keys of the table are assigned.
    starts : mapping of str to int
        Rows of each table drawn in other parts, if there are any. Parts cannot see whether
        they repeat an id that nothing counts: these stay as they are issued.
    """
    asked = drawn.conditions.get(table.name)
    for rule in table.composed:
        if starts and rule.has_number and not rule.counts:
            continue
        if asked is not None and rule.column in asked.wanted:
            continue
        where = drawn.issued if rule.column in drawn.issued[table.name] else drawn.columns
        encoders = table.encoding.encoders
        columns = {
            name: as_moments(drawn.values(table.name, name), encoders.get(name))
            for name in rule.sources
        }
        issued = where[table.name][rule.column]
        start = starts.get(table.name, 0)
        where[table.name][rule.column] = rule.made(columns, issued, start)


def in_order(
    table: FittedTable, name: str, values: Floats, view: TableView, groups: Integers
) -> Floats:
    """Return values of the column that orders the rows of a parent, rising as they were."""
    if table.rows is None or table.rows.order is None or table.rows.order.name != name:
        return values
    before = view.column(name)
    was = lexical_order((before, groups))
    now = lexical_order((values, groups))
    risen = np.empty(len(values))
    risen[was] = values[now]
    return risen


def put(
    drawn: DrawnDatabase,
    table: FittedTable,
    name: str,
    values: Floats,
    rng: np.random.Generator,
    *,
    is_shown: bool = False,
) -> None:
    """Give a column other values and what follows from it; it may show its values already."""
    before, columns = drawn.database.own[table.name], drawn.columns[table.name]
    after = table.row_model.with_column(before.values, name, values, rng)
    own = Matrix(before.names, before.kinds, after)
    for other in table.roles.modelled:
        changed = differs(own[other], before[other])
        if other == name and is_shown:
            continue
        if other == name:
            changed |= own[other] != _held(table, name, columns[name])
        if changed.any():
            encoder = table.encoding.encoders[other]
            shown = unbounded(encoder) if other == name else encoder
            made = shown.decode(own[other][changed], rng)
            column = columns[other].copy()
            column.iloc[np.flatnonzero(changed)] = made.astype(column.dtype).to_numpy()
            columns[other] = column
    drawn.database.own[table.name] = own


def follow(drawn: DrawnDatabase, table: FittedTable, name: str, made: pd.Series) -> None:
    """Let columns of drawn rows follow from one that is given other values."""
    relations = None if table.rows is None else table.rows.relations
    if relations is not None and any(name in r.bases for r in relations.relations.values()):
        put(drawn, table, name, _held(table, name, made), np.random.default_rng(0))


def _held(table: FittedTable, name: str, column: pd.Series) -> Floats:
    held: Floats = unbounded(table.encoding.encoders[name]).encode(column)
    return held


def drawn_view(drawn: DrawnDatabase, table: str, above: int = ABOVE) -> TableView:
    """Return a drawn table, with the parents its keys have found so far.

    Parameters
    ----------
    above : int, default ABOVE
        How many tables up; keys assigned last are followed from the table itself only.
    """
    step, links = drawn.database.plan[table], drawn.database.links
    encoding = drawn.fitted[table].encoding
    own = TableView(drawn.rows(table), encoding, partial(drawn.values, table), {})
    last = step.deferred if above == ABOVE else ()
    keys = {}
    for key in (*step.early, *last) if above else ():
        there = key.parent in drawn.given or key.parent in drawn.columns
        if key.name in links and there:
            parent = own if key.parent == table else drawn_view(drawn, key.parent, above - 1)
            keys[key.name] = (key, links[key.name], parent)
    return TableView(own.n_rows, encoding, own.shown, keys)
