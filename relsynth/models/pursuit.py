"""Features that together tell most of a class, each what those before it do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.evidence import SLIGHT
from relsynth.models.binning import BinnedFeatures
from relsynth.models.target import Target
from relsynth.typing import Array, Floats, Integers

CLASSES = 8  # indicators that features are chosen for: the frequent ones; cost is linear in them


@dataclass(frozen=True, slots=True)
class Pursuit:
    """The bins of all features on some rows, and how they go together.

    Attributes
    ----------
    rows : ndarray of int, shape (n_rows,)
        Of those that trees are grown on.
    bins : ndarray of float32, shape (n_rows, n_features)
        Numbers of bins, as it were ranks, centred and of length one.
    products : ndarray of float, shape (n_features, n_features)
        Inner products of `bins`.
    """

    rows: Integers
    bins: Array
    products: Floats

    @classmethod
    def of(cls, features: BinnedFeatures, rows: Integers) -> Pursuit:
        """Prepare features once for all targets of a table."""
        bins = features.codes[rows].astype(np.float32)
        bins -= bins.mean(axis=0)
        bins /= np.maximum(np.sqrt(np.square(bins).sum(axis=0)), 1e-12)
        return cls(rows, bins, (bins.T @ bins).astype(np.float64))

    def best(self, target: Target, among: Integers, count: int) -> Integers:
        """Return features one after the other, each the one that tells most of what is left.

        Parameters
        ----------
        target : Target
            A class, of the rows that trees are grown on.
        among : ndarray of int, shape (n_candidates,)
        count : int
            Features wanted; fewer come where no other tells anything more.

        Notes
        -----
        Orthogonal least squares of the indicators of the ``CLASSES`` most frequent classes
        on bin numbers (Chen, Billings and Luo 1989), by products alone: O(count x
        n_candidates^2). A feature of which the chosen ones leave less than ``SLIGHT`` is
        passed over.
        """
        classes = target.values[self.rows]
        frequent = np.argsort(-np.bincount(classes), kind="stable")[:CLASSES]
        indicators = (classes[:, None] == frequent).astype(np.float32)
        indicators -= indicators.mean(axis=0)
        left = (self.bins[:, among].T @ indicators).astype(np.float64)
        products = self.products[np.ix_(among, among)].copy()
        chosen = []
        for _ in range(min(count, len(among))):
            rest = np.diag(products)
            gain = np.where(
                rest > SLIGHT, np.square(left).sum(axis=1) / np.maximum(rest, SLIGHT), 0.0
            )
            best = int(np.argmax(gain))
            if gain[best] <= 0.0:
                break
            chosen.append(best)
            along = products[:, best] / np.sqrt(products[best, best])
            left -= np.outer(along, left[best] / np.sqrt(products[best, best]))
            products -= np.outer(along, along)
        return among[np.array(chosen, dtype=np.int64)]
