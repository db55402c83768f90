"""Numbers that rank the rows of a parent: the places of a race, the lines of a bill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.evidence import ENOUGH, USUALLY, Evidence
from relsynth.groups import places
from relsynth.packing import packable
from relsynth.relational.sources.unique_rule import UniqueRule
from relsynth.seeding import stream
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Floats, Integers


@packable
@dataclass(frozen=True, slots=True)
class Rank:
    """A column that counts the rows of each parent by what their own value would be.

    Attributes
    ----------
    key : str
        Name of the foreign key.
    start : float
        The first number.
    complete : bool
        Whether every row has a number.
    """

    key: str
    column: str
    start: float
    complete: bool

    def keeps(self, rule: UniqueRule) -> bool:
        """Return whether a rule holds by construction."""
        return rule.keys == (self.key,) and rule.columns == (self.column,)

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
        >>> rank, rng = Rank("race", "place", 1.0, True), np.random.default_rng(0)
        >>> rank.ranked(np.array([4.0, 2.0, 9.0, 7.0]), np.array([0, 0, 0, 1]), rng).tolist()
        [2.0, 1.0, 3.0, 1.0]
        """
        rows = np.flatnonzero((links >= 0) & ~np.isnan(values))
        rows = rows[lexical_order((rng.random(len(rows)), values[rows], links[rows]))]
        begins = np.searchsorted(links[rows], links[rows], side="left")
        made = values.copy()
        made[rows] = self.start + np.arange(len(rows)) - begins
        return made


def find_ranks(
    rows: Matrix, links: Mapping[str, Integers], names: tuple[str, ...]
) -> Iterator[Rank]:
    """Yield which numbers rank the rows of a parent, each by the first key that has it so.

    Parameters
    ----------
    rows : Matrix
        Of the real table.
    links : mapping of str to ndarray of int
        Parent row of each row by key name.
    names : tuple of str
        Columns that may be changed.
    """
    for name in names:
        for key, parents in links.items():
            start = _start(rows, name, parents)
            if start is not None:
                yield Rank(key, name, start, not np.isnan(rows[name]).any())
                break


def _start(rows: Matrix, name: str, links: Integers) -> float | None:
    """Return the first number, if a column ranks the rows of its parents."""
    if not rows.is_number(name):
        return None
    known = (links >= 0) & ~np.isnan(rows[name])
    if not known.any():
        return None
    values, groups = rows[name][known], np.unique(links[known], return_inverse=True)[1]
    order = stable_order(groups)
    sizes = np.bincount(groups)
    several = sizes > 1
    counted = np.repeat(several, sizes)
    if sizes[several].sum() < ENOUGH:
        return None
    low = np.full(len(sizes), np.inf)
    np.minimum.at(low, groups, values)
    start = float(np.median(low[several]))
    numbers = start + places(sizes)
    groups = np.sort(groups)
    shuffled = stream(0, "ranks").permutation(values)
    right, by_chance = (
        (column[lexical_order((column, groups))] == numbers)[counted].mean()
        for column in (values[order], shuffled)
    )
    beyond = Evidence(float(right), float(by_chance), len(values)).closes()
    return start if right >= USUALLY and beyond else None
