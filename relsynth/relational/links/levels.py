"""Numbers that lie where their linked parent lies: the lap times of a race."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats, Integers


def at_level(values: Floats, links: Integers, means: Floats, spreads: Floats) -> Floats:
    """Return numbers moved so that those of every parent have its mean and spread.

    Rows are drawn before they have a linked parent: what they say of each other stays, where
    all of them lie is the parent's.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows,)
        Missing ones stay so.
    links : ndarray of int, shape (n_rows,)
        Parent row of each row; negative for none, which keeps its value.
    means, spreads : ndarray of float, shape (n_parents,)
        Parents for which one is missing keep what their rows have.

    Returns
    -------
    ndarray of float, shape (n_rows,)
        Inside the range of the values.

    Examples
    --------
    >>> values, links = np.array([1.0, 3.0, 50.0, 99.0]), np.array([0, 0, 1, -1])
    >>> at_level(values, links, np.array([20.0, 40.0]), np.array([2.0, 1.0])).tolist()
    [18.0, 22.0, 40.0, 99.0]
    """
    rows = np.flatnonzero((links >= 0) & ~np.isnan(values))
    if not len(rows):
        return values
    parents, some = links[rows], values[rows]
    number = np.maximum(np.bincount(parents, minlength=len(means)), 1)
    now = np.bincount(parents, some, len(means)) / number
    away = some - now[parents]
    width = np.sqrt(np.bincount(parents, away**2, len(means)) / number)
    scale = np.where(width > 0, spreads / np.where(width > 0, width, 1.0), 1.0)
    moved = means[parents] + away * scale[parents]
    made = values.copy()
    made[rows] = np.clip(np.where(np.isnan(moved), some, moved), some.min(), some.max())
    return made
