"""Check digits computed in another way than the library does, to prove its own."""

from __future__ import annotations


def is_iban(text: str) -> bool:
    """Return whether an IBAN is 1 modulo 97, its letters as numbers from 10."""
    turned = text[4:] + text[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def is_de_vat(text: str) -> bool:
    """Return whether a German VAT number ends with its check digit (ISO 7064, mod 11, 10)."""
    rest = 10
    for sign in text[2:10]:
        rest = (int(sign) + rest) % 10 or 10
        rest = rest * 2 % 11
    return text[:2] == "DE" and (11 - rest) % 10 == int(text[10])
