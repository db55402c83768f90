"""Sets of columns that never repeat: those declared, and those that the real data keep unique."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from relsynth.evaluate.codes import key_codes
from relsynth.typing import Flags, Integers, Tables

if TYPE_CHECKING:
    from relsynth.metadata import Metadata, Table

BY_CHANCE = 25.0  # repetitions expected where none is seen: never by chance (e ** -25)
PAIRS_BY_CHANCE = 3.0  # the same for pairs of which a part says it already: once in 20
WIDTH = 12  # columns tried in sets: 66 pairs; 24 would be 276


@dataclass(frozen=True, slots=True)
class UniqueSet:
    """Columns of a table whose values together never repeat.

    Attributes
    ----------
    declared : bool
        False where only the real data say so.
    """

    table: str
    columns: tuple[str, ...]
    reason: str
    declared: bool


def unique_sets(metadata: Metadata, real: Tables) -> list[UniqueSet]:
    """Return every set of columns that the synthetic data must or should keep unique.

    Declared are the unique sets of the schema. Observed are, where the real data repeat
    nothing: a foreign key, a natural key (identifier or text), two foreign keys, and a foreign
    key with one or two more columns; the last two if chance alone would have repeated them
    (two keys anyway where a table has no others or they share columns).

    Notes
    -----
    Linear in rows; the number of tried combinations is bounded per table.
    """
    found = []
    for name, table in metadata.tables.items():
        declared = [UniqueSet(name, columns, "declared unique", True) for columns in table.unique]
        known = [set(columns) for columns in table.candidate_keys]
        found += declared
        if len(real[name]) < 2:
            continue
        for columns, reason in _observed(metadata, table, real[name]):
            if not any(smaller <= set(columns) for smaller in known):
                known.append(set(columns))
                found.append(UniqueSet(name, columns, reason, False))
    return found


def repeated(frame: pd.DataFrame, columns: tuple[str, ...]) -> Flags:
    """Return which rows repeat the values of an earlier row; rows with a null never do."""
    (codes,) = key_codes([(frame, columns)])
    return (codes >= 0) & pd.Series(codes).duplicated().to_numpy()


def _observed(
    metadata: Metadata, table: Table, frame: pd.DataFrame
) -> Iterator[tuple[tuple[str, ...], str]]:
    keys = sorted({key.columns for key in metadata.parents_of(table.name)})
    natural = [
        (name,)
        for name, column in table.columns.items()
        if column.kind in ("key", "text") and frame[name].notna().any()
    ]
    singles = [*keys, *(columns for columns in natural if columns not in keys)]
    for columns in singles:
        if not repeated(frame, columns).any():
            yield columns, "unique in the real data"
    for first, second in combinations(keys, 2):
        columns = tuple(dict.fromkeys((*first, *second)))
        tied = len(keys) == 2 or set(first) & set(second)
        if not tied and _pairs_by_chance(frame, first, second) < PAIRS_BY_CHANCE:
            continue
        if not repeated(frame, columns).any():
            yield columns, "pairs are unique in the real data"
    yield from _surprising(metadata, table, frame, keys)


def _surprising(
    metadata: Metadata, table: Table, frame: pd.DataFrame, keys: list[tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    skip = metadata.key_columns(table.name)
    others = [
        name
        for name, column in table.columns.items()
        if name not in skip and column.kind not in ("key", "text", "numeric", "timedelta")
    ][:WIDTH]
    codes = {name: key_codes([(frame, (name,))])[0] for name in others}
    chance = {name: _repeat_chance(codes[name]) for name in others}
    for key in keys:
        (group,) = key_codes([(frame, key)])
        sizes = np.bincount(group[group >= 0]).astype(float)
        pairs = float((sizes * (sizes - 1) / 2).sum())
        for count in (1, 2):
            for extra in combinations(others, count):
                expected = pairs * float(np.prod([chance[name] for name in extra]))
                columns = (*key, *extra)
                if expected >= BY_CHANCE and not repeated(frame, columns).any():
                    yield columns, f"unique in the real data, chance would repeat {expected:.0f}"


def _pairs_by_chance(frame: pd.DataFrame, first: tuple[str, ...], second: tuple[str, ...]) -> float:
    """Return how often two keys that know nothing of each other would repeat a pair."""
    own, other = (key_codes([(frame, columns)])[0] for columns in (first, second))
    both = (own >= 0) & (other >= 0)
    pairs = both.sum() * (both.sum() - 1) / 2
    counts = (np.bincount(codes[both]).astype(float) for codes in (own, other))
    agreeing = [(count * (count - 1) / 2).sum() for count in counts]
    return float(np.prod(agreeing) / max(pairs, 1))


def _repeat_chance(codes: Integers) -> float:
    """Return how likely two rows have the same known value."""
    shares = np.bincount(codes[codes >= 0]) / max(len(codes), 1)
    return float((shares**2).sum())
