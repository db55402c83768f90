"""Link rows of a family that share a parent as one."""

from __future__ import annotations

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.errors import needed
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.fitting.fitted import FittedLink
from relsynth.relational.links.diamond import follow
from relsynth.relational.links.families import Families
from relsynth.relational.links.rebalance import deal_out, merge_smallest
from relsynth.relational.links.swaps import swap_until_unique
from relsynth.schema import ForeignKey
from relsynth.typing import Floats, Integers

NEIGHBOURS = 256  # rows among which one that meets a partner twice finds another to swap with


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
        With a `repeated`.
    chosen : ndarray of int, shape (n_chosen,)
        Numbers of the rows.
    parents : Matrix, shape (n_parents, n_parent_features)
    degrees : ndarray of int, shape (n_parents,)
        Children each parent should have.
    """
    repeated = needed(link.repeated, f"the repeated partners of {key.name}")
    model, database = link.link_model, drawn.database
    if not len(chosen):
        return np.empty(0, np.int64)
    rows = database.lineage(key.child).take(chosen)
    tables = database.owners(key)
    owners = follow(repeated.path, database.links)[chosen]
    groups = follow(next(iter(tables)), database.links)[chosen]
    blocks, likeness = model.blocks(rows), model.likeness()
    turn = database.turn(key.child, chosen, chosen)

    def alike(some: Integers, others: Integers) -> Floats:
        return likeness[blocks[some], blocks[others]]

    partner_groups = repeated.draw(
        Families.of(owners, groups, turn),
        rows,
        database.own[key.child].take(chosen),
        database.lineage(tables[repeated.path]),
        alike,
        rng,
    )
    most = repeated.most * max(int(np.count_nonzero(degrees)), 1)
    partner_groups = merge_smallest(partner_groups, owners, most)
    heads, place = np.unique(partner_groups, return_inverse=True)
    linked = model.assign_partner_groups(
        rows,
        place,
        np.where(owners[heads] >= 0, owners[heads], owners.max(initial=-1) + 1 + heads),
        parents,
        repeated.groups_per_parent(parents, degrees, rng),
        degrees,
        rng,
        most=repeated.most,
    )
    dealt = deal_out(place, turn, linked.family, linked.size, rng)
    if repeated.apart:
        near = linked.family[dealt] * len(turn) + turn // NEIGHBOURS
        source, _ = swap_until_unique(groups, dealt, near, rng, within=True)
        dealt = dealt[source]
    return linked.parent[dealt]
