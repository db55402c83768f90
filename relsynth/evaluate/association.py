"""Pairs of columns: joint distribution, correlation and how strongly they belong together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from relsynth.distance import total_variation
from relsynth.evaluate.database import Kind
from relsynth.evaluate.measure import Scores, mean_of
from relsynth.typing import Array, Floats, Integers

BINS = 10  # cells a number, as in the measures this one is compared with (SDMetrics)
# sums of floats in another order differ by about this, relatively
ROUNDING = 1e-12
CORRELATED = 0.5  # above it a real pair counts as correlated, as in SDMetrics
ASSOCIATED = 0.3  # above it a real pair of categories counts as associated, as in SDMetrics
Columns = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class PairScore:
    """How alike one pair of columns is.

    Attributes
    ----------
    published : float
        Numbers: 1 - |difference of Pearson r| / 2. Otherwise 1 - TVD of the joint table,
        numbers cut in ten equal widths of *each side's own* range. ``NaN`` if undefined.
    score : float
        The same with both sides cut in the real range and missing values kept apart; a
        constant synthetic column counts as uncorrelated.
    strength : float
        |r| or Cramer's V in the real data.
    associated : bool
        Whether the real pair belongs together: |r| > .5 or V > .3.
    """

    published: float
    score: float
    strength: float
    associated: bool


def score_pairs(
    real: Columns, synthetic: Columns, kinds: Mapping[str, Kind], pairs: Sequence[tuple[str, str]]
) -> dict[str, PairScore]:
    """Return the scores of pairs of columns by ``first|second``.

    Notes
    -----
    Linear in rows and pairs.
    """
    wanted = list(dict.fromkeys(name for pair in pairs for name in pair))
    numbers = [name for name in wanted if kinds[name] != "category"]
    r_real, r_synthetic = correlations(real, numbers), correlations(synthetic, numbers)
    place = {name: i for i, name in enumerate(numbers)}
    own = {n: _own_range(real[n], synthetic[n], kinds[n]) for n in wanted}
    shared = {n: _real_range(real[n], synthetic[n], kinds[n]) for n in wanted}
    found = {}
    for first, second in pairs:
        if first in place and second in place:
            a = r_real[place[first], place[second]]
            b = r_synthetic[place[first], place[second]]
            found[f"{first}|{second}"] = PairScore(
                1 - abs(a - b) / 2, 1 - abs(a - np.nan_to_num(b)) / 2, abs(a), abs(a) > CORRELATED
            )
            continue
        strength = cramers_v(shared[first][0], shared[second][0])
        found[f"{first}|{second}"] = PairScore(
            _joint(own[first], own[second]),
            _joint(shared[first], shared[second]),
            strength,
            strength > ASSOCIATED,
        )
    return found


def pair_summary(groups: Mapping[str, Mapping[str, PairScore]]) -> Scores:
    """Return the mean over all pairs, the mean over associated pairs, and all pairs."""
    every = [pair for group in groups.values() for pair in group.values()]
    strong = [pair for pair in every if pair.associated and not np.isnan(pair.score)]
    return {
        "published": mean_of(pair.published for pair in every),
        "associated": mean_of(pair.score for pair in strong),
        "associated_pairs": len(strong),
        "pairs": {
            name: {
                pair: {
                    "published": score.published,
                    "score": score.score,
                    "strength": score.strength,
                    "associated": bool(score.associated),
                }
                for pair, score in group.items()
            }
            for name, group in groups.items()
        },
    }


def correlations(columns: Columns, names: Iterable[str]) -> Floats:
    """Return Pearson's r of every two columns over the rows where both are known.

    ``NaN`` where fewer than two rows are known or one of the two is constant there.
    """
    names = list(names)
    if not names:
        return np.empty((0, 0))
    X = np.column_stack([columns[name] for name in names])
    known = ~np.isnan(X)
    M = known.astype(float)
    count = np.maximum(known.sum(0), 1)
    X = np.where(known, X, 0.0)
    X = np.where(known, X - X.sum(0) / count, 0.0)
    scale = np.sqrt((X**2).sum(0) / count)
    X = X / np.where(scale > 0, scale, 1.0)
    n = M.T @ M
    with np.errstate(invalid="ignore", divide="ignore"):
        sums = X.T @ M
        squares = (X**2).T @ M - sums**2 / n
        cross = X.T @ X - sums * sums.T / n
        squares[squares < 1e-9 * n] = np.nan
        return np.clip(cross / np.sqrt(squares * squares.T), -1, 1)


def cramers_v(first: Integers, second: Integers) -> float:
    """Return Cramer's V of two code arrays, without correction for bias, 0 to 1."""
    if not len(first):
        return 0.0
    _, x = np.unique(first, return_inverse=True)
    _, y = np.unique(second, return_inverse=True)
    rows, columns = int(x.max()) + 1, int(y.max()) + 1
    if min(rows, columns) < 2:
        return 0.0
    cells, n = np.unique(x.astype(np.int64) * columns + y, return_counts=True)
    expected = np.bincount(x)[cells // columns] * np.bincount(y)[cells % columns]
    phi = float((n.astype(float) ** 2 / expected).sum()) - 1.0
    return float(np.sqrt(max(phi, 0.0) / (min(rows, columns) - 1)))


def _own_range(real: Array, synthetic: Array, kind: Kind) -> tuple[Integers, Integers]:
    if kind == "category":
        return real, synthetic
    return _equal_widths(real), _equal_widths(synthetic)


def _equal_widths(values: Floats) -> Integers:
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    return np.digitize(values, _edges(known))


def _edges(known: Floats) -> Floats:
    """Return the edges of equally wide bins; values that differ by rounding only are one value."""
    low, high = float(known.min()), float(known.max())
    if high / 2 - low / 2 <= ROUNDING * max(abs(low), abs(high)) / 2:
        low, high = known[0] - 0.5, known[0] + 0.5
    if not np.isfinite(high - low):
        return np.linspace(low / 2, high / 2, BINS + 1) * 2
    return np.unique(np.linspace(low, high, BINS + 1))  # near 2**62 bins of one number merge


def _real_range(real: Array, synthetic: Array, kind: Kind) -> tuple[Integers, Integers]:
    if kind == "category":
        return real, synthetic
    known = real[~np.isnan(real)]
    edges = _edges(known)[1:-1] if len(known) else np.zeros(1)
    return (
        np.where(np.isnan(real), -1, np.digitize(real, edges)),
        np.where(np.isnan(synthetic), -1, np.digitize(synthetic, edges)),
    )


def _joint(first: tuple[Integers, Integers], second: tuple[Integers, Integers]) -> float:
    width = max(int(side.max(initial=0)) for side in second) + 2
    cells = [a.astype(np.int64) * width + b for a, b in zip(first, second, strict=True)]
    return 1.0 - total_variation(cells[0], cells[1])
