"""Join keys: the distinct keys among the rows of a sibling table, below which other rows hang."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.metadata.references import shared_codes
from relsynth.relational.children.history import Siblings
from relsynth.sorting import lexical_order
from relsynth.typing import Floats, Integers


@dataclass(frozen=True, slots=True)
class JoinKeys:
    """What rows of a sibling table have in common that agree in parent and key columns.

    Attributes
    ----------
    parents : ndarray of int, shape (n_nodes,)
        Rising; inside a parent the join keys follow the key columns.
    first : ndarray of int, shape (n_nodes,)
        First row of the sibling table; -1 for an open join key, the last of its parent, which
        stands for all rows that have no partner.
    row_keys : ndarray of int, shape (n_sibling_rows,)
        Node of every row of the sibling table; -1 where parent or first key column is missing.
    """

    parents: Integers
    first: Integers
    row_keys: Integers

    @classmethod
    def of(
        cls, links: Integers, keys: Sequence[pd.Series], order: Floats, n_open: int = 0
    ) -> JoinKeys:
        """Return the join keys of a sibling table.

        Parameters
        ----------
        links : ndarray of int, shape (n_rows,)
            Parent row of each row; negative without.
        keys : sequence of Series
            The key columns. A missing value of another column than the first is a value.
        order : ndarray of float, shape (n_rows, n_keys)
            The key columns as numbers.
        n_open : int, default 0
            Number of parents to give an open join key, all or none.
        """
        cells = key_cells(links, [shared_codes([values])[0] for values in keys])
        found, first, members = np.unique(cells, return_index=True, return_inverse=True)
        none = int((found < 0).sum())
        first = first[none:]
        rank = lexical_order((first, *order[first].T[::-1], links[first]))
        first = first[rank]
        place = np.empty(len(rank), np.int64)
        place[rank] = np.arange(len(rank))
        if n_open:
            at = np.searchsorted(links[first], np.arange(n_open), side="right")
            parents = np.insert(links[first], at, np.arange(n_open))
            place = (place + links[first][place]) if len(place) else place
            first = np.insert(first, at, -1)
        else:
            parents = links[first]
        row_keys = np.append(np.full(none, -1), place)[members.reshape(-1)]
        return cls(parents, first, row_keys)

    def __len__(self) -> int:
        return len(self.parents)

    def match(self, sibling: Sequence[Integers], child: Sequence[Integers]) -> Integers:
        """Return the join key of every row of another table; -1 for rows without a partner.

        Parameters
        ----------
        sibling, child : sequence of ndarray of int
            Parent rows, then codes of the key columns, equal for equal values of both tables.
        """
        both = [np.concatenate(pair) for pair in zip(sibling, child, strict=True)]
        cells = key_cells(both[0], both[1:])
        theirs, own = cells[: len(sibling[0])], cells[len(sibling[0]) :]
        distinct, at = np.unique(theirs, return_index=True)
        if not len(distinct):
            return np.full(len(own), -1)
        place = np.minimum(np.searchsorted(distinct, own), len(distinct) - 1)
        return np.where((own >= 0) & (distinct[place] == own), self.row_keys[at[place]], -1)

    def open_of(self, parents: Integers) -> Integers:
        """Return the open join key of each of some parents."""
        return np.searchsorted(self.parents, parents, side="right") - 1

    def features(self, own: Matrix, left_out: Sequence[str], sums: Sequence[str]) -> Matrix:
        """Return what is known of the join keys: number of rows, and what these hold.

        Parameters
        ----------
        own : Matrix, shape (n_sibling_rows, n_columns)
        left_out : sequence of str
            Columns that are left out.
        sums : sequence of str
            Columns that are added up over the rows of a join key; of others the first row counts.

        Returns
        -------
        Matrix, shape (n_nodes, 1 + n_told)
            All missing for open join keys.
        """
        placed = self.row_keys >= 0
        members = self.row_keys[placed]
        rows = np.bincount(members, minlength=len(self)).astype(float)
        features = [at for at, name in enumerate(own.names) if name not in left_out]
        values = np.full((len(self), len(features)), np.nan)
        closed = self.first >= 0
        values[closed] = own.values[self.first[closed]][:, features]
        for place, at in enumerate(features):
            if own.names[at] in sums:
                column = own.values[placed, at]
                known = ~np.isnan(column)
                found = np.bincount(members[known], minlength=len(self)) > 0
                total = np.bincount(members[known], column[known], len(self))
                values[:, place] = np.where(found, total, np.nan)
        rows[~closed] = np.nan
        names = ("#rows", *(own.names[at] for at in features))
        kinds = ("count", *(own.kinds[at] for at in features))
        return Matrix(names, kinds, np.column_stack([rows, values]))


def key_cells(parents: Integers, codes: Sequence[Integers]) -> Integers:
    """Return a number per parent and key; -1 where the parent or the first value is missing.

    Parameters
    ----------
    parents : ndarray of int, shape (n_rows,)
        Negative for none.
    codes : sequence of ndarray of int, shape (n_rows,)
        Of the key columns; -1 for missing, which counts as a value after the first.

    Examples
    --------
    >>> import numpy as np
    >>> key_cells(np.array([0, 0, 0, -1]), [np.array([1, 1, -1, 1])]).tolist()
    [1, 1, -1, -1]
    """
    known = (parents >= 0) & (codes[0] >= 0)
    cells = parents
    for code in codes:
        cells = cells * (int(code.max(initial=0)) + 2) + code + 1
        cells = np.unique(np.where(known, cells, -1), return_inverse=True)[1].reshape(-1)
    return np.where(known, cells, -1)


def neighbours(join_keys: JoinKeys, features: Matrix) -> Matrix:
    """Return the features of every join key, of the one before and of the one after it."""
    inside = np.diff(join_keys.parents) == 0
    at = np.arange(len(join_keys))
    before = np.where(np.append(False, inside), at - 1, -1)
    after = np.where(np.append(inside, False), at + 1, -1)
    parts = [features]
    for label, rows in (("before", before), ("after", after)):
        names = tuple(f"#{label}.{name}" for name in features.names)
        parts.append(Matrix(names, features.kinds, features.take(rows[: len(join_keys)]).values))
    return Matrix.join(parts)


def inside_keys(join_keys: Integers) -> Matrix:
    """Return place in the join key, and rows to come, of rows sorted by group and join key.

    Parameters
    ----------
    join_keys : ndarray of int, shape (n_rows,)
        Negative for rows without one, each alone.
    """
    lone = np.where(join_keys < 0, -1 - np.arange(len(join_keys)), join_keys)
    siblings = Siblings.sorted(lone, np.arange(len(lone)))
    values = np.column_stack([siblings.position, siblings.remaining]).astype(float)
    return Matrix(("#node.position", "#node.remaining"), ("count", "count"), values)
