"""Dates as text: read with their offset to UTC, and written the way they came.

A ``strftime`` format leaves open how many digits a fraction has, whether a day is padded with
a zero and how an offset is spelled. A `DateStyle` holds what texts say about that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from numbers import Number
from typing import Any, Self

import numpy as np
import pandas as pd

from relsynth.packing import packable
from relsynth.typing import Array, Flags, Integers

_OFFSET = re.compile(r"(Z)|([+-])(\d{2})(?::?(\d{2}))?(?::?(\d{2}))?")
# hours from UTC of the names of zones that are written behind a time
_ZONES = {
    "UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "WAT": 1, "CEST": 2, "EET": 2,
    "CAT": 2, "SAST": 2, "EEST": 3, "MSK": 3, "EAT": 3, "PKT": 5, "IST": 5.5, "SGT": 8, "HKT": 8,
    "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
    "BRT": -3, "ART": -3, "AST": -4, "EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6,
    "MST": -7, "PDT": -7, "PST": -8, "AKDT": -8, "AKST": -9, "HST": -10,
}  # fmt: skip
_DIGITS = {"%Y": 4, "%y": 2, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}  # of each part of a date
_FIELDS = {
    "%Y": r"\d{4}",
    **{f"%{letter}": rf"(?P<{letter}>\d{{1,2}})" for letter in "dmHI"},
    **{f"%{letter}": r"\d{1,2}" for letter in "yMS"},
}
_SPECIAL = r"[.,]?%f|\s*%z"
_PIECE = re.compile(rf"{_SPECIAL}|%.|[^%]+?(?=[.,]?%f|\s*%z|%|$)", re.DOTALL)
_FOUR_DIGITS = 1000  # the first year that strftime writes with so many
_MICRO_DIGITS = 6  # digits of a fraction where none is seen
_TELLING = 20_000  # texts looked at, in even distances


@dataclass(frozen=True, slots=True)
class DateTexts:
    """Texts read as dates.

    Attributes
    ----------
    local : ndarray of datetime64[us], shape (n_texts,)
        The time that the text shows; ``NaT`` for what is no date.
    offsets : ndarray of object, shape (n_texts,)
        The offset to UTC as it is spelled, such as ``"+02:00"`` or ``"Z"``; empty without one.
    """

    local: Array
    offsets: Array

    @property
    def utc(self) -> Array:
        """The moments in UTC; a text without an offset is taken to be in UTC."""
        utc: Array = self.local - seconds_of(self.offsets).astype("timedelta64[s]")
        return utc


def read_dates(texts: Iterable[Any], form: str) -> DateTexts:
    """Read texts in a ``strftime`` format.

    Parameters
    ----------
    texts : iterable of str
        Preferably distinct ones.
    form : str
        Where it has ``%z``, an offset may be written ``+02:00``, ``+0200``, ``+02`` or ``Z``,
        or be missing; where it has ``.%f``, the fraction may be missing. Fractions are kept to
        the microsecond.

    Examples
    --------
    >>> found = read_dates(["2020-07-01 10:00+02", "2020-07-01 10:00"], "%Y-%m-%d %H:%M%z")
    >>> found.utc.astype("datetime64[h]").astype(str).tolist(), found.offsets.tolist()
    (['2020-07-01T08', '2020-07-01T10'], ['+02', ''])
    """
    listed = np.array([] if texts is None else _texts(texts, form), dtype=object)
    offsets = np.full(len(listed), "", dtype=object)
    if "%z" not in form:
        return DateTexts(_read_local(listed, form), offsets)
    local = np.full(len(listed), "NaT", "datetime64[us]")
    found = [*map(_pattern(form).fullmatch, listed)]
    hit = np.array([match is not None for match in found], dtype=bool)
    if hit.any():
        spans = [(match.string, *match.span("z")) for match in found if match is not None]
        offsets[hit] = [text[start:end].strip() if end > 0 else "" for text, start, end in spans]
        rest = [text[:start] + text[end:] if end > 0 else text for text, start, end in spans]
        local[hit] = _read_local(np.array(rest, dtype=object), re.sub(r"\s*%z", "", form))
    return DateTexts(local, offsets)


def utc_moments(values: pd.Series, form: str | None) -> pd.Series:
    """Return dates of any storage as moments in UTC without a zone; ``NaT`` for anything else.

    Parameters
    ----------
    values : Series, shape (n_rows,)
        ``datetime64``, text, or objects of the standard library.
    form : str or None
        Format of text; ISO 8601 without one.
    """
    if pd.api.types.is_datetime64_any_dtype(values.dtype) and hasattr(values, "dt"):
        return values.dt.tz_convert(None) if values.dt.tz is not None else values
    codes, distinct = pd.factorize(values)
    if form is None or pd.api.types.infer_dtype(distinct) in ("datetime", "date"):
        moments = _read_iso(np.asarray(distinct, dtype=object))
    else:
        moments = read_dates(distinct, form).utc
    return pd.Series(np.append(moments, np.datetime64("NaT", "us"))[codes], index=values.index)


def _spelled(moments: pd.DatetimeIndex, piece: str) -> Array:
    """Return moments in a format; the first thousand years, too, have four digits."""
    if "%Y" not in piece or not (moments.year < _FOUR_DIGITS).any():
        return moments.strftime(piece).to_numpy(object)
    texts = moments.strftime(piece.replace("%Y", "\x01"))
    years = [f"{year:04d}" for year in moments.year]
    made = [text.replace("\x01", year) for text, year in zip(texts, years, strict=True)]
    return np.array(made, dtype=object)


def _read_iso(values: Array) -> Array:
    # a number is read as its digits; pandas 4 will take it for a time since 1970
    values = np.array([str(v) if isinstance(v, Number) else v for v in values], dtype=object)
    moments = _without_zone(pd.to_datetime(values, format="ISO8601", errors="coerce", utc=True))
    for place in np.flatnonzero(np.isnat(moments)):
        with suppress(ValueError):
            far = datetime.fromisoformat(str(values[place]))
            far = far if far.tzinfo is None else far.astimezone(UTC).replace(tzinfo=None)
            moments[place] = np.datetime64(far, "us")
    return moments


def _without_zone(read: pd.DatetimeIndex) -> Array:
    plain = read if read.tz is None else read.tz_localize(None)
    return np.array(plain.to_numpy("datetime64[us]"))


def utc_moment(value: Any, form: str | None) -> Any:
    """Return one date as a moment in UTC without a zone, ``NaT`` where it is none."""
    return utc_moments(pd.Series([value], dtype=object), form).iloc[0]


def seconds_of(offsets: Array) -> Integers:
    """Return spelled offsets in seconds; 0 for none.

    Examples
    --------
    >>> seconds_of(np.array(["+02:00", "-0330", "Z", ""], dtype=object)).tolist()
    [7200, -12600, 0, 0]
    """
    codes, distinct = pd.factorize(offsets)
    seconds = np.array([_seconds(text) for text in distinct], dtype=np.int64)
    return np.append(seconds, 0)[codes]


def _seconds(offset: str) -> int:
    if offset in _ZONES:
        return round(_ZONES[offset] * 3600)
    found = _OFFSET.fullmatch(offset)
    if found is None or found[1]:
        return 0
    hours, minutes, seconds = (int(found[part] or 0) for part in (3, 4, 5))
    return (hours * 3600 + minutes * 60 + seconds) * (-1 if found[2] == "-" else 1)


@packable
@dataclass(frozen=True, slots=True)
class DateStyle:
    """How dates of one format are spelled.

    Attributes
    ----------
    form : str
        A ``strftime`` format.
    lengths : tuple of int
        Numbers of digits that fractions have, in order; a date gets the fewest that lose
        nothing. 0 stands for a date without point and fraction.
    bare : str
        Letters of the directives that are not padded with a zero.
    case : {"", "upper", "lower"}
        Of the names of months, of days and of halves of the day; as the locale has it if empty.

    Examples
    --------
    >>> style = DateStyle.learn(["1/2/2020 10:00:00.5", "1/2/2020 10:00:00"], "%m/%d/%Y %X.%f")
    >>> style.lengths
    (0, 1)
    """

    form: str
    lengths: tuple[int, ...] = (_MICRO_DIGITS,)
    bare: str = ""
    case: str = ""

    @classmethod
    def learn(cls, texts: Iterable[Any], form: str) -> Self:
        """Read the style off distinct texts that follow a format."""
        pattern = _pattern(form)
        clear = _unambiguous(texts, form)
        matches = [found for found in map(pattern.fullmatch, clear) if found is not None]
        names = [name for name in pattern.groupindex if len(name) == 1 and name in "dmHI"]
        bare = "".join(name for name in names if any(len(found[name]) == 1 for found in matches))
        if "f" not in pattern.groupindex or not matches:
            return cls(form, bare=bare, case=_case(clear, form))
        lengths = tuple(sorted({len(found["f"] or "") for found in matches}))
        return cls(form, lengths, bare, _case(clear, form))

    def write(self, local: Array, offsets: Array | None = None) -> Array:
        """Return moments as text.

        Parameters
        ----------
        local : ndarray of datetime64[us], shape (n_dates,)
            What the text is to show, without ``NaT``.
        offsets : ndarray of object, shape (n_dates,), optional
            Spelled offsets for ``%z``; ``+00:00`` without.

        Returns
        -------
        ndarray of object, shape (n_dates,)
        """
        moments = pd.DatetimeIndex(local)
        own = "".join(f"|%{letter}" for letter in self.bare)
        written = np.full(len(moments), "", dtype=object)
        for piece in filter(None, re.split(f"({_SPECIAL}{own})", self.form)):
            if piece.endswith("%f"):
                written = written + self._fractions(moments, piece[:-2])
            elif piece.endswith("%z"):
                shown = np.full(len(moments), "+00:00", object) if offsets is None else offsets
                written = written + np.where(shown == "", "", piece[:-2] + shown)
            elif piece[0] == "%" and piece[1:] in self.bare:
                written = written + _BARE[piece](moments).astype(str).to_numpy(object)
            else:
                shown = _spelled(moments, piece)
                written = written + (
                    _cased(shown, self.case) if piece[0] == "%" or "%" in piece else shown
                )
        return written

    def _fractions(self, moments: pd.DatetimeIndex, point: str) -> Array:
        codes, micro = pd.factorize(moments.microsecond)
        longest = max(self.lengths)
        texts = []
        for value in micro:
            digits = f"{value:06d}".ljust(longest, "0")[:longest]
            needed = len(digits.rstrip("0"))
            length = next((length for length in self.lengths if length >= needed), longest)
            texts.append(point + digits[:length] if length else "")
        return np.array(texts, dtype=object)[codes]

    def spells(self, texts: Iterable[Any]) -> Flags:
        """Return which texts are dates in exactly this style, whatever their offset."""
        listed = np.array(_texts(texts, self.form), dtype=object)
        found = read_dates(listed, self.form)
        right = ~np.isnat(found.local)
        again = self.write(found.local[right], found.offsets[right])
        right[right] = again == listed[right]
        return right


_BARE = {
    "%d": lambda moments: moments.day,
    "%m": lambda moments: moments.month,
    "%H": lambda moments: moments.hour,
    "%I": lambda moments: (moments.hour - 1) % 12 + 1,
}


def _case(texts: list[str], form: str) -> str:
    """Return the case of the names in some dates, empty where it is the usual one."""
    if not re.search("%[aAbBp]", form):
        return ""
    plain = [re.sub(r"[^A-Za-z]", "", text) for text in texts]
    if all(map(str.isupper, plain)) and not re.fullmatch(r"[^%]*(%[^aAbB][^%]*)*", form):
        return "upper"
    return "lower" if all(map(str.islower, plain)) else ""


def _cased(texts: Array, case: str) -> Array:
    if not case:
        return texts
    out: Array = np.array([getattr(text, case)() for text in texts], dtype=object)
    return out


def _texts(values: Iterable[Any], form: str = "") -> list[str]:
    """Return texts, or whole numbers of any storage such as 20240131, as texts.

    Numbers have lost the zeros in front that a `form` of nothing but digits asks for.
    """
    if getattr(getattr(values, "dtype", None), "kind", "O") == "f":
        values = np.asarray(values).astype(np.int64)
    listed = list(values)
    parts = re.findall("%.", form)
    if "".join(parts) == form and all(part in _DIGITS for part in parts) and len(listed):
        width = sum(_DIGITS[part] for part in parts)
        if all(isinstance(value, (int, np.integer)) for value in listed):
            return [str(value).zfill(width) for value in listed]
    return [*map(str, listed)]


def _read_local(texts: Array, form: str) -> Array:
    """Return the dates of texts without an offset, also those that ``datetime64[ns]`` has not."""
    forms = [form] if "%f" not in form else [form, re.sub(r"[.,]?%f", "", form)]
    moments = np.full(len(texts), "NaT", "datetime64[us]")
    for one in forms:
        left = np.flatnonzero(np.isnat(moments))
        if len(left):
            read = pd.to_datetime(texts[left], format=one, errors="coerce", utc=True)
            moments[left] = _without_zone(read)
    for place in np.flatnonzero(np.isnat(moments)):
        moments[place] = _far(texts[place], forms)
    return moments


def _far(text: str, forms: Iterable[str]) -> np.datetime64:
    for form in forms:
        try:
            return np.datetime64(datetime.strptime(text, form).replace(tzinfo=None), "us")
        except ValueError:
            continue
    return np.datetime64("NaT", "us")


def _pattern(form: str) -> re.Pattern[str]:
    """Return what texts in a format look like, with groups for what it leaves open."""
    parts, seen = [], set()
    for piece in _PIECE.findall(form):
        if piece.endswith("%f"):
            part = r"(?:[.,](?P<f>\d+))?" if len(piece) > 2 else r"(?P<f>\d+)"
        elif piece.endswith("%z"):
            names = "|".join(sorted(_ZONES, key=len, reverse=True))
            part = rf"(?P<z>\s*(?:Z|{names}|[+-]\d{{2}}(?::?\d{{2}}(?::?\d{{2}})?)?))?"
        elif piece[0] == "%":
            part = _FIELDS.get(piece, ".+?") if piece not in seen else ".+?"
        else:
            part = re.escape(piece)
        seen.add(piece)
        parts.append(part)
    return re.compile("".join(parts), re.DOTALL)


def _unambiguous(texts: Iterable[Any], form: str) -> list[str]:
    """Return the texts, or many of them in even distances and the shortest and longest."""
    listed = _texts(texts, form)
    if len(listed) <= _TELLING:
        return listed
    step = -(-len(listed) // _TELLING)
    return [*listed[::step], min(listed, key=len), max(listed, key=len)]
