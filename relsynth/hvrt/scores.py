"""Columns as normal scores and back, with atoms and missing values kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from relsynth.typing import Flags, Floats, Integers

ATOM = 5  # times that a value is seen to be kept as it is: it gives nobody away; 10 blur more


@dataclass(frozen=True, slots=True)
class NormalScores:
    """Map columns to standard normal scores and scores to values.

    Attributes
    ----------
    sorted : ndarray, shape (n_rows, n_columns)
        The values of each column in rising order; ``NaN`` is missing and comes last.
    smooth : ndarray of bool, shape (n_columns,)
        Columns in which values between two rare neighbours may be returned.

    Notes
    -----
    A value is spread evenly over the ranks it holds, so that ties (atoms, category
    codes, missing values, which rank last) become intervals and are returned exactly.
    Between two values that are both rarer than ``ATOM`` the inverse interpolates.
    O(n log n) time per column.
    """

    sorted: Floats
    smooth: Flags

    @classmethod
    def of(cls, values: Floats, smooth: Flags) -> NormalScores:
        """Take the marginals from rows."""
        return cls(np.sort(values, axis=0), smooth)

    def take(self, columns: slice) -> NormalScores:
        """Return the marginals of some columns."""
        return NormalScores(self.sorted[:, columns], self.smooth[columns])

    def transform(self, values: Floats, rng: np.random.Generator) -> Floats:
        """Return scores; ties get random ranks within their interval."""
        rows = len(self.sorted)
        scores = np.empty(values.shape)
        for j, known in enumerate(self.sorted.T):
            left, right = _ranks(known, values[:, j])
            width = right - left
            rank = left + np.where(width > 1, rng.random(len(values)) * width, width / 2)
            scores[:, j] = ndtri(np.clip(rank / rows, 0.25 / rows, 1 - 0.25 / rows))
        return scores

    def middle(self, values: Floats) -> Floats:
        """Return scores of mid-ranks; missing values stay ``NaN``."""
        scores = np.full(values.shape, np.nan)
        for j, known in enumerate(self.sorted.T):
            rows = len(known) - int(np.isnan(known).sum())
            at = ~np.isnan(values[:, j])
            left = np.searchsorted(known[:rows], values[at, j], side="left")
            right = np.searchsorted(known[:rows], values[at, j], side="right")
            rank = (left + right) / (2.0 * max(rows, 1))
            edge = 0.25 / max(rows, 1)
            scores[at, j] = ndtri(np.clip(rank, edge, 1 - edge))
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


def _ranks(known: Floats, values: Floats) -> tuple[Integers, Integers]:
    """Return where values begin and end among sorted ones; looked up in order, for speed."""
    order = np.argsort(values)
    left, right = np.empty((2, len(values)), dtype=np.int64)
    left[order] = np.searchsorted(known, values[order], side="left")
    right[order] = np.searchsorted(known, values[order], side="right")
    return left, right


def _between(known: Floats, position: Floats, exact: Floats) -> Floats:
    """Interpolate where both neighbours are rare, else return the exact value."""
    rare = is_rare(known)
    low = np.clip(np.floor(position).astype(np.int64), 0, len(known) - 1)
    high = np.minimum(low + 1, len(known) - 1)
    share = np.clip(position - low, 0.0, 1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        mixed = known[low] * (1.0 - share) + known[high] * share
    return np.where(rare[low] & rare[high], mixed, exact)


def is_rare(known: Floats, atom: float = ATOM) -> Flags:
    """Return which of some sorted values occur fewer than `atom` times; ``NaN`` never does."""
    repeats = np.searchsorted(known, known, side="right") - np.searchsorted(known, known)
    return (repeats < atom) & ~np.isnan(known)
