"""Sort rows and tell distinct values apart as NumPy does, many rows in less time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relsynth.typing import Array, Flags, Floats, Integers

FEW = 2_000  # rows; NumPy alone is as fast up to here
BITS = 62  # of a whole number that holds a key and the number of a row
WIDE = 4  # counters per row, beyond which counting takes more memory than sorting


def lexical_order(keys: Sequence[Array]) -> Integers:
    """Return the order of rows by several keys, the last one first, as `numpy.lexsort` does.

    Parameters
    ----------
    keys : sequence of ndarray, shape (n_rows,)

    Examples
    --------
    >>> import numpy as np
    >>> lexical_order([np.array([2.0, 1.0, 1.0]), np.array([0, 1, 0])]).tolist()
    [2, 0, 1]
    """
    if len(keys[0]) <= FEW or any(key.dtype.kind not in "iubf" for key in keys):
        found: Integers = np.lexsort(tuple(keys))
        return found
    order = stable_order(keys[0])
    for key in keys[1:]:
        order = order[stable_order(key[order])]
    return order


def stable_order(key: Array) -> Integers:
    """Return the order of rows by a key, equal ones as they lie; missing numbers come last.

    Notes
    -----
    Key and number of the row are packed into one whole number each, which NumPy sorts with
    vector instructions; ``argsort`` with ``kind="stable"`` has none and takes 2 to 6 times as long.

    Examples
    --------
    >>> import numpy as np
    >>> stable_order(np.array([2, 1, 1])).tolist()
    [1, 2, 0]
    """
    if len(key) <= FEW or key.dtype.kind not in "iubf":
        return np.argsort(key, kind="stable")
    if (key[1:] >= key[:-1]).all():
        return np.arange(len(key))
    if key.dtype.itemsize <= 2:
        return np.argsort(key, kind="stable")
    shift = (len(key) - 1).bit_length()
    found = _whole(key, 1 << (BITS - shift))
    if found is not None and found[0].max() < 1 << 16:  # NumPy sorts 16 bits by radix
        return np.argsort(found[0].astype(np.uint16), kind="stable")
    if found is None:
        if key.dtype.kind != "f":
            return np.argsort(key, kind="stable")
        order = np.argsort(key)
        ordered = key[order]
        rises = ordered[1:] != ordered[:-1]
        rises[np.count_nonzero(~np.isnan(key)) :] = False
        if rises.all():
            return order.astype(np.int64)
        packed = np.concatenate([[0], np.cumsum(rises)]).astype(np.int64) << shift
        packed |= order
    else:
        packed = found[0] << shift
        packed |= np.arange(len(key))
    packed.sort()
    packed &= (1 << shift) - 1
    return packed


def distinct_codes(values: Array) -> tuple[Array, Integers]:
    """Return the distinct values, sorted, and the place of each value among them.

    As `numpy.unique` with ``return_inverse``; whole numbers that lie close are counted.

    Examples
    --------
    >>> import numpy as np
    >>> [part.tolist() for part in distinct_codes(np.array([7.0, np.nan, 5.0, 7.0]))]
    [[5.0, 7.0, nan], [1, 2, 0, 1]]
    """
    found = None
    if len(values) > FEW and values.dtype.kind in "iuf":
        found = _whole(values, WIDE * len(values))
    if found is None:
        distinct, codes = np.unique(values, return_inverse=True)
        return distinct, codes.astype(np.int64, copy=False)
    numbers, low, missing = found
    is_there = np.bincount(numbers) > 0
    distinct = (np.flatnonzero(is_there) + low).astype(values.dtype)
    if missing is not None:
        distinct[-1] = np.nan
    return distinct, (np.cumsum(is_there) - 1)[numbers]


def _whole(values: Array, limit: int) -> tuple[Integers, int, Flags | None] | None:
    """Return whole numbers from 0 in the order of the values, the least value, what is missing.

    None where the values are no whole numbers or do not lie within a limit of each other;
    missing ones come last.
    """
    if values.dtype.kind != "f":
        low, high = int(values.min()), int(values.max())
        if high - low >= limit or max(high, -low) >= 1 << BITS:
            return None
        return values.astype(np.int64) - low, low, None
    least, most = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    # beyond 2 ** 53 neighbouring whole numbers are not told apart
    if not max(abs(least), abs(most)) < 2.0**53 or most - least + 1 >= limit:
        return None
    missing = np.isnan(values)
    some = bool(missing.any())
    shifted: Floats = np.where(missing, most + 1.0, values) if some else values
    numbers = shifted.astype(np.int64)
    if not np.array_equal(numbers, shifted):
        return None
    numbers -= int(least)
    return numbers, int(least), missing if some else None
