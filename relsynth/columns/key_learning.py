"""Learn the format of a key from its real values."""

from __future__ import annotations

import re
from dataclasses import replace
from string import digits
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from relsynth.columns.checked_keys import CompletedKeys
from relsynth.columns.key_declaring import declared_format
from relsynth.columns.key_formats import DateKeys, ListedKeys, NumberKeys, TextKeys, UuidKeys
from relsynth.columns.key_tokens import RecurringTokens, recurring_tokens
from relsynth.columns.keys import KeyFormat
from relsynth.columns.name_keys import NameKeys
from relsynth.columns.providers import DEFAULT
from relsynth.columns.text_form import HEX_DIGITS, TextForm, common_start, has_address, kin
from relsynth.errors import DataError, examples_of
from relsynth.groups import unique_values
from relsynth.schema import Column
from relsynth.schema.check_digits import check_digits
from relsynth.schema.date_text import DateStyle, read_dates
from relsynth.typing import Array, Integers

SPARSE = 10  # numbers for each that is used; wider ranges are no counting
EVIDENCE = 5  # texts that agree at a place for it to be fixed
SHARED = 3  # texts that begin with the same words, which are then of nobody among them
MASKS = 1_000  # forms kept of a column; more double the model file
TELLING = 30  # times an alphabet: so many characters show all that are in use
DECIMALS = 9  # of keys that are decimal numbers: what a double holds exactly
LONGEST = 18  # digits that any number of 64 bits may have
# how often each unit of time fits into a day
PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)(?:[0-9a-fA-F]{4}\1){3}[0-9a-fA-F]{12}")
_VARIANTS = ("8", "9", "a", "b")
_LETTER = re.compile(r"[^\W_]")


def learn_format(values: pd.Series, column: Column, locale: str = "") -> KeyFormat:
    """Return the format that real values follow.

    Parameters
    ----------
    values : Series
        Nulls and repeats are disregarded; without any value the declaration decides.
    column : Column
        Its ``format`` is used for dates kept as text; a ``pattern`` decides for texts.
    locale : str, optional
        Of the names in the other columns, where a few names do not tell theirs.

    Returns
    -------
    KeyFormat
        Dense integers and zero-padded texts are continued from their smallest value;
        sparse integers stay within the same numbers of digits; other texts keep their
        lengths and punctuation as often as they come, what is the same in all values
        and the class of every other character; hosts of addresses are reserved ones;
        UUIDs keep version and case; dates keep their step.

    Raises
    ------
    DataError
        For values no format is known for, such as bytes or lists.
    """
    found = _learned(values, column)
    if isinstance(found, NameKeys) and found.locale == DEFAULT and locale and not column.locale:
        return replace(found, locale=locale)
    return found


def _learned(values: pd.Series, column: Column) -> KeyFormat:
    present = values.dropna().drop_duplicates()
    if isinstance(present.dtype, pd.CategoricalDtype):
        present = present.astype(present.dtype.categories.dtype)
    dtype = str(present.dtype)
    if types.is_bool_dtype(present.dtype):
        return ListedKeys(column.name, dtype, (False, True))
    if present.empty:
        return _without_values(column, present)
    if types.is_timedelta64_dtype(present.dtype):
        return _numbers(column.name, dtype, present.astype("int64").to_numpy(), 0)
    if types.is_numeric_dtype(present.dtype):
        if column.kind == "datetime" and column.format is not None:
            return _from_texts(column, dtype, present, column.format)
        return _from_numbers(column, dtype, present)
    if types.is_datetime64_any_dtype(present.dtype):
        return _from_dates(column, dtype, present)
    return _from_objects(column, dtype, present)


def _without_values(column: Column, nothing: pd.Series) -> KeyFormat:
    """Return the declared format, or one that the storage of an empty column suggests."""
    if types.is_datetime64_any_dtype(nothing.dtype):
        column = replace(column, kind="datetime", format=None)
    elif not types.is_numeric_dtype(nothing.dtype) and column.native is None:
        kind = "text" if column.kind == "key" else column.kind
        column = replace(column, native="TEXT", kind=kind)
    return _stored_as(str(nothing.dtype), declared_format(column))


