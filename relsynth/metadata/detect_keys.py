"""Find the columns that identify the rows of a table."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from relsynth.metadata.naming import IDENTIFIERS, is_identifier, is_position, table_words, words_of
from relsynth.metadata.profile import Profile

_TIME_TABLES = frozenset({"calendar", "date", "day", "time", "period", "week", "month"})
_ALTERNATES = frozenset(
    {"email", "mail", "username", "login", "sku", "isbn", "ssn", "iban", "uuid", "guid", "slug"}
)
_ROW_NUMBERS = frozenset({"index", "row", "rownum", "unnamed", "level"})  # what pandas may add
_CALLED = frozenset({"name", "title", "label", "type", "status", "value", "description", "year"})
_FEW = 5  # rows; in fewer anything is unique
_ENOUGH = 10  # rows that are unique though nothing says key
_WIDEST = 4  # columns of a key
_CONSIDERED = 8  # columns tried in sets: 154 sets; 16 would be 2,500
_BESIDES = 1  # column that a bridge may have besides its references
_REPETITIONS = 30  # expected by chance in the rows of the first look


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A primary key that the data suggest.

    Attributes
    ----------
    rank : int
        0 for the most convincing kind of name.
    """

    columns: tuple[str, ...]
    rank: int
    evidence: str


def find_primary_keys(
    profiles: Mapping[str, Mapping[str, Profile]], vocabulary: frozenset[str]
) -> dict[str, FoundKey]:
    """Return the primary keys of one column by table.

    Uniqueness is needed and not enough: the name, the position or the form of the values has
    to speak for a key too. A column named after another table counts only where it comes first.
    """
    found = {}
    for table, columns in profiles.items():
        others = {table_words(other) for other in profiles if other != table}
        ranked = []
        for name, profile in columns.items():
            if not (profile.is_unique and profile.can_identify):
                continue
            rank, why = _rank(table, profile, others, vocabulary)
            if rank is None and _is_repeated(profile, profiles):
                rank, why = 6, "another table repeats its values under the same name"
            if rank is not None:
                evidence = f"unique in {profile.rows:,} rows; {why}"
                ranked.append(FoundKey((name,), rank, evidence))
        if ranked:
            found[table] = min(ranked, key=lambda key: key.rank)
    return found


def _rank(
    table: str, profile: Profile, others: Collection[tuple[str, ...]], vocabulary: frozenset[str]
) -> tuple[int | None, str]:
    words, own = words_of(profile.name, vocabulary), table_words(table)
    first = profile.position == 0
    if first and profile.is_dense and set(filter(str.isalpha, words)) <= _ROW_NUMBERS:
        return 5, "the first column, which numbers the rows"
    named = is_identifier(words) and (words[:-1] == own or set(words) <= IDENTIFIERS)
    if named or (is_position(words) and words[:-1] == own):
        return 0, "named as the identifier of the table"
    if profile.is_date:
        timely = first and bool(_TIME_TABLES.intersection(own)) and profile.rows >= _FEW
        return (1, "the moment a row of a calendar stands for") if timely else (None, "")
    if words == own:
        worded = profile.family == "text" and not profile.is_code_like
        return (7 if worded else 1), "named like the table"
    borrowed = words[:-1] in others or words in others
    if is_identifier(words) and not borrowed:
        return (2 if first else 3), "named like an identifier"
    if not first:
        return None, ""
    if is_identifier(words):
        return 4, "the first column, named after another table (1:1)"
    if is_position(words):
        return 4, "the first column, named like a number"
    if profile.rows >= _FEW and (profile.is_code_like or profile.is_dense):
        return 5, "the first column, with values like codes"
    return None, ""


def _is_repeated(profile: Profile, profiles: Mapping[str, Mapping[str, Profile]]) -> bool:
    """Return whether another table has a column of the same name, with the same values again."""
    if profile.is_date or profile.rows < 2:
        return False
    words, own = words_of(profile.name), table_words(profile.table)
    if set(words) <= _CALLED and words != own[-len(words) :]:
        return False  # but in a table of statuses
    named = (
        columns[profile.name]
        for table, columns in profiles.items()
        if table != profile.table and profile.name in columns
    )
    return any(
        other.family == profile.family
        and len(other.distinct) < other.rows - other.nulls
        and other.distinct.isin(profile.distinct).all()
        for other in named
        if len(other.distinct)
    )


