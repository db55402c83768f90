"""What the name of a column tells about its values: the table ``hints.json``, read and applied.

The words are data, one list per meaning and language: whoever wants another word or language
adds it to the file. What learns from data and what generates from a schema alone use them both.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

Party = Literal["person", "company"]
SEPARATOR = re.compile(r"[\s_\-./\\()\[\]{}:,;#*?!&+|'’\"]+")
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)")
_LATIN = {"ß": "ss", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "đ": "d"}
# letters that German, Dutch and Swedish put between the parts of a compound
_LINKS = ("", "s", "n", "en", "es", "er", "e")
_COMPOUNDS = frozenset({"en", "de", "nl", "sv"})  # others do not glue words: denominazione
# endings of plurals and cases that are taken off a word which is not in the table
_ENDINGS = ("s", "es", "n", "en", "e", "er", "i", "y", "ies")
_LONG = 6  # a glued ending as long as this is believed whatever stands in front of it
SHORT = 3  # shorter glued endings are chance in languages that write words with letters


@dataclass(frozen=True, slots=True)
class Hint:
    """What a column probably holds.

    Attributes
    ----------
    meaning : str
        Such as ``"first_name"`` or ``"postcode"``; the key in ``hints.json``.
    provider : str
        Name of the Faker provider of such values; empty where there is none.
    kind : str
        Kind of column it speaks of; a hint for text says nothing about numbers.
    personal : bool
        Whether the values are about one person and must not be learned.
    language : str
        Of the word that matched, as in ``"de"``.
    """

    meaning: str
    provider: str
    kind: str
    personal: bool
    language: str


def hint_of(column: str, table: str = "") -> Hint | None:
    """Return what the name of a column tells, ``None`` for nothing.

    Parameters
    ----------
    column : str
        In any usual spelling: ``first_name``, ``FirstName``, ``Kundenname``, ``客户姓名``.
    table : str
        Tells whose name a column called ``name`` holds.

    Notes
    -----
    The longest known phrase that the name ends with counts, then one that it starts with where
    only words such as "of" or "customer" follow. Ambiguous words count only alone, or beside
    a person, a firm or a word such as "billing".

    Examples
    --------
    >>> [hint_of(name).meaning for name in ("CustomerEmail", "address_line_2", "Kundenname")]
    ['email', 'street_address', 'name']
    >>> hint_of("name", "employees").meaning, hint_of("name", "products")
    ('name', None)
    """
    words = words_of_name(column)
    if not words:
        return None
    found = _ending_hint(words) or _beginning_hint(words)
    return found or _name_hint(words, words_of_name(table))


def party_of(table: str) -> Party | None:
    """Return whether a table is about people or firms, by its name.

    Examples
    --------
    >>> party_of("dim_customers"), party_of("Lieferanten"), party_of("orders")
    ('person', 'company', None)
    """
    words = words_of_name(table)
    return next((party for word in words[::-1] if (party := _party(word)) is not None), None)


def says_name(column: str) -> bool:
    """Return whether a column is what rows are called by: a name, a title, a description.

    Examples
    --------
    >>> says_name("branch_name"), says_name("Bezeichnung"), says_name("size")
    (True, True, False)
    """
    known = joined([*hint_table()["names"], *hint_table()["titles"]])
    return ends_with(words_of_name(column), known)


def is_plain_name(column: str) -> bool:
    """Return whether a column is called a name and nothing else, such as ``nom``."""
    words = [word for word in words_of_name(column) if word not in _qualifiers()]
    return len(words) == 1 and words[0] in joined(hint_table()["names"])


@dataclass(frozen=True, slots=True)
class Stage:
    """Where in the life of a row a moment lies, by its name.

    Attributes
    ----------
    number : int
        Moments of a lower stage are earlier; 0 is a birth.
    word : str
        That says so, as in ``"shipped"``.
    days : float
        Usual distance from the stage before.
    future : bool
        Whether the moment may lie ahead.
    ends : bool
        Whether it ends a life early, as a cancellation does; most rows have none.
    second : bool
        Whether it lies behind the other moments of its stage, as a start behind a booking.
    hours : float or None
        Usual distance where the moment is told to the second, if that is much shorter.
    planned : bool
        Whether somebody sets it beforehand, by day and on the quarter of an hour.
    even : bool
        Whether the distance is nearly the same in all rows, as until a payment is due.
    beside : float or None
        Usual distance in hours where a start stands beside, as from an appointment.
    """

    number: int
    word: str
    days: float
    future: bool = False
    ends: bool = False
    second: bool = False
    hours: float | None = None
    planned: bool = False
    even: bool = False
    beside: float | None = None


def stage_of(name: str, table: str = "") -> Stage | None:
    """Return the stage that the name of a moment or of a state tells.

    Parameters
    ----------
    table : str
        An offer is sent first, an order when it is paid.

    Examples
    --------
    >>> stage_of("shipped_at").number < stage_of("DeliveredOn").number, stage_of("price")
    (True, None)
    """
    ignored = joined(hint_table()["time words"])
    words = [word for word in words_of_name(name) if word not in ignored]
    pairs = ["".join(pair) for pair in pairwise(words)]  # check_in, pick_up
    named = words_of_name(table)
    things = {*named, *map(singular, named), *(f"{a} {singular(b)}" for a, b in pairwise(named))}
    about = {"name": set(words), "tables": things}
    options = ("future", "ends", "second", "hours", "planned", "even", "beside")
    for word in [*pairs[::-1], *words[::-1]]:
        for said in hint_table()["stages"]:
            fits = all(about[key] & set(said[key]) for key in about if key in said)
            if word in said["words"] and fits:
                given = {key: said[key] for key in options if key in said}
                return Stage(said["stage"], word, said["days"], **given)
    return None


@cache
def words_of_name(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, without accents and numbers.

    Examples
    --------
    >>> words_of_name("PostalCode2"), words_of_name("Prénom_Client"), words_of_name("名前")
    (('postal', 'code'), ('prenom', 'client'), ('名前',))
    """
    plain = unicodedata.normalize("NFKC", name)
    parts = [hump for part in SEPARATOR.split(plain) for hump in HUMP.split(part)]
    return tuple(fold(part) for part in parts if part and not part.isdigit())


