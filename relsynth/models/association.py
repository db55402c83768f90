"""How much each feature tells of a class by itself."""

from __future__ import annotations

import numpy as np

from relsynth.models.binning import BinnedFeatures
from relsynth.models.target import Target
from relsynth.typing import Floats

BINS = 32  # cells a side of a table of two columns; 64 quarter the rows of a cell


def association(features: BinnedFeatures, target: Target) -> Floats:
    """Return by how much the bins of each feature lower the Gini impurity of a class.

    Parameters
    ----------
    target : Target, of n_rows
        A class.

    Returns
    -------
    ndarray of float, shape (n_features,)
        Goodman and Kruskal's tau up to a constant, less what as many bins would gain by
        chance. Costs one count of pairs a feature.
    """
    n_classes = int(target.values.max()) + 1
    n_rows = len(features)
    gain = np.empty(features.width)
    for at, edges in enumerate(features.edges):
        coarse = -(-(len(edges) + 1) // BINS)
        bins = features.codes[:, at] // coarse if coarse > 1 else features.codes[:, at]
        pairs = np.bincount(bins * np.intp(n_classes) + target.values)
        table = np.append(pairs, np.zeros(-len(pairs) % n_classes)).reshape(-1, n_classes)
        sizes = table.sum(axis=1)
        within = ((table**2).sum(axis=1) / np.maximum(sizes, 1)).sum()
        alone = ((table.sum(axis=0) / n_rows) ** 2).sum()
        chance = ((sizes > 0).sum() - 1) * (1.0 - alone)
        gain[at] = within - n_rows * alone - chance
    return gain
