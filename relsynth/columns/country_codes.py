"""Postcodes and telephone numbers are spelled as in the country of their row."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
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
_DIGIT, _UPPER, _LOWER = "\x01\x02\x03"
_MOST_SHAPES = 50  # of a country, evenly among those that come
_USUAL_SHARE = 0.1  # of the codes of a country: a form of fewer is hardly one of its own


def find_shapes(
    frame: pd.DataFrame, columns: Mapping[str, Column], encoders: Mapping[str, Any], country: str
) -> dict[str, dict[str, list[str]]]:
    """Return how codes are spelled in every country, by column; see `People.shapes`."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, encoder in encoders.items():
        hint = hint_of(name)
        if not isinstance(encoder, TextEncoder) or columns[name].locale:
            continue
        if hint is None or hint.provider not in _CODES:
            continue
        if columns[name].provider not in (None, *_CODES):
            continue
        known = frame[[name, country]].dropna().astype(str)
        numbered = known[name].str.contains(r"\d")
        if numbered.mean() > 0.5 and known[country].nunique() > 1:
            found[name] = {
                str(where): _usual_shapes(texts)
                for where, texts in known[name].groupby(known[country])
            }
    return found


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
    old, countries : Series
    shapes : mapping of str to list of str
        How codes are spelled by country; see `find_shapes`.
    common : collection of str
        Codes that stay.
    rng : numpy.random.Generator
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
