"""How far new rows lie from real ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from relsynth.hvrt.exceptions import HVRTWarning
from relsynth.typing import Floats

ROUNDS = 10  # of drawing rows again that are too near; a half left each time leaves .1 %


def nearest_distances(new: Floats, real: Floats) -> Floats:
    """Return the Euclidean distance of each new row to the nearest real row.

    Notes
    -----
    The neighbour is searched with scikit-learn (a tree or chunked matrix products); its
    distance is then computed anew, so that a copy has distance 0 exactly.
    """
    from sklearn.neighbors import NearestNeighbors

    if real.shape[1] == 0:
        return np.zeros(len(new))
    search = NearestNeighbors(n_neighbors=1).fit(real)
    nearest = search.kneighbors(new, return_distance=False)[:, 0]
    return np.sqrt(((new - real[nearest]) ** 2).sum(axis=1))


def summarise_novelty(distances: Floats) -> dict[str, float]:
    """Return smallest, mean and 5th percentile of distances."""
    return {
        "min": float(distances.min()),
        "mean": float(distances.mean()),
        "p5": float(np.percentile(distances, 5)),
    }


def insist_on_novelty(
    drawn: Floats,
    real: Floats,
    least: float,
    draw: Callable[[], Floats],
    to_z: Callable[[Floats], Floats],
) -> Floats:
    """Draw rows anew that lie nearer to a real row than asked.

    Parameters
    ----------
    drawn : ndarray, shape (n_rows, n_columns)
    real : ndarray, shape (n_real, n_columns)
        In z space.
    least : float
        Distance in z space.
    draw : callable
        Returns as many fresh rows.
    to_z : callable
        Brings rows to z space.

    Returns
    -------
    ndarray, shape (n_rows, n_columns)
        With a warning where rows stay too near after ``ROUNDS`` attempts.
    """
    for _ in range(ROUNDS):
        close = nearest_distances(to_z(drawn), real) < least
        if not close.any():
            return drawn
        drawn = np.where(close[:, None], draw(), drawn)
    left = int((nearest_distances(to_z(drawn), real) < least).sum())
    if left:
        warnings.warn(
            f"{left} of {len(drawn)} rows lie nearer than min_novelty={least} to a real row",
            HVRTWarning,
            stacklevel=3,
        )
    return drawn
