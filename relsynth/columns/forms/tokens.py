"""Texts of few shapes: runs of digits, runs of letters and signs in a fixed order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np

from relsynth.columns.forms.calling_codes import of_country
from relsynth.columns.forms.prose import ProseForm
from relsynth.columns.forms.shared import TextRows, draw
from relsynth.columns.forms.slots import (
    CODE,
    MOST_DIGITS,
    TOKEN,
    Number,
    Picked,
    Slot,
    letters_of,
    slot_of,
    word_of,
)
from relsynth.packing import packable
from relsynth.schema.check_digits import CheckDigit, check_digits, with_checks
from relsynth.typing import Integers

_MOST_SHAPES = 30  # of one column; a column of more is prose
_COVERED = 0.8  # of the texts must be of the shapes that are kept
_FEWEST = 3  # texts of a shape
_ROOM = 10  # texts that a shape can make for each real one
_EVIDENCE = 10  # texts of one length that are no chance
_LONGEST = 80  # tokens of a text
_MOSTLY = 0.5  # of the tokens of a place, or of the texts of a column
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_MIXED = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*\d)")  # as most of eight random signs are
_BROKEN = 10  # texts that would break an order by chance: none does e^-10
_TRIES = 20  # draws of a text until it has the length that all have


@packable
@dataclass(frozen=True, slots=True)
class Shape:
    """Texts with the same kinds of tokens in the same order.

    Attributes
    ----------
    weight : float
        Rows that have the shape.
    length : int
        Of every text; 0 where they differ.
    classes : tuple of str
        Kinds of the tokens.
    rising : tuple of (int, int)
        Places of numbers of which the first is always below the second: ``100-149``.
    """

    slots: tuple[Slot, ...]
    weight: float
    length: int = 0
    classes: tuple[str, ...] = ()
    rising: tuple[tuple[int, int], ...] = ()

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return new texts of the shape, of its length where all real ones have one."""
        made: list[str] = []
        for _ in range(_TRIES if self.length else 1):
            parts = [slot.write(count, rng, words) for slot in self.slots]
            for low, high in self.rising:
                for row in range(count):
                    if int(parts[low][row]) > int(parts[high][row]):
                        parts[low][row], parts[high][row] = parts[high][row], parts[low][row]
            texts = ["".join(row) for row in zip(*parts, strict=True)]
            made += [text for text in texts if len(text) == self.length or not self.length]
            if len(made) >= count:
                break
        return [*made, *texts][:count]

    @property
    def variants(self) -> float:
        """About how many texts there are."""
        return float(np.prod([slot.variants for slot in self.slots]))


@packable
@dataclass(frozen=True, slots=True)
class TokenForm:
    """A few shapes, as often as they come.

    Attributes
    ----------
    shapes : tuple of Shape
    checks : tuple of CheckDigit
        What every text proves; empty for nothing.
    rest : ProseForm or None
        Writes the few texts of other shapes.
    """

    shapes: tuple[Shape, ...]
    checks: tuple[CheckDigit, ...] = ()
    rest: ProseForm | None = None
    rest_weight: float = 0.0

    @classmethod
    def learn(cls, texts: Sequence[str], holders: TextRows) -> Self | None:
        """Return the form of distinct texts, None where they have none in common."""
        found = (
            _opaque(texts, holders) or _mixtures(texts, holders) or _shapes(texts, holders, TOKEN)
        )
        if found is None:
            return None
        weight = float(holders.weights.sum()) - sum(shape.weight for shape in found)
        numbered = sum(any(map(str.isdecimal, text)) for text in texts)
        are_codes = numbered > _MOSTLY * len(texts)  # nothing in codes is written as prose
        rest = _others(texts, found) if weight > 0 and not are_codes else []
        prose = ProseForm.learn(rest, holders) if rest else None
        return cls(found, check_digits(texts), prose, weight if rest else 0.0)

    def write(self, count: int, rng: np.random.Generator, words: Sequence[str]) -> list[str]:
        """Return new texts."""
        weights = [shape.weight for shape in self.shapes]
        chosen = draw([*weights, self.rest_weight], count, rng)
        out = np.empty(count, dtype=object)
        if self.rest is not None:
            others = np.flatnonzero(chosen == len(weights))
            out[others] = self.rest.write(len(others), rng, words)
        for at, shape in enumerate(self.shapes):
            here = np.flatnonzero(chosen == at)
            out[here] = shape.write(len(here), rng, words)
        shares = rng.random(count).tolist()
        texts = list(map(of_country, out.tolist(), shares))
        return with_checks(texts, self.checks)

    def shape_of(self, text: str) -> int:
        """Return the number of the shape that a text has, -1 for none of them."""
        tokens = (tuple(map(_class, TOKEN.findall(text))), tuple(map(_mixed, CODE.findall(text))))
        return next((at for at, shape in enumerate(self.shapes) if shape.classes in tokens), -1)

    def only(self, numbers: Sequence[int], *, rest: bool = False) -> TokenForm:
        """Return what writes some of the shapes, and texts of none where they are wanted."""
        shapes = tuple(self.shapes[at] for at in numbers)
        return replace(
            self,
            shapes=shapes,
            rest=self.rest if rest else None,
            rest_weight=self.rest_weight if rest else 0.0,
        )

    @property
    def has_words(self) -> bool:
        """Whether words vary, and not only numbers and codes."""
        slots = [slot for shape in self.shapes for slot in shape.slots]
        return any(
            slot.kind == "word" or (isinstance(slot, Picked) and any(map(str.isalpha, slot.tokens)))
            for slot in slots
        )

    @property
    def variants(self) -> float:
        """About how many texts there are."""
        return sum(shape.variants for shape in self.shapes)


