"""Rows below the rows of a sibling table: how many each has, and what is known of them by that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.metadata.plan import SiblingKey
from relsynth.packing import packable
from relsynth.relational.children.row_model import Given, RowModel
from relsynth.relational.sibling_join.join_keys import JoinKeys, inside_keys
from relsynth.relational.sources.encoding import TableEncoding, only
from relsynth.typing import Floats, Integers

packable(SiblingKey)


@packable
@dataclass(frozen=True, slots=True)
class JoinCounts:
    """How the rows of a table hang below the rows of a sibling.

    Attributes
    ----------
    counts : RowModel
        Number of rows below each join key, along the join keys of a parent.
    unmatched rows : RowModel or None
        Key columns of the rows without a partner; ``None`` where there is none.
    per_row : float
        Mean number of rows for each row of the sibling that belongs to a join key.
    most : int
        Most rows below a join key.
    is_open : bool
        Whether rows with a parent are among those without a partner.
    sums : tuple of str
        Columns of the sibling that are added up where a join key has several rows.
    complete : tuple of str
        Key columns that are never missing.
    levels : mapping of str to ndarray of float
        By key column that is a category: the code of each of the sibling's levels.
    """

    counts: RowModel
    unmatched: RowModel | None
    per_row: float
    most: int
    is_open: bool
    sums: tuple[str, ...]
    complete: tuple[str, ...]
    levels: Mapping[str, Floats]


def level_codes(
    key: SiblingKey, encoding: TableEncoding, sibling: TableEncoding
) -> dict[str, Floats]:
    """Return the codes that a table gives to the levels of a sibling's key columns.

    A level the table has not seen takes the code of some other one, so that it stays apart
    from its neighbours and tells nothing else.
    """
    found = {}
    for own, theirs in zip(key.columns, key.sibling_columns, strict=True):
        encoder, other = encoding.encoders[own], sibling.encoders[theirs]
        if encoder.step is None and encoder.kind != "number":
            levels = other.decode(other.domain(), np.random.default_rng(0))
            codes, n_levels = encoder.encode(levels), max(len(encoder.domain()), 1)
            unknown = np.arange(len(codes)) % n_levels
            found[own] = np.where(codes < n_levels, codes, unknown)
    return found


def plain_numbers(encoding: TableEncoding) -> tuple[str, ...]:
    """Return the columns that add up: numbers that are no dates."""
    return tuple(encoding.decimals)


def row_context(key: SiblingKey, join_keys: Integers, keys: Matrix, features: Matrix) -> Given:
    """Return what is known of rows that are sorted by group, key and join key.

    Parameters
    ----------
    join_keys : ndarray of int, shape (n_rows,)
        -1 for rows without a partner.
    keys : Matrix, shape (n_rows, n_keys)
        The rows' own key columns.
    features : Matrix, shape (n_nodes, n_features)
    """
    features = features.take(join_keys)
    names = tuple(f"{key.sibling}.{name}" for name in features.names)
    numbers = tuple(n for n, kind in zip(names, features.kinds, strict=True) if kind == "number")
    context = Matrix.join(
        [keys, Matrix(names, features.kinds, features.values), inside_keys(join_keys)]
    )
    return Given(context, (*keys.names, *numbers))


def key_features(
    key: SiblingKey, join_keys: JoinKeys, own: Matrix, sums: tuple[str, ...]
) -> Matrix:
    """Return what is known of the join keys of a sibling besides its key columns."""
    return join_keys.features(own, key.sibling_columns, sums)


def with_keys(key: SiblingKey, join_keys: JoinKeys, own: Matrix, features: Matrix) -> Matrix:
    """Return what is known of the join keys of a sibling and the numbers among its key columns.

    When rows were first written below those of the sibling follows from their date alone.
    """
    numbers = [name for name in key.sibling_columns if own.is_number(name)]
    closed = np.where(join_keys.first >= 0, join_keys.first, -1)
    return Matrix.join([features, only(own, numbers).take(closed)])
