"""Invented values of the same form as real ones: letters for letters, digits for digits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from string import digits
from typing import Any

import numpy as np

from relsynth.columns.text_form import TextForm

TRIES = 20
VOWELS, CONSONANTS = "aeiou", "bcdfghklmnprstvw"


def surrogate_values(
    values: Sequence[Any], taken: Iterable[Any], rng: np.random.Generator
) -> list[Any]:
    """Return one invented value for each given one, distinct from each other and from `taken`.

    Parameters
    ----------
    values : sequence
        Text keeps its case, digits and punctuation, and what is common to the values
        taken; whole numbers keep their digits; other numbers move by up to half of
        themselves.
    taken : iterable
        Values that must not come out.
    rng : numpy.random.Generator

    Returns
    -------
    list
        Where a form has no free value left, a number is appended to the text.
    """
    used = set(taken)
    form = TextForm.of(value for value in sorted(used, key=str) if isinstance(value, str))
    invented = []
    for value in values:
        new = _invent(value, form, rng)
        for _ in range(TRIES):
            if new not in used:
                break
            new = _invent(value, form, rng)
        while new in used:
            mark = str(rng.integers(10))
            new = form.numbered(new, mark) if isinstance(new, str) else new + 1
        used.add(new)
        invented.append(new)
    return invented


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


def _invent(value: Any, form: TextForm, rng: np.random.Generator) -> Any:
    if isinstance(value, str):
        return scramble(value, form, rng)
    if isinstance(value, int) and not isinstance(value, bool):
        digits = len(str(abs(value)))
        low = 10 ** (digits - 1) if digits > 1 else 0
        return int(rng.integers(low, 10**digits)) * (-1 if value < 0 else 1)
    if isinstance(value, float):
        return float(value * (0.5 + rng.random()))
    return value