def _others(texts: Sequence[str], shapes: Sequence[Shape]) -> list[str]:
    """Return the texts of none of some shapes, by the kinds of their tokens."""
    known = {tuple(shape.classes) for shape in shapes}
    rest = []
    for text in texts:
        kinds = {tuple(map(_class, TOKEN.findall(text))), tuple(map(_mixed, CODE.findall(text)))}
        if not kinds & known:
            rest.append(text)
    return rest


def _mixed(part: str) -> str:
    """Return the kind of a part in which letters and digits are one."""
    return f"x{_length(part)}" if part[0].isalnum() else f"\x00{part}"


def _length(part: str) -> str:
    """Return the length of what identifies: a country, say, decides it."""
    return str(len(part)) if len(part) > MOST_DIGITS else ""


def _opaque(texts: Sequence[str], holders: TextRows) -> tuple[Shape, ...] | None:
    """Return the shape of bytes written in base64: signs of one alphabet, all of one length."""
    mixed = sum(_MIXED.match(text) is not None for text in texts)
    is_opaque = (
        len(set(map(len, texts))) == 1
        and len(texts) >= _EVIDENCE
        and mixed > _MOSTLY * len(texts)
        and all(map(_BASE64.fullmatch, texts))
    )
    if not is_opaque:
        return None
    return (Shape((letters_of(texts),), float(holders.weights.sum()), len(texts[0])),)


def _mixtures(texts: Sequence[str], holders: TextRows) -> tuple[Shape, ...] | None:
    """Return the shapes of codes that mix letters and digits in places that are not fixed."""
    groups = _groups(texts, CODE, _mixed)
    if not groups:
        return None
    shapes, is_mixed = [], False
    for rows, columns in groups:
        mixed = [_is_mixture(column) for column in columns]
        is_mixed |= any(mixed)
        if any(len(set(map(len, c))) > 1 for c, mix in zip(columns, mixed, strict=True) if mix):
            return None
        own = holders.of(rows)
        pairs = zip(columns, mixed, strict=True)
        slots = tuple(_code(column, own) if mix else slot_of(column, own) for column, mix in pairs)
        shapes.append(_shape(slots, texts, rows, own, [_mixed(c[0]) for c in columns], columns))
    return tuple(shapes) if is_mixed else None


def _is_mixture(tokens: Sequence[str]) -> bool:
    """Return whether a place has letters in some texts where it has digits in others."""
    for signs in zip(*tokens, strict=False):
        kinds = {sign.isdecimal() for sign in signs}
        if len(kinds) > 1:
            return True
    return False


def _code(tokens: Sequence[str], holders: TextRows) -> Slot:
    """Return what stands for letters and digits in a mixture: characters, never words."""
    found = slot_of(tokens, holders)
    return letters_of(tokens) if found.kind in ("word", "number") else found


def _shapes(
    texts: Sequence[str], holders: TextRows, token: re.Pattern[str]
) -> tuple[Shape, ...] | None:
    groups = _groups(texts, token, _class)
    owners = [holders.of(rows) for rows, _ in groups]
    found = [
        _less_informative([slot_of(column, own) for column in columns], columns, own)
        for (_, columns), own in zip(groups, owners, strict=True)
    ]
    known = {
        t for slots in found for slot in slots if isinstance(slot, Picked) for t in slot.tokens
    }
    shapes = [
        _shape(
            _of_known(slots, columns, known),
            texts,
            rows,
            own,
            [_class(c[0]) for c in columns],
            columns,
        )
        for (rows, columns), slots, own in zip(groups, found, owners, strict=True)
    ]
    return None if not shapes or _is_prose(shapes) else tuple(shapes)


