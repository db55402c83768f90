"""Numbers of children that add up inside cells: parents draw theirs again where they do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from relsynth.relational.children.balance import TRIES
from relsynth.sorting import stable_order
from relsynth.typing import Integers


def fit_cells(
    degrees: Integers,
    again: Callable[[], Integers],
    cells: Integers,
    wanted: Integers,
    rng: np.random.Generator,
) -> Integers:
    """Return numbers of children that add up to those wanted in every cell, as far as they can.

    A parent never has a number that is not drawn for it, as scaling would give it.

    Parameters
    ----------
    degrees : ndarray of int, shape (n_parents,)
    again : callable
        Draws the numbers of all parents once more.
    cells : ndarray of int, shape (n_parents,)
        Negative for none.
    wanted : ndarray of int, shape (n_cells,)

    Examples
    --------
    >>> degrees, other = np.array([1, 2, 1, 1]), np.array([2, 2, 0, 1])
    >>> cells, wanted = np.array([0, 0, 1, 1]), np.array([4, 1])
    >>> fit_cells(degrees, lambda: other, cells, wanted, np.random.default_rng(0)).tolist()
    [2, 2, 0, 1]
    """
    inside = np.flatnonzero((cells >= 0) & (cells < len(wanted)))
    made, at = degrees.copy(), cells[inside]
    for _ in range(TRIES):
        missing = wanted - np.bincount(at, made[inside], len(wanted)).astype(np.int64)
        if not missing[at].any():
            break
        drawn = again()
        gain = (drawn - made)[inside]
        helps = rng.permutation(np.flatnonzero(gain * np.sign(missing)[at] > 0))
        helps = helps[stable_order(at[helps])]
        sums, where = np.cumsum(np.abs(gain[helps])), at[helps]
        first = np.searchsorted(where, where, side="left")
        before = np.where(first > 0, np.append(sums, 0)[first - 1], 0)
        taken = inside[helps[sums - before <= np.abs(missing)[where]]]
        made[taken] = drawn[taken]
    return made
