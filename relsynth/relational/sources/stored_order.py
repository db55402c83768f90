"""Whether rows of one parent are stored in the order of a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.evidence import ENOUGH, SAMPLE
from relsynth.packing import packable
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Flags, Integers

ORDERS = ("value", "length")


@packable
@dataclass(frozen=True, slots=True)
class StoredOrder:
    """A column by which the rows of one parent are sorted.

    Attributes
    ----------
    by : {"value", "length"}
        Texts rise letter by letter, or the shorter ones come first, as numbers behind a common
        beginning do.
    """

    column: str
    by: str

    @classmethod
    def find(
        cls, frame: pd.DataFrame, names: tuple[str, ...], groups: Integers
    ) -> StoredOrder | None:
        """Return the first column that rises from row to row in all groups, or ``None``.

        Parameters
        ----------
        names : tuple of str
            Columns to look at.
        groups : ndarray of int, shape (n_rows,)

        Notes
        -----
        No neighbours may fall and at least half of them must rise, of ``ENOUGH`` or more.
        A first glance at ``SAMPLE`` rows mostly tells; else it costs one sort of the groups.

        Examples
        --------
        >>> words = [f"word{n}" for n in (5, 64, 313, 7, 93)] * 60
        >>> groups = np.repeat(np.arange(120), [3, 2] * 60)
        >>> StoredOrder.find(pd.DataFrame({"word": words}), ("word",), groups)
        StoredOrder(column='word', by='length')
        """
        first = slice(0, SAMPLE)
        for name in names:
            values = frame[name]
            if values.isna().any():
                continue
            for by in ORDERS:
                glance = _rises(_ranks(values[first], by), groups[first], few=True)
                if glance and _rises(_ranks(values, by), groups, few=False):
                    return cls(name, by)
        return None

    def sequence(self, values: pd.Series, groups: Integers) -> Integers:
        """Return the order of rows, sorted by group, in which they are stored.

        Parameters
        ----------
        groups : ndarray of int, shape (n_rows,)
        """
        return lexical_order((_ranks(values, self.by), groups))


def _rises(ranks: Integers, groups: Integers, *, few: bool) -> bool:
    order = stable_order(groups)
    inside = np.diff(groups[order]) == 0
    if not inside.any() or (inside.sum() < ENOUGH and not few):
        return False
    return _climbs(ranks[order], inside)


def _ranks(values: pd.Series, by: str) -> Integers:
    codes, distinct = pd.factorize(values)
    found = pd.Series(distinct)
    if pd.api.types.is_numeric_dtype(found) or pd.api.types.is_datetime64_any_dtype(found):
        return found.rank(method="dense").to_numpy()[codes]
    texts = found.astype(str)
    keys = [texts.to_numpy(dtype=str)]
    if by == "length":
        keys.append(texts.str.len().to_numpy())
    ranks: Integers = np.argsort(lexical_order(keys))
    return ranks[codes]


def _climbs(ranks: Integers, inside: Flags) -> bool:
    steps = np.diff(ranks)[inside]
    return bool((steps >= 0).all() and (steps > 0).mean() >= 0.5)
