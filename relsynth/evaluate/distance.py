"""Distances between two samples of one variable: Kolmogorov-Smirnov and total variation."""

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
    points = np.concatenate([a, b])
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
