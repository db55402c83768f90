"""What only one or two entities have is not emitted as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relsynth.typing import Flags, Floats, Integers

MIN_ENTITIES = 3
ENTITIES_PER_PLACE = 50
FEWEST_ENTITIES = 20
ROWS_OF_A_PLACE = 500
IDENTIFYING_DIGITS = 5
IDENTIFYING_SHARE = 0.5
SAMPLE = 1_000
OPEN_KINDS = ("categorical", "text", "key")


@dataclass(frozen=True, slots=True)
class Entities:
    """Whose the rows of a table are: the persons, firms or machines that are protected.

    Two branches of a shop are no entities: whatever is below them only one or two of them
    have. Rows are counted by the first table with at least ``FEWEST_ENTITIES`` rows on the
    way down from the root, customers below branches, or orders where there are no customers.
    Neither are the three of a thousand airports whose weather is kept: fewer than
    ``FEWEST_ENTITIES`` of a table that have ``ROWS_OF_A_PLACE`` rows each are places. Tables
    of labels, routes or genres, are left out of the way down.

    Attributes
    ----------
    units : ndarray of int, shape (n_rows,)
        Number of the row of that table each row belongs to.
    roots : ndarray of int, shape (n_rows,)
        Number of the root row each row belongs to.
    """

    units: Integers
    roots: Integers

    @classmethod
    def on_path(cls, path: Sequence[Integers], sizes: Sequence[int]) -> Entities:
        """Choose among the tables on the way from the rows up to the root.

        Parameters
        ----------
        path : sequence of ndarray of int, shape (n_rows,)
            Row of the own table, of its context parent, of that one's, each row belongs to.
        sizes : sequence of int
            Number of rows of each of these tables. Where none has enough, rows are entities.

        Examples
        --------
        >>> rows, branches = np.arange(60), np.arange(60) % 2
        >>> Entities.on_path((rows, rows // 3, branches), (60, 20, 2)).units[-1]
        np.int64(19)
        """
        enough = [
            at
            for at, (rows, size) in enumerate(zip(path, sizes, strict=True))
            if size >= FEWEST_ENTITIES and not _are_places(rows)
        ]
        return cls(path[max(enough, default=0)], path[-1])

    @classmethod
    def rows(cls, n_rows: int) -> Entities:
        """Let every row be an entity."""
        every = np.arange(n_rows)
        return cls(every, every)

    def of(self, values: pd.Series, kind: str) -> Integers:
        """Return the entity that the values of a column of some kind are counted by.

        Numbers of accounts or documents and addresses identify somebody however few root
        rows there are: three of these must share them, where there are three.
        """
        if self.roots is self.units or kind not in OPEN_KINDS or not _identify(values):
            return self.units
        return self.units if len(np.unique(self.roots)) < MIN_ENTITIES else self.roots


def _are_places(rows: Integers) -> bool:
    """Return whether few rows of a table have very many rows each below them."""
    few = len(rows) // ROWS_OF_A_PLACE
    return few > 0 and len(np.unique(rows)) <= min(few, FEWEST_ENTITIES - 1)


def _identify(values: pd.Series) -> bool:
    """Return whether most texts and whole numbers hold many digits or an e-mail address."""
    found = values.dropna().unique()[:SAMPLE]
    telling = [_is_identifier(str(v)) for v in found if isinstance(v, str | int | np.integer)]
    return bool(telling) and sum(telling) >= IDENTIFYING_SHARE * len(found)


def _is_identifier(text: str) -> bool:
    return "@" in text or sum(map(str.isdigit, text)) >= IDENTIFYING_DIGITS


def tells(value: Any) -> bool:
    """Return whether a value could tell anything of anybody, unlike ``?``, ``F`` or ``3``."""
    return not isinstance(value, str | int) or (
        len(str(value)) > 1 and any(map(str.isalnum, str(value)))
    )


def rare_levels(codes: Integers, entities: Integers, n_levels: int) -> Flags:
    """Return which levels fewer than ``MIN_ENTITIES`` entities have.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        Level of each row, ``-1`` for missing.
    entities : ndarray of int, shape (n_rows,)
        Number of the entity each row belongs to.
    n_levels : int

    Returns
    -------
    ndarray of bool, shape (n_levels,)
    """
    known = codes >= 0
    pairs = np.unique(
        codes[known].astype(np.int64) * (entities.max(initial=0) + 1) + entities[known]
    )
    holders = np.bincount(pairs // (entities.max(initial=0) + 1), minlength=n_levels)
    return holders < MIN_ENTITIES


def shared_range(values: Floats, entities: Integers) -> tuple[float, float]:
    """Return the widest range whose ends at least ``MIN_ENTITIES`` entities reach.

    Among few entities every value is far out: below 100 of them one entity less is asked
    for, below 50 the plain range is returned. An empty column gives ``nan``.

    Examples
    --------
    >>> import numpy as np
    >>> shared_range(np.append(np.arange(200.0), 9999.0), np.arange(201))
    (2.0, 198.0)
    """
    known = ~np.isnan(values)
    values, entities = values[known], entities[known]
    if not len(values):
        return float("nan"), float("nan")
    groups, codes = np.unique(entities, return_inverse=True)
    place = min(MIN_ENTITIES - 1, len(groups) // ENTITIES_PER_PLACE)
    if place == 0:
        return float(values.min()), float(values.max())
    highest = np.full(len(groups), -np.inf)
    lowest = np.full(len(groups), np.inf)
    np.maximum.at(highest, codes, values)
    np.minimum.at(lowest, codes, values)
    low = np.partition(lowest, place)[place]
    high = np.partition(highest, len(groups) - 1 - place)[len(groups) - 1 - place]
    return float(min(low, high)), float(max(low, high))
