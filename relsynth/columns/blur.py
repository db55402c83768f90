"""Numbers and dates that few subjects have become others among those of enough subjects."""

from __future__ import annotations

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.groups import starts_of
from relsynth.seeding import Seed, stream
from relsynth.sorting import distinct_codes
from relsynth.typing import Flags, Floats, Integers

PAIRS = 2  # times k: values of subjects in a cell, so that most hold k subjects at once
TRIES = 4  # draws of a value before it may be one that somebody else has
FARTHER = 0.5  # of the way to the other value at least, or what is drawn around it comes back
PLACES = 4  # digits after the point up to which values are looked at for a grid


def blurred(rows: Matrix, holders: Holders, seed: Seed) -> Matrix:
    """Return rows whose numbers are those of enough subjects.

    Parameters
    ----------
    rows : Matrix, shape (n_rows, n_columns)
        Categories and counts stay.
    holders : Holders
        Columns that it calls unprotected stay, too.

    Notes
    -----
    The values that too few subjects have are cut into cells of neighbours that enough subjects
    share (microaggregation, Domingo-Ferrer and Mateo-Sanz 2002). Each moves, once per subject,
    half of the way or more to another one of its cell, on the grid of the column and inside
    the range that enough subjects span: a value that one person repeats goes on repeating, and
    is another. Where all of them together are too few subjects they take the next common
    value. Costs a few sorts a column.
    """
    if not holders.paths:
        return rows
    values = rows.values.copy()
    for at, (name, kind) in enumerate(zip(rows.names, rows.kinds, strict=True)):
        if kind == "number" and name not in holders.unprotected:
            values[:, at] = _blurred(values[:, at], holders, stream(seed, "blur", name))
    return Matrix(rows.names, rows.kinds, values)


def _blurred(column: Floats, holders: Holders, rng: np.random.Generator) -> Floats:
    known = np.isfinite(column)
    distinct, codes = distinct_codes(column[known])
    everywhere = np.full(len(column), -1)
    everywhere[known] = codes
    rare = holders.rare(everywhere, len(distinct))
    rows = np.flatnonzero(np.append(rare, False)[everywhere])
    if not len(rows):
        return column
    low, high = holders.span(np.where(known, column, np.nan))
    held = holders[rows]
    width = int(held.finest.max()) + 2
    _, first, pair = np.unique(
        everywhere[rows] * width + held.finest + 1, return_index=True, return_inverse=True
    )
    own, held = np.clip(column[rows][first], low, high), held[first]
    cells = _cells(held)
    blurred = column.copy()
    if cells is None:
        blurred[rows] = _nearest(own, distinct[~rare])[pair]
    else:
        blurred[rows] = _moved(own, cells, _grid(distinct), distinct[rare], rng)[pair]
    return blurred


def _cells(held: Holders) -> Integers | None:
    """Return cells of neighbours in order of their values; ``None`` if all are too few."""
    size = PAIRS * max(held.least)
    cells = np.arange(len(held)) // size
    while True:
        n_cells = int(cells[-1]) + 1
        few = held.rare(cells, n_cells)
        if not few.any():
            return cells
        if n_cells == 1:
            return None
        ends = ~few  # a cell of too few goes on into the next one, the last one into the one before
        ends[-1] = True
        if few[-1]:
            ends[-2] = False
        cells = starts_of(ends)[cells]


def _moved(
    own: Floats,
    cells: Integers,
    grid: tuple[float, float, int] | None,
    taken: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Return each value a part of the way to another one of its cell."""
    first = np.searchsorted(cells, cells, "left")
    last = np.searchsorted(cells, cells, "right")
    moved, left = own.copy(), np.arange(len(own))
    for _ in range(TRIES):
        other = own[rng.integers(first[left], last[left])]
        new = own[left] + (FARTHER + (1 - FARTHER) * rng.random(len(left))) * (other - own[left])
        if grid is not None:
            origin, step, places = grid
            new = np.round(origin + np.round((new - origin) / step) * step, places)
        new = np.clip(new, own[first[left]], own[last[left] - 1])
        moved[left] = np.where(new == own[left], other, new)
        left = left[_inside(moved[left], taken)]
        if not len(left):
            break
    return moved


def _inside(values: Floats, taken: Floats) -> Flags:
    place = np.minimum(np.searchsorted(taken, values), len(taken) - 1)
    inside: Flags = taken[place] == values
    return inside


def _nearest(own: Floats, common: Floats) -> Floats:
    if not len(common):
        return np.full(len(own), np.nan)
    right = np.searchsorted(common, own).clip(1, max(len(common) - 1, 1))
    if len(common) == 1:
        return np.full(len(own), common[0])
    nearer = own - common[right - 1] <= common[right] - own
    return np.where(nearer, common[right - 1], common[right])


def _grid(distinct: Floats) -> tuple[float, float, int] | None:
    """Return where the values start and by which step they go; ``None`` without one."""
    if np.abs(distinct).max() * 10**PLACES >= 2.0**53:
        return None
    for places in range(PLACES + 1):
        scaled = distinct * 10**places
        whole = np.round(scaled)
        if np.allclose(scaled, whole, rtol=1e-13, atol=1e-7):
            step = int(np.gcd.reduce(np.diff(whole).astype(np.int64))) if len(whole) > 1 else 0
            return (float(distinct[0]), step / 10**places, places) if step else None
    return None
