"""Learn whether the parents of a linked key come back inside families of its rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.groups import unique_values
from relsynth.models.protocol import TableModel
from relsynth.relational.fitting.database import Database
from relsynth.relational.links.diamond import follow
from relsynth.relational.links.families import Families
from relsynth.relational.links.link_model import LinkModel
from relsynth.relational.links.repeated_partners import RepeatedPartners, find_path
from relsynth.schema import ForeignKey
from relsynth.seeding import Seed, stream
from relsynth.sorting import lexical_order
from relsynth.typing import Array, Integers


def fit_repeated_partners(
    key: ForeignKey,
    model: LinkModel,
    rows: Matrix,
    parents: Matrix,
    database: Database,
    order_of: Callable[[str], str | None],
    new_model: Callable[[Matrix, Matrix, Integers], TableModel],
    *,
    seed: Seed = None,
) -> RepeatedPartners | None:
    """Learn it where parents come back more often than matching by kind alone makes them.

    Parameters
    ----------
    model : LinkModel
        Fitted to the rows.
    rows, parents : Matrix
        What it was fitted to: the rows that refer to something, and all parents.
    database : Database
        Of the real tables.
    order_of : callable
        Gives the column in whose order the rows of a table are drawn, if there is one.
    new_model : callable
        Gives an unfitted table model.
    """
    links = database.links[key.name]
    placed = np.flatnonzero(links >= 0)
    links = links[placed]
    if len(unique_values(links)) == len(links):
        return None
    owners = database.owners(key)
    ends = {path: follow(path, database.links)[placed] for path in owners}

    def usual() -> Integers:
        degrees = np.bincount(links, minlength=len(parents))
        return model.assign(rows, parents, degrees, stream(seed, "usual"))

    path = find_path(ends, links, usual)
    if path is None:
        return None
    families = Families.of(
        ends[path],
        next(iter(ends.values())),
        database.turn(key.child, placed, _places(database, order_of, key.child)[placed]),
    )
    return RepeatedPartners.fit(
        path,
        families,
        links,
        rows,
        database.own[key.child].take(placed),
        database.lineage(owners[path]),
        parents,
        new_model,
        seed=seed,
    )


def _places(database: Database, order_of: Callable[[str], str | None], table: str) -> Integers:
    """Return the place of each real row among all in the order in which rows are drawn.

    Rows of one parent are neighbours, as they are in drawn tables.
    """
    own, context = database.own[table], database.plan[table].context
    keys: list[Array] = [np.arange(len(own))]
    order = order_of(table)
    if order is not None:
        keys.append(own[order])
    if context is not None:
        links, above = database.links[context.name], _places(database, order_of, context.parent)
        keys.append(np.append(above, len(above))[links])
    places = np.empty(len(own), np.int64)
    places[lexical_order(keys)] = np.arange(len(own))
    return places
