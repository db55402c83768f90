"""Number the values of several alternatives so that every beginning keeps their real shares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from relsynth.columns.numbering import permute
from relsynth.groups import starts_of, unique_values
from relsynth.typing import Integers

APART = 1_000_003  # a prime, so that salts do not fall together


@dataclass(frozen=True)
class Shares:
    """Alternatives dealt in rounds, each as often a round as in the real data.

    An alternative that is used up drops out and the others go on; at the very end come
    the values that did not fill a round. So all values are reached, each once.

    Parameters
    ----------
    counts : ndarray of int64, shape (n,)
        How often each alternative comes in a round, at least once.
    capacities : ndarray of int64, shape (n,)
        How many values each has; their sum stays below 2**63.

    Examples
    --------
    >>> key = np.ones((4, 2), np.int64)
    >>> shares = Shares(np.array([1, 3]), np.array([2, 90]))
    >>> np.bincount(shares.deal(np.arange(8), key) // 2 > 0).tolist()
    [2, 6]
    >>> bool((np.sort(shares.deal(np.arange(92), key)) == np.arange(92)).all())
    True
    """

    counts: Integers
    capacities: Integers

    @cached_property
    def _rounds(self) -> Integers:
        """Full rounds that each alternative lasts."""
        return self.capacities // self.counts

    @cached_property
    def _phases(self) -> list[tuple[Integers, int, int]]:
        """What is dealt a round, the first round and the number of rounds, between drop-outs."""
        phases, before = [], 0
        for last in unique_values(self._rounds[self._rounds > 0]).tolist():
            active = np.where(self._rounds >= last, self.counts, 0)
            phases.append((active, before, last - before))
            before = last
        return [*phases, (self.capacities - self._rounds * self.counts, before, 1)]

    def deal(self, ranks: Integers, key: Integers, salt: Integers | None = None) -> Integers:
        """Return the value with each rank, numbered one alternative after the other.

        Parameters
        ----------
        ranks : ndarray of int64, shape (n_ranks,)
            Each in ``[0, capacities.sum())``.
        key : ndarray of int64, shape (4, 2)
            From `permutation_key`.
        salt : ndarray of int64, optional
            Names the order that each rank belongs to; one for all where missing.

        Returns
        -------
        ndarray of int64
            Distinct for distinct ranks of one salt.
        """
        salts = np.zeros(len(ranks), np.int64) if salt is None else salt * APART
        dealt = np.empty(len(ranks), np.int64)
        sizes = [int(active.sum()) * rounds for active, _, rounds in self._phases]
        ends = np.cumsum(sizes)
        phases = np.searchsorted(ends, ranks, side="right")
        for number in unique_values(phases).tolist():
            here = np.flatnonzero(phases == number)
            inside = ranks[here] - (ends[number] - sizes[number])
            dealt[here] = self._within(number, inside, key, salts[here])
        return dealt

    def _within(self, number: int, ranks: Integers, key: Integers, salts: Integers) -> Integers:
        active, first, _ = self._phases[number]
        size = int(active.sum())
        at, place = np.divmod(ranks, size)
        place = permute(place, size, key, salts + at + number)
        option = np.searchsorted(np.cumsum(active), place, side="right")
        place -= starts_of(active)[option]
        begun = np.minimum(first + at, self._rounds[option]) * self.counts[option]
        within = permute(begun + place, self.capacities[option], key, salts + option)
        begins: Integers = starts_of(self.capacities)
        return begins[option] + within
