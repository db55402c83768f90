"""Choose rows whose distribution is nearest to that of all rows, by kernel herding."""

from __future__ import annotations

import numpy as np

from relsynth.groups import places
from relsynth.hvrt.partition import Partition
from relsynth.hvrt.selection import RandomState
from relsynth.typing import Array, Floats, Integers

FREQUENCIES = 512  # random waves: a kernel is known to .06, from four times as many to .03
PAIRS = 2_000  # of rows, for a median distance
SWEEPS = 3  # of exchanges; the first finds most


class Herding:
    """A selection strategy that keeps the mean of random Fourier features.

    Parameters
    ----------
    features : ndarray, shape (n_rows, n_features)
        The rows in the space whose distribution shall be kept.

    Notes
    -----
    Rows are taken from the partitions in turn. Each is the one that brings the mean
    feature of the chosen rows nearest to the mean of all rows, which greedily lowers the
    maximum mean discrepancy under a Gaussian kernel of median width; swaps inside the
    partitions follow until none helps. O(n_rows x 512) memory, O(sum of budget x partition
    size x 512) time.

    References
    ----------
    Chen, Y., Welling, M. and Smola, A. (2010). Super-samples from kernel herding. UAI.
    Rahimi, A. and Recht, B. (2007). Random features for large-scale kernel machines. NIPS.
    """

    def __init__(self, features: Floats, rng: np.random.Generator) -> None:
        self.embedded = _fourier(features, rng)
        self.mean = self.embedded.mean(axis=0, dtype=np.float64)

    def __call__(
        self,
        X_z: Floats,
        partition_ids: Integers,
        unique_partitions: Integers,
        budgets: Integers,
        random_state: RandomState = None,
    ) -> Integers:
        """Choose rows; see `SelectionStrategy`."""
        partition = Partition(np.asarray(partition_ids))
        search = _Search(self.embedded[partition.order], partition)
        turns = _turns(budgets)
        chosen = np.empty(len(turns), dtype=np.int64)
        total = np.zeros_like(self.mean)
        for step, part in enumerate(turns):
            chosen[step] = search.take(part, self.mean * (step + 1) - total)
            total += search.embedded[chosen[step]]
        left = self.mean * len(turns) - total
        return np.sort(partition.order[_swap(chosen, turns, search, left)])


class _Search:
    """Features grouped by partition, and which of them are taken."""

    def __init__(self, embedded: Array, partition: Partition) -> None:
        self.embedded = embedded
        self.taken = np.zeros(len(embedded), dtype=bool)
        self.starts = partition.starts
        self.stops = partition.starts + partition.sizes

    def take(self, part: int, target: Floats) -> int:
        """Take the free row of a partition whose feature is nearest to a target."""
        place = slice(self.starts[part], self.stops[part])
        gain = self.embedded[place] @ target.astype(np.float32)
        gain[self.taken[place]] = -np.inf
        found = int(self.starts[part] + np.argmax(gain))
        self.taken[found] = True
        return found


def _swap(chosen: Integers, turns: Integers, search: _Search, left: Floats) -> Integers:
    """Exchange rows inside their partition while that lowers the discrepancy."""
    for _ in range(SWEEPS):
        before = chosen.copy()
        for step, part in enumerate(turns):
            search.taken[chosen[step]] = False
            left = left + search.embedded[chosen[step]]
            chosen[step] = search.take(part, left)
            left = left - search.embedded[chosen[step]]
        if np.array_equal(before, chosen):
            break
    return chosen


def _turns(budgets: Integers) -> Integers:
    """Return the partitions in an order that serves each evenly over time."""
    part = np.repeat(np.arange(len(budgets)), budgets)
    rank = places(budgets)
    order = np.lexsort((part, (rank + 0.5) / np.repeat(np.maximum(budgets, 1), budgets)))
    return part[order]


def _fourier(features: Floats, rng: np.random.Generator) -> Array:
    """Return cosine and sine features of a Gaussian kernel; every row has length 1."""
    left, right = rng.integers(len(features), size=(2, PAIRS))
    apart = np.sqrt(((features[left] - features[right]) ** 2).sum(axis=1))
    width = float(np.median(apart[apart > 0])) if (apart > 0).any() else 1.0
    waves = rng.standard_normal((features.shape[1], FREQUENCIES // 2)) / width
    phase = features @ waves
    stacked = np.hstack([np.cos(phase), np.sin(phase)]) / np.sqrt(FREQUENCIES // 2)
    return stacked.astype(np.float32)
