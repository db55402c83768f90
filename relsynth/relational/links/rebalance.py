"""Bring the number of rows of each parent near the wanted one; partner groups stay whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.groups import first_of_each, places
from relsynth.relational.links.swaps import partners_of
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Flags, Floats, Integers

WORK = 2_000_000  # moves in all, which bound the time
LEAST_ROUNDS, MOST_ROUNDS = 30, 500
PATIENCE = 20  # rounds without gain
NEAR = 0.002  # of the rows that may be left over
OFFERS = 8  # moves looked at for each parent that lacks rows


@dataclass(slots=True)
class PartnerGroups:
    """Partner groups of rows and the parents they go to.

    Attributes
    ----------
    family, label, size, parent : ndarray of int, shape (n_groups,)
        Partner groups of a family have different parents; those of a label are of one kind.
    wanted : ndarray of int, shape (n_parents,)
        Rows each parent should have.
    nested : bool
        Whether parents have rows of one family only, as planes fly for one airline: their
        families matter more than a row more or less.
    """

    family: Integers
    label: Integers
    size: Integers
    parent: Integers
    wanted: Integers
    nested: bool = False

    def even_out(self, rng: np.random.Generator) -> None:
        """Give every parent as many rows as wanted, in place.

        Groups are swapped and moved, and rows shifted between those of a family. What is left
        after that is split off the largest partner groups.

        Notes
        -----
        Descent by random pairs: from parents with too many rows to parents with too few, of
        the same label in every other round. A round costs a few sorts of the groups; it ends
        after as many as ``WORK`` allows, ``PATIENCE`` without a gain, or once all but ``NEAR``
        of the rows are where they should be.
        """
        if self.nested:
            self._fill_empty()
        waited, near = 0, NEAR * float(self.wanted.sum())
        rounds = min(max(WORK // max(len(self.size), 1), LEAST_ROUNDS), MOST_ROUNDS)
        for number in range(rounds):
            if waited > PATIENCE or np.abs(self._over()).sum() <= near:
                break
            gained = self._shift(rng)
            gained |= self._swap(rng, within=number % 2 == 0)
            gained |= not self.nested and self._move(rng)
            waited = 0 if gained else waited + 1
        if self.nested:
            self._scale()
        while not self.nested and self._over().any():
            self._split()

    def _scale(self) -> None:
        """Give the groups of each family its rows in proportion to what their parents want."""
        order = stable_order(self.family)
        _, first, count = np.unique(self.family[order], return_index=True, return_counts=True)
        more = (self.wanted[self.parent[order]] - 1).clip(min=0) + 1e-9  # one row each is sure
        spare = np.repeat(np.add.reduceat(self.size[order], first) - count, count)
        reached = np.cumsum(more)
        reached -= np.repeat(reached[first] - more[first], count)
        until = np.rint(spare * reached / np.repeat(np.add.reduceat(more, first), count))
        before = np.roll(until, 1)
        before[first] = 0.0
        self.size[order] = 1 + (until - before).astype(np.int64)

    def _fill_empty(self) -> None:
        """Split a row off the largest groups for parents that should have rows and have none."""
        while True:
            empty = np.flatnonzero((self.wanted > 0) & (self._over() == -self.wanted))
            some = stable_order(-self.size)[: len(empty)]
            some = some[self.size[some] > 1]
            if not len(some):
                return
            self.size[some] -= 1
            self.family = np.concatenate([self.family, self.family[some]])
            self.label = np.concatenate([self.label, self.label[some]])
            self.size = np.concatenate([self.size, np.ones(len(some), np.int64)])
            self.parent = np.concatenate([self.parent, empty[: len(some)]])

    def _over(self) -> Integers:
        """Return how many rows each parent has too many."""
        rows = np.bincount(self.parent, self.size, len(self.wanted)).astype(np.int64)
        return rows - self.wanted

    def _shift(self, rng: np.random.Generator) -> bool:
        """Shift rows from one partner group to another of the family."""
        over = self._over()
        some = self._crowded(over, rng)
        others = partners_of(some, self.family, True, rng)
        room = np.minimum(over[self.parent[some]], -over[self.parent[others]])
        moved = np.minimum(room, self.size[some] - 1)
        chosen = self._disjoint(self.parent[some], self.parent[others], moved)
        np.subtract.at(self.size, some[chosen], moved[chosen])
        np.add.at(self.size, others[chosen], moved[chosen])
        return bool(len(chosen))

    def _swap(self, rng: np.random.Generator, *, within: bool) -> bool:
        """Swap the parents of two partner groups."""
        over = self._over()
        some = self._crowded(over, rng)
        others = partners_of(some, self.label, within, rng)
        step = self.size[some] - self.size[others]
        here, there = over[self.parent[some]], over[self.parent[others]]
        gain = np.abs(here) + np.abs(there) - np.abs(here - step) - np.abs(there + step)
        family, parent = self.family, self.parent
        held = self._held(family[some], parent[others]) | self._held(family[others], parent[some])
        chosen = self._disjoint(parent[some], parent[others], np.where(held, 0, gain))
        some, others = some[chosen], others[chosen]
        fresh = first_of_each(np.concatenate([some, others]))
        both = fresh[: len(some)] & fresh[len(some) :]
        some, others = some[both], others[both]
        self.parent[some], self.parent[others] = self.parent[others], self.parent[some]
        return bool(len(some))

    def _move(self, rng: np.random.Generator) -> bool:
        """Move partner groups to parents that have too few rows."""
        over = self._over()
        some, short = self._crowded(over, rng), np.flatnonzero(over < 0)
        if not len(some):
            return False
        there = short[rng.integers(len(short), size=len(some))]
        here, step = over[self.parent[some]], self.size[some]
        gain = np.abs(here) - over[there] - np.abs(here - step) - np.abs(over[there] + step)
        gain[self._held(self.family[some], there)] = 0
        chosen = self._disjoint(self.parent[some], there, gain)
        self.parent[some[chosen]] = there[chosen]
        return bool(len(chosen))

    def _split(self) -> None:
        """Split what is too much off the largest partner group of each parent."""
        over = self._over()
        order = lexical_order((self.size, self.parent))
        last = np.flatnonzero(np.diff(self.parent[order], append=-1))
        largest = np.full(len(over), -1)
        largest[self.parent[order[last]]] = order[last]
        rich, poor = stable_order(-over), stable_order(over)
        pairs = min(int((over > 0).sum()), int((over < 0).sum()))
        rich, poor = rich[:pairs], poor[:pairs]
        some = largest[rich]
        parts = np.minimum(np.minimum(over[rich], -over[poor]), self.size[some])
        whole = parts == self.size[some]
        self.parent[some[whole]] = poor[whole]
        self.size[some[~whole]] -= parts[~whole]
        self.family = np.concatenate([self.family, self.family[some[~whole]]])
        self.label = np.concatenate([self.label, self.label[some[~whole]]])
        self.size = np.concatenate([self.size, parts[~whole]])
        self.parent = np.concatenate([self.parent, poor[~whole]])

    def _crowded(self, over: Integers, rng: np.random.Generator) -> Integers:
        """Return some partner groups of parents that have too many rows."""
        crowded = rng.permutation(np.flatnonzero(over[self.parent] > 0))
        return crowded[: OFFERS * len(self.wanted)]

    def _disjoint(self, here: Integers, there: Integers, gain: Integers) -> Integers:
        """Return the pairs of parents that gain, the best first, none in more than one."""
        pairs = np.flatnonzero((gain > 0) & (here != there))
        pairs = pairs[stable_order(-gain[pairs])]
        fresh = first_of_each(np.concatenate([here[pairs], there[pairs]]))
        return pairs[fresh[: len(pairs)] & fresh[len(pairs) :]]

    def _held(self, families: Integers, parents: Integers) -> Flags:
        """Return which families have a partner group at some parents already."""
        span = len(self.wanted)
        pairs = np.sort(self.family * span + self.parent)
        given = families * span + parents
        place = np.minimum(np.searchsorted(pairs, given), len(pairs) - 1)
        held: Flags = pairs[place] == given
        return held


def merge_smallest(partner_groups: Integers, families: Integers, at_most: int) -> Integers:
    """Let the smallest partner groups of each family join others of it until no more are left.

    Parameters
    ----------
    partner_groups, families : ndarray of int, shape (n_rows,)
        The number of a row of its partner group, and the family, of each row; negative for none.
    at_most : int
        Partner groups in all; each family keeps its share of them, and one at least.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Bundle of each row.

    Examples
    --------
    >>> import numpy as np
    >>> merge_smallest(np.array([0, 0, 2, 3]), np.zeros(4, int), 2).tolist()
    [0, 0, 2, 0]
    """
    heads, place, size = np.unique(partner_groups, return_inverse=True, return_counts=True)
    family = np.where(families[heads] >= 0, families[heads], families.max() + 1 + heads)
    if len(heads) <= at_most:
        return partner_groups
    _, code, count = np.unique(family, return_inverse=True, return_counts=True)
    code = code.reshape(-1)
    quota = np.maximum(count * at_most // len(heads), 1)
    order = lexical_order((-size, code))
    rank, begin = places(count), np.repeat(np.cumsum(count) - count, count)
    joined = np.empty(len(heads), np.int64)
    joined[order] = heads[order[begin + rank % quota[code[order]]]]
    return joined[place.reshape(-1)]


def deal_out(
    partner_groups: Integers,
    turn: Integers,
    family: Integers,
    sizes: Integers,
    rng: np.random.Generator,
) -> Integers:
    """Let partner groups of a family have other sizes: thin them out, or fill them up.

    Parameters
    ----------
    partner_groups, turn : ndarray of int, shape (n_rows,)
        Partner group of each row, and how late it comes among all rows.
    family, sizes : ndarray of int, shape (n_groups,)
        The sizes of each family add up to its rows.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Partner group of each row. Groups with too many rows lose some evenly, those with too
        few get as many as they have between their own, so they last as long as before, and
        what is missing then anywhere in their family.

    Examples
    --------
    >>> import numpy as np
    >>> groups, family = np.array([0, 0, 0, 0, 1]), np.zeros(2, int)
    >>> dealt = deal_out(groups, np.arange(5), family, np.array([3, 2]), np.random.default_rng(0))
    >>> np.bincount(dealt).tolist()
    [3, 2]
    """
    order = lexical_order((turn, partner_groups))
    counts = np.bincount(partner_groups, minlength=len(sizes))
    more, fewer = np.maximum(sizes - counts, 0), np.maximum(counts - sizes, 0)
    share, size = np.repeat(fewer, counts), np.repeat(counts, counts)
    before = places(counts) * share + np.repeat(rng.integers(np.maximum(counts, 1)), counts)
    extra = order[(before + share) // size > before // size]
    extra = extra[lexical_order((turn[extra], family[partner_groups[extra]]))]
    short = np.repeat(np.arange(len(sizes)), more)
    wanted = _between(turn[order], counts, np.minimum(more, counts), rng)
    further = np.flatnonzero(places(more) >= counts[short])
    if len(further):
        whose = family[partner_groups]
        by_family = stable_order(whose)
        first, last = (
            np.searchsorted(whose[by_family], family[short[further]], side=side)
            for side in ("left", "right")
        )
        wanted = np.insert(wanted, further - np.arange(len(further)), 0.0)
        wanted[further] = turn[by_family[rng.integers(first, last)]]
    dealt = partner_groups.copy()
    dealt[extra] = short[lexical_order((wanted, family[short]))]
    return dealt


def _between(turn: Integers, counts: Integers, more: Integers, rng: np.random.Generator) -> Floats:
    """Return where further rows of groups belong, evenly among their own, which are sorted."""
    group = np.repeat(np.arange(len(counts)), more)
    gaps = np.maximum(counts - 1, 1)
    gap = (places(more) * gaps[group] + rng.integers(gaps)[group]) // np.maximum(more, 1)[group]
    gap = np.minimum(gap, gaps[group] - 1)
    last = max(len(turn) - 1, 0)
    here = (np.cumsum(counts) - counts)[group].clip(max=last) + gap
    there = np.where(counts[group] > 1, here + 1, here)
    return turn[here] + (turn[there] - turn[here]) * rng.random(len(group))
