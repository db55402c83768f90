"""Raw numbers to z scores and back."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import StandardScaler

from relsynth.hvrt.columns import Columns
from relsynth.quiet import quiet
from relsynth.typing import Floats


class Scaling:
    """Standardise columns, continuous ones first.

    Attributes
    ----------
    continuous, categorical : StandardScaler or None
        ``None`` where there are no such columns. Category codes are scaled like numbers.
    z : ndarray, shape (n_rows, n_columns)
        The rows seen in fit.

    Notes
    -----
    Standard deviations are those of the population; a constant column becomes 0, and so
    does a missing number, which is its column's mean.
    """

    def __init__(self, columns: Columns) -> None:
        self.mask = columns.continuous
        raw = columns.fitted
        self.continuous = _fit(raw[:, self.mask])
        self.categorical = _fit(raw[:, ~self.mask])
        self.z = self.transform(raw)

    def transform(self, raw: Floats) -> Floats:
        """Return the z matrix of rows, continuous columns first."""
        parts = [
            scaler.transform(raw[:, mask])
            for scaler, mask in ((self.continuous, self.mask), (self.categorical, ~self.mask))
            if scaler is not None
        ]
        return np.nan_to_num(np.hstack(parts), nan=0.0, posinf=0.0, neginf=0.0)

    def restore(self, z: Floats) -> Floats:
        """Return continuous z columns in their own units."""
        return z if self.continuous is None else self.continuous.inverse_transform(z)


def _fit(raw: Floats) -> StandardScaler | None:
    if raw.shape[1] == 0:
        return None
    with quiet(RuntimeWarning):
        return StandardScaler().fit(raw)
