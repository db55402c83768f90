"""Which columns of a table tell of one person, and what its names are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from relsynth.columns.categorical import CategoricalEncoder
from relsynth.columns.forms.provided import ProvidedForm
from relsynth.columns.name_parts import NamePart, find_name_parts
from relsynth.columns.providers import guess_locale, locale_of_country, script_of
from relsynth.columns.text import TextEncoder
from relsynth.schema import Column
from relsynth.schema.hints import hint_of

SPELLED = ("email", "safe_email", "free_email", "company_email", "user_name")
NAMES = ("name", "first_name", "last_name")
SAME = 0.5  # of the rows in which two columns name one person
_USUAL = 60  # characters that a name or an address may have where nothing else is said


def native_locales(frame: pd.DataFrame, country: str, names: list[str]) -> tuple[str, ...]:
    """Return the locales of countries whose rows are mostly written in the country's script."""
    found = set()
    for value, rows in frame.groupby(country, observed=True) if country and names else ():
        locale = locale_of_country(str(value))
        texts = rows[names].stack().astype(str).tolist()
        if locale and texts and script_of(locale) == script_of(guess_locale(texts)):
            found.add(locale)
    return tuple(sorted(found))


def place_columns(encoders: Mapping[str, Any], country: str) -> list[str]:
    """Return the columns of places whose values are learned, the country last."""
    found = []
    for name, encoder in encoders.items():
        hint = hint_of(name)
        is_place = hint is not None and hint.meaning in ("city", "state")
        if is_place and isinstance(encoder, CategoricalEncoder):
            found.append(name)
    return [*found, country] if country else found


def of_one_person(frame: pd.DataFrame, providers: Mapping[str, str]) -> dict[str, str]:
    """Return the columns without names of a second person: the seller beside the buyer.

    A second column of the same kind is one person's where it mostly says the same.
    """
    first, others = dict[str, str](), set[str]()
    for name, provider in providers.items():
        other = first.setdefault(provider, name)
        if provider not in NAMES or other == name:
            continue
        both = frame[[name, other]].dropna().astype(str)
        if len(both) and (both[name] == both[other]).mean() < SAME:
            others.add(name)
    return {name: provider for name, provider in providers.items() if name not in others}


def parts_of_names(
    frame: pd.DataFrame,
    encoders: Mapping[str, Any],
    providers: Mapping[str, str],
    learned: tuple[str, ...],
) -> dict[str, NamePart]:
    """Return the texts that are made of the first and the last name of their row."""
    named = {provider: name for name, provider in providers.items()}
    named |= dict(zip(("first_name", "last_name"), learned, strict=False))
    if not {"first_name", "last_name"} <= set(named):
        return {}
    own = {
        name: frame[name]
        for name, encoder in encoders.items()
        if isinstance(encoder, (TextEncoder, CategoricalEncoder))
        and name not in providers
        and name not in learned
        and not isinstance(frame[name].dtype, pd.CategoricalDtype)
    }
    return dict(find_name_parts(own, frame[named["first_name"]], frame[named["last_name"]]))


def learned_names(encoders: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a first and a last name of which common ones are learned, empty for none or more."""
    found = [
        [
            name
            for name, encoder in encoders.items()
            if isinstance(encoder, TextEncoder)
            and isinstance(encoder.form, ProvidedForm)
            and encoder.form.provider == provider
        ]
        for provider in ("first_name", "last_name")
    ]
    return (found[0][0], found[1][0]) if [len(own) for own in found] == [1, 1] else ()


def local_parts(
    frame: pd.DataFrame, providers: Mapping[str, str]
) -> tuple[dict[str, NamePart], dict[str, int]]:
    """Return how user names and addresses are made of the names, and how many digits follow."""
    named = {provider: name for name, provider in providers.items()}
    own = {
        name: frame[name].astype(object).map(lambda text: str(text).partition("@")[0], "ignore")
        for name, provider in providers.items()
        if provider in SPELLED
    }
    if not own or not {"first_name", "last_name"} <= set(named):
        return {}, {}
    found = dict(find_name_parts(own, frame[named["first_name"]], frame[named["last_name"]]))
    digits = {
        name: int(own[name].dropna().str.extract(r"(\d*)$")[0].str.len().median()) for name in found
    }
    return found, digits


def address_of_each(frame: pd.DataFrame, providers: Mapping[str, str]) -> tuple[str, ...]:
    """Return an address or a user name that every row has for itself: each is a person."""
    own = [n for n, p in providers.items() if p in SPELLED and frame[n].notna().all()]
    return tuple(name for name in own if frame[name].is_unique)[:1]


def longest_text(column: Column, longest: int) -> int:
    """Return the longest text that may be written: the declared one, or a usual one."""
    return column.max_length or max(longest, _USUAL)


def column_that_means(
    columns: Mapping[str, Column], names: Iterable[str], meanings: tuple[str, ...]
) -> str:
    """Return the first column whose name means one of some things, empty for none."""
    for name in names:
        hint = hint_of(name)
        if hint is not None and hint.meaning in meanings and not columns[name].pii:
            return name
    return ""
