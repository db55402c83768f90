"""Which combinations of keys and columns are unique in the real data, and stay so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from relsynth.evidence import GLANCE, RARELY
from relsynth.groups import unique_values
from relsynth.metadata import ForeignKey, Table
from relsynth.packing import packable
from relsynth.relational.sources.roles import Roles
from relsynth.sorting import stable_order
from relsynth.typing import Integers

# expected where none is seen: by chance once in 20; 6 find fewer rules, 1 in 400
CHANCE_REPETITIONS = 3
FACTORS = 6  # columns tried in pairs: 15 pairs; 12 would be 66
EXEMPT = 2  # values: of more a column is no list in which everyone has a place of its own


@packable
@dataclass(frozen=True, slots=True)
class UniqueRule:
    """A combination that must not repeat.

    Attributes
    ----------
    keys : tuple of str
        Names of foreign keys that take part.
    columns : tuple of str
        Modelled columns that take part.
    may_be_equal : bool
        Whether both keys of a pair may refer to one and the same row.
    may_repeat : bool
        The pair may repeat, only the two keys must differ.
    on : tuple of str
        Columns whose values must not repeat, where the schema declares them; else the rows
        referred to and the columns above must not.
    exempt : tuple of str
        Values of the column that may repeat, as text: the grid place 0 of those who start from
        the pits.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    may_be_equal: bool = True
    may_repeat: bool = False
    declared: bool = False
    on: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()


def declared_rules(
    table: Table, roles: Roles, keys: tuple[ForeignKey, ...], context: ForeignKey | None
) -> tuple[UniqueRule, ...]:
    """Return the rules of a schema that do not hold by construction.

    A rule names the keys within its columns, those that merely overlap where nothing else
    gives a column its values, and the modelled columns: all that may be moved to keep it.
    """
    rules = []
    numbered = roles.numbering is not None and context is not None
    for columns in table.candidate_keys:
        free = set(columns)
        restarts = numbered and context is not None and set(context.columns) <= free
        if free & set(roles.issued) or (
            restarts and roles.numbering is not None and roles.numbering.column in free
        ):
            continue
        taken = [key for key in keys if set(key.columns) <= free]
        rest = free.difference(*(key.columns for key in taken))
        modelled = tuple(
            n for n in columns if n in rest and n in roles.modelled and n not in roles.foreign
        )
        rest -= set(modelled)
        for key in keys:
            if rest & set(key.columns):
                taken.append(key)
                rest -= set(key.columns)
        names = tuple(key.name for key in keys if key in taken)
        if names or modelled:
            rules.append(UniqueRule(names, modelled, declared=True, on=columns))
    return tuple(rules)


def observed_rules(
    keys: tuple[ForeignKey, ...],
    links: Mapping[str, Integers],
    codes: Mapping[str, Integers],
    parents: Mapping[str, int],
) -> tuple[UniqueRule, ...]:
    """Return combinations that never repeat though chance would have made them repeat.

    Parameters
    ----------
    keys : tuple of ForeignKey
        Of one table.
    links : mapping of str to ndarray of int
        Parent row of each row by key name.
    codes : mapping of str to ndarray of int
        Modelled columns of the real table, a code per distinct value, -1 for missing.
    parents : mapping of str to int
        Rows by table referred to.

    Notes
    -----
    A key is a rule where no real row repeats it, though at least ``CHANCE_REPETITIONS``
    would by chance; so is a pair of keys, which are a rule anyway where the table has no others
    or they share columns. A key and a column, or a key and two columns that tell groups of
    rows apart, are a rule where nothing repeats them but at least ``CHANCE_REPETITIONS``
    rows do once the last part is permuted. A key and a column are also where a few rows or
    values break it: those values are exempt, for now named by their codes.
    """
    once = [key.name for key in keys if _is_one_to_one(links[key.name], parents[key.parent])]
    rules = [UniqueRule((name,), ()) for name in once]
    for first, second in combinations(keys, 2):
        left, right = links[first.name], links[second.name]
        both = (left >= 0) & (right >= 0)
        if not both.any():
            continue
        equal_differs = first.parent == second.parent and not (left[both] == right[both]).any()
        tied = len(keys) == 2 or bool(set(first.columns) & set(second.columns))
        is_unique = not {first.name, second.name} & set(once)
        is_unique = is_unique and _is_unique_beyond_chance(left[both], right[both], at_all=tied)
        if is_unique or equal_differs:
            pair = (first.name, second.name)
            rules.append(UniqueRule(pair, (), not equal_differs, not is_unique))
    for key in keys:
        rows = links[key.name]
        few = _largest_families(rows)
        unique = [name for name in codes if _is_rule(rows, codes[name], few)]
        rules += [UniqueRule((key.name,), (name,)) for name in unique]
        exempt = {name: _nearly(rows, codes[name]) for name in codes if name not in unique}
        for name, values in exempt.items():
            if values is not None:
                shown = tuple(str(value) for value in values)
                rules.append(UniqueRule((key.name,), (name,), exempt=shown))
        levels = {name: codes[name].max(initial=-1) for name in codes if name not in unique}
        factors = [name for name, most in levels.items() if 1 < most < len(rows) / 4]
        for one, other in combinations(factors[:FACTORS], 2):
            if _is_rule(rows, codes[other], few, codes[one]):
                rules.append(UniqueRule((key.name,), (one, other)))
    return tuple(rules)


