"""How likely a classifier takes a unit for a real one, as one more column to keep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from relsynth.evaluate.aggregates import families as summarise
from relsynth.evaluate.database import Database
from relsynth.selection.margins import Level, Side, View
from relsynth.selection.units import Family
from relsynth.typing import Floats, Integers

FOLDS = 4  # each unit is judged by trees that have not seen it
MOST_UNITS = 50_000  # to learn from; trees know no more from twice as many
OVER = 2  # drawn units for a real one
TREES = 60  # twice as many take twice as long
LEAVES = 16  # of each: four conditions together
FEWEST_IN_LEAF = 20  # units; with fewer a leaf is one family
HISTOGRAM = 32  # bins of a feature: shares of 3 %
FEWEST = 50  # units a side, below which nothing is learned
BINS = 20  # of the propensity: shares of 5 %


def describe(databases: Sequence[Database], families: Sequence[Family]) -> list[Floats]:
    """Return the root rows of units with the summaries of their children, as numbers."""
    real, *others = databases
    root = families[0].root
    made = [summarise(real, other, root, "full") for other in others]
    sides = [made[0][0].values] + [pair[1].values for pair in made]
    found = []
    for values, family in zip(sides, families, strict=True):
        columns = [np.empty((len(family), 0))]
        for name, column in values.items():
            number = column[family.roots].astype(float)
            if made[0][0].kinds[name] == "category":
                number[number < 0] = np.nan
            columns.append(number[:, None])
        found.append(np.hstack(columns))
    return found


def score(
    features: Sequence[Floats], against: Integers, rng: np.random.Generator
) -> list[Floats] | None:
    """Return the log odds of being real, by models that have not seen the unit.

    Parameters
    ----------
    features : sequence of ndarray, shape (n_units, n_features)
        Of real units, those of the pool and, where there is one, of the holdout.
    against : ndarray of int
        Units of the pool to tell real ones from.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    real, pool = features[0], features[1]
    if min(len(real), len(against)) < FEWEST or not real.shape[1]:
        return None
    fold = [rng.integers(FOLDS, size=len(side)) for side in features]
    own = rng.permutation(len(real))[:MOST_UNITS]
    others = rng.permutation(against)[: OVER * len(own)]
    found = [np.zeros(len(side)) for side in features]
    for number in range(FOLDS):
        learned = own[fold[0][own] != number], others[fold[1][others] != number]
        rows = np.vstack([real[learned[0]], pool[learned[1]]])
        label = np.repeat([1, 0], [len(part) for part in learned])
        present = ~np.isnan(rows).all(axis=0)  # a column without a value has no bins
        if not present.any():
            continue
        model = HistGradientBoostingClassifier(
            max_iter=TREES,
            max_leaf_nodes=LEAVES,
            min_samples_leaf=FEWEST_IN_LEAF,
            early_stopping=False,
            max_bins=HISTOGRAM,
            random_state=0,
        ).fit(rows[:, present], label)
        for side, part, scores in zip(features, fold, found, strict=True):
            asked = part == number
            if asked.any():
                scores[asked] = model.decision_function(side[asked][:, present])
    return found


def separation(real: Floats, pool: Floats) -> float:
    """Return the chance that a real unit scores higher than one of the pool (AUC)."""
    ranks = rankdata(np.concatenate([real, pool]))[: len(real)]
    return float((ranks.mean() - (len(real) + 1) / 2) / len(pool))


def score_view(scores: Sequence[Floats]) -> View:
    """Return scores in bins that are about equally full of real units."""
    edges = np.unique(np.quantile(scores[0], np.linspace(0, 1, BINS + 1)[1:-1]))
    sides = [
        Side(np.arange(len(part)), np.searchsorted(edges, part, "right")[:, None].astype(np.uint8))
        for part in scores
    ]
    return View(sides, [len(edges) + 1], [Level("score", [(0,)])])
