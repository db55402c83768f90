"""Prose: as many words and signs as a real text has, of words that enough subjects use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Self

import numpy as np

from relsynth.columns.forms.shared import TextRows
from relsynth.columns.forms.slots import case_of, in_case
from relsynth.columns.text_form import TextForm, has_address
from relsynth.packing import packable
from relsynth.typing import Integers

_SPECIMENS = 1_000  # texts whose signs and lengths are kept; more double the model file
_PART = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[\W_]+")
_CASES = {"upper": "\x01", "title": "\x02", "lower": "\x03"}
_DIGIT = "\x04"
_LETTER = "\x05"
_GAP = re.compile("[\x01\x02\x03]|\x04+|\x05+")
# a word that begins no sentence
_INNER = re.compile('(?<=[^\\s.!?:"“„«(-][\\s(-])[\x01\x02\x03]|(?<=[,;] )[\x01\x02\x03]')
_NAMED = 0.3  # of these words; of more that are capitals it is titles, or German
_RUN = re.compile(r"[^\W_]+")
_ABBREVIATED = 3  # capitals that stand for a state or a country rather than spell a word


@packable
@dataclass(frozen=True, slots=True)
class ProseForm:
    """Specimens of which only signs, the case of words and the number of digits are kept.

    Attributes
    ----------
    specimens : tuple of str
        With control characters where words and digits go.
    """

    specimens: tuple[str, ...]

    @classmethod
    def learn(cls, texts: Sequence[str], holders: TextRows) -> Self:
        """Return the form of distinct texts, which need no more in common than a language."""
        some = texts[:: -(-len(texts) // _SPECIMENS) or 1]
        specimens = tuple(map(_specimen, some))
        inner = [gap for one in specimens for gap in _INNER.findall(one)]
        if sum(gap != _CASES["lower"] for gap in inner) < _NAMED * len(inner):
            # sentences: what stood there in capitals were names, which other words are not
            specimens = tuple(_INNER.sub(_CASES["lower"], one) for one in specimens)
        return cls(specimens)

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return new texts."""
        if not self.specimens:
            return [""] * count
        chosen = [self.specimens[at] for at in rng.integers(len(self.specimens), size=count)]
        gaps = [_GAP.findall(one) for one in chosen]
        n_words = sum(gap[0] not in (_DIGIT, _LETTER) for some in gaps for gap in some)
        n_letters = sum(len(gap) for some in gaps for gap in some if gap[0] == _LETTER)
        n_digits = sum(len(gap) for some in gaps for gap in some if gap[0] == _DIGIT)
        drawn = iter(_frequent(len(words), n_words, rng).tolist())
        digits = iter(rng.integers(10, size=n_digits).tolist())
        letters = iter(rng.integers(len(ascii_uppercase), size=n_letters).tolist())
        case = {sign: name for name, sign in _CASES.items()}

        def fill(match: re.Match[str]) -> str:
            gap = match[0]
            if gap[0] == _LETTER:
                return "".join(ascii_uppercase[next(letters)] for _ in gap)
            if gap[0] == _DIGIT:
                number = "".join(str(next(digits)) for _ in gap)
                return "1" + number[1:] if number[0] == "0" else number
            return in_case(words[next(drawn)], case[gap])

        return [_GAP.sub(fill, one) for one in chosen]

    @property
    def variants(self) -> float:
        """About how many texts the shortest specimen stands for."""
        least = min((len(_GAP.findall(one)) for one in self.specimens), default=0)
        return float(len(self.specimens)) * 100.0 ** min(least, 6)


def _specimen(text: str) -> str:
    if text.isalpha() and text.isupper() and len(text) <= _ABBREVIATED:
        return _LETTER * len(text)
    pieces = TextForm().pieces(text)
    if any(map(str.isdecimal, text)) and not any(map(str.islower, text)) and not has_address(text):
        return _RUN.sub(_signs, text)  # a code such as S-958 22: none of its letters is a word
    return "".join(p.text if p.stays else _PART.sub(_gap, _RUN.sub(_code, p.text)) for p in pieces)


def _code(match: re.Match[str]) -> str:
    """Return the gaps of a run of capitals and digits, which is a code and not a word."""
    run = match[0]
    if not (run.isupper() and any(map(str.isdecimal, run))):
        return run
    return _signs(match)


def _signs(match: re.Match[str]) -> str:
    return "".join(_DIGIT if sign.isdecimal() else _LETTER for sign in match[0])


def _gap(match: re.Match[str]) -> str:
    part = match[0]
    if part[0].isdecimal():
        return _DIGIT * len(part)
    return _CASES[case_of(part)] if part[0].isalpha() else part


def _frequent(n_words: int, count: int, rng: np.random.Generator) -> Integers:
    """Return places in a list in falling order of frequency, drawn by Zipf's law."""
    weights = 1.0 / np.arange(1, n_words + 1)
    total = np.cumsum(weights)
    drawn: Integers = np.searchsorted(total, rng.random(count) * total[-1], side="right")
    return np.minimum(drawn, n_words - 1)
