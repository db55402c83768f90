"""Which combinations of keys and columns are unique in the real data, and stay so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from relsynth.metadata.schema import ForeignKey, Table
from relsynth.packing import packable
from relsynth.relational.roles import Roles
from relsynth.seeding import stream
from relsynth.typing import Floats, Integers

CHANCE_REPETITIONS = 3


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
    declared : bool
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    may_be_equal: bool = True
    may_repeat: bool = False
    declared: bool = False


def declared_rules(
    table: Table, roles: Roles, keys: tuple[ForeignKey, ...]
) -> tuple[UniqueRule, ...]:
    """Return the rules of a schema that do not hold by construction."""
    rules = []
    for columns in table.candidate_keys:
        free = set(columns)
        if free & set(roles.issued) or (roles.numbering and roles.numbering.column in free):
            continue
        taken = tuple(key.name for key in keys if set(key.columns) <= free)
        covered = {column for key in keys if key.name in taken for column in key.columns}
        rest = tuple(name for name in columns if name not in covered)
        if set(rest) <= set(roles.modelled):
            rules.append(UniqueRule(taken, rest, declared=True))
    return tuple(rules)


def observed_rules(
    keys: tuple[ForeignKey, ...], links: Mapping[str, Integers], columns: Mapping[str, Floats]
) -> tuple[UniqueRule, ...]:
    """Return pairs that never repeat though chance would have made them repeat.

    Parameters
    ----------
    keys : tuple of ForeignKey
        Of one table.
    links : mapping of str to ndarray of int
        Parent row of each row by key name.
    columns : mapping of str to ndarray of float
        Modelled columns.

    Notes
    -----
    A pair of two keys, or of a key and a column, is a rule where no real row repeats it
    while at least ``CHANCE_REPETITIONS`` rows repeat it once the second column is permuted.
    """
    rules = []
    for first, second in combinations(keys, 2):
        left, right = links[first.name], links[second.name]
        both = (left >= 0) & (right >= 0)
        if not both.any():
            continue
        equal_differs = first.parent == second.parent and not (left[both] == right[both]).any()
        is_unique = _is_unique_beyond_chance(left[both], right[both])
        if is_unique or equal_differs:
            pair = (first.name, second.name)
            rules.append(UniqueRule(pair, (), not equal_differs, not is_unique))
    for key in keys:
        for name, values in columns.items():
            both = (links[key.name] >= 0) & ~np.isnan(values)
            codes = np.unique(values[both], return_inverse=True)[1]
            if both.any() and _is_unique_beyond_chance(links[key.name][both], codes):
                rules.append(UniqueRule((key.name,), (name,)))
    return tuple(rules)


def _is_unique_beyond_chance(left: Integers, right: Integers) -> bool:
    span = int(right.max()) + 1
    if len(np.unique(left * span + right)) < len(left):
        return False
    shuffled = right[stream(0, "unique").permutation(len(right))]
    repeated = len(left) - len(np.unique(left * span + shuffled))
    return repeated >= CHANCE_REPETITIONS
