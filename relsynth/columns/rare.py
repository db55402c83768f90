"""Rare levels and rare combinations become those that similar rows have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product

import numpy as np
import pandas as pd

from relsynth.columns.protection import Holders
from relsynth.evidence import LARGE_SAMPLE, MOST
from relsynth.groups import distinct_in_groups, joint_codes, unique_values
from relsynth.schema import Column
from relsynth.schema.hints import hint_of
from relsynth.seeding import Seed, stream
from relsynth.sorting import stable_order
from relsynth.typing import Floats, Integers

FEWEST = 0.1  # of the rows: fewer with common levels stand for nothing
MANY = 20  # levels; the variance of fewer shares says little
FILLED = 0.75  # of a range: numbers of a list, of which a few are in no row
LEAST_NOISE = 0.05  # of the variance of shares: less tells nothing about anybody
SHORT = 5  # capitals alone: longer ones are words
LEVELS = 50  # of a column whose combinations are looked at, and of a feature of similarity
BINS = 4  # quarters of a number, as a feature of similarity
FEATURES = 4  # columns in which similar rows agree, if possible
EXPECTED = 4  # times k: subjects that chance would give a combination before it can look unlikely
UNLIKELY = 0.5  # most rows of such a combination, as a share of those that chance would give


def without_rare(
    frame: pd.DataFrame,
    columns: Mapping[str, Column],
    names: tuple[str, ...],
    keys: set[str],
    holders: Holders,
    seed: Seed,
    context: Mapping[str, pd.Series] | None = None,
) -> tuple[pd.DataFrame, frozenset[str]]:
    """Return a table whose categories and combinations of two enough subjects have.

    Parameters
    ----------
    frame : DataFrame
        A copy is changed.
    names : tuple of str
        The categories.
    keys : set of str
        Columns that identify or refer; they are left alone and say nothing.
    context : mapping of str to Series, optional
        What the parents of the rows have, with which a level of a row may go together.

    Returns
    -------
    DataFrame
    frozenset of str
        Columns whose levels are numbers of a list and tell of nobody any more.

    Notes
    -----
    A row with a rare level takes the level, and all that the level determines, of a row that
    agrees with it in the columns that tell most of it. Where more than ``MOST`` of the rows
    have rare levels they stay, for the encoder to invent levels of their form or kind; words that
    no list of their kind stands for are taken over down to ``FEWEST`` rows with common ones.
    Two levels that each are common but go together in fewer than k subjects, of whom chance
    would give ``EXPECTED * k``, are taken apart likewise; so are a level and a missing value, one
    of a few days or numbers, and a level of a parent. Levels that are numbers of a list become
    any of them, those that no row has as well.
    """
    if not holders.paths:
        return frame, frozenset()
    table = _Table(frame, [n for n in frame.columns if n not in keys], holders)
    for name in sorted(names, key=lambda name: (-table.n_levels(name), name)):
        codes, n_levels = table.codes(name)
        if columns[name].kind == "boolean" or name in holders.unprotected:
            continue  # both values are known from the type, or every level is nobody's
        rows = np.flatnonzero(np.append(holders.rare(codes, n_levels), False)[codes])
        numbers = table.numbers_of_list(name)
        if numbers is not None:
            table.draw_from_list(name, rows, numbers, stream(seed, "listed", name))
            continue
        if not len(rows):
            continue
        known = np.flatnonzero(codes >= 0)
        most = MOST if _are_invented(frame[name], columns[name]) else 1 - FEWEST
        if len(rows) > most * len(known) or len(rows) == len(known):
            table.open.add(name)
            continue
        donors = np.setdiff1d(known, rows, assume_unique=True)
        table.take_over(name, rows, donors, stream(seed, "levels", name))
    for name in names:
        if name not in {*table.open, *table.listed, *holders.unprotected}:
            table.level_out(name, stream(seed, "chance", name))
    table.part_combinations(
        tuple(n for n in table.names if n in names or _may_change(columns[n])), context or {}, seed
    )
    for name in names:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            table.set(name, table.now(name).cat.remove_unused_categories())
    return table.changed(), frozenset(table.listed)


def _are_invented(values: pd.Series, column: Column) -> bool:
    """Return whether levels of the form or kind of real ones can be made: no words of a trade."""
    hint = hint_of(column.name)
    texts = [text for text in values.dropna().unique() if isinstance(text, str)]
    words = sum(text[:1].isalpha() and not any(map(str.isdigit, text)) for text in texts)
    is_known = column.provider or (hint is not None and hint.provider)
    codes = sum(len(text) <= SHORT and text.isupper() for text in texts)
    return bool(is_known) or not texts or 2 * (words - codes) <= len(texts)


def _may_change(column: Column) -> bool:
    return column.kind in ("integer", "boolean")


@dataclass(slots=True)
class _Table:
    frame: pd.DataFrame
    names: list[str]
    holders: Holders
    open: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    _new: dict[str, pd.Series] = field(default_factory=dict)
    _codes: dict[str, tuple[Integers, int]] = field(default_factory=dict)
    _features: dict[str, Integers] = field(default_factory=dict)
    _states: dict[str, tuple[Integers, int]] = field(default_factory=dict)
    _held: dict[str, Floats] = field(default_factory=dict)

    def now(self, name: str) -> pd.Series:
        return self._new.get(name, self.frame[name])

    def set(self, name: str, column: pd.Series) -> None:
        self._new[name] = column
        self._codes.pop(name, None)
        self._features.pop(name, None)
        self._states.pop(name, None)
        self._held.pop(name, None)

    def changed(self) -> pd.DataFrame:
        return self.frame.assign(**self._new) if self._new else self.frame

    def codes(self, name: str) -> tuple[Integers, int]:
        if name not in self._codes:
            codes, levels = pd.factorize(self.now(name))
            self._codes[name] = codes.astype(np.int64), len(levels)
        return self._codes[name]

    def states(self, name: str) -> tuple[Integers, int]:
        """Return codes from 0 of few values and a missing one, or of whether one of many is."""
        if name not in self._states:
            codes, n_levels = self.codes(name)
            many = n_levels > LEVELS
            self._states[name] = (
                ((codes < 0).astype(np.int64), 2) if many else (codes + 1, n_levels + 1)
            )
        return self._states[name]

    def held(self, name: str) -> Floats:
        """Return how many subjects have each state of a column."""
        if name not in self._held:
            self._held[name] = _held(
                self.states(name)[0], self.holders.finest, self.states(name)[1]
            )
        return self._held[name]

    def n_levels(self, name: str) -> int:
        return self.codes(name)[1]

    def feature(self, name: str) -> Integers:
        """Return few codes, from 0, that stand for a column."""
        if name not in self._features:
            self._features[name] = _few_codes(self.now(name), *self.codes(name))
        return self._features[name]

    def determined(self, name: str) -> list[str]:
        """Return the columns that follow from a column that comes back."""
        codes, n_levels = self.codes(name)
        if 2 * n_levels > len(codes):
            return []
        found = []
        for other in self.names:
            if other == name or self.n_levels(other) > n_levels or self.n_levels(other) < 2:
                continue
            theirs = self.codes(other)[0] + 1
            first = np.full(n_levels, -1)
            first[codes[codes >= 0]] = theirs[codes >= 0]
            if (first[codes[codes >= 0]] == theirs[codes >= 0]).all():
                found.append(other)
        return found

    def take_over(
        self,
        name: str,
        rows: Integers,
        donors: Integers,
        rng: np.random.Generator,
        required: str | None = None,
    ) -> None:
        """Give rows the level, and what follows from it, of donors that resemble them."""
        together = [other for other in self.determined(name) if other != required]
        others = [n for n in self.names if n not in {name, required, *together}]
        best = _informative([(n, self.feature(n)) for n in others], self.feature(name), donors, rng)
        features = ([] if required is None else [self.states(required)[0]]) + [
            self.feature(other) for other in best
        ]
        chosen = _similar(features, rows, donors, rng, least=0 if required is None else 1)
        self.copy((name, *together), rows[chosen >= 0], chosen[chosen >= 0])

    def copy(self, names: tuple[str, ...], rows: Integers, donors: Integers) -> None:
        """Give rows what donors have in some columns."""
        for name in names:
            series = self.now(name).copy()
            series.iloc[rows] = series.iloc[donors].array
            self.set(name, series)

    def numbers_of_list(self, name: str) -> Integers | None:
        """Return all numbers of a list that levels are of, such as districts 0 to 232.

        None where levels are no such numbers, are few, or tell of other columns. Which numbers
        are missing tells who was not asked, where hardly anybody has each.
        """
        n_levels = self.codes(name)[1]
        if n_levels < MANY or not self.holders.are_subjects or self.determined(name):
            return None
        return _listed(self.now(name))

    def draw_from_list(
        self, name: str, rare: Integers, numbers: Integers, rng: np.random.Generator
    ) -> None:
        """Give rows with rare levels, and as many as chance explains, any number of a list."""
        series = self.now(name).copy()
        counts = np.bincount(series.to_numpy(np.int64) - numbers[0], minlength=len(numbers))
        chosen = rng.random(len(series)) < _by_chance(counts)
        chosen[rare] = True
        drawn = np.resize(rng.permutation(numbers), int(chosen.sum()))
        series[chosen] = rng.permutation(drawn).astype(series.dtype)
        self.set(name, series)
        self.listed.add(name)

    def level_out(self, name: str, rng: np.random.Generator) -> None:
        """Take from the shares of many levels what chance explains of their differences.

        How much more often a level comes than others tells who was asked where hardly anybody
        has it. Shares move towards their mean by the part of their variance that sampling
        makes (empirical Bayes, Efron and Morris 1975). Only in tables whose rows are subjects.
        """
        codes, n_levels = self.codes(name)
        known = np.flatnonzero(codes >= 0)
        if n_levels < MANY or not self.holders.are_subjects:
            return
        noise = _by_chance(np.bincount(codes[known], minlength=n_levels))
        rows = known[rng.random(len(known)) < noise]
        if noise < LEAST_NOISE or not len(rows):
            return
        # of rows at random: a level of the most similar row would be joined to it for good
        turn = rng.permutation(known)
        first = turn[np.unique(codes[turn], return_index=True)[1]]
        donors = rng.permutation(np.resize(rng.permutation(first), len(rows)))
        self.copy((name, *self.determined(name)), rows, donors)

    def part_combinations(
        self, names: tuple[str, ...], context: Mapping[str, pd.Series], seed: Seed
    ) -> None:
        """Take two common levels apart that hardly any subject combines."""
        used = [n for n in names if n not in self.open and 2 <= self.n_levels(n) <= LEVELS]
        for name, column in context.items():
            codes, levels = pd.factorize(column)
            self._states[name] = codes.astype(np.int64) + 1, len(levels) + 1
        fixed = [n for n in (*self.names, *context) if n not in used and n not in self.open]
        fixed = [n for n in fixed if np.ptp(self.states(n)[0])]
        for one, other in (*combinations(used, 2), *product(fixed, used)):
            for at, (rows, allowed) in enumerate(self._unlikely(one, other)):
                rng = stream(seed, "pair", f"{at}.{one}.{other}")
                self.take_over(other, rows, allowed, rng, required=one)

    def _unlikely(self, one: str, other: str) -> Iterator[tuple[Integers, Integers]]:
        """Yield the rows of a combination to take apart, and those that may help out."""
        (left, n_left), (right, n_right) = self.states(one), self.states(other)
        pairs = left * n_right + right
        n_pairs = n_left * n_right
        rows = np.bincount(pairs, minlength=n_pairs).reshape(n_left, n_right)
        by_chance = np.outer(rows.sum(1), rows.sum(0)) / max(rows.sum(), 1)
        k = max(self.holders.least)
        suspect = (rows > 0) & (rows <= UNLIKELY * by_chance) & (by_chance >= EXPECTED * k)
        if not suspect.any():
            return
        spare = self.holders.fewest(pairs, n_pairs).reshape(n_left, n_right)
        subjects = self.holders.finest
        held = [self.held(name) for name in (one, other)]
        chance = np.outer(*held) / max(len(unique_values(subjects)), 1)
        suspect &= (spare < 0) & (chance >= EXPECTED * k)
        if suspect.any():
            bad = suspect.ravel()[pairs]
            yield np.flatnonzero(bad), np.flatnonzero(~bad)


def _by_chance(counts: Integers) -> float:
    """Return the part of the variance of counts that sampling makes."""
    return float(counts.mean() / max(counts.var(), 1e-9))


def _listed(values: pd.Series) -> Integers | None:
    """Return all whole numbers of a range that levels all but fill, None where they do not."""
    if not pd.api.types.is_integer_dtype(values.dtype) or values.hasnans:
        return None
    found = unique_values(values.to_numpy(np.int64))
    size = int(found[-1]) - int(found[0]) + 1
    return np.arange(found[0], found[-1] + 1) if len(found) >= FILLED * size else None


def _held(codes: Integers, subjects: Integers, n_levels: int) -> Floats:
    known, width = codes >= 0, int(subjects.max(initial=0)) + 2
    held = distinct_in_groups(codes[known], subjects[known] + 1, n_levels, width)
    return held.astype(float)


def _few_codes(column: pd.Series, codes: Integers, n_levels: int) -> Integers:
    numbers = pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(
        column.dtype
    )
    if numbers and n_levels > 2 * BINS:
        ranks = column.rank(method="average", pct=True).fillna(0.0).to_numpy(float)
        return np.ceil(ranks * BINS).astype(np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=n_levels)
    place = np.empty(n_levels, np.int64)
    place[stable_order(-counts)] = np.arange(n_levels)
    few: Integers = np.append(np.minimum(place, LEVELS), -1)[codes] + 1
    return few


def _informative(
    features: list[tuple[str, Integers]], target: Integers, rows: Integers, rng: np.random.Generator
) -> list[str]:
    """Return the columns that tell most of another, the best one first.

    By mutual information less what chance would give (Miller 1955).
    """
    some = rng.permutation(rows)[:LARGE_SAMPLE]
    gains = {name: _information(codes[some], target[some]) for name, codes in features}
    best = sorted((n for n in gains if gains[n] > 0), key=lambda n: (-gains[n], n))
    return best[:FEATURES]


def _information(left: Integers, right: Integers) -> float:
    width = int(right.max(initial=0)) + 1
    table = np.bincount(left * width + right, minlength=(int(left.max(initial=0)) + 1) * width)
    joint = table.reshape(-1, width) / max(len(left), 1)
    rows, columns = joint.sum(1, keepdims=True), joint.sum(0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(joint > 0, joint * np.log(joint / (rows * columns)), 0.0)
    free = (np.count_nonzero(rows) - 1) * (np.count_nonzero(columns) - 1)
    return float(parts.sum() - free / (2 * max(len(left), 1)))


def _similar(
    features: list[Integers],
    rows: Integers,
    donors: Integers,
    rng: np.random.Generator,
    *,
    least: int,
) -> Integers:
    """Return a donor for each row that agrees in as many features as possible, the first ones.

    ``-1`` where none agrees in the first `least` features.
    """
    chosen = np.full(len(rows), -1)
    for count in range(len(features), least - 1, -1):
        open_rows = np.flatnonzero(chosen < 0)
        if not len(open_rows):
            break
        both = np.concatenate([donors, rows[open_rows]])
        joint = joint_codes([codes[both] for codes in features[:count]], len(both))
        theirs, own = joint[: len(donors)], joint[len(donors) :]
        order = stable_order(theirs)
        first = np.searchsorted(theirs[order], own, "left")
        last = np.searchsorted(theirs[order], own, "right")
        found = np.flatnonzero(last > first)
        picked = rng.integers(first[found], last[found])
        chosen[open_rows[found]] = donors[order[picked]]
    return chosen
