"""Swap the parents of rows so that several combinations become unique at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.relational.links.swaps import first_of_each, partners_of
from relsynth.typing import Flags, Integers

ROUNDS = 300
PATIENCE = 40
SIDEWAYS = 0.1


@dataclass(frozen=True, slots=True)
class Claim:
    """What must not meet the same moved code twice.

    Attributes
    ----------
    fixed : ndarray of int, shape (n_rows,)
        Code of each row; rows with a negative one claim nothing.
    may_be_equal : bool
        Whether a row may hold the same code on both sides.
    may_repeat : bool
        Whether pairs may repeat after all, and only equal codes are to be avoided.
    """

    fixed: Integers
    may_be_equal: bool = True
    may_repeat: bool = False


def swap_jointly(
    claims: list[Claim],
    moved: Integers,
    blocks: Integers,
    rng: np.random.Generator,
    *,
    within: bool = False,
) -> Integers:
    """Make the pairs of a moved column with several others unique by swapping its values.

    Parameters
    ----------
    claims : list of Claim
    moved : ndarray of int, shape (n_rows,)
        Non-negative codes.
    blocks : ndarray of int, shape (n_rows,)
        Swaps go within a block at first, anywhere later.
    rng : numpy.random.Generator
    within : bool
        Whether swaps never leave a block.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        The row each row takes its value from; a permutation.

    Notes
    -----
    Search by least conflicts (Minton et al. 1992): rows in conflict are offered the value of a
    random row; what lowers the number of conflicts is swapped, and now and then what leaves
    it as it is. It ends after ``ROUNDS`` rounds or ``PATIENCE`` without a gain. O(n log n) a
    round and claim.
    """
    source, best, waited = np.arange(len(moved)), np.inf, 0
    kept = source.copy()
    for number in range(ROUNDS):
        state = [_Pairs.of(claim, moved[source]) for claim in claims]
        offending = np.flatnonzero(np.any([pairs.offending for pairs in state], axis=0))
        if len(offending) < best:
            best, waited, kept = len(offending), 0, source.copy()
        waited += 1
        if not len(offending) or waited > PATIENCE:
            break
        partners = partners_of(offending, blocks, within or number % 2 == 0, rng)
        _swap(state, source, offending, partners, rng)
    return kept


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The pairs that the rows hold under one claim.

    Attributes
    ----------
    claim : Claim
    now : ndarray of int, shape (n_rows,)
        The moved code each row has.
    span : int
        One more than the highest moved code.
    ordered : ndarray of int
        All pairs that may not repeat, sorted.
    offending : ndarray of bool, shape (n_rows,)
    """

    claim: Claim
    now: Integers
    span: int
    ordered: Integers
    offending: Flags

    @classmethod
    def of(cls, claim: Claim, now: Integers) -> _Pairs:
        span = int(now.max(initial=0)) + 1
        offending = np.zeros(len(now), bool)
        if not claim.may_be_equal:
            offending |= claim.fixed == now
        if claim.may_repeat:
            return cls(claim, now, span, np.empty(0, np.int64), offending)
        rows = np.flatnonzero(claim.fixed >= 0)
        pairs = claim.fixed[rows] * span + now[rows]
        order = np.argsort(pairs)
        ordered = pairs[order]
        again = np.flatnonzero(ordered[1:] == ordered[:-1])
        offending[rows[order[again]]] = offending[rows[order[again + 1]]] = True
        return cls(claim, now, span, ordered, offending)

    def gain(self, rows: Integers, partners: Integers) -> Integers:
        """Return by how many conflicts each swap lowers their number."""
        before = self.offending[rows].astype(np.int64) + self.offending[partners]
        after = self._would_offend(rows, partners).astype(np.int64)
        after += self._would_offend(partners, rows)
        changes = self.claim.fixed[rows] != self.claim.fixed[partners]
        return np.where(changes, before - after, 0)

    def given(self, rows: Integers, partners: Integers) -> Integers:
        """Return the pairs that rows would hold with the moved codes of others."""
        return self.claim.fixed[rows] * self.span + self.now[partners]

    def _would_offend(self, rows: Integers, partners: Integers) -> Flags:
        fixed, pairs = self.claim.fixed[rows], self.given(rows, partners)
        offends = np.zeros(len(rows), bool)
        if len(self.ordered):
            place = np.minimum(np.searchsorted(self.ordered, pairs), len(self.ordered) - 1)
            offends = (fixed >= 0) & (self.ordered[place] == pairs)
        return offends if self.claim.may_be_equal else offends | (fixed == self.now[partners])


def _swap(
    state: list[_Pairs],
    source: Integers,
    rows: Integers,
    partners: Integers,
    rng: np.random.Generator,
) -> None:
    """Swap where fewer conflicts are left and no row or new pair takes part twice, in place."""
    gain = np.sum([pairs.gain(rows, partners) for pairs in state], axis=0)
    wanted = (gain > 0) | ((gain == 0) & (rng.random(len(rows)) < SIDEWAYS))
    wanted &= rows != partners
    rows, partners, gain = rows[wanted], partners[wanted], gain[wanted]
    order = np.argsort(-gain, kind="stable")
    rows, partners = rows[order], partners[order]
    alone = first_of_each(np.concatenate([rows, partners]))
    for pairs in state:
        given = pairs.given(rows, partners), pairs.given(partners, rows)
        alone &= first_of_each(np.concatenate(given))
    both = alone[: len(rows)] & alone[len(rows) :]
    rows, partners = rows[both], partners[both]
    source[rows], source[partners] = source[partners], source[rows]
