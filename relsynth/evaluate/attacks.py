"""Guess who was in the training data: four attacks, each with the error of its figures.

Every attack gives a record a number that is larger where it holds the record for a member. It
knows the synthetic records and, where it says so, reference records of the same population.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from relsynth.evaluate.database import Kind
from relsynth.evaluate.neighbours import Place, Space, distances, nearest
from relsynth.typing import Array, Floats

Columns = Mapping[str, Array]
SURE = 1.96  # standard errors of an interval of 95 %
MOST_ODDS = 4.0  # of the logarithm of a value's odds: one value alone proves nothing
TREES = 100  # votes in hundredths; 200 cost twice and rank hardly otherwise


@dataclass(frozen=True, slots=True)
class Success:
    """How well one attack tells members from others.

    Attributes
    ----------
    auc, auc_low, auc_high : float
        .5 is a coin toss; the interval holds in 95 of 100 repetitions (Hanley, McNeil 1982).
    tpr, tpr_low, tpr_high : float
        Members found while 1 % of the others are accused; .01 is a coin toss (Wilson 1927).
    tpr_strict : float
        While .1 % are accused; with fewer than 1,000 others, while none is.
    """

    auc: float
    auc_low: float
    auc_high: float
    tpr: float
    tpr_low: float
    tpr_high: float
    tpr_strict: float
    members: int
    others: int

    @classmethod
    def of(cls, members: Floats, others: Floats) -> Success:
        """Judge the numbers an attack gave to members and to others."""
        from sklearn.metrics import roc_auc_score

        n, m = len(members), len(others)
        truth = np.repeat([1, 0], [n, m])
        auc = float(roc_auc_score(truth, np.concatenate([members, others])))
        one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
        spread = auc * (1 - auc) + (n - 1) * (one - auc**2) + (m - 1) * (two - auc**2)
        error = SURE * float(np.sqrt(max(spread, 0.0) / (n * m)))
        found = [float((members > _threshold(others, share)).mean()) for share in (0.01, 0.001)]
        return cls(
            auc,
            max(auc - error, 0.0),
            min(auc + error, 1.0),
            found[0],
            *wilson(found[0], n),
            found[1],
            n,
            m,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes."""
        return asdict(self)


def _threshold(others: Floats, share: float) -> float:
    """Return the number above which at most a share of the others lies."""
    allowed = int(share * len(others))
    return float(np.sort(others)[::-1][allowed])


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the interval of 95 % of a share that was counted.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(0.5, 100)]
    [0.404, 0.596]
    """
    square = SURE**2 / max(count, 1)
    middle = (share + square / 2) / (1 + square)
    half = np.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def attack(
    members: Columns,
    others: Columns,
    synthetic: Columns,
    reference: Columns | None,
    kinds: Mapping[str, Kind],
    *,
    seed: int = 0,
    tallies: tuple[Floats, Floats] | None = None,
) -> dict[str, Success]:
    """Attack records of one kind.

    Parameters
    ----------
    members, others : mapping of str to ndarray
        Real records that were learned from, and equally real ones that were not.
    reference : mapping of str to ndarray, optional
        More real records that were not learned from, which the attacker has.
    kinds : mapping of str to {"number", "date", "category"}
    tallies : pair of ndarray, optional
        Overlap of rare values where it was counted elsewhere, of members and of others.

    Returns
    -------
    dict of str to Success
        ``"distance"`` to the nearest synthetic record (GAN-Leaks, Chen et al. 2020),
        ``"density"`` of synthetic records around (Hilprecht et al. 2019); with a reference
        also ``"calibrated"`` distance, ``"trained"``, a forest that tells synthetic from
        reference records (TAPAS, Houssiau et al. 2022), and ``"overlap"`` of values that are
        rarer in the reference than in the synthetic data.

    Notes
    -----
    Records times synthetic records, in blocks of bounded memory.
    """
    space = Space.of(synthetic, kinds)
    base = space.place(synthetic)
    asked = [space.place(side) for side in (members, others)]
    near = [nearest(side, base)[0] for side in asked]
    radius = float(np.median(np.concatenate(near)))
    found = {
        "distance": [-part for part in near],
        "density": [_within(side, base, radius) for side in asked],
    }
    if reference is not None:
        far = [nearest(side, space.place(reference))[0] for side in asked]
        found["calibrated"] = [b - a for a, b in zip(near, far, strict=True)]
        found["trained"] = _trained(asked, base, space.place(reference), seed)
        found["overlap"] = list(
            tallies or (overlap(side, synthetic, reference) for side in (members, others))
        )
    return {name: Success.of(*scores) for name, scores in found.items()}


def overlap(records: Columns, synthetic: Columns, reference: Columns) -> Floats:
    """Return how much more common the values of records are in synthetic than in reference rows.

    The sum over columns of the logarithm of the odds of the value as it stands, each at most 4.
    """
    total = np.zeros(len(next(iter(records.values()))))
    sizes = [len(next(iter(side.values()))) for side in (synthetic, reference)]
    for name, values in records.items():
        codes, levels = pd.factorize(np.round(np.asarray(values, float), 9))
        counts = []
        for side, size in zip((synthetic, reference), sizes, strict=True):
            at = pd.Index(levels).get_indexer(np.round(np.asarray(side[name], float), 9))
            counted = np.bincount(at[at >= 0], minlength=len(levels))[: len(levels)]
            counts.append((counted + 0.5) / (size + 1))
        odds = np.clip(np.log(counts[0] / counts[1]), -MOST_ODDS, MOST_ODDS)
        total += np.append(odds, 0.0)[codes]
    return total


def _within(query: Place, base: Place, radius: float) -> Floats:
    """Return how many base rows lie within a radius of every query row."""
    found = np.empty(len(query[0]))
    for rows, distance in distances(query, base):
        found[rows] = (distance <= radius).sum(axis=1)
    return found


def _trained(asked: list[Place], base: Place, reference: Place, seed: int) -> list[Floats]:
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(seed)
    size = min(len(base[0]), len(reference[0]))
    sides = [np.hstack(side)[rng.permutation(len(side[0]))[:size]] for side in (reference, base)]
    forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=1).fit(
        np.vstack(sides), np.repeat([0, 1], size)
    )
    return [forest.predict_proba(np.hstack(side))[:, 1] for side in asked]
