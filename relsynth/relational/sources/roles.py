"""What each column of a table is for: issued, taken from a parent, numbered, or modelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.groups import unique_values
from relsynth.metadata import Column, ForeignKey, Metadata, TablePlan
from relsynth.packing import packable
from relsynth.sorting import lexical_order
from relsynth.typing import Integers

ORDERED = ("integer", "numeric", "datetime", "timedelta")  # kinds that come in an order


@packable
@dataclass(frozen=True, slots=True)
class Numbering:
    """A position key such as ``line_no`` that restarts in every group."""

    column: str
    start: int
    step: int


@packable
@dataclass(frozen=True, slots=True)
class Roles:
    """The part every column of a table plays.

    Attributes
    ----------
    foreign : tuple of str
        Taken from a parent row through a foreign key.
    issued : tuple of str
        Distinct values, issued anew.
    numbering : Numbering or None
        Counts the rows of a context group.
    modelled : tuple of str
        Learned by the table model. Some are foreign as well: their parent is looked for by the
        value that the row was drawn with, see `ordered_key_columns`.
    """

    foreign: tuple[str, ...]
    issued: tuple[str, ...]
    numbering: Numbering | None
    modelled: tuple[str, ...]


def find_roles(
    metadata: Metadata, step: TablePlan, frame: pd.DataFrame, groups: Integers | None
) -> Roles:
    """Return the roles of a table's columns.

    Parameters
    ----------
    frame : DataFrame
        The real table.
    groups : ndarray of int or None
        Context parent row of each row; ``None`` for a root.
    """
    table = metadata.tables[step.table]
    keys = metadata.parents_of(step.table)
    foreign = {column for key in keys for column in key.columns if column not in own_columns(key)}
    children = metadata.children_of(step.table)
    candidates = {*table.candidate_keys, *_referred(children)}
    single = {columns[0] for columns in candidates if len(columns) == 1}
    needed = {*table.primary_key, *(n for names in _referred(children) for n in names)}
    issued = {name for name in single if name not in foreign and frame[name].is_unique}
    for name, column in table.columns.items():
        if column.kind == "key" and name not in foreign and _is_distinct(frame[name]):
            issued.add(name)
    # what is no key of the database may be missing, and names are made, not numbered
    issued -= {n for n in issued - needed if _is_made(table.columns[n], frame[n])}
    numbering = None
    rest = [name for name in table.primary_key if name not in foreign and name not in issued]
    if len(rest) == 1 and groups is not None and step.context is not None:
        numbering = _find_numbering(frame[rest[0]], groups)
    taken = foreign | issued | ({numbering.column} if numbering else set())
    taken -= ordered_key_columns(metadata, step).keys()
    modelled = tuple(name for name in table.columns if name not in taken)
    order = tuple(table.columns)
    return Roles(
        tuple(sorted(foreign, key=order.index)),
        tuple(sorted(issued, key=order.index)),
        numbering,
        modelled,
    )


def ordered_key_columns(metadata: Metadata, step: TablePlan) -> dict[str, tuple[ForeignKey, str]]:
    """Return numbers and dates within linked keys of several columns, and what they refer to.

    The season of a team and a season: rows are drawn with it, in its order, and then linked
    to a parent that has it. A parent that was chosen without it would tear careers apart.

    Returns
    -------
    dict of str to tuple of ForeignKey and str
        By column; the key, and the column of the parent.
    """
    keys = metadata.parents_of(step.table)
    found = {}
    for key in (key for key in step.linked if len(key.columns) > 1 and key.when is None):
        others = {name for other in keys if other.name != key.name for name in other.columns}
        given = {name for above in metadata.parents_of(key.parent) for name in above.columns}
        columns = metadata.tables[key.parent].columns
        for own, source in zip(key.columns, key.parent_columns, strict=True):
            if columns[source].kind in ORDERED and not {own} & others and source not in given:
                found[own] = (key, source)
    return found


def own_columns(key: ForeignKey) -> tuple[str, ...]:
    """Return the columns of a self-reference that refer to themselves: a row's own, not taken."""
    pairs = zip(key.columns, key.parent_columns, strict=True)
    return tuple(own for own, other in pairs if key.is_self_reference and own == other)


def _referred(keys: tuple[ForeignKey, ...]) -> set[tuple[str, ...]]:
    return {key.parent_columns for key in keys}


def _is_distinct(values: pd.Series) -> bool:
    present = values.dropna()
    return len(present) > 1 and bool(present.is_unique)


def _is_made(column: Column, values: pd.Series) -> bool:
    """Return whether unique values are learned with their gaps, or are names and addresses."""
    is_key = column.kind == "key" and values.hasnans and len(values.dropna()) > 1
    return is_key or (column.kind == "text" and column.pii)


def _find_numbering(values: pd.Series, groups: Integers) -> Numbering | None:
    """Return the numbering that every group of a column follows, or ``None``."""
    if not pd.api.types.is_integer_dtype(values.dtype) or values.hasnans or not len(values):
        return None
    numbers = values.to_numpy(np.int64)
    order = lexical_order((numbers, groups))
    ordered, group = numbers[order], groups[order]
    inside = np.diff(group) == 0
    firsts = ordered[np.r_[True, ~inside]]
    steps = unique_values(np.diff(ordered)[inside])
    if len(unique_values(firsts)) != 1 or len(steps) > 1:
        return None
    return Numbering(str(values.name), int(firsts[0]), int(steps[0]) if len(steps) else 1)
