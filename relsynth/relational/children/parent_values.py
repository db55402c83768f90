"""Categories whose values belong to single families: account numbers, addresses, cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.evidence import FEW, LARGELY, MOST
from relsynth.groups import starts_of, unique_values
from relsynth.packing import packable
from relsynth.relational.children.history import Siblings
from relsynth.typing import Flags, Floats, Integers

LEAST_LEVELS = 30  # values; fewer are a code list
NUMBERED = 20  # earlier values distinguished; later ones are one of the others

FRESH, SAME, FIRST = 0, 1, 2
OTHER = FIRST + NUMBERED


@packable
@dataclass(frozen=True, slots=True)
class ParentValues:
    """Columns learned by how their values recur inside a family, not by what they are.

    A value that no other family has says nothing but when it comes back. It is learned as
    *fresh*, *same* as the sibling's before, the number of an earlier value of the family
    (at most ``NUMBERED``), or any *other* earlier one; values that families share keep codes
    of their own before these four kinds.

    Attributes
    ----------
    shared : mapping of str to ndarray of int
        Per column, the codes of the encoder that families share, rising.
    levels : mapping of str to int
        Per column, the number of codes of the encoder; invented values are numbered from it.
    companions : mapping of str to mapping of str to float
        Per column, those that come back with its value: in which share of the rows they are
        as they were when the value was new.
    """

    shared: Mapping[str, Integers]
    levels: Mapping[str, int]
    companions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def find(cls, rows: Matrix, groups: Integers | None, names: tuple[str, ...]) -> ParentValues:
        """Look at some categories of real rows.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_columns)
        groups : ndarray of int, shape (n_rows,), or None
            Family of each row; every row is one of its own where there are none.
        names : tuple of str
            Columns for which values may be invented.

        Notes
        -----
        A column is private where at least ``MOST`` of its values, of at least
        ``LEAST_LEVELS`` levels, belong to a single family. Costs one sort a column.
        """
        shared, levels = {}, {}
        families = np.arange(len(rows)) if groups is None else groups
        for name in names:
            known = ~np.isnan(rows[name])
            codes = rows[name][known].astype(np.int64)
            n_levels = int(codes.max(initial=-1)) + 1
            if n_levels < LEAST_LEVELS:
                continue
            pairs = unique_values(families[known] * n_levels + codes)
            holders = np.bincount(pairs % n_levels, minlength=n_levels)
            if (holders[codes] == 1).mean() >= MOST:
                shared[name], levels[name] = np.flatnonzero(holders > 1), n_levels
        return cls(shared, levels)

    def accompanied(self, rows: Matrix, siblings: Siblings, names: tuple[str, ...]) -> ParentValues:
        """Return the same with the columns that come back with a private value.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_columns)
            Real ones, sorted by group and position, with the codes of the encoder.
        names : tuple of str
            Columns to look at.

        Notes
        -----
        The bank of a payee does, and the amount of a standing order nearly always. At least
        ``FEW`` rows must tell, ``LARGELY`` of them the same.
        """
        found = {}
        for name, shared in self.shared.items():
            codes = np.nan_to_num(rows[name], nan=-1.0).astype(np.int64)
            own = np.flatnonzero((codes >= 0) & ~np.isin(codes, shared))
            pairs = siblings.group[own] * (int(codes.max(initial=0)) + 1) + codes[own]
            _, first, inverse = np.unique(pairs, return_index=True, return_inverse=True)
            back = first[inverse] != np.arange(len(own))
            if back.sum() < FEW:
                continue
            then, now = own[first[inverse][back]], own[back]
            shares = {other: _share_alike(rows[other], then, now) for other in names}
            found[name] = {n: share for n, share in shares.items() if share >= LARGELY}
        return ParentValues(self.shared, self.levels, found)

    def localise(self, rows: Matrix, siblings: Siblings) -> Matrix:
        """Return real rows, sorted by group and position, with values as they recur."""
        values = rows.values.copy()
        for name, shared in self.shared.items():
            at = rows.names.index(name)
            values[:, at] = _recurrence(values[:, at], shared, siblings)
        return Matrix(rows.names, rows.kinds, values)

    def features(self, rows: Matrix, groups: Integers) -> Matrix:
        """Return rows in their own order, with values as they recur in their groups.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_columns)
        groups : ndarray of int, shape (n_rows,)
            Family of each row; a negative one is a family of its own.
        """
        alone = np.flatnonzero(groups < 0)
        groups = groups.copy()
        groups[alone] = groups.max(initial=-1) + 1 + np.arange(len(alone))
        siblings = Siblings.of(groups)
        local = self.localise(rows.take(siblings.rows), siblings).values
        return Matrix(rows.names, rows.kinds, local[np.argsort(siblings.rows)])

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence per column."""
        return tuple(
            f"{name} has values of single families; they recur as in the data and are invented"
            for name in self.shared
        )

    @property
    def fresh(self) -> dict[str, float]:
        """The code of a fresh value, per column."""
        return {name: float(len(shared) + FRESH) for name, shared in self.shared.items()}


