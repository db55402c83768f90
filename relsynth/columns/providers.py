"""Names, addresses and words of a country, from Faker; the data say which country."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from relsynth.errors import Faults, SchemaError, did_you_mean
from relsynth.metadata.naming import words_of
from relsynth.metadata.people_names import country_of_names
from relsynth.optional import require
from relsynth.schema import Column, Table
from relsynth.schema.hints import hint_of

_TOWNS = 20  # of a country; fewer would come again and again
POOL = 2_000  # values of a provider that are drawn once and used again
DEFAULT = "en_US"
# the country whose names stand for a language, where nothing tells another
LOCALES = {
    "en": "en_US", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "it": "it_IT", "pt": "pt_BR",
    "nl": "nl_NL", "pl": "pl_PL", "ro": "ro_RO", "ru": "ru_RU", "uk": "uk_UA", "tr": "tr_TR",
    "cs": "cs_CZ", "sv": "sv_SE", "ar": "ar_SA", "hi": "hi_IN", "zh": "zh_CN", "ja": "ja_JP",
}  # fmt: skip
_SCRIPTS = {
    "CYRILLIC": "ru_RU", "CJK": "zh_CN", "HIRAGANA": "ja_JP", "KATAKANA": "ja_JP",
    "HANGUL": "ko_KR", "ARABIC": "ar_SA", "DEVANAGARI": "hi_IN", "GREEK": "el_GR",
    "HEBREW": "he_IL", "THAI": "th_TH",
}  # fmt: skip
# Latin letters that one language has and its neighbours have not
_LETTERS = {
    "de_DE": "äöüß", "fr_FR": "éèêàçëîïôûœ", "es_ES": "ñáéíóú", "pt_BR": "ãõçáéíóúâê",
    "pl_PL": "łśżźćńąę", "cs_CZ": "řěůšžčý", "sv_SE": "åäö", "tr_TR": "ğışçöü", "ro_RO": "ăâîșț",
    "it_IT": "àèìòù",
}  # fmt: skip
_COUNTRIES = {
    "en_US": "usa|us|united states|united states of america|u.s.a.|america",
    "en_GB": "uk|gb|united kingdom|great britain|england|scotland|wales",
    "en_CA": "ca|canada", "en_AU": "au|australia", "en_IN": "in|india", "en_IE": "ie|ireland",
    "en_NZ": "nz|new zealand", "de_DE": "de|germany|deutschland|allemagne|alemania|german",
    "de_AT": "at|austria|osterreich|austrian", "de_CH": "ch|switzerland|schweiz|suisse|swiss",
    "fr_FR": "fr|france|frankreich|francia|french", "fr_BE": "be|belgium|belgique|belgie|belgian",
    "es_ES": "es|spain|espana|spanien|spanish", "es_MX": "mx|mexico|mexican",
    "es_AR": "ar|argentina|argentine", "es_CO": "co|colombia|colombian", "es_CL": "cl|chile",
    "it_IT": "it|italy|italia|italien|italian", "pt_BR": "br|brazil|brasil|brazilian",
    "pt_PT": "pt|portugal|portuguese", "nl_NL": "nl|netherlands|the netherlands|nederland|dutch",
    "pl_PL": "pl|poland|polska|polen|polish", "cs_CZ": "cz|czech republic|czechia|cesko|czech",
    "sv_SE": "se|sweden|sverige|schweden|swedish", "da_DK": "dk|denmark|danmark|danish",
    "no_NO": "no|norway|norge|norwegian", "fi_FI": "fi|finland|suomi|finnish",
    "hu_HU": "hu|hungary|magyarorszag|hungarian", "ro_RO": "ro|romania|romanian",
    "ru_RU": "ru|russia|russian federation|russian|россия", "uk_UA": "ua|ukraine|ukrainian|україна",
    "tr_TR": "tr|turkey|turkiye|turkish", "el_GR": "gr|greece|greek", "ja_JP": "jp|japan|日本",
    "zh_CN": "cn|china|中国", "ko_KR": "kr|south korea|korea", "he_IL": "il|israel",
    "th_TH": "th|thailand", "hr_HR": "hr|croatia", "sk_SK": "sk|slovakia", "sl_SI": "si|slovenia",
    "bg_BG": "bg|bulgaria", "lt_LT": "lt|lithuania", "lv_LV": "lv|latvia", "et_EE": "ee|estonia",
    "id_ID": "id|indonesia", "vi_VN": "vn|vietnam", "fil_PH": "ph|philippines",
    "ar_SA": "sa|saudi arabia", "ar_EG": "eg|egypt", "fa_IR": "ir|iran",
}  # fmt: skip
_AGREED = 0.8  # of these texts; fewer are of several languages, none of which speaks for all
_NAMES = ("first_name", "last_name", "name")  # providers of people's names
_NAMED = 500  # names looked at, to spare reading all
_SHOWN = 20  # names that show how names are written
_TELLING = 0.1  # share of texts with letters of a language that speaks for it
# what people work as or in, of which few have each: words of work rather than any words
_WORK = frozenset(
    {"position", "occupation", "profession", "specialty", "speciality", "specialization", "role"}
    | {"department", "dept", "abteilung", "beruf", "fachrichtung", "fachgebiet", "stelle", "rolle"}
    | {"puesto", "cargo", "departamento", "especialidad", "poste", "fonction", "métier", "service"}
    | {"mansione", "reparto", "functie", "afdeling", "stanowisko", "dział", "должность", "отдел"}
)


def provided(provider: str, locale: str, where: str = "") -> tuple[str, ...]:
    """Return a pool of different values of a Faker provider, always the same.

    Parameters
    ----------
    provider : str
        Such as ``"city"``.
    locale : str
        Such as ``"de_DE"``.
    where : str
        ``table.column`` for messages.

    Raises
    ------
    SchemaError
        For an unknown provider or locale.
    """
    known = providers_of(_known_locale(locale))
    if provider not in known:
        raise SchemaError(
            f"{where}: unknown provider {provider!r}; {did_you_mean(provider, known)}"
        )
    values = _drawn(provider, locale)
    if isinstance(values, str):
        raise SchemaError(
            f"{where}: the provider {provider!r} gives a {values}; a column needs single values"
        )
    return values


def check_providers(tables: Mapping[str, Table]) -> None:
    """Refuse providers and locales of columns to be faked that Faker does not know.

    Raises
    ------
    SchemaError
        Listing all of them.
    """
    with Faults("providers", SchemaError) as faults:
        for table in tables.values():
            for column in table.columns.values():
                if column.treatment != "fake":
                    continue
                where, locale = f"{table.name}.{column.name}", column.locale or DEFAULT
                listed = require("faker.config", "pii", "treatment='fake'").AVAILABLE_LOCALES
                if locale not in listed:
                    faults.add(
                        f"{where}: unknown locale {locale!r}; {did_you_mean(locale, listed)}"
                    )
                elif column.provider and not (
                    is_provider(column.provider, locale) or is_provider(column.provider)
                ):
                    known = providers_of(locale)
                    hint = did_you_mean(column.provider, known)
                    faults.add(f"{where}: unknown provider {column.provider!r}; {hint}")


@lru_cache(maxsize=64)
def towns_of(locale: str) -> tuple[str, ...]:
    """Return real towns of a country of which Faker only composes names, such as Lake Amyport.

    Empty where it knows real ones itself, or too few in its list of places.
    """
    composed = any(
        "first_name" in form or "last_name" in form
        for one in _faker(locale).get_providers()
        for form in getattr(one, "city_formats", ())
    )
    if not composed:
        return ()
    from faker.providers.geo import Provider as Geography

    country, script = locale.partition("_")[2], script_of(locale)
    coords = Geography.land_coords  # in Latin letters, mostly
    towns = {name for *_, name, code, _ in coords if code == country and _script(name[0]) == script}
    return tuple(sorted(towns)) if len(towns) >= _TOWNS else ()


def is_provider(provider: str, locale: str = DEFAULT) -> bool:
    """Return whether Faker gives values of that name in a locale."""
    return provider in providers_of(_known_locale(locale))


def words_in(locale: str) -> tuple[str, ...]:
    """Return words of the language of a locale, in lower case."""
    return provided("word", locale)


def locale_of_country(name: str) -> str | None:
    """Return the locale of a country, by its name or code.

    Examples
    --------
    >>> locale_of_country("Germany"), locale_of_country("BR"), locale_of_country("Atlantis")
    ('de_DE', 'pt_BR', None)
    """
    plain = unicodedata.normalize("NFKD", name.strip().lower())
    return _by_country().get("".join(c for c in plain if not unicodedata.combining(c)))


@lru_cache(maxsize=128)
def script_of(locale: str | None) -> str:
    """Return the script that names of a country are written in, such as ``"LATIN"``."""
    if not locale:
        return ""
    some = "".join(provided("last_name", locale)[:_SHOWN])
    return Counter(_script(sign) for sign in some if sign.isalpha()).most_common(1)[0][0]


def locale_of(column: Column, values: Iterable[str], usual: str = "") -> str:
    """Return the declared locale of a column, or the one its texts, its people or its name tell.

    Parameters
    ----------
    usual : str
        Locale of the people of the table, as their names tell.
    """
    if column.locale:
        return column.locale
    hint = hint_of(column.name)
    country = usual if column.provider or (hint is not None and hint.provider) else ""
    return guess_locale(values, () if hint is None else (hint.language,), country)


def usual_locale(frame: pd.DataFrame, columns: Mapping[str, Column]) -> str:
    """Return the locale that the names of people in a table tell, empty where there are none.

    Where the names are of several countries the words that columns are named by decide.
    """
    texts: list[str] = []
    languages: list[str] = []
    for name, column in columns.items():
        hint = hint_of(name)
        provider = column.provider or ("" if hint is None else hint.provider)
        languages += [] if hint is None else [hint.language]
        if provider in _NAMES and name in frame:
            some = frame[name].dropna().unique()[:_NAMED]
            texts += [text for text in some if isinstance(text, str)]
    found = country_of_names(texts) if texts else None
    if found is None or (found == DEFAULT and set(languages) - {"en"}):
        spoken = Counter(languages).most_common(1) if texts else []
        return LOCALES.get(spoken[0][0], "") if spoken else ""
    return found


def guess_locale(texts: Iterable[str], languages: Iterable[str] = (), usual: str = "") -> str:
    """Return the locale that some texts look like.

    Parameters
    ----------
    texts : iterable of str
        Names, addresses and the like.
    languages : iterable of str
        Of the words that columns are named by; they decide where the texts do not.
    usual : str
        Locale of texts in the script of its language, where nothing else tells.

    Examples
    --------
    >>> guess_locale(["Иван Петров"]), guess_locale(["Jürgen Groß", "Anna"]), guess_locale(["Bob"])
    ('ru_RU', 'de_DE', 'en_US')
    """
    some = list(texts)[:500]
    scripts: Counter[str] = Counter()
    for text in some:
        scripts.update({_script(sign) for sign in text if sign.isalpha()})
    script, count = max(scripts.items(), key=lambda item: item[1], default=("", 0))
    if count >= len(some) / 2 and script in _SCRIPTS:
        return "ja_JP" if scripts["HIRAGANA"] + scripts["KATAKANA"] else _SCRIPTS[script]
    if usual not in ("", DEFAULT) and script_of(usual) == (script or script_of(usual)):
        return usual
    spoken = Counter(language for language in languages if language != "en")
    if spoken:
        return LOCALES.get(spoken.most_common(1)[0][0], DEFAULT)
    return _by_letters(some)


def _by_letters(texts: Sequence[str]) -> str:
    lowered = [unicodedata.normalize("NFC", text.lower()) for text in texts]
    odd = [text for text in lowered if not text.isascii()]
    if len(odd) < max(_TELLING * len(lowered), 1):
        return DEFAULT
    scores = {
        locale: sum(all(sign in letters for sign in re.findall(r"[^\W\d_a-z]", text))
                    for text in odd)
        for locale, letters in _LETTERS.items()
    }  # fmt: skip
    best = max(scores, key=lambda locale: scores[locale])
    return best if scores[best] >= _AGREED * len(odd) else DEFAULT


def _script(sign: str) -> str:
    return unicodedata.name(sign, "").split(" ")[0].split("-")[0]


@lru_cache(maxsize=1)
def _by_country() -> dict[str, str]:
    return {name: locale for locale, names in _COUNTRIES.items() for name in names.split("|")}


@lru_cache(maxsize=512)
def _drawn(provider: str, locale: str) -> tuple[str, ...] | str:
    """Return the values of a provider, or the type of what it gives where it is no single value."""
    faker = _faker(locale)
    faker.seed_instance(f"{provider}/{locale}")
    method = getattr(faker, provider)
    first = method()
    if isinstance(first, (list, dict, set, tuple, bytes)):
        return type(first).__name__
    texts = [str(text).replace("\n", ", ") for text in (first, *(method() for _ in range(POOL)))]
    if provider == "name":
        texts = [text for text in texts if _is_plain(text, locale)] or texts
    return tuple(dict.fromkeys(texts))


def _is_plain(name: str, locale: str) -> bool:
    """Return whether a name has no title before or behind it, such as ``Dr.`` or ``PhD``."""
    return _titles(locale).isdisjoint(name.split())


@lru_cache(maxsize=32)
def _titles(locale: str) -> frozenset[str]:
    lists = [
        getattr(provider, name)
        for provider in _faker(locale).get_providers()
        for name in dir(provider)
        if name.startswith(("prefixes", "suffixes"))
    ]
    known = [one for one in lists if isinstance(one, (tuple, list, dict))]
    return frozenset(word for one in known for title in one for word in str(title).split())


def _known_locale(locale: str) -> str:
    _faker(locale)
    return locale


@lru_cache(maxsize=32)
def _faker(locale: str) -> Any:
    faker = require("faker", "pii", "Generating names, addresses and the like")
    try:
        made = faker.Faker(locale, use_weighting=False)
    except AttributeError as error:
        locales = faker.config.AVAILABLE_LOCALES
        raise SchemaError(f"unknown locale {locale!r}; {did_you_mean(locale, locales)}") from error
    for provider in made.get_providers():
        for name, texts in vars(type(provider)).items():
            if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
                setattr(provider, name, sorted(texts))  # some are sets that were made a list
    return made


@lru_cache(maxsize=32)
def providers_of(locale: str) -> frozenset[str]:
    """Return the names of all providers of a locale."""
    return frozenset(
        name
        for provider in _faker(locale).get_providers()
        for name in dir(provider)
        if not name.startswith("_") and name not in ("add_element", "random_element", "generator")
    )


def is_about_work(name: str) -> bool:
    """Return whether a column says what somebody works as, or in which department."""
    return not _WORK.isdisjoint(words_of(name))
