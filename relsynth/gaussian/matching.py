"""Correlations of normal variables behind scores: how they show, are matched and repaired."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from relsynth.typing import Floats

TERMS = 16  # of the Hermite series: the last are below a thousandth for smooth marginals
# steps of .005 deviations to 6, which one value in 10 ** 9 exceeds
_GRID = np.linspace(-6.0, 6.0, 2_401)
_BOUND = 0.999  # of a correlation; 1 could not be inverted
_FLOOR = 1e-3  # of an eigenvalue, for the same reason


def hermite_coefficients(scores: Floats) -> Floats:
    """Return the Hermite coefficients of a standardised score function.

    Parameters
    ----------
    scores : ndarray of float, shape (2401,)
        The score that a latent value on `latent_grid` is observed as.

    Returns
    -------
    ndarray of float, shape (16,)
        Of orders 1 to 16; the squares add up to at most 1.
    """
    weight = np.exp(-0.5 * _GRID**2)
    weight /= weight.sum()
    centred = scores - weight @ scores
    spread = np.sqrt(weight @ centred**2)
    if spread < 1e-9:
        return np.zeros(TERMS)
    polynomial, before = _GRID.copy(), np.ones_like(_GRID)
    coefficients = np.empty(TERMS)
    for order in range(1, TERMS + 1):
        coefficients[order - 1] = (weight * polynomial) @ centred / spread
        following = (_GRID * polynomial - np.sqrt(order) * before) / np.sqrt(order + 1)
        polynomial, before = following, polynomial
    return coefficients


def latent_grid() -> Floats:
    """Return the shares (2401,) at which `hermite_coefficients` wants the scores."""
    return ndtr(_GRID)


def observed_correlation(latent: Floats, hermite: Floats) -> Floats:
    """Return the correlation of scores whose latent variables correlate as given."""
    total, power = np.zeros_like(latent), np.ones_like(latent)
    for order in range(hermite.shape[1]):
        power = power * latent
        total += power * hermite[:, order, None] * hermite[:, order]
    return total


def match_correlation(observed: Floats, hermite: Floats) -> Floats:
    """Return the latent correlation under which the scores correlate as observed.

    Parameters
    ----------
    observed : ndarray of float, shape (n, n)
    hermite : ndarray of float, shape (n, 16)

    Notes
    -----
    Scores with ties correlate less than the normal variables behind them. The relation is
    a power series in the latent correlation (Lancaster 1957), inverted by bisection, as
    NORTA does (Cario and Nelson 1997). Costs about 300 operations a pair.
    """
    low, high = np.full(observed.shape, -_BOUND), np.full(observed.shape, _BOUND)
    for _ in range(20):
        middle = (low + high) / 2
        below = observed_correlation(middle, hermite) < observed
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def repair_correlation(correlation: Floats) -> Floats:
    """Return a positive definite correlation matrix near a symmetric one.

    Notes
    -----
    Eigenvalues are raised to at least 0.001 and the diagonal is scaled back to one
    (Rebonato and Jäckel 1999). Costs O(n^3).
    """
    symmetric = (correlation + correlation.T) / 2
    np.fill_diagonal(symmetric, 1.0)
    values, vectors = np.linalg.eigh(symmetric)
    if len(values) == 0 or values[0] >= _FLOOR:
        return symmetric
    raised = (vectors * np.maximum(values, _FLOOR)) @ vectors.T
    scale = 1.0 / np.sqrt(np.diag(raised))
    return raised * scale[:, None] * scale
