"""Give the rows of a kept table their numbers of children: some rows change to another one."""

from __future__ import annotations

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.evidence import VISIBLE
from relsynth.groups import unique_values
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Floats, Integers

BINS = 10  # of a number: quantiles
CANDIDATES = 30  # rows looked at for every one that changes
SMOOTH = 0.5  # of a row that every row of the kept table is taken to have more of each value


def meet_counts(
    codes: Integers, wanted: Integers, features: Matrix, rng: np.random.Generator
) -> Integers:
    """Return the kept row of every row, changed so that numbers of rows are those wanted.

    Kept rows with most children get the highest number. What changes are the rows that are most
    like those of the new kept row (naive Bayes on the rows themselves).

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        Row of the kept table; -1 for none, which stays.
    wanted : ndarray of int, shape (n_kept,)
        Adds up to the number of rows with one.
    features : Matrix, shape (n_rows, n_features)
        What rows are compared by.

    Examples
    --------
    >>> colours = Matrix(("colour",), ("category",), np.array([[0.0]] * 8 + [[1.0]] * 3))
    >>> codes, rng = np.array([0] * 9 + [1] * 2), np.random.default_rng(0)
    >>> meet_counts(codes, np.array([8, 3]), colours, rng).tolist()
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    """
    placed = codes >= 0
    counts = np.bincount(codes[placed], minlength=len(wanted))
    target = np.sort(wanted)[np.argsort(lexical_order((wanted, counts)))]
    missing = np.maximum(target - counts, 0)
    if not 0 < missing.sum() <= VISIBLE * placed.sum():
        return codes
    made, binned = codes.copy(), _binned(features)
    for new in stable_order(-missing)[: np.count_nonzero(missing)]:
        over = np.bincount(made[placed], minlength=len(target)) - target
        rows = rng.permutation(np.flatnonzero(placed & (over[made] > 0)))
        rows = rows[: CANDIDATES * missing[new]]
        order = rows[stable_order(-_likelier(new, rows, made, binned))]
        old = made[order]
        sequence = stable_order(old)
        rank = np.empty(len(old), np.int64)
        rank[sequence] = np.arange(len(old)) - np.searchsorted(old[sequence], old[sequence])
        made[order[rank < over[old]][: missing[new]]] = new
    return made


def _likelier(new: int, rows: Integers, codes: Integers, binned: Integers) -> Floats:
    """Return how much likelier some rows are below a kept row than below their own."""
    score = np.zeros(len(rows))
    own = np.unique(codes[rows], return_inverse=True)[1]
    placed = codes >= 0
    levels = np.append(unique_values(codes[rows]), new)
    at = np.full(max(int(codes.max()), new) + 2, -1)
    at[levels] = np.arange(len(levels))
    for column in binned.T:
        width = int(column.max()) + 1
        mine = at[codes[placed]]
        known = mine >= 0
        table = np.bincount(
            mine[known] * width + column[placed][known], minlength=len(levels) * width
        ).reshape(len(levels), width)
        logs = np.log((table + SMOOTH) / (table + SMOOTH).sum(axis=1, keepdims=True))
        score += logs[-1, column[rows]] - logs[own, column[rows]]
    return score


def _binned(features: Matrix) -> Integers:
    """Return columns as small numbers, 0 for missing."""
    columns = []
    for name, kind in zip(features.names, features.kinds, strict=True):
        values = features[name]
        known = ~np.isnan(values)
        codes = np.zeros(len(values), np.int64)
        if kind == "category":
            codes[known] = values[known].astype(np.int64) + 1
        elif known.any():
            edges = unique_values(np.quantile(values[known], np.linspace(0, 1, BINS + 1)[1:-1]))
            codes[known] = np.searchsorted(edges, values[known], side="right") + 1
        columns.append(codes)
    return np.column_stack(columns) if columns else np.empty((len(features), 0), np.int64)
