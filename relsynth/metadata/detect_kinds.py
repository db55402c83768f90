"""Tell what a column holds from its dtype, its values and its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from relsynth.metadata.check_values import numbers_of
from relsynth.metadata.naming import is_identifier, words_of
from relsynth.metadata.people_names import are_people
from relsynth.metadata.profile import Profile
from relsynth.schema import Column
from relsynth.schema.check_digits import check_digits
from relsynth.schema.durations import ClockStyle
from relsynth.schema.hints import hint_of, is_plain_name
from relsynth.schema.number_text import NumberStyle

_EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_CODES = frozenset({"code", "type", "class", "category", "flag", "group", "status"}) | {
    "account",
    "department",
    "dept",
    "region",
    "segment",
    "weekday",
    "zone",
}
_PROBE = 1_000  # values looked at first, to spare reading all
_FIRST_YEAR, _LAST_YEAR = 1000, 2999
_FEWEST_KEYS = 2  # a single value is no key
_KEYED = 0.05  # share of rows with a value below which a column is rather empty than a key
_LEAST_PHONE = 100_000  # a number of six digits
_CHECKED = 7  # digits of the shortest number with a check digit
_FEW, _SOME, _MANY = 20, 200, 1_000
_OF_AN_AREA = 0.2  # postcodes for each row: five rows share one, as levels of a category do
_EXACT_DIGITS = 15  # more than these a float does not tell apart: such text is a code


def column_of_key(profile: Profile) -> Column:
    """Return a column that takes part in a primary or foreign key."""
    if profile.is_date:
        return Column(profile.name, "datetime", _nullable(profile), format=profile.date_format)
    return Column(profile.name, "key", _nullable(profile))


def column_of_values(profile: Profile) -> tuple[Column, str]:
    """Return a column that is no key, and why it is of its kind."""
    said, why = _kind(profile)
    return Column(profile.name, nullable=_nullable(profile), **said), why


def _nullable(profile: Profile) -> bool | None:
    return profile.nulls > 0 if profile.rows else None


def _kind(profile: Profile) -> tuple[Mapping[str, Any], str]:
    words = words_of(profile.name)
    if profile.family is None:
        return {"kind": "categorical"}, "no values"
    if profile.is_date:
        return {"kind": "datetime", "format": profile.date_format}, "all values are dates"
    if profile.family == "flags":
        return {"kind": "boolean"}, "true and false"
    if profile.family == "durations":
        return {"kind": "timedelta"}, "durations or times of day"
    clock = ClockStyle.learn(profile.distinct) if profile.family == "text" else None
    if clock is not None:
        return {"kind": "timedelta", "format": clock.form}, "times such as 14:30"
    provider = _personal(profile)
    if provider is not None:
        return {"kind": "text", "provider": provider, "pii": True}, "personal by name or form"
    if is_identifier(words) and profile.can_identify and _differ(profile):
        return {"kind": "key"}, "unique and named like an identifier"
    if _has_check_digits(profile):
        repeated = "text" if profile.family == "text" else "categorical"
        return {"kind": "key" if _differ(profile) else repeated}, "digits with check digits"
    if isinstance(profile.values.dtype, pd.CategoricalDtype):
        ordered = profile.values.dtype.ordered
        if ordered:
            return {"kind": "ordinal"}, "an ordered categorical dtype"
        return {"kind": "categorical"}, "a categorical dtype"
    if profile.family == "numbers":
        return _number(profile, words)
    return _text(profile)


def _differ(profile: Profile) -> bool:
    """Return whether no two values that are there are equal, and most of the rows have one."""
    present = profile.rows - profile.nulls
    return len(profile.distinct) == present >= max(_FEWEST_KEYS, _KEYED * profile.rows)


def _has_check_digits(profile: Profile) -> bool:
    """Return whether values are identifiers: digits of one length that end in a check digit."""
    if profile.family != "text" and not profile.whole:
        return False
    texts = [str(value) for value in profile.distinct]
    lengths = set(map(len, texts))
    is_code = len(lengths) == 1 and lengths.pop() >= _CHECKED and all(map(str.isdigit, texts))
    return is_code and bool(check_digits(texts))


def _number(profile: Profile, words: tuple[str, ...]) -> tuple[Mapping[str, Any], str]:
    if not profile.whole:
        return {"kind": "numeric"}, "numbers with a fraction"
    count = len(profile.distinct)
    if count == 2 and set(profile.distinct) == {0, 1}:
        return {"kind": "categorical"}, "0 and 1"
    if "year" in words and profile.low >= _FIRST_YEAR and profile.high <= _LAST_YEAR:
        return {"kind": "integer"}, "years"
    is_code = bool(words) and words[-1] in _CODES and not _is_plural(profile.name, words[-1])
    if is_identifier(words) or (is_code and count <= _SOME):
        return {"kind": "categorical"}, f"{count} codes, by name"
    return {"kind": "integer"}, "whole numbers"


def _is_plural(name: str, word: str) -> bool:
    """Return whether a name speaks of several: ``accounts`` is how many there are, no code."""
    return not name.rstrip("0123456789_ ").lower().endswith(word)


def _text(profile: Profile) -> tuple[Mapping[str, Any], str]:
    distinct = pd.Series(profile.distinct, dtype=object).astype(str)
    if distinct.head(_PROBE).str.fullmatch(_UUID).all():
        return {"kind": "key"}, "every value is a UUID"
    padded = distinct.head(_PROBE).str.match(r"[-+]?0\d")
    if not padded.any() and distinct.str.count(r"\d").max() <= _EXACT_DIGITS:
        numbers = numbers_of(distinct)
        if np.isfinite(numbers).all():
            style = NumberStyle.learn(distinct)
            if style is not None:
                return {"kind": "numeric", "decimals": style.decimals}, _spelled(style)
            if not distinct.str.contains(r"^\+|[eE]").any():  # nothing would write such
                decimals = int(distinct.str.partition(".")[2].str.len().max())
                return {"kind": "numeric", "decimals": decimals}, "text that spells numbers"
    count, present = len(distinct), profile.rows - profile.nulls
    share = count / present
    length = distinct.str.len().mean()
    repeats = (
        (count <= _FEW and share <= 0.5)
        or (count <= _MANY and share <= 0.2)
        or (count <= _SOME and share <= 0.5 and length <= 12)
        or (share <= 0.05 and length <= 30)
    )
    why = f"{count:,} distinct values in {present:,} rows"
    if repeats or (present < _FEW and length <= 12 and share < 1):
        return {"kind": "categorical"}, why
    return {"kind": "text"}, why


def _spelled(style: NumberStyle) -> str:
    return f"text that spells numbers, such as {style.write(np.array([1234.5]))[0]}"


def _personal(profile: Profile) -> str | None:
    if profile.family == "text":
        texts = pd.Series(profile.distinct[:_PROBE], dtype=object)
        if texts.str.fullmatch(_EMAIL).all():
            return "email"
    elif not profile.whole:
        return None
    hint = hint_of(profile.name, profile.table)
    if hint is not None and hint.provider == "phone_number" and profile.whole:
        return hint.provider if profile.high >= _LEAST_PHONE else None  # else a count of cells
    if hint is not None and hint.provider == "postcode" and _are_areas(profile):
        return None
    if hint is not None and (hint.kind == "text" or profile.family == "text"):
        return hint.provider if hint.personal and hint.kind == "text" else None
    if profile.family == "text" and are_people([str(text) for text in profile.distinct]):
        return "name"
    return None


def _are_areas(profile: Profile) -> bool:
    """Return whether postcodes come again and again: areas, and of nobody in particular."""
    present = profile.rows - profile.nulls
    return len(profile.distinct) <= min(_SOME, _OF_AN_AREA * present)


def complete_names(columns: Mapping[str, Column], names: Mapping[str, bool]) -> dict[str, Column]:
    """Return the columns with what a plain name is beside a first or a last name: the other one.

    Parameters
    ----------
    names : mapping of str to bool
        Which columns hold texts that may be names.
    """
    found = {column.provider for column in columns.values() if column.pii}
    other = {"first_name": "last_name", "last_name": "first_name"}
    missing = [other[one] for one in other if one in found and other[one] not in found]
    plain = [name for name, fits in names.items() if fits and is_plain_name(name)]
    if len(missing) != 1 or len(plain) != 1:
        return dict(columns)
    said = replace(columns[plain[0]], kind="text", provider=missing[0], pii=True)
    return {**columns, plain[0]: said}
