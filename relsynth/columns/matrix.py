"""Rows of a table as numbers: what encoders write, relations rewrite and models learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from relsynth.packing import packable
from relsynth.typing import Flags, Floats, Integers

ColumnKind = Literal["number", "count", "category"]


@packable
@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of named columns as numbers; ``NaN`` is missing.

    Attributes
    ----------
    names : tuple of str
        Column names, unique.
    kinds : tuple of {"number", "count", "category"}
        A ``"number"`` may take values between those seen; a ``"count"`` is drawn
        exactly as seen; a ``"category"`` holds codes 0, 1, 2, … without an order.
    values : ndarray of float, shape (n_rows, n_columns)
    """

    names: tuple[str, ...]
    kinds: tuple[ColumnKind, ...]
    values: Floats

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise ValueError(f"{len(self.names)} names for values of shape {self.values.shape}")
        if len(self.names) != len(self.kinds):
            raise ValueError(f"{len(self.names)} names but {len(self.kinds)} kinds")

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def empty(cls, rows: int) -> Matrix:
        """Return a matrix without columns, the context of a root table."""
        return cls((), (), np.empty((rows, 0)))

    @classmethod
    def join(cls, parts: Sequence[Matrix]) -> Matrix:
        """Return the columns of several matrices of equal length side by side."""
        return cls(
            tuple(name for part in parts for name in part.names),
            tuple(kind for part in parts for kind in part.kinds),
            np.concatenate([part.values for part in parts], axis=1),
        )

    def take(self, rows: Integers) -> Matrix:
        """Return the given rows; ``-1`` gives a row of missing values."""
        if not len(self.values) and (rows < 0).all():
            return Matrix(self.names, self.kinds, np.full((len(rows), len(self.names)), np.nan))
        values = self.values[rows]
        absent = rows < 0
        if absent.any():
            values[absent] = np.nan
        return Matrix(self.names, self.kinds, values)

    def columns(self, some: slice) -> Matrix:
        """Return some neighbouring columns, as a view."""
        return Matrix(self.names[some], self.kinds[some], self.values[:, some])

    def __getitem__(self, name: str) -> Floats:
        return self.values[:, self.names.index(name)]

    def is_number(self, name: str) -> bool:
        """Return whether a column is there and may take values between those seen."""
        return name in self.names and self.kinds[self.names.index(name)] == "number"


def differs(column: Floats, other: Floats) -> Flags:
    """Return where two columns differ; a missing value equals another.

    Examples
    --------
    >>> import numpy as np
    >>> differs(np.array([1.0, np.nan, np.nan]), np.array([2.0, np.nan, 0.0])).tolist()
    [True, False, True]
    """
    found: Flags = (column != other) & ~(np.isnan(column) & np.isnan(other))
    return found
