"""Self-references: depth of every row, and links that form a forest."""

from __future__ import annotations

import numpy as np

from relsynth.sorting import stable_order
from relsynth.typing import Flags, Integers


def depths(links: Integers) -> Integers | None:
    """Return the level of every row of a self-referencing table; roots are 0.

    Parameters
    ----------
    links : ndarray of int, shape (n_rows,)
        Row each row refers to; negative for none. A row that refers to itself is a root.

    Returns
    -------
    ndarray of int, shape (n_rows,), or None
        ``None`` where the links contain a cycle.

    Examples
    --------
    >>> import numpy as np
    >>> depths(np.array([-1, 0, 1, 1])).tolist()
    [0, 1, 2, 2]
    """
    level = np.where(is_root(links), 0, -1)
    current = 0
    while True:
        above = np.where(links >= 0, level[np.maximum(links, 0)], -1)
        fresh = (level < 0) & (above == current)
        if not fresh.any():
            return None if (level < 0).any() else level
        current += 1
        level[fresh] = current


def is_root(links: Integers) -> Flags:
    """Return which rows refer to nothing or to themselves."""
    return (links < 0) | (links == np.arange(len(links)))


def close_gaps(levels: Integers, cells: Integers) -> Integers:
    """Renumber levels so that none is left out between 0 and the deepest of each cell.

    Parameters
    ----------
    levels, cells : ndarray of int, shape (n_rows,)

    Returns
    -------
    ndarray of int, shape (n_rows,)

    Examples
    --------
    >>> import numpy as np
    >>> close_gaps(np.array([0, 2, 5, 1]), np.array([0, 0, 0, 1])).tolist()
    [0, 1, 2, 0]
    """
    span = int(levels.max(initial=0)) + 1
    pairs, codes = np.unique(cells * span + levels, return_inverse=True)
    cell = pairs // span
    starts = np.flatnonzero(np.r_[True, np.diff(cell) != 0]) if len(pairs) else np.empty(0, int)
    sizes = np.diff(np.r_[starts, len(pairs)])
    rank = np.arange(len(pairs)) - np.repeat(starts, sizes)
    closed: Integers = rank[codes]
    return closed


def limit_levels(levels: Integers, cells: Integers, most: int) -> Integers:
    """Move rows deeper until no level has more than `most` times the rows of the one above.

    Parameters
    ----------
    levels, cells : ndarray of int, shape (n_rows,)
        In every cell no level is left out.
    most : int
        Most children of a row.

    Returns
    -------
    ndarray of int, shape (n_rows,)

    Examples
    --------
    >>> import numpy as np
    >>> limit_levels(np.array([0, 1, 1, 1]), np.zeros(4, int), 2).tolist()
    [0, 1, 1, 2]
    """
    levels, level = levels.copy(), 1
    while level <= levels.max(initial=0):
        above = np.bincount(cells[levels == level - 1], minlength=int(cells.max()) + 1)
        here = np.flatnonzero(levels == level)
        here = here[stable_order(cells[here])]
        cell = cells[here]
        rank = np.arange(len(here)) - np.searchsorted(cell, cell)
        levels[here[rank >= most * above[cell]]] += 1
        level += 1
    return levels
