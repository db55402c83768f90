"""First and last names of people: as their sex and country have them, unique where need be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from relsynth.columns.providers import is_provider, provided
from relsynth.typing import Array, Flags, Integers

MOSTLY = 0.8  # of the names: some are of one word, or of a firm
_SHOWN = 50  # names that show how they are put together
_ALONE = 0.95  # of the people that all names tell apart; namesakes are few
_TRIES = 10  # draws of a name until it is new in a column without repeats


def draw_names(sexes: Array, locales: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return first and last names that fit the sex and the country of every person."""
    given, family = np.empty((2, len(sexes)), dtype=object)
    shares = rng.random((2, len(sexes)))
    pairs, codes = distinct_pairs(sexes, locales)
    for at, (sex, locale) in enumerate(pairs):
        here = codes == at
        own = f"first_name_{sex}" if sex and is_provider(f"first_name_{sex}", locale) else ""
        for out, provider, share in (
            (given, own or "first_name", shares[0]),
            (family, "last_name", shares[1]),
        ):
            pool = np.array(provided(provider, locale), dtype=object)
            out[here] = pool[(share[here] * len(pool)).astype(np.int64)]
    return given, family


def made_unique(
    given: Array,
    family: Array,
    wanted: set[str],
    sexes: Array,
    locales: Array,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Return names of which no two are equal, as far as so many are found in a few draws."""
    for _ in range(_TRIES):
        again = _repeated(given + " " + family)
        if "first_name" in wanted:
            again |= _repeated(given)
        if "last_name" in wanted:
            again |= _repeated(family)
        if not again.any():
            break
        given[again], family[again] = draw_names(sexes[again], locales[again], rng)
    further = draw_names(sexes, locales, rng)
    for sort, texts, more in zip(
        ("first_name", "last_name"), (given, family), further, strict=True
    ):
        again = _repeated(texts) if sort in wanted else np.zeros(len(texts), bool)
        texts[again] = texts[again] + "-" + more[again]  # a pool holds some hundred names
    return given, family


def _repeated(texts: Array) -> Flags:
    found: Flags = np.array(pd.Series(texts).duplicated())  # its own copy: pandas 3 gives views
    return found


_PLAIN = "First Last"  # behind a title that all have


def style_of(texts: Sequence[str]) -> str:
    """Return how full names are put together, empty for the way of their country.

    Examples
    --------
    >>> style_of(["Meyer, Eva"]), style_of(["MEYER Eva", "ROTH Jan"]), style_of(["Eva Meyer"])
    ('Last, First', 'LAST First', '')
    >>> style_of(["Dr. Haas", "Dr. Ebner"])
    'Dr. First Last'
    """
    words = [text.split() for text in texts if " " in text.strip()]
    if not words or len(words) < MOSTLY * len(texts):
        return ""
    title = words[0][0]
    if title.endswith(".") and len(texts) > 1 and all(one.split()[:1] == [title] for one in texts):
        return f"{title} {_PLAIN}"
    first = [_is_upper(one[0]) for one in words]
    last = [_is_upper(one[-1]) for one in words]
    commas = sum(one[0].endswith(",") for one in words)
    ahead = sum(a and not b for a, b in zip(first, last, strict=True))
    behind = sum(b and not a for a, b in zip(first, last, strict=True))
    styles = {"Last, First": commas, "LAST First": ahead, "First LAST": behind}
    return next((name for name, count in styles.items() if count >= MOSTLY * len(words)), "")


def in_style(given: Array, family: Array, style: str, locale: str) -> Array:
    """Return full names put together in a style."""
    if style.endswith(f" {_PLAIN}"):
        title = style.removesuffix(_PLAIN)
        return np.asarray(title + in_style(given, family, "", locale))
    match style:
        case "Last, First":
            return np.asarray(family + ", " + given)
        case "LAST First":
            return np.array([f"{b.upper()} {a}" for a, b in _pairs(given, family)], object)
        case "First LAST":
            return np.array([f"{a} {b.upper()}" for a, b in _pairs(given, family)], object)
    family_first, gap = _order_of(locale)
    return np.asarray(family + gap + given if family_first else given + gap + family)


def _pairs(given: Array, family: Array) -> Iterable[tuple[str, str]]:
    return zip(given.tolist(), family.tolist(), strict=True)


def _is_upper(word: str) -> bool:
    return word.isupper() and len(word) > 1


@lru_cache(maxsize=64)
def _order_of(locale: str) -> tuple[bool, str]:
    """Return whether the family name comes first, and what stands between the names."""
    names, last = provided("name", locale)[:_SHOWN], provided("last_name", locale)
    gap = " " if sum(" " in name for name in names) > len(names) / 2 else ""
    ahead = sum(name.startswith(tuple(last)) for name in names)
    behind = sum(name.endswith(tuple(last)) for name in names)
    return ahead > behind, gap


def spelled(given: Array, family: Array) -> Array:
    """Return names as ``first.last`` in plain letters, empty where there are none."""
    out = np.empty(len(given), dtype=object)
    for at, (one, other) in enumerate(zip(given.tolist(), family.tolist(), strict=True)):
        plain = unicodedata.normalize("NFKD", f"{one} {other}".replace("ß", "ss"))
        letters = re.sub(r"[^a-z]+", ".", re.sub(r"[\u0300-\u036f]", "", plain).lower())
        out[at] = letters.strip(".")
    return out


def distinct_pairs(left: Array, right: Array) -> tuple[list[tuple[Any, str]], Array]:
    """Return the pairs that two arrays have, sorted, and which of them each row has."""
    listed = list(zip(left.tolist(), right.tolist(), strict=True))
    pairs = sorted(set(listed))
    number = {pair: at for at, pair in enumerate(pairs)}
    return pairs, np.array([number[pair] for pair in listed], np.int64)


def known_by(frame: pd.DataFrame, named: list[str]) -> tuple[str, ...]:
    """Return the column of names that tells people apart, all of them where none does so alone."""
    together = len(frame[named].drop_duplicates()) if named else 0
    apart = [name for name in named if frame[name].nunique() >= _ALONE * together]
    return (apart[0],) if apart else tuple(named)


def numbered_people(columns: list[pd.Series]) -> tuple[Integers, int]:
    """Return the number of the person in each row, and of how many; who has no name is alone."""
    person = np.zeros(len(columns[0]), np.int64)
    missing = np.ones(len(person), bool)
    for column in columns:
        codes, kept = pd.factorize(column.where(column.notna(), None))
        missing &= codes < 0
        person = np.unique(person * (len(kept) + 1) + codes + 1, return_inverse=True)[1]
    person[missing] = len(person) + np.arange(int(missing.sum()))
    numbers, found = pd.factorize(person)
    return numbers.astype(np.int64), len(found)
