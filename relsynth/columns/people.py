"""Personal columns of a row agree: names, their e-mail and user name, the sex, the country."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from relsynth.columns.forms.provided import ProvidedForm
from relsynth.columns.forms.slots import in_case
from relsynth.columns.providers import (
    DEFAULT,
    is_provider,
    locale_of_country,
    provided,
    script_of,
)
from relsynth.columns.text import TextEncoder
from relsynth.columns.text_form import common_start
from relsynth.packing import packable
from relsynth.schema import Column
from relsynth.schema.hints import hint_of
from relsynth.typing import Array, Flags

_SPELLED = ("email", "safe_email", "free_email", "company_email", "user_name")
_NAMES = ("name", "first_name", "last_name")
_PLACES = ("street_address", "city", "state", "company")
_CODES = ("postcode", "phone_number", "fax_number")  # of which countries have forms of their own
_USUAL = 60  # characters that a name or an address may have where nothing else is said
_SHARED = 3  # codes of a country: what as many begin with alike is its own
_DIGIT, _UPPER, _LOWER = "\x01\x02\x03"
_MOST_SHAPES = 50  # of a country, evenly among those that come
_USUAL_SHARE = 0.1  # of the codes of a country: a form of fewer is hardly one of its own
_TRIES = 10  # draws of a name until it is new in a column without repeats
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
    turned : tuple of str
        Columns of names such as ``Meyer, Eva``.
    unique : tuple of str
        Columns without repeats.
    lengths : mapping of str to int
        Longest text by column.
    locale : str
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
    """

    providers: Mapping[str, str]
    cases: Mapping[str, str]
    turned: tuple[str, ...]
    unique: tuple[str, ...]
    lengths: Mapping[str, int]
    locale: str = DEFAULT
    sex: str = ""
    country: str = ""
    locales: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    common: Mapping[str, list[str]] = field(default_factory=dict)

    @classmethod
    def find(
        cls, frame: pd.DataFrame, columns: Mapping[str, Column], encoders: Mapping[str, Any]
    ) -> People | None:
        """Return the personal columns of a table that must agree, None for fewer than two.

        Parameters
        ----------
        frame : DataFrame
            The real table.
        columns : mapping of str to Column
        encoders : mapping of str to ColumnEncoder
            Of the modelled columns; only texts of a provider are written here.
        """
        found = {
            name: encoder.form
            for name, encoder in encoders.items()
            if isinstance(encoder, TextEncoder)
            and isinstance(encoder.form, ProvidedForm)
            and not encoder.levels
        }
        known = {*_NAMES, *_SPELLED, *_PLACES}
        providers = {n: form.provider for n, form in found.items() if form.provider in known}
        named = [n for n, provider in providers.items() if provider in _NAMES]
        sex = _column(columns, encoders, ("sex",))
        country = _column(columns, encoders, ("country", "country_code"))
        shapes = _shapes(frame, columns, encoders, country) if country else {}
        alone = not (len(named) and (len(providers) > 1 or sex))
        if alone and not ((providers or shapes) and country):
            return None
        texts = {n: frame[n].dropna().astype(str) for n in providers}
        return cls(
            providers,
            {n: found[n].case for n in providers},
            tuple(n for n in named if len(texts[n]) and texts[n].str.contains(", ").mean() > 0.5),
            tuple(n for n in providers if len(texts[n]) and texts[n].is_unique),
            {n: _longest(columns[n], encoders[n].max_length) for n in providers},
            found[next(iter(providers))].locale if providers else DEFAULT,
            sex,
            country,
            {n: found[n].locale for n in providers},
            shapes,
            {name: list(encoders[name].levels) for name in shapes},
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
        rng : numpy.random.Generator
        place, parts : int
            Number of the part of an output that is written, and of how many.
        """
        made = {**made, **{n: self._coded(made, n, rng) for n in self.shapes if n in made}}
        if not self.providers:
            return dict(made)
        names = [name for name, provider in self.providers.items() if provider in _NAMES]
        first = (names or list(self.providers))[0]
        person, kept = pd.factorize(made[first].where(made[first].notna(), None))
        loners = person < 0
        person[loners] = len(kept) + np.arange(int(loners.sum()))
        count = len(kept) + int(loners.sum())
        rows = np.zeros(count, np.int64)
        rows[person[::-1]] = np.arange(len(person))[::-1]
        sexes, locales = self._sexes(made, rows), self._locales(made, rows)
        given, family = _names(sexes, locales, rng)
        wanted = {self.providers[name] for name in self.unique}.intersection(_NAMES)
        if wanted:
            given, family = _made_unique(given, family, wanted, sexes, locales, rng)
        out = dict(made)
        local = _spelled(given, family)
        for name, provider in self.providers.items():
            if provider in _PLACES:
                if self.country:
                    out[name] = self._placed(made[name], name, locales[person], rng)
                continue
            texts = self._texts(name, provider, given, family, local, rng)
            if name in self.unique or provider in _SPELLED:
                texts = _numbered(texts, place, parts)
            shown = texts[person]
            missing = made[name].isna().to_numpy()
            old = made[name]
            shown[missing] = None
            out[name] = pd.Series(shown, index=old.index).astype(old.dtype).where(~missing, old)
        return out

    def _placed(
        self, old: pd.Series, name: str, locales: Array, rng: np.random.Generator
    ) -> pd.Series:
        """Return places in the country of each row, as often the same as they were."""
        codes, found = pd.factorize(old)
        pairs, at = _pairs(codes.astype(object), locales)
        shares = rng.random(len(pairs))
        case, longest = self.cases[name], self.lengths[name]
        texts = np.empty(len(pairs), dtype=object)
        for number, ((code, locale), share) in enumerate(zip(pairs, shares.tolist(), strict=True)):
            own = is_provider(self.providers[name], locale)
            pool = provided(self.providers[name], locale if own else self.locale)
            stays = locale == self.locales.get(name, self.locale)
            text = str(found[code]) if stays else pool[int(share * len(pool))]
            texts[number] = _fit(in_case(text, case) if case else text, longest)
        missing = old.isna().to_numpy()
        return pd.Series(texts[at], index=old.index).astype(old.dtype).where(~missing, old)

    def _coded(
        self, made: Mapping[str, pd.Series], name: str, rng: np.random.Generator
    ) -> pd.Series:
        """Return codes spelled as in the country of each row, as often the same as they were."""
        old, countries = made[name], made[self.country].astype(object)
        codes, found = pd.factorize(old)
        pairs, at = _pairs(codes.astype(object), countries.where(countries.notna(), "").to_numpy())
        texts = np.empty(len(pairs), dtype=object)
        for number, (code, country) in enumerate(pairs):
            common = code < 0 or str(found[code]) in self.common[name]
            known = [] if common else self.shapes[name].get(str(country), [])
            shape = known[int(rng.integers(len(known)))] if known else ""
            texts[number] = _filled(shape, rng) if shape else (found[code] if code >= 0 else "")
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
            turned = name in self.turned
            texts = family + ", " + given if turned else given + " " + family
        else:
            texts = local.copy()
            empty = np.array([len(text) < 3 for text in local.tolist()], bool)
            pool = np.array(provided("user_name", DEFAULT), dtype=object)
            texts[empty] = pool[rng.integers(len(pool), size=int(empty.sum()))]
            if provider != "user_name":
                case = self.cases[name]
                texts[:] = [in_case(text, case) if case else text for text in texts]
                hosts = np.array(["@example.com", "@example.org", "@example.net"], dtype=object)
                texts = texts + hosts[rng.integers(len(hosts), size=len(texts))]
        case, longest = self.cases[name], self.lengths[name]
        case = case if provider in (*_NAMES, "user_name") else ""  # of an address only its name
        fitted = np.empty(len(texts), dtype=object)
        fitted[:] = [_fit(in_case(text, case) if case else text, longest) for text in texts]
        return fitted

    def _sexes(self, made: Mapping[str, pd.Series], rows: Array) -> Array:
        sexes = np.full(len(rows), "", dtype=object)
        if self.sex in made:
            codes, found = pd.factorize(made[self.sex].astype(object))
            meant = np.array([*map(_sex, map(str, found)), ""], dtype=object)
            if set(meant) >= {"female", "male"}:
                sexes = meant[codes[rows]]
        return sexes

    def _locale_in(self, locale: str | None) -> str:
        """Return the locale of a country, if its names are written like those of the table."""
        alike = locale is not None and script_of(locale) == script_of(self.locale)
        return locale if alike and locale is not None else self.locale

    def _locales(self, made: Mapping[str, pd.Series], rows: Array) -> Array:
        locales = np.full(len(rows), self.locale, dtype=object)
        if self.country in made:
            codes, found = pd.factorize(made[self.country].astype(object))
            meant = [self._locale_in(locale_of_country(str(value))) for value in found]
            locales = np.array([*meant, self.locale], dtype=object)[codes[rows]]
        return locales

    def to_state(self) -> dict[str, Any]:
        """Return the attributes."""
        return {**asdict(self), "turned": list(self.turned), "unique": list(self.unique)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> People:
        """Rebuild from `to_state`."""
        parts = {"turned": tuple(state["turned"]), "unique": tuple(state["unique"])}
        return cls(**{**state, **parts})


def _shapes(
    frame: pd.DataFrame, columns: Mapping[str, Column], encoders: Mapping[str, Any], country: str
) -> dict[str, dict[str, list[str]]]:
    """Return how codes are spelled in every country, by column."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, encoder in encoders.items():
        hint = hint_of(name)
        if not isinstance(encoder, TextEncoder) or columns[name].locale:
            continue
        if (
            hint is None
            or hint.provider not in _CODES
            or columns[name].provider not in (None, *_CODES)
        ):
            continue
        known = frame[[name, country]].dropna().astype(str)
        numbered = known[name].str.contains(r"\d")
        if numbered.mean() > 0.5 and known[country].nunique() > 1:
            found[name] = {
                str(where): _usual_shapes(texts)
                for where, texts in known[name].groupby(known[country])
            }
    return found


def _usual_shapes(texts: pd.Series) -> list[str]:
    """Return how the codes of a country are mostly spelled, each as often as it comes.

    A country may also stand for rarer ones, whose codes are left out.
    """
    groups = [group for _, group in texts.groupby(texts.map(lambda text: _shape_of(text, "")))]
    usual = [one for one in groups if len(one) >= max(_USUAL_SHARE * len(texts), 2)] or groups
    shapes: list[str] = []
    for group in usual:
        alike = common_start(group.min(), group.max()) if group.nunique() >= _SHARED else ""
        times = max(round(_MOST_SHAPES * len(group) / len(texts)), 1)
        shapes += [_shape_of(group.iloc[0], alike)] * min(times, len(group))
    return shapes


def _shape_of(text: str, shared: str) -> str:
    """Return a code with marks for letters and digits, but for a zero that leads.

    What texts of a country begin with alike stays.
    """
    rest = re.sub(r"(?<!\d)0|(\d)", lambda m: _DIGIT if m[1] else "0", text[len(shared) :])
    marked = "".join(_UPPER if c.isupper() else _LOWER if c.isalpha() else c for c in rest)
    return shared + marked


def _filled(shape: str, rng: np.random.Generator) -> str:
    """Return a code of a shape; a number that does not lead with zero goes on not to."""
    out: list[str] = []
    for sign in shape:
        if sign == _DIGIT:
            leads = not out or not out[-1].isdecimal()
            out.append(str(int(rng.integers(int(leads), 10))))
        elif sign in (_UPPER, _LOWER):
            out.append(chr((65 if sign == _UPPER else 97) + int(rng.integers(26))))
        else:
            out.append(sign)
    return "".join(out)


def _longest(column: Column, longest: int) -> int:
    """Return the longest text that may be written: the declared one, or a usual one."""
    return column.max_length or max(longest, _USUAL)


def _column(columns: Mapping[str, Column], names: Iterable[str], meanings: tuple[str, ...]) -> str:
    for name in names:
        hint = hint_of(name)
        if hint is not None and hint.meaning in meanings and not columns[name].pii:
            return name
    return ""


def _sex(word: str) -> str:
    plain = word.strip().lower()
    for sex in ("female", "male"):
        if plain == sex or any(plain == one or (len(one) > 1 and plain.startswith(one))
                               for one in _SEXES[sex]):  # fmt: skip
            return sex
    return next((sex for sex in ("female", "male") if plain[:1] in _SEXES[sex]), "")


def _names(sexes: Array, locales: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return first and last names that fit the sex and the country of every person."""
    given, family = np.empty((2, len(sexes)), dtype=object)
    shares = rng.random((2, len(sexes)))
    pairs, codes = _pairs(sexes, locales)
    for at, (sex, locale) in enumerate(pairs):
        here = codes == at
        own = f"first_name_{sex}" if sex and is_provider(f"first_name_{sex}", locale) else ""
        for out, provider, share in (
            (given, own or "first_name", shares[0]),
            (family, "last_name", shares[1]),
        ):
            pool = np.array(provided(provider, locale), dtype=object)
            out[here] = pool[(share[here] * len(pool)).astype(np.int64)]
    return given, family


def _pairs(sexes: Array, locales: Array) -> tuple[list[tuple[Any, str]], Array]:
    listed = list(zip(sexes.tolist(), locales.tolist(), strict=True))
    pairs = sorted(set(listed))
    number = {pair: at for at, pair in enumerate(pairs)}
    return pairs, np.array([number[pair] for pair in listed], np.int64)


def _made_unique(
    given: Array,
    family: Array,
    wanted: set[str],
    sexes: Array,
    locales: Array,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Return names of which no two are equal, as far as so many are found in a few draws."""
    for _ in range(_TRIES):
        again = _repeated(given + " " + family)
        if "first_name" in wanted:
            again |= _repeated(given)
        if "last_name" in wanted:
            again |= _repeated(family)
        if not again.any():
            break
        given[again], family[again] = _names(sexes[again], locales[again], rng)
    further = _names(sexes, locales, rng)
    for sort, texts, more in zip(
        ("first_name", "last_name"), (given, family), further, strict=True
    ):
        again = _repeated(texts) if sort in wanted else np.zeros(len(texts), bool)
        texts[again] = texts[again] + "-" + more[again]  # a pool holds some hundred names
    return given, family


def _repeated(texts: Array) -> Flags:
    found: Flags = np.array(pd.Series(texts).duplicated())  # its own copy: pandas 3 gives views
    return found


def _spelled(given: Array, family: Array) -> Array:
    """Return names as ``first.last`` in plain letters, empty where there are none."""
    out = np.empty(len(given), dtype=object)
    for at, (one, other) in enumerate(zip(given.tolist(), family.tolist(), strict=True)):
        plain = unicodedata.normalize("NFKD", f"{one} {other}".replace("ß", "ss"))
        letters = re.sub(r"[^a-z]+", ".", re.sub(r"[\u0300-\u036f]", "", plain).lower())
        out[at] = letters.strip(".")
    return out


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
