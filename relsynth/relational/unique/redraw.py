"""New values for the few rows whose combinations swaps cannot make unique."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from relsynth.groups import first_of_each, joint_codes
from relsynth.sorting import stable_order
from relsynth.typing import Integers

TRIES = 40  # a combination that one draw in ten hits is missed 1.5 % of the time; 80: .02 %
MOST_COMBINATIONS = 5_000_000  # listed in full: 40 MB; beyond that they are drawn


@dataclass(frozen=True, slots=True)
class Choices:
    """The values rows may take, by block.

    Attributes
    ----------
    codes : ndarray of int, shape (n_places,)
        The first are those the rows hold themselves.
    blocks : ndarray of int, shape (n_places,)
    row_blocks : ndarray of int, shape (n_rows,)
        The block each row stays in.
    order : ndarray of int, shape (n_places,)
        Places sorted by block.
    """

    codes: Integers
    blocks: Integers
    row_blocks: Integers
    order: Integers

    @classmethod
    def of(cls, codes: Integers, blocks: Integers, row_blocks: Integers) -> Self:
        """Return choices; every row's block must be the block of some place."""
        return cls(codes, blocks, row_blocks, stable_order(blocks))

    def any_of(self, rows: Integers, rng: np.random.Generator) -> Integers:
        """Return a place at random for every row."""
        ordered, wanted = self.blocks[self.order], self.row_blocks[rows]
        first = np.searchsorted(ordered, wanted, side="left")
        last = np.searchsorted(ordered, wanted, side="right")
        return self.order[first + (rng.random(len(rows)) * (last - first)).astype(np.int64)]

    def distinct(self, row: int) -> Integers:
        """Return a place of every value that a row may take."""
        places = np.flatnonzero((self.blocks == self.row_blocks[row]) & (self.codes >= 0))
        return places[np.unique(self.codes[places], return_index=True)[1]]


def redraw(
    fixed: Integers,
    choices: Choices,
    source: Integers,
    rows: Integers,
    may_be_equal: bool,
    rng: np.random.Generator,
) -> tuple[Integers, Integers]:
    """Let rows take any value of their block that makes their combination new.

    Parameters
    ----------
    fixed : ndarray of int, shape (n_rows,)
        The part of the combination that stays.
    source : ndarray of int, shape (n_rows,)
        The place each row takes its value from.
    rows : ndarray of int
        Those that need another.
    may_be_equal : bool
        Whether a row may hold the same code twice.

    Returns
    -------
    source : ndarray of int, shape (n_rows,)
    rows : ndarray of int
        Those that find none.
    """
    source = source.copy()
    codes, span = choices.codes, int(choices.codes.max(initial=0)) + 1
    for _ in range(TRIES):
        if not len(rows):
            return source, rows
        taken = np.delete(fixed * span + codes[source], rows)
        offered = choices.any_of(rows, rng)
        pairs = fixed[rows] * span + codes[offered]
        fine = _is_new(pairs, taken) & (codes[offered] >= 0)
        if not may_be_equal:
            fine &= fixed[rows] != codes[offered]
        source[rows[fine]] = offered[fine]
        rows = rows[~fine]
    return source, _take_free(fixed, choices, source, rows, may_be_equal)


def redraw_jointly(
    fixed: Integers, choices: list[Choices], rng: np.random.Generator
) -> tuple[list[Integers], Integers]:
    """Let rows that repeat a combination take new values in several parts at once.

    Parameters
    ----------
    fixed : ndarray of int, shape (n_rows,)
    choices : list of Choices
        One per part that may change.

    Returns
    -------
    sources : list of ndarray of int, shape (n_rows,)
        The place each row takes its value from, by part.
    rows : ndarray of int
        Those that find no combination: where there is none, or their block has more than
        ``MOST_COMBINATIONS``.
    """
    sources = [np.arange(len(fixed)) for _ in choices]
    now = joint_codes([fixed, *(part.codes[: len(fixed)] for part in choices)], len(fixed))
    rows = np.flatnonzero(~first_of_each(now))
    for _ in range(TRIES):
        if not len(rows):
            return sources, rows
        offered = [part.any_of(rows, rng) for part in choices]
        both = [np.append(fixed, fixed[rows])]
        both += [
            np.append(part.codes[source], part.codes[place])
            for part, source, place in zip(choices, sources, offered, strict=True)
        ]
        joint = joint_codes(both, len(both[0]))
        fine = _is_new(joint[len(fixed) :], np.delete(joint[: len(fixed)], rows))
        fine &= np.all([part[len(fixed) :] >= 0 for part in both], axis=0)
        for source, place in zip(sources, offered, strict=True):
            source[rows[fine]] = place[fine]
        rows = rows[~fine]
    return sources, _take_free_jointly(fixed, choices, sources, rows, rng)


def _is_new(values: Integers, taken: Integers) -> np.ndarray:
    """Return which values are not taken and the first of their kind."""
    fresh: np.ndarray = first_of_each(values) & ~np.isin(values, taken)
    return fresh


def _take_free(
    fixed: Integers, choices: Choices, source: Integers, rows: Integers, may_be_equal: bool
) -> Integers:
    """Give rows the values their group has not used yet, in place; return those left over.

    Runs once per group that still offends: these are the few that use nearly every value.
    """
    left = [rows[:0]]
    groups = joint_codes([fixed[rows], choices.row_blocks[rows]], len(rows))
    for number in range(int(groups.max(initial=-1)) + 1):
        waiting = rows[groups == number]
        group = fixed[waiting[0]]
        members = np.flatnonzero(fixed == group)
        used = choices.codes[source[np.setdiff1d(members, rows)]]
        given = choices.codes[source[rows[(groups < number) & (fixed[rows] == group)]]]
        free = choices.distinct(int(waiting[0]))
        free = free[~np.isin(choices.codes[free], np.concatenate([used, given]))]
        if not may_be_equal:
            free = free[choices.codes[free] != group]
        source[waiting[: len(free)]] = free[: len(waiting)]
        left.append(waiting[len(free) :])
    return np.concatenate(left)


def _take_free_jointly(
    fixed: Integers,
    choices: list[Choices],
    sources: list[Integers],
    rows: Integers,
    rng: np.random.Generator,
) -> Integers:
    """Give rows the combinations of their block nobody has, in place; return those left over."""
    left = [rows[:0]]
    groups = joint_codes([fixed[rows], *(part.row_blocks[rows] for part in choices)], len(rows))
    for number in range(int(groups.max(initial=-1)) + 1):
        waiting = rows[groups == number]
        options = [part.distinct(int(waiting[0])) for part in choices]
        sizes = tuple(len(places) for places in options)
        if np.prod(sizes, dtype=float) > MOST_COMBINATIONS:
            left.append(waiting)
            continue
        members = np.setdiff1d(np.flatnonzero(fixed == fixed[waiting[0]]), waiting)
        held, inside = [], np.ones(len(members), bool)
        for part, source, places in zip(choices, sources, options, strict=True):
            codes, own = part.codes[places], part.codes[source[members]]
            at = np.minimum(np.searchsorted(codes, own), max(len(codes) - 1, 0))
            inside &= codes[at] == own if len(codes) else False
            held.append(at)
        free = np.ones(sizes, bool)
        free[tuple(at[inside] for at in held)] = False
        chosen = rng.permutation(np.flatnonzero(free.ravel()))[: len(waiting)]
        for source, places, at in zip(
            sources, options, np.unravel_index(chosen, sizes), strict=True
        ):
            source[waiting[: len(chosen)]] = places[at]
        left.append(waiting[len(chosen) :])
    return np.concatenate(left)
