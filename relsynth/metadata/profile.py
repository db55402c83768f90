"""What a column of data looks like: the facts that detection decides by."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pandas as pd

from relsynth.metadata.check_references import value_family
from relsynth.metadata.date_format import guess_format, guess_number_format
from relsynth.metadata.naming import words_of
from relsynth.metadata.references import comparable

if TYPE_CHECKING:
    from relsynth.typing import Tables

Family = Literal["numbers", "text", "dates", "flags", "durations"]
_PROBE = 1_000  # values looked at
_DATED = frozenset({"date", "day", "dt", "datum", "birthdate", "birthday", "dob"})


@dataclass(frozen=True, slots=True)
class Profile:
    """The facts about one column.

    Attributes
    ----------
    position : int
        In the table, from 0.
    distinct : Index
        The distinct values, in a form in which keys of different dtypes compare.
    family : str or None
        What the values can be compared with; ``None`` without a value.
    whole : bool
        Whether the values are whole numbers.
    low, high : int
        Their bounds; 0 for other values.
    is_dense : bool
        Whether they are whole numbers without gaps, from 0 or 1.
    date_format : str or None
        Format of dates that are kept as text or whole numbers.
    values : Series
        The column itself.
    """

    table: str
    name: str
    position: int
    rows: int
    nulls: int
    distinct: pd.Index
    family: str | None
    whole: bool
    low: int
    high: int
    is_dense: bool
    date_format: str | None
    values: pd.Series = field(repr=False)

    @property
    def is_unique(self) -> bool:
        """Whether no value is missing and none comes twice."""
        return self.rows > 0 and self.nulls == 0 and len(self.distinct) == self.rows

    @property
    def is_date(self) -> bool:
        """Whether the values are dates, as such or as text."""
        return self.family == "dates" or self.date_format is not None

    @property
    def can_identify(self) -> bool:
        """Whether values like these may be keys: whole numbers, text or dates."""
        return self.family in ("text", "dates", "uuid") or (self.family == "numbers" and self.whole)

    @property
    def is_code_like(self) -> bool:
        """Whether the values are short texts without spaces, as codes are."""
        if self.family != "text" or self.is_date:
            return False
        texts = pd.Series(self.distinct[:_PROBE], dtype=object)
        return bool((~texts.str.contains(r"\s").astype(bool)).all() and texts.str.len().max() <= 40)


def profile_tables(tables: Tables) -> dict[str, dict[str, Profile]]:
    """Return the facts about every column by table and name.

    Notes
    -----
    One hash table per column: O(rows) time and memory.
    """
    return {
        table: {
            str(name): _profile(table, str(name), position, frame.iloc[:, position])
            for position, name in enumerate(frame.columns)
        }
        for table, frame in tables.items()
    }


def _profile(table: str, name: str, position: int, values: pd.Series) -> Profile:
    present = values.dropna()
    family = value_family(values)
    if family in ("numbers", "text", "dates"):
        distinct = pd.Index(comparable(present.drop_duplicates()).unique())
    else:
        distinct = pd.Index(pd.unique(present.astype(str)))
    whole = family == "numbers" and pd.api.types.is_integer_dtype(distinct.dtype)
    low, high = (int(distinct.min()), int(distinct.max())) if whole else (0, 0)
    return Profile(
        table=table,
        name=name,
        position=position,
        rows=len(values),
        nulls=len(values) - len(present),
        distinct=distinct,
        family=family,
        whole=whole,
        low=low,
        high=high,
        is_dense=whole and low in (0, 1) and high - low + 1 == len(distinct),
        date_format=_date_format(name, distinct, family, whole),
        values=values,
    )


def _date_format(name: str, distinct: pd.Index, family: str | None, whole: bool) -> str | None:
    if whole:
        return guess_number_format(distinct, is_named=not _DATED.isdisjoint(words_of(name)))
    return guess_format(pd.Series(distinct)) if family == "text" else None


def chance_of_containment(child: Profile, parent: Profile) -> float:
    """Return the base-10 logarithm of how likely the child's values are contained by chance.

    The values are thought to be drawn from all whole numbers in their range, or all texts of
    their length and kinds of characters: few values, and keys without gaps, prove nothing.
    """
    count = len(child.distinct)
    if child.whole and parent.whole:
        if parent.is_dense:
            return 0.0
        inside = ((parent.distinct >= child.low) & (parent.distinct <= child.high)).sum()
        return float(count * math.log10(min(inside / (child.high - child.low + 1), 1.0)))
    if child.is_date or child.family != "text":
        return 0.0
    texts = pd.Series(child.distinct[:_PROBE], dtype=object)
    letters = bool(texts.str.contains(r"[^\W\d]").any())
    digits = bool(texts.str.contains(r"\d").any())
    alphabet = 26 * letters + 10 * digits or 10
    span = float(texts.str.len().median()) * math.log10(alphabet)
    return float(count * min(math.log10(len(parent.distinct)) - span, 0.0))
