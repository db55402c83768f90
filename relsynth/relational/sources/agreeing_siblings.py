"""Columns in which the children of a linked parent mostly agree: the date of a race's laps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.evidence import ENOUGH, LARGE_SAMPLE, Evidence
from relsynth.groups import modes
from relsynth.packing import packable
from relsynth.seeding import stream
from relsynth.sorting import stable_order
from relsynth.typing import Flags, Floats, Integers

LEAST_AGREEMENT = 0.7  # laps of f1's races, at .46, got drivers who were easier to tell; 1 is most


@packable
@dataclass(frozen=True, slots=True)
class Common:
    """A column of which most children of a parent have the same value.

    Attributes
    ----------
    key : str
        Name of the foreign key.
    column : str
        Of the child.
    """

    key: str
    column: str

    @property
    def flag(self) -> str:
        """Name of the hidden column that tells which rows have the value most have."""
        return f"#common.{self.key}.{self.column}"

    @property
    def note(self) -> str:
        """One sentence."""
        return f"{self.column} is mostly the same for all rows of one parent of {self.key}"


def has_common(column: Floats, links: Integers) -> bool:
    """Return whether the children of one parent mostly have one value, more than by chance.

    Parameters
    ----------
    column : ndarray of float, shape (n_rows,)
    links : ndarray of int, shape (n_rows,)
        Parent row of each row; negative for none.

    Notes
    -----
    No parent may have more than one in ``ENOUGH`` of the rows that are not alone. At
    least ``LEAST_AGREEMENT`` of the other children have the commonest value, and
    more than half of those that would not if parents were exchanged at random. Looks at
    the children of as many parents as make ``LARGE_SAMPLE`` rows; one sort each.
    """
    rng = stream(0, "common")
    rows = np.flatnonzero((links >= 0) & ~np.isnan(column))
    if len(rows) > LARGE_SAMPLE:
        turn = rng.permutation(int(links.max()) + 1)[links[rows]]
        rows = rows[stable_order(turn)[:LARGE_SAMPLE]]
    if not len(rows):
        return False
    values, groups = column[rows], links[rows]
    agreement = _agreement(values, groups)
    if agreement < LEAST_AGREEMENT:
        return False
    by_chance = _agreement(values, rng.permutation(groups))
    return Evidence(agreement, by_chance, len(rows)).closes()


def is_common(column: Floats, links: Integers) -> Flags:
    """Return which rows have the value most children of their parent have."""
    placed = np.flatnonzero(links >= 0)
    found = np.zeros(len(links), bool)
    most = modes(column[placed], links[placed], int(links.max(initial=-1)) + 1)
    found[placed] = column[placed] == most[links[placed]]
    return found


def _agreement(values: Floats, groups: Integers) -> float:
    """Return the share of further children that have their parent's most frequent value."""
    n_groups = int(groups.max()) + 1
    sizes = np.bincount(groups, minlength=n_groups)
    agrees = values == modes(values, groups, n_groups)[groups]
    hits = np.bincount(groups[agrees], minlength=n_groups)
    several = sizes > 1
    rows = sizes[several].sum()
    if not rows or sizes.max() * ENOUGH > rows:
        return 0.0
    return float((hits - 1)[several].sum() / (sizes - 1)[several].sum())
