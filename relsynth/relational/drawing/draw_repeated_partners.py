"""Link rows of a family that share a parent as one."""

from __future__ import annotations

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.fitting.fitted import FittedLink
from relsynth.relational.links.diamond import follow
from relsynth.relational.links.families import Families
from relsynth.relational.links.rebalance import deal_out
from relsynth.schema import ForeignKey
from relsynth.typing import Floats, Integers


def draw_repeated_partners(
    link: FittedLink,
    key: ForeignKey,
    drawn: DrawnDatabase,
    chosen: Integers,
    parents: Matrix,
    degrees: Integers,
    rng: np.random.Generator,
) -> Integers:
    """Return a parent row for some rows of a table, the same for those of one partner group.

    Parameters
    ----------
    link : FittedLink
        With a `returning`.
    key : ForeignKey
    drawn : DrawnDatabase
    chosen : ndarray of int, shape (n_chosen,)
        Numbers of the rows.
    parents : Matrix, shape (n_parents, n_parent_features)
    degrees : ndarray of int, shape (n_parents,)
        Children each parent should have.
    rng : numpy.random.Generator
    """
    returning, model, database = link.returning, link.model, drawn.database
    assert returning is not None and model is not None  # noqa: S101, PT018
    if not len(chosen):
        return np.empty(0, np.int64)
    rows = database.lineage(key.child).take(chosen)
    tables = database.owners(key)
    owners = follow(returning.path, database.links)[chosen]
    groups = follow(next(iter(tables)), database.links)[chosen]
    blocks, likeness = model.blocks(rows), model.likeness()

    def alike(some: Integers, others: Integers) -> Floats:
        return likeness[blocks[some], blocks[others]]

    bundles = returning.draw(
        Families.of(owners, groups, chosen),
        rows,
        database.own[key.child].take(chosen),
        database.lineage(tables[returning.path]),
        alike,
        rng,
    )
    heads, place = np.unique(bundles, return_inverse=True)
    linked = model.assign_bundles(
        rows,
        place,
        np.where(owners[heads] >= 0, owners[heads], owners.max(initial=-1) + 1 + heads),
        parents,
        returning.bundles_per_parent(parents, degrees, rng),
        degrees,
        rng,
        most=returning.most,
    )
    return linked.parent[deal_out(place, chosen, linked.family, linked.size)]
