"""Rows that point at one real row: the nearest neighbour distance ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from relsynth.arrays import CELLS
from relsynth.columns.matrix import ColumnKind
from relsynth.seeding import stream
from relsynth.typing import Array, Flags, Floats, Integers

FEWEST = 3  # a second nearest row needs two others
ASKED = 1000  # a share is known to .016 from so many rows
ONE_HOT = 16  # levels that get a corner each; more get random directions in as many dimensions
EQUAL = 1e-9  # what rounding leaves between equal rows


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the values of one column lie: a number scaled, a category at a corner.

    Attributes
    ----------
    centre, scale : float
        Of a number.
    corners : ndarray of float, shape (n_codes + 1, n_axes)
        Of a category, the last for missing; two are one unit apart. No axis for a number.
    """

    centre: float
    scale: float
    corners: Floats

    @classmethod
    def of(cls, column: Floats, kind: ColumnKind) -> _Place:
        known = column[~np.isnan(column)]
        if kind != "category":
            spread = float(known.std()) if len(known) else 0.0
            return cls(float(known.mean()) if len(known) else 0.0, spread or 1.0, np.empty((0, 0)))
        levels = int(known.max(initial=-1.0)) + 2
        if levels <= ONE_HOT:
            return cls(0.0, 1.0, np.eye(levels) / np.sqrt(2.0))
        axes = stream(0, "corners").standard_normal((levels, ONE_HOT))
        return cls(0.0, 1.0, axes / np.linalg.norm(axes, axis=1, keepdims=True) / np.sqrt(2.0))

    def put(self, column: Floats) -> Floats:
        """Return coordinates, shape (n_rows, n_axes)."""
        missing = np.isnan(column)
        if len(self.corners):
            return self.corners[np.where(missing, -1, column).astype(np.int64)]
        scaled = np.where(missing, 0.0, (column - self.centre) / self.scale)
        return np.column_stack([scaled, missing])


@dataclass(frozen=True, slots=True)
class NeighbourRatio:
    """How much nearer a row lies to one real row than to the next, and what is usual.

    The ratio of the distances to the nearest and the second nearest real row is near 1
    for a row in a crowd and near 0 for the copy of one person (nearest neighbour
    distance ratio, Lowe 2004). Real rows tell which ratios are usual between them.

    Attributes
    ----------
    known : ndarray, shape (n_rows, n_axes)
    least : float
        Rows with a smaller ratio point at one real row.
    """

    places: tuple[_Place, ...]
    known: Floats
    least: float

    @classmethod
    def of(cls, values: Floats, kinds: tuple[ColumnKind, ...], share: float) -> Self | None:
        """Learn what is usual; ``None`` where fewer than three rows can tell.

        Parameters
        ----------
        values : ndarray, shape (n_rows, n_columns)
        share : float
            Share of the real rows, at most ``ASKED`` of them, that would point at another.
        """
        rows = len(values)
        if rows < FEWEST:
            return None
        places = tuple(
            _Place.of(column, kind) for column, kind in zip(values.T, kinds, strict=True)
        )
        unasked = cls(places, _put(places, values), 0.0)
        asked = np.linspace(0, rows - 1, min(rows, ASKED)).astype(np.int64)
        usual = unasked._ratio(unasked.known[asked], asked)
        return cls(places, unasked.known, float(np.quantile(usual, share)))

    def points_out(self, values: Floats) -> Flags:
        """Return which rows point at one real row."""
        return self._ratio(_put(self.places, values)) < self.least - EQUAL

    def _ratio(self, asked: Floats, own: Integers | None = None) -> Floats:
        """Return the ratios of rows, which may be real rows themselves; 1 among copies.

        O(n_asked x n_rows) time; memory is bounded by blocks of rows.
        """
        lengths = np.einsum("ij,ij->i", self.known, self.known)
        found = np.empty(len(asked))
        block = max(CELLS // len(lengths), 1)
        for start in range(0, len(asked), block):
            part = asked[start : start + block]
            squared = lengths - 2.0 * (part @ self.known.T)
            squared += np.einsum("ij,ij->i", part, part)[:, None]
            if own is not None:
                squared[np.arange(len(part)), own[start : start + block]] = np.inf
            near = np.partition(squared, 1, axis=1)[:, :2]
            near = np.where(near > EQUAL, near, 0.0)
            both = np.where(near[:, 1] > 0, near[:, 0] / np.maximum(near[:, 1], EQUAL), 1.0)
            found[start : start + block] = np.sqrt(both)
        return found


def _put(places: tuple[_Place, ...], values: Array) -> Floats:
    return np.hstack([place.put(column) for place, column in zip(places, values.T, strict=True)])
