"""Columns of a child table that always repeat a column of its context parent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relsynth.metadata.references import comparable
from relsynth.seeding import stream
from relsynth.typing import Integers

SAMPLE = 500


def find_copies(
    child: pd.DataFrame, parent: pd.DataFrame, links: Integers, columns: tuple[str, ...]
) -> dict[str, str]:
    """Return which columns of a child table repeat which column of the parent.

    Parameters
    ----------
    child, parent : DataFrame
    links : ndarray of int, shape (n_child_rows,)
        Parent row of each child row; negative for none.
    columns : tuple of str
        The child columns to look at.

    Returns
    -------
    dict of str to str
        Constant columns are left out; a column of the same name comes first.

    Notes
    -----
    Every pair of columns is compared on ``SAMPLE`` rows, the few that agree on all rows.
    """
    placed = np.flatnonzero(links >= 0)
    some = placed[stream(0, "copies").permutation(len(placed))[:SAMPLE]]
    found = {}
    for name in columns:
        if child[name].nunique() < 2:
            continue
        for other in sorted(parent.columns, key=lambda other: (other != name, str(other))):
            pair = child[name], parent[other]
            if _agree(*pair, some, links) and _agree(*pair, placed, links):
                found[name] = other
                break
    return found


def _agree(own: pd.Series, other: pd.Series, rows: Integers, links: Integers) -> bool:
    left = comparable(own.iloc[rows].reset_index(drop=True))
    right = comparable(other.iloc[links[rows]].reset_index(drop=True))
    if left.dtype != right.dtype or not len(rows):
        return False
    same = (left == right) | (left.isna() & right.isna())
    return bool(same.all()) and bool(left.notna().any())
