"""Levels of a category that has many, as numbers: how rows with each level differ from others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from relsynth.models.association import BINS
from relsynth.models.binning import BinnedFeatures
from relsynth.typing import Floats, Integers

AXES = 32  # at most; noise leaves fewer


def significance_of(codes: Integers, features: BinnedFeatures) -> Floats:
    """Return how far each feature and a category are from independence.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        Levels of the category, 0, 1, 2, …

    Returns
    -------
    ndarray of float, shape (n_features,)
        Pearson's statistic less its expectation, in standard deviations.
    """
    found = []
    for residuals in _residuals(codes, features):
        seen = (residuals != 0).any(axis=1).sum(), (residuals != 0).any(axis=0).sum()
        freedom = max((seen[0] - 1) * (seen[1] - 1), 1)
        found.append(((residuals**2).sum() * len(codes) - freedom) / np.sqrt(2.0 * freedom))
    return np.array(found)


def level_profiles(codes: Integers, features: BinnedFeatures) -> Floats:
    """Place the levels of a category on the axes on which features tell them apart best.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        0, 1, 2, …, each level at least once or not at all.

    Returns
    -------
    ndarray of float, shape (n_levels, n_axes)
        At most ``AXES`` axes, those that noise would not give, each weighted by what it
        explains beyond noise; 0 for levels not seen.

    Notes
    -----
    Correspondence analysis (Greenacre 1984) of the category against the bins of all
    features, with the noise edge of Marchenko and Pastur (1967). Costs one count of pairs a
    feature and an eigendecomposition of at most ``BINS`` rows a feature.
    """
    counts = np.bincount(codes).astype(float)
    residuals = np.hstack(list(_residuals(codes, features)))
    strength, axes = np.linalg.eigh(residuals.T @ residuals)
    noise = (np.sqrt((counts > 0).sum()) + np.sqrt(residuals.shape[1])) ** 2 / len(codes)
    kept = np.flatnonzero(strength > noise)[::-1][:AXES]
    weight = np.sqrt(np.minimum(strength[kept] - noise, 1.0) / strength[kept])
    places = residuals @ axes[:, kept] * weight
    placed: Floats = places / np.sqrt(np.maximum(counts, 1.0) / len(codes))[:, None]
    return placed


def _residuals(codes: Integers, features: BinnedFeatures) -> Iterator[Floats]:
    """Yield for each feature the standardised residuals of levels by bins."""
    n_levels, n_rows = int(codes.max(initial=0)) + 1, len(codes)
    levels = np.bincount(codes, minlength=n_levels) / n_rows
    for at, edges in enumerate(features.edges):
        coarse = -(-(len(edges) + 1) // BINS)
        bins = (features.codes[:, at] // coarse).astype(np.intp)
        n_bins = len(edges) // coarse + 1
        pairs = np.bincount(codes * n_bins + bins, minlength=n_levels * n_bins)
        joint = pairs.reshape(n_levels, n_bins) / n_rows
        expected = np.outer(levels, joint.sum(axis=0))
        yield np.where(expected > 0, joint - expected, 0.0) / np.sqrt(np.maximum(expected, 1e-300))
