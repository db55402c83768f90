"""Whether rows of one parent are stored in the order of a column."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relsynth.typing import Integers

ENOUGH_PAIRS = 100
GLANCE = 2_000


def is_sorted_inside(values: pd.Series, groups: Integers) -> bool:
    """Return whether a column rises from row to row in all groups.

    Parameters
    ----------
    values : Series, of n_rows
    groups : ndarray of int, shape (n_rows,)

    Notes
    -----
    No neighbours may fall and at least half of them must rise, of ``ENOUGH_PAIRS`` or more.
    Texts rise letter by letter, or the shorter ones come first, as numbers behind a common
    beginning do. A first glance at ``GLANCE`` rows mostly tells; else it costs one sort of the
    groups.

    Examples
    --------
    >>> words = pd.Series([f"word{n}" for n in (5, 64, 313, 7, 93)] * 60)
    >>> groups = np.repeat(np.arange(120), [3, 2] * 60)
    >>> is_sorted_inside(words, groups), is_sorted_inside(words[::-1], groups)
    (True, False)
    """
    if values.isna().any():
        return False
    first = slice(0, GLANCE)
    return _rises(values[first], groups[first], few=True) and _rises(values, groups, few=False)


def _rises(values: pd.Series, groups: Integers, *, few: bool) -> bool:
    order = np.argsort(groups, kind="stable")
    inside = np.diff(groups[order]) == 0
    if not inside.any() or (inside.sum() < ENOUGH_PAIRS and not few):
        return False
    return any(_climbs(ranks[order], inside) for ranks in _orders(values))


def _orders(values: pd.Series) -> list[Integers]:
    """Return the ranks of values in the orders that they may be sorted by."""
    codes, distinct = pd.factorize(values)
    found = pd.Series(distinct)
    if pd.api.types.is_numeric_dtype(found) or pd.api.types.is_datetime64_any_dtype(found):
        return [found.rank(method="dense").to_numpy()[codes]]
    texts = found.astype(str)
    by_letter = np.argsort(np.argsort(texts.to_numpy(dtype=str), kind="stable"))
    by_length = np.lexsort((texts.to_numpy(dtype=str), texts.str.len()))
    return [by_letter[codes], np.argsort(by_length)[codes]]


def _climbs(ranks: Integers, inside: np.ndarray) -> bool:
    steps = np.diff(ranks)[inside]
    return bool((steps >= 0).all() and (steps > 0).mean() >= 0.5)
