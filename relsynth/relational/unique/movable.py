"""What may move so that a combination becomes unique: keys with all their columns, and columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from relsynth.columns.beyond import values_beyond
from relsynth.metadata import ForeignKey, TablePlan
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.drawing.shared_columns import (
    bound_columns,
    has_feasible_parents,
    joint_codes,
    parent_values,
)
from relsynth.relational.links.diamond import follow
from relsynth.relational.links.forest import depths
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.typing import Array, Floats, Integers

STRETCHES = 64  # of a number within which values change places: 1.6 % of the rows


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a combination, as numbers.

    Attributes
    ----------
    name : str
        Of a foreign key or a column.
    codes : ndarray of int, shape (n_rows,)
        Equal for equal values; -1 for null.
    blocks : ndarray of int, shape (n_rows,)
        Swaps go within a block at first.
    within : bool
        Swaps and new values never leave a block.
    is_ordered : bool
        Blocks of neighbouring numbers are near each other.
    """

    name: str
    codes: Integers
    blocks: Integers
    within: bool
    is_ordered: bool = False


@dataclass(frozen=True, slots=True)
class Offers:
    """The values rows may take: those of the rows, then what none of them has.

    Attributes
    ----------
    values : Series or ndarray of int, shape (n_places,)
        Of a column, or parent rows.
    codes, blocks : ndarray of int, shape (n_places,)
    """

    values: pd.Series | Array
    codes: Integers
    blocks: Integers


def movable_names(rule: UniqueRule, drawn: DrawnDatabase, step: TablePlan) -> list[str]:
    """Return the parts that may move: columns, those of most values first, then linked keys.

    An observed rule with a column never moves a row to another parent, which would not fit it.
    Of the columns the one that orders siblings comes last: all others were drawn given it.
    What ties rows to those of a sibling table, columns that relations tie to others of the row
    and copies of the parent's move last, and only for a declared rule.
    Columns by which keys of other tables agree with each other do not move any more, nor do
    columns with conditions.
    """
    columns = drawn.columns[step.table]
    context = None if step.context is None else step.context.name
    rows = drawn.fitted[step.table].rows
    order = None if rows is None or rows.order is None else rows.order.name
    by_values = sorted(rule.columns, key=lambda name: (name == order, -columns[name].nunique()))
    keys = () if rule.columns and not rule.declared else reversed(rule.keys)
    parts = [*by_values, *(name for name in keys if name != context)]
    held = _held_by_children(drawn, step.table)
    if step.table in drawn.conditions:
        held |= set(drawn.conditions[step.table].wanted)
    parts = [name for name in parts if not held & set(_columns_of(name, step))]
    tied = _tied_to_siblings(step, drawn) | set(drawn.fitted[step.table].sources.copied)
    tied |= set() if rows is None else rows.relations.tied
    last = [name for name in parts if name in tied] if rule.declared else []
    return [name for name in parts if name not in tied] + last


def part_of(name: str, rule: UniqueRule, drawn: DrawnDatabase, step: TablePlan) -> Part:
    """Return a part of a rule as it is now."""
    links = drawn.database.links
    if name not in links:
        column = drawn.columns[step.table][name]
        codes = _codes(column)
        if rule.exempt:
            codes[column.astype(str).isin(rule.exempt).to_numpy()] = -1
        own = drawn.database.own[step.table]
        if own.is_number(name):
            return Part(name, codes, _nearby(own[name]), False, is_ordered=True)
        return Part(name, codes, np.zeros(len(codes), np.int64), False)
    key, rows = find_key(step, name), links[name]
    codes = _at(_parent_codes(rule, key, drawn), rows)
    cells = _parent_cells(key, drawn)
    if cells is not None:
        return Part(name, codes, _cells_of(rows, cells, key), True)
    diamond = _diamond_cells(key, drawn)
    if diamond is None and name in drawn.nearby:
        return Part(name, codes, _at(drawn.nearby[name], rows), False, is_ordered=True)
    return Part(name, codes, np.zeros(len(rows), np.int64) if diamond is None else diamond, False)