def _largest_families(rows: Integers) -> Integers:
    """Return a few rows that share parents, where what repeats in a family shows first."""
    counts = np.bincount(rows[rows >= 0])
    largest = stable_order(-counts)
    few = np.zeros(len(counts) + 1, bool)  # the last one is of the rows without a parent
    few[largest[: np.searchsorted(np.cumsum(counts[largest]), GLANCE) + 1]] = True
    return np.flatnonzero(few[np.maximum(rows, -1)])


def _is_rule(
    rows: Integers, codes: Integers, few: Integers, factor: Integers | None = None
) -> bool:
    """Return whether no parent has a code twice, or none together with a factor."""
    for some in (few, slice(None)):
        left, right = rows[some], codes[some]
        if factor is not None:
            left = _both(left, factor[some])
        both = (left >= 0) & (right >= 0)
        first, second = left[both], right[both]
        if len(first) and _repeats(first, second):
            return False
    return len(first) > 0 and repeats_by_chance(first, second) >= CHANCE_REPETITIONS


def _both(rows: Integers, codes: Integers) -> Integers:
    """Return codes of what a row refers to together with a column, -1 where one is missing."""
    return np.where((rows >= 0) & (codes >= 0), rows * (codes.max() + 1) + codes, -1)


def _nearly(left: Integers, right: Integers) -> tuple[int, ...] | None:
    """Return which codes repeat, where all others hardly do though they would by chance."""
    both = (left >= 0) & (right >= 0)
    left, right = left[both], right[both]
    pairs = (int(left.max(initial=-1)) + 1) * (int(right.max(initial=-1)) + 1)
    if pairs < len(left) / 2 * (1 - RARELY):  # more rows than pairs, whatever is exempt
        return None
    exempt: list[int] = []
    for _ in range(EXEMPT + 1):
        if len(left) < both.sum() / 2 or not len(left):
            return None
        again = _repeated(left, right) % (int(right.max()) + 1)
        if len(again) <= RARELY * len(left):
            by_chance = repeats_by_chance(left, right)
            enough = max(CHANCE_REPETITIONS, len(again)) / RARELY
            return tuple(exempt) if by_chance >= enough else None
        exempt.append(int(np.bincount(again).argmax()))
        rest = right != exempt[-1]
        left, right = left[rest], right[rest]
    return None


def _is_one_to_one(rows: Integers, n_parents: int) -> bool:
    placed = rows[rows >= 0]
    by_chance = len(placed) * (len(placed) - 1) / 2 / max(n_parents, 1)
    return by_chance >= CHANCE_REPETITIONS and len(unique_values(placed)) == len(placed)


def _is_unique_beyond_chance(left: Integers, right: Integers, *, at_all: bool = False) -> bool:
    """Return whether no pair repeats, though some would by chance; `at_all` asks no more."""
    if _repeats(left[:GLANCE], right[:GLANCE]):
        return False
    if _repeats(left, right):
        return False
    return at_all or repeats_by_chance(left, right) >= CHANCE_REPETITIONS


def repeats_by_chance(left: Integers, right: Integers) -> float:
    """Return how many pairs of rows would agree in two codes that know nothing of each other.

    Parameters
    ----------
    left, right : ndarray of int, shape (n_rows,)
        Non-negative codes.

    Examples
    --------
    >>> round(repeats_by_chance(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])), 3)
    0.667
    """
    pairs = len(left) * (len(left) - 1) / 2
    equal = [_pairs_within(codes) for codes in (left, right)]
    return float(np.prod(equal)) / max(pairs, 1.0)


def _pairs_within(codes: Integers) -> float:
    counts = np.bincount(codes).astype(float)
    return float((counts * (counts - 1) / 2).sum())


def _repeats(left: Integers, right: Integers) -> bool:
    """Return whether a row repeats the pair of another."""
    pairs = (int(left.max(initial=-1)) + 1) * (int(right.max(initial=-1)) + 1)
    return len(left) > pairs or len(_repeated(left, right)) > 0


def _repeated(left: Integers, right: Integers) -> Integers:
    """Return the joint codes of all rows but the first of every pair."""
    pairs = np.sort(left * (int(right.max()) + 1) + right)
    return pairs[1:][pairs[1:] == pairs[:-1]]
