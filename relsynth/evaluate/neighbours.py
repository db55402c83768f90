"""Distances between rows of mixed type, and nearest neighbours in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.arrays import CELLS
from relsynth.evaluate.database import Kind
from relsynth.typing import Array, Floats, Integers

TAIL = 0.01  # of either end: one outlier would make all other distances alike
Place = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class Space:
    """Where rows lie: numbers scaled to their middle 98 %, categories as they are.

    The distance of two rows is the sum over columns of the scaled difference of numbers
    and of 1 for every category that differs.

    Attributes
    ----------
    kinds : mapping of str to {"number", "date", "category"}
    """

    kinds: Mapping[str, Kind]
    low: Mapping[str, float]
    high: Mapping[str, float]

    @classmethod
    def of(cls, reference: Mapping[str, Array], kinds: Mapping[str, Kind]) -> Space:
        """Scale numbers by reference rows."""
        ends = {
            name: np.quantile(known, [TAIL, 1 - TAIL])
            for name, kind in kinds.items()
            if kind != "category"
            for known in [reference[name][~np.isnan(reference[name])]]
            if len(known)
        }
        low = {name: float(pair[0]) for name, pair in ends.items()}
        return cls(kinds, low, {name: float(pair[1]) for name, pair in ends.items()})

    def place(self, columns: Mapping[str, Array]) -> Place:
        """Return scaled numbers (missing is -1) and category codes as matrices."""
        rows = len(next(iter(columns.values())))
        numbers = [
            np.nan_to_num(
                np.clip((columns[name] - low) / ((self.high[name] - low) or 1.0), -0.5, 1.5), nan=-1
            )
            for name, low in self.low.items()
        ]
        codes = [columns[name] for name, kind in self.kinds.items() if kind == "category"]
        return _matrix(numbers, rows), _matrix(codes, rows)


def distances(query: Place, base: Place) -> Iterator[tuple[slice, Floats]]:
    """Yield some query rows and their distances to all base rows, in blocks of bounded memory."""
    from scipy.spatial.distance import cdist

    block = max(CELLS // max(len(base[0]), 1), 1)
    for start in range(0, len(query[0]), block):
        rows = slice(start, start + block)
        distance = np.zeros((len(query[0][rows]), len(base[0])))
        if base[0].shape[1]:
            distance += cdist(query[0][rows], base[0], "cityblock")
        if base[1].shape[1]:
            distance += cdist(query[1][rows], base[1], "hamming") * base[1].shape[1]
        yield rows, distance


def nearest(query: Place, base: Place, own: Integers | None = None) -> tuple[Floats, Floats]:
    """Return the distances to the nearest and the second nearest base row of every query row.

    Parameters
    ----------
    query, base : pair of ndarray
        As `Space.place` gives them.
    own : ndarray of int, shape (n_query,), optional
        The base row that a query row is itself; none is its own neighbour.

    Notes
    -----
    Query rows times base rows, in blocks of bounded memory.
    """
    first, second = np.empty(len(query[0])), np.empty(len(query[0]))
    for rows, distance in distances(query, base):
        if own is not None:
            distance[np.arange(len(distance)), own[rows]] = np.inf
        distance.partition(1, axis=1)
        first[rows], second[rows] = distance[:, 0], distance[:, 1]
    return first, second


def nearest_rows(query: Place, base: Place, count: int) -> Integers:
    """Return the numbers of the nearest base rows of every query row, in no order."""
    count = min(count, len(base[0]))
    found = np.empty((len(query[0]), count), np.int64)
    for rows, distance in distances(query, base):
        found[rows] = np.argpartition(distance, count - 1, axis=1)[:, :count]
    return found


def _matrix(columns: list[Array], rows: int) -> Floats:
    return np.column_stack(columns).astype(float) if columns else np.empty((rows, 0))
