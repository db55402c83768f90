"""Postcodes and telephone numbers are spelled as in the place and country of their row."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from relsynth.columns.person_names import distinct_pairs
from relsynth.columns.text import TextEncoder
from relsynth.columns.text_form import common_start
from relsynth.schema import Column
from relsynth.schema.hints import hint_of

_CODES = ("postcode", "phone_number", "fax_number")
_SHARED = 3  # codes of a country: what as many begin with alike is its own
_CALLING = re.compile(r"\+\d{1,3}(?=[ (/.-])")
_DIGIT, _UPPER, _LOWER = "\x01\x02\x03"
_MOST_SHAPES = 50  # of a country, evenly among those that come
_LONGEST = 4  # signs that the codes of a place begin with
_MOSTLY = 0.85  # of the codes of a place; it may stand for rarer ones
_MORE = 0.3  # signs by which codes of a finer place must be more alike, in the mean
_USUAL_SHARE = 0.1  # of the codes of a country: a form of fewer is hardly one of its own


def find_shapes(
    frame: pd.DataFrame,
    columns: Mapping[str, Column],
    encoders: Mapping[str, Any],
    places: Sequence[str],
) -> tuple[dict[str, dict[str, list[str]]], dict[str, str]]:
    """Return how codes are spelled in every place, by column, and the column of the place.

    Parameters
    ----------
    places : sequence of str
        Columns of cities, states and countries, the country last. Telephone numbers go by the
        country, postcodes by the place of which the codes begin most alike.

    Returns
    -------
    dict of str to dict of str to list of str
        See `People.shapes`.
    dict of str to str
    """
    shapes: dict[str, dict[str, list[str]]] = {}
    within: dict[str, str] = {}
    for name, encoder in encoders.items():
        hint = hint_of(name)
        if not isinstance(encoder, TextEncoder) or columns[name].locale:
            continue
        if hint is None or hint.provider not in _CODES:
            continue
        if columns[name].provider not in (None, *_CODES):
            continue
        texts = frame[name].dropna().astype(str)
        if not len(texts) or texts.str.contains(r"\d").mean() <= 0.5:
            continue
        local = _most_telling(texts, frame, places) if hint.provider == _CODES[0] else None
        countries = [at for at in places if _is_country(at) and frame[at].nunique() > 1]
        if local is not None:
            groups = texts.groupby(frame.loc[texts.index, local].astype(str))
            shapes[name] = {str(where): _local_shapes(own) for where, own in groups}
            within[name] = local
        elif countries:
            groups = texts.groupby(frame.loc[texts.index, countries[0]].astype(str))
            shapes[name] = {str(where): _usual_shapes(own) for where, own in groups}
            within[name] = countries[0]
    return shapes, within


def _is_country(name: str) -> bool:
    hint = hint_of(name)
    return hint is not None and hint.meaning.startswith("country")


def _most_telling(texts: pd.Series, frame: pd.DataFrame, places: Sequence[str]) -> str | None:
    """Return the column of places whose codes begin most alike, None where none tells more."""
    best, found = _shared_signs(texts, pd.Series("", index=texts.index)) + _MORE, None
    for name in places:
        where = frame.loc[texts.index, name]
        if 1 < where.nunique() <= len(texts) / _SHARED:
            signs = _shared_signs(texts, where.astype(str))
            if signs > best:
                best, found = signs + _MORE, name
    return found


def _shared_signs(texts: pd.Series, where: pd.Series) -> float:
    """Return by how many signs the codes of a place begin alike, in the mean of the rows."""
    lengths = np.zeros(len(texts))
    for length in range(1, _LONGEST + 1):
        start = where + "\x1f" + texts.str[:length]
        most = start.groupby(where).transform(lambda own: own.value_counts().iloc[0] / len(own))
        many = texts.groupby(where).transform("nunique") >= _SHARED
        lengths += ((most >= _MOSTLY) & many).to_numpy()
    return float(lengths.mean())


def coded(
    old: pd.Series,
    countries: pd.Series,
    shapes: Mapping[str, list[str]],
    common: Collection[str],
    rng: np.random.Generator,
) -> pd.Series:
    """Return codes spelled as in the country of each row, as often the same as they were.

    Parameters
    ----------
    shapes : mapping of str to list of str
        How codes are spelled by country; see `find_shapes`.
    common : collection of str
        Codes that stay.
    """
    codes, found = pd.factorize(old)
    countries = countries.astype(object)
    where = countries.where(countries.notna(), "").to_numpy()
    pairs, at = distinct_pairs(codes.astype(object), where)
    texts = np.empty(len(pairs), dtype=object)
    for number, (code, country) in enumerate(pairs):
        stays = code < 0 or str(found[code]) in common
        known = [] if stays else shapes.get(str(country), [])
        shape = known[int(rng.integers(len(known)))] if known else ""
        texts[number] = _filled(shape, rng) if shape else (found[code] if code >= 0 else "")
    missing = old.isna().to_numpy()
    return pd.Series(texts[at], index=old.index).astype(old.dtype).where(~missing, old)


def _local_shapes(texts: pd.Series) -> list[str]:
    """Return how the codes of a city or state are spelled, with what several begin with alike."""
    distinct = pd.Series(texts.unique())
    kept = np.zeros(len(distinct), np.int64)
    for length in range(1, _LONGEST + 1):
        start = distinct.str[:length]
        shared = (start.map(start.value_counts()) >= _SHARED) & (distinct.str.len() - length >= 2)
        kept[shared.to_numpy()] = length
    if (kept > 0).mean() >= 0.5:  # others are of places that this one stands for
        distinct, kept = distinct[kept > 0], kept[kept > 0]
    shapes = [_shape_of(t, t[:n]) for t, n in zip(distinct.tolist(), kept.tolist(), strict=True)]
    return sorted(shapes)[:: -(-len(shapes) // _MOST_SHAPES)]


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

    What texts of a country begin with alike stays, and so does its calling code, which is no
    secret.
    """
    calling = _CALLING.match(text)
    shared = max(shared, calling[0] if calling else "", key=len)
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
