"""The parts that a text of a form is put together from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits
from typing import ClassVar, Protocol

import numpy as np

from relsynth.columns.clock_number import clock_parts, counted, written
from relsynth.columns.forms.shared import TextRows, draw
from relsynth.packing import packable

_SHARES = 20  # cases in a list: one in 20 words may be a name
_COVERED = 0.9  # shared tokens that make up this share of the rows stand for all of them
_WORDS_COVERED = 0.5  # of words, which are otherwise replaced by words of no such column
MOST_DIGITS = 15  # longer runs of digits identify: every digit is drawn by itself
_PLACES = 64  # characters behind these are all drawn from one alphabet
_NARROW = 20  # numbers in a range; fewer than there are different ones tell these
_SHORT = 4  # letters of a code rather than of a word
_ALIKE = 10  # capitals all of one length: words differ in it


class Slot(Protocol):
    """A part of a text."""

    kind: ClassVar[str]

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return new parts."""
        ...

    @property
    def variants(self) -> float:
        """About how many there are."""
        ...


@packable
@dataclass(frozen=True, slots=True)
class Fixed:
    """A part that is the same in all texts."""

    text: str
    kind: ClassVar[str] = "fixed"

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return the part so often."""
        return [self.text] * count

    @property
    def variants(self) -> float:
        """One."""
        return 1.0


@packable
@dataclass(frozen=True, slots=True)
class Picked:
    """One of the tokens that enough subjects share."""

    tokens: list[str]
    weights: list[float]
    kind: ClassVar[str] = "picked"

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return tokens as often as they come."""
        return [self.tokens[at] for at in draw(self.weights, count, rng).tolist()]

    @property
    def variants(self) -> float:
        """Number of tokens."""
        return float(len(self.tokens))


@packable
@dataclass(frozen=True, slots=True)
class Number:
    """A number between the quantiles of the real ones, padded with zeros where they are.

    Attributes
    ----------
    clock : int
        Parts of 60 that it ends with, where it is a time such as 0830; the knots are minutes
        or seconds.
    """

    knots: list[float]
    width: int
    clock: int = 0
    kind: ClassVar[str] = "number"

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return numbers distributed like the real ones."""
        places = rng.random(count) * (len(self.knots) - 1)
        drawn = np.interp(places, np.arange(len(self.knots)), self.knots)
        whole = np.rint(drawn)
        whole = written(whole, self.clock) if self.clock else whole
        return [f"{number:0{self.width}d}" for number in whole.astype(np.int64).tolist()]

    @property
    def variants(self) -> float:
        """Whole numbers in range."""
        return self.knots[-1] - self.knots[0] + 1


@packable
@dataclass(frozen=True, slots=True)
class Letters:
    """Characters of which each is drawn by itself from those at its place."""

    pools: list[str]
    lengths: list[int]
    kind: ClassVar[str] = "letters"

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return characters for every place, as many as a real text has."""
        shares = rng.random((count, len(self.pools)))
        columns = [
            np.array([*pool], dtype=object)[(shares[:, at] * len(pool)).astype(np.int64)]
            for at, pool in enumerate(self.pools)
        ]
        sizes = np.array(self.lengths)[rng.integers(len(self.lengths), size=count)]
        rows = zip(*columns, strict=True)
        return ["".join(row)[:size] for row, size in zip(rows, sizes.tolist(), strict=True)]

    @property
    def variants(self) -> float:
        """All combinations."""
        shortest = min(self.lengths)
        return float(np.prod([float(len(pool)) for pool in self.pools[:shortest]]))