def find_composite_key(
    table: str,
    profiles: Mapping[str, Profile],
    references: Iterable[str],
    vocabulary: frozenset[str],
    *,
    dated: bool = False,
    common: Collection[str] = (),
) -> FoundKey | None:
    """Return the smallest unique set of references, identifiers and positions of a table.

    Parameters
    ----------
    profiles : mapping of str to Profile
        Of a table in which no column is a key by itself.
    references : iterable of str
        Columns that refer to other tables.
    dated : bool
        Let dates take part.
    common : collection of str
        Columns that another table shares with this one, which take part beside a number that
        is named after the table, such as the district beside ``school_no``.

    Returns
    -------
    FoundKey or None
        ``None`` also where the set would be unique by chance: at least three repetitions have
        to be expected of independent columns, unless one is a position or the table is a
        bridge, with little beside references. Of sets equally small, one with a column that
        is named as the table's identifier comes first.
    """
    referring = set(references)
    own = {name for name in profiles if _is_own_identifier(name, table, vocabulary)}
    positions = {n for n in profiles if is_position(words_of(n, vocabulary))}
    if common:
        own |= {name for name in positions if words_of(name, vocabulary)[:-1] == table_words(table)}
    usable = [
        name
        for name, profile in profiles.items()
        if profile.nulls == 0
        and profile.rows >= _FEW
        and profile.can_identify
        and (
            (dated and profile.is_date)
            or (not profile.is_date and name in referring | positions | set(common))
            or (not profile.is_date and is_identifier(words_of(name, vocabulary)))
        )
    ]
    likely = sorted(
        usable, key=lambda name: (name not in own, name not in referring, name not in positions)
    )
    considered = [name for name in usable if name in likely[:_CONSIDERED]]
    for size in range(2, min(len(considered), _WIDEST) + 1):
        by_name = sorted(combinations(considered, size), key=own.isdisjoint)
        for names in by_name:
            if (referring | own).isdisjoint(names):
                continue
            columns = [profiles[name] for name in names]
            expected = _expected_repetitions(columns)
            bridge = referring.issuperset(names) and len(profiles) <= size + _BESIDES
            convincing = bridge or not positions.isdisjoint(names)
            if (convincing or expected >= 3) and _is_unique_together(columns):
                evidence = (
                    f"unique together in {columns[0].rows:,} rows; "
                    f"{expected:,.0f} repetitions would be expected by chance"
                )
                return FoundKey(names, 6, evidence)
    return None


def common_columns(table: str, profiles: Mapping[str, Mapping[str, Profile]]) -> set[str]:
    """Return the columns that another table has with the same name and values of its own list."""
    found = set()
    for other, columns in profiles.items():
        for name in columns.keys() & profiles[table].keys() if other != table else ():
            one, two = profiles[table][name], columns[name]
            if one.family == two.family and not one.is_date:
                few, many = sorted((one.distinct, two.distinct), key=len)
                if len(few) and few.isin(many).all():
                    found.add(name)
    return found


def _is_own_identifier(name: str, table: str, vocabulary: frozenset[str]) -> bool:
    words = words_of(name, vocabulary)
    return is_identifier(words) and words[:-1] == table_words(table)


def find_unique(profiles: Mapping[str, Profile], primary: tuple[str, ...]) -> list[str]:
    """Return columns named like alternate keys (e-mail, user name, SKU) that are unique."""
    return [
        name
        for name, profile in profiles.items()
        if (name,) != primary
        and profile.is_unique
        and profile.rows >= _ENOUGH
        and profile.family == "text"
        and not _ALTERNATES.isdisjoint(words_of(name))
    ]


def _expected_repetitions(columns: list[Profile]) -> float:
    rows = columns[0].rows
    return rows * (rows - 1) / 2 / math.prod(len(column.distinct) for column in columns)


def _is_unique_together(columns: list[Profile]) -> bool:
    """Try as many rows as would repeat dozens of times by chance before trying all."""
    rows = columns[0].rows
    cells = math.prod(len(column.distinct) for column in columns)
    if cells < rows:
        return False
    probe = min(rows, math.isqrt(2 * _REPETITIONS * cells))
    return all(_repeats_nothing(columns, portion) for portion in sorted({probe, rows}))


def _repeats_nothing(columns: list[Profile], rows: int) -> bool:
    codes = np.zeros(rows, np.int64)
    for column in columns:
        part, levels = pd.factorize(column.values.iloc[:rows])
        codes = pd.factorize(codes * (len(levels) + 1) + part)[0]
    return int(codes.max()) + 1 == rows
