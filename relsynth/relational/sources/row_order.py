"""In which order the rows of a whole table are stored: by parent, by date, or as they came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.evidence import ENOUGH, MOST
from relsynth.groups import unique_values
from relsynth.packing import packable
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Flags, Floats, Integers

SORTED = 0.98  # of neighbours that do not fall: journals have a few late entries


@packable
@dataclass(frozen=True, slots=True)
class RowOrder:
    """Rows that are not stored parent by parent, or the last one of each parent first.

    Attributes
    ----------
    column : str
        The moment by which the whole table is sorted; empty where rows of all parents lie
        among each other in no order.
    falls : bool
        The last moment comes first.
    by_parent : bool
        It does so inside each parent; the rows lie parent by parent.
    """

    column: str = ""
    falls: bool = False
    by_parent: bool = False

    @classmethod
    def find(cls, own: Matrix, moments: Iterable[str], groups: Integers | None) -> Self | None:
        """Return the order of a table, None where rows lie by parent as they happen or in no order.

        Parameters
        ----------
        own : Matrix, shape (n_rows, n_columns)
        moments : iterable of str
            Columns that are points in time.
        groups : ndarray of int, shape (n_rows,), optional
            Generating parent of each row; absent for a root.

        Examples
        --------
        >>> rows = Matrix(("at",), ("number",), np.arange(90.0)[:, None])
        >>> RowOrder.find(rows, ["at"], None), RowOrder.find(rows, [], np.arange(90) // 3)
        (RowOrder(column='at', falls=False, by_parent=False), None)
        """
        if len(own) < ENOUGH:
            return None
        if groups is not None:
            runs = 1 + np.count_nonzero(np.diff(groups))
            families = len(unique_values(groups))
            if runs - families < MOST * (len(own) - families):
                inside = np.diff(groups) == 0
                latest = (name for name in moments if _falls(own[name], inside))
                return next((cls(name, falls=True, by_parent=True) for name in latest), None)
        for name in moments:
            for falls in (False, True):
                if _is_sorted(-own[name] if falls else own[name]):
                    return cls(name, falls)
        return None if groups is None else cls()

    def sequence(
        self, moments: Floats | None, groups: Integers, rng: np.random.Generator
    ) -> Integers:
        """Return the order in which drawn rows are stored; siblings stay in turn.

        Parameters
        ----------
        moments : ndarray of float, shape (n_rows,), optional
            Of the column, if there is one.
        groups : ndarray of int, shape (n_rows,)
        """
        if moments is not None and self.by_parent:
            return lexical_order((-moments, groups))
        if moments is not None:
            return stable_order(-moments if self.falls else moments)
        places = rng.random(len(groups))
        inside = lexical_order((places, groups))  # rising places, group by group
        turned = np.empty(len(groups))
        turned[stable_order(groups)] = places[inside]
        return stable_order(turned)


def _falls(values: Floats, inside: Flags) -> bool:
    """Return whether a moment falls from row to row inside each parent."""
    steps = np.diff(values)[inside]
    if len(steps) < ENOUGH or np.isnan(values).any():
        return False
    return bool((steps <= 0).mean() >= SORTED and (steps < 0).mean() >= MOST)


def _is_sorted(values: Floats) -> bool:
    if np.isnan(values).any():
        return False
    steps = np.diff(values)
    return bool((steps >= 0).mean() >= SORTED and (steps > 0).mean() > 1.0 - SORTED)
