"""Rare countries, states and cities become others that agree, the same ones in every table."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from relsynth.columns.forms.slots import in_case
from relsynth.columns.protection import Holders
from relsynth.columns.providers import (
    DEFAULT,
    guess_locale,
    is_provider,
    locale_of_country,
    provided,
    script_of,
    towns_of,
)
from relsynth.evidence import MOST
from relsynth.groups import unique_values
from relsynth.schema import Column, Table
from relsynth.schema.hints import hint_of
from relsynth.seeding import Seed, stream
from relsynth.typing import Flags, Integers

MEANINGS = ("country", "country_code", "state", "city")  # each may follow from those before
ABBREVIATED = 3  # capitals that stand for a state or a country
_PLAIN = re.compile(r"[^\W\d_]+( [^\W\d_]+)?")  # not "Virgin Islands, U.S."
WORDED = 0.8  # of the levels are words; a state of "A1" or a city of "0231" is a code
# what Faker calls the parts of a country, in the order of preference
_PARTS = {
    "country": ("country",),
    "country_code": ("country_code",),
    "state": ("state", "administrative_unit", "region", "province", "department_name"),
    "abbreviation": ("state_abbr", "province_abbr", "estado_sigla", "state_abbreviation"),
    "city": ("city", "city_name"),
}  # fmt: skip


@dataclass(frozen=True)
class _PlaceColumn:
    """A column of places, and the column of the country that its rows are in."""

    table: str
    name: str
    meaning: str
    country: str
    longest: int | None


@dataclass(frozen=True)
class Places:
    """Columns of places that tell of nobody.

    Attributes
    ----------
    columns : dict of str to dict of str to Series
        By table and column.
    within : dict of str to tuple of (str, tuple of str)
        By table, the columns that lie within others.
    """

    columns: dict[str, dict[str, pd.Series]]
    within: dict[str, tuple[tuple[str, tuple[str, ...]], ...]]


@dataclass
class _Levels:
    """All levels of one meaning in all tables, and what stands for the rare ones."""

    values: pd.Index
    common: Flags
    rows: Integers
    stand_ins: dict[Any, str] = field(default_factory=dict)


def invented_places(
    schema: Mapping[str, Table],
    tables: Mapping[str, pd.DataFrame],
    names: Mapping[str, tuple[str, ...]],
    holders: Mapping[str, Holders],
    subjects: Collection[str],
    seed: Seed,
) -> Places:
    """Return the columns of places with others in place of those that few subjects have.

    Parameters
    ----------
    names : mapping of str to tuple of str
        Categories of each table that may be replaced.
    subjects : collection of str
        Tables of subjects of which none belongs to another one: what k of their rows have in
        all is common, in whichever tables they are.

    Returns
    -------
    Places
        A place is the same one wherever it comes; a city is in the country that stands for
        its own.

    Notes
    -----
    Meanings are left alone where a single column has them and most of its rows are common: the
    rows with rare levels take over those of similar rows.
    """
    columns = _find(schema, tables, names)
    made = Places({}, {})
    done: dict[str, _Levels] = {}
    for meaning in MEANINGS:
        own = [one for one in columns if one.meaning == meaning]
        if not own:
            continue
        levels = _judged(own, tables, holders, subjects)
        if not _are_to_be_replaced(own, levels, tables):
            continue
        done[meaning] = levels
        usual = next((at for one in own if (at := holders[one.table].locale)), "")
        _invent(own, levels, done, tables, usual, stream(seed, "places", meaning))
        for one in own:
            changed = _replaced(tables[one.table][one.name], levels.stand_ins)
            made.columns.setdefault(one.table, {})[one.name] = changed
    for table, replaced in made.columns.items():
        made.within[table] = _within([c for c in columns if c.table == table], replaced)
    return made


def _within(
    columns: list[_PlaceColumn], replaced: Collection[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the cities with their countries, and the states with countries and cities."""
    found: list[tuple[str, tuple[str, ...]]] = []
    cities = [one for one in columns if one.meaning == "city" and one.name in replaced]
    states = [one.name for one in columns if one.meaning == "state" and one.name in replaced]
    for city in cities:
        around = (city.country,) if city.country in replaced else ()
        if around:
            found.append((city.name, around))
        near = _nearest(city.name, states)
        if near:
            found.append((near, (*around, city.name)))
            states.remove(near)
    return tuple(found)


