"""Keys that are names: of people, of firms, or words, composed so that no two are the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pandas as pd

from relsynth.columns.forms.slots import case_of, in_case
from relsynth.columns.keys import KeyFormat
from relsynth.columns.person_names import in_style, style_of
from relsynth.columns.providers import guess_locale, provided, words_in
from relsynth.metadata.people_names import are_people, country_of_names
from relsynth.optional import has
from relsynth.packing import packable
from relsynth.schema import Column
from relsynth.schema.hints import hint_of, party_of
from relsynth.typing import Array, Integers

MOSTLY: Final = 0.8  # of the texts are words; a few abbreviations stand among names
VOWELS: Final = (0.25, 0.65)  # share of the letters of words; random ones have a fifth
_WORD: Final = re.compile(r"[^\W\d_]*[a-zà-öø-ÿ]{2}[^\W\d_]*")
_JOINED: Final = re.compile(r"\S+ & ")  # of firms made of two; see `_firms`


@packable
@dataclass(frozen=True)
class NameKeys(KeyFormat):
    """Names as keys, in no order.

    Attributes
    ----------
    kind : {"person", "firm", "words"}
    style : str
        How names of people are put together; the case of words.
    """

    name: str
    dtype: str
    kind: str
    locale: str
    style: str = ""
    ordered: bool = False

    @classmethod
    def learn(cls, column: Column, dtype: str, texts: Sequence[str]) -> Self | None:
        """Return the format of names, None for codes and where names may not be long enough."""
        if not has("faker") or column.max_length is not None or not _are_worded(texts):
            return None
        hint = hint_of(column.name)
        provider = column.provider or ("" if hint is None else hint.provider)
        party = party_of(column.name)
        if provider == "name" or are_people(texts) or (party == "person" and not provider):
            locale = column.locale or country_of_names(texts) or guess_locale(texts)
            return cls(column.name, dtype, "person", locale, style_of(texts))
        if provider == "company" or party is not None:
            words = [word for text in texts for word in _WORD.findall(text)]
            locale = column.locale or country_of_names(words) or guess_locale(texts)
            return cls(column.name, dtype, "firm", locale)
        cases = [case_of(text) for text in texts]
        usual = max(sorted(set(cases)), key=cases.count)
        return cls(column.name, dtype, "words", column.locale or guess_locale(texts), usual)

    @property
    def _pools(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the first and the second part of a name is drawn from."""
        if self.kind == "person":
            return provided("first_name", self.locale), provided("last_name", self.locale)
        if self.kind == "firm":
            firms = provided("company", self.locale)
            single = tuple(firm for firm in firms if not _JOINED.match(firm))
            return ("", *provided("last_name", self.locale)), single or firms
        words = words_in(self.locale)
        return ("", *words), words

    @property
    def capacity(self) -> int | None:
        """Pairs of parts."""
        first, second = self._pools
        return len(first) * len(second)

    def arithmetic(self) -> str:
        """Say where the capacity comes from."""
        first, second = self._pools
        return f"names of {len(first):,} and {len(second):,} parts"

    def _values(self, ranks: Integers, rng: np.random.Generator) -> pd.Series:
        first, second = (np.array(pool, dtype=object) for pool in self._pools)
        ahead, behind = first[ranks // len(second)], second[ranks % len(second)]
        return pd.Series(self._joined(ahead, behind), dtype=self.dtype)

    def _joined(self, ahead: Array, behind: Array) -> Array:
        if self.kind == "person":
            return in_style(ahead, behind, self.style, self.locale)
        gap = " & " if self.kind == "firm" else " "
        pairs = zip(ahead.tolist(), behind.tolist(), strict=True)
        texts = [f"{one}{gap}{other}" if one else other for one, other in pairs]
        if self.kind == "words":
            texts = [in_case(text, self.style) for text in texts]
        return np.array([*texts, ""], dtype=object)[:-1]


def _are_worded(texts: Sequence[str]) -> bool:
    """Return whether texts are names or words: no digits, and letters as in words."""
    plain = [text for text in texts if not any(map(str.isdigit, text)) and _WORD.search(text)]
    if len(plain) < MOSTLY * len(texts):
        return False
    letters = [sign for text in plain for sign in text.lower() if "a" <= sign <= "z"]
    vowels = sum(sign in "aeiouy" for sign in letters)
    return bool(letters) and VOWELS[0] <= vowels / len(letters) <= VOWELS[1]
