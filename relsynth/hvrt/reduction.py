"""One reduction: budgets over leaves, and over classes where there are any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.hvrt.arguments import check_selection
from relsynth.hvrt.budgets import allocate, partition_weights
from relsynth.hvrt.classes import Classes
from relsynth.hvrt.partition import Partition
from relsynth.hvrt.selection import SelectionStrategy
from relsynth.seeding import stream
from relsynth.typing import Floats, Integers


@dataclass(frozen=True)
class Reduction:
    """The rows to choose from and how.

    Attributes
    ----------
    z : ndarray, shape (n_rows, n_columns)
    partition : Partition
    classes : Classes or None
        With classes, each has its share of the rows, chosen among a random part of it,
        and rows whose class their surroundings contradict are chosen last.
    strategy : SelectionStrategy
    by_variance : bool
        Weight leaves by their mean absolute z instead of by their size.
    floor : int
        Least rows per leaf, divided among classes.
    seed : int
    """

    z: Floats
    partition: Partition
    classes: Classes | None
    strategy: SelectionStrategy
    by_variance: bool
    floor: int
    seed: int

    def choose(self, count: int) -> Integers:
        """Return the numbers of the chosen rows, in rising order."""
        if self.classes is None:
            weights = self._leaf_weights()
            budgets = allocate(weights, count, floor=self.floor, capacity=self.partition.sizes)
            return self._select(self.z, self.partition, budgets)
        rows = np.arange(len(self.z))
        credible = self.classes.credible(self.z, self.seed)
        first = self._of_classes(self.classes, rows[credible], min(count, int(credible.sum())))
        rest = self._of_classes(self.classes, rows[~credible], count - len(first))
        return np.sort(np.concatenate([first, rest]))

    def _of_classes(self, classes: Classes, rows: Integers, count: int) -> Integers:
        """Choose rows so that every class has its share; leaves divide that of a class."""
        if count in (0, len(rows)):
            return rows[:count]
        shares = classes.shares()
        sizes = np.bincount(classes.codes[rows], minlength=len(shares))
        wanted = allocate(shares, count, capacity=sizes)
        rows = classes.candidates(rows, wanted, stream(self.seed, "candidates"))
        cells = Partition(self.partition.codes[rows] * len(shares) + classes.codes[rows])
        leaf, of = np.divmod(cells.ids, len(shares))
        weights = self._leaf_weights()[leaf] * cells.sizes / self.partition.sizes[leaf]
        budgets = np.zeros(len(cells), dtype=np.int64)
        for k in np.flatnonzero(wanted):
            budgets[of == k] = allocate(
                weights[of == k],
                int(wanted[k]),
                floor=self.floor // len(shares),
                capacity=cells.sizes[of == k],
            )
        return rows[self._select(self.z[rows], cells, budgets)]

    def _leaf_weights(self) -> Floats:
        codes, count = self.partition.codes, len(self.partition)
        return partition_weights(self.z, codes, count, by_variance=self.by_variance)

    def _select(self, z: Floats, partition: Partition, budgets: Integers) -> Integers:
        chosen = self.strategy(z, partition.leaves, partition.ids, budgets, self.seed)
        return check_selection(chosen, len(z))