def fold(text: str) -> str:
    """Return text in lower case; Latin letters lose their accents, other scripts keep theirs."""
    out = []
    for letter in text.lower():
        base = unicodedata.normalize("NFD", letter)
        out.append(_LATIN.get(letter, base[0] if base[0].isascii() else letter))
    return "".join(out)


def _ending_hint(words: tuple[str, ...]) -> Hint | None:
    for start in range(len(words)):
        found = _phrase("".join(words[start:]))
        if found is not None and (not found[1] or all(map(_qualifies, words[:start]))):
            return found[0]
    turned = _phrase("".join(words[::-1])) if len(words) > 1 else None  # nameFirst
    return _glued(words[-1], words[:-1]) if turned is None else turned[0]


def _beginning_hint(words: tuple[str, ...]) -> Hint | None:
    for end in range(len(words) - 1, 0, -1):
        found = _phrase("".join(words[:end]))
        if found is not None and all(map(_qualifies, words[end:])):
            return found[0]
    return None


def _glued(word: str, before: tuple[str, ...]) -> Hint | None:
    """Return the hint of a known phrase at the end of one word, such as ``Lieferstrasse``."""
    letters = word.isascii() or (word[0].isalpha() and unicodedata.name(word[0], "")[:3] != "CJK")
    for cut in range(1, len(word) - (SHORT if letters else 0)):
        found = _phrase(word[cut:])
        if found is None:
            continue
        known = _qualifies_glued(word[:cut])
        compound = not letters or found[0].language in _COMPOUNDS
        sure = not found[1] and compound and (len(word) - cut >= _LONG if letters else True)
        if known or (sure and not before):
            return found[0]
    return None


