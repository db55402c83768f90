"""Numbers that rank the rows of a parent: the places of a race, the lines of a bill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.packing import packable
from relsynth.relational.sources.common_values import modes
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.typing import Floats, Integers

DENSE = 0.9  # of the rows: a few lists have lost a row, or gained one by a mistake


@packable
@dataclass(frozen=True, slots=True)
class Rank:
    """A column that counts the rows of each parent by what their own value would be.

    Attributes
    ----------
    key : str
        Name of the foreign key.
    column : str
    start : float
        The first number.
    followers : mapping of str to ndarray of float
        What other columns mostly hold at each number, from the first on: the points of a place.
    """

    key: str
    column: str
    start: float
    followers: Mapping[str, Floats] = field(default_factory=dict)

    def keeps(self, rule: UniqueRule) -> bool:
        """Return whether a rule holds by construction."""
        names = (self.column, *self.followers)
        return rule.keys == (self.key,) and len(rule.columns) == 1 and rule.columns[0] in names

    @property
    def note(self) -> str:
        """One sentence."""
        return f"{self.column} ranks the rows of one parent of {self.key}"

    def ranked(self, values: Floats, links: Integers, rng: np.random.Generator) -> Floats:
        """Return numbers that rank the rows of every parent as their values do.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows,)
            Missing ones stay so.
        links : ndarray of int, shape (n_rows,)
            Parent row of each row; negative for none, which keeps its value.
        rng : numpy.random.Generator
            Decides between equal values.

        Examples
        --------
        >>> rank, rng = Rank("race", "place", 1.0), np.random.default_rng(0)
        >>> rank.ranked(np.array([4.0, 2.0, 9.0, 7.0]), np.array([0, 0, 0, 1]), rng).tolist()
        [2.0, 1.0, 3.0, 1.0]
        """
        rows = np.flatnonzero((links >= 0) & ~np.isnan(values))
        rows = rows[np.lexsort((rng.random(len(rows)), values[rows], links[rows]))]
        begins = np.searchsorted(links[rows], links[rows], side="left")
        made = values.copy()
        made[rows] = self.start + np.arange(len(rows)) - begins
        return made

    def followed(self, name: str, values: Floats, before: Floats, after: Floats) -> Floats:
        """Return a follower's values where the numbers of its rows have changed."""
        usual = self.followers[name]
        then, now = (_at(usual, numbers - self.start) for numbers in (before, after))
        return np.where((values == then) & ~np.isnan(now), now, values)


def find_ranks(
    rules: Iterable[UniqueRule],
    rows: Matrix,
    links: Mapping[str, Integers],
    free: tuple[str, ...],
) -> Iterator[Rank]:
    """Yield which numbers that are unique for a parent rank its rows, the first of each key.

    Parameters
    ----------
    rules : iterable of UniqueRule
    rows : Matrix
        Of the real table.
    links : mapping of str to ndarray of int
        Parent row of each row by key name.
    free : tuple of str
        Columns that may be changed with the number.
    """
    columns: dict[str, list[str]] = {}
    for rule in rules:
        if len(rule.keys) == len(rule.columns) == 1 and rule.columns[0] in rows.names:
            columns.setdefault(rule.keys[0], []).append(rule.columns[0])
    for key, names in columns.items():
        for name in names:
            start = _start(rows, name, links[key])
            if start is not None:
                numbers = rows[name] - start
                others = (other for other in free if other != name)
                usual = {other: _usual(numbers, rows[other]) for other in others}
                follow = {other: at for other, at in usual.items() if at is not None}
                yield Rank(key, name, start, follow)
                break


def _start(rows: Matrix, name: str, links: Integers) -> float | None:
    """Return the first number, if a column ranks the rows of its parents."""
    if rows.kinds[rows.names.index(name)] != "number":
        return None
    known = (links >= 0) & ~np.isnan(rows[name])
    if not known.any():
        return None
    values, groups = rows[name][known], np.unique(links[known], return_inverse=True)[1]
    sizes = np.bincount(groups)
    low, high = np.full(len(sizes), np.inf), np.full(len(sizes), -np.inf)
    np.minimum.at(low, groups, values)
    np.maximum.at(high, groups, values)
    several = sizes > 1
    start = float(np.median(low[several])) if several.any() else np.nan
    dense = (low == start) & (high == start + sizes - 1) & several
    return start if sizes[dense].sum() >= DENSE * sizes[several].sum() > 0 else None


def _usual(numbers: Floats, values: Floats) -> Floats | None:
    """Return what a column mostly holds at each number, if it follows from the number."""
    known = np.flatnonzero((numbers >= 0) & ~np.isnan(numbers))
    at = numbers[known].astype(np.int64)
    usual = modes(values[known], at, int(at.max(initial=-1)) + 1)
    return usual if (values[known] == usual[at]).mean() >= DENSE else None


def _at(usual: Floats, numbers: Floats) -> Floats:
    place = np.nan_to_num(numbers, nan=-1.0).astype(np.int64)
    inside = (place >= 0) & (place < len(usual))
    return np.where(inside, np.append(usual, np.nan)[np.where(inside, place, -1)], np.nan)
