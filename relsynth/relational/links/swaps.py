"""Keep combinations of values unique by swaps, which change no column's own distribution."""

from __future__ import annotations

import numpy as np

from relsynth.groups import first_of_each
from relsynth.sorting import stable_order
from relsynth.typing import Flags, Integers

ROUNDS = 60  # each settles most of what offends
PATIENCE = 12  # rounds in a block before twice its neighbours are asked
FRUITLESS = 3  # rounds without a gain, after which all but a twentieth of the rows were asked


def swap_until_unique(
    fixed: Integers,
    moved: Integers,
    blocks: Integers,
    rng: np.random.Generator,
    *,
    may_be_equal: bool = True,
    may_repeat: bool = False,
    within: bool = False,
    ordered: bool = False,
) -> tuple[Integers, Flags]:
    """Make the pairs of two columns unique by swapping values of the second.

    Parameters
    ----------
    fixed, moved : ndarray of int, shape (n_rows,)
        Non-negative codes.
    blocks : ndarray of int, shape (n_rows,)
        Swaps go within a block at first, anywhere later.
    may_be_equal : bool
        Whether a row may hold the same code twice.
    may_repeat : bool
        Whether pairs may repeat after all, and only equal codes are to be mended.
    within : bool
        Whether swaps never leave a block.
    ordered : bool
        Whether blocks of neighbouring numbers are near each other: swaps go further and
        further then.

    Returns
    -------
    source : ndarray of int
        The row each row takes its second value from; a permutation.
    left : ndarray of bool
        Rows that still offend after ``ROUNDS`` rounds.

    Notes
    -----
    O(n log n) a round; a swap is made where both new pairs are free. A row is offered one partner
    a round. Where nearly all combinations are taken few partners will do: what still offends is
    offered as many as there are rows, which costs no more.
    """
    source = np.arange(len(moved))
    for number in range(2 * ROUNDS if ordered else ROUNDS):
        offending = np.flatnonzero(_offends(fixed, moved[source], may_be_equal, may_repeat))
        if not len(offending):
            break
        if ordered:
            partners = partners_of(offending, blocks >> (number // PATIENCE), True, rng)
        else:
            partners = partners_of(offending, blocks, within or number < ROUNDS // 2, rng)
        _swap(fixed, moved, source, offending, partners, may_be_equal, may_repeat)
    waited, fewest = 0, len(moved) + 1
    while waited < FRUITLESS:
        offending = np.flatnonzero(_offends(fixed, moved[source], may_be_equal, may_repeat))
        if not len(offending):
            break
        waited = 0 if len(offending) < fewest else waited + 1
        fewest = min(fewest, len(offending))
        several = np.repeat(offending, -(-len(moved) // len(offending)))
        partners = partners_of(several, blocks, within, rng)
        _swap(fixed, moved, source, several, partners, may_be_equal, may_repeat)
    return source, _offends(fixed, moved[source], may_be_equal, may_repeat)


def _offends(fixed: Integers, moved: Integers, may_be_equal: bool, may_repeat: bool) -> Flags:
    offends = np.zeros(len(fixed), bool) if may_repeat else ~first_of_each(_pairs(fixed, moved))
    return offends if may_be_equal else offends | (fixed == moved)


def _pairs(fixed: Integers, moved: Integers) -> Integers:
    pairs: Integers = fixed * (int(moved.max(initial=0)) + 1) + moved
    return pairs


def partners_of(
    rows: Integers, blocks: Integers, same_block: bool, rng: np.random.Generator
) -> Integers:
    """Return a random row for each of some rows, of the same block or of all."""
    if not same_block:
        return rng.integers(len(blocks), size=len(rows))
    order = stable_order(blocks)
    first = np.searchsorted(blocks[order], blocks[rows], side="left")
    last = np.searchsorted(blocks[order], blocks[rows], side="right")
    return order[first + (rng.random(len(rows)) * (last - first)).astype(np.int64)]


def _swap(
    fixed: Integers,
    moved: Integers,
    source: Integers,
    rows: Integers,
    partners: Integers,
    may_be_equal: bool,
    may_repeat: bool,
) -> None:
    """Swap where both new pairs are free and no row takes part twice, in place."""
    now = moved[source]
    span = int(now.max(initial=0)) + 1
    pairs = np.empty(0, np.int64) if may_repeat else np.sort(fixed * span + now)
    given = fixed[rows] * span + now[partners]
    taken = fixed[partners] * span + now[rows]
    fine = ~_contains(pairs, given) & ~_contains(pairs, taken) & (given != taken)
    if not may_be_equal:
        fine &= (fixed[rows] != now[partners]) & (fixed[partners] != now[rows])
    rows, partners, given, taken = (part[fine] for part in (rows, partners, given, taken))
    fresh = first_of_each(np.concatenate([rows, partners])) & first_of_each(
        np.concatenate([given, taken])
    )
    both = fresh[: len(rows)] & fresh[len(rows) :]
    rows, partners = rows[both], partners[both]
    source[rows], source[partners] = source[partners], source[rows]


def _contains(ordered: Integers, values: Integers) -> Flags:
    if not len(ordered):
        return np.zeros(len(values), bool)
    place = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return ordered[place] == values
