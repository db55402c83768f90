"""Distances between two samples of one variable, and what chance alone makes of them."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats, Integers


def kolmogorov_smirnov(first: Floats, second: Floats) -> float:
    """Return the largest gap between two empirical distribution functions, 0 to 1.

    Missing values are left out; ``NaN`` where a side has no value at all.
    """
    a, b = np.sort(first[~np.isnan(first)]), np.sort(second[~np.isnan(second)])
    if not len(a) or not len(b):
        return np.nan
    points = np.concatenate([side[np.append(side[1:] != side[:-1], True)] for side in (a, b)])
    below_a = np.searchsorted(a, points, side="right") / len(a)
    below_b = np.searchsorted(b, points, side="right") / len(b)
    return float(np.abs(below_a - below_b).max())


def total_variation(first: Integers, second: Integers) -> float:
    """Return half the summed difference of two samples' shares per code, 0 to 1.

    ``NaN`` where a side is empty. Codes may be any integers.
    """
    p, q = shares(first, second)
    return float(np.abs(p - q).sum() / 2)


def shares(first: Integers, second: Integers) -> tuple[Floats, Floats]:
    """Return the shares of every code that occurs on either side."""
    if not len(first) or not len(second):
        return np.full(1, np.nan), np.full(1, np.nan)
    _, cell = np.unique(np.concatenate([first, second]), return_inverse=True)
    size = int(cell.max()) + 1
    p = np.bincount(cell[: len(first)], minlength=size) / len(first)
    q = np.bincount(cell[len(first) :], minlength=size) / len(second)
    return p, q


def expected_accuracy(shares: Floats, first: int, second: int) -> float:
    """Return the accuracy that two samples of the same distribution reach on average.

    Notes
    -----
    The difference of two shares is normal; its mean absolute value sums to the expected
    distance.
    """
    variance = shares * (1 - shares) * (1 / first + 1 / second)
    return float(1 - np.sqrt(variance * 2 / np.pi).sum() / 2)


def accuracy_of_counts(real: Integers, synthetic: Integers) -> tuple[float, float]:
    """Return accuracy and expected maximum of two histograms over the same cells."""
    n, m = int(real.sum()), int(synthetic.sum())
    p, q = real / max(n, 1), synthetic / max(m, 1)
    return float(1 - np.abs(p - q).sum() / 2), expected_accuracy(p, max(n, 1), max(m, 1))
