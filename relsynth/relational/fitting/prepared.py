"""A real table made ready for learning: roles, encoders, and hidden columns about its keys."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.columns.moment import DatetimeEncoder
from relsynth.columns.protection import Holders
from relsynth.columns.relations.finders import cut_alike
from relsynth.metadata import ForeignKey, Metadata, Plan, Table, TablePlan
from relsynth.packing import packable
from relsynth.relational.children.sequence_number import SequenceNumber
from relsynth.relational.links.diamond import Diamond, find_diamond, follow
from relsynth.relational.links.forest import depths, is_root
from relsynth.relational.sources.agreeing_siblings import Common, has_common, is_common
from relsynth.relational.sources.encoding import TableEncoding, hidden_column
from relsynth.relational.sources.inherited import find_copies
from relsynth.relational.sources.repeats import Repeat, find_repeats, repeating
from relsynth.relational.sources.roles import Roles, find_roles, ordered_key_columns
from relsynth.seeding import Seed
from relsynth.typing import Floats, Integers, Tables


@dataclass(frozen=True, slots=True)
class LinkShape:
    """What the rows themselves must know of a key that is assigned after them.

    Attributes
    ----------
    levels : ndarray of int or None
        Depth of each row in the forest of a self-reference.
    """

    key: ForeignKey
    has_nulls: bool
    diamond: Diamond | None
    levels: Integers | None
    loops: bool

    @property
    def forest(self) -> bool:
        """Whether the key is a self-reference without cycles."""
        return self.levels is not None


@packable
@dataclass(frozen=True, slots=True)
class Sources:
    """Which modelled columns have their values from elsewhere than the row model.

    Attributes
    ----------
    number : SequenceNumber or None
        Of the column that numbers the rows of the context parent.
    copied : mapping of str to str
        Columns that always repeat a column of the context parent, by name.
    repeats : tuple of Repeat
        Further columns that repeat a column of a parent, always or mostly.
    common : tuple of Common
        Columns of which the children of one linked parent mostly have the same value.
    """

    number: SequenceNumber | None
    copied: Mapping[str, str]
    repeats: tuple[Repeat, ...]
    common: tuple[Common, ...]

    @property
    def held(self) -> frozenset[str]:
        """Columns whose values the parents of a row give, or its number among its siblings."""
        repeated = (*(r.column for r in self.repeats), *(c.column for c in self.common))
        number = () if self.number is None else (self.number.column,)
        return frozenset((*self.copied, *repeated, *number))


@dataclass(frozen=True, slots=True)
class PreparedTable:
    """A real table as matrices.

    Attributes
    ----------
    own : Matrix, shape (n_rows, n_hidden + n_modelled)
        Hidden columns, then modelled ones.
    shapes : tuple of LinkShape
        Of the linked keys, then the deferred ones.
    """

    step: TablePlan
    roles: Roles
    encoding: TableEncoding
    own: Matrix
    shapes: tuple[LinkShape, ...]
    sources: Sources

    @property
    def n_hidden(self) -> int:
        """Number of hidden columns."""
        return len(self.own.names) - len(self.roles.modelled)


def prepare(
    metadata: Metadata,
    plan: Plan,
    step: TablePlan,
    tables: Tables,
    links: Mapping[str, Integers],
    holders: Mapping[str, Holders],
    relations: Container[str],
    seed: Seed,
    original: pd.DataFrame,
) -> PreparedTable:
    """Return a real table as matrices.

    Parameters
    ----------
    links : mapping of str to ndarray of int
        Parent row of every row by key name, for all keys of the database.
    holders : mapping of str to Holders
        Whose the rows of every table are.
    relations : container of str
        Kinds of relations between columns to look for.
    original : DataFrame
        The table before values were taken apart for protection: what followed from others there
        follows from what they are now.
    """
    frame = tables[step.table]
    groups = None if step.context is None else links[step.context.name]
    roles = find_roles(metadata, step, frame, groups)
    own_holders = holders[step.table]
    table, near = metadata.tables[step.table], None
    columns = dict(table.columns)
    ordered = ordered_key_columns(metadata, step)
    columns |= {name: metadata.tables[k.parent].columns[at] for name, (k, at) in ordered.items()}
    plain = tuple(name for name in roles.modelled if name not in ordered)
    if step.context is not None and step.sibling_join is None and groups is not None:
        key = step.context.columns
        near = SequenceNumber.find(frame, table, plain, key, groups, own_holders)
    if near is not None:
        columns[near.column] = replace(columns[near.column], kind="integer")
    encoding = TableEncoding.learn(frame, columns, roles.modelled, own_holders)
    shapes = tuple(_shapes(metadata, plan, step, links))
    hidden = [
        hidden_column(lookup_name(key), "category", _codes(links[key.name])) for key in step.lookups
    ]
    for shape in shapes:
        hidden += _hidden_columns(shape, links)
    copied: dict[str, str] = {}
    if step.context is not None and groups is not None:
        copied = find_copies(frame, tables[step.context.parent], groups, plain)
    taken = {*copied, *(() if near is None else (near.column,))}
    free = tuple(name for name in plain if name not in taken)
    repeats = tuple(Repeat(key.name, name, at, always=True) for name, (key, at) in ordered.items())
    repeats += tuple(_repeats(metadata, step, tables, links, free))
    parents = {key.name: key.parent for key in metadata.parents_of(step.table)}
    for repeat in (repeat for repeat in repeats if not repeat.always):
        source = tables[parents[repeat.key]][repeat.source]
        agrees = repeating(frame[repeat.column], source, links[repeat.key])
        hidden.append(hidden_column(repeat.flag, "category", agrees.astype(float)))
    moments = {n: e for n, e in encoding.encoders.items() if isinstance(e, DatetimeEncoder)}
    for repeat in repeats:
        linked = repeat.key in {key.name for key in step.linked}
        if linked and repeat.always and list(moments) == [repeat.column]:
            dates = tables[parents[repeat.key]][repeat.source]
            encoding = encoding.placed(repeat.column, moments[repeat.column], dates)
    rows = encoding.encode(frame)
    rows = cut_alike(
        rows, encoding.whole(original, rows), encoding.decimals, encoding.steps, seed, relations
    )
    taken = {*taken, *(repeat.column for repeat in repeats)}
    common = tuple(_common(table, step, rows, links, taken.union(encoding.invents)))
    for shared in common:
        agrees = is_common(rows[shared.column], links[shared.key])
        hidden.append(hidden_column(shared.flag, "category", agrees.astype(float)))
    own = Matrix.join([Matrix.empty(len(frame)), *hidden, rows])
    sources = Sources(near, copied, repeats, common)
    return PreparedTable(step, roles, encoding, own, shapes, sources)


def lookup_name(key: ForeignKey) -> str:
    """Name of the hidden column that holds the row of a kept table."""
    return f"#row.{key.name}"


def null_name(key: str) -> str:
    """Name of the hidden column that tells whether a key is null."""
    return f"#null.{key}"


def same_name(key: str) -> str:
    """Name of the hidden column that tells whether two paths agree."""
    return f"#same.{key}"


def depth_name(key: str) -> str:
    """Name of the hidden column that holds a row's depth in a forest."""
    return f"#depth.{key}"