def _stored_as(dtype: str, keys: KeyFormat) -> KeyFormat:
    return replace(keys, dtype=dtype)  # type: ignore[type-var]  # every format is a dataclass


def _from_objects(column: Column, dtype: str, present: pd.Series) -> KeyFormat:
    content = types.infer_dtype(present, skipna=True)
    if content == "integer":
        return _from_numbers(column, dtype, present.astype("int64"))
    if content == "decimal":
        places = max(-int(value.as_tuple().exponent) for value in present)
        scaled = np.array([int(value.scaleb(places)) for value in present], dtype=np.int64)
        return _numbers(column.name, "object", scaled, places, python="decimal")
    if content == "date":
        return _from_dates(column, "object", pd.to_datetime(present), python="date")
    kinds = {type(value).__name__ for value in present}
    if kinds == {"UUID"}:
        return _from_uuids(column, "object", present.astype(str), python="uuid")
    if content != "string":
        raise DataError(
            f"{column.name}: keys of {', '.join(sorted(kinds))} cannot be issued "
            f"(found {examples_of(present)}); keys are numbers, texts, dates or UUIDs"
        )
    if column.pattern is not None:
        return _stored_as(dtype, declared_format(replace(column, values=None)))
    if column.kind == "datetime" and column.format is not None:
        return _from_texts(column, dtype, present, column.format)
    if _are_uuids(present):
        return _from_uuids(column, dtype, present)
    found = _sequence(column, dtype, present) or NameKeys.learn(column, dtype, present.tolist())
    return found or _completed(column, dtype, present) or _masks(column, dtype, present)


def _completed(column: Column, dtype: str, present: pd.Series) -> CompletedKeys | None:
    """Return the format of texts or whole numbers of one length with check digits, if they are."""
    texts = present.astype(str)
    digits = check_digits(texts.tolist())
    if not digits or (present.dtype != object and texts.str.len().nunique() > 1):
        return None
    for digit in digits:
        texts = texts.map(lambda text, cut=digit: cut.parted(text)[0])
    plain = replace(column, max_length=None, native=None)
    return CompletedKeys(column.name, dtype, learn_format(texts, plain), digits)


def _from_numbers(column: Column, dtype: str, present: pd.Series) -> KeyFormat:
    if types.is_integer_dtype(present.dtype):
        numbers = present.to_numpy("int64")
        low, high = int(numbers.min()), int(numbers.max())
        sparse = not _is_dense(low, high, len(numbers))
        found = _completed(column, dtype, present) if sparse and low > 0 else None
        return found or _numbers(column.name, dtype, numbers, 0)
    numbers = present.to_numpy("float64")
    for decimals in range(DECIMALS + 1):
        scaled = np.round(numbers * 10**decimals)
        if np.allclose(scaled, numbers * 10**decimals, rtol=0, atol=1e-6):
            return _numbers(column.name, dtype, scaled.astype(np.int64), decimals)
    raise DataError(
        f"{column.name}: the key values {examples_of(present)} have more than {DECIMALS} "
        "decimals; keys are whole numbers, short decimals, texts, dates or UUIDs"
    )


def _numbers(
    name: str, dtype: str, numbers: Integers, decimals: int, python: str | None = None
) -> NumberKeys:
    low, high = int(numbers.min()), int(numbers.max())
    if _is_dense(low, high, len(numbers)):
        return NumberKeys(name, dtype, low, decimals=decimals, python=python)
    shortest = len(str(int(np.abs(numbers).min())))
    longest = len(str(max(abs(low), abs(high))))
    first = low if low < 0 else (0 if shortest == 1 else 10 ** (shortest - 1))
    last = max(high, min(10**longest - 1, np.iinfo(np.int64).max))
    return NumberKeys(name, dtype, first, last - first + 1, False, decimals, python=python)


def _is_dense(low: int, high: int, distinct: int) -> bool:
    return high - low + 1 <= SPARSE * distinct


