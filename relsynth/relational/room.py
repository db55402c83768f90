"""How many rows each row of the context parent has room for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from relsynth.metadata import TablePlan
from relsynth.metadata.schema import ForeignKey
from relsynth.relational.counts import share_out
from relsynth.relational.drawn import DrawnDatabase, early_keys
from relsynth.relational.shared_columns import (
    has_company,
    joint_codes,
    parent_values,
    partners,
    shared_with,
)
from relsynth.relational.unique_rule import UniqueRule
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
    drawn : DrawnDatabase
    step : TablePlan
        Of the children.
    counts : ndarray of int, shape (n_parents,)
        Children drawn for each parent.
    room : ndarray of float, shape (n_parents,)
        Most children for other reasons.
    wanted : int
        Rows asked for; what only the data show, and the schema does not say, gives way to it.
    rng : numpy.random.Generator
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
    context, table = step.context, drawn.fitted[step.table]
    assert context is not None  # noqa: S101
    others = {key.name: key for key in early_keys(step)[1:]}
    for rule in rules:
        keys = [others[name] for name in rule.keys if name in others]
        if rule.may_repeat:
            continue
        if context.name not in rule.keys:
            if len(keys) == len(rule.keys) == 1 and not rule.columns:
                room = _shared_out(drawn, context, keys[0], counts, room, rng)
        elif rule.columns:
            room = np.minimum(room, table.most)
        elif len(keys) == len(rule.keys) - 1:
            places = np.prod([partners(drawn, context, key) for key in keys], axis=0)
            room = np.minimum(room, np.maximum(places - (not rule.may_be_equal), 0))
    return room


def _shared_out(
    drawn: DrawnDatabase,
    context: ForeignKey,
    key: ForeignKey,
    counts: Integers,
    room: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Share the parents of a key that takes each once among the context parents of their cell."""
    columns = shared_with(key, [context])
    if not columns or not len(room):
        return room
    own, theirs = joint_codes(
        parent_values(drawn, context, columns), parent_values(drawn, key, columns)
    )
    groups = own + 1
    offered = theirs[has_company(drawn, key)] + 1
    n_groups = int(max(groups.max(initial=0), offered.max(initial=0))) + 1
    places = np.bincount(offered, minlength=n_groups)
    demand = np.bincount(groups, np.where(np.isinf(room), 1e9, room), n_groups)
    totals = np.minimum(places, demand).astype(np.int64)
    totals[0] = 0
    return share_out(counts, groups, totals, room, rng).astype(float)
