"""Columns that the kept rows a row refers to determine: the distance of two airports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from relsynth.columns.protection import Holders
from relsynth.groups import modes
from relsynth.packing import packable
from relsynth.relational.rules.rule import CLEARER, HOLDS, LEAST_ROWS, ColumnRule
from relsynth.relational.rules.view import TableView, shown_key
from relsynth.typing import Floats, Integers

KEYS = 6  # to kept tables: 15 pairs, each of which costs a sort of the rows
ROWS_EACH = 5  # of rows that refer to the same, on average: fewer are no rule but a list
VIOLATIONS = 12.0  # expected where the column did not depend on what is referred to


@packable
@dataclass(frozen=True, slots=True)
class Determined(ColumnRule):
    """A column with one value for all rows that refer to the same rows of kept tables.

    Attributes
    ----------
    column : str
    keys : tuple of str
        Names of one or two foreign keys.
    checks : tuple of int
        Hashes of what identifies these rows: others may not be looked up.
    codes : ndarray of int, shape (k,)
        Rows referred to, as one number, ascending; none that too few subjects refer to.
    values : ndarray of float, shape (k,)
    share : float
        Of the real rows that have the value.
    rows : int
    """

    column: str
    keys: tuple[str, ...]
    checks: tuple[int, ...]
    codes: Integers
    values: Floats
    share: float
    rows: int

    @property
    def note(self) -> str:
        """One sentence with the evidence."""
        keys = " and ".join(map(shown_key, self.keys))
        return f"{self.column} follows from {keys} in {self.often} {self.rows} rows"

    def usable(self, view: TableView) -> bool:
        """Return whether the tables are there and those that were learned."""
        return all(
            name in view.keys and _check(view, name) == check
            for name, check in zip(self.keys, self.checks, strict=True)
        )

    def settle(
        self, view: TableView, groups: Integers, rng: np.random.Generator
    ) -> dict[str, Floats]:
        """Return the column as it follows, and as it is where that is not known."""
        own, codes = view.column(self.column), _codes(view, self.keys)
        at = np.searchsorted(self.codes, codes).clip(max=len(self.codes) - 1)
        known = (self.codes[at] == codes) & ~np.isnan(own)
        return {self.column: np.where(known, self.values[at], own)}


def find_determined(
    view: TableView, columns: Sequence[str], kept: Collection[str], holders: Holders
) -> Iterator[Determined]:
    """Yield the columns that one or two keys to kept tables determine, one key before two.

    Parameters
    ----------
    columns : sequence of str
        Columns of the table that may be changed.
    kept : collection of str
        Names of the keys to tables that are kept as they are.
    holders : Holders
        Whose the rows are.

    Notes
    -----
    Exceptions must be at most one in ``CLEARER`` of those by chance: ``(n - g)(1 - sum p²)``
    for n rows, g groups and shares p of the column's values.
    """
    names = [name for name in view.keys if name in kept][:KEYS]
    left = list(columns)
    for keys in [(name,) for name in names] + list(combinations(names, 2)):
        codes = _codes(view, keys)
        placed = np.flatnonzero(codes >= 0)
        if len(placed) < LEAST_ROWS:
            continue
        groups, members = np.unique(codes[placed], return_inverse=True)
        if len(groups) < 2 or len(placed) < ROWS_EACH * len(groups):
            continue
        shared = ~holders[placed].rare(members, len(groups))
        for name in tuple(left):
            share = _share(view.column(name)[placed], members, len(groups))
            if share is None or not shared.any():
                continue
            left.remove(name)
            values = modes(view.column(name)[placed], members, len(groups))
            checks = tuple(_check(view, key) for key in keys)
            known = shared & ~np.isnan(values)
            yield Determined(name, keys, checks, groups[known], values[known], share, len(placed))


def _share(values: Floats, groups: Integers, n_groups: int) -> float | None:
    """Return which share of the values is that of its group, where that is a rule."""
    known = ~np.isnan(values)
    values, groups = values[known], groups[known]
    if len(values) < LEAST_ROWS:
        return None
    agree = int(np.count_nonzero(values == modes(values, groups, n_groups)[groups]))
    if agree < HOLDS * len(values):
        return None
    shares = np.unique(values, return_counts=True)[1] / len(values)
    by_chance = (len(values) - len(np.unique(groups))) * (1 - np.square(shares).sum())
    clear = by_chance >= max(VIOLATIONS, CLEARER * (len(values) - agree))
    return agree / len(values) if clear else None


def _codes(view: TableView, keys: Sequence[str]) -> Integers:
    """Return what every row refers to as one number, negative where a key is null."""
    codes = np.zeros(view.n_rows, np.int64)
    null = np.zeros(view.n_rows, bool)
    for name in keys:
        _, links, parent = view.keys[name]
        codes = codes * parent.n_rows + links
        null |= links < 0
    return np.where(null, -1, codes)


def _check(view: TableView, name: str) -> int:
    """Return a hash of what identifies the rows that a key refers to, in their order."""
    key, _, parent = view.keys[name]
    shown = pd.DataFrame(
        {column: parent.shown(column).astype(str) for column in key.parent_columns}
    )
    rows = pd.util.hash_pandas_object(shown, index=False).to_numpy(np.uint64)
    turn = np.arange(1, len(rows) + 1, dtype=np.uint64)
    return int((rows * turn).sum(dtype=np.uint64) >> np.uint64(1))
