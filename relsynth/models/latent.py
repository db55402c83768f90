"""Correlated normal variables behind observed scores: matching, repair and conditioning."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr

from relsynth.typing import Flags, Floats, Integers

TERMS = 16
MEMORY = 1_024
_GRID = np.linspace(-6.0, 6.0, 2_401)
_BOUND = 0.999
_FLOOR = 1e-3


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


def shrink_correlation(correlation: Floats, pairs: Floats) -> Floats:
    """Shrink every correlation by its own sampling variance ``1 / (pairs - 1)``.

    Notes
    -----
    The positive-part rule r * max(0, 1 - v / r^2), with v the variance of a correlation
    that is zero: noise goes to zero and what is certain stays.
    """
    variance = 1.0 / np.maximum(pairs - 1.0, 1.0)
    return correlation * np.maximum(1.0 - variance / np.maximum(correlation**2, 1e-12), 0.0)


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


@dataclass(frozen=True, slots=True)
class LatentGaussian:
    """A multivariate normal, observed through scores.

    Attributes
    ----------
    correlation : ndarray of float, shape (n, n)
        Of the latent variables; positive definite.
    hermite : ndarray of float, shape (n, 16)
        How each latent variable becomes a score.
    """

    correlation: Floats
    hermite: Floats
    _solved: dict[tuple[bytes, bytes], tuple[Floats, Floats]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def draw(self, scores: Floats, wanted: Integers, rng: np.random.Generator) -> Floats:
        """Draw the wanted latent variables given the scores that are known in each row.

        Parameters
        ----------
        scores : ndarray of float, shape (n_rows, n)
            ``NaN`` where unknown. A wanted score that is known stays out of the draw.
        wanted : ndarray of int, shape (n_wanted,)
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of float, shape (n_rows, n_wanted)
            0 where the score was known.

        Notes
        -----
        Rows are grouped by what is known; one O(n^3) solve serves all rows of a group.
        The known scores predict linearly, the rest is normal: for scores without ties
        this is the exact conditional distribution.
        """
        noise = rng.standard_normal((len(scores), len(wanted)))
        drawn = np.zeros_like(noise)
        known = ~np.isnan(scores)
        for rows, pattern in _groups(known):
            given, open_ = np.flatnonzero(pattern), np.flatnonzero(~pattern[wanted])
            slope, spread = self._conditional(pattern, wanted[open_])
            part = noise[rows][:, open_] @ spread.T
            if len(given):
                part += scores[rows][:, given] @ slope.T
            drawn[np.ix_(rows, open_)] = part
        return drawn

    def _conditional(self, known: Flags, wanted: Integers) -> tuple[Floats, Floats]:
        key = known.tobytes(), wanted.tobytes()
        if key not in self._solved:
            if len(self._solved) >= MEMORY:
                self._solved.clear()
            self._solved[key] = self._solve(np.flatnonzero(known), wanted)
        return self._solved[key]

    def _solve(self, known: Integers, wanted: Integers) -> tuple[Floats, Floats]:
        inside = observed_correlation(self.correlation[np.ix_(known, known)], self.hermite[known])
        np.fill_diagonal(inside, 1.0)
        across = self.correlation[np.ix_(wanted, known)] * self.hermite[known, 0]
        slope = np.linalg.solve(inside, across.T).T
        rest = self.correlation[np.ix_(wanted, wanted)] - slope @ across.T
        values, vectors = np.linalg.eigh((rest + rest.T) / 2)
        return slope, vectors * np.sqrt(np.maximum(values, 0.0))


def _groups(known: Flags) -> list[tuple[Integers, Flags]]:
    """Return the rows of every distinct pattern."""
    if len(known) == 0:
        return []
    if (known == known[0]).all():
        return [(np.arange(len(known)), known[0])]
    packed = np.packbits(known, axis=1)
    keys = packed.view([("", packed.dtype)] * packed.shape[1]).ravel()
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(np.bincount(group))
    return [(rows, known[at]) for rows, at in zip(np.split(order, ends[:-1]), first, strict=True)]
