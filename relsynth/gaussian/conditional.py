"""The normal distribution of some variables given others, also where those are dependent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.typing import Floats

# eigenvalues of a correlation matrix below this are rounding errors of exact dependence
CUTOFF = 1e-10


@dataclass(frozen=True, slots=True)
class Conditional:
    """The linear prediction of unknown variables and what it leaves.

    Attributes
    ----------
    slope : ndarray, shape (n_unknown, n_known)
        Prediction per known variable, all with mean 0.
    factor : ndarray, shape (n_unknown, n_unknown)
        ``factor @ factor.T`` is the covariance that is left.
    dependent : ndarray, shape (n_known, n_directions)
        Unit directions in which the known variables do not vary: any value along them
        contradicts the others. No column where the known ones are independent.
    """

    slope: Floats
    factor: Floats
    dependent: Floats


def condition(inside: Floats, across: Floats, rest: Floats) -> Conditional:
    """Return the distribution of unknown variables given known ones.

    Parameters
    ----------
    inside : ndarray, shape (n_known, n_known)
        Covariance of the known variables, best in units of their deviation.
    across : ndarray, shape (n_unknown, n_known)
    rest : ndarray, shape (n_unknown, n_unknown)
        Covariance of the unknown variables.

    Notes
    -----
    ``across inside^-1`` and ``rest - across inside^-1 across'``. Where `inside` is singular
    its pseudo-inverse stands for the inverse, which is the same prediction for all values
    that do not contradict each other. O(n^3) time.

    Examples
    --------
    >>> found = condition(np.eye(1), np.array([[0.6]]), np.eye(1))
    >>> found.slope.round(2).tolist(), found.factor.round(2).tolist()
    ([[0.6]], [[0.8]])
    """
    dependent = np.empty((len(inside), 0))
    if len(inside) and np.linalg.eigvalsh(inside)[0] <= CUTOFF * len(inside):
        values, axes = np.linalg.eigh(inside)
        kept = values > CUTOFF * len(inside)
        dependent = axes[:, ~kept]
        part = axes[:, kept]
        slope = (across @ part / values[kept]) @ part.T
    else:
        slope = np.linalg.solve(inside, across.T).T
    left = rest - slope @ across.T
    values, vectors = np.linalg.eigh((left + left.T) / 2)
    factor = vectors * np.sqrt(np.maximum(values, 0.0))
    return Conditional(slope, factor, dependent)
