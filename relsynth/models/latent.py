"""Correlated normal variables behind observed scores: matching, repair and conditioning."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from relsynth.gaussian.conditional import condition
from relsynth.gaussian.matching import observed_correlation
from relsynth.typing import Flags, Floats, Integers

MEMORY = 1_024  # patterns of missing cells that are solved once; twice as many double the memory


def shrink_correlation(correlation: Floats, pairs: Floats) -> Floats:
    """Shrink every correlation by its own sampling variance ``1 / (pairs - 1)``.

    Notes
    -----
    The positive-part rule r * max(0, 1 - v / r^2), with v the variance of a correlation
    that is zero: noise goes to zero and what is certain stays.
    """
    variance = 1.0 / np.maximum(pairs - 1.0, 1.0)
    return correlation * np.maximum(1.0 - variance / np.maximum(correlation**2, 1e-12), 0.0)


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
        found = condition(inside, across, self.correlation[np.ix_(wanted, wanted)])
        return found.slope, found.factor


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
