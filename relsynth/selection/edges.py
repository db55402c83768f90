"""Match children that lost their parent with the places of children that were not chosen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from relsynth.typing import Array, Floats, Integers

BLOCK = 256  # rows assigned at a time: the cost of one assignment grows with the cube of them
NONE = -1  # the parent of a row that gets none


def match_edges(
    rows: Floats,
    places: Floats,
    row_groups: Integers,
    place_groups: Integers,
    rng: np.random.Generator,
    *,
    once: bool = False,
) -> Integers:
    """Return a place of the own group for every row, so that what changes is little.

    Parameters
    ----------
    rows, places : ndarray, shape (n, n_features)
        What a row and the parent it has lost are like; what the child that had a place and
        its parent are like.
    once : bool
        A place is taken once at most, though rows go without; else places are taken again
        where there are fewer than rows.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        ``-1`` where the group has no place left.

    Notes
    -----
    Rows and places of a group are ordered along two principal axes and cut into blocks of
    about 256, inside which the sum of distances is least (Hungarian method). O(n x 256)
    memory in all, O(n x 256**2) time at worst.
    """
    found = np.full(len(rows), NONE)
    if not len(rows) or not len(places):
        return found
    axes = _axes(rows, places)
    by_row, by_place = (np.argsort(groups, kind="stable") for groups in (row_groups, place_groups))
    names, starts = np.unique(row_groups[by_row], return_index=True)
    first = np.searchsorted(place_groups[by_place], names, "left")
    last = np.searchsorted(place_groups[by_place], names, "right")
    for mine, low, high in zip(np.split(by_row, starts[1:]), first, last, strict=True):
        theirs = by_place[low:high]
        if not len(theirs):
            continue
        if len(theirs) < len(mine) and not once:
            again = -(-len(mine) // len(theirs))
            theirs = np.concatenate([rng.permutation(theirs) for _ in range(again)])
        asking = rng.permutation(mine)[: len(theirs)]
        offered = theirs[: len(asking)] if len(theirs) > high - low else rng.permutation(theirs)
        asking, offered = asking[: len(offered)], offered[: len(asking)]
        found[asking] = offered[_assign(rows[asking], places[offered], axes)]
    return found


def _assign(rows: Floats, places: Floats, axes: Floats) -> Integers:
    """Return the place of every row, equally many of both."""
    found = np.empty(len(rows), dtype=np.int64)
    n_blocks = -(-len(rows) // BLOCK)
    orders = [_along(side @ axes, n_blocks) for side in (rows, places)]
    bounds = np.linspace(0, len(rows), n_blocks + 1).astype(int)
    for low, high in pairwise(bounds):
        mine, theirs = (order[low:high] for order in orders)
        cost = cdist(rows[mine], places[theirs], "sqeuclidean")
        taken = linear_sum_assignment(cost)[1]
        found[mine] = theirs[taken]
    return found


def _along(axes: Floats, n_blocks: int) -> Integers:
    """Return an order in stripes of the first axis, inside them by the second."""
    stripes = max(1, int(np.sqrt(n_blocks)))
    rank = np.empty(len(axes), dtype=np.int64)
    rank[np.argsort(axes[:, 0], kind="stable")] = np.arange(len(axes))
    return np.lexsort((axes[:, 1], rank * stripes // max(len(axes), 1)))


def _axes(rows: Floats, places: Floats) -> Floats:
    """Return the two directions in which rows and places vary most."""
    both = np.vstack([rows, places])
    if both.shape[1] < 2:
        return np.hstack([np.ones((both.shape[1], 1)), np.zeros((both.shape[1], 1))])
    centred = both - both.mean(axis=0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, [-1, -2]]
    # an eigenvector is known up to its sign
    return axes * np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)


def embed(codes: Array, sizes: list[int], ordered: list[bool]) -> Floats:
    """Return bins as numbers for distances: ordered ones on a scale, others as indicators."""
    parts = [np.empty((len(codes), 0))]
    for j, (size, scale) in enumerate(zip(sizes, ordered, strict=True)):
        column = codes[:, [j]].astype(float)
        if scale:
            parts.append(column / size)
        else:
            parts.append((column == np.arange(size)) / np.sqrt(2.0))
    return np.hstack(parts)
