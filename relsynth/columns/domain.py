"""Values a column can take: all of them where they are few."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats

FEW = 1_000  # values that stand for a range: a condition is met to a thousandth of it


def grid(low: float, high: float, step: float) -> Floats:
    """Return the numbers from `low` to `high` on a grid, at most ``FEW`` of them, evenly spaced.

    Examples
    --------
    >>> grid(1.0, 2.0, 0.5).tolist(), len(grid(0.0, 1e9, 1.0)), len(grid(np.nan, np.nan, 1.0))
    ([1.0, 1.5, 2.0], 1000, 0)
    """
    if not np.isfinite(high - low):
        return np.empty(0)
    count = round((high - low) / step)
    steps = np.round(np.linspace(0, count, min(count + 1, FEW)))
    return np.asarray(low + step * steps, float)
