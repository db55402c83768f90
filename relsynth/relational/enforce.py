"""Make drawn rows obey what is unique."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from relsynth.errors import CapacityError
from relsynth.metadata import TablePlan
from relsynth.relational.fitted import FittedTable
from relsynth.relational.forest import depths
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
    distribution; the few rows that swaps cannot mend draw another value, or none where
    some rows have none. Swaps of a self-reference stay within a level of its forest,
    which keeps it one.
    """
    moved, waiting = False, 0
    for name in _movable(rule, step, columns, knowledge):
        changed, waiting = _mend(name, rule, table, step, knowledge, columns, rng)
        moved |= changed
        if not waiting:
            break
    if waiting and rule.declared:
        raise _shortage(rule, table, waiting)
    return moved


def _mend(
    name: str,
    rule: UniqueRule,
    table: FittedTable,
    step: TablePlan,
    knowledge: Knowledge,
    columns: dict[str, pd.Series],
    rng: np.random.Generator,
) -> tuple[bool, int]:
    """Move one part of a combination; return whether it moved and how many rows still repeat."""
    codes = {key: knowledge.links[key] for key in rule.keys}
    codes.update({column: _codes(columns[column]) for column in rule.columns})
    moved = codes.pop(name)
    rows = np.flatnonzero((moved >= 0) & np.all([c >= 0 for c in codes.values()], axis=0))
    if not len(rows):
        return False, 0
    fixed = _combined([part[rows] for part in codes.values()], rows)
    levels = depths(moved) if _refers_to_itself(name, step) else None
    source, left = swap_until_unique(
        fixed,
        moved[rows],
        np.zeros(len(rows), np.int64) if levels is None else levels[rows],
        rng,
        may_be_equal=rule.may_be_equal,
        may_repeat=rule.may_repeat,
        within=levels is not None,
    )
    waiting = np.flatnonzero(left)
    pool, places = None, rows
    if len(waiting) and levels is None:
        pool = _pool(name, table, step, knowledge, columns, rng)
        places = np.concatenate([rows, np.arange(len(moved), len(pool))])
        offers = (pool.to_numpy() if name in rule.keys else _codes(pool))[places]
        source, waiting = _redraw(fixed, offers, source, waiting, rule.may_be_equal, rng)
    nulls = np.flatnonzero(moved < 0)
    if len(waiting) and len(nulls):
        source[waiting] = len(places)
        places, waiting = np.append(places, nulls[0]), nulls[:0]
    if np.array_equal(source, np.arange(len(rows))):
        return False, len(waiting)
    _move(name, rows, places[source], pool, table, knowledge, columns)
    return True, len(waiting)


def _codes(values: pd.Series) -> Integers:
    return pd.factorize(values)[0].astype(np.int64)


def _combined(parts: list[Integers], rows: Integers) -> Integers:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.zeros(len(rows), np.int64)
    return np.unique(np.column_stack(parts), axis=0, return_inverse=True)[1].reshape(-1)


def _movable(
    rule: UniqueRule, step: TablePlan, columns: Mapping[str, pd.Series], knowledge: Knowledge
) -> list[str]:
    """Return the parts that may move: columns, those of most values first, then linked keys.

    What ties rows to those of a sibling table moves last, and only for a declared rule.
    """
    context = None if step.context is None else step.context.name
    by_values = sorted(rule.columns, key=lambda name: -columns[name].nunique())
    parts = [*by_values, *(name for name in reversed(rule.keys) if name != context)]
    tied = _tied_to_siblings(step, knowledge)
    last = [name for name in parts if name in tied] if rule.declared else []
    return [name for name in parts if name not in tied] + last


def _tied_to_siblings(step: TablePlan, knowledge: Knowledge) -> set[str]:
    """Return the parts of a table by which its rows and those of a sibling find each other."""
    tied = set() if step.beside is None else set(step.beside.columns)
    for other in knowledge.plan.steps:
        key = other.beside
        if key is not None and key.sibling == step.table and other.table in knowledge.own:
            tied |= {*key.sibling_columns, key.sibling_key}
    return tied


def _refers_to_itself(name: str, step: TablePlan) -> bool:
    return any(key.name == name and key.is_self_reference for key in step.deferred)


def _pool(
    name: str,
    table: FittedTable,
    step: TablePlan,
    knowledge: Knowledge,
    columns: Mapping[str, pd.Series],
    rng: np.random.Generator,
) -> pd.Series:
    """Return what the rows hold, and behind it what none of them holds but might."""
    if name in knowledge.links:
        keys = (*step.linked, *step.lookups, *step.deferred)
        parent = next(key.parent for key in keys if key.name == name)
        links = knowledge.links[name]
        others = np.setdiff1d(np.arange(len(knowledge.own[parent])), links)
        return pd.Series(np.concatenate([links, others]))
    encoder = table.encoding.encoders[name]
    values = encoder.decode(encoder.domain(), rng)
    others = values[~values.isin(columns[name])]
    return pd.concat([columns[name], others], ignore_index=True) if len(others) else columns[name]


def _redraw(
    fixed: Integers,
    offers: Integers,
    source: Integers,
    rows: Integers,
    may_be_equal: bool,
    rng: np.random.Generator,
) -> tuple[Integers, Integers]:
    """Let rows take any value offered that makes their combination new; return who finds none."""
    source = source.copy()
    span = int(offers.max()) + 1
    for _ in range(TRIES):
        if not len(rows):
            return source, rows
        taken = np.delete(fixed * span + offers[source], rows)
        offered = rng.integers(len(offers), size=len(rows))
        pairs = fixed[rows] * span + offers[offered]
        fine = ~np.isin(pairs, taken)
        fine &= np.isin(np.arange(len(pairs)), np.unique(pairs, return_index=True)[1])
        if not may_be_equal:
            fine &= fixed[rows] != offers[offered]
        source[rows[fine]] = offered[fine]
        rows = rows[~fine]
    distinct = np.unique(offers, return_index=True)[1]
    return source, _take_free(fixed, offers, source, rows, distinct, may_be_equal)


def _shortage(rule: UniqueRule, table: FittedTable, rows: int) -> CapacityError:
    parts = " and ".join((*rule.keys, *rule.columns))
    return CapacityError(
        f"{table.name}: {rows} rows find no unused combination of {parts}, which must be unique. "
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
    places: Integers,
    pool: pd.Series | None,
    table: FittedTable,
    knowledge: Knowledge,
    columns: dict[str, pd.Series],
) -> None:
    """Give rows the values at some places of the pool, or of the table itself without one."""
    if name in knowledge.links:
        links = knowledge.links[name].copy()
        links[rows] = (links if pool is None else pool.to_numpy())[places]
        knowledge.links[name] = links
        return
    column = columns[name]
    values = column if pool is None else pool
    order = np.arange(len(column))
    order[rows] = places
    columns[name] = values.iloc[order].reset_index(drop=True)
    own = knowledge.own[table.name]
    at = own.names.index(name)
    fresh = table.encoding.encoders[name].encode(values.iloc[len(column) :])
    own.values[:, at] = np.concatenate([own.values[:, at], fresh])[order]
