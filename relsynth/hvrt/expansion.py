"""One expansion: bandwidth or strategy, kernels, categories and missing values."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from relsynth.hvrt.columns import Columns
from relsynth.hvrt.covariance import within
from relsynth.hvrt.donors import kernel_donors
from relsynth.hvrt.exceptions import HVRTWarning
from relsynth.hvrt.generation import GenerationStrategy, scott_factor, silverman_factor
from relsynth.hvrt.kernel import shrunk_kernel
from relsynth.hvrt.partition import Partition
from relsynth.hvrt.scaling import Scaling
from relsynth.hvrt.scores import NormalScores
from relsynth.typing import Floats, Integers

AUTO_BANDWIDTH = 0.1  # of the spread of a leaf: rows stay near real ones
# of small leaves: wide enough to hide their rows, distinguished least on three small data sets
FINE_BANDWIDTH = 0.5


@dataclass(frozen=True)
class Expansion:
    """The rows to draw around, grouped by partition.

    Attributes
    ----------
    columns : Columns
    scaling : Scaling
    raw : ndarray, shape (n_rows, n_columns)
        In the columns' order.
    z : ndarray, shape (n_rows, n_columns)
    partition : Partition
    """

    columns: Columns
    scaling: Scaling
    raw: Floats
    z: Floats
    partition: Partition

    def drawer(
        self,
        budgets: Integers,
        *,
        bandwidth: float | str,
        adaptive: bool,
        strategy: GenerationStrategy | None,
    ) -> Callable[[np.random.Generator], Floats]:
        """Return a function that draws raw rows, grouped by partition."""
        if strategy is not None and adaptive:
            warnings.warn(
                "adaptive_bandwidth has no effect on a generation strategy",
                HVRTWarning,
                stacklevel=3,
            )
        widths = self._bandwidths(budgets, bandwidth, adaptive=adaptive)
        if strategy is None:
            return lambda rng: self._from_kernels(budgets, widths, rng)
        return lambda rng: self._from_strategy(strategy, budgets, rng)

    def _bandwidths(self, budgets: Integers, bandwidth: float | str, *, adaptive: bool) -> Floats:
        """Return a bandwidth per partition."""
        dimension = max(1, int(self.columns.continuous.sum()))
        sizes = self.partition.sizes
        if adaptive:
            stretch = np.maximum(1.0, budgets / sizes) ** (1.0 / dimension)
            return scott_factor(sizes, dimension) * np.where(sizes < 2, 1.0, stretch)
        if bandwidth == "auto":
            fine = sizes.mean() < max(15, 2 * dimension)
            return np.full(len(sizes), FINE_BANDWIDTH if fine else AUTO_BANDWIDTH)
        if bandwidth == "scott":
            return scott_factor(sizes, dimension)
        if bandwidth == "silverman":
            return silverman_factor(sizes, dimension)
        if isinstance(bandwidth, str) or not 0 <= bandwidth < np.inf:
            raise ValueError(
                f"bandwidth must be a number from 0, 'auto', 'scott' or 'silverman' "
                f"(got {bandwidth!r})"
            )
        return np.full(len(sizes), float(bandwidth))

    def _from_kernels(self, budgets: Integers, widths: Floats, rng: np.random.Generator) -> Floats:
        """Draw numbers from shrunk kernels and categories to go with them.

        A category stays that of the row the kernel is centred on with probability
        ``exp(-h)``; otherwise it comes from a row of the leaf whose numbers are near the
        new ones.
        """
        continuous = self.columns.continuous
        donors = self.partition.draw(budgets, rng)
        if not continuous.any():
            return self.raw[donors]
        marginals = NormalScores.of(self.raw[:, continuous], np.ones(continuous.sum(), dtype=bool))
        scores = marginals.transform(self.raw[:, continuous], rng)
        new = shrunk_kernel(scores, self.partition, budgets, widths, donors, rng)
        drawn = self.raw[donors]
        drawn[:, continuous] = marginals.inverse(new)
        if not continuous.all():
            near = self.raw[self._neighbours(scores, new, budgets, rng)][:, ~continuous]
            stays = np.exp(-np.repeat(widths, budgets))[:, None]
            kept = rng.random(near.shape) < stays
            drawn[:, ~continuous] = np.where(kept, drawn[:, ~continuous], near)
        return drawn

    def _neighbours(
        self, scores: Floats, new: Floats, budgets: Integers, rng: np.random.Generator
    ) -> Integers:
        """Draw for each new row a real row of its leaf by kernel weights on the scores."""
        spread = np.sqrt(np.maximum(np.diag(within(scores, self.partition)), 1e-12))
        return kernel_donors(
            new / spread,
            scores / spread,
            self.partition,
            np.repeat(np.arange(len(budgets)), budgets),
            rng,
            relevance=np.ones(scores.shape[1]),
            is_category=np.zeros(scores.shape[1], dtype=bool),
            bandwidth=float(scott_factor(self.partition.sizes.mean(), scores.shape[1])),
        )

    def _from_strategy(
        self, strategy: GenerationStrategy, budgets: Integers, rng: np.random.Generator
    ) -> Floats:
        """Let a strategy draw the numbers; the rest comes from the row they lie nearest to.

        Categories and missing values are taken together from one real row of the same
        leaf, so that what goes together stays together.
        """
        continuous = self.columns.continuous
        count = int(budgets.sum())
        known = self.z[:, : int(continuous.sum())]
        drawn = np.empty((count, len(continuous)))
        if not continuous.any():
            return self.raw[self.partition.draw(budgets, rng)]
        seed = int(rng.integers(2**31 - 1))
        new = np.asarray(strategy(known, self.partition.leaves, self.partition.ids, budgets, seed))
        if new.shape != (count, known.shape[1]):
            raise ValueError(
                f"a generation strategy returned an array of shape {new.shape}; "
                f"{(count, known.shape[1])} was asked for"
            )
        drawn[:, continuous] = self.scaling.restore(new)
        if not continuous.all() or np.isnan(self.raw).any():
            donors = self.raw[self._nearest(known, new, budgets)]
            drawn[:, ~continuous] = donors[:, ~continuous]
            drawn[np.isnan(donors)] = np.nan
        return self.columns.confine(drawn)

    def _nearest(self, known: Floats, new: Floats, budgets: Integers) -> Integers:
        """Return for each new row the number of the nearest real row of its leaf."""
        places = np.split(new, np.cumsum(budgets)[:-1])
        return np.concatenate(
            [
                members[KDTree(known[members]).query(place)[1]]
                for members, place in zip(self.partition.members(), places, strict=True)
            ]
        )
