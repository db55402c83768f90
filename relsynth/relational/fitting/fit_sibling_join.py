"""Learn how the rows of a table hang below the rows of a sibling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.metadata.plan import SiblingKey
from relsynth.metadata.references import shared_codes
from relsynth.relational.children.row_model import Given, RowModel
from relsynth.relational.fitting.database import Database
from relsynth.relational.fitting.prepared import PreparedTable
from relsynth.relational.sibling_join.join_counts import (
    JoinCounts,
    key_features,
    level_codes,
    plain_numbers,
    row_context,
    with_keys,
)
from relsynth.relational.sibling_join.join_keys import JoinKeys, neighbours
from relsynth.relational.sources.encoding import only
from relsynth.sorting import lexical_order
from relsynth.typing import Integers, Tables


class FitRows(Protocol):
    """Fits a model of rows in groups."""

    def __call__(
        self,
        own: Matrix,
        groups: Integers,
        context: Matrix,
        *,
        given: Given | None = None,
        name: str,
    ) -> RowModel:
        """Return the fitted model; `name` tells its random streams apart."""
        ...


@dataclass(frozen=True, slots=True)
class SiblingJoinRows:
    """What the real rows of a table know by hanging below those of a sibling.

    Attributes
    ----------
    sequence : ndarray of int, shape (n_rows,)
        The rows in order of group and key.
    given : Given
        Of the rows in that order.
    decimals : mapping of str to int or None
        Of the given columns, as in `TableEncoding`.
    partners : ndarray of int, shape (n_rows,)
        Row of the sibling whose key each row has, in the order of the table; -1 for none.
    """

    join_counts: JoinCounts
    sequence: Integers
    given: Given
    steps: Mapping[str, float]
    decimals: Mapping[str, int | None]
    partners: Integers


def fit_sibling_join(
    key: SiblingKey,
    prepared: Mapping[str, PreparedTable],
    tables: Tables,
    database: Database,
    groups: Integers,
    family: Matrix,
    fit_rows: FitRows,
) -> SiblingJoinRows:
    """Learn the number of rows below each row of a sibling, and the rows without a partner.

    Parameters
    ----------
    groups : ndarray of int, shape (n_rows,)
        Parent row of each row; beyond the parents for rows without one.
    family : Matrix, shape (n_parents, n_features)
    """
    made, sibling = prepared[key.child], prepared[key.sibling]
    own, theirs = made.own, sibling.own
    join_keys, row_keys = _real_nodes(key, tables, database, theirs, groups, len(family))
    sums = plain_numbers(sibling.encoding)
    features = key_features(key, join_keys, database.features_of(key.sibling), sums)
    unmatched = np.flatnonzero((row_keys < 0) | (join_keys.first[row_keys] < 0))
    keys = only(own, key.columns)
    below = np.bincount(row_keys[row_keys >= 0], minlength=len(join_keys))
    counts = fit_rows(
        Matrix(("#below",), ("count",), below[:, None].astype(float)),
        join_keys.parents,
        family,
        given=Given(neighbours(join_keys, with_keys(key, join_keys, theirs, features)), ()),
        name="below",
    )
    lone = None
    if len(unmatched):
        lone = fit_rows(keys.take(unmatched), groups[unmatched], family, name="strays")
    closed = join_keys.first >= 0
    join_counts = JoinCounts(
        counts,
        lone,
        float(below[closed].sum() / max((join_keys.row_keys >= 0).sum(), 1)),
        int(below[closed].max(initial=0)),
        bool((row_keys[unmatched] >= 0).any()),
        sums,
        tuple(name for name in key.columns if tables[key.child][name].notna().all()),
        level_codes(key, made.encoding, sibling.encoding),
    )
    sequence = lexical_order((*keys.values.T[::-1], groups))
    partners = row_keys.copy()
    partners[unmatched] = -1
    given = row_context(key, partners[sequence], keys.take(sequence), features)
    steps = {f"{key.sibling}.{n}": step for n, step in sibling.encoding.steps.items()}
    decimals = {f"{key.sibling}.{n}": digits for n, digits in sibling.encoding.decimals.items()}
    partners = np.where(partners < 0, -1, join_keys.first[partners])
    return SiblingJoinRows(join_counts, sequence, given, steps, decimals, partners)


def _real_nodes(
    key: SiblingKey,
    tables: Tables,
    database: Database,
    theirs: Matrix,
    groups: Integers,
    n_parents: int,
) -> tuple[JoinKeys, Integers]:
    """Return the join keys of the real sibling, open ones among them, and that of each row."""
    links = database.links[key.sibling_key]
    values = [tables[key.sibling][name] for name in key.sibling_columns]
    own_values = [tables[key.child][name] for name in key.columns]
    pairs = [shared_codes([left, right]) for left, right in zip(values, own_values, strict=True)]
    parents = np.where(groups < n_parents, groups, -1)
    order = only(theirs, key.sibling_columns).values
    join_keys = JoinKeys.of(links, values, order)
    mine = [parents, *(codes for _, codes in pairs)]
    row_keys = join_keys.match([links, *(codes for codes, _ in pairs)], mine)
    unmatched = (row_keys < 0) & (parents >= 0)
    if unmatched.any():
        join_keys = JoinKeys.of(links, values, order, n_open=n_parents)
        row_keys = join_keys.match([links, *(codes for codes, _ in pairs)], mine)
        row_keys[unmatched] = join_keys.open_of(parents[unmatched])
    return join_keys, row_keys
