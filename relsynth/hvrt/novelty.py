"""How far new rows lie from real ones."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats


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
