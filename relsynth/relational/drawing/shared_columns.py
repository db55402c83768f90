"""Foreign keys of one table that share columns: a row's parents must agree in these.

``kern(font, left)`` and ``kern(font, right)`` both refer to ``glyphs(font, glyph)``; the two glyphs
of a row have to be of one font. Rows and parents of equal values in the shared columns
form a cell; a key is assigned and mended inside cells only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.metadata import ForeignKey
from relsynth.metadata.references import shared_codes
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.sources.roles import own_columns
from relsynth.typing import Flags, Floats, Integers


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows whose other keys settle the same columns of a key, and its possible parents.

    Attributes
    ----------
    row_cells : ndarray of int, shape of `rows`
    parent_cells : ndarray of int, shape (n_parents,)
        A parent fits a row of its own cell; -1 for parents that have no value.
    """

    rows: Integers
    row_cells: Integers
    parent_cells: Integers


def others_assigned(drawn: DrawnDatabase, key: ForeignKey) -> list[ForeignKey]:
    """Return the other keys of a key's table that have been assigned."""
    step = drawn.database.plan[key.child]
    return [
        other
        for other in step.keys
        if other.name != key.name and other.name in drawn.database.links
    ]


def shared_with(key: ForeignKey, others: Sequence[ForeignKey]) -> tuple[str, ...]:
    """Return the columns of a key that other keys have too."""
    taken = {column for other in others for column in other.columns}
    return tuple(column for column in key.columns if column in taken)


def bound_columns(drawn: DrawnDatabase, key: ForeignKey) -> tuple[str, ...]:
    """Return the columns of a key that other keys, so far, or the rows themselves settle."""
    shared = shared_with(key, others_assigned(drawn, key))
    return tuple(name for name in key.columns if name in shared or name in own_columns(key))


def shares_columns(key: ForeignKey, drawn: DrawnDatabase) -> bool:
    """Return whether any other key of a key's table has a column of it."""
    step = drawn.database.plan[key.child]
    others = [other for other in step.keys if other.name != key.name]
    return bool(own_columns(key) or shared_with(key, others))


def cells(drawn: DrawnDatabase, key: ForeignKey) -> Iterator[Cells]:
    """Yield the rows of a table by which columns of a key its other keys settle already.

    Rows in which other keys settle none are left out.
    """
    columns = bound_columns(drawn, key)
    if not columns:
        return
    values = _settled(drawn, key, columns)
    known = np.column_stack([column.notna().to_numpy() for column in values])
    patterns, which = np.unique(known, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        rows = np.flatnonzero(which.reshape(-1) == number)
        chosen = np.flatnonzero(pattern)
        if len(chosen):
            names = [columns[at] for at in chosen]
            found = joint_codes(
                [values[at].iloc[rows] for at in chosen], parent_values(drawn, key, names)
            )
            yield Cells(rows, *found)


def settled(drawn: DrawnDatabase, key: ForeignKey) -> Flags:
    """Return in which rows the other keys settle every column of a key."""
    if set(bound_columns(drawn, key)) != set(key.columns):
        return np.zeros(drawn.rows(key.child), bool)
    values = _settled(drawn, key, key.columns)
    return np.all([column.notna().to_numpy() for column in values], axis=0)


def completed_by(drawn: DrawnDatabase, key: ForeignKey) -> Flags:
    """Return in which rows a key would give the last missing value to a key that is null."""
    completed = np.zeros(drawn.rows(key.child), bool)
    for other in others_assigned(drawn, key):
        if other.when is not None or not set(other.columns) & set(key.columns):
            continue
        null = drawn.database.links[other.name] < 0
        for column in set(other.columns) - set(key.columns):
            null &= drawn.values(key.child, column).notna().to_numpy()
        completed |= null
    return completed


def has_feasible_parents(drawn: DrawnDatabase, key: ForeignKey) -> Flags:
    """Return which parents a key may refer to.

    They have a value in every column referred to, and the keys that are assigned later and
    never null find a parent that agrees.
    """
    fits = drawn.has_key(key)
    keys = drawn.database.plan[key.child].early
    if key not in keys:
        return fits
    for later in keys[keys.index(key) + 1 :]:
        columns = shared_with(later, [key])
        if not columns or not _is_required(drawn, later):
            continue
        own, theirs = joint_codes(
            parent_values(drawn, key, columns), parent_values(drawn, later, columns)
        )
        fits &= np.isin(own, theirs[has_feasible_parents(drawn, later) & (theirs >= 0)])
    return fits


def partners(drawn: DrawnDatabase, key: ForeignKey, other: ForeignKey) -> Floats:
    """Return for every parent of a key how many parents of another agree with it."""
    able = has_feasible_parents(drawn, other)
    columns = shared_with(other, [key])
    if not columns:
        return np.full(drawn.rows(key.parent), float(able.sum()))
    own, theirs = joint_codes(
        parent_values(drawn, key, columns), parent_values(drawn, other, columns)
    )
    offered = theirs[able & (theirs >= 0)]
    counts = np.bincount(offered, minlength=int(max(own.max(initial=0), 0)) + 1)
    return np.where(own >= 0, counts[np.maximum(own, 0)], 0).astype(float)


def parent_values(drawn: DrawnDatabase, key: ForeignKey, columns: Sequence[str]) -> list[pd.Series]:
    """Return what columns of a key refer to, a column of all parents each."""
    referred = dict(zip(key.columns, key.parent_columns, strict=True))
    return [drawn.values(key.parent, referred[column]) for column in columns]


def joint_codes(left: list[pd.Series], right: list[pd.Series]) -> tuple[Integers, Integers]:
    """Return numbers that are equal for rows of equal values; -1 where a value is missing.

    Parameters
    ----------
    left, right : list of Series
        Corresponding columns of two tables; `right` may be empty.
    """
    split = len(left[0])
    joint, missing = np.zeros(0, np.int64), np.zeros(0, bool)
    for at, own in enumerate(left):
        codes = np.concatenate(shared_codes([own, *right[at : at + 1]]))
        if not at:
            joint, missing = codes, codes < 0
            continue
        missing |= codes < 0
        joint = joint * (int(codes.max(initial=0)) + 1) + codes
        joint = np.unique(joint, return_inverse=True)[1].reshape(-1).astype(np.int64)
    joint = np.where(missing, -1, joint)
    return joint[:split], joint[split:]


def _settled(drawn: DrawnDatabase, key: ForeignKey, columns: Sequence[str]) -> list[pd.Series]:
    """Return columns of a key's table as the other keys settle them."""
    return [drawn.values(key.child, column, without=key.name) for column in columns]


def _is_required(drawn: DrawnDatabase, key: ForeignKey) -> bool:
    """Return whether every row refers to something."""
    if key.when is not None:
        return False
    for link in drawn.fitted[key.child].links:
        if link.key == key.name:
            return not link.has_nulls and link.model is not None
    return key.nullable is not True
