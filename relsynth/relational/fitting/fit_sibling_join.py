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
    level_codes,
    node_features,
    plain_numbers,
    row_context,
    with_keys,
)
from relsynth.relational.sibling_join.join_keys import Nodes, neighbours
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
    nodes, row_nodes = _real_nodes(key, tables, database, theirs, groups, len(family))
    sums = plain_numbers(sibling.encoding)
    features = node_features(key, nodes, database.features_of(key.sibling), sums)
    unmatched = np.flatnonzero((row_nodes < 0) | (nodes.first[row_nodes] < 0))
    keys = only(own, key.columns)
    below = np.bincount(row_nodes[row_nodes >= 0], minlength=len(nodes))
    counts = fit_rows(
        Matrix(("#below",), ("count",), below[:, None].astype(float)),
        nodes.parents,
        family,
        given=Given(neighbours(nodes, with_keys(key, nodes, theirs, features)), ()),
        name="below",
    )
    lone = None
    if len(unmatched):
        lone = fit_rows(keys.take(unmatched), groups[unmatched], family, name="strays")
    closed = nodes.first >= 0
    join_counts = JoinCounts(
        counts,
        lone,
        float(below[closed].sum() / max((nodes.row_nodes >= 0).sum(), 1)),
        int(below[closed].max(initial=0)),
        bool((row_nodes[unmatched] >= 0).any()),
        sums,
        tuple(name for name in key.columns if tables[key.child][name].notna().all()),
        level_codes(key, made.encoding, sibling.encoding),
    )
    sequence = lexical_order((*keys.values.T[::-1], groups))
    partners = row_nodes.copy()
    partners[unmatched] = -1
    given = row_context(key, partners[sequence], keys.take(sequence), features)
    steps = {f"{key.sibling}.{n}": step for n, step in sibling.encoding.steps.items()}
    decimals = {f"{key.sibling}.{n}": digits for n, digits in sibling.encoding.decimals.items()}
    partners = np.where(partners < 0, -1, nodes.first[partners])
    return SiblingJoinRows(join_counts, sequence, given, steps, decimals, partners)


def _real_nodes(
    key: SiblingKey,
    tables: Tables,
    database: Database,
    theirs: Matrix,
    groups: Integers,
    n_parents: int,
) -> tuple[Nodes, Integers]:
    """Return the nodes of the real sibling and the node of each row, open ones among them."""
    links = database.links[key.sibling_key]
    values = [tables[key.sibling][name] for name in key.sibling_columns]
    own_values = [tables[key.child][name] for name in key.columns]
    pairs = [shared_codes([left, right]) for left, right in zip(values, own_values, strict=True)]
    parents = np.where(groups < n_parents, groups, -1)
    order = only(theirs, key.sibling_columns).values
    nodes = Nodes.of(links, values, order)
    mine = [parents, *(codes for _, codes in pairs)]
    row_nodes = nodes.match([links, *(codes for codes, _ in pairs)], mine)
    unmatched = (row_nodes < 0) & (parents >= 0)
    if unmatched.any():
        nodes = Nodes.of(links, values, order, n_open=n_parents)
        row_nodes = nodes.match([links, *(codes for codes, _ in pairs)], mine)
        row_nodes[unmatched] = nodes.open_of(parents[unmatched])
    return nodes, row_nodes
