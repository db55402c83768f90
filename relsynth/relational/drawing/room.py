"""How many rows each row of the context parent has room for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from relsynth.metadata import ForeignKey, TablePlan
from relsynth.relational.children.counts import share_out
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.drawing.shared_columns import (
    joint_codes,
    parent_values,
    partners,
    shared_with,
)
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.typing import Floats, Integers


def most_per_parent(
    drawn: DrawnDatabase,
    step: TablePlan,
    counts: Integers,
    room: Floats,
    wanted: int,
    rng: np.random.Generator,
) -> Floats:
    """Return how many children each context parent may have by the rules of uniqueness.

    Parameters
    ----------
    step : TablePlan
        Of the children.
    counts : ndarray of int, shape (n_parents,)
        Children drawn for each parent.
    room : ndarray of float, shape (n_parents,)
        Most children for other reasons.
    wanted : int
        Rows asked for; what only the data show, and the schema does not say, gives way to it.
    """
    table = drawn.fitted[step.table]
    room = np.minimum(room, 1.0 if table.most == 1 else np.inf)
    declared = _limited(drawn, step, counts, room, (r for r in table.unique if r.declared), rng)
    observed = (rule for rule in table.unique if not rule.declared)
    both = _limited(drawn, step, counts, declared, observed, rng)
    return both if both.sum() >= wanted else declared


def _limited(
    drawn: DrawnDatabase,
    step: TablePlan,
    counts: Integers,
    room: Floats,
    rules: Iterable[UniqueRule],
    rng: np.random.Generator,
) -> Floats:
    context, table = step.generating, drawn.fitted[step.table]
    others = {key.name: key for key in step.early[1:]}
    for rule in rules:
        keys = [others[name] for name in rule.keys if name in others]
        if rule.may_repeat:
            continue
        if context.name not in rule.keys:
            if keys and len(keys) == len(rule.keys) and not rule.columns:
                room = _shared_out(drawn, context, keys, counts, room, rng)
        elif rule.columns:
            room = np.minimum(room, table.most)
        elif len(keys) == len(rule.keys) - 1:
            places = np.prod([partners(drawn, context, key) for key in keys], axis=0)
            room = np.minimum(room, np.maximum(places - (not rule.may_be_equal), 0))
    return room


def _shared_out(
    drawn: DrawnDatabase,
    context: ForeignKey,
    keys: list[ForeignKey],
    counts: Integers,
    room: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Share the combinations of some keys out among the context parents that may use them."""
    columns = shared_with(context, keys)
    if not columns or not len(room):
        return room
    groups = joint_codes(parent_values(drawn, context, columns), [])[0] + 1
    places = np.prod([partners(drawn, context, key) for key in keys], axis=0)
    first = np.unique(groups, return_index=True)
    totals = np.zeros(int(groups.max()) + 1)
    totals[first[0]] = places[first[1]]
    limits = np.minimum(room, totals[groups])
    room_of = np.bincount(groups, limits, len(totals))
    shared = np.minimum(totals, room_of).astype(np.int64)
    return share_out(counts, groups, shared, limits, rng).astype(float)
