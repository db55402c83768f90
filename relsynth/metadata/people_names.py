"""Names of people by country, from Faker: whether texts are such, and of which country."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from relsynth.optional import has, require
from relsynth.schema.hints import fold

# countries whose lists of names are compared; the first ones win where they explain as much
LOCALES: Final = (
    "en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "pt_BR", "nl_NL", "pl_PL", "en_IN", "ro_RO",
    "tr_TR", "cs_CZ", "sv_SE", "da_DK", "no_NO", "fi_FI", "hu_HU", "hr_HR", "id_ID", "vi_VN",
    "ru_RU", "uk_UA", "ar_SA", "hi_IN", "el_GR", "he_IL",
)  # fmt: skip
SHOWN: Final = 500  # texts looked at, to spare reading all
NAMED: Final = 0.35  # of the texts: .4 of names from many countries, .1 of racing circuits
FEWEST: Final = 2  # names: one in a list of places is chance
FULL: Final = 0.8  # of the texts are several words; titles and streets have such by chance
MARGIN: Final = 0.05  # of the names must be known; fewer are by chance
MORE: Final = 1.5  # times as many names as the first country's list knows, or it stays the guess
_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u0963'’.-])*")
_MOST_WORDS: Final = 5  # a title, two first names, two last ones


def are_people(texts: Sequence[str]) -> bool:
    """Return whether texts are first and last names of people.

    Notes
    -----
    Most are of two to five words without digits, and in many a first name of some country
    stands beside a last name.

    Examples
    --------
    >>> are_people(["Maria Wolfe", "Kyle Torres"]), are_people(["Oak Hill High", "San Jose"])
    (True, False)
    """
    if not has("faker"):
        return False
    words = [_words(text) for text in texts[:SHOWN]]
    full = [found for found in words if len(found) > 1]
    if not full or len(full) < FULL * len(words):
        return False
    first, last = _known("first_name"), _known("last_name")
    return sum(_is_person(one, first, last) for one in full) >= max(NAMED * len(full), FEWEST)


def country_of_names(texts: Iterable[str]) -> str | None:
    """Return the locale whose first and last names most of some texts are, None for none.

    Examples
    --------
    >>> country_of_names(["Sjoerd", "Joep", "Kuipers"]), country_of_names(["Mittelwerk", "X12"])
    ('nl_NL', None)
    """
    if not has("faker"):
        return None
    found = {fold(word) for text in texts for word in _WORD.findall(text)}
    if not found:
        return None
    shares = {
        locale: len(found & (_first(locale) | _last(locale))) / len(found) for locale in LOCALES
    }
    best = max(LOCALES, key=lambda locale: shares[locale])
    if shares[best] < MARGIN:
        return None
    return best if shares[best] >= MORE * shares[LOCALES[0]] else LOCALES[0]


def _words(text: str) -> list[str]:
    """Return the words of a text in the order of speech, none where it is no full name."""
    head, comma, tail = text.partition(", ")
    words = (f"{tail} {head}" if comma else text).split()
    fits = len(words) <= _MOST_WORDS and all(map(_WORD.fullmatch, words))
    return list(map(fold, words)) if fits else []


def _is_person(words: list[str], first: frozenset[str], last: frozenset[str]) -> bool:
    """Return whether a first name stands beside a last one, which may have several words."""
    return _in_turn(words, first, last) or _in_turn(words[::-1], first, last)


def _in_turn(words: list[str], first: frozenset[str], last: frozenset[str]) -> bool:
    given = next((at for at, word in enumerate(words[:-1]) if word in first), None)
    if given is None:
        return False
    rest = words[given + 1 :]
    return any(" ".join(rest[at:]) in last for at in range(len(rest))) or not last.isdisjoint(rest)


@cache
def _known(kind: str) -> frozenset[str]:
    return frozenset[str]().union(*(_listed(locale, kind) for locale in LOCALES))


@cache
def _first(locale: str) -> frozenset[str]:
    return _listed(locale, "first_name")


@cache
def _last(locale: str) -> frozenset[str]:
    return _listed(locale, "last_name")


def _listed(locale: str, kind: str) -> frozenset[str]:
    """Return all names of a kind that the lists of a locale hold, without accents."""
    purpose = "Telling names of people"
    provider = require(f"faker.providers.person.{locale}", "pii", purpose).Provider
    lists = [getattr(provider, name) for name in dir(provider) if kind in name]
    return frozenset(
        fold(text)
        for one in lists
        if isinstance(one, (tuple, list, dict))
        for text in one
        if isinstance(text, str)
    )
