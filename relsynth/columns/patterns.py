"""Regular expressions as numbered languages: how many texts they allow, and the i-th of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from itertools import combinations, pairwise
from typing import Any, Protocol

import numpy as np

from relsynth.errors import SchemaError
from relsynth.typing import Array, Integers

SPAN = 1 << 62
OPEN_REPEATS = 8
ENUMERATED = 50_000
PRINTABLE = tuple(range(32, 127))


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
    options : tuple of Language
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


@lru_cache(maxsize=512)
def parse_pattern(pattern: str, max_length: int | None = None) -> Language:
    """Return the language of a regular expression.

    Parameters
    ----------
    pattern : str
        Python syntax. Literals, sets, categories, groups, alternatives and repeats are
        understood; ``.`` stands for printable ASCII, ``*`` and ``+`` repeat up to 8
        times more than they must, or fewer where `max_length` says so.
    max_length : int, optional
        Longest text, in characters.

    Raises
    ------
    SchemaError
        For a syntax error, for what cannot be generated (look-around, back-references),
        and where the pattern cannot be kept within `max_length`.

    Examples
    --------
    >>> import numpy as np
    >>> language = parse_pattern("HID_[0-9]{3}")
    >>> language.count
    1000
    >>> language.texts(np.array([7]), np.random.default_rng(0)).tolist()
    ['HID_007']
    """
    parser: Any = import_module("re._parser")
    try:
        tree = parser.parse(pattern)
    except Exception as error:
        if type(error).__name__ not in ("error", "PatternError", "OverflowError"):
            raise
        raise SchemaError(f"the pattern {pattern!r} is no regular expression: {error}") from error
    for repeats in range(OPEN_REPEATS, -1, -1):
        language = _sequence(tree, pattern, repeats)
        if max_length is None or language.longest <= max_length:
            return language
    raise SchemaError(
        f"the pattern {pattern!r} spells up to {language.longest} characters, "
        f"but at most {max_length} are allowed"
    )


def exact_count(language: Language) -> int:
    """Return how many different texts a language has; an upper bound where too many to list."""
    if not language.ambiguous or language.count > ENUMERATED:
        return language.count
    ranks = np.arange(language.span, dtype=np.int64)
    return len(np.unique(language.texts(ranks, np.random.default_rng(0))))


def _sequence(tree: Any, pattern: str, repeats: int) -> Language:
    parts = [_node(op, argument, pattern, repeats) for op, argument in tree]
    merged = tuple(_merge_letters(parts))
    return merged[0] if len(merged) == 1 else Chain(merged)


def _merge_letters(parts: Sequence[Language]) -> Iterator[Language]:
    run: list[tuple[int, ...]] = []
    for part in parts:
        if isinstance(part, Letters):
            run.extend(part.alphabets)
            continue
        if run:
            yield Letters(tuple(run))
            run = []
        yield part
    if run or not parts:
        yield Letters(tuple(run))


def _node(op: Any, argument: Any, pattern: str, repeats: int) -> Language:
    name = str(op)
    if name in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
        return Letters((_alphabet(name, argument, pattern),))
    if name == "AT":
        return Letters(())
    if name == "SUBPATTERN":
        return _sequence(argument[-1], pattern, repeats)
    if name == "BRANCH":
        return Choice(tuple(_sequence(option, pattern, repeats) for option in argument[1]))
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        fewest, most, inner = argument
        most = fewest + repeats if "MAXREPEAT" in str(most) else most
        item = _sequence(inner, pattern, repeats)
        options = tuple(_repeated(item, times) for times in range(fewest, most + 1))
        return options[0] if len(options) == 1 else Choice(options)
    raise SchemaError(
        f"the pattern {pattern!r} uses {name.lower().replace('_', ' ')}, "
        "from which no text can be generated"
    )


def _repeated(item: Language, times: int) -> Language:
    merged = tuple(_merge_letters([item] * times))
    return merged[0] if len(merged) == 1 else Chain(merged)


def _alphabet(name: str, argument: Any, pattern: str) -> tuple[int, ...]:
    if name == "LITERAL":
        return (argument,)
    if name == "NOT_LITERAL":
        return tuple(code for code in PRINTABLE if code != argument)
    if name == "ANY":
        return PRINTABLE
    negate, codes = False, set()
    for op, value in argument:
        kind = str(op)
        if kind == "NEGATE":
            negate = True
        elif kind == "LITERAL":
            codes.add(value)
        elif kind == "RANGE":
            codes.update(range(value[0], value[1] + 1))
        else:
            codes.update(_category(str(value)))
    chosen = [code for code in PRINTABLE if code not in codes] if negate else sorted(codes)
    if not chosen:
        raise SchemaError(f"the pattern {pattern!r} has a set without any printable character")
    return tuple(chosen)


def _category(name: str) -> list[int]:
    tests: dict[str, Callable[[str], bool]] = {
        "DIGIT": str.isdigit,
        "SPACE": str.isspace,
        "WORD": lambda text: text.isalnum() or text == "_",
    }
    kind = name.removeprefix("CATEGORY_")
    wanted = not kind.startswith("NOT_")
    test = tests[kind.removeprefix("NOT_")]
    return [code for code in PRINTABLE if test(chr(code)) is wanted]
