"""Columns that say a date in parts, such as year and month: found, joined, read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from relsynth.columns.calendar import DAY
from relsynth.typing import Floats

_WORDS: Final = {
    "year": "year yr yyyy jahr annee année ano año anno jaar rok",
    "month": "month mon mm monat mois mes mês mese maand",
    "day": "day dd tag jour dia día giorno dag",
    "quarter": "quarter qtr quartal trimestre kwartaal",
    "week": "week wk kw woche semaine semana settimana",
}
_PARTS: Final = {word: part for part, words in _WORDS.items() for word in words.split()}
_RANGE: Final = {
    "year": (1600, 2250),  # what nanoseconds since 1970 can say
    "month": (1, 12),
    "day": (1, 31),
    "quarter": (1, 4),
    "week": (1, 53),
}
_WHOLE: Final = (("year", "month", "day"), ("year", "month"), ("year", "quarter"), ("year", "week"))


def find_date_parts(
    columns: Mapping[str, Floats],
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield the columns that are parts of one date, and what each of them says.

    Parameters
    ----------
    columns : mapping of str to ndarray of float, shape (n_rows,)

    Notes
    -----
    A part is known by a word in the column's name, in several languages, and by whole numbers
    in the range of the part; parts of one date share the rest of their names, are missing
    together, and say dates that there are.
    """
    stems: dict[tuple[str, ...], dict[str, str]] = {}
    for name, values in columns.items():
        part, stem = _said(name)
        if part and _fits(values, part):
            stems.setdefault(stem, {})[part] = name
    for said in stems.values():
        parts = next((parts for parts in _WHOLE if set(parts) <= said.keys()), None)
        if parts is None:
            continue
        names = tuple(said[part] for part in parts)
        numbers = [columns[name] for name in names]
        seconds = joined(parts, numbers)
        back = [read(part, seconds) for part in parts]
        if all(np.array_equal(*pair, equal_nan=True) for pair in zip(back, numbers, strict=True)):
            yield names, parts


def _said(name: str) -> tuple[str, tuple[str, ...]]:
    """Return which part of a date a column's name tells, and the rest of the name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = re.findall(r"[^\W_]+", spaced.lower())
    parts = [_PARTS[word] for word in words if word in _PARTS]
    rest = tuple(word for word in words if word not in _PARTS and word not in ("of", "the"))
    return (parts[0] if len(parts) == 1 else ""), rest


def _fits(values: Floats, part: str) -> bool:
    known = values[~np.isnan(values)]
    low, high = _RANGE[part]
    return bool(
        len(known)
        and (known == np.rint(known)).all()
        and known.min() >= low
        and known.max() <= high
        and (part == "year" or known.min() < known.max())  # the data of one year have one
    )


def joined(parts: Iterable[str], values: Iterable[Floats]) -> Floats:
    """Return the date that parts say, in seconds since 1970: the first day that they fit."""
    said = dict(zip(parts, values, strict=True))
    missing = np.any([np.isnan(number) for number in said.values()], axis=0)
    whole = {
        part: np.where(missing, _RANGE[part][0], number).astype(np.int64)
        for part, number in said.items()
    }
    months = (whole["year"] - 1970) * 12 + whole.get("month", np.int64(1)) - 1
    if "quarter" in whole:
        months = months + 3 * (whole["quarter"] - 1)
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    days = days + whole.get("day", np.int64(1)) - 1
    if "week" in whole:
        days = days + 7 * (whole["week"] - 1)
    return np.where(missing, np.nan, days * DAY)


def read(part: str, seconds: Floats) -> Floats:
    """Return a part of dates; weeks are counted from the first of January."""
    days = np.floor(np.nan_to_num(seconds) / DAY).astype(np.int64).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]")
    month = (months - years.astype("datetime64[M]")).astype(np.int64)
    match part:
        case "year":
            said = years.astype(np.int64) + 1970
        case "month":
            said = month + 1
        case "quarter":
            said = month // 3 + 1
        case "day":
            said = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
        case _:
            said = (days - years.astype("datetime64[D]")).astype(np.int64) // 7 + 1
    return np.where(np.isnan(seconds), np.nan, said)