def _from_dates(
    column: Column,
    dtype: str,
    present: pd.Series,
    *,
    format: str | None = None,  # noqa: A002
    python: str | None = None,
) -> DateKeys:
    zone = None if present.dt.tz is None else str(present.dt.tz)
    plain = present if zone is None else present.dt.tz_convert("UTC").dt.tz_localize(None)
    moments: Array = np.sort(plain.to_numpy())
    months: Array = moments.astype("datetime64[M]")
    low = str(moments[0])
    fields: dict[str, Any] = {"zone": zone, "format": format, "python": python}
    offsets = unique_values(moments - months.astype(moments.dtype))
    if len(moments) > 2 and len(offsets) == 1 and offsets[0] < np.timedelta64(28, "D"):
        step, count, ordered = _steps(_gaps(months))
        return DateKeys(column.name, dtype, low, step, "M", count, ordered, **fields)
    unit = np.datetime_data(moments.dtype)[0]
    unit = unit if unit in PER_DAY else "s"
    gaps = _gaps(moments.astype(f"datetime64[{unit}]"))
    if not len(gaps):
        gaps = np.array([PER_DAY[unit]], dtype=np.int64)
    step, count, ordered = _steps(gaps)
    return DateKeys(column.name, dtype, low, step, unit, count, ordered, **fields)


def _from_texts(
    column: Column,
    dtype: str,
    present: pd.Series,
    format: str,  # noqa: A002
) -> DateKeys:
    """Learn dates that are text or whole numbers; all get the offset to UTC that most have."""
    found = read_dates(present, format)
    keys = _from_dates(column, dtype, pd.Series(found.local), format=format)
    style = DateStyle.learn(present, format)
    return replace(keys, style=style, offset=str(pd.Series(found.offsets).mode()[0]))


def _gaps(moments: Array) -> Integers:
    numbers: Integers = moments.astype(np.int64)
    return numbers[1:] - numbers[:-1]


def _steps(gaps: Integers) -> tuple[int, int | None, bool]:
    """Return step, number of moments and whether they follow each other densely."""
    step = int(np.gcd.reduce(gaps))
    places = int(gaps.sum()) // step + 1
    dense = _is_dense(1, places, len(gaps) + 1)
    return step, None if dense else places, dense


def _are_uuids(present: pd.Series) -> bool:
    """Tell UUIDs from other hexadecimal texts by form, version and variant."""
    if not all(_UUID.fullmatch(value) for value in present):
        return False
    plain = present.str.replace("-", "")
    return plain.str[12].nunique() == 1 and bool(plain.str[16].str.lower().isin(_VARIANTS).all())


def _from_uuids(
    column: Column, dtype: str, present: pd.Series, python: str | None = None
) -> UuidKeys:
    first = str(present.iloc[0])
    version = int(first.replace("-", "")[12], 16)
    upper = any(value != value.lower() for value in present)
    return UuidKeys(column.name, dtype, version, upper, "-" in first, python)


def _sequence(column: Column, dtype: str, present: pd.Series) -> NumberKeys | None:
    """Return prefix, number and suffix where the texts differ in one number only.

    Behind the last number of a padded width come longer ones, as far as the column is wide.
    """
    texts = present.tolist()
    prefix = common_start(min(texts), max(texts)).rstrip(digits)
    turned = [text[::-1] for text in texts]
    suffix = common_start(min(turned), max(turned))[::-1].lstrip(digits)
    if any(len(text) < len(prefix) + len(suffix) for text in texts):
        return None
    middles = [text[len(prefix) : len(text) - len(suffix)] for text in texts]
    if not all(
        middle.isascii() and middle.isdigit() and len(middle) <= LONGEST for middle in middles
    ):
        return None
    numbers = np.array(middles, dtype=np.int64)
    widths = {len(middle) for middle in middles}
    padded = any(middle.startswith("0") and middle != "0" for middle in middles)
    if (padded and len(widths) > 1) or not _is_dense(
        int(numbers.min()), int(numbers.max()), len(texts)
    ):
        return None
    width = widths.pop() if padded else 0
    low = int(numbers.min())
    if has_address(texts[0]):  # nobody's host, and no number that somebody has at it
        local, sign, _ = suffix.partition("@")
        if not sign:
            return None
        low, suffix = int(numbers.max()) + 1, f"{local}@example.com"
    room = LONGEST if column.max_length is None else column.max_length - len(prefix + suffix)
    count = 10**room - low if room < LONGEST else None
    return NumberKeys(column.name, dtype, low, count, True, 0, prefix, suffix, width, "text")


