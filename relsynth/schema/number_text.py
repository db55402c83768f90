"""Numbers as text with a currency, a unit, grouped digits or a decimal comma: read and written."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from relsynth.packing import packable
from relsynth.typing import Array, Floats

_PRICED = 2  # with the sign of a currency or a percent sign, which stands beside numbers
_PRICE = re.compile(r"[$€£¥₹%]")
_EVIDENCE = 5  # fewer different texts may look alike by chance
_KEPT = 0.97  # share of the texts that must come back as they are
_SAMPLE = 5_000  # texts looked at, in even distances
_GROUP = 3  # digits between thousands separators
_MINUS = "-\u2212"
_NUMBER = re.compile(
    r"(?P<open>\(?)(?P<first>[+\u2212-]?)(?P<prefix>[^\d()+\u2212-]*?)(?P<second>[+\u2212-]?)"
    r"(?P<digits>\d[\d.,'’ \u00a0\u202f]*\d|\d)"
    r"(?P<suffix>[^\d()\u2212-]*?)(?P<last>[\u2212-]?)(?P<close>\)?)"
)
_ISO = "USD|EUR|GBP|CHF|JPY|CNY|INR|BRL|RUB|PLN|CZK|SEK|NOK|DKK|HUF|RON|TRY|UAH|AUD|CAD|NZD|MXN|ZAR"
_ISO += "|KRW|SGD|HKD|THB|IDR|MYR|PHP|VND|ILS|AED|SAR|EGP|ARS|CLP|COP|PEN|BGN|NGN|KES|PKR|BDT"
_CODE = _ISO + r"|R\$|[Kk]r\.?|Rs\.?|zł|Kč|Ft|lei|fr\.?|руб\.?|р\.|元|円|万"
_PREFIX = re.compile(rf"\s*(?:[~≈<>≤≥]|{_CODE}|[A-Z]{{0,3}}\$)?\s*")
_SUFFIX = re.compile(
    rf"\s*(?:{_CODE}|[%‰°]|[^\W\d_]{{1,10}}[²³]?(?:/[^\W\d_]{{1,6}}[²³]?)?|°[CFK])?\s*"
)

_HOURS = frozenset({"uhr", "h", "hrs", "hs", "u", "horas", "heures"})  # behind a time of day


@packable
@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How the numbers of a column are spelled.

    Attributes
    ----------
    prefix, suffix : str
        Such as ``"$"`` and ``" kg"``.
    group, mark : str
        What stands between groups of three digits, empty for nothing, and before the fraction.
    decimals : int
        Most digits of a fraction.
    trimmed : bool
        Whether fractions end at their last digit that is not zero.
    negative : str
        How a number below zero is spelled: ``"-{}"`` before everything, ``"{-}"`` after the
        prefix, ``"{}-"`` behind everything or ``"({})"``.
    plus : bool
        Whether numbers above zero have a plus sign.

    Examples
    --------
    >>> texts = ["1.234,50 €", "17,00 €", "-3,20 €", "999,99 €", "10.000,00 €"]
    >>> style = NumberStyle.learn(texts)
    >>> style.read(texts[:1]).tolist(), style.write(np.array([-1234.5])).tolist()
    ([1234.5], ['-1.234,50 €'])
    """

    prefix: str = ""
    suffix: str = ""
    group: str = ""
    mark: str = "."
    decimals: int = 0
    trimmed: bool = False
    negative: str = "-{}"
    plus: bool = False

    @classmethod
    def learn(cls, texts: Iterable[Any]) -> Self | None:
        """Return the style that distinct texts share, None where they are no such numbers.

        Plain numbers have no style of their own: they are read as they are.
        """
        listed = [text for text in dict.fromkeys(texts) if isinstance(text, str)]
        listed = listed[:: -(-len(listed) // _SAMPLE) or 1]
        if len(listed) < (_PRICED if all(map(_PRICE.search, listed)) else _EVIDENCE):
            return None
        found = [_NUMBER.fullmatch(text) for text in listed]
        parts = [match for match in found if match is not None]
        if len(parts) < _KEPT * len(listed):
            return None
        affixes = Counter((match["prefix"], match["suffix"]) for match in parts)
        (prefix, suffix), count = affixes.most_common(1)[0]
        if count < _KEPT * len(listed) or not (_is_prefix(prefix) and _is_suffix(suffix)):
            return None
        digits = [match["digits"] for match in parts]
        marks = _marks(digits)
        if marks is None or any(re.match(r"0\d", text) for text in digits):
            return None
        group, mark = marks
        if suffix.strip().lower() in _HOURS and _are_clocks(digits, mark):
            return None
        if not (prefix or suffix or group) and mark == "." and not _has_odd_sign(parts):
            return None
        lengths = {len(text.rpartition(mark)[2]) if mark in text else 0 for text in digits}
        style = cls(
            prefix,
            suffix,
            group,
            mark,
            max(lengths),
            len(lengths) > 1,
            _negative(parts),
            any("+" in (match["first"], match["second"]) for match in parts),
        )
        again = style.write(style.read(listed))
        return style if np.mean(again == np.array(listed, object)) >= _KEPT else None

    def read(self, texts: Iterable[Any]) -> Floats:
        """Return the numbers that texts spell, ``NaN`` for anything else."""
        return np.array([self._read(text) for text in texts], dtype=float)

    def _read(self, text: Any) -> float:
        found = _NUMBER.fullmatch(text) if isinstance(text, str) else None
        if found is None or (found["prefix"], found["suffix"]) != (self.prefix, self.suffix):
            return np.nan
        digits = found["digits"].replace(self.group, "") if self.group else found["digits"]
        try:
            number = float(digits.replace(self.mark, "."))
        except ValueError:
            return np.nan
        signs = found["first"] + found["second"] + found["last"]
        is_negative = any(sign in _MINUS for sign in signs) or bool(found["open"])
        return -number if is_negative else number

    def write(self, numbers: Floats) -> Array:
        """Return numbers as text; those that are missing are empty."""
        written = np.empty(len(numbers), dtype=object)
        written[:] = ["" if np.isnan(n) else self._write(n) for n in numbers.tolist()]
        return written

    def _write(self, number: float) -> str:
        spelled = f"{abs(number):,.{self.decimals}f}"
        whole, _, fraction = spelled.partition(".")
        fraction = fraction.rstrip("0") if self.trimmed else fraction
        digits = whole.replace(",", self.group) + (self.mark + fraction if fraction else "")
        is_negative = number < 0 and any(sign not in "0.," for sign in spelled)
        sign = "-" if is_negative else ("+" if self.plus and number > 0 else "")
        if sign and self.negative == "{-}":
            return f"{self.prefix}{sign}{digits}{self.suffix}"
        plain = f"{self.prefix}{digits}{self.suffix}"
        return self.negative.format(plain) if sign == "-" else sign + plain


def _are_clocks(digits: list[str], mark: str) -> bool:
    """Return whether numbers are hours and minutes, as in ``17.45 Uhr``."""
    parts = [text.partition(mark) for text in digits]
    return all(
        hour.isdecimal() and int(hour) < 24 and len(minute) == 2 and int(minute) < 60
        for hour, _, minute in parts
    )


def _has_odd_sign(parts: list[re.Match[str]]) -> bool:
    return any(match["open"] or match["last"] or "+" in match["first"] for match in parts)


def _is_prefix(text: str) -> bool:
    plain = "".join(" " if unicodedata.category(sign) == "Sc" else sign for sign in text)
    return not plain.strip() or _PREFIX.fullmatch(text) is not None


def _is_suffix(text: str) -> bool:
    plain = "".join(" " if unicodedata.category(sign) == "Sc" else sign for sign in text)
    return not plain.strip() or _SUFFIX.fullmatch(text) is not None


def _marks(digits: list[str]) -> tuple[str, str] | None:
    """Return what groups digits and what stands before a fraction."""
    used = dict.fromkeys(sign for text in digits for sign in text if not sign.isdigit())
    if len(used) > 2 or any(re.search(r"\D\D", text) for text in digits):
        return None
    groups = [sign for sign in used if _groups(sign, digits)]
    if len(used) == 2:
        ends = [re.search(r"\D(?=\d*$)", text) for text in digits]
        last = {end[0] for text, end in zip(digits, ends, strict=True) if end is not None
                and len(set(re.findall(r"\D", text))) == 2}  # fmt: skip
        group = next((sign for sign in groups if {sign} != last), None)
        mark = next((sign for sign in used if sign != group), ".")
        return None if group is None or mark not in ".," else (group, mark)
    if not used:
        return "", "."
    sign = next(iter(used))
    if sign in groups and _must_group(sign, digits):
        return sign, "," if sign == "." else "."
    return ("", sign) if sign in ".," and all(text.count(sign) < 2 for text in digits) else None


def _groups(sign: str, digits: list[str]) -> bool:
    """Return whether a sign stands before groups of three digits wherever it stands."""
    for text in digits:
        if sign not in text:
            continue
        whole = re.split(r"[.,]", text)[0] if sign not in ".," else text
        head, *tail = whole.split(sign)
        tail = [re.split(r"\D", part)[0] for part in tail]
        if not 1 <= len(head) <= _GROUP or any(len(part) != _GROUP for part in tail):
            return False
    return True


def _must_group(sign: str, digits: list[str]) -> bool:
    """Return whether a single sign can stand for nothing but groups."""
    if sign not in ".," or any(text.count(sign) > 1 for text in digits):
        return True
    plain = [text for text in digits if sign not in text]
    # a thousand without the sign would contradict groups; without small numbers, a comma groups
    return all(len(text) <= _GROUP for text in plain) and (bool(plain) or sign == ",")


def _negative(parts: list[re.Match[str]]) -> str:
    if any(match["open"] for match in parts):
        return "({})"
    if any(match["last"] for match in parts):
        return "{}-"
    return "{-}" if any(match["second"] and match["prefix"] for match in parts) else "-{}"
