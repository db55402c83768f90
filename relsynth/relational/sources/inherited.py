"""Columns of a child table that always repeat a column of its context parent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relsynth.evidence import GLANCE
from relsynth.metadata.references import comparable
from relsynth.seeding import stream
from relsynth.typing import Integers


def find_copies(
    child: pd.DataFrame, parent: pd.DataFrame, links: Integers, columns: tuple[str, ...]
) -> dict[str, str]:
    """Return which columns of a child table repeat which column of the parent.

    Parameters
    ----------
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
    Every pair of columns is compared on ``GLANCE`` rows, the few that agree there on all.
    """
    placed = np.flatnonzero(links >= 0)
    if not len(placed):
        return {}
    some = placed[stream(0, "copies").permutation(len(placed))[:GLANCE]]
    parents, rows = parent.iloc[links[some]], child.iloc[some]
    sources = {name: comparable(parents[name]) for name in parent.columns}
    found = {}
    for name in columns:
        own = comparable(rows[name])
        order = sorted(parent.columns, key=lambda other: (other != name, str(other)))
        alike = [other for other in order if _agree(own, sources[other])]
        if not alike or child[name].nunique() < 2:
            continue
        own = comparable(child[name].iloc[placed])
        for other in alike:
            if _agree(own, comparable(parent[other].iloc[links[placed]])):
                found[name] = other
                break
    return found


def _agree(own: pd.Series, other: pd.Series) -> bool:
    if own.dtype != other.dtype:
        return False
    left, right = own.to_numpy(), other.to_numpy()
    first = pd.isna(left[0]), pd.isna(right[0])
    if first[0] != first[1] or not (first[0] or left[0] == right[0]):
        return False
    known = ~pd.isna(left)
    if (known == pd.isna(right)).any():
        return False
    return bool(known.any()) and bool((left[known] == right[known]).all())
