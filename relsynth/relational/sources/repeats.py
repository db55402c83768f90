"""Columns of a child table that repeat a column of a linked parent: the price of a product."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relsynth.evidence import ENOUGH, FEW, MOST, NEARLY_ALL, SAMPLE, SLIGHT, Evidence
from relsynth.groups import modes, unique_values
from relsynth.metadata.references import comparable
from relsynth.packing import packable
from relsynth.seeding import stream
from relsynth.typing import Flags, Floats, Integers

LEAST_DISTINCT = 3  # two values agree half of the time anyway; 6 would miss grades and sizes
FACTORS = 19  # one for every twentieth of the parents


@packable
@dataclass(frozen=True, slots=True)
class Repeat:
    """A column that repeats one of the row a key refers to.

    Attributes
    ----------
    key : str
        Name of the foreign key.
    column, source : str
        Of the child and of the parent.
    always : bool
        Whether all rows do; otherwise a hidden column tells which.
    others : ndarray of float
        Of numbers, where the rows of one parent that do not repeat its value have one value
        of their own, such as the price before: by what the parent's is multiplied for it, in
        ascending order. Empty elsewhere.
    """

    key: str
    column: str
    source: str
    always: bool
    others: Floats = field(default_factory=lambda: np.empty(0), compare=False)

    @property
    def flag(self) -> str:
        """Name of the hidden column."""
        return f"#repeats.{self.key}.{self.column}"

    @property
    def note(self) -> str:
        """One sentence."""
        often = "" if self.always else "mostly "
        others = "; other rows of one parent have one other value" if len(self.others) else ""
        return f"{self.column} {often}repeats {self.source} of {self.key}{others}"


def find_repeats(
    key: str, child: pd.DataFrame, parent: pd.DataFrame, links: Integers, columns: tuple[str, ...]
) -> tuple[Repeat, ...]:
    """Return which columns of a child table repeat a column of a parent, and how often.

    Parameters
    ----------
    key : str
        Name of the foreign key.
    links : ndarray of int, shape (n_child_rows,)
        Parent row of each child row; negative for none.
    columns : tuple of str
        The child columns to look at.

    Notes
    -----
    At least ``MOST`` of the rows must agree, and at least half of those that would not
    if they referred to random parents. Columns of less than ``FEW`` values are left
    to the table model unless all rows agree. Every pair of columns is compared on ``SAMPLE`` rows,
    the best on all.
    """
    placed = np.flatnonzero(links >= 0)
    if len(placed) < LEAST_DISTINCT:
        return ()
    some = placed[stream(0, "repeats").permutation(len(placed))[:SAMPLE]]
    sources = {name: comparable(parent[name].iloc[links[some]]) for name in parent.columns}
    found = []
    for name in columns:
        if child[name].nunique() < LEAST_DISTINCT:
            continue
        own = comparable(child[name].iloc[some])
        gains = {}
        for source, other in sources.items():
            share = _agreeing(own, other).mean()
            if share < MOST:
                continue
            by_chance = _agreeing(own, _shifted(other)).mean()
            if Evidence(float(share), float(by_chance), len(some)).closes():
                gains[source] = share
        if gains:
            best = max(gains, key=lambda source: (gains[source], source == name, str(source)))
            always = bool(repeating(child[name], parent[best], links)[placed].all())
            if always or child[name].nunique() >= FEW:
                others = _others(child[name], parent[best], links)
                found.append(Repeat(key, name, best, always, others))
    return tuple(found)


def _others(child: pd.Series, parent: pd.Series, links: Integers) -> Floats:
    """Return the factors of `Repeat.others`, without the outer twentieths of the parents."""
    if not all(pd.api.types.is_numeric_dtype(part.dtype) for part in (child, parent)):
        return np.empty(0)
    other = np.where(repeating(child, parent, links), -1, links)
    own = child.to_numpy(float, na_value=np.nan)
    base = parent.to_numpy(float, na_value=np.nan)
    rows = np.flatnonzero((other >= 0) & (own > 0))
    rows = rows[base[other[rows]] > 0]
    agreement = _agreement(own[rows], other[rows], len(base))
    dealt = stream(0, "others").permutation(other[rows])
    by_chance = _agreement(own[rows], dealt, len(base))
    if agreement < NEARLY_ALL or not Evidence(agreement, by_chance, len(rows)).closes():
        return np.empty(0)
    parents = unique_values(other[rows])
    factors = modes(own[rows], other[rows], len(base))[parents] / base[parents]
    return np.quantile(factors, np.linspace(SLIGHT, 1 - SLIGHT, FACTORS))


def _agreement(values: Floats, groups: Integers, n_groups: int) -> float:
    """Return the share of rows, in groups of several, that have the value most of them have."""
    several = np.bincount(groups, minlength=n_groups)[groups] > 1
    if np.count_nonzero(several) < ENOUGH:
        return 0.0
    return float((values == modes(values, groups, n_groups)[groups])[several].mean())


def repeating(child: pd.Series, parent: pd.Series, links: Integers) -> Flags:
    """Return which rows of a child table have the value of their parent row.

    Parameters
    ----------
    links : ndarray of int, shape (n_child_rows,)
    """
    agrees = np.zeros(len(links), bool)
    placed = np.flatnonzero(links >= 0)
    own, other = comparable(child.iloc[placed]), comparable(parent.iloc[links[placed]])
    agrees[placed] = _agreeing(own, other)
    return agrees


def _shifted(values: pd.Series) -> pd.Series:
    return values.iloc[np.roll(np.arange(len(values)), 1)]


def _agreeing(own: pd.Series, other: pd.Series) -> Flags:
    """Return where two columns are equal; numbers may differ in dtype, missing values agree."""
    numeric = [pd.api.types.is_numeric_dtype(part.dtype) for part in (own, other)]
    if own.dtype != other.dtype and not all(numeric):
        return np.zeros(len(own), bool)
    left, right = own.to_numpy(), other.to_numpy()
    missing = pd.isna(left), pd.isna(right)
    equal = np.zeros(len(left), bool)
    known = ~missing[0] & ~missing[1]
    equal[known] = left[known] == right[known]
    return equal | (missing[0] & missing[1])
