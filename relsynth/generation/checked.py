"""Numbers with check digits: ISBN, EAN, cards, IBAN, VAT and their kin, valid and all different."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from relsynth.columns.key_declaring import declared_format
from relsynth.columns.keys import KeyFormat
from relsynth.schema import Column
from relsynth.typing import Array, Integers

Check = Callable[[Integers], Array]
"""Gives the check digits of bodies, a row of values (0 to 9, letters from 10) each."""


def weighted(weights: tuple[int, ...], modulus: int, signs: str = "0123456789") -> Check:
    """Return the check digit that makes a weighted sum a multiple of a modulus.

    Parameters
    ----------
    weights : tuple of int
        Of the digits from the last one backwards, again and again.
    signs : str
        How the digits are written.
    """

    def check(body: Integers) -> Array:
        factors = np.resize(np.array(weights), body.shape[1])[::-1]
        rest = -(body * factors).sum(axis=1) % modulus
        return np.array(list(signs))[rest]

    return check


def luhn(body: Integers) -> Array:
    """Return the check digits of cards; letters count as two digits."""
    total, double = np.zeros(len(body), dtype=np.int64), np.ones(len(body), dtype=np.int64)
    for values in body.T[::-1]:
        for digit, counts in ((values % 10, True), (values // 10, values >= 10)):
            twice = digit * (1 + double)
            total += np.where(counts, twice // 10 + twice % 10, 0)
            double = np.where(counts, 1 - double, double)
    return np.array(list("0123456789"))[-total % 10]


def mod_97(body: Integers) -> Array:
    """Return the two check digits of IBAN and LEI."""
    rest = np.zeros(len(body), dtype=np.int64)
    for values in [*body.T, np.zeros(len(body), np.int64), np.zeros(len(body), np.int64)]:
        rest = (rest * np.where(values >= 10, 100, 10) + values) % 97
    return np.array([f"{n:02d}" for n in range(99)])[98 - rest]


def mod_11_10(body: Integers) -> Array:
    """Return the check digits of ISO 7064, of German VAT numbers."""
    product = np.full(len(body), 10, dtype=np.int64)
    for values in body.T:
        summed = (values + product) % 10
        product = 2 * np.where(summed == 0, 10, summed) % 11
    return np.array(list("0123456789"))[(11 - product) % 10]


@dataclass(frozen=True)
class Kind:
    """How numbers of a kind are made.

    Attributes
    ----------
    body : str
        Regular expression of the part that is free, of one length.
    form : str
        The whole: ``{0}`` is the body, ``{1}`` the check digits, ``{2}`` and ``{3}`` are its parts.
    cut : int
        Length of the first part of the body.
    counted : str
        What is counted in front of the body, as the country in an ISIN, or behind it, in an IBAN.
    """

    body: str
    check: Check
    form: str = "{0}{1}"
    cut: int = 0
    before: str = ""
    behind: str = ""


_EAN = weighted((3, 1), 10)  # the weights of EAN, UPC and ISBN-13
KINDS: dict[str, Kind] = {
    "isbn13": Kind("97[89][0-9]{9}", _EAN),
    "isbn10": Kind("[0-9]{9}", weighted(tuple(range(2, 11)), 11, "0123456789X")),
    "issn": Kind("[0-9]{7}", weighted(tuple(range(2, 9)), 11, "0123456789X"), "{2}-{3}{1}", 4),
    "ean13": Kind("[1-9][0-9]{11}", _EAN),
    "ean8": Kind("[1-9][0-9]{6}", _EAN),
    "upc_a": Kind("[0-9]{11}", _EAN),
    "gtin14": Kind("[1-9][0-9]{12}", _EAN),
    "credit_card_number": Kind("4[0-9]{14}", luhn),
    "imei": Kind("35[0-9]{12}", luhn),
    "siren": Kind("[1-9][0-9]{7}", luhn),
    "siret": Kind("[1-9][0-9]{12}", luhn),
    "isin": Kind("[0-9]{9}", luhn, "US{0}{1}", before="US"),
    "lei": Kind("[0-9]{4}00[A-Z0-9]{12}", mod_97),
    "aba": Kind("[01][0-9]{7}", weighted((7, 3, 1), 10)),
    "iban": Kind("[0-9]{18}", mod_97, "DE{1}{0}", behind="DE"),
    "iban_gb": Kind("[A-Z]{4}[0-9]{14}", mod_97, "GB{1}{0}", behind="GB"),
    "iban_nl": Kind("[A-Z]{4}[0-9]{10}", mod_97, "NL{1}{0}", behind="NL"),
    "iban_es": Kind("[0-9]{20}", mod_97, "ES{1}{0}", behind="ES"),
    "iban_fr": Kind("[0-9]{23}", mod_97, "FR{1}{0}", behind="FR"),
    "vat_id": Kind("[1-9][0-9]{7}", mod_11_10, "DE{0}{1}"),
    "vat_id_it": Kind("[0-9]{10}", luhn, "IT{0}{1}"),
}
_OF_COUNTRY = {"iban": ("GB", "NL", "ES", "FR"), "vat_id": ("IT",)}


def kind_of(provider: str | None, locale: str) -> Kind | None:
    """Return how numbers of a provider are made in a country, ``None`` where it has no check."""
    country = locale[-2:].upper()
    country = "GB" if locale[:2] == "en" else country  # most of the English speak of British ones
    local = country in _OF_COUNTRY.get(provider or "", ())
    return KINDS.get(f"{provider}_{country.lower()}" if local else provider or "")


@dataclass(frozen=True)
class CheckedKeys(KeyFormat):
    """Numbers with check digits, told apart by the part that is free.

    Parameters
    ----------
    name : str
        ``table.column`` for messages.
    """

    form = "checked"

    name: str
    kind: Kind
    dtype: str = "object"
    ordered: bool = False

    @cached_property
    def _bodies(self) -> KeyFormat:
        made = declared_format(Column(self.name, "key", pattern=self.kind.body))
        return replace(made, ordered=False)  # type: ignore[type-var]

    @property
    def capacity(self) -> int | None:
        """How many bodies there are."""
        return self._bodies.capacity

    def arithmetic(self) -> str:
        """Say where the capacity comes from."""
        return f"the pattern {self.kind.body!r}, a check digit behind it,"

    def draw(self, size: int, rng: np.random.Generator) -> pd.Series:
        """Return numbers at random, repeats allowed."""
        return self._values(rng.integers(self._span, size=size), rng)

    def _values(self, ranks: Integers, rng: np.random.Generator) -> pd.Series:
        kind = self.kind
        texts = self._bodies._values(ranks, rng).tolist()
        if not texts:
            return pd.Series([], dtype=self.dtype)
        counted = np.array([f"{kind.before}{text}{kind.behind}" for text in texts])
        signs = counted.view(np.uint32).reshape(len(texts), -1).astype(np.int64)
        digits = kind.check(np.where(signs >= ord("A"), signs - ord("A") + 10, signs - ord("0")))
        made = [
            kind.form.format(text, digit, text[: kind.cut], text[kind.cut :])
            for text, digit in zip(texts, digits.tolist(), strict=True)
        ]
        found = pd.Series(made, dtype=object)
        return found.astype(self.dtype) if self.dtype != "object" else found

    def _state(self) -> dict[str, Any]:
        return {}
