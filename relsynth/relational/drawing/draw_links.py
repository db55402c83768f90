"""Assign a linked foreign key to drawn rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.columns.place import PlaceEncoder
from relsynth.errors import CapacityError, needed
from relsynth.groups import unique_values
from relsynth.metadata import ForeignKey
from relsynth.metadata.references import applies
from relsynth.relational.children.counts import fit_total
from relsynth.relational.drawing.draw_repeated_partners import draw_repeated_partners
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.drawing.shared_columns import (
    bound_columns,
    cells,
    completed_by,
    has_feasible_parents,
    joint_codes,
    settled,
    shares_columns,
)
from relsynth.relational.fitting.database import Database, prefixed
from relsynth.relational.fitting.fitted import FittedLink
from relsynth.relational.fitting.prepared import depth_name, null_name, same_name
from relsynth.relational.links.degrees import fit_cells
from relsynth.relational.links.diamond import follow
from relsynth.relational.links.forest import close_gaps, limit_levels
from relsynth.relational.links.matching import at_values, match_cells, match_once, nearest
from relsynth.relational.links.shifts import shift_families
from relsynth.seeding import stream
from relsynth.sorting import stable_order
from relsynth.typing import Flags, Floats, Integers

NEIGHBOURS = 4  # as few as leave a row another parent where it meets a partner twice
FEW_CELLS = 50  # cells that are matched one by one; each costs a fit
LARGE_CELL = 30  # rows: smaller cells have no margins worth fitting


@dataclass(frozen=True, slots=True)
class _Places:
    """What rows of a table and their possible parents are like.

    Attributes
    ----------
    rows : Matrix, shape (n_rows, n_features)
    parents : Matrix, shape (n_parents, n_parent_features)
    able : ndarray of bool, shape (n_parents,)
    degrees : ndarray of int, shape (n_parents,)
        Children each parent should have.
    """

    rows: Matrix
    parents: Matrix
    able: Flags
    degrees: Integers

    def matched(
        self,
        link: FittedLink,
        rows: Integers,
        row_cells: Integers,
        parent_cells: Integers,
        rng: np.random.Generator,
    ) -> Integers:
        """Match rows inside cells, once a parent where no real parent has more children."""
        if link.most == 1:
            return match_once(row_cells, np.where(self.degrees > 0, parent_cells, -1), rng)
        return self.shared_out(link, rows, row_cells, parent_cells, rng)

    def shared_out(
        self,
        link: FittedLink,
        rows: Integers,
        row_cells: Integers,
        parent_cells: Integers,
        rng: np.random.Generator,
    ) -> Integers:
        """Match rows inside cells: by what both are like in few cells, by degree in many."""
        members, counts = np.unique(row_cells[row_cells >= 0], return_counts=True)
        if not len(members) or len(members) > FEW_CELLS or counts.mean() < LARGE_CELL:
            return match_cells(row_cells, parent_cells, self.degrees.astype(float), rng)
        found = np.full(len(row_cells), -1)
        for cell in members:
            inside, offered = row_cells == cell, np.flatnonzero(parent_cells == cell)
            if len(offered):
                some = self.rows.take(rows[inside]), self.parents.take(offered)
                chosen = link.link_model.assign(*some, self.degrees[offered], rng)
                found[inside] = offered[chosen]
        return found


def draw_link(
    link: FittedLink, key: ForeignKey, drawn: DrawnDatabase, able: Flags, seed: int
) -> Integers:
    """Return the parent row of every drawn row of a table.

    Parameters
    ----------
    drawn : DrawnDatabase
        Holds the rows of the table and of the parent.
    able : ndarray of bool, shape (n_parents,)
        Which parent rows may be referred to.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        -1 for null.

    Raises
    ------
    CapacityError
        Where no parent agrees with what other keys of a row have settled, and the key is
        never null in the real data.
    """
    database = drawn.database
    own = database.own[key.child]
    found = np.full(len(own), -1)
    late = key in database.plan[key.child].deferred
    parents = database.lineage(key.parent) if late else linked_family(key, drawn)
    if link.model is None or link.extension is None or not len(own):
        return found
    rng = stream(seed, "link", key.name)
    draw = link.extension.balanced if drawn.is_usual(key) else link.extension.sample
    drawn.predicted_values[key.name] = predicted = draw(parents, rng)
    if not able.any():
        return found
    degrees: Integers = predicted.values[:, 0].astype(np.int64) * able
    parents = Matrix.join([parents, predicted])
    drawn.nearby[key.name] = link.model.parent_labels(parents)
    if link.forest and not _crosses(key, drawn):
        return _grow_forest(link, key, drawn, parents, degrees, rng)
    rows = database.lineage(key.child)
    open_rows = _refers(link, key, own, drawn.columns[key.child])
    ancestors = _shared_ancestor(link, key, own, database)
    if ancestors is not None and link.most > 1:
        family = parents.columns(slice(0, -len(predicted.names)))
        degrees = fit_cells(
            degrees,
            lambda: link.summaries.sample(family, rng).values[:, 0].astype(np.int64) * able,
            np.where(able, ancestors[1], -1),
            np.bincount(ancestors[0][open_rows & (ancestors[0] >= 0)]),
            rng,
        )
    bound, places = np.zeros(len(own), bool), _Places(rows, parents, able, degrees)
    if shares_columns(key, drawn):
        open_rows = _agreeable(link, key, drawn, open_rows)
        bound = _draw_bound(link, key, drawn, found, open_rows, places, rng)
    if link.sibling is not None:
        partners = drawn.partners[key.child]
        theirs = np.append(database.links[link.sibling], -1)[partners]
        inside = open_rows & (theirs >= 0) & np.append(able, False)[theirs] & ~bound
        found[inside] = theirs[inside]
    if ancestors is not None:
        row_cells, parent_cells = ancestors[0], np.where(able, ancestors[1], -1)
        inside = open_rows & (row_cells >= 0) & ~bound & (found < 0)
        found[inside] = places.matched(
            link, np.flatnonzero(inside), row_cells[inside], parent_cells, rng
        )
    rest = np.flatnonzero(open_rows & (found < 0) & ~bound)
    used = np.bincount(found[found >= 0], minlength=len(parents))
    offered = np.flatnonzero(able)
    free = np.maximum(degrees - used, 0)[offered]
    some = parents.take(offered)
    if link.along is not None:
        values = _place_along(link, key, drawn)
        drawn.nearby[key.name] = np.argsort(stable_order(values)) // NEIGHBOURS
        along = own[link.along][rest], values[offered]
        dates = drawn.fitted[key.child].encoding.encoders[link.along]
        if isinstance(dates, PlaceEncoder) and link.most > 1 and len(rest):
            at = np.searchsorted(dates.places, along[1]).clip(max=len(dates.places) - 1)
            families = _generated(key, drawn)[rest]
            taken = dates.taken(along[0], families, rng)
            wanted = np.bincount(at, free, len(dates.places)).astype(np.int64)
            wanted = fit_total(wanted, len(rest), rng)
            alone = int(families.max()) + 1 + np.arange(len(rest))
            families = np.where(families < 0, alone, families)
            taken = shift_families(taken, families, wanted, rng)
            free = at_values(taken, at, free, rng)
            along = nearest(taken, at), at.astype(float)
        elif link.source is not None and len(rest) and _are_shared(along[1]):
            free = at_values(*along, free, rng)
            along = nearest(*along), along[1]
        chosen = link.link_model.assign(rows.take(rest), some, free, rng, along=along)
    elif link.repeated is not None:
        chosen = draw_repeated_partners(link, key, drawn, rest, some, free, rng)
    else:
        chosen = link.link_model.assign(rows.take(rest), some, free, rng)
    found[rest] = offered[chosen]
    predicted.values[:, 0] = np.bincount(found[found >= 0], minlength=len(parents))
    return found


def _are_shared(values: Floats) -> bool:
    """Return whether parents have their value in common with another one, on average."""
    return 2 * len(unique_values(values[~np.isnan(values)])) <= len(values)


def linked_family(key: ForeignKey, drawn: DrawnDatabase) -> Matrix:
    """Return what is known of the parents of a linked key.

    A parent of both keys, such as an atom of its bonds, has the summary of those by the first.
    """
    database, table = drawn.database, drawn.fitted[key.child]
    family, context = database.family(key.parent), database.plan[key.child].context
    if context is None or context.parent != key.parent or table.extension is None:
        return family
    own, links = database.own[key.child], database.links[context.name]
    summary = table.extension.layout.summarise(own, links, len(family))
    return Matrix.join([family, prefixed(summary, key.child)])


def _generated(key: ForeignKey, drawn: DrawnDatabase) -> Integers:
    """Return the generating parent of every row of a table."""
    return drawn.database.links[drawn.database.plan[key.child].generating.name]


def _place_along(link: FittedLink, key: ForeignKey, drawn: DrawnDatabase) -> Floats:
    """Return what each parent has in the column that rows are matched in the order of."""
    if link.source is None:
        return drawn.common_value(key, needed(link.along, f"the column matched by {key.name}"))
    return drawn.database.own[key.parent][link.source]


def settle_lookup(key: ForeignKey, drawn: DrawnDatabase, rng: np.random.Generator) -> Integers:
    """Return the row of a kept table for every row, changed where other keys say otherwise.

    Parameters
    ----------
    key : ForeignKey
        Drawn like a category of the row.
    """
    links = drawn.database.links[key.name].copy()
    able = has_feasible_parents(drawn, key)
    usual = np.bincount(links[links >= 0], minlength=len(able)).astype(float)
    forced = settled(drawn, key) if key.when is None else np.zeros(len(links), bool)
    for part in cells(drawn, key):
        parent_cells = np.where(able, part.parent_cells, -1)
        now = links[part.rows]
        there = parent_cells[np.maximum(now, 0)] if len(able) else np.full(len(now), -1)
        wrong = np.where(now >= 0, there != part.row_cells, forced[part.rows])
        links[part.rows[wrong]] = match_cells(part.row_cells[wrong], parent_cells, usual, rng)
    return links


def _draw_bound(
    link: FittedLink,
    key: ForeignKey,
    drawn: DrawnDatabase,
    found: Integers,
    open_rows: Flags,
    places: _Places,
    rng: np.random.Generator,
) -> Flags:
    """Link rows of which other keys settle some columns, in place; return which these are."""
    bound = np.zeros(len(found), bool)
    ancestors = None
    if link.diamond is not None and link.diamond.always:
        ancestors = _shared_ancestor(link, key, drawn.database.own[key.child], drawn.database)
    for part in cells(drawn, key):
        bound[part.rows] = True
        rows = part.rows[open_rows[part.rows]]
        row_cells = part.row_cells[open_rows[part.rows]]
        parent_cells = np.where(places.able, part.parent_cells, -1)
        if ancestors is not None:
            finer = _finer(row_cells, parent_cells, ancestors[0][rows], ancestors[1])
            found[rows] = places.matched(link, rows, *finer, rng)
        if link.most == 1:
            short = found[rows] < 0
            free = np.isin(np.arange(len(parent_cells)), found[found >= 0], invert=True)
            left = np.where(free, parent_cells, -1)
            found[rows[short]] = places.matched(link, rows[short], row_cells[short], left, rng)
        short = found[rows] < 0
        found[rows[short]] = places.shared_out(
            link, rows[short], row_cells[short], parent_cells, rng
        )
    lost = int((bound & open_rows & (found < 0)).sum())
    if lost and not link.has_nulls:
        raise CapacityError(
            f"{key.child}: {lost} rows find no row of {key.parent!r} for {'+'.join(key.columns)} "
            "that agrees with the columns their other keys share with it; ask for more rows of "
            f"{key.parent!r} or fewer of {key.child!r}"
        )
    return bound


def _finer(
    row_cells: Integers, parent_cells: Integers, own: Integers, theirs: Integers
) -> tuple[Integers, Integers]:
    """Return cells of which rows and parents agree in a second respect too."""
    span = int(max(own.max(initial=0), theirs.max(initial=0))) + 1
    return (
        np.where((row_cells >= 0) & (own >= 0), row_cells * span + own, -1),
        np.where((parent_cells >= 0) & (theirs >= 0), parent_cells * span + theirs, -1),
    )


def _agreeable(link: FittedLink, key: ForeignKey, drawn: DrawnDatabase, open_rows: Flags) -> Flags:
    """Return which rows refer to something, given which columns other keys have filled."""
    if link.has_nulls:
        open_rows = open_rows & ~completed_by(drawn, key)
    return open_rows if key.when else open_rows | settled(drawn, key)


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
    link: FittedLink, key: ForeignKey, own: Matrix, database: Database
) -> tuple[Integers, Integers] | None:
    """Return the ancestor of every row that is to agree, and of every parent row."""
    if link.diamond is None:
        return None
    parents = np.arange(len(database.own[key.parent]))
    row_cells = follow(link.diamond.own_path, database.links)
    if not link.diamond.always:
        row_cells = np.where(own[same_name(link.key)] == 1.0, row_cells, -1)
    return row_cells, follow(link.diamond.parent_path, database.links, parents)


def _grow_forest(
    link: FittedLink,
    key: ForeignKey,
    drawn: DrawnDatabase,
    parents: Matrix,
    degrees: Integers,
    rng: np.random.Generator,
) -> Integers:
    """Link every row to one of the level above it, inside its cell where there is one."""
    own = drawn.database.own[key.child]
    n_rows = len(own)
    bound = _forest_cells(link, key, drawn)
    cell: Integers = np.zeros(n_rows, np.int64) if bound is None else bound + 1
    levels = np.nan_to_num(own[depth_name(link.key)]).astype(np.int64)
    levels = limit_levels(close_gaps(np.maximum(levels, 0), cell), cell, link.most)
    found = np.arange(n_rows) if link.loops else np.full(n_rows, -1)
    for level in range(1, int(levels.max(initial=0)) + 1):
        rows, above = np.flatnonzero(levels == level), np.flatnonzero(levels == level - 1)
        if bound is not None and link.most == 1:
            at = match_once(cell[rows], cell[above], rng)
        elif bound is not None:
            weights: Floats = degrees[above].astype(float)
            at = match_cells(cell[rows], cell[above], weights, rng)
        else:
            lineage = drawn.database.lineage(key.child).take(rows)
            at = link.link_model.assign(lineage, parents.take(above), degrees[above], rng)
        found[rows] = above[at]
    return found


def _forest_cells(link: FittedLink, key: ForeignKey, drawn: DrawnDatabase) -> Integers | None:
    """Return the cell in which each row and the row it refers to are, where there are cells."""
    joint: Integers | None = None
    if link.diamond is not None and link.diamond.always:
        joint = follow(link.diamond.own_path, drawn.database.links)
    columns = bound_columns(drawn, key)
    if not columns:
        return joint
    own = joint_codes([drawn.values(key.child, name) for name in columns], [])[0]
    if joint is None:
        return own
    return np.unique(np.column_stack([joint, own]), axis=0, return_inverse=True)[1].reshape(-1)


def _crosses(key: ForeignKey, drawn: DrawnDatabase) -> bool:
    """Return whether a self-reference meets columns of other keys in columns of another name."""
    shared = bound_columns(drawn, key)
    pairs = zip(key.columns, key.parent_columns, strict=True)
    return any(own in shared and own != other for own, other in pairs)
