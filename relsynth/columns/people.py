"""Personal columns of a row agree: names, their e-mail and user name, the sex, the country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from relsynth.columns.country_codes import coded, find_shapes
from relsynth.columns.forms.provided import ProvidedForm
from relsynth.columns.forms.slots import in_case
from relsynth.columns.name_parts import NamePart
from relsynth.columns.people_columns import (
    NAMES,
    SPELLED,
    address_of_each,
    column_that_means,
    learned_names,
    local_parts,
    longest_text,
    native_locales,
    of_one_person,
    parts_of_names,
    place_columns,
)
from relsynth.columns.person_names import (
    distinct_pairs,
    draw_names,
    in_style,
    known_by,
    made_unique,
    numbered_people,
    spelled,
    style_of,
)
from relsynth.columns.providers import (
    DEFAULT,
    is_provider,
    locale_of_country,
    provided,
    script_of,
    towns_of,
)
from relsynth.columns.text import TextEncoder
from relsynth.packing import packable
from relsynth.schema import Column
from relsynth.typing import Array

_PLACES = ("street_address", "city", "state", "company")
# how words for sexes begin, in the languages of the names of columns
_SEXES = {
    "female": ["f", "w", "k", "v", "woman", "girl", "mrs", "ms", "miss", "frau", "mme", "ж", "女"],
    "male": ["m", "h", "man", "boy", "mr", "herr", "sr", "м", "男"],
}


@packable
@dataclass(frozen=True, slots=True)
class People:
    """Which columns of a table tell of one person, and how their values are spelled.

    Attributes
    ----------
    providers : mapping of str to str
        Provider by column.
    cases : mapping of str to str
        ``"upper"`` or ``"lower"`` by column, empty for names as they are.
    styles : mapping of str to str
        How full names are put together, such as ``"Last, First"``; see `style_of`.
    unique : tuple of str
        Columns without repeats.
    lengths : mapping of str to int
        Longest text by column.
    sex : str
        Column that tells the sex; empty without one.
    country : str
        Column that tells the country; empty without one.
    locales : mapping of str to str
        Locale that each column is written in where nothing tells another.
    shapes : mapping of str to mapping of str to list of str
        Of postcodes and telephone numbers: by column and country how they are spelled, with
        control characters for digits and letters.
    common : mapping of str to list of str
        Of these columns, the values that enough subjects have, which stay.
    within : mapping of str to str
        Column of the place by which the codes of a column are spelled.
    known_by : tuple of str
        Columns by which one person's rows are known: one without repeats, one that tells as many
        apart as all names do, else all names.
    native : tuple of str
        Locales of countries whose people are written in a script of their own.
    parts : mapping of str to NamePart
        Columns that are made of the first and the last name.
    local : mapping of str to NamePart
        How user names, and e-mail addresses up to the ``@``, are made of them, if not all alike.
    digits : mapping of str to int
        Digits that mostly follow in these.
    learned : tuple of str
        First and last name where these are learned, for many share them; parts follow.
    """

    providers: Mapping[str, str]
    cases: Mapping[str, str]
    styles: Mapping[str, str]
    unique: tuple[str, ...]
    lengths: Mapping[str, int]
    locale: str = DEFAULT
    sex: str = ""
    country: str = ""
    locales: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    common: Mapping[str, list[str]] = field(default_factory=dict)
    within: Mapping[str, str] = field(default_factory=dict)
    known_by: tuple[str, ...] = ()
    native: tuple[str, ...] = ()
    parts: Mapping[str, NamePart] = field(default_factory=dict)
    local: Mapping[str, NamePart] = field(default_factory=dict)
    digits: Mapping[str, int] = field(default_factory=dict)
    learned: tuple[str, ...] = ()

    @classmethod
    def find(
        cls, frame: pd.DataFrame, columns: Mapping[str, Column], encoders: Mapping[str, Any]
    ) -> People | None:
        """Return the personal columns of a table that must agree, None for fewer than two.

        Parameters
        ----------
        frame : DataFrame
            The real table.
        encoders : mapping of str to ColumnEncoder
            Of the modelled columns; only texts of a provider are written here.
        """
        found = {
            name: encoder.form
            for name, encoder in encoders.items()
            if isinstance(encoder, TextEncoder)
            and isinstance(encoder.form, ProvidedForm)
            and (not encoder.levels or encoder.form.provider in _PLACES)
        }
        known = {*NAMES, *SPELLED, *_PLACES}
        providers = {n: form.provider for n, form in found.items() if form.provider in known}
        providers = of_one_person(frame, providers)
        named = [n for n, provider in providers.items() if provider in NAMES]
        sex = column_that_means(columns, encoders, ("sex",))
        country = column_that_means(columns, encoders, ("country", "country_code"))
        shapes, within = find_shapes(frame, columns, encoders, place_columns(encoders, country))
        alone = not (len(named) and (len(providers) > 1 or sex))
        learned = () if named else learned_names(encoders)
        parts = parts_of_names(frame, encoders, providers, learned)
        if alone and not (shapes or parts or (providers and country)):
            return None
        native = native_locales(
            frame, country, [n for n in providers if providers[n] not in SPELLED]
        )
        texts = {n: frame[n].dropna().astype(str) for n in (*providers, *parts)}
        return cls(
            providers,
            {n: found[n].case for n in providers},
            {n: style_of(texts[n].tolist()) for n in named},
            tuple(n for n in texts if len(texts[n]) and texts[n].is_unique),
            {n: longest_text(columns[n], getattr(encoders[n], "max_length", 0)) for n in texts},
            found[next(iter(providers))].locale if providers else DEFAULT,
            sex,
            country,
            {n: found[n].locale for n in providers},
            shapes,
            {name: [*encoders[name].levels] for name in {**shapes, **providers}},
            within,
            address_of_each(frame, providers) or known_by(frame, named or list(providers)[:1]),
            native,
            parts,
            *local_parts(frame, providers),
            learned if parts else (),
        )

    def write(
        self,
        made: Mapping[str, pd.Series],
        rng: np.random.Generator,
        place: int = 0,
        parts: int = 1,
    ) -> dict[str, pd.Series]:
        """Return columns in which the personal ones agree in every row.

        Parameters
        ----------
        made : mapping of str to Series
            All columns drawn; missing values stay missing, and texts that repeat go on to.
        place, parts : int
            Number of the part of an output that is written, and of how many.
        """
        codes = {
            name: coded(made[name], made[self.within[name]], shapes, self.common[name], rng)
            for name, shapes in self.shapes.items()
            if name in made and self.within[name] in made
        }
        made = {**made, **codes}
        if self.learned:
            given, family = (made[n].astype(object).to_numpy() for n in self.learned)
            known = ~(pd.isna(given) | pd.isna(family))
            given, family = np.where(known, given, ""), np.where(known, family, "")
            made |= self._made_parts(made, given, family, np.arange(len(known)), place, parts)
        if not self.providers:
            return dict(made)
        person, count = numbered_people([made[name] for name in self.known_by])
        rows = np.zeros(count, np.int64)
        rows[person[::-1]] = np.arange(len(person))[::-1]
        sexes, locales = self._sexes(made, rows), self._locales(made, rows)
        given, family = draw_names(sexes, locales, rng)
        wanted = {self.providers.get(name, "") for name in self.unique}.intersection(NAMES)
        if wanted:
            given, family = made_unique(given, family, wanted, sexes, locales, rng)
        out = dict(made)
        local = spelled(given, family)
        if not self.learned:
            out |= self._made_parts(made, given, family, person, place, parts)
        for name, provider in self.providers.items():
            if provider in _PLACES:
                if self.country:
                    out[name] = self._placed(made[name], name, locales[person], rng)
                continue
            texts = self._texts(name, provider, given, family, local, rng)
            if provider == "name" and not self.styles[name]:
                for locale in {*self.native}.intersection(locales.tolist()):
                    own = locales == locale
                    texts[own] = in_style(given[own], family[own], "", locale)
            if name in self.unique or provider in SPELLED:
                texts = _numbered(texts, place, parts)
            shown = texts[person]
            missing = made[name].isna().to_numpy()
            old = made[name]
            shown[missing] = None
            out[name] = pd.Series(shown, index=old.index).astype(old.dtype).where(~missing, old)
        return out

    def _made_parts(
        self,
        made: Mapping[str, pd.Series],
        given: Array,
        family: Array,
        person: Array,
        place: int,
        parts: int,
    ) -> dict[str, pd.Series]:
        """Return the columns that are made of the names of some people, for all their rows."""
        out = {}
        for name, part in self.parts.items():
            own = np.array(part.write(given.tolist(), family.tolist()), object)
            texts = _numbered(own, place, parts) if name in self.unique else own
            fitted = [_fit(text, self.lengths[name]) for text in texts.tolist()]
            shown, old = np.array(fitted, object)[person], made[name]
            kept = old.isna().to_numpy() | (shown == "")
            out[name] = pd.Series(shown, index=old.index).astype(old.dtype).where(~kept, old)
        return out

    def _placed(
        self, old: pd.Series, name: str, locales: Array, rng: np.random.Generator
    ) -> pd.Series:
        """Return places in the country of each row, as often the same as they were."""
        codes, found = pd.factorize(old)
        pairs, at = distinct_pairs(codes.astype(object), locales)
        shares = rng.random(len(pairs))
        case, longest = self.cases[name], self.lengths[name]
        texts, common = np.empty(len(pairs), dtype=object), set(self.common[name])
        for number, ((code, locale), share) in enumerate(zip(pairs, shares.tolist(), strict=True)):
            own = is_provider(self.providers[name], locale)
            where = locale if own else self.locale
            pool = towns_of(where) if self.providers[name] == "city" else ()
            pool = pool or provided(self.providers[name], where)
            stays = locale == self.locales.get(name, self.locale) or found[code] in common
            text = str(found[code]) if stays else pool[int(share * len(pool))]
            texts[number] = _fit(in_case(text, case) if case else text, longest)
        missing = old.isna().to_numpy()
        return pd.Series(texts[at], index=old.index).astype(old.dtype).where(~missing, old)

    def _texts(
        self,
        name: str,
        provider: str,
        given: Array,
        family: Array,
        local: Array,
        rng: np.random.Generator,
    ) -> Array:
        if provider == "first_name":
            texts = given
        elif provider == "last_name":
            texts = family
        elif provider == "name":
            texts = in_style(given, family, self.styles[name], self.locale)
        else:
            texts = self._local(name, given, family, local, rng)
            empty = np.array([len(text) < 3 for text in local.tolist()], bool)
            pool = np.array(provided("user_name", DEFAULT), dtype=object)
            texts[empty] = pool[rng.integers(len(pool), size=int(empty.sum()))]
            if provider != "user_name":
                case = self.cases[name]
                texts[:] = [in_case(text, case) if case else text for text in texts]
                hosts = np.array(["@example.com", "@example.org", "@example.net"], dtype=object)
                texts = texts + hosts[rng.integers(len(hosts), size=len(texts))]
        case, longest = self.cases[name], self.lengths[name]
        case = case if provider in (*NAMES, "user_name") else ""  # of an address only its name
        fitted = np.empty(len(texts), dtype=object)
        fitted[:] = [_fit(in_case(text, case) if case else text, longest) for text in texts]
        return fitted

    def _local(
        self, name: str, given: Array, family: Array, local: Array, rng: np.random.Generator
    ) -> Array:
        """Return user names as the column's real ones are made, in plain letters."""
        texts = local.copy()
        if name in self.local:
            texts[:] = self.local[name].write(given.tolist(), family.tolist())
            texts = np.where(texts == "", local, texts)
        if self.digits.get(name):
            numbers = rng.integers(10 ** self.digits[name], size=len(texts))
            texts = np.where(texts == "", texts, texts + numbers.astype(str).astype(object))
        return texts

    def _sexes(self, made: Mapping[str, pd.Series], rows: Array) -> Array:
        sexes = np.full(len(rows), "", dtype=object)
        if self.sex in made:
            codes, found = pd.factorize(made[self.sex].astype(object))
            meant = np.array([*map(_sex, map(str, found)), ""], dtype=object)
            if set(meant) >= {"female", "male"}:
                sexes = meant[codes[rows]]
        return sexes

    def _locale_in(self, locale: str | None) -> str:
        """Return the locale of a country, if its names are written as they are there."""
        alike = locale in self.native or script_of(locale) == script_of(self.locale)
        return locale if alike and locale is not None else self.locale

    def _locales(self, made: Mapping[str, pd.Series], rows: Array) -> Array:
        locales = np.full(len(rows), self.locale, dtype=object)
        if self.country in made:
            codes, found = pd.factorize(made[self.country].astype(object))
            meant = [self._locale_in(locale_of_country(str(value))) for value in found]
            locales = np.array([*meant, self.locale], dtype=object)[codes[rows]]
        return locales


def _sex(word: str) -> str:
    plain = word.strip().lower()
    for sex in ("female", "male"):
        if plain == sex or any(plain == one or (len(one) > 1 and plain.startswith(one))
                               for one in _SEXES[sex]):  # fmt: skip
            return sex
    return next((sex for sex in ("female", "male") if plain[:1] in _SEXES[sex]), "")


def _numbered(texts: Array, place: int, parts: int) -> Array:
    """Return texts of which those that come again have a number, before the ``@`` if any."""
    rank = pd.Series(texts).groupby(texts).cumcount().to_numpy()
    numbers = rank * parts + place
    out, used = texts.copy(), set(texts.tolist())
    for at in np.flatnonzero(numbers > 0).tolist():
        name, sign, host = texts[at].partition("@")
        gap = " " if " " in name else ""
        number = int(numbers[at])
        while (new := f"{name}{gap}{number}{sign}{host}") in used:
            number += parts
        used.add(new)
        out[at] = new
    return out


def _fit(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    name, sign, host = text.partition("@")
    return f"{name[: max(longest - len(host) - 1, 1)]}{sign}{host}" if sign else text[:longest]