def _of_known(
    slots: tuple[Slot, ...], columns: Sequence[Sequence[str]], known: set[str]
) -> tuple[Slot, ...]:
    """Return slots with the words that other shapes share in place of words of the language."""
    made = list(slots)
    for at, (slot, column) in enumerate(zip(slots, columns, strict=True)):
        tokens = [token for token in column if token in known]
        if slot.kind == "word" and len(tokens) >= _MOSTLY * len(column):
            made[at] = Picked(*_counted(tokens))
    return tuple(made)


def _counted(tokens: Sequence[str]) -> tuple[list[str], list[float]]:
    distinct, counts = np.unique(np.array(tokens, dtype=object).astype(str), return_counts=True)
    return distinct.tolist(), counts.astype(float).tolist()


def _less_informative(
    slots: list[Slot], columns: Sequence[Sequence[str]], holders: TextRows
) -> tuple[Slot, ...]:
    """Return slots that make far more texts than there are, so that few are real ones.

    Words that enough subjects share may still make up a text that one has; where their
    combinations are few, words of the language stand for those of which there are most.
    """
    room = _ROOM * holders.n_texts if holders.entities.covered.any() else 0
    while np.prod([slot.variants for slot in slots]) < room:
        picked = {
            at: slot.variants
            for at, slot in enumerate(slots)
            if isinstance(slot, Picked) and len(slot.tokens) > 1 and max(map(len, slot.tokens)) > 1
            and any(map(str.islower, slot.tokens))
        }  # fmt: skip
        if not picked:
            break
        at = max(picked, key=lambda one: picked[one])
        slots[at] = word_of(columns[at])
    return tuple(slots)


def _shape(
    slots: tuple[Slot, ...],
    texts: Sequence[str],
    rows: Integers,
    own: TextRows,
    classes: list[str],
    columns: Sequence[Sequence[str]],
) -> Shape:
    lengths = {len(texts[row]) for row in rows.tolist()}
    is_fixed = not any(slot.kind == "word" for slot in slots)
    same = len(lengths) == 1 and len(rows) >= _EVIDENCE and is_fixed
    length = lengths.pop() if same else 0
    return Shape(slots, float(own.weights.sum()), length, tuple(classes), _rising(slots, columns))


def _rising(
    slots: tuple[Slot, ...], columns: Sequence[Sequence[str]]
) -> tuple[tuple[int, int], ...]:
    """Return the places of two numbers of which the first is always below the next one.

    Where the numbers of some text with those of another would break it often enough.
    """
    places = [at for at, slot in enumerate(slots) if isinstance(slot, Number)]
    found = []
    for low, high in pairwise(places):
        first, second = (np.array(list(map(int, columns[at])), float) for at in (low, high))
        broken = np.count_nonzero(first > np.roll(second, 1))
        if (first < second).all() and broken >= _BROKEN:
            found.append((low, high))
    return tuple(found)


def _groups(
    texts: Sequence[str], token: re.Pattern[str], kind: Callable[[str], str]
) -> list[tuple[Integers, list[tuple[str, ...]]]]:
    """Return the texts by their kinds of tokens, the most frequent first, and their tokens.

    Empty where too few texts are of a kind that comes often.
    """
    parted = [token.findall(text) for text in texts]
    if max(map(len, parted), default=0) > _LONGEST or not texts:
        return []
    groups: dict[str, list[int]] = defaultdict(list)
    for number, parts in enumerate(parted):
        groups["".join(map(kind, parts))].append(number)
    ranked = sorted(groups.values(), key=len, reverse=True)
    kept = [group for group in ranked if len(group) >= _FEWEST][:_MOST_SHAPES]
    if sum(map(len, kept)) < _COVERED * len(texts):
        return []
    return [
        (np.array(group), list(zip(*(parted[number] for number in group), strict=True)))
        for group in kept
    ]


def _is_prose(shapes: Sequence[Shape]) -> bool:
    """Return whether texts are words with nothing that they share: prose, not a form."""
    slots = [slot for shape in shapes for slot in shape.slots]
    words = sum(slot.kind == "word" for slot in slots)
    telling = sum(
        slot.kind in ("number", "letters") or any(map(str.isalnum, getattr(slot, "text", "")))
        for slot in slots
    )
    return words > telling


def _class(part: str) -> str:
    """Return the kind of a token: a digit, a letter, or the sign itself."""
    if part[0].isdecimal():
        return f"0{_length(part)}" if part.isdecimal() else "x"
    if part[0].isalpha():
        return "a" if part.isalpha() else "x"
    return f"\x00{part}"
