"""What is chosen as a whole: a root row with all its descendants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.evaluate.database import Database
from relsynth.schema import ForeignKey
from relsynth.typing import Integers

OUTSIDE = -1  # the unit of a row that belongs to none


@dataclass(frozen=True, slots=True)
class Family:
    """The units of one database that hang below one table.

    Attributes
    ----------
    parentless : bool
        The units are the rows of `root` that have no parent, though others have.
    roots : ndarray of int, shape (n_units,)
        Row numbers of the units in the table `root`.
    unit : mapping of str to ndarray of int
        Per table that has a row in the family: the unit of every row, ``-1`` outside.
    """

    root: str
    parentless: bool
    roots: Integers
    unit: Mapping[str, Integers]

    def __len__(self) -> int:
        return len(self.roots)

    @property
    def name(self) -> str:
        """The root table, and whether only its rows without a parent are meant."""
        return f"{self.root} without a parent" if self.parentless else self.root

    def rows(self, chosen: Integers) -> dict[str, Integers]:
        """Return the row numbers, rising, that belong to some units."""
        taken = np.zeros(len(self) + 1, dtype=bool)
        taken[chosen] = True
        return {table: np.flatnonzero(taken[unit]) for table, unit in self.unit.items()}


def families_of(database: Database, contexts: Mapping[str, ForeignKey | None]) -> list[Family]:
    """Split a database into families of units.

    Parameters
    ----------
    contexts : mapping of str to ForeignKey or None
        Per table to choose from, parents before children: the key through which its rows
        belong to a parent; ``None`` for a root.

    Returns
    -------
    list of Family
        In the order of their roots; one for the rows without a parent after each table that
        could have some. Every row of the tables belongs to exactly one unit.
    """
    found: list[Family] = []
    for root, key in contexts.items():
        rows = np.arange(database.rows[root])
        if key is not None:
            rows = rows[database.links[key.name] < 0]
        found.append(_below(database, contexts, root, rows))
    return found


def _below(
    database: Database, contexts: Mapping[str, ForeignKey | None], root: str, rows: Integers
) -> Family:
    unit = {root: np.full(database.rows[root], OUTSIDE)}
    unit[root][rows] = np.arange(len(rows))
    for table, key in contexts.items():
        if key is not None and key.parent in unit and table != root:
            unit[table] = np.append(unit[key.parent], OUTSIDE)[database.links[key.name]]
    return Family(root, contexts[root] is not None, rows, unit)
