"""Rows in order inside the families of an ancestor, and chains of rows that share a parent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import isotonic_regression

from relsynth.columns.matrix import Matrix
from relsynth.groups import first_of_each
from relsynth.sorting import lexical_order
from relsynth.typing import Flags, Floats, Integers

TRIES = 8  # earlier rows that one may follow; the likelier of two is taken each time
NEIGHBOURS = 16  # rows apart at most that change the ones they follow
FARTHER = 1.25  # of its lag that a row may follow another after: less than seasons differ
ROUNDS = 10  # of settling families that meet; what is left is cut


@dataclass(frozen=True, slots=True)
class Families:
    """Rows sorted by family, group and place.

    Attributes
    ----------
    rows : ndarray of int, shape (n_rows,)
        Row numbers in sorted order.
    owner : ndarray of int, shape (n_rows,)
        Whose the family of each sorted row is; -1 for rows that are a family by themselves.
    family, group : ndarray of int, shape (n_rows,)
        Of the sorted rows, non-negative; a group is a part of a family.
    begin, start : ndarray of int, shape (n_rows,)
        The sorted place at which the family and the group of each sorted row begin.
    """

    rows: Integers
    owner: Integers
    family: Integers
    group: Integers
    begin: Integers
    start: Integers

    @classmethod
    def of(cls, owners: Integers, groups: Integers, rank: Integers) -> Families:
        """Sort rows.

        Parameters
        ----------
        owners : ndarray of int, shape (n_rows,)
            Whose row each is; negative for nobody's.
        groups : ndarray of int, shape (n_rows,)
            Tells the parts of a family; negative for none.
        rank : ndarray of int, shape (n_rows,)
            Orders the rows; those of one group are neighbours.
        """
        family, group = _or_alone(owners), _or_alone(groups)
        rows = lexical_order((rank, family))
        family, group = family[rows], group[rows]
        begin = _starts(family)
        return cls(rows, owners[rows], family, group, begin, np.maximum(_starts(group), begin))

    @property
    def place(self) -> Matrix:
        """Rows of the family before each and to come, and rows of its group before it."""
        at = np.arange(len(self.rows))
        sizes = np.bincount(self.family)[self.family] if len(at) else at
        before = at - self.begin
        values = np.column_stack([before, sizes - before - 1, at - self.start])
        names = ("#family.before", "#family.to_come", "#group.before")
        return Matrix(names, ("count", "count", "count"), values.astype(float))

    def heads(
        self,
        same: Flags,
        again: Flags,
        lags: Floats,
        apart: bool,
        alike: Callable[[Integers, Integers], Floats],
        rng: np.random.Generator,
    ) -> Integers:
        """Return the first row of the chain to which each row belongs, as sorted places.

        Parameters
        ----------
        same, again : ndarray of bool, shape (n_rows,)
            Which sorted rows follow the one before, and which one of those before.
        lags : ndarray of float, shape (n_rows,)
            By how many places, as a logarithm to base 2; ``NaN`` for any.
        apart : bool
            Whether no two rows of a group may be of one chain.
        alike : callable
            Gives how likely two rows are of one chain, as a logarithm.

        Notes
        -----
        A row follows one that no other row follows, near its lag. Chains are followed by
        doubling: O(n log n).
        """
        at = np.arange(len(self.rows))
        limit = self.start if apart else at
        able = limit > self.begin
        chosen = at.copy()
        last = same & able & (limit == at)
        chosen[last] = at[last] - 1
        some = np.flatnonzero(able & (again | (same & ~last)))
        free = np.ones(len(at), bool)
        free[chosen[last]] = False
        if len(some):
            chosen[some] = self._earlier(some, limit, lags, free, alike, rng)
        while True:
            further = chosen[chosen]
            if np.array_equal(further, chosen):
                break
            chosen = further
        return self._kept_apart(chosen, limit, rng) if apart else chosen

    def _earlier(
        self,
        some: Integers,
        limit: Integers,
        lags: Floats,
        free: Flags,
        alike: Callable[[Integers, Integers], Floats],
        rng: np.random.Generator,
    ) -> Integers:
        """Return a place before each of some in its family, one of its own as far as that goes.

        Places are as near to the lags as distinct ones can be (least squares, by isotonic
        regression). Then rows that are near each other change places by how alike they are.
        """
        lag = np.nan_to_num(np.round(np.exp2(lags[some])), nan=np.inf)
        wanted = some - lag
        fits = (wanted >= self.begin[some]) & (wanted < limit[some])
        wanted = np.where(fits, wanted, self._any_before(some, limit, rng))
        places = np.flatnonzero(free)
        at = np.searchsorted(places, wanted)
        turn = np.lexsort((rng.random(len(some)), at))
        rank, rows = np.arange(len(some)), some[turn]
        distinct = rank + np.round(isotonic_regression(at[turn] - rank)).astype(np.int64)
        chosen = places[distinct.clip(0, len(places) - 1)]
        astray = (chosen < self.begin[rows]) | (chosen >= limit[rows])
        chosen[astray] = self._any_before(rows[astray], limit, rng)
        nearest, farthest = rows - FARTHER * lag[turn], rows - lag[turn] / FARTHER
        ends = np.fmax(nearest, self.begin[rows]), np.fmin(farthest + 1, limit[rows])
        for _ in range(TRIES):
            step = int(rng.integers(1, NEIGHBOURS + 1))
            first = rank[:-step][rank[:-step] // step % 2 == 0]
            self._exchange(first, first + step, rows, chosen, ends, alike, rng)
        found = np.empty(len(some), np.int64)
        found[turn] = chosen
        return found

    def _exchange(
        self,
        first: Integers,
        second: Integers,
        rows: Integers,
        chosen: Integers,
        ends: tuple[Floats, Floats],
        alike: Callable[[Integers, Integers], Floats],
        rng: np.random.Generator,
    ) -> None:
        """Let pairs of rows change the places they follow, where these are more alike, in place.

        Those of a row stay between its ends.
        """
        gain, fits = np.zeros(len(first)), np.ones(len(first), bool)
        for one, other in ((first, second), (second, first)):
            row, place = self.rows[rows[one]], chosen[other]
            gain += alike(row, self.rows[place]) - alike(row, self.rows[chosen[one]])
            fits &= (place >= ends[0][one]) & (place < ends[1][one])
        taken = fits & (np.log(rng.random(len(first))) < gain)
        first, second = first[taken], second[taken]
        chosen[first], chosen[second] = chosen[second], chosen[first]

    def _any_before(self, some: Integers, limit: Integers, rng: np.random.Generator) -> Integers:
        width = limit[some] - self.begin[some]
        return self.begin[some] + (rng.random(len(some)) * width).astype(np.int64)

    def _kept_apart(self, heads: Integers, limit: Integers, rng: np.random.Generator) -> Integers:
        """Let rows of a group that are of one chain follow others, or begin one of their own."""
        heads = heads.copy()
        for number in range(ROUNDS + 1):
            pairs = self.group * len(heads) + heads
            again = np.flatnonzero(~first_of_each(pairs))
            if not len(again):
                break
            able = again[limit[again] > self.begin[again]]
            if number == ROUNDS:
                heads[again] = again
            else:
                heads[able] = heads[self._any_before(able, limit, rng)]
        return heads


def _or_alone(codes: Integers) -> Integers:
    """Return codes, with one of its own for each row that has none."""
    alone = codes < 0
    codes = codes.copy()
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return codes


def _starts(codes: Integers) -> Integers:
    """Return for every place where the run of equal codes begins."""
    first = np.r_[True, codes[1:] != codes[:-1]] if len(codes) else np.empty(0, bool)
    return np.maximum.accumulate(np.where(first, np.arange(len(codes)), 0))