def _find(
    schema: Mapping[str, Table],
    tables: Mapping[str, pd.DataFrame],
    names: Mapping[str, tuple[str, ...]],
) -> list[_PlaceColumn]:
    found = []
    for table, own in names.items():
        meant = {name: _meaning(schema[table].columns[name], tables[table][name]) for name in own}
        countries = [name for name in own if meant[name].startswith("country")]
        for name in own:
            if not meant[name] or (meant[name] == "state" and len({*meant.values()}) < 3):
                continue  # a state beside neither a city nor a country is one of an order
            near = _nearest(name, [other for other in countries if other != name])
            longest = schema[table].columns[name].max_length
            found.append(_PlaceColumn(table, name, meant[name], near, longest))
    return found


def _nearest(name: str, others: list[str]) -> str:
    """Return the name that begins most like another one: ship_city goes with ship_country."""
    return max(others, key=lambda other: _alike(name.lower(), other.lower()), default="")


def _alike(left: str, right: str) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))


def _meaning(column: Column, values: pd.Series) -> str:
    hint = hint_of(column.name)
    if hint is None or hint.meaning not in MEANINGS or column.values is not None or column.pii:
        return ""
    texts = values.dropna().unique()
    if not len(texts) or not all(isinstance(text, str) for text in texts):
        return ""
    words = sum(_is_worded(text) for text in texts)
    return hint.meaning if words >= WORDED * len(texts) else ""


def _is_worded(text: str) -> bool:
    return any(map(str.isalpha, text)) and not any(map(str.isdigit, text))


