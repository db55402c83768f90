"""All values of a column, where they are few."""

from __future__ import annotations

import numpy as np

from relsynth.typing import Floats

FEW = 1_000


def grid(low: float, high: float, step: float) -> Floats:
    """Return the numbers from `low` to `high`; none where they are more than ``FEW``.

    Examples
    --------
    >>> grid(1.0, 2.0, 0.5).tolist(), grid(0.0, 1e9, 1.0).tolist()
    ([1.0, 1.5, 2.0], [])
    """
    if not np.isfinite(high - low) or (high - low) / step >= FEW:
        return np.empty(0)
    return np.asarray(low + step * np.arange(round((high - low) / step) + 1), float)