@packable
@dataclass(frozen=True, slots=True)
class Word:
    """A word of the language, in the cases of real ones: a list that has each as often."""

    cases: list[str]
    kind: ClassVar[str] = "word"

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return words drawn from some."""
        chosen = rng.integers(len(words), size=count).tolist()
        cases = rng.integers(len(self.cases), size=count).tolist()
        return [in_case(words[w], self.cases[c]) for w, c in zip(chosen, cases, strict=True)]

    @property
    def variants(self) -> float:
        """About the words of a list."""
        return 500.0


def slot_of(tokens: Sequence[str], holders: TextRows) -> Slot:
    """Return what stands for one part of some texts.

    Parameters
    ----------
    tokens : sequence of str, shape (n_texts,)
        The part of every text: digits, letters, or a sign.
    """
    shared, weights, covered = holders.shared(tokens)
    if len(shared) == 1 and covered >= _COVERED:
        return Fixed(shared[0])
    if all(map(str.isdecimal, tokens)):
        return _number(tokens, holders, shared, list(weights), covered)
    if _are_codes(tokens):
        picked = covered >= _COVERED and len(shared) < len(tokens) / 2
        return Picked(shared, list(weights)) if picked else letters_of(tokens)
    if not any(map(str.isalnum, tokens)):
        return Picked(shared, list(weights)) if shared else Fixed(" ")
    if covered >= _WORDS_COVERED and not holders.personal:
        return Picked(shared, list(weights))
    return word_of(tokens)


def word_of(tokens: Sequence[str]) -> Word:
    """Return words of the language in the case of real ones, each as often."""
    cases = sorted(map(case_of, tokens))
    return Word([cases[at * len(cases) // _SHARES] for at in range(_SHARES)])


def _are_codes(tokens: Sequence[str]) -> bool:
    """Return whether letters are a code rather than words: few capitals, or few and all new."""
    if any(any(map(str.isdigit, token)) for token in tokens):
        return True
    if not all(map(str.isalpha, tokens)):
        return False
    lengths = set(map(len, tokens))
    if all(map(str.isupper, tokens)) and len(lengths) == 1 and len(tokens) >= _ALIKE:
        return True
    if max(lengths) > _SHORT:
        return False
    new = len(set(tokens)) > len(tokens) / 2 and len(set(map(len, tokens))) == 1
    return all(map(str.isupper, tokens)) or new


def _number(
    tokens: Sequence[str],
    holders: TextRows,
    shared: list[str],
    weights: list[float],
    covered: float,
) -> Slot:
    lengths = set(map(len, tokens))
    padded = any(len(token) > 1 and token[0] == "0" for token in tokens)
    if covered >= _COVERED and len(shared) < len(tokens) / 2:
        return Picked(shared, weights)
    if max(lengths) > MOST_DIGITS or (padded and len(lengths) > 1):
        return letters_of(tokens)
    numbers = np.array([int(token) for token in tokens], float)
    parts = clock_parts(numbers) if len(lengths) == 1 else 0
    if parts and lengths == {2 * parts + 2}:
        minutes = counted(numbers, parts).astype(np.int64).tolist()
        return Number(holders.knots(minutes), max(lengths), parts)
    knots = holders.knots([int(token) for token in tokens])
    if knots[-1] - knots[0] + 1 < min(len(set(tokens)), _NARROW) and holders.entities.covered.any():
        return letters_of(tokens)  # between so few subjects the range is next to one's own number
    return Number(knots, max(lengths) if padded else 0)


def letters_of(tokens: Sequence[str]) -> Letters:
    """Return characters at every place; few that were seen stand for all of their kind."""
    longest = max(map(len, tokens))
    pools = []
    for at in range(min(longest, _PLACES)):
        seen = sorted({token[at] for token in tokens if len(token) > at})
        pools.append("".join(seen) if len(seen) == 1 else _widened(seen, len(tokens)))
    if longest > _PLACES:
        rest = sorted({sign for token in tokens for sign in token[_PLACES:]})
        pools += ["".join(rest)] * (longest - _PLACES)
    lengths = sorted(map(len, tokens))
    return Letters(pools, lengths[:: -(-len(lengths) // 100)])


def _widened(seen: list[str], n_texts: int) -> str:
    """Return the characters at a place, or all of their kind where few texts show few of them."""
    kinds = [(pool, [sign for sign in seen if sign in pool])
             for pool in (digits, ascii_lowercase, ascii_uppercase)]  # fmt: skip
    rest = "".join(sign for sign in seen if not any(sign in pool for pool, _ in kinds))
    out = rest
    for pool, found in kinds:
        if found and n_texts < 5 * len(found) and not set(found) <= set("abcdefABCDEF"):
            out += pool
        else:
            out += "".join(found)
    return out


def case_of(word: str) -> str:
    """Return the case of a word: upper, title or lower."""
    if word.isupper() and len(word) > 1:
        return "upper"
    return "title" if word[:1].isupper() else "lower"


def in_case(word: str, case: str) -> str:
    """Return a word in a case."""
    if case == "upper":
        return word.upper()
    return word[:1].upper() + word[1:] if case == "title" else word.lower()


TOKEN = re.compile(r"\d+|[^\W\d_]+|[\W_]")
CODE = re.compile(r"[^\W_]+|[\W_]")
