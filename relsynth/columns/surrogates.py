"""Invented values of the same form as real ones: letters for letters, digits for digits."""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

TRIES = 20


def surrogate_values(
    values: Sequence[Any], taken: Iterable[Any], rng: np.random.Generator
) -> list[Any]:
    """Return one invented value for each given one, distinct from each other and from `taken`.

    Parameters
    ----------
    values : sequence
        Text keeps its case, digits and punctuation; whole numbers keep their digits;
        other numbers move by up to half of themselves.
    taken : iterable
        Values that must not come out.
    rng : numpy.random.Generator

    Returns
    -------
    list
        Where a form has no free value left, a number is appended to the text.
    """
    used = set(taken)
    invented = []
    for value in values:
        new = _invent(value, rng)
        for _ in range(TRIES):
            if new not in used:
                break
            new = _invent(value, rng)
        while new in used:
            new = f"{new}{rng.integers(10)}" if isinstance(new, str) else new + 1
        used.add(new)
        invented.append(new)
    return invented


def scramble(text: str, rng: np.random.Generator) -> str:
    """Return text with every letter and digit replaced by a random one of its kind.

    A number that does not start with a zero goes on not starting with one.
    """
    vowels, consonants = "aeiou", "bcdfghklmnprstvw"
    drawn = rng.random(len(text))
    out: list[str] = []
    for letter, share in zip(text, drawn.tolist(), strict=True):
        if letter in string.digits:
            leads = letter != "0" and not (out and out[-1] in string.digits)
            out.append(string.digits[int(leads + share * (10 - leads))])
        elif letter.isalpha():
            pool = vowels if letter.lower() in "aeiouyáéíóúůýěàèäöüâêîôû" else consonants
            new = pool[int(share * len(pool))]
            out.append(new.upper() if letter.isupper() else new)
        else:
            out.append(letter)
    return "".join(out)


def _invent(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, str):
        return scramble(value, rng)
    if isinstance(value, int) and not isinstance(value, bool):
        digits = len(str(abs(value)))
        low = 10 ** (digits - 1) if digits > 1 else 0
        return int(rng.integers(low, 10**digits)) * (-1 if value < 0 else 1)
    if isinstance(value, float):
        return float(value * (0.5 + rng.random()))
    return value
