"""Sets of texts as numbered languages: how many texts they hold, and the i-th of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from typing import Protocol

import numpy as np

from relsynth.typing import Array, Integers

SPAN = 1 << 62  # ranks that fit a 64-bit number with room to count on


class Language(Protocol):
    """A finite set of texts whose members can be counted and numbered."""

    @property
    def count(self) -> int:
        """Number of texts; an upper bound where `ambiguous`."""

    @property
    def span(self) -> int:
        """Texts that can be reached by number, at most 2**62."""

    @property
    def shortest(self) -> int:
        """Fewest characters."""

    @property
    def longest(self) -> int:
        """Most characters."""

    @property
    def ambiguous(self) -> bool:
        """Whether two numbers may spell the same text."""

    def texts(self, ranks: Integers, rng: np.random.Generator) -> Array:
        """Return the texts with these numbers, each in ``[0, span)``.

        Where the language is larger than its span, the part of a text that no number
        reaches is drawn from `rng`; distinct numbers still give distinct texts.
        """
        ...

    def draw(self, size: int, rng: np.random.Generator) -> Array:
        """Return texts at random, repeats allowed, all alternatives alike."""
        ...


@dataclass(frozen=True)
class Letters:
    """A fixed number of positions, each with its own set of characters.

    Parameters
    ----------
    alphabets : tuple of tuple of int
        Code points allowed at each position; an empty tuple of positions is the empty text.
    """

    alphabets: tuple[tuple[int, ...], ...]
    ambiguous = False

    @cached_property
    def count(self) -> int:
        """Number of texts."""
        return math.prod(map(len, self.alphabets))

    @cached_property
    def span(self) -> int:
        """Texts that can be reached by number."""
        return math.prod(map(len, self.alphabets[self._ranked_from :]))

    @property
    def shortest(self) -> int:
        """Fewest characters."""
        return len(self.alphabets)

    @property
    def longest(self) -> int:
        """Most characters."""
        return len(self.alphabets)

    @cached_property
    def _ranked_from(self) -> int:
        product, position = 1, len(self.alphabets)
        while position and product * len(self.alphabets[position - 1]) <= SPAN:
            position -= 1
            product *= len(self.alphabets[position])
        return position

    def texts(self, ranks: Integers, rng: np.random.Generator) -> Array:
        """Return the texts with these numbers."""
        rest = np.asarray(ranks, dtype=np.int64)
        codes = np.empty((len(rest), len(self.alphabets)), dtype=np.uint32)
        for position in range(len(self.alphabets) - 1, -1, -1):
            letters = np.array(self.alphabets[position], dtype=np.uint32)
            if position >= self._ranked_from:
                rest, digit = np.divmod(rest, len(letters))
            else:
                digit = rng.integers(len(letters), size=len(codes))
            codes[:, position] = letters[digit]
        return _as_text(codes)

    def draw(self, size: int, rng: np.random.Generator) -> Array:
        """Return texts at random."""
        codes = np.empty((size, len(self.alphabets)), dtype=np.uint32)
        for position, alphabet in enumerate(self.alphabets):
            letters = np.array(alphabet, dtype=np.uint32)
            codes[:, position] = letters[rng.integers(len(letters), size=size)]
        return _as_text(codes)


@dataclass(frozen=True)
class Chain:
    """Languages one after another."""

    parts: tuple[Language, ...]

    @cached_property
    def count(self) -> int:
        """Number of texts."""
        return math.prod(part.count for part in self.parts)

    @cached_property
    def span(self) -> int:
        """Texts that can be reached by number."""
        return math.prod(part.span for part in self.parts[self._ranked_from :])

    @cached_property
    def shortest(self) -> int:
        """Fewest characters."""
        return sum(part.shortest for part in self.parts)

    @cached_property
    def longest(self) -> int:
        """Most characters."""
        return sum(part.longest for part in self.parts)

    @cached_property
    def ambiguous(self) -> bool:
        """Whether two numbers may spell the same text."""
        varying = sum(part.shortest != part.longest for part in self.parts)
        return varying > 1 or any(part.ambiguous for part in self.parts)

    @cached_property
    def _ranked_from(self) -> int:
        product, position = 1, len(self.parts)
        while position and product * self.parts[position - 1].span <= SPAN:
            position -= 1
            product *= self.parts[position].span
        return position

    def texts(self, ranks: Integers, rng: np.random.Generator) -> Array:
        """Return the texts with these numbers."""
        rest = np.asarray(ranks, dtype=np.int64)
        made: list[Array] = []
        for position in range(len(self.parts) - 1, -1, -1):
            part = self.parts[position]
            if position >= self._ranked_from:
                rest, number = np.divmod(rest, part.span)
                made.append(part.texts(number, rng))
            else:
                made.append(part.draw(len(rest), rng))
        return _joined(made[::-1], len(rest))

    def draw(self, size: int, rng: np.random.Generator) -> Array:
        """Return texts at random."""
        return _joined([part.draw(size, rng) for part in self.parts], size)


@dataclass(frozen=True)
class Choice:
    """Alternatives; numbered one after the other.

    Parameters
    ----------
    weights : tuple of float, optional
        Relative frequency of each option in `draw`; equal where missing.
    """

    options: tuple[Language, ...]
    weights: tuple[float, ...] | None = None

    @cached_property
    def count(self) -> int:
        """Number of texts."""
        return sum(option.count for option in self.options)

    @cached_property
    def spans(self) -> Integers:
        """Texts of each option that can be reached by number."""
        most = SPAN // len(self.options)
        return np.array([min(option.span, most) for option in self.options], dtype=np.int64)

    @cached_property
    def span(self) -> int:
        """Texts that can be reached by number."""
        return int(self.spans.sum())

    @cached_property
    def shortest(self) -> int:
        """Fewest characters."""
        return min(option.shortest for option in self.options)

    @cached_property
    def longest(self) -> int:
        """Most characters."""
        return max(option.longest for option in self.options)

    @cached_property
    def ambiguous(self) -> bool:
        """Whether two numbers may spell the same text."""
        lengths = sorted((option.shortest, option.longest) for option in self.options)
        apart = all(a[1] < b[0] for a, b in pairwise(lengths))
        if any(option.ambiguous for option in self.options):
            return True
        return not apart and not self._start_apart() and not _spelled_apart(self.options)

    def _start_apart(self) -> bool:
        starts = [_starts(option) for option in self.options]
        known = [start for start in starts if start is not None]
        return len(known) == len(starts) and sum(map(len, known)) == len(set().union(*known))

    def texts(self, ranks: Integers, rng: np.random.Generator) -> Array:
        """Return the texts with these numbers."""
        ends = np.cumsum(self.spans)
        chosen = np.searchsorted(ends, ranks, side="right")
        return self._fill(chosen, np.asarray(ranks) - (ends - self.spans)[chosen], rng)

    def draw(self, size: int, rng: np.random.Generator) -> Array:
        """Return texts at random."""
        share = None if self.weights is None else np.array(self.weights) / sum(self.weights)
        return self._fill(rng.choice(len(self.options), size=size, p=share), None, rng)

    def _fill(self, chosen: Integers, ranks: Integers | None, rng: np.random.Generator) -> Array:
        out = np.empty(len(chosen), dtype=f"<U{max(self.longest, 1)}")
        for number, option in enumerate(self.options):
            where = np.flatnonzero(chosen == number)
            if len(where) and ranks is None:
                out[where] = option.draw(len(where), rng)
            elif len(where) and ranks is not None:
                out[where] = option.texts(ranks[where], rng)
        return out


def _spelled_apart(options: Sequence[Language]) -> bool:
    """Return whether texts of fixed lengths always differ, by punctuation or at some place."""
    alike: dict[str, list[Letters]] = {}
    for option in options:
        if not isinstance(option, Letters) or any(map(_is_mixed, option.alphabets)):
            return False
        alike.setdefault(_punctuation(option), []).append(option)
    return all(
        any(set(a).isdisjoint(b) for a, b in zip(one.alphabets, other.alphabets, strict=True))
        for same in alike.values()
        for one, other in combinations(same, 2)
    )


def _is_mixed(alphabet: tuple[int, ...]) -> bool:
    """Return whether a place may take a mark as well as something else."""
    return len(alphabet) > 1 and not all(chr(code).isalnum() for code in alphabet)


def _punctuation(letters: Letters) -> str:
    """Spell marks as they are and every place of letters and digits as a null character."""
    firsts = [chr(alphabet[0]) for alphabet in letters.alphabets]
    return "".join("\x00" if first.isalnum() else first for first in firsts)


def _starts(language: Language) -> set[int] | None:
    """Return the possible first characters, or None where the text may be empty."""
    if language.shortest == 0:
        return None
    if isinstance(language, Letters):
        return set(language.alphabets[0])
    if isinstance(language, Chain):
        return next((_starts(part) for part in language.parts if part.longest), None)
    if isinstance(language, Choice):
        found = [_starts(option) for option in language.options]
        known = [start for start in found if start is not None]
        return set().union(*known) if len(known) == len(found) else None
    return None


def _as_text(codes: Array) -> Array:
    rows, width = codes.shape
    if width == 0:
        return np.full(rows, "", dtype="<U1")
    return np.ascontiguousarray(codes).view(f"<U{width}").ravel()


def _joined(parts: Sequence[Array], size: int) -> Array:
    out = np.full(size, "", dtype="<U1")
    for part in parts:
        out = np.char.add(out, part)
    return out
