"""Learn whether the parents of a linked key come back inside families of its rows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.metadata.schema import ForeignKey
from relsynth.models.protocol import TableModel
from relsynth.relational.learning.knowledge import Knowledge
from relsynth.relational.links.diamond import follow
from relsynth.relational.links.families import Families
from relsynth.relational.links.link_model import LinkModel
from relsynth.relational.links.returning import Returning, find_path
from relsynth.seeding import Seed, stream
from relsynth.typing import Integers


def fit_returning(
    key: ForeignKey,
    model: LinkModel,
    rows: Matrix,
    parents: Matrix,
    knowledge: Knowledge,
    rank: Integers,
    new_model: Callable[[Matrix, Matrix, Integers], TableModel],
    *,
    seed: Seed = None,
) -> Returning | None:
    """Learn it where parents come back more often than matching by kind alone makes them.

    Parameters
    ----------
    key : ForeignKey
    model : LinkModel
        Fitted to the rows.
    rows, parents : Matrix
        What it was fitted to: the rows that refer to something, and all parents.
    knowledge : Knowledge
        Of the real tables.
    rank : ndarray of int, shape (n_all_rows,)
        Places of all rows of the table in the order in which rows are drawn.
    new_model : callable
        Gives an unfitted table model.
    seed : int, SeedSequence or None
    """
    links = knowledge.links[key.name]
    placed = np.flatnonzero(links >= 0)
    links = links[placed]
    if len(np.unique(links)) == len(links):
        return None
    steps = knowledge.ancestry(key.child)
    paths = [tuple(part) for part in accumulate(((step.name,) for step in steps))]
    ends = {path: follow(path, knowledge.links)[placed] for path in paths}

    def usual() -> Integers:
        degrees = np.bincount(links, minlength=len(parents))
        return model.assign(rows, parents, degrees, stream(seed, "usual"))

    path = find_path(ends, links, usual)
    if path is None:
        return None
    owner = steps[len(path) - 1].parent
    families = Families.of(ends[path], ends[paths[0]], rank[placed])
    return Returning.fit(
        path,
        families,
        links,
        rows,
        knowledge.own[key.child].take(placed),
        knowledge.lineage(owner),
        parents,
        new_model,
        seed=seed,
    )
