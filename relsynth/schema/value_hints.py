"""What numbers, codes and texts a column probably holds, by its name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from relsynth.schema.hints import (
    HUMP,
    SEPARATOR,
    SHORT,
    ends_with,
    fold,
    hint_table,
    joined,
    singular,
    words_of_name,
)


@dataclass(frozen=True, slots=True)
class NumberHint:
    """What numbers a column probably holds.

    Attributes
    ----------
    shape : str or None
        Name of a distribution, where an even one would be wrong.
    values : tuple of float
        Where there are only a few.
    """

    meaning: str
    low: float
    high: float
    decimals: int
    shape: str | None
    values: tuple[float, ...] = ()


def number_hint(column: str, table: str = "") -> NumberHint | None:
    """Return what a column of numbers probably holds, by its name and its table's."""
    matching = (f for f in _matching("numbers", column) if _applies(f, table, ()))
    found = next(matching, None)
    if found is None:
        return None
    parts = {key: found[key] for key in ("meaning", "low", "high", "decimals", "shape")}
    return NumberHint(**parts, values=tuple(found.get("values", ())))


@dataclass(frozen=True, slots=True)
class TextHint:
    """What texts a column probably holds, where no provider tells.

    Attributes
    ----------
    values : tuple of str
        A few; empty where a pattern tells.
    pattern : str
        ``{prefix}`` stands for letters of what is numbered.
    provider : str
        Of Faker; empty where values or a pattern tell.
    is_general : bool
        Whether a meaning of the name counts before it.
    """

    values: tuple[str, ...]
    pattern: str
    provider: str
    is_general: bool


def text_hints(column: str, table: str = "", beside: Iterable[str] = ()) -> Iterator[TextHint]:
    """Yield what a column of texts probably holds, by its name, the best first.

    Parameters
    ----------
    table : str
        Tells which method or title is meant.
    beside : iterable of str
        The other columns of the table: a state beside a city is no status.

    Examples
    --------
    >>> next(text_hints("method", "http_requests")).values[:2]
    ('GET', 'POST')
    """
    for found in _matching("levels", column, "patterns"):
        if _applies(found, table, beside):
            pattern, values = found.get("pattern", ""), tuple(found.get("values", ()))
            provider = found.get("provider", "")
            yield TextHint(values, pattern, provider, bool(found.get("last")))


def sample_hint(column: str, table: str = "") -> str | None:
    """Return the pattern of texts that show what a name or a comment looks like.

    Examples
    --------
    >>> sample_hint("notes", "orders")[:12], sample_hint("name", "stages")
    ('(Called back', None)
    """
    found = (f for f in _matching("samples", column) if _applies(f, table, ()))
    return next((str(entry["pattern"]) for entry in found), None)


def clock_hint(column: str) -> str | None:
    """Return the pattern of times of day that a column probably holds."""
    return next((str(found["pattern"]) for found in _matching("clocks", column)), None)


def ages_of(table: str) -> tuple[int, int] | None:
    """Return between which ages the people of a table are, by its name; ``None`` for adults."""
    named = set(map(singular, words_of_name(table)))
    found = (said for said in hint_table()["ages"] if named & set(said["tables"]))
    return next(((said["low"], said["high"]) for said in found), None)


def _matching(section: str, name: str, *others: str) -> Iterator[Mapping[str, Any]]:
    """Yield the entries whose words a name ends with: longest first, those for a table first."""
    words, full = words_of_name(name), _words_and_numbers(name)
    tails = ["".join(full[start:]) for start in range(len(full))]
    tails += ["".join(words[start:]) for start in range(len(words))]
    last = words[-1] if words else ""
    glued = [last[cut:] for cut in range(1, len(last) - SHORT)]
    seen = set[int]()
    for tail in [*sorted(dict.fromkeys(tails), key=len, reverse=True), *glued]:
        for spelled in (tail, singular(tail)):
            entries = [e for n in (section, *others) for e in _indexed(n).get(spelled, ())]
            for entry in sorted(entries, key=lambda e: not ("tables" in e or "without" in e)):
                if id(entry) not in seen:
                    seen.add(id(entry))
                    yield entry


def _applies(entry: Mapping[str, Any], table: str, beside: Iterable[str]) -> bool:
    """Return whether an entry speaks of columns of such a table."""
    if "tables" in entry:
        named = words_of_name(table)
        known = {*named, *map(singular, named)}
        known |= {f"{first} {singular(second)}" for first, second in pairwise(named)}
        if known.isdisjoint(entry["tables"]):
            return False
    return not any(
        word in entry.get("without", ()) for name in beside for word in words_of_name(name)
    )


@cache
def _indexed(section: str) -> Mapping[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for entry in hint_table()[section]:
        for phrase in joined(entry["words"]):
            found.setdefault(phrase, []).append(entry)
    return found


@cache
def _words_and_numbers(name: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKC", name)
    parts = [hump for part in SEPARATOR.split(plain) for hump in HUMP.split(part)]
    return tuple(fold(part) for part in parts if part)


def is_long_text(column: str) -> bool:
    """Return whether a column is named like a description or a comment."""
    return ends_with(words_of_name(column), joined(hint_table()["long texts"]))


def flag_share(name: str) -> float | None:
    """Return how often a yes-or-no column is true, by its name; ``None`` for nothing."""
    words = words_of_name(name)
    for said in hint_table()["flags"]:
        if words and words[-1] in said["words"]:
            return float(said["share"])
    return None