def _judged(
    columns: list[_PlaceColumn],
    tables: Mapping[str, pd.DataFrame],
    holders: Mapping[str, Holders],
    subjects: Collection[str],
) -> _Levels:
    """Return the levels of some columns; common are those that enough subjects have somewhere."""
    parts = [tables[one.table][one.name].dropna().unique() for one in columns]
    values = pd.Index(pd.unique(np.concatenate([np.asarray(part, object) for part in parts])))
    common = np.zeros(len(values), bool)
    support, rows = np.zeros((2, len(values)), np.int64)
    needed = max((max(holders[one.table].least, default=1) for one in columns), default=1)
    for one in columns:
        codes = values.get_indexer(tables[one.table][one.name]).astype(np.int64)
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        rows += counts
        common |= (counts > 0) & ~holders[one.table].rare(codes, len(values))
        if one.table in subjects:
            pairs = unique_values(codes[codes >= 0] * len(codes) + np.flatnonzero(codes >= 0))
            support += np.bincount(pairs // max(len(codes), 1), minlength=len(values))
    common |= (support >= needed) | ~np.array(list(map(_is_worded, values)))
    return _Levels(values, common, rows)


def _are_to_be_replaced(
    columns: list[_PlaceColumn], levels: _Levels, tables: Mapping[str, pd.DataFrame]
) -> bool:
    if levels.common.all():
        return len(columns) > 1  # common in all tables together, though perhaps not in each
    if len(columns) > 1:
        return True
    series = tables[columns[0].table][columns[0].name].dropna()
    rare = ~levels.common[levels.values.get_indexer(series)]
    return bool(rare.mean() > MOST)


def _invent(
    columns: list[_PlaceColumn],
    levels: _Levels,
    done: Mapping[str, _Levels],
    tables: Mapping[str, pd.DataFrame],
    usual: str,
    rng: np.random.Generator,
) -> None:
    """Choose a stand-in for every rare level, in the country that its own became.

    Countries are known to everybody: if most rows have common ones, rare ones become these.
    """
    meaning, rare = columns[0].meaning, np.flatnonzero(~levels.common)
    countries = _countries(columns, levels.values, done, tables)
    texts = list(map(str, levels.values))
    usual = guess_locale(texts, (), usual)
    spelled = [text for text in texts if len(text) > ABBREVIATED]
    upper = sum(map(str.isupper, spelled)) > len(spelled) / 2
    longest = min((one.longest for one in columns if one.longest), default=None)
    used = set(texts)
    shares = levels.rows * levels.common / max(levels.rows.sum(), 1)
    if meaning.startswith("country") and shares.sum() > MOST:
        others = rng.choice(len(texts), size=len(rare), p=shares / shares.sum())
        levels.stand_ins |= dict(zip(levels.values[rare], levels.values[others], strict=True))
        return
    for code in rng.permutation(rare).tolist():
        text = texts[code]
        short = len(text) <= ABBREVIATED and text.isupper()
        inside = countries[code] if script_of(countries[code]) == script_of(usual) else ""
        locale = usual if meaning.startswith("country") else inside or usual
        case = "upper" if upper and not short else ""
        drawn = (
            _drawn(options, used, case, longest, rng)
            for options in _pools(meaning, locale, short=short)
        )
        stand_in = next((new for new in drawn if new is not None), None)
        if stand_in is None:
            stand_in = _letters(text, used, rng)
        used.add(stand_in)
        levels.stand_ins[levels.values[code]] = stand_in


def _countries(
    columns: list[_PlaceColumn],
    values: pd.Index,
    done: Mapping[str, _Levels],
    tables: Mapping[str, pd.DataFrame],
) -> list[str]:
    """Return the locale of the country that most rows of every level will be in."""
    found: list[str] = [""] * len(values)
    for one in columns:
        if not one.country:
            continue
        frame = tables[one.table]
        pairs = pd.DataFrame({"place": frame[one.name], "in": frame[one.country]}).dropna()
        usual = pairs.groupby("place", observed=True)["in"].agg(lambda s: s.value_counts().index[0])
        for place, country in usual.items():
            shown = next((d.stand_ins[country] for d in done.values() if country in d.stand_ins),
                         country)  # fmt: skip
            at = values.get_loc(place)
            found[at] = found[at] or locale_of_country(str(shown)) or ""
    return found


def _pools(meaning: str, locale: str, *, short: bool) -> Iterator[tuple[str, ...]]:
    """Yield places of a kind; first those countries whose people and cities are known."""
    kind = "abbreviation" if meaning == "state" and short else meaning
    if meaning == "country" and short:
        kind = "country_code"
    is_country = meaning.startswith("country")
    if meaning == "city":
        yield towns_of(locale)
    for where in dict.fromkeys((locale, DEFAULT) if is_country else (locale,)):
        for provider in _PARTS[kind]:
            pool = provided(provider, where) if is_provider(provider, where) else ()
            if is_country:
                script = script_of(locale)
                yield tuple(t for t in pool if script_of(locale_of_country(t)) == script)
                pool = tuple(text for text in pool if _PLAIN.fullmatch(text))
            yield pool


def _drawn(
    pool: tuple[str, ...],
    used: Collection[str],
    case: str,
    longest: int | None,
    rng: np.random.Generator,
) -> str | None:
    """Return a text of a pool that is not in use, None where all are."""
    for at in rng.permutation(len(pool)).tolist():
        text = in_case(pool[at], case) if case else pool[at]
        if text not in used and (longest is None or len(text) <= longest):
            return text
    return None


def _letters(text: str, used: Collection[str], rng: np.random.Generator) -> str:
    """Return other letters for those of a text, which no list of places has anything for."""
    while True:
        drawn = iter(rng.integers(26, size=len(text)).tolist())
        new = "".join(
            chr((65 if sign.isupper() else 97) + next(drawn)) if sign.isalpha() else sign
            for sign in text
        )
        if new not in used:
            return new


def _replaced(series: pd.Series, stand_ins: Mapping[Any, str]) -> pd.Series:
    codes, found = pd.factorize(series)
    shown = np.array([*(stand_ins.get(value, value) for value in found), None], dtype=object)
    made = pd.Series(shown[codes], index=series.index, name=series.name)
    made = made.where(codes >= 0, series.astype(object))
    if isinstance(series.dtype, pd.CategoricalDtype):
        known: Integers = np.flatnonzero([value in set(found) for value in series.cat.categories])
        order = [stand_ins.get(v, v) for v in series.cat.categories[known]]
        return made.astype(pd.CategoricalDtype(order, series.cat.ordered))
    return made.astype(series.dtype)
