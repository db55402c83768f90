"""Assign a linked foreign key to drawn rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.metadata.references import applies
from relsynth.metadata.schema import ForeignKey
from relsynth.relational.diamond import follow
from relsynth.relational.fitted import FittedLink, FittedTable
from relsynth.relational.forest import close_gaps, limit_levels
from relsynth.relational.knowledge import Knowledge
from relsynth.relational.matching import match_cells, match_once
from relsynth.relational.prepared import depth_name, null_name, same_name
from relsynth.seeding import stream
from relsynth.typing import Flags, Floats, Integers


def draw_link(
    link: FittedLink,
    key: ForeignKey,
    table: FittedTable,
    knowledge: Knowledge,
    columns: Mapping[str, pd.Series],
    able: Flags,
    seed: int,
) -> Integers:
    """Return the parent row of every drawn row of a table.

    Parameters
    ----------
    link : FittedLink
    key : ForeignKey
    table : FittedTable
    knowledge : Knowledge
        Holds the rows of the table and of the parent.
    columns : mapping of str to Series
        Decoded columns of the table, for the condition of a polymorphic key.
    able : ndarray of bool, shape (n_parents,)
        Which parent rows have a value in every column referred to.
    seed : int

    Returns
    -------
    ndarray of int, shape (n_rows,)
        -1 for null.
    """
    own = knowledge.own[table.name]
    found = np.full(len(own), -1)
    parents = knowledge.lineage(key.parent)
    if link.model is None or link.extension is None or not able.any() or not len(own):
        return found
    rng = stream(seed, "link", key.name)
    promise = link.extension.sample(parents, rng)
    degrees = promise.values[:, 0].astype(np.int64) * able
    parents = Matrix.join([parents, promise])
    if link.forest:
        return _grow_forest(link, key, table, knowledge, parents, degrees, rng)
    rows = knowledge.lineage(table.name)
    open_rows = _refers(link, key, own, columns)
    cells = _shared_ancestor(link, key, own, knowledge)
    if cells is not None:
        row_cells, parent_cells = cells[0], np.where(able, cells[1], -1)
        inside = open_rows & (row_cells >= 0)
        if link.most == 1:
            single = np.where(degrees > 0, parent_cells, -1)
            found[inside] = match_once(row_cells[inside], single, rng)
        else:
            found[inside] = match_cells(
                row_cells[inside], parent_cells, degrees.astype(np.float64), rng
            )
    rest = np.flatnonzero(open_rows & (found < 0))
    used = np.bincount(found[found >= 0], minlength=len(parents))
    offered = np.flatnonzero(able)
    free = np.maximum(degrees - used, 0)[offered]
    chosen = link.model.assign(rows.take(rest), parents.take(offered), free, rng)
    found[rest] = offered[chosen]
    return found


def _refers(
    link: FittedLink, key: ForeignKey, own: Matrix, columns: Mapping[str, pd.Series]
) -> Flags:
    """Return which rows refer to something."""
    refers = np.ones(len(own), bool)
    if link.has_nulls:
        refers &= own[null_name(link.key)] != 1.0
    if key.when:
        refers &= applies(pd.DataFrame({name: columns[name] for name in key.when}), key)
    return refers


def _shared_ancestor(
    link: FittedLink, key: ForeignKey, own: Matrix, knowledge: Knowledge
) -> tuple[Integers, Integers] | None:
    """Return the ancestor of every row that is to agree, and of every parent row."""
    if link.diamond is None:
        return None
    parents = np.arange(len(knowledge.own[key.parent]))
    row_cells = follow(link.diamond.own_path, knowledge.links)
    if not link.diamond.always:
        row_cells = np.where(own[same_name(link.key)] == 1.0, row_cells, -1)
    return row_cells, follow(link.diamond.parent_path, knowledge.links, parents)


def _grow_forest(
    link: FittedLink,
    key: ForeignKey,
    table: FittedTable,
    knowledge: Knowledge,
    parents: Matrix,
    degrees: Integers,
    rng: np.random.Generator,
) -> Integers:
    """Link every row to one of the level above it, inside its cell where there is a diamond."""
    assert link.model is not None  # noqa: S101
    own = knowledge.own[table.name]
    n_rows = len(own)
    cells: Integers = np.zeros(n_rows, np.int64)
    inside = link.diamond is not None and link.diamond.always
    if inside and link.diamond is not None:
        cells = follow(link.diamond.own_path, knowledge.links) + 1
    levels = np.nan_to_num(own[depth_name(link.key)]).astype(np.int64)
    levels = limit_levels(close_gaps(np.maximum(levels, 0), cells), cells, link.most)
    found = np.arange(n_rows) if link.loops else np.full(n_rows, -1)
    for level in range(1, int(levels.max(initial=0)) + 1):
        rows, above = np.flatnonzero(levels == level), np.flatnonzero(levels == level - 1)
        if inside and link.most == 1:
            at = match_once(cells[rows], cells[above], rng)
        elif inside:
            weights: Floats = degrees[above].astype(float)
            at = match_cells(cells[rows], cells[above], weights, rng)
        else:
            lineage = knowledge.lineage(table.name).take(rows)
            at = link.model.assign(lineage, parents.take(above), degrees[above], rng)
        found[rows] = above[at]
    return found
