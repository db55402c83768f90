"""Check digits: found in real texts, put right in new ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Final

import numpy as np

from relsynth.packing import packable
from relsynth.typing import Flags, Integers

_EVIDENCE: Final = 10  # of so many texts one in ten thousand million has right digits by chance
_SAMPLE: Final = 200  # texts whose check digit must hold: by chance one in ten does
_REPEATED: Final = 20  # texts that repeat a remainder: they agree by chance in one of 10^20 cases
_VARIED: Final = 4  # check signs, or the texts hardly differ
_STEPS: Final = 3  # check digits one behind the other; Brazilian numbers have two
_LONGEST: Final = 64  # characters of a text that has a check digit
_TWO_SIGNS: Final = 97  # the only modulus of two signs: the largest prime below 100
_SIGN: Final = re.compile(r"[^\W_]", re.ASCII)

Summed = Callable[[Integers, Flags], Integers]
"""Gives a number for digits, from the last one backwards, of which some are there."""


def _weighted(*weights: int) -> Summed:
    """Return a weighted sum; the weights of the last digits come again and again."""

    def summed(digits: Integers, there: Flags) -> Integers:
        factors = np.array(list(islice(cycle(weights), digits.shape[1] + 1)))
        total: Integers = (digits * factors[np.cumsum(there, axis=1) - there] * there).sum(axis=1)
        return total

    return summed


def _luhn(digits: Integers, there: Flags) -> Integers:
    doubled = (np.cumsum(there, axis=1) - there) % 2 == 0
    twice = np.where(doubled, 2 * digits, digits)
    total: Integers = ((twice // 10 + twice % 10) * there).sum(axis=1)
    return total


def _number(digits: Integers, there: Flags) -> Integers:
    """Return the remainder of the digits as one number, for all moduli at once."""
    rest = np.zeros(len(digits), dtype=np.int64)
    for at in range(digits.shape[1] - 1, -1, -1):
        rest = np.where(there[:, at], (rest * 10 + digits[:, at]) % _ALL_MODULI, rest)
    return rest


def _product(digits: Integers, there: Flags) -> Integers:
    """Return the running product of ISO 7064, of German tax numbers."""
    product = np.full(len(digits), 10, dtype=np.int64)
    for at in range(digits.shape[1] - 1, -1, -1):
        added = (digits[:, at] + product) % 10
        product = np.where(there[:, at], 2 * np.where(added == 0, 10, added) % 11, product)
    return product


# sums and the moduli that check digits are made with
_SUMS: Final[dict[str, tuple[Summed, tuple[int, ...]]]] = {
    "luhn": (_luhn, (10,)),
    "3 1": (_weighted(3, 1), (10,)),
    "7 3 1": (_weighted(7, 3, 1), (10,)),
    "3 1 9 7": (_weighted(3, 1, 9, 7), (10,)),
    "2 to 7": (_weighted(*range(2, 8)), (11,)),
    "2 to 9": (_weighted(*range(2, 10)), (11,)),
    "2 on": (_weighted(*range(2, 2 + _LONGEST)), (11,)),
    "7 to 2": (_weighted(7, 6, 5, 4, 3, 2), (11,)),
    "product": (_product, (11,)),
    "number": (_number, (7, 9, 11, 23, 97)),
}
_ALL_MODULI: Final = 7 * 9 * 11 * 23 * 97  # what is left of it leaves the same of each


@packable
@dataclass(frozen=True, slots=True)
class CheckDigit:
    """What the last sign of a text, or two signs behind a country, follow from.

    Attributes
    ----------
    sum : str
        Name of the sum of the other signs.
    signs : tuple of str
        By the sum's remainder; empty where no text has it.
    place : int
        Characters before them where positive, else minus one and the characters behind them.
    letters : bool
        Whether letters count as two digits, A as 10.
    """

    sum: str
    modulus: int
    signs: tuple[str, ...]
    place: int
    letters: bool

    @property
    def has_gaps(self) -> bool:
        """Whether some texts have no check digit."""
        return not all(self.signs)

    def parted(self, text: str) -> tuple[str, str]:
        """Return a text without its check digits, and these."""
        size = max(map(len, self.signs))
        start = self.place if self.place > 0 else len(text) + 1 + self.place - size
        return text[:start] + text[start + size :], text[start : start + size]

    def completed(self, texts: Sequence[str]) -> list[str | None]:
        """Return texts with the check digits that they lack; None for those that have none."""
        signs = [self.signs[at] for at in self.remainders(texts).tolist()]
        starts = [self.place if self.place > 0 else len(t) + 1 + self.place for t in texts]
        return [
            text[:start] + sign + text[start:] if sign else None
            for text, sign, start in zip(texts, signs, starts, strict=True)
        ]

    def remainders(self, texts: Sequence[str]) -> Integers:
        """Return the remainders of texts without check digits."""
        turned = [t[self.place :] + t[: self.place] for t in texts] if self.place > 0 else texts
        return _SUMS[self.sum][0](*_digits(turned, self.letters)) % self.modulus


def check_digits(texts: Sequence[str]) -> tuple[CheckDigit, ...]:
    """Return the check digits of distinct texts, the last one first; empty for none.

    Examples
    --------
    >>> bodies = [f"978{number:09d}" for number in range(7, 10**6, 9973)]
    >>> weights = (1, 3) * 6
    >>> texts = [b + str(-sum(w * int(d) for w, d in zip(weights, b)) % 10) for b in bodies]
    >>> found = check_digits(texts)
    >>> found[0].sum, found[0].modulus
    ('3 1', 10)
    >>> with_checks(["978-0-306-40615-9"], found)
    ['978-0-306-40615-7']
    """
    left = list(texts[:: -(-len(texts) // _SAMPLE) or 1])
    found: list[CheckDigit] = []
    while len(found) < _STEPS and (digit := _found(left)):
        found.append(digit)
        left = list(dict.fromkeys(digit.parted(text)[0] for text in left))
    return tuple(found)


def with_checks(texts: Sequence[str], digits: Sequence[CheckDigit]) -> list[str]:
    """Return texts with check digits that are right; as they are where there are none."""
    bare = list(texts)
    for digit in digits:
        bare = [digit.parted(text)[0] for text in bare]
    made = completed(bare, digits)
    return [text if new is None else new for text, new in zip(texts, made, strict=True)]


def completed(bodies: Sequence[str], digits: Sequence[CheckDigit]) -> list[str | None]:
    """Return texts with the check digits that they lack; None for those that have none."""
    made: list[str | None] = list(bodies)
    for digit in reversed(digits):
        known = [at for at, text in enumerate(made) if text is not None]
        for at, text in zip(known, digit.completed([str(made[at]) for at in known]), strict=True):
            made[at] = text
    return made


def _found(texts: Sequence[str]) -> CheckDigit | None:
    if len(texts) < _EVIDENCE or max(map(len, texts)) > _LONGEST:
        return None
    ends = [[at for at, sign in enumerate(text) if _SIGN.match(sign)] for text in texts]
    if min(map(len, ends)) < _VARIED:
        return None
    behind = {len(text) - own[-1] for text, own in zip(texts, ends, strict=True)}
    if len(behind) == 1:
        place = -behind.pop()
        found = _of(texts, 1, place) or _of(texts, 2, place)
        if found is not None:
            return found
    return _of(texts, 2, 2)  # behind a country: account numbers


def _of(texts: Sequence[str], size: int, place: int) -> CheckDigit | None:
    """Return the check digit of so many signs at a place, if there is one."""
    cut = CheckDigit("luhn", 10, ("0" * size,), place, letters=False)
    bodies, checks = zip(*map(cut.parted, texts), strict=True)
    if len(set(checks)) < _VARIED or len(set(bodies)) < len(bodies):
        return None
    if sum(sign.isdecimal() for sign in checks) < (len(checks) if size > 1 else 0):
        return None
    have_letters = any(sign.isalpha() for body in bodies for sign in body)
    rules = [
        CheckDigit(name, modulus, cut.signs, place, letters)
        for letters in ((False, True) if have_letters else (False,))
        for name, (_, moduli) in _SUMS.items()
        for modulus in moduli
        if (modulus == _TWO_SIGNS) == (size > 1)
    ]
    rests = [rule.remainders(bodies) for rule in rules]
    for signs_of in (_counting, _listed):
        for rule, own in zip(rules, rests, strict=True):
            signs = signs_of(own, checks, rule.modulus)
            if signs:
                return replace(rule, signs=signs)
    return None


def _counting(rests: Integers, checks: Sequence[str], modulus: int) -> tuple[str, ...]:
    """Return the check digits by remainder where they count up or down with it."""
    letters = {sign for sign in checks if not sign.isdecimal()}
    ten = letters.pop() if len(letters) == 1 and modulus == 11 else ""
    if letters:
        return ()
    values = np.array([10 if sign == ten else int(sign) for sign in checks])
    are_two = modulus == _TWO_SIGNS
    for low in (0, 1, 2) if are_two else (0,):
        for factor in (1, -1, 3, -3) if are_two else (1, -1):  # 100 is 3 more than 97
            shift = int(values[0] + factor * rests[0]) % modulus
            counted = (shift - factor * np.arange(modulus) - low) % modulus + low
            if (counted[rests] == values).all():
                width = len(checks[0])
                return tuple(
                    ten if value == 10 and width == 1 else f"{value:0{width}d}"
                    for value in counted.tolist()
                )
    return ()


def _listed(rests: Integers, checks: Sequence[str], modulus: int) -> tuple[str, ...]:
    """Return the check digits by remainder where each remainder has one."""
    table: dict[int, str] = {}
    same = all(table.setdefault(r, s) == s for r, s in zip(rests.tolist(), checks, strict=True))
    if not same or len(checks) - len(table) < _REPEATED:
        return ()
    return tuple(table.get(rest, "") for rest in range(modulus))


def _digits(texts: Sequence[str], letters: bool) -> tuple[Integers, Flags]:
    """Return digits from the last one backwards, and which are there."""
    turned = np.array([text[::-1] or " " for text in texts])
    codes = turned.view(np.uint32).reshape(len(texts), -1).astype(np.int64)
    is_digit = (codes >= ord("0")) & (codes <= ord("9"))
    capital = np.where((codes >= ord("a")) & (codes <= ord("z")), codes - 32, codes)
    is_letter = (capital >= ord("A")) & (capital <= ord("Z")) & letters
    value = np.where(is_digit, codes - ord("0"), np.where(is_letter, capital - ord("A") + 10, 0))
    shape = (len(texts), 2 * codes.shape[1])
    digits = np.stack([value % 10, value // 10], axis=2).reshape(shape)
    there = np.stack([is_digit | is_letter, is_letter], axis=2).reshape(shape)
    return digits, there
