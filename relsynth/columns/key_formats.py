"""The key formats: numbers, dates, UUIDs, texts by pattern or mask, listed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd

from relsynth.columns.keys import KeyFormat
from relsynth.columns.languages import SPAN, Choice, Language, Letters
from relsynth.columns.patterns import exact_count, parse_pattern
from relsynth.columns.shares import Shares
from relsynth.errors import CapacityError
from relsynth.packing import packable
from relsynth.schema.date_text import DateStyle, read_dates
from relsynth.typing import Array, Integers

SHOWN = 8  # parts of a format in a message
_HEX = tuple(map(ord, "0123456789abcdef"))


@packable
@dataclass(frozen=True, slots=True)
class NumberKeys(KeyFormat):
    """Whole or decimal numbers, also inside a fixed text such as ``HID_001``.

    Parameters
    ----------
    low : int
        First number, in units of the last decimal.
    count : int, optional
        How many numbers there are.
    ordered : bool
        Issued in sequence rather than scattered.
    decimals : int
        Digits after the decimal point.
    prefix, suffix : str
        Fixed text around the number.
    width : int
        Digits to fill with zeros; 0 for none.
    python : str, optional
        ``"decimal"`` for `decimal.Decimal`, ``"text"`` for text, otherwise plain numbers.
    """

    name: str
    dtype: str
    low: int
    count: int | None = None
    ordered: bool = True
    decimals: int = 0
    prefix: str = ""
    suffix: str = ""
    width: int = 0
    python: str | None = None

    @property
    def capacity(self) -> int | None:
        """Number of values in range."""
        return self.count

    def arithmetic(self) -> str:
        """Say where the capacity comes from."""
        last = self.low + (self.count or 0) - 1
        unit = 10**self.decimals
        ends = [f"{n / unit:.{self.decimals}f}".zfill(self.width) for n in (self.low, last)]
        return " to ".join(f"{self.prefix}{end}{self.suffix}" for end in ends)

    def _after(self, taken: pd.Series) -> int:
        if self.python == "text":
            digits = taken.astype(str).str.removeprefix(self.prefix).str.removesuffix(self.suffix)
            numbers = pd.to_numeric(digits, errors="coerce").dropna()
        else:
            numbers = pd.to_numeric(taken)
        if numbers.empty:
            return 0
        return max(0, round(float(numbers.max()) * 10**self.decimals) - self.low + 1)

    def _values(self, ranks: Integers, rng: np.random.Generator) -> pd.Series:
        numbers = ranks + self.low
        if self.python == "text":
            return pd.Series(self._text(numbers).astype(object), dtype=self.dtype)
        if self.python == "decimal":
            made = [Decimal(n).scaleb(-self.decimals) for n in numbers.tolist()]
            return pd.Series(made, dtype=object)
        scaled = (
            numbers if not self.decimals else np.round(numbers / 10**self.decimals, self.decimals)
        )
        if self.dtype.startswith("timedelta64"):
            return pd.Series(scaled.astype(self.dtype))
        return pd.Series(scaled).astype(self.dtype)

    def _text(self, numbers: Integers) -> Array:
        text = numbers.astype(str)
        if self.width and len(text):
            short = np.char.str_len(text) < self.width  # numpy 1 cuts longer ones
            text = np.where(short, np.char.zfill(text, self.width), text)
        return np.char.add(np.char.add(self.prefix, text), self.suffix)


@packable
@dataclass(frozen=True, slots=True)
class DateKeys(KeyFormat):
    """Dates or times at a regular step.

    Parameters
    ----------
    low : str
        First moment, ISO text.
    step : int
        Distance in `unit`.
    unit : {"M", "s", "ms", "us", "ns"}
        Months, or a unit of time.
    count : int, optional
        How many moments there are.
    zone : str, optional
        Time zone of the values; `low` is in UTC then.
    format : str, optional
        ``strftime`` format of dates kept as text.
    style : DateStyle, optional
        How such text is spelled.
    offset : str
        Offset to UTC of such text, where the format has one.
    python : str, optional
        ``"date"`` for `datetime.date`.
    """

    name: str
    dtype: str
    low: str
    step: int
    unit: str
    count: int | None = None
    ordered: bool = True
    zone: str | None = None
    format: str | None = None
    python: str | None = None
    style: DateStyle | None = None
    offset: str = "+00:00"

    @property
    def capacity(self) -> int | None:
        """Number of moments in range."""
        return self.count

    def arithmetic(self) -> str:
        """Say where the capacity comes from."""
        return f"{self.low} onwards in steps of {self.step} {self.unit}"

    def _moments(self, ranks: Integers) -> Array:
        first: Any
        if self.unit != "M":
            first = np.array(self.low, dtype=f"datetime64[{self.unit}]")
            return first + (ranks * self.step).astype(f"timedelta64[{self.unit}]")
        first = np.datetime64(self.low, "s")
        month = first.astype("datetime64[M]")
        return (month + ranks * self.step).astype("datetime64[s]") + (first - month)

    def _after(self, taken: pd.Series) -> int:
        last = self._read(taken).max()
        last = last.tz_localize(None) if self.zone is not None else last
        if self.unit == "M":
            gap = last.to_period("M").ordinal - pd.Timestamp(self.low).to_period("M").ordinal
        else:
            gap = (last - pd.Timestamp(self.low)) // pd.Timedelta(1, self.unit)
        return max(0, int(gap) // self.step + 1)

    def _read(self, taken: pd.Series) -> pd.Series:
        if self.format is not None:
            return pd.Series(read_dates(taken, self.format).local)
        return pd.to_datetime(taken, utc=self.zone is not None)

    def _values(self, ranks: Integers, rng: np.random.Generator) -> pd.Series:
        moments = pd.Series(self._moments(ranks))
        if self.format is not None:
            style = self.style or DateStyle(self.format)
            offsets = np.full(len(moments), self.offset, dtype=object)
            texts = style.write(moments.to_numpy("datetime64[us]"), offsets)
            return pd.Series(texts, dtype=object).astype(self.dtype)
        if self.python == "date":
            return pd.Series(moments.dt.date.to_numpy(), dtype=object)
        if self.zone is not None:
            moments = moments.dt.tz_localize("UTC")
        return moments.astype(self.dtype)


@packable
@dataclass(frozen=True, slots=True)
class UuidKeys(KeyFormat):
    """UUIDs of one version, as text or as objects."""

    name: str
    dtype: str
    version: int = 4
    upper: bool = False
    hyphens: bool = True
    python: str | None = None
    ordered: bool = False

    @property
    def capacity(self) -> int | None:
        """2**62 are distinguished by number, more than can be asked for."""
        return None

    def arithmetic(self) -> str:
        """Say where the capacity comes from."""
        return "a UUID"

    def _values(self, ranks: Integers, rng: np.random.Generator) -> pd.Series:
        random = rng.integers(0, 1 << 60, size=len(ranks), dtype=np.int64)
        digits = np.empty((len(ranks), 32), dtype=np.uint32)
        letters = np.array([*map(ord, "0123456789ABCDEF")] if self.upper else _HEX, np.uint32)
        free = [position for position in range(32) if position not in (12, 16)]
        for place, position in enumerate(free):
            source, shift = (ranks, place) if place < 15 else (random, place - 15)
            digits[:, position] = letters[(source >> (4 * shift)) & 15]
        digits[:, 12] = letters[self.version]
        digits[:, 16] = letters[8 + ((ranks >> 60) & 3)]
        text = np.ascontiguousarray(digits).view("<U32").ravel()
        if self.hyphens:
            dash = np.full((len(ranks), 1), ord("-"), dtype=np.uint32)
            cuts = [digits[:, a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))]
            joined = [block for cut in cuts for block in (cut, dash)][:-1]
            text = np.ascontiguousarray(np.column_stack(joined)).view("<U36").ravel()
        if self.python == "uuid":
            return pd.Series([UUID(value) for value in text.tolist()], dtype=object)
        return pd.Series(text.astype(object), dtype=self.dtype)


@packable
@dataclass(frozen=True)
class TextKeys(KeyFormat):
    """Texts of a language: a declared pattern, or masks learned from values.

    Parameters
    ----------
    spelling : dict or list
        The pattern, or the masks as ``[[alphabet, ...], ...]``; the state of the format.
    counts : tuple of int, optional
        How many real values follow each mask, which is kept up while there are values left.
    """

    name: str
    dtype: str
    language: Language
    spelling: Any
    capacity_: int
    counts: tuple[int, ...] | None = None
    ordered: bool = False

    @classmethod
    def of_pattern(cls, name: str, pattern: str, max_length: int | None = None) -> TextKeys:
        """Return the format of a regular expression."""
        language = parse_pattern(pattern, max_length)
        spelling = {"pattern": pattern, "max_length": max_length}
        return cls(name, "object", language, spelling, exact_count(language))

    @classmethod
    def of_masks(
        cls, name: str, dtype: str, masks: list[list[str]], counts: Sequence[int] | None = None
    ) -> TextKeys:
        """Return the format of masks: the characters allowed at each position."""
        options = tuple(Letters(tuple(tuple(map(ord, a)) for a in mask)) for mask in masks)
        language = options[0] if len(options) == 1 else Choice(options)
        kept = None if counts is None else tuple(counts)
        return cls(name, dtype, language, masks, language.count, kept)

    def to_state(self) -> dict[str, Any]:
        """Return the attributes that the language is not made of."""
        names = ("name", "dtype", "spelling", "counts")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> TextKeys:
        """Rebuild the format from its state."""
        name, dtype, spelling = state["name"], state["dtype"], state["spelling"]
        if isinstance(spelling, Mapping):
            made = cls.of_pattern(name, spelling["pattern"], spelling["max_length"])
            return replace(made, dtype=dtype)
        return cls.of_masks(name, dtype, spelling, state["counts"])

    @property
    def capacity(self) -> int | None:
        """Number of different texts; beyond 2**62 there is no bound in practice."""
        return self.capacity_ if self.capacity_ <= SPAN else None

    def arithmetic(self) -> str:
        """Say where the capacity comes from."""
        if isinstance(self.spelling, Mapping):
            return f"the pattern {self.spelling['pattern']!r}"
        sizes = [
            "*".join(str(len(alphabet)) for alphabet in mask if len(alphabet) > 1) or "1"
            for mask in self.spelling
        ]
        more = " + …" if len(sizes) > SHOWN else ""
        return f"the format of its characters ({' + '.join(sizes[:SHOWN])}{more})"

    @property
    def _span(self) -> int:
        return self.language.span

    def _scattered(
        self, ranks: Integers, key: Integers, groups: Integers | None = None
    ) -> Integers:
        if self._shares is None:
            return super()._scattered(ranks, key, groups)
        return self._shares.deal(ranks, key, groups)

    @cached_property
    def _shares(self) -> Shares | None:
        if self.counts is None or not isinstance(self.language, Choice):
            return None
        return Shares(np.array(self.counts, dtype=np.int64), self.language.spans)

    def _block(self, start: int, count: int, key: Integers, rng: np.random.Generator) -> pd.Series:
        if not self.language.ambiguous:
            return super()._block(start, count, key, rng)
        return self._sifted(start + count, key, rng).iloc[start:].reset_index(drop=True)

    def _sifted(self, count: int, key: Integers, rng: np.random.Generator) -> pd.Series:
        """Draw until enough different texts are found, where numbers may spell one twice."""
        found, asked = pd.Series(dtype=self.dtype), 0
        while len(found) < count:
            more = min(max(1024, 2 * (count - len(found))), self.language.span - asked)
            if more <= 0:
                raise CapacityError(
                    f"{self.name}: {count:,} distinct values are asked for, but "
                    f"{self.arithmetic()} gives {len(found):,}"
                )
            ranks = self._scattered(asked + np.arange(more, dtype=np.int64), key)
            found = pd.concat([found, self._values(ranks, rng)]).drop_duplicates()
            asked += more
        return found.iloc[:count].reset_index(drop=True)

    def _values(self, ranks: Integers, rng: np.random.Generator) -> pd.Series:
        return pd.Series(self.language.texts(ranks, rng).astype(object), dtype=self.dtype)


@packable
@dataclass(frozen=True)
class ListedKeys(KeyFormat):
    """Declared values, issued in their order."""

    name: str
    dtype: str
    values: tuple[Any, ...]
    ordered: bool = True

    @property
    def capacity(self) -> int | None:
        """Number of values."""
        return len(self.values)

    def arithmetic(self) -> str:
        """Say where the capacity comes from."""
        return f"the list of {len(self.values):,} values"

    def _after(self, taken: pd.Series) -> int:
        return len(self.values)

    def _values(self, ranks: Integers, rng: np.random.Generator) -> pd.Series:
        return pd.Series([self.values[rank] for rank in ranks.tolist()], dtype=self.dtype)
