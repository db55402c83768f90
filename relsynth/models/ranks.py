"""One column as normal scores and back, looked up in tables made once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from relsynth.columns.voids import voids
from relsynth.hvrt.scores import is_rare
from relsynth.typing import Flags, Floats


@dataclass(frozen=True, slots=True)
class Ranks:
    """The ranks of a column's known values.

    Attributes
    ----------
    known : ndarray, shape (n_known,)
        The values in rising order, missing ones left out.
    levels : ndarray, shape (n_levels + 1,)
        Distinct values, and ``NaN``.
    scores : ndarray, shape (2 n_levels + 1,)
        Normal scores: of the gap below the first level, of that level's mid-rank, of the
        gap above it, and so on.
    bridged : ndarray of bool, shape (n_known,)
        Whether a value and the next one are both rare and of one group of values, so that
        values between are allowed; see `voids`.

    Examples
    --------
    >>> ranks = Ranks.of(np.array([3.0, 1.0, np.nan, 2.0]))
    >>> scores = ranks.score(np.array([1.0, 2.0, np.nan]))
    >>> scores.round(2).tolist()
    [-0.97, 0.0, nan]
    >>> ranks.value(scores[:2]).round(6).tolist()
    [1.0, 2.0]
    """

    known: Floats
    levels: Floats
    scores: Floats
    bridged: Flags

    @classmethod
    def of(cls, column: Floats) -> Ranks:
        """Sort a column. O(n log n) time."""
        known = np.sort(column[~np.isnan(column)])
        rows = max(len(known), 1)
        levels, counts = np.unique(known, return_counts=True)
        above = np.cumsum(counts)
        ranks = np.zeros(2 * len(levels) + 1)
        ranks[1::2], ranks[2::2] = above - counts / 2.0, above
        scores = ndtri(np.clip(ranks / rows, 0.25 / rows, 1 - 0.25 / rows))
        rare = is_rare(known)
        bridged = rare & np.append(rare[1:], False)
        place = np.searchsorted(levels, known)
        bridged &= ~np.append(voids(levels, counts), False)[place] | np.append(
            place[1:] == place[:-1], False
        )
        return cls(known, np.append(levels, np.nan), scores, bridged)

    def score(self, values: Floats) -> Floats:
        """Return the normal scores of values; missing ones stay ``NaN``."""
        place = np.searchsorted(self.levels, values)
        scores = self.scores[2 * place + (self.levels[place] == values)]
        scores[np.isnan(values)] = np.nan
        return scores

    def value(self, scores: Floats) -> Floats:
        """Return the values that hold scores, or lie between two rare ones that do."""
        last = len(self.known) - 1
        position = ndtr(scores) * len(self.known)
        exact = self.known[np.minimum(position.astype(np.int64), last)]
        low = np.clip(np.floor(position - 0.5).astype(np.int64), 0, last)
        share = np.clip(position - 0.5 - low, 0.0, 1.0)
        below, above = self.known[low], self.known[np.minimum(low + 1, last)]
        return np.where(self.bridged[low], below * (1.0 - share) + above * share, exact)
