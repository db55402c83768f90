"""Columns that have no value where another one has none: monotone missingness."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Final

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.typing import Floats

_ROWS: Final = 30  # rows without the base: what one row in ten breaks holds in 30 once in twenty
_BROKEN: Final = 20.0  # rows that would break it if gaps were independent: none does so e^-20


def find_needs(table: Matrix, fixed: Container[str]) -> tuple[tuple[str, str], ...]:
    """Return pairs of columns of which the first has a value only where the second has one.

    Parameters
    ----------
    table : Matrix, shape (n_rows, n_columns)
    fixed : container of str
        Columns that are known anyhow and keep their values.

    Notes
    -----
    A parcel is delivered only if it was sent. Linear in rows times the square of the columns
    with gaps.
    """
    gaps = np.isnan(table.values)
    rows = gaps.sum(axis=0)
    some = [at for at in range(len(table.names)) if _ROWS <= rows[at] < len(table)]
    if len(some) < 2:
        return ()
    missing = gaps[:, some].astype(float)
    broken = missing.T @ (1 - missing)  # rows with a gap in the first and a value in the second
    chance = np.outer(rows[some], len(table) - rows[some]) / len(table)
    pairs = np.argwhere((broken == 0) & (chance >= _BROKEN))
    order = sorted(some, key=lambda at: (table.names[at] not in fixed, rows[at], at))
    rank = [order.index(at) for at in some]
    kept = [(j, i) for i, j in pairs if rank[i] < rank[j] and table.names[some[j]] not in fixed]
    kept.sort(key=lambda pair: (rank[pair[0]], rank[pair[1]]))
    return tuple((table.names[some[j]], table.names[some[i]]) for j, i in kept)


def with_needs(
    columns: Mapping[str, Floats],
    needs: Sequence[tuple[str, str]],
    tied: Container[str],
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Return columns without values where the columns they need have none.

    Parameters
    ----------
    columns : mapping of str to ndarray of float, shape (n_rows,)
    needs : sequence of (str, str)
        As `find_needs` gives them.
    tied : container of str
        Columns whose values belong to their rows. Those of the others move to rows that may
        have one, so that as many are missing as were drawn.
    """
    made = dict(columns)
    for name, base in needs:
        column, without = made[name], np.isnan(made[base])
        wrong = np.flatnonzero(without & ~np.isnan(column))
        if not len(wrong):
            continue
        made[name] = column.copy()
        if name not in tied:
            free = rng.permutation(np.flatnonzero(~without & np.isnan(column)))[: len(wrong)]
            made[name][free] = column[rng.permutation(wrong)[: len(free)]]
        made[name][wrong] = np.nan
    return made
