"""Make drawn rows obey what is unique."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relsynth.errors import CapacityError
from relsynth.metadata import TablePlan
from relsynth.relational.fitted import FittedTable
from relsynth.relational.knowledge import Knowledge
from relsynth.relational.unique_rule import UniqueRule
from relsynth.relational.uniqueness import swap_until_unique
from relsynth.typing import Integers

TRIES = 40


def enforce_unique(
    rule: UniqueRule,
    table: FittedTable,
    step: TablePlan,
    knowledge: Knowledge,
    columns: dict[str, pd.Series],
    rng: np.random.Generator,
) -> bool:
    """Mend repeated combinations of a drawn table, in place.

    Parameters
    ----------
    rule : UniqueRule
    table : FittedTable
    step : TablePlan
    knowledge : Knowledge
    columns : dict of str to Series
        Decoded modelled columns of the table.
    rng : numpy.random.Generator

    Returns
    -------
    bool
        Whether anything was moved.

    Raises
    ------
    CapacityError
        Where there are fewer combinations than rows that need one; only for a declared
        rule, an observed one is kept as far as it goes.

    Notes
    -----
    Values of one part are swapped between rows, which keeps every column's own
    distribution; the few rows that swaps cannot mend draw another value that occurs.
    """
    parts = [knowledge.links[name] for name in rule.keys]
    parts += [_codes(columns[name]) for name in rule.columns]
    movable = _movable(rule, step, parts)
    if movable is None or not len(parts[0]):
        return False
    moved = parts.pop(movable)
    known = (moved >= 0) & np.all([part >= 0 for part in parts], axis=0) if parts else moved >= 0
    rows = np.flatnonzero(known)
    fixed = parts[0][rows] if len(parts) == 1 else _combined([part[rows] for part in parts], rows)
    blocks = np.zeros(len(rows), np.int64)
    source, left = swap_until_unique(
        fixed,
        moved[rows],
        blocks,
        rng,
        may_be_equal=rule.may_be_equal,
        may_repeat=rule.may_repeat,
    )
    if left.any():
        source = _redraw(fixed, moved[rows], source, left, rule, table, rng)
    if np.array_equal(source, np.arange(len(rows))):
        return False
    name = (*rule.keys, *rule.columns)[movable]
    _move(name, rows, rows[source], table, knowledge, columns)
    return True


def _codes(values: pd.Series) -> Integers:
    return pd.factorize(values)[0].astype(np.int64)


def _combined(parts: list[Integers], rows: Integers) -> Integers:
    if not parts:
        return np.zeros(len(rows), np.int64)
    return np.unique(np.column_stack(parts), axis=0, return_inverse=True)[1].reshape(-1)


def _movable(rule: UniqueRule, step: TablePlan, parts: list[Integers]) -> int | None:
    """Return which part may move: the column of most values, else a key that is not the context."""
    first = len(rule.keys)
    if rule.columns:
        return first + int(np.argmax([codes.max(initial=-1) for codes in parts[first:]]))
    context = None if step.context is None else step.context.name
    free = [at for at, name in enumerate(rule.keys) if name != context]
    return free[-1] if free else None


def _redraw(
    fixed: Integers,
    moved: Integers,
    source: Integers,
    left: np.ndarray,
    rule: UniqueRule,
    table: FittedTable,
    rng: np.random.Generator,
) -> Integers:
    """Let the remaining rows take a value of any row that makes their combination new."""
    source = source.copy()
    rows = np.flatnonzero(left)
    span = int(moved.max()) + 1
    distinct = np.unique(moved, return_index=True)[1]
    for _ in range(TRIES):
        if not len(rows):
            return source
        taken = np.delete(fixed * span + moved[source], rows)
        offered = rng.integers(len(moved), size=len(rows))
        pairs = fixed[rows] * span + moved[offered]
        fine = ~np.isin(pairs, taken)
        fine &= np.isin(np.arange(len(pairs)), np.unique(pairs, return_index=True)[1])
        if not rule.may_be_equal:
            fine &= fixed[rows] != moved[offered]
        source[rows[fine]] = offered[fine]
        rows = rows[~fine]
    rows = _take_free(fixed, moved, source, rows, distinct, rule.may_be_equal)
    if not len(rows) or not rule.declared:
        return source
    parts = " and ".join((*rule.keys, *rule.columns))
    raise CapacityError(
        f"{table.name}: {len(rows)} of {len(fixed)} rows find no unused combination of {parts}, "
        f"which must be unique; {len(np.unique(fixed))} x {len(distinct)} combinations exist. "
        "Ask for fewer rows of this table or more of its parents"
    )


def _take_free(
    fixed: Integers,
    moved: Integers,
    source: Integers,
    rows: Integers,
    distinct: Integers,
    may_be_equal: bool,
) -> Integers:
    """Give rows the values their group has not used yet, in place; return those left over.

    Runs once per group that still offends: these are the few that use nearly every value.
    """
    left = []
    for group in np.unique(fixed[rows]):
        members = np.flatnonzero(fixed == group)
        waiting = rows[fixed[rows] == group]
        used = moved[source[np.setdiff1d(members, waiting)]]
        free = distinct[~np.isin(moved[distinct], used)]
        if not may_be_equal:
            free = free[moved[free] != group]
        source[waiting[: len(free)]] = free[: len(waiting)]
        left.append(waiting[len(free) :])
    return np.concatenate(left) if left else rows


def _move(
    name: str,
    rows: Integers,
    source: Integers,
    table: FittedTable,
    knowledge: Knowledge,
    columns: dict[str, pd.Series],
) -> None:
    if name in knowledge.links:
        links = knowledge.links[name].copy()
        links[rows] = knowledge.links[name][source]
        knowledge.links[name] = links
        return
    order = np.arange(len(columns[name]))
    order[rows] = source
    columns[name] = columns[name].iloc[order].reset_index(drop=True)
    own = knowledge.own[table.name]
    at = own.names.index(name)
    own.values[:, at] = own.values[order, at]
