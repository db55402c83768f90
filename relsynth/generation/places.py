"""Places that agree in a row: a town in its country, with the code, currency and zone of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from relsynth.generation.makers import Maker
from relsynth.optional import require
from relsynth.schema import Column, Table
from relsynth.schema.hints import hint_of, hint_table, singular, words_of_name
from relsynth.schema.native import parse_native
from relsynth.typing import Flags, Integers

_TAILS = {
    "country": "country", "nation": "country", "countryname": "country", "land": "country",
    "countrycode": "code", "countryiso": "code", "isocountry": "code", "iso2": "code",
    "alpha2": "code", "countryiso2": "code", "iso3": "code3", "alpha3": "code3",
    "countrycode3": "code3", "countryiso3": "code3", "capital": "capital",
    "continent": "continent", "currency": "currency", "currencycode": "currency",
    "dialcode": "dial", "callingcode": "dial", "phoneprefix": "dial", "phonecode": "dial",
    "dialingcode": "dial", "tz": "zone", "timezone": "zone", "lat": "latitude",
    "latitude": "latitude", "lng": "longitude", "lon": "longitude", "long": "longitude",
    "longitude": "longitude", "nationality": "country", "city": "city", "town": "city",
    "cityname": "city",
}  # fmt: skip
_IN_COUNTRIES = {
    "name": "country", "title": "country", "label": "country", "code": "code", "iso": "code",
    "isocode": "code", "id": "code", "vatrate": "vat", "taxrate": "vat", "vat": "vat",
}  # fmt: skip
_ADDRESS = ("street_address", "postcode", "state")
_ANCHORS = {"country", "code", "code3"}
_SIDES = {"min", "max", "north", "south", "east", "west", "from", "to", "lower", "upper"}
_WEIGHT = 6  # of a country of the table against those behind the first of it


@dataclass(frozen=True)
class Gazetteer:
    """Countries and towns.

    Attributes
    ----------
    countries : DataFrame
        A row each: country, code, code3, capital, continent, currency, dial, vat.
    towns : dict of int to DataFrame
        By the row of their country: city, latitude, longitude, zone.
    """

    countries: pd.DataFrame
    towns: Mapping[int, pd.DataFrame]

    def row_of(self, code: str) -> int:
        """Return the row of a country by its code; -1 for none."""
        found = np.flatnonzero((self.countries["code"] == code).to_numpy())
        return int(found[0]) if len(found) else -1


@cache
def gazetteer() -> Gazetteer:
    """Return the countries and towns that Faker lists, the well-known ones first."""
    require("faker", "pii", "Generating places")
    from faker.providers.date_time import Provider as Dates
    from faker.providers.geo import Provider as Places

    money = hint_table()["countries"]
    listed = sorted(
        Dates.countries,
        key=lambda c: list(money).index(c.alpha_2_code) if c.alpha_2_code in money else 999,
    )
    rows = [
        (c.name, c.alpha_2_code, c.alpha_3_code, c.capital, c.continent, c.timezones[0],
         *money.get(c.alpha_2_code, (None, None, None)))
        for c in listed
    ]  # fmt: skip
    names = ["country", "code", "code3", "capital", "continent", "zone", "currency", "dial", "vat"]
    countries = pd.DataFrame(rows, columns=names)
    places = pd.DataFrame(
        Places.land_coords, columns=["latitude", "longitude", "city", "code", "zone"]
    )
    places[["latitude", "longitude"]] = places[["latitude", "longitude"]].astype(float)
    towns = {
        row: found.reset_index(drop=True)
        for row, code in enumerate(countries["code"])
        if len(found := places[places["code"] == code])
    }
    return Gazetteer(countries, towns)


def roles_of(table: Table) -> dict[tuple[str, ...], dict[str, str]]:
    """Return the columns that tell a place by what they tell, for each place of a row.

    Columns such as ``ship_city`` and ``ship_country`` are of one place.
    """
    found: dict[tuple[str, ...], dict[str, str]] = {}
    lookup = is_of(table, "country")
    for name, column in table.columns.items():
        words = words_of_name(name)
        role, tail = _role(words, column, lookup=lookup, town=is_of(table, "city", "town"))
        if role:
            found.setdefault(words[: len(words) - tail], {}).setdefault(role, name)
    return found


def is_of(table: Table, *things: str) -> bool:
    """Return whether a table lists things of a kind, by its name."""
    words = words_of_name(table.name)
    return bool(words) and singular(words[-1]) in things


def _role(words: tuple[str, ...], column: Column, *, lookup: bool, town: bool) -> tuple[str, int]:
    text = column.kind in ("text", "categorical", "key", "ordinal")
    text &= column.native is None or parse_native(column.native).family in (None, "text")
    digits = [sign for sign in column.name if sign.isdigit()]
    for start in range(len(words)):
        tail = "".join(words[start:]) + "".join(digits[-1:])
        role = _TAILS.get(tail) or _TAILS.get("".join(words[start:]), "")
        if lookup and not role:
            role = _IN_COUNTRIES.get("".join(words[start:]), "")
        if town and not role and words[start:] == ("name",):
            role = "city"
        if not role:
            continue
        numeric = role in ("latitude", "longitude", "vat")
        fits = (
            ("numeric", "integer") if role == "vat" else ("numeric",)
        )  # degrees are no whole ones
        if column.kind in fits if numeric else text:
            if role in ("country", "code") and column.max_length in (2, 3):
                role = "code" if column.max_length == 2 else "code3"
            return role, len(words) - start
    return "", 0


def arrange_places(
    columns: dict[str, pd.Series],
    table: Table,
    makers: Mapping[str, Maker],
    given: Integers | None,
    fixed: frozenset[str],
    bound: frozenset[str],
    rng: np.random.Generator,
) -> Integers | None:
    """Let the places of new rows agree, in place.

    Parameters
    ----------
    given : ndarray of int64, optional
        The country that each row refers to, as its row in the gazetteer; -1 for none.
    fixed : frozenset of str
        Columns that must not change.
    bound : frozenset of str
        Columns of references, which other rows fill.

    Returns
    -------
    ndarray of int64 or None
        The country of each row; ``None`` where nothing tells it.
    """
    chosen: Integers | None = None
    for prefix, roles in roles_of(table).items():
        if set(prefix) & _SIDES:
            continue  # the sides of an area, no place
        _both_or_none(columns, roles, table)
        towns = {"city", "zone", "latitude", "longitude"} & set(roles)
        own = any(roles[role] not in bound for role in _ANCHORS & set(roles))
        anchored = own or (given is not None and bool(towns))
        if not anchored and len(towns & {"city", "latitude", "longitude"}) < 2:
            continue
        size = len(next(iter(columns.values())))
        if is_of(table, "country") and not prefix:
            countries = _distinct(size, rng)
            if countries is None:
                continue
        elif given is not None and not own:
            countries = given
        else:
            countries = _drawn(size, table, prefix, next(iter(makers.values())).locale, rng)
        home = _home(makers, table, prefix)
        _write(columns, roles, makers, countries, fixed, rng, home=home)
        if home >= 0:
            _leave_states(columns, table, prefix, (countries >= 0) & (countries != home), fixed)
        chosen = countries if chosen is None or not prefix else chosen
    return chosen


def _both_or_none(columns: dict[str, pd.Series], roles: Mapping[str, str], table: Table) -> None:
    """Let both coordinates of a place be missing where one is."""
    names = [roles.get(side, "") for side in ("latitude", "longitude")]
    if all(n in columns and table.columns[n].nullable is not False for n in names):
        absent = columns[names[0]].isna() | columns[names[1]].isna()
        for name in names:
            columns[name] = columns[name].mask(absent)


def _leave_states(
    columns: dict[str, pd.Series],
    table: Table,
    prefix: tuple[str, ...],
    abroad: Flags,
    fixed: frozenset[str],
) -> None:
    """Leave the state open in rows of a country whose states are not known."""
    for name, column in table.columns.items():
        hint = hint_of(name, table.name)
        is_state = hint is not None and hint.meaning == "state" and column.nullable is not False
        here = words_of_name(name)[: len(prefix)] == prefix
        if is_state and here and name in columns and name not in fixed:
            columns[name] = columns[name].where(~abroad, None)


def _distinct(size: int, rng: np.random.Generator) -> Integers | None:
    """Return different countries, the well-known ones first; ``None`` where there are too few."""
    return rng.permutation(size) if size <= len(gazetteer().countries) else None


def _home(makers: Mapping[str, Maker], table: Table, prefix: tuple[str, ...]) -> int:
    """Return the country whose addresses a place has beside its town; -1 for none."""
    locale = next(iter(makers.values())).locale
    return gazetteer().row_of(locale[-2:].upper()) if _has_address(table, prefix) else -1


def _has_address(table: Table, prefix: tuple[str, ...]) -> bool:
    """Return whether a place has the columns of an address beside its town."""
    hints = [
        hint_of(n, table.name) for n in table.columns if words_of_name(n)[: len(prefix)] == prefix
    ]
    return any(hint is not None and hint.meaning in _ADDRESS for hint in hints)


def _drawn(
    size: int, table: Table, prefix: tuple[str, ...], locale: str, rng: np.random.Generator
) -> Integers:
    known = len(hint_table()["countries"])
    home = gazetteer().row_of(locale[-2:].upper())
    if home >= 0 and _has_address(table, prefix):
        return np.full(size, home, dtype=np.int64)
    weights = 1 / (np.arange(known) + _WEIGHT)
    return rng.choice(known, size=size, p=weights / weights.sum())


def _write(
    columns: dict[str, pd.Series],
    roles: Mapping[str, str],
    makers: Mapping[str, Maker],
    countries: Integers,
    fixed: frozenset[str],
    rng: np.random.Generator,
    *,
    home: int,
) -> None:
    book = gazetteer()
    known = book.countries.take(np.maximum(countries, 0)).reset_index(drop=True)
    if {"city", "zone", "latitude", "longitude"} & set(roles):
        known = known.assign(**_towns(known, countries, rng))
    located = {"latitude", "longitude"} & set(roles)
    for role, name in roles.items():
        made: pd.Series[Any] = known[role]
        if name not in columns or name in fixed:
            continue
        if made.dtype == object and pd.api.types.is_numeric_dtype(columns[name].dtype):
            continue  # a number by which countries are told
        fine = made.notna().to_numpy() & columns[name].notna().to_numpy() & (countries >= 0)
        if role == "city" and not located:
            fine &= countries != home  # its towns go with the states and codes beside them
        if made.dtype == object:
            longest = makers[name].column.max_length
            fine &= made.map(lambda v, n=longest: n is None or len(str(v)) <= n).to_numpy()
        else:
            places = makers[name].column.decimals
            made = made.round(4 if places is None else places)
        made = made.where(pd.Series(fine), "" if made.dtype == object else 0)
        columns[name] = columns[name].where(~fine, made.astype(columns[name].dtype))


def _towns(known: pd.DataFrame, countries: Integers, rng: np.random.Generator) -> dict[str, Any]:
    """Return a town of every row's country: its name, where it lies, its time zone."""
    names = ("city", "latitude", "longitude", "zone")
    found: dict[str, Any] = {name: np.full(len(known), None, dtype=object) for name in names}
    found["city"], found["zone"] = (
        known["capital"].to_numpy(copy=True),
        known["zone"].to_numpy(copy=True),
    )
    places = rng.random(len(known))
    for row in np.unique(countries[countries >= 0]):
        towns, inside = gazetteer().towns.get(int(row)), np.flatnonzero(countries == row)
        if towns is None:
            continue
        at = (places[inside] * len(towns)).astype(np.int64)
        for name in names:
            found[name][inside] = towns[name].to_numpy(dtype=object)[at]
    found["latitude"] = pd.to_numeric(pd.Series(found["latitude"]))
    found["longitude"] = pd.to_numeric(pd.Series(found["longitude"]))
    return found
