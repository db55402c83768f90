"""Levels of a category as numbers: the axes on which they differ most in the other columns."""

from __future__ import annotations

import numpy as np

from relsynth.groups import starts_of
from relsynth.models.level_shares import PRIOR_ROWS
from relsynth.typing import Floats, Integers

AXES = 5  # the strongest above the noise edge; further ones order few levels
LEVELS_AS_FEATURES = 20  # levels that get an indicator; the axes tell of the others


def level_codes(column: Floats, n_levels: int) -> Integers:
    """Return codes 0 to ``n_levels - 1``; missing and unseen values get ``n_levels``."""
    known = (column >= 0) & (column < n_levels)
    return np.where(known, column, n_levels).astype(np.int64)


def indicators(codes: Integers) -> Floats:
    """Return standardised indicators of the most frequent levels, shape (n_rows, <= 20)."""
    counts = np.bincount(codes)
    frequent = np.argsort(-counts, kind="stable")[:LEVELS_AS_FEATURES]
    share = counts[frequent] / max(len(codes), 1)
    frequent, share = frequent[(share > 0) & (share < 1)], share[(share > 0) & (share < 1)]
    return ((codes[:, None] == frequent) - share) / np.sqrt(share * (1 - share))


def level_axes(codes: Integers, n_levels: int, features: Floats) -> Floats:
    """Place the levels of a category on the axes that tell them apart best.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        0 to ``n_levels`` inclusive; the last one is for missing values.
    features : ndarray of float, shape (n_rows, n_features)
        Standardised columns.

    Returns
    -------
    ndarray of float, shape (n_levels + 1, n_axes)
        At most ``AXES`` axes, strongest first, each with mean 0 and variance 1 over the
        rows; only axes above what noise alone would give. ``NaN`` for levels not seen.

    Notes
    -----
    A weighted singular value decomposition of the level means, shrunk by ``PRIOR_ROWS``
    rows: correspondence analysis of one column against all others. The noise edge is
    that of Marchenko and Pastur (1967).
    """
    counts = np.bincount(codes, minlength=n_levels + 1)
    seen = counts > 0
    order = np.argsort(codes, kind="stable")
    starts = starts_of(counts)[seen]
    sums = np.add.reduceat(features[order], starts, axis=0) if features.size else np.zeros((0, 0))
    placed = np.full((n_levels + 1, 0), np.nan)
    if not features.size or seen.sum() < 2:
        return placed
    means = sums / (counts[seen] + PRIOR_ROWS)[:, None]
    root = np.sqrt(counts[seen] / len(codes))[:, None]
    means -= (root**2 * means).sum(0)
    left, strength, _ = np.linalg.svd(root * means, full_matrices=False)
    edge = (np.sqrt(seen.sum()) + np.sqrt(features.shape[1])) / np.sqrt(len(codes))
    kept = min(int((strength > edge).sum()), AXES)
    placed = np.full((n_levels + 1, kept), np.nan)
    placed[seen] = left[:, :kept] / root
    return placed