def offers_of(
    part: Part, rule: UniqueRule, drawn: DrawnDatabase, step: TablePlan, rng: np.random.Generator
) -> Offers:
    """Return what the rows hold, and behind it what none of them holds but might."""
    links = drawn.database.links
    if part.name in links:
        key, rows = find_key(step, part.name), links[part.name]
        others = np.setdiff1d(np.flatnonzero(has_feasible_parents(drawn, key)), rows)
        values = np.concatenate([rows, others])
        cells = _parent_cells(key, drawn)
        blocks = np.zeros(len(values), np.int64) if cells is None else _cells_of(values, cells, key)
        return Offers(values, _at(_parent_codes(rule, key, drawn), values), blocks)
    column = drawn.columns[step.table][part.name]
    encoder = drawn.fitted[step.table].encoding.encoders[part.name]
    domain = encoder.decode(encoder.domain(), rng)
    fresh = domain[~domain.isin(column)]
    known = pd.concat([column, fresh], ignore_index=True) if len(fresh) else column
    codes = pd.factorize(known)[0].astype(np.int64)
    return Offers(known, codes, np.zeros(len(codes), np.int64))


def with_values_beyond(
    offers: Offers,
    name: str,
    count: int,
    drawn: DrawnDatabase,
    table: str,
    rng: np.random.Generator,
) -> Offers:
    """Return offers and up to `count` values of a column that are new to it.

    None are added to keys, nor beyond what the schema allows.
    """
    fitted = drawn.fitted[table]
    if name not in drawn.columns[table]:
        return offers
    known, ceiling = pd.Series(offers.values), fitted.ceilings.get(name, np.inf)
    for asked in (count, 4 * count, 16 * count):
        values = values_beyond(fitted.encoding.encoders[name], asked, ceiling, rng)
        fresh = values[~values.isin(known)].dropna().drop_duplicates()
        if len(fresh) >= count:
            break
    if not len(fresh):
        return offers
    values = pd.concat([known, fresh[:count]], ignore_index=True)
    codes = pd.factorize(values)[0].astype(np.int64)
    return Offers(values, codes, np.zeros(len(codes), np.int64))


def fixed_codes(
    rule: UniqueRule, moving: list[str], drawn: DrawnDatabase, step: TablePlan
) -> Integers:
    """Return a number for what the other parts of a rule hold in each row; -1 for null."""
    links, columns = drawn.database.links, drawn.columns[step.table]
    parts = []
    if not rule.on:
        parts = [links[name] for name in rule.keys if name not in moving]
        parts += [_codes(columns[name]) for name in rule.columns if name not in moving]
        return _combined(parts, drawn.rows(step.table))
    rest = set(rule.on).difference(*(_columns_of(name, step) for name in moving))
    for name in rule.keys:
        own = set(find_key(step, name).columns)
        if name not in moving and own <= set(rule.on) and own & rest:
            parts.append(links[name])
            rest -= own
    parts += [_codes(drawn.values(step.table, name)) for name in sorted(rest)]
    return _combined(parts, drawn.rows(step.table))


def move(
    name: str,
    rows: Integers,
    places: Integers,
    offers: Offers | None,
    drawn: DrawnDatabase,
    table: str,
) -> None:
    """Give rows the values at some places of the offers, or of the table itself without any."""
    links = drawn.database.links
    if name in links:
        moved = links[name].copy()
        moved[rows] = (moved if offers is None else np.asarray(offers.values))[places]
        links[name] = moved
        return
    column = drawn.columns[table][name]
    values = column if offers is None else pd.Series(offers.values)
    order = np.arange(len(column))
    order[rows] = places
    drawn.columns[table][name] = values.iloc[order].reset_index(drop=True)
    own = drawn.database.own[table]
    at = own.names.index(name)
    fresh = drawn.fitted[table].encoding.encoders[name].encode(values.iloc[len(column) :])
    own.values[:, at] = np.concatenate([own.values[:, at], fresh])[order]


def may_be_null(name: str, drawn: DrawnDatabase, step: TablePlan) -> bool:
    """Return whether a null in this part alone makes it null: other keys do not fill it."""
    if name not in drawn.database.links:
        return True
    key = find_key(step, name)
    return set(bound_columns(drawn, key)) != set(key.columns)


