"""Columns as normal scores and back, with atoms and missing values kept."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from relsynth.typing import Flags, Floats

ATOM = 5


class NormalScores:
    """Map columns to standard normal scores and scores to values.

    Parameters
    ----------
    values : ndarray, shape (n_rows, n_columns)
        The rows that define the marginals; ``NaN`` is missing.
    smooth : ndarray of bool, shape (n_columns,)
        Columns in which values between two rare neighbours may be returned.

    Notes
    -----
    A value is spread evenly over the ranks it holds, so that ties (atoms, category
    codes, missing values, which rank last) become intervals and are returned exactly.
    Between two values that are both rarer than ``ATOM`` the inverse interpolates.
    O(n log n) time per column.
    """

    def __init__(self, values: Floats, smooth: Flags) -> None:
        self.sorted = np.sort(values, axis=0)
        self.smooth = smooth

    def transform(self, values: Floats, rng: np.random.Generator) -> Floats:
        """Return scores; ties get random ranks within their interval."""
        rows = len(self.sorted)
        scores = np.empty(values.shape)
        for j, known in enumerate(self.sorted.T):
            left = np.searchsorted(known, values[:, j], side="left")
            right = np.searchsorted(known, values[:, j], side="right")
            width = right - left
            rank = left + np.where(width > 1, rng.random(len(values)) * width, width / 2)
            scores[:, j] = ndtri(np.clip(rank / rows, 0.25 / rows, 1 - 0.25 / rows))
        return scores

    def inverse(self, scores: Floats) -> Floats:
        """Return the values that belong to scores."""
        rows = len(self.sorted)
        position = ndtr(scores) * rows
        values = np.empty(scores.shape)
        for j, known in enumerate(self.sorted.T):
            at = np.minimum(position[:, j].astype(np.int64), rows - 1)
            values[:, j] = known[at]
            if self.smooth[j]:
                values[:, j] = _between(known, position[:, j] - 0.5, values[:, j])
        return values


def _between(known: Floats, position: Floats, exact: Floats) -> Floats:
    """Interpolate where both neighbours are rare, else return the exact value."""
    rare = _is_rare(known)
    low = np.clip(np.floor(position).astype(np.int64), 0, len(known) - 1)
    high = np.minimum(low + 1, len(known) - 1)
    share = np.clip(position - low, 0.0, 1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        mixed = known[low] * (1.0 - share) + known[high] * share
    return np.where(rare[low] & rare[high], mixed, exact)


def _is_rare(known: Floats) -> Flags:
    repeats = np.searchsorted(known, known, side="right") - np.searchsorted(known, known)
    return (repeats < ATOM) & ~np.isnan(known)
