"""What every table model is: four methods over plain matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self, runtime_checkable

import numpy as np

from relsynth.seeding import Seed
from relsynth.typing import Floats, Integers

ColumnKind = Literal["number", "count", "category"]


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
            np.column_stack([part.values for part in parts]),
        )

    def take(self, rows: Integers) -> Matrix:
        """Return the given rows; ``-1`` gives a row of missing values."""
        values = self.values[rows]
        values[rows < 0] = np.nan
        return Matrix(self.names, self.kinds, values)

    def __getitem__(self, name: str) -> Floats:
        return self.values[:, self.names.index(name)]


@runtime_checkable
class TableModel(Protocol):
    """The conditional distribution of a table's columns given a context.

    An object with these four methods can be passed as ``models={"table": it}``.
    """

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Learn the rows given their context.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_columns)
            May hold no column, one row or no row, constant and all-missing columns.
        context : Matrix, shape (n_rows, n_context)
            Has no column for a root table.
        seed : int, SeedSequence or None
        """
        ...

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row.

        Parameters
        ----------
        context : Matrix, shape (n_samples, n_context)
            The same columns as in `fit`; rows may be few (one step of many siblings).
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of float, shape (n_samples, n_columns)
        """
        ...

    def to_state(self) -> dict[str, Any]:
        """Return what was learned as nested dicts of arrays and JSON values."""
        ...

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a model from `to_state`, refusing what is inconsistent."""
        ...