def find_key(step: TablePlan, name: str) -> ForeignKey:
    """Return a key of a table by its name."""
    return next(key for key in step.keys if key.name == name)


def _columns_of(name: str, step: TablePlan) -> tuple[str, ...]:
    """Return the columns of a part."""
    for key in step.keys:
        if key.name == name:
            return key.columns
    return (name,)


def _parent_codes(rule: UniqueRule, key: ForeignKey, drawn: DrawnDatabase) -> Integers:
    """Return a number for what each parent row gives the columns of a rule."""
    inside = [column for column in key.columns if column in rule.on]
    if not rule.on or len(inside) == len(key.columns):
        return np.arange(drawn.rows(key.parent))
    return joint_codes(parent_values(drawn, key, inside), [])[0]


def _parent_cells(key: ForeignKey, drawn: DrawnDatabase) -> Integers | None:
    """Return a number for what a row may not change about its parent, by parent row.

    This is what the parent gives the columns shared with other keys and, in a self-reference
    without cycles, its level: the rows stay such a forest.
    """
    columns = bound_columns(drawn, key)
    cells = joint_codes(parent_values(drawn, key, columns), [])[0] if columns else None
    levels = depths(drawn.database.links[key.name]) if key.is_self_reference else None
    if levels is None or cells is None:
        return cells if levels is None else levels
    return np.where(cells < 0, -1, levels * (int(cells.max(initial=0)) + 1) + cells)


def _cells_of(parents: Integers, cells: Integers, key: ForeignKey) -> Integers:
    """Return the cells of parent rows; a row that is its own parent has a cell of its own."""
    found = _at(cells, parents)
    if key.is_self_reference:
        roots = np.flatnonzero(parents == np.arange(len(parents)))
        found[roots] = int(found.max(initial=0)) + 1 + np.arange(len(roots))
    return found


def _diamond_cells(key: ForeignKey, drawn: DrawnDatabase) -> Integers | None:
    """Return the ancestor to which the parent of each row leads, where the data have a diamond."""
    links = drawn.database.links
    for link in drawn.fitted[key.child].links:
        if link.key == key.name and link.diamond is not None:
            return follow(link.diamond.parent_path, links, links[key.name])
    return None


def _nearby(numbers: Floats) -> Integers:
    """Return for each number the stretch it lies in, of about as many numbers each."""
    rank = rankdata(np.nan_to_num(numbers, nan=-np.inf), method="min") - 1
    stretches: Integers = (rank * STRETCHES // max(len(rank), 1)).astype(np.int64)
    return stretches


def _at(codes: Integers, rows: Integers) -> Integers:
    return np.append(codes, -1)[rows]


def _codes(values: pd.Series) -> Integers:
    return pd.factorize(values)[0].astype(np.int64)


def _combined(parts: list[Integers], n_rows: int) -> Integers:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.zeros(n_rows, np.int64)
    columns = np.column_stack(parts)
    joint = np.unique(columns, axis=0, return_inverse=True)[1].reshape(-1)
    return np.where((columns < 0).any(axis=1), -1, joint)


def _held_by_children(drawn: DrawnDatabase, table: str) -> set[str]:
    """Return the columns of a table by which linked rows of others agree with further parents."""
    held: set[str] = set()
    for step in drawn.database.plan.steps:
        for key in step.keys:
            if key.parent != table or key.child == table or key.name not in drawn.database.links:
                continue
            shared = bound_columns(drawn, key)
            pairs = zip(key.columns, key.parent_columns, strict=True)
            held |= {parent for own, parent in pairs if own in shared}
    return held


def _tied_to_siblings(step: TablePlan, drawn: DrawnDatabase) -> set[str]:
    """Return the parts of a table by which its rows and those of a sibling find each other."""
    tied = set() if step.sibling_join is None else set(step.sibling_join.columns)
    for other in drawn.database.plan.steps:
        key = other.sibling_join
        if key is not None and key.sibling == step.table and other.table in drawn.database.own:
            tied |= {*key.sibling_columns, key.sibling_key}
    return tied
