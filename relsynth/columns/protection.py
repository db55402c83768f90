"""What only one or two root entities have is not emitted as it is."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Flags, Floats, Integers

MIN_ENTITIES = 3
ENTITIES_PER_PLACE = 50


def rare_levels(codes: Integers, entities: Integers, n_levels: int) -> Flags:
    """Return which levels fewer than ``MIN_ENTITIES`` root entities have.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        Level of each row, ``-1`` for missing.
    entities : ndarray of int, shape (n_rows,)
        Number of the root entity each row belongs to.
    n_levels : int

    Returns
    -------
    ndarray of bool, shape (n_levels,)
    """
    known = codes >= 0
    pairs = np.unique(
        codes[known].astype(np.int64) * (entities.max(initial=0) + 1) + entities[known]
    )
    holders = np.bincount(pairs // (entities.max(initial=0) + 1), minlength=n_levels)
    return holders < MIN_ENTITIES


def shared_range(values: Floats, entities: Integers) -> tuple[float, float]:
    """Return the widest range whose ends at least ``MIN_ENTITIES`` root entities reach.

    Among few entities every value is far out: below 100 of them one entity less is asked
    for, below 50 the plain range is returned. An empty column gives ``nan``.

    Examples
    --------
    >>> import numpy as np
    >>> shared_range(np.append(np.arange(200.0), 9999.0), np.arange(201))
    (2.0, 198.0)
    """
    known = ~np.isnan(values)
    values, entities = values[known], entities[known]
    if not len(values):
        return float("nan"), float("nan")
    groups, codes = np.unique(entities, return_inverse=True)
    place = min(MIN_ENTITIES - 1, len(groups) // ENTITIES_PER_PLACE)
    if place == 0:
        return float(values.min()), float(values.max())
    highest = np.full(len(groups), -np.inf)
    lowest = np.full(len(groups), np.inf)
    np.maximum.at(highest, codes, values)
    np.minimum.at(lowest, codes, values)
    low = np.partition(lowest, place)[place]
    high = np.partition(highest, len(groups) - 1 - place)[len(groups) - 1 - place]
    return float(min(low, high)), float(max(low, high))