def _repeats(
    metadata: Metadata,
    step: TablePlan,
    tables: Tables,
    links: Mapping[str, Integers],
    names: tuple[str, ...],
) -> Iterator[Repeat]:
    """Yield which columns, but those of a unique set, repeat a column of a parent."""
    frame, table = tables[step.table], metadata.tables[step.table]
    bound = {name for columns in table.candidate_keys for name in columns}
    free = tuple(name for name in names if name not in bound)
    context = () if step.context is None else (step.context,)
    for key in (*context, *step.lookups, *step.linked):
        found = find_repeats(key.name, frame, tables[key.parent], links[key.name], free)
        free = tuple(name for name in free if name not in {repeat.column for repeat in found})
        yield from found


def _common(
    table: Table, step: TablePlan, rows: Matrix, links: Mapping[str, Integers], taken: set[str]
) -> Iterator[Common]:
    """Yield of which columns, but those of a unique set, linked parents have a common value."""
    texts = {name for name, column in table.columns.items() if column.kind == "text"}
    taken = taken.union(texts, *table.candidate_keys)
    for key in step.linked:
        for name in (name for name in rows.names if name not in taken):
            if has_common(rows[name], links[key.name]):
                taken = taken | {name}
                yield Common(key.name, name)


def _shapes(
    metadata: Metadata, plan: Plan, step: TablePlan, links: Mapping[str, Integers]
) -> list[LinkShape]:
    known = [key for key in (step.context, *step.lookups) if key is not None]
    assigned = _assigned_before(metadata, plan, step)
    shapes = []
    for key in (*step.linked, *step.deferred):
        rows = links[key.name]
        levels = depths(rows) if key.is_self_reference else None
        loops = levels is not None and bool((rows[is_root(rows)] >= 0).any())
        usable = assigned | {other.name for other in known}
        diamond = find_diamond(metadata, key, tuple(known), links, frozenset(usable))
        has_nulls = bool((rows < 0).any()) and levels is None and key.when is None
        shapes.append(LinkShape(key, has_nulls, diamond, levels, loops))
        if key not in step.deferred:
            known.append(key)
    return shapes


def _assigned_before(metadata: Metadata, plan: Plan, step: TablePlan) -> set[str]:
    deferred = {key.name for other in plan.steps for key in other.deferred}
    earlier = set(plan.order[: plan.order.index(step.table)])
    return {
        key.name
        for key in metadata.foreign_keys
        if key.child in earlier and key.name not in deferred
    }


def _hidden_columns(shape: LinkShape, links: Mapping[str, Integers]) -> list[Matrix]:
    columns = []
    rows = links[shape.key.name]
    if shape.has_nulls:
        null = (rows < 0).astype(float)
        columns.append(hidden_column(null_name(shape.key.name), "category", null))
    if shape.diamond is not None and not shape.diamond.always:
        own = follow(shape.diamond.own_path, links)
        through = follow(shape.diamond.parent_path, links, rows)
        same = np.where((own < 0) | (through < 0), np.nan, (own == through).astype(float))
        columns.append(hidden_column(same_name(shape.key.name), "category", same))
    if shape.levels is not None:
        level = shape.levels.astype(float)
        columns.append(hidden_column(depth_name(shape.key.name), "count", level))
    return columns


def _codes(rows: Integers) -> Floats:
    return np.where(rows < 0, np.nan, rows.astype(float))
