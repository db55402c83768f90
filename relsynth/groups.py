"""Rows in groups: where groups begin, places inside them, their most frequent values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relsynth.sorting import WIDE, distinct_codes, lexical_order
from relsynth.typing import Array, Flags, Floats, Integers


def starts_of(sizes: Integers | Flags) -> Integers:
    """Return where groups of some sizes begin, one behind the other.

    Examples
    --------
    >>> import numpy as np
    >>> starts_of(np.array([2, 0, 3])).tolist()
    [0, 2, 2]
    """
    return np.cumsum(sizes).astype(np.int64) - sizes


def places(sizes: Integers) -> Integers:
    """Return the place of every row in its group, from 0, for groups one behind the other.

    Examples
    --------
    >>> import numpy as np
    >>> places(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    rows: Integers = np.arange(sizes.sum()) - np.repeat(starts_of(sizes), sizes)
    return rows


def first_of_each(values: Integers) -> Flags:
    """Return which values no earlier one equals.

    Examples
    --------
    >>> import numpy as np
    >>> first_of_each(np.array([7, 8, 7])).tolist()
    [True, True, False]
    """
    first = np.zeros(len(values), bool)
    first[np.unique(values, return_index=True)[1]] = True
    return first


def unique_values(values: Array) -> Array:
    """Return the distinct values, sorted, as `numpy.unique` does.

    By sorting: the hash table of numpy from 2.3 on takes 4 to 60 times as long, the more the more
    values are distinct.

    Examples
    --------
    >>> import numpy as np
    >>> unique_values(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    return np.unique(values, return_counts=True)[0]


def distinct_in_groups(groups: Integers, codes: Integers, n_groups: int, n_codes: int) -> Integers:
    """Return how many distinct codes the rows of each group have.

    Parameters
    ----------
    groups, codes : ndarray of int, shape (n_rows,)
        Non-negative.

    Examples
    --------
    >>> import numpy as np
    >>> distinct_in_groups(np.array([0, 0, 0, 2]), np.array([1, 1, 0, 1]), 3, 2).tolist()
    [2, 0, 1]
    """
    pairs = groups.astype(np.int64) * n_codes + codes
    if n_groups * n_codes <= WIDE * len(pairs):  # then a flag each takes less time than sorting
        seen = np.zeros(n_groups * n_codes, bool)
        seen[pairs] = True
        return np.count_nonzero(seen.reshape(n_groups, n_codes), axis=1)
    return np.bincount(unique_values(pairs) // n_codes, minlength=n_groups)


def joint_codes(parts: Sequence[Integers], length: int) -> Integers:
    """Return codes, from 0, that are equal for rows that agree in all parts.

    Parameters
    ----------
    parts : sequence of ndarray of int, shape (length,)
        Codes from -1.
    length : int
        Number of rows.

    Examples
    --------
    >>> import numpy as np
    >>> joint_codes([np.array([4, 4, -1]), np.array([0, 0, 0])], 3).tolist()
    [1, 1, 0]
    """
    joint = np.zeros(length, np.int64)
    for part in parts:
        joint = joint * (int(part.max(initial=0)) + 2) + part + 1
        joint = distinct_codes(joint)[1]
    return joint


def modes(column: Floats, groups: Integers, n_groups: int) -> Floats:
    """Return the most frequent value of each group, the least of several; ``NaN`` for none.

    Examples
    --------
    >>> import numpy as np
    >>> modes(np.array([5.0, 7.0, 7.0, 9.0]), np.array([0, 0, 0, 1]), 2).tolist()
    [7.0, 9.0]
    """
    known = ~np.isnan(column)
    levels, codes = distinct_codes(column[known])
    pairs, counts = np.unique(groups[known] * max(len(levels), 1) + codes, return_counts=True)
    group = pairs // max(len(levels), 1)
    order = lexical_order((-counts, group))
    first = order[np.flatnonzero(np.diff(group[order], prepend=-1))]
    found = np.full(n_groups, np.nan)
    found[group[first]] = levels[pairs[first] % max(len(levels), 1)]
    return found
