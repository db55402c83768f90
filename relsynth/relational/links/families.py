"""Rows in order inside the families of an ancestor, and chains of rows that share a parent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.groups import first_of_each
from relsynth.sorting import lexical_order
from relsynth.typing import Flags, Floats, Integers

TRIES = 8  # earlier rows that one may follow; the likeliest of them is taken
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
        apart: bool,
        alike: Callable[[Integers, Integers], Floats],
        rng: np.random.Generator,
    ) -> Integers:
        """Return the first row of the chain to which each row belongs, as sorted places.

        Parameters
        ----------
        same, again : ndarray of bool, shape (n_rows,)
            Which sorted rows follow the one before, and which one of those before.
        apart : bool
            Whether no two rows of a group may be of one chain.
        alike : callable
            Gives how likely two rows are of one chain, as a logarithm.

        Notes
        -----
        A row that follows one of those before takes one of ``TRIES`` at random, in
        proportion to how alike they are; so chains grow in proportion to their length.
        Chains are followed by doubling: O(n log n).
        """
        at = np.arange(len(self.rows))
        limit = self.start if apart else at
        able = limit > self.begin
        chosen = at.copy()
        last = same & able & (limit == at)
        chosen[last] = at[last] - 1
        some = np.flatnonzero(able & (again | (same & ~last)))
        chosen[some] = self._earlier(some, limit, alike, rng)
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
        alike: Callable[[Integers, Integers], Floats],
        rng: np.random.Generator,
    ) -> Integers:
        """Return a place before each of some in its family."""
        best, found = np.full(len(some), -np.inf), some.copy()
        for _ in range(TRIES):
            offered = self._any_before(some, limit, rng)
            score = alike(self.rows[some], self.rows[offered]) + rng.gumbel(size=len(some))
            better = score > best
            best[better], found[better] = score[better], offered[better]
        return found

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
