"""The grid on which the values of a column lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.typing import Flags, Floats

_RELATIVE = 1e-9  # of a step: what arithmetic on doubles leaves
_NOISE = 1e-4  # of a step: what arithmetic on doubles may leave behind
_COUNTABLE = 2.0**52  # steps a double can tell apart


@dataclass(frozen=True, slots=True)
class Precision:
    """Distance between neighbouring values a column can take.

    Attributes
    ----------
    step : float or None
        ``0.01`` for two decimals, ``86400`` for pure dates in seconds, ``None`` for
        numbers that are not rounded.
    """

    step: float | None = None

    @classmethod
    def of(cls, values: Floats, step: float | None) -> Precision:
        """Return the precision a caller states if the values keep it, else none."""
        stated = cls(step)
        if step is None:
            return stated
        off = np.abs(stated.settle(values) - values) > _NOISE * step
        return cls() if (off | (np.abs(values) >= step * _COUNTABLE)).any() else stated

    def settle(self, values: Floats) -> Floats:
        """Return the nearest values on the grid."""
        return self._on_grid(values, np.rint)

    def floor(self, values: Floats) -> Floats:
        """Return the largest values on the grid that are not above the given ones."""
        return self._on_grid(values, lambda grid: np.floor(grid + _RELATIVE))

    def ceil(self, values: Floats) -> Floats:
        """Return the smallest values on the grid that are not below the given ones."""
        return self._on_grid(values, lambda grid: np.ceil(grid - _RELATIVE))

    def agree(self, left: Floats, right: Floats) -> Flags:
        """Return where two arrays mean the same value; a missing value agrees with nothing."""
        gap = np.abs(self.settle(left) - self.settle(right))
        if self.step is not None:
            return gap < self.step / 4
        return gap <= _RELATIVE * np.maximum(np.abs(left), np.abs(right))

    def _on_grid(self, values: Floats, rounded: Callable[[Floats], Floats]) -> Floats:
        if self.step is None:
            return values
        if self.step == 1:
            return rounded(values) + 0.0
        if self.step >= 1:
            return rounded(values / self.step) * self.step + 0.0  # no negative zero
        per_unit = float(round(1 / self.step))  # dividing gives the nearest double of a decimal
        return rounded(values * per_unit) / per_unit + 0.0


def settle_columns(table: Matrix, steps: Mapping[str, float | None]) -> Matrix:
    """Return a table on its grid, every column contiguous."""
    values = np.empty(table.values.shape, order="F")
    for at, name in enumerate(table.names):
        values[:, at] = Precision(steps[name]).settle(table.values[:, at])
    return Matrix(table.names, table.kinds, values)
