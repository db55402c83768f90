"""Categories without an order, and ordinals with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from relsynth.columns.dtype import Dtype, as_plain
from relsynth.columns.matrix import ColumnKind
from relsynth.columns.protection import Holders
from relsynth.columns.providers import DEFAULT, is_about_work, locale_of
from relsynth.columns.surrogates import surrogate_values
from relsynth.packing import packable
from relsynth.schema import Column
from relsynth.schema.hints import hint_of
from relsynth.seeding import stream
from relsynth.sorting import distinct_codes
from relsynth.typing import Floats, Integers


@packable
@dataclass(frozen=True, slots=True)
class CategoricalEncoder:
    """Categories as codes in falling order of frequency.

    A level that too few subjects have is replaced by an invented one of the same form, unless
    the schema lists it. (Columns with few such rows have none left when they come here.)

    Attributes
    ----------
    levels : tuple
        The values that may be emitted, by code.
    known : mapping
        Code of every real value.
    invents : bool
        Whether codes behind the levels stand for further invented values, one each.
    provider, locale : str
        Name of the Faker provider of invented texts, empty where their kind is not known.
    """

    dtype: Dtype
    levels: tuple[Any, ...]
    known: Mapping[Any, int]
    invents: bool = False
    provider: str = ""
    locale: str = DEFAULT
    kind: ClassVar[ColumnKind] = "category"
    decimals: ClassVar[int | None] = None
    step: ClassVar[float | None] = None

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Holders) -> Self:
        """Learn the levels; see `ColumnEncoder.learn`."""
        codes, found = _levels(series)
        counts = np.bincount(codes[codes >= 0], minlength=len(found))
        order = sorted(range(len(found)), key=lambda code: (-counts[code], str(found[code])))
        known = {found[code]: number for number, code in enumerate(order)}
        declared = column.values or ()
        rare = entities.rare(codes, len(found))
        rare &= np.array(
            [_is_informative(value) and value not in declared for value in found], bool
        )
        if column.kind == "boolean" or not rare.any():
            return cls(Dtype.of(series), tuple(known), known)
        rng = stream(0, "levels", column.name)
        hint = hint_of(column.name)
        numbered = sum(any(map(str.isdigit, str(value))) for value in found)
        named = hint is not None and 2 * numbered <= len(found)  # else codes, whatever the name
        provider = column.provider or (hint.provider if hint is not None and named else "")
        if not provider and not numbered and is_about_work(column.name):
            provider = "job"
        locale = locale_of(column, filter(_is_text, found), entities.locale)
        lost = [found[c] for c in order if rare[c]]
        invented = surrogate_values(lost, found, rng, provider=provider, locale=locale)
        stand_in = dict(zip((c for c in order if rare[c]), invented, strict=True))
        levels = tuple(stand_in.get(code, found[code]) for code in order)
        is_open = column.values is None
        return cls(Dtype.open(series), levels, known, is_open, provider, locale)

    def encode(self, series: pd.Series) -> Floats:
        """Return the codes; unknown values get further ones where they may be invented."""
        codes, found = _levels(series)
        further = iter(range(len(self.levels), len(self.levels) + len(found)))
        number = [self.known.get(value, np.nan) for value in found]
        if self.invents:
            number = [next(further) if np.isnan(code) else code for code in number]
        return np.array([*number, np.nan])[codes]

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return the level of every code; those behind the levels are invented here."""
        missing = np.isnan(values)
        if not self.levels:
            return self.dtype.series(np.full(len(values), None, object), missing)
        codes, places = distinct_codes(np.where(missing, 0, values).astype(np.int64))
        further = int(np.count_nonzero(codes >= len(self.levels)))
        telling = [level for level in self.levels if _is_informative(level)] or list(self.levels)
        models = [telling[i] for i in rng.integers(len(telling), size=further)]
        emitted = [self.levels[code] for code in codes[: len(codes) - further]]
        levels = np.empty(len(codes), dtype=object)
        provider, locale = self.provider, self.locale
        levels[:] = emitted + surrogate_values(
            models, self.levels, rng, provider=provider, locale=locale
        )
        shown = levels[places]
        if not self.dtype.is_text:
            shown = shown.astype(type(self.levels[0]) if not missing.all() else object)
        return self.dtype.series(shown, missing)

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        return np.arange(float(len(self.levels)))

    def to_state(self) -> dict[str, Any]:
        """Return the attributes, of which `known` follows from the levels."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "known"}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`."""
        return cls(known={level: code for code, level in enumerate(state["levels"])}, **state)


@packable
@dataclass(frozen=True, slots=True)
class OrdinalEncoder:
    """Ordered categories as ranks 0, 1, 2, … in rising order.

    Attributes
    ----------
    levels : tuple
        In rising order: as declared, else as the categorical dtype has them, else sorted.
    """

    dtype: Dtype
    levels: tuple[Any, ...]
    kind: ClassVar[ColumnKind] = "count"
    decimals: ClassVar[int | None] = None
    step: ClassVar[float | None] = None

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Holders) -> Self:
        """Learn the order of the levels; see `ColumnEncoder.learn`."""
        dtype = Dtype.of(series)
        _, found = _levels(series)
        levels = column.values or dtype.categories or tuple(sorted(found))
        return cls(dtype, tuple(levels))

    def encode(self, series: pd.Series) -> Floats:
        """Return the ranks, ``NaN`` where missing."""
        codes, found = _levels(series)
        rank = {value: place for place, value in enumerate(self.levels)}
        return np.array([rank.get(value, np.nan) for value in found] + [np.nan])[codes]

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return the level of the nearest rank; `rng` is not used."""
        return CategoricalEncoder(self.dtype, self.levels, {}).decode(np.round(values), rng)

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        return np.arange(float(len(self.levels)))


def _is_informative(value: Any) -> bool:
    """Return whether a value has a form to follow, unlike ``?``, a mark for what is not known."""
    return not isinstance(value, str) or any(map(str.isalnum, value))


def _levels(series: pd.Series) -> tuple[Integers, list[Any]]:
    codes, found = pd.factorize(series)
    return codes, [as_plain(value) for value in found]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
