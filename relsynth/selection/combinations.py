"""Combinations of codes, and parents with which they are new."""

from __future__ import annotations

import numpy as np

from relsynth.groups import first_of_each
from relsynth.typing import Flags, Integers

ROUNDS = 200  # each settles most of what is left; what stays then stays as it was


def elsewhere(
    fixed: Integers,
    linked: Integers,
    left: Flags,
    parents: int,
    may_be_equal: bool,
    rng: np.random.Generator,
) -> Integers:
    """Give the rows that still offend any parent with which their combination is new.

    Parameters
    ----------
    fixed, linked : ndarray of int, shape (n_rows,)
        Code of the other columns of a combination, and parent row.
    left : ndarray of bool, shape (n_rows,)
        Rows that offend.
    may_be_equal : bool
        Whether a row may hold the same code twice.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        The parents, those of some rows unchanged where ``ROUNDS`` rounds found none.
    """
    linked = linked.copy()
    waiting = np.flatnonzero(left)
    for _ in range(ROUNDS):
        settled = np.ones(len(linked), dtype=bool)
        settled[waiting] = False
        offer = rng.integers(parents, size=len(waiting))
        codes = fixed[waiting] * parents + offer
        free = ~np.isin(codes, fixed[settled] * parents + linked[settled])
        free &= may_be_equal | (fixed[waiting] != offer)
        free &= first_of_each(codes)
        linked[waiting[free]] = offer[free]
        waiting = waiting[~free]
        if not len(waiting):
            break
    return linked


def combined(codes: list[Integers], rows: int) -> Integers:
    """Return one code for several of each row."""
    joint = np.zeros(rows, dtype=np.int64)
    for code in codes:
        joint = joint * (int(code.max(initial=0)) + 2) + code + 1
        joint = np.unique(joint, return_inverse=True)[1].astype(np.int64)
    return joint