class Recurrence:
    """Which values the families had so far, while rows are drawn.

    Parameters
    ----------
    names : tuple of str
        Columns of the rows.
    """

    def __init__(self, parent_values: ParentValues, names: tuple[str, ...], n_groups: int) -> None:
        self.columns = {name: names.index(name) for name in parent_values.shared}
        self.parent_values = parent_values
        self.seen = {name: np.zeros(n_groups, np.int64) for name in self.columns}
        self.last = {name: np.full(n_groups, -1) for name in self.columns}
        self.met = {
            (name, names.index(other)): _Met(n_groups, share)
            for name, others in parent_values.companions.items()
            for other, share in others.items()
        }

    def settle(
        self, groups: Integers, rows: Floats, rng: np.random.Generator
    ) -> dict[str, Integers]:
        """Make codes possible and companions alike, in place, and return which value each row has.

        Parameters
        ----------
        groups : ndarray of int, shape (n_rows,)
            Each at most once.
        rows : ndarray of float, shape (n_rows, n_columns)

        Returns
        -------
        dict of str to ndarray of int
            0, 1, 2, … in the order in which values come up in a family; -1 for shared and
            missing ones.
        """
        numbers = {}
        for name, at in self.columns.items():
            first = len(self.parent_values.shared[name])
            kind = np.nan_to_num(rows[:, at], nan=-1.0).astype(np.int64) - first
            seen, last = self.seen[name][groups], self.last[name][groups]
            number = np.where(kind >= FIRST, kind - FIRST, seen)
            number = np.where(kind == SAME, np.where(last >= 0, last, seen), number)
            some = NUMBERED + (rng.random(len(groups)) * (seen - NUMBERED)).astype(np.int64)
            number = np.where(kind == OTHER, np.where(seen > NUMBERED, some, seen), number)
            number = np.where(kind < 0, -1, np.minimum(number, seen))
            fresh = number == seen
            rows[fresh, at] = first + FRESH
            self.seen[name][groups] += fresh
            self.last[name][groups] = number
            numbers[name] = number
            parent_values = number >= 0
            for (of, other), met in self.met.items():
                if of == name:
                    met.repeat(rows[:, other], groups, number, parent_values & ~fresh, rng)
                    met.keep(rows[:, other], groups, number, fresh)
        return numbers

    def name(
        self,
        values: Floats,
        groups: Integers,
        numbers: Mapping[str, Integers],
        invented: dict[str, int],
    ) -> None:
        """Turn codes into those of the encoder, in place; every value of a family gets its own.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows, n_columns)
        groups : ndarray of int, shape (n_rows,)
        numbers : mapping of str to ndarray of int
            As `settle` gave them.
        invented : dict of str to int
            Values invented before; goes on counting.
        """
        for name, at in self.columns.items():
            parent_values = numbers[name] >= 0
            begin = self.parent_values.levels[name] + invented.get(name, 0)
            starts = begin + starts_of(self.seen[name])
            invented[name] = invented.get(name, 0) + int(self.seen[name].sum())
            common = ~parent_values & ~np.isnan(values[:, at])
            shared = self.parent_values.shared[name]
            values[common, at] = shared[values[common, at].astype(np.int64)]
            values[parent_values, at] = starts[groups[parent_values]] + numbers[name][parent_values]


class _Met:
    """What a companion was when each private value of a family was new."""

    def __init__(self, n_groups: int, share: float) -> None:
        self.values = np.full((n_groups, NUMBERED), np.nan)
        self.share = share

    def repeat(
        self,
        column: Floats,
        groups: Integers,
        number: Integers,
        back: Flags,
        rng: np.random.Generator,
    ) -> None:
        """Give rows whose value is back what came with it, in place."""
        alike = back & (rng.random(len(back)) < self.share)
        column[alike] = self.values[groups[alike], number[alike]]

    def keep(self, column: Floats, groups: Integers, number: Integers, fresh: Flags) -> None:
        """Note what came with new values."""
        width = self.values.shape[1]
        if number.max(initial=0) >= width:
            more = np.full((len(self.values), int(number.max()) + 1), np.nan)
            self.values = np.hstack([self.values, more])
        self.values[groups[fresh], number[fresh]] = column[fresh]


def _share_alike(values: Floats, then: Integers, now: Integers) -> float:
    alike = values[then] == values[now]
    alike |= np.isnan(values[then]) & np.isnan(values[now])
    return float(alike.mean())


def _recurrence(column: Floats, shared: Integers, siblings: Siblings) -> Floats:
    """Return the code of every row of one column."""
    codes = np.nan_to_num(column, nan=-1.0).astype(np.int64)
    place = np.searchsorted(shared, codes)
    common = np.isin(codes, shared)
    parent_values = (codes >= 0) & ~common
    local = np.where(common, place, np.nan).astype(float)
    rows = np.flatnonzero(parent_values)
    if not len(rows):
        return local
    first, number = _first_uses(siblings.group[rows], codes[rows])
    kind = np.where(number < NUMBERED, FIRST + number, OTHER)
    before = np.where(siblings.position[rows] > 0, codes[rows - 1], -1)
    kind = np.where(codes[rows] == before, SAME, kind)
    local[rows] = len(shared) + np.where(first, FRESH, kind)
    return local


def _first_uses(groups: Integers, codes: Integers) -> tuple[Flags, Integers]:
    """Return whether a value is new in its group, and its number in the order they come up."""
    pairs = groups * (int(codes.max()) + 1) + codes
    _, first, inverse = np.unique(pairs, return_index=True, return_inverse=True)
    fresh = np.zeros(len(codes), bool)
    fresh[first] = True
    total = np.cumsum(fresh)
    starts = np.flatnonzero(np.r_[True, np.diff(groups) != 0])
    ahead = np.repeat((total - fresh)[starts], np.diff(np.r_[starts, len(groups)]))
    number = total - 1 - ahead
    return fresh, number[first][inverse]