def _masks(column: Column, dtype: str, present: pd.Series) -> TextKeys:
    """Return a mask for every form that values have."""
    form = TextForm.of(present)
    tokens, start = recurring_tokens(present.tolist()), _shared_words(present)
    alike: dict[str, list[str]] = {}
    for value in present:
        text, skeleton = _skeleton(value, form, column.max_length, tokens)
        if text.startswith(start):
            skeleton = start + skeleton[len(start) :]
        if text:
            alike.setdefault(skeleton, []).append(text)
    forms = sorted(alike, key=lambda skeleton: (len(skeleton), skeleton))
    chosen, counts = _evenly(np.array([len(alike[skeleton]) for skeleton in forms]))
    masks = [_mask(forms[at], alike[forms[at]], form) for at in chosen.tolist()]
    shares = counts.tolist() if len(masks) > 1 else None
    return TextKeys.of_masks(column.name, dtype, masks, shares)


def _shared_words(present: pd.Series) -> str:
    """Return with what all texts begin, up to the last separator; empty for too few texts."""
    if len(present) < SHARED:
        return ""
    start = common_start(present.min(), present.max())
    return re.sub(r"[^\W_]+$", "", start)


def _evenly(counts: Integers) -> tuple[Integers, Integers]:
    """Return at most ``MASKS`` of many forms, evenly spaced by their counts, and new counts."""
    if len(counts) <= MASKS:
        return np.arange(len(counts)), counts
    ends = np.cumsum(counts)
    places = (np.arange(MASKS) + 0.5) * ends[-1] / MASKS
    return np.unique(np.searchsorted(ends, places, side="right"), return_counts=True)


def _skeleton(
    value: str, form: TextForm, max_length: int | None, tokens: RecurringTokens
) -> tuple[str, str]:
    """Return a text with a reserved host, and what of it stays; the rest as null characters."""
    parts = form.pieces(value)
    text = "".join(part.text for part in parts)
    if max_length is not None and len(text) > max_length:
        text = form.shortened(text, max_length)
        parts = form.pieces(text)
    spelled = [part.text if part.stays else _LETTER.sub("\x00", part.text) for part in parts]
    return text, tokens.kept(text, "".join(spelled)) if text == value else "".join(spelled)


def _mask(skeleton: str, texts: list[str], form: TextForm) -> list[str]:
    codes = np.array(texts).view(np.uint32).reshape(len(texts), -1)
    free = codes[:, [mark == "\x00" for mark in skeleton]]
    used = set(map(chr, unique_values(free).tolist()))
    if free.size < TELLING * len(set().union(*map(kin, used))):
        used = set()
    mask = [
        _alphabet(unique_values(column), len(texts), bool(form.hex_digits), used)
        if mark == "\x00"
        else mark
        for mark, column in zip(skeleton, codes.T, strict=True)
    ]
    for at, usual in ((0, form.start[:1]), (-1, form.end[-1:])):
        if usual and skeleton[at] == "\x00" and usual in mask[at]:
            mask[at] = (mask[at] if len(mask[at]) > 1 else kin(usual)).replace(usual, "")
    return mask


def _alphabet(codes: Integers, texts: int, is_hex: bool, used: set[str]) -> str:
    """Return the letters and digits allowed where these were seen: a fixed one or their kinds.

    Parameters
    ----------
    codes : ndarray of int
        Those seen at a place.
    texts : int
        In how many texts.
    used : set of str
        All that come anywhere, where these are many; an alphabet may leave out some letters.
    """
    seen = [chr(code) for code in codes]
    if len(seen) == 1 and texts >= EVIDENCE:
        return seen[0]
    hexadecimal = is_hex and set(seen) <= HEX_DIGITS
    allowed = set().union(*(kin(character, hexadecimal) for character in seen))
    return "".join(sorted(allowed & used or allowed))
