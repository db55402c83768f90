"""Invented values of the same form as real ones: letters for letters, digits for digits."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from string import digits
from typing import Any

import numpy as np

from relsynth.columns.forms.form import Form, learn_form
from relsynth.columns.forms.prose import ProseForm
from relsynth.columns.forms.shared import TextRows
from relsynth.columns.forms.slots import case_of, in_case
from relsynth.columns.protection import Holders
from relsynth.columns.providers import DEFAULT, is_provider, provided, words_in
from relsynth.columns.text_form import TextForm, has_address

TRIES = 20  # draws for a name that no real one has; then a number tells it apart
FEW_TRIES = 2  # after which the texts of a form count as used up
FEWEST_OF_A_FORM = 20  # texts of which fewer have nothing in common but by chance
SEVERAL = 5  # texts with a word that tells of nobody
LONGEST_CODE = 5  # capitals alone: longer ones are words
MOST_DIGITS = 18  # what 64 bits hold
_WORD = re.compile(r"[^\W\d_]+")
VOWELS, CONSONANTS = "aeiou", "bcdfghklmnprstvw"


def surrogate_values(
    values: Sequence[Any],
    taken: Iterable[Any],
    rng: np.random.Generator,
    *,
    provider: str = "",
    locale: str = DEFAULT,
) -> list[Any]:
    """Return one invented value for each given one, distinct from each other and from `taken`.

    Parameters
    ----------
    values : sequence
        Codes keep their case, digits and punctuation, and what is common to the values
        taken; words become words that other values use, or words of the language; whole
        numbers keep their digits; other numbers move by up to half of themselves.
    taken : iterable
        Values that must not come out.
    provider : str
        Name of a Faker provider of such texts, where their kind is known.

    Returns
    -------
    list
        Where a form has no free value left, a number is appended to the text.
    """
    used = set(taken)
    texts = [value for value in sorted(used, key=str) if isinstance(value, str)]
    form, words = TextForm.of(texts), _Words(texts, provider, locale, len(values))
    invented = []
    for value in values:
        new = _invent(value, form, words, rng)
        for attempt in range(TRIES):
            if new not in used:
                break
            is_full = attempt >= FEW_TRIES and isinstance(value, str) and not words.pool
            if is_full and (words.form is not None or _is_code(value)):
                new = scramble(value, form, rng)
            else:
                new = _invent(value, form, words, rng)
        while new in used:
            new = _further(new, form, rng)
        used.add(new)
        invented.append(new)
    return invented


def _further(value: Any, form: TextForm, rng: np.random.Generator) -> Any:
    if isinstance(value, str):
        return form.numbered(value, str(rng.integers(10)))
    return value + 1


@dataclass(frozen=True)
class _Words:
    """Words that may stand in invented texts.

    Attributes
    ----------
    wanted : int
        Texts to invent, which are written together.
    written : deque of str
        Those that were not asked for yet.
    """

    texts: list[str]
    provider: str
    locale: str
    wanted: int
    written: deque[str] = field(default_factory=deque)

    @cached_property
    def pool(self) -> tuple[str, ...]:
        """Values of the provider, empty where there is none."""
        known = self.provider and is_provider(self.provider, self.locale)
        return provided(self.provider, self.locale) if known else ()

    @cached_property
    def form(self) -> Form | None:
        """The form of all texts, None where they are few or nothing but words."""
        if len(self.texts) < FEWEST_OF_A_FORM:
            return None
        each = np.arange(len(self.texts))
        texts = [TextForm().neutral(text) for text in self.texts]
        found = learn_form(texts, TextRows(each, Holders.rows(len(each)), len(each)))
        return None if isinstance(found, ProseForm) else found

    @cached_property
    def words(self) -> list[str]:
        """Words that come in several texts, else words of the language."""
        counts = Counter(w for text in self.texts for w in set(_WORD.findall(text)))
        several = sorted(w.lower() for w, n in counts.items() if n >= SEVERAL and len(w) > 1)
        return list(dict.fromkeys([*several, *words_in(self.locale)]))

    def text(self, like: str, rng: np.random.Generator) -> str:
        """Return a text in the case of another."""
        if self.pool and not (_is_code(like) and like.isupper()):
            found = self.pool[int(rng.integers(len(self.pool)))]
            return in_case(found, case_of(like)) if like.isupper() or like.islower() else found
        if self.form is not None:
            if not self.written:
                self.written.extend(self.form.write(self.wanted, rng, words_in(self.locale)))
            return self.written.popleft()
        pick = rng.integers(len(self.words), size=len(_WORD.findall(like))).tolist()
        drawn = iter(pick)
        return _WORD.sub(lambda m: in_case(self.words[next(drawn)], case_of(m[0])), like)


def scramble(text: str, form: TextForm, rng: np.random.Generator) -> str:
    """Return text with every letter and digit replaced by a random one of its kind.

    What the form keeps stays, hexadecimal digits stay such, and a number that does not
    start with a zero goes on not starting with one.
    """
    return "".join(
        part.text if part.stays else _scrambled(part.text, form.pool(part.text), rng)
        for part in form.pieces(text)
    )


def _scrambled(text: str, pool: str, rng: np.random.Generator) -> str:
    """Replace letters and digits by those of a pool, or of their kind where it is empty."""
    drawn = rng.random(len(text))
    out: list[str] = []
    for letter, share in zip(text, drawn.tolist(), strict=True):
        kind = pool if pool and letter.isalnum() else _kind(letter)
        if kind is digits:
            leads = letter != "0" and not (out and out[-1] in digits)
            out.append(digits[int(leads + share * (10 - leads))])
        else:
            out.append(kind[int(share * len(kind))])
    return "".join(out)


@cache
def _kind(letter: str) -> str:
    """Return the letters or digits that a character may become, itself where it is neither."""
    if letter in digits:
        return digits
    if not letter.isalpha():
        return letter
    kind = VOWELS if letter.lower() in "aeiouyáéíóúůýěàèäöüâêîôû" else CONSONANTS
    return kind.upper() if letter.isupper() else kind


def _invent(value: Any, form: TextForm, words: _Words, rng: np.random.Generator) -> Any:
    if isinstance(value, str):
        is_known = words.form is not None or (bool(words.pool) and not value.isupper())
        return (
            words.text(value, rng)
            if is_known or not _is_code(value)
            else scramble(value, form, rng)
        )
    if isinstance(value, bool):
        return value
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        digits = len(str(abs(int(value))))
        low = 10 ** (digits - 1) if digits > 1 else 0
        drawn = int(rng.integers(low, 10**digits)) if digits <= MOST_DIGITS else int(abs(value))
        return type(value)(drawn * (-1 if value < 0 else 1))
    if isinstance(value, float):
        places = len(repr(value).partition(".")[2])
        return round(value * (0.5 + float(rng.random())), places)
    return value


def _is_code(text: str) -> bool:
    """Return whether a text is a code rather than words: digits, or few capitals."""
    if any(map(str.isdigit, text)) or has_address(text) or not any(map(str.isalpha, text)):
        return True
    return len(text) <= LONGEST_CODE and text.isupper()
