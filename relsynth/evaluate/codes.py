"""Values of any dtype as shared integer codes, so that 7, 7.0 and "7" are one value."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from relsynth.typing import Array, Integers

MISSING = -1  # the code of a missing value
_WHOLE = re.compile(r"-?\d+\.0+")


def shared_codes(columns: Sequence[pd.Series]) -> tuple[list[Integers], tuple[str, ...]]:
    """Return the values of several columns as codes of one common list of texts.

    Parameters
    ----------
    columns : sequence of Series
        The same column of several databases, or the two ends of a foreign key.

    Returns
    -------
    codes : list of ndarray of int
        One per column; ``-1`` where the value is missing.
    levels : tuple of str
        The texts in sorted order; ``levels[code]`` is the value.
    """
    parts = [pd.factorize(column) for column in columns]
    texts = [canonical_texts(np.asarray(uniques, dtype=object)) for _, uniques in parts]
    levels, inverse = np.unique(np.concatenate([*texts, np.empty(0, "U1")]), return_inverse=True)
    cuts = np.cumsum([len(text) for text in texts])[:-1]
    codes = []
    for (code, _), mapped in zip(parts, np.split(inverse, cuts), strict=True):
        table = np.append(mapped, MISSING).astype(np.int64)
        codes.append(table[code])
    return codes, tuple(levels.tolist())


def canonical_texts(values: Array) -> Array:
    """Return `canonical_text` of every value.

    Examples
    --------
    >>> import numpy as np
    >>> canonical_texts(np.array([7, 7.0, "7.0", "x", True], dtype=object)).tolist()
    ['7', '7', '7', 'x', 'True']
    """
    return np.array([canonical_text(value) for value in values], dtype=str)


def canonical_text(value: object) -> str:
    """Return a value as text in which a whole number has no decimal point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text.partition(".")[0] if _WHOLE.fullmatch(text) else text


def key_codes(sides: Sequence[tuple[pd.DataFrame, tuple[str, ...]]]) -> list[Integers]:
    """Return the keys of several frames as codes that are equal where the keys are.

    Parameters
    ----------
    sides : sequence of (DataFrame, tuple of str)
        Frames and their corresponding, equally many key columns.

    Returns
    -------
    list of ndarray of int
        ``-1`` where any part of a key is missing.
    """
    width = len(sides[0][1])
    per_part = [
        shared_codes([frame[columns[part]] for frame, columns in sides])[0] for part in range(width)
    ]
    joint = per_part[0]
    for codes in per_part[1:]:
        joint = _pair_codes(joint, codes)
    return joint


def _pair_codes(first: list[Integers], second: list[Integers]) -> list[Integers]:
    ends = np.cumsum([len(part) for part in first])[:-1]
    a, b = np.concatenate(first), np.concatenate(second)
    joint = a * (int(b.max(initial=0)) + 1) + b
    joint[(a < 0) | (b < 0)] = MISSING
    _, dense = np.unique(joint, return_inverse=True)
    dense = dense.astype(np.int64) - int((joint < 0).any())
    return np.split(dense, ends)


def find_rows(wanted: Integers, keys: Integers) -> Integers:
    """Return for every wanted code the first row that has it among `keys`, else ``-1``."""
    size = int(max(wanted.max(initial=-1), keys.max(initial=-1))) + 2
    place = np.full(size, MISSING, dtype=np.int64)
    rows = np.flatnonzero(keys >= 0)[::-1]
    place[keys[rows]] = rows
    return place[wanted]