def _name_hint(words: tuple[str, ...], table: tuple[str, ...]) -> Hint | None:
    """Return whose name a column holds that is called a name."""
    names = joined(hint_table()["names"])
    whose: tuple[str, ...] | None = None
    if words[-1] in names:
        whose = words[:-1]
    elif words[0] in names and all(map(_qualifies, words[1:])):
        whose = words[1:]
    else:
        cuts = range(1, len(words[-1]))
        cut = next((c for c in cuts if words[-1][c:] in names and _root(words[-1][:c])), None)
        whose = None if cut is None else (words[-1][:cut],)
    if whose is None:
        return None
    named = [word for word in whose if not _is_filler(word)]
    owner = (named or table)[-1:]
    if not owner:
        return None
    party = _party(owner[0]) or _party(_root(owner[0]) or "")
    place = _phrase(owner[0]) or _phrase(singular(owner[0]))
    if party is None:
        meaning = "" if place is None else place[0].meaning
        return place[0] if place is not None and meaning in ("city", "country", "state") else None
    return _hint("name" if party == "person" else "company", _language(words, owner[0]))


def _language(words: tuple[str, ...], owner: str) -> str:
    for party in ("persons", "companies"):
        for language, listed in hint_table()[party].items():
            if owner in map(fold, listed):
                return str(language)
    return "en" if words else ""


def _qualifies(word: str) -> bool:
    return word in _qualifiers() or _party(word) is not None


def _is_filler(word: str) -> bool:
    return word in _qualifiers()


def _qualifies_glued(part: str) -> bool:
    return _root(part) is not None


def _root(part: str) -> str | None:
    """Return the person, firm or qualifier that the front of a compound is, without its link."""
    for link in _LINKS:
        if part.endswith(link) and (base := part[: len(part) - len(link)]) and _qualifies(base):
            return base
    return None


def _party(word: str) -> Party | None:
    parties = _parties()
    if word in parties:
        return parties[word]
    if len(word) > SHORT + 1:
        for ending in _ENDINGS:
            if word.endswith(ending) and word[: -len(ending)] in parties:
                return parties[word[: -len(ending)]]
    return None


def singular(word: str) -> str:
    """Return an English word without the ending of its plural."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ches", "shes", "sses", "xes")) else word.removesuffix("s")


def ends_with(words: tuple[str, ...], phrases: frozenset[str]) -> bool:
    """Return whether a name ends with one of some phrases."""
    tails = ["".join(words[start:]) for start in range(len(words))]
    tails += [singular(tail) for tail in tails]
    if any(tail in phrases for tail in tails):
        return True
    last = words[-1] if words else ""
    return any(last[cut:] in phrases for cut in range(1, len(last) - SHORT))


def _phrase(joined: str) -> tuple[Hint, bool] | None:
    """Return the hint of a phrase without spaces, and whether it counts alone only."""
    known = _phrases()
    return known.get(joined) or (known.get(singular(joined)) if len(joined) > SHORT else None)


def _hint(meaning: str, language: str) -> Hint:
    said = hint_table()["meanings"][meaning]
    return Hint(meaning, said["provider"], said["kind"], said["personal"], language)


@cache
def hint_table() -> Mapping[str, Any]:
    """Return the table of words."""
    path = Path(__file__).with_name("hints.json")
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def _phrases() -> Mapping[str, tuple[Hint, bool]]:
    """Return every phrase; one that several meanings or languages share is the first one's."""
    found: dict[str, tuple[Hint, bool]] = {}
    for alone, place in ((False, "ending"), (True, "alone")):
        for meaning, said in hint_table()["meanings"].items():
            for language, phrases in said[place].items():
                for phrase in phrases:
                    joined = fold(phrase).replace(" ", "")
                    found.setdefault(joined, (_hint(meaning, language), alone))
    return found


@cache
def _parties() -> Mapping[str, Party]:
    found: dict[str, Party] = {}
    parties: tuple[tuple[Party, str], ...] = (("person", "persons"), ("company", "companies"))
    for party, place in parties:
        for listed in hint_table()[place].values():
            for word in listed:
                found.setdefault(fold(word).replace(" ", ""), party)
    return found


@cache
def _qualifiers() -> frozenset[str]:
    return frozenset(
        fold(word) for listed in hint_table()["qualifiers"].values() for word in listed
    )


def joined(phrases: list[str]) -> frozenset[str]:
    """Return phrases as they are compared: folded, without spaces."""
    return frozenset(fold(phrase).replace(" ", "") for phrase in phrases)
