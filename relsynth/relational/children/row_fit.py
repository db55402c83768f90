"""Learn the rows of one table: relations first, then history and moments, then the table model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping
from copy import deepcopy

import numpy as np

from relsynth.columns.blur import blurred
from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.columns.relations import Relations
from relsynth.columns.relations.finders import KINDS
from relsynth.models.protocol import TableModel
from relsynth.relational.children.baseline import Baseline
from relsynth.relational.children.date_effects import DateEffects
from relsynth.relational.children.event_time import (
    EventTime,
    moment_columns,
    relate_end,
    with_moment,
    without_gap,
)
from relsynth.relational.children.history import HistoryLayout, Siblings, forget, past
from relsynth.relational.children.inter_event import OrderColumn
from relsynth.relational.children.parent_values import ParentValues
from relsynth.relational.children.row_model import Given, RowModel
from relsynth.relational.children.time_trend import Trends
from relsynth.relational.sources.encoding import level_counts, only
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Integers


def fit_row_model(
    own: Matrix,
    n_hidden: int,
    new_model: Callable[[Matrix, Matrix, Integers], TableModel],
    *,
    steps: Mapping[str, float],
    decimals: Mapping[str, int | None],
    groups: Integers | None = None,
    context: Matrix | None = None,
    order: OrderColumn | None = None,
    given: Given | None = None,
    parent_values: ParentValues | None = None,
    relations_of: Container[str] = KINDS,
    ranked: Collection[str] = (),
    holders: Holders | None = None,
    seed: Seed = None,
) -> RowModel:
    """Learn the rows of a table.

    Parameters
    ----------
    own : Matrix, shape (n_rows, n_columns)
        Hidden columns, then modelled ones.
    new_model : callable
        Gives the unfitted table model for encoded rows, their context and groups.
    steps, decimals : mapping
        Of the modelled columns; see `TableEncoding`.
    groups : ndarray of int, shape (n_rows,), optional
        Sibling group of each row, 0, 1, 2, …; absent for a root.
    context : Matrix, shape (n_groups, n_context), optional
    relations_of : container of str, optional
        Kinds of relations to look for.
    ranked : collection of str, optional
        Columns whose values are ranked later: others may follow from them, not they from others.
    holders : Holders, optional
        Whose the rows are: the table model sees no number that too few subjects have.
    """
    families = np.arange(len(own)) if groups is None else groups
    holders = Holders(len(own)) if holders is None else holders
    unsorted = own
    while True:  # an order that relations change is none: once more without it
        siblings = Siblings.of(families, None if order is None else unsorted[order.name])
        shown = own = unsorted.take(siblings.rows)
        given_rows = None if given is None else given.take(siblings.rows)
        if parent_values is not None:
            own = parent_values.localise(own, siblings)
        rows, fixed = _modelled(own.columns(slice(n_hidden, None)), given_rows)
        relations = Relations.find(
            rows,
            decimals,
            steps,
            seed,
            fixed={*fixed, *ranked},
            kinds=relations_of,
            holders=holders[siblings.rows],
            ordered="" if order is None else order.name,
        )
        encoded = relations.encode(rows)
        if order is None or _untouched(order.name, rows, encoded):
            break
        order = None
    holders = holders[siblings.rows]
    free = tuple(name for name in encoded.names if name not in fixed)
    target = Matrix.join([own.columns(slice(0, n_hidden)), only(encoded, free)])
    layout = (own.names, own.kinds, n_hidden, encoded.names, encoded.kinds, relations)
    if context is None:
        nothing, target = Matrix.empty(len(rows)), blurred(target, holders, seed)
        model = new_model(target, nothing, siblings.group)
        model.fit(target, nothing, seed=seed)
        return RowModel(*layout, None, None, model, parent_values=parent_values)
    fresh = None if parent_values is None else parent_values.fresh
    history = HistoryLayout.of(own, level_counts(own), fresh)
    plain = tuple(name for name in free if _untouched(name, rows, encoded))
    rng = stream(seed, "forget")
    known = _known(context, siblings, _features(own, siblings, history, order, given_rows, rng))
    if order is not None:
        relate_end(known, order, known[f"before.{order.name}"])
    before = known if order is None else without_gap(known)
    if order is not None:
        gaps = order.gaps(own[order.name], siblings.position)
        target.values[:, target.names.index(order.name)] = gaps
        plain = tuple(name for name in plain if name != order.name)
    baseline = Baseline.find(own, siblings, plain, context.names)
    baseline.leave(target, before)
    baseline.relate(before)
    trends = date_effects = None
    if order is not None:
        free_names = tuple(name for name in plain if name not in baseline.anchored)
        trends = Trends.find(own, siblings, free_names, own[order.name], holders)
        trends.leave(target, own[order.name])
        trends.relate(before, known[f"before.{order.name}"])
    target, before = blurred(target, holders, seed), blurred(before, holders, seed)
    model, event_time = new_model(target, before, siblings.group), None
    if order is not None:
        clock_seed, gaps = integer_seed(seed, "clock"), target[order.name]
        event_time = EventTime.fit(
            order, own[order.name], gaps, before, deepcopy(model), clock_seed
        )
        known = with_moment(known, order, own[order.name], gaps)
        date_effects = DateEffects.find(own, plain, own[order.name], order.parts, holders)
        if date_effects.names:
            known = Matrix.join([known, date_effects.features(own[order.name])])
        target = only(target, [name for name in target.names if name != order.name])
    model.fit(target, before if order is None else blurred(known, holders, seed), seed=seed)
    if parent_values is not None:
        alone = tuple(n for n in plain if n not in relations.tied and n not in parent_values.shared)
        parent_values = parent_values.accompanied(shown, siblings, alone)
    return RowModel(
        *layout, event_time, history, model, fixed, baseline, parent_values, trends, date_effects
    )


def _modelled(rows: Matrix, given: Given | None) -> tuple[Matrix, tuple[str, ...]]:
    """Return the columns that relations may tie, known ones first, and the names of these."""
    if given is None:
        return rows, ()
    free = tuple(name for name in rows.names if name not in given.known)
    return Matrix.join([only(given.context, given.known), only(rows, free)]), given.known


def _features(
    own: Matrix,
    siblings: Siblings,
    history: HistoryLayout,
    order: OrderColumn | None,
    given: Given | None,
    rng: np.random.Generator,
) -> list[Matrix]:
    """Return features of every row besides its context: siblings before, the given, moments."""
    features = past(own, siblings, history)
    forget(features, siblings, len(own.names), rng)
    parts = [features] if given is None else [features, given.context]
    if order is not None:
        parts.append(moment_columns(order, features[f"before.{order.name}"]))
    return parts


def _known(context: Matrix, siblings: Siblings, further: list[Matrix]) -> Matrix:
    """Return context, place and further columns of sorted rows, written into one array."""
    parts = [siblings.place, *further]
    names = context.names + tuple(name for part in parts for name in part.names)
    kinds = context.kinds + tuple(kind for part in parts for kind in part.kinds)
    values = np.empty((len(siblings.group), len(names)))
    at = len(context.names)
    np.take(context.values, siblings.group, axis=0, out=values[:, :at], mode="clip")
    for part in parts:
        values[:, at : at + len(part.names)] = part.values
        at += len(part.names)
    return Matrix(names, kinds, values)


def _untouched(name: str, rows: Matrix, encoded: Matrix) -> bool:
    if name not in rows.names or name not in encoded.names:
        return False
    return np.array_equal(encoded[name], rows[name], equal_nan=True)
