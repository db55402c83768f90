"""Numbers: integers, floats, decimals and numbers kept as text with a fixed format."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from relsynth.columns.clock_number import ALONE, clock_parts, counted, written
from relsynth.columns.decimal_places import LEAST_PLACES, DecimalPlaces
from relsynth.columns.domain import FEW, grid
from relsynth.columns.dtype import Dtype
from relsynth.columns.matrix import ColumnKind
from relsynth.columns.protection import Holders, shared_range
from relsynth.packing import packable
from relsynth.schema import Column
from relsynth.schema.number_text import NumberStyle
from relsynth.typing import Array, Floats

MAX_DECIMALS = 6  # more are measurement, not rounding
MAX_SIGNIFICANT = 12  # digits; more are what a double makes of a quotient
SAMPLE = 20_000  # values looked at, in even distances
MOST_SINGLE = 1e6  # units that single precision tells apart with a digit to spare
EXACT = 2**53  # whole numbers beyond it are not all floats
ROUND = 2**32  # what an origin is a multiple of, so that it is nobody's number
LARGEST = 100  # binary digits of a number that is learned as it is: float32 has 127


@packable
@dataclass(frozen=True, slots=True)
class NumericEncoder:
    """Numbers as they are; on the way back rounded, bounded and formatted as they came.

    Attributes
    ----------
    decimals : int or None
        Digits after the point; ``None`` where there is no common number of them.
    significant : int or None
        Significant digits of numbers without common decimals, or of single precision written
        out, which has 9; ``None`` for the full precision of floats.
    low, high : float
        Bounds that enough subjects reach.
    form : {"number", "decimal", "text"}
        Plain numbers, `decimal.Decimal` objects, or text.
    width : int
        Zero-padded length of whole numbers kept as text; 0 without padding.
    places : DecimalPlaces or None
        Decimals of plain numbers of which some have many and others few.
    style : NumberStyle or None
        How text with a currency, a unit or grouped digits is spelled.
    single : bool
        Whether numbers of few decimals went through single precision, as 31.200001 did.
    origin : int
        Taken off whole numbers too large for floats before they are learned, `low` and `high`
        among them: what is left is exact.
    least, most : float
        Bounds that are declared; nothing lies beyond them, whatever `low` and `high`.
    follows : bool
        Whether a formula gives the numbers: they are not cut at `low` and `high`.
    clock : int
        1 where the numbers are times of day such as 517 for 5:17, learned as minutes with all
        bounds; 2 for 51730, learned as seconds; else 0.
    """

    dtype: Dtype
    decimals: int | None
    low: float
    high: float
    form: str = "number"
    width: int = 0
    significant: int | None = None
    places: DecimalPlaces | None = None
    style: NumberStyle | None = None
    single: bool = False
    origin: int = 0
    least: float = -np.inf
    most: float = np.inf
    follows: bool = False
    clock: int = 0
    kind: ClassVar[ColumnKind] = "number"
    step: ClassVar[float | None] = None

    @property
    def shift(self) -> int:
        """Powers of two by which numbers are learned smaller, so that squares do not overflow."""
        largest = max(abs(self.low), abs(self.high))
        return max(0, int(np.frexp(largest)[1]) - LARGEST) if np.isfinite(largest) else 0

    @classmethod
    def learn(
        cls, series: pd.Series, column: Column, entities: Holders, chance: float = ALONE
    ) -> Self:
        """Learn storage, decimals and bounds; see `ColumnEncoder.learn` and `clock_parts`."""
        is_numeric = pd.api.types.is_numeric_dtype(series.dtype)
        present = series if is_numeric else series[series.notna()]
        form = _form(present)
        style = NumberStyle.learn(present.unique()) if form == "text" else None
        origin = _origin(series)
        values = _numbers(series, style, origin)
        if style is not None:
            decimals: int | None = style.decimals
        else:
            decimals = _text_decimals(present) if form != "number" else _decimals(values)
        significant = _significant(values) if decimals is None else None
        is_plain = decimals is None and form == "number"
        single = _single_decimals(values, significant) if is_plain else None
        decimals = decimals if single is None else single
        if form == "number" and decimals is not None and column.decimals is not None:
            decimals = max(decimals, column.decimals)
        clock = clock_parts(values, chance) if decimals == 0 and style is None else 0
        values = counted(values, clock) if clock else values
        low, high = shared_range(values, entities)
        low, high = (low, high) if origin or clock else _inside(series, low, high)
        least = column.low - origin if isinstance(column.low, int | float) else -np.inf
        most = column.high - origin if isinstance(column.high, int | float) else np.inf
        if clock:
            low, high = np.ceil(low), np.floor(high)
            least = float(counted(np.array([least]), clock)[0]) if np.isfinite(least) else least
            most = float(counted(np.array([most]), clock)[0]) if np.isfinite(most) else most
        low, high = max(low, least), min(high, most)
        is_padded = form == "text" and decimals == 0 and style is None
        width = _padded_width(present) if is_padded else 0
        plain = form == "number" and significant is None and decimals not in range(LEAST_PLACES)
        places = DecimalPlaces.find(np.clip(values, low, high)) if plain else None
        dtype = Dtype.open(series)
        return cls(
            dtype, decimals, low, high, form, width, significant, places, style,
            single is not None, origin, least, most, clock=clock,
        )  # fmt: skip

    def encode(self, series: pd.Series) -> Floats:
        """Return the numbers, cut to the protected range; ``NaN`` where missing."""
        values = _numbers(series, self.style, self.origin)
        values = counted(values, self.clock) if self.clock else values
        return np.ldexp(self._cut(values), -self.shift)

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return numbers rounded and formatted as the real ones; `rng` is not used."""
        missing = np.isnan(values)
        shown = self._cut(np.ldexp(values, self.shift))
        shown = np.where(missing, 0.0, np.clip(shown, self.least, self.most))
        if self.decimals is not None:
            shown = np.round(shown, self.decimals) + 0.0
            if self.single:
                shown = _as_single(shown, self.significant)
        elif self.significant is not None:
            shown = _round_significant(shown, self.significant)
        if self.places is not None:
            shown = self.places.rounded(shown)
        if self.clock:
            shown = written(shown, self.clock)
        if self.form != "number":
            return self.dtype.series(self._spell(shown), missing)
        if self.origin:
            wide = np.uint64 if self.dtype.name.lower().startswith("u") else np.int64
            return self.dtype.series(shown.astype(wide) + wide(self.origin), missing)
        if self.dtype.is_text:
            whole = self.decimals == 0
            return self.dtype.series(shown.astype(np.int64) if whole else shown, missing)
        return self.dtype.series(shown, missing)

    def _cut(self, values: Floats) -> Floats:
        if self.follows or np.isnan(self.low):
            return values
        cut: Floats = np.clip(values, self.low, self.high)
        return cut

    def _spell(self, values: Floats) -> Array:
        distinct, codes = np.unique(values, return_inverse=True)
        if self.style is not None:
            return self.style.write(distinct)[codes]
        spelled = [f"{value:0{self.width}.{self.decimals or 0}f}" for value in distinct.tolist()]
        made = [Decimal(text) for text in spelled] if self.form == "decimal" else spelled
        return np.array(made, dtype=object)[codes]

    def domain(self) -> Floats:
        """Return the numbers of values that may be emitted: all, or evenly spaced ones."""
        shift = self.shift
        if shift:
            return grid(np.ldexp(self.low, -shift), np.ldexp(self.high, -shift), 1.0)
        finest = (self.high - self.low) / FEW or 1.0
        return grid(self.low, self.high, finest if self.decimals is None else 10.0**-self.decimals)


def _inside(series: pd.Series, low: float, high: float) -> tuple[float, float]:
    """Return bounds that no rounding to floats carries beyond the whole numbers of a column."""
    if not pd.api.types.is_integer_dtype(series.dtype) or not low < high:
        return low, high
    least, most = int(series.min()), int(series.max())
    low = low if int(low) >= least else float(np.nextafter(low, np.inf))
    high = high if int(high) <= most else float(np.nextafter(high, -np.inf))
    return low, high


def _origin(series: pd.Series) -> int:
    """Return what whole numbers are counted from: 0, or near the lowest where all are large."""
    if not pd.api.types.is_integer_dtype(series.dtype) or not series.notna().any():
        return 0
    least, most = int(series.min()), int(series.max())
    origin = least // ROUND * ROUND
    return origin if max(-least, most) > EXACT >= most - origin else 0


def _numbers(series: pd.Series, style: NumberStyle | None = None, origin: int = 0) -> Floats:
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    if style is not None:
        codes, distinct = pd.factorize(series)
        return np.append(style.read(distinct), np.nan)[codes]
    if not pd.api.types.is_numeric_dtype(series.dtype):
        series = pd.to_numeric(series)
    series = series - origin if origin else series
    numbers: Floats = series.to_numpy(dtype=float, na_value=np.nan)
    return numbers


def _form(present: pd.Series) -> str:
    if not len(present) or pd.api.types.is_numeric_dtype(present.dtype):
        return "number"
    first = present.iloc[0]
    return (
        "decimal" if isinstance(first, Decimal) else "text" if isinstance(first, str) else "number"
    )


def _text_decimals(present: pd.Series) -> int:
    """Return the longest fraction among numbers spelled as text."""
    fraction = pd.Series(present.unique()).astype(str).str.partition(".")[2]
    return int(fraction.str.len().max())


def _padded_width(present: pd.Series) -> int:
    text = pd.Series(present.unique()).astype(str)
    padded = text.str.match(r"^-?0\d")
    return int(text[padded].str.len().max()) if padded.any() else 0


def _as_single(values: Floats, significant: int | None) -> Floats:
    """Return numbers by way of single precision, as it is or written with some digits."""
    single = values.astype(np.float32).astype(float)
    return single if significant is None else _round_significant(single, significant)


def _single_decimals(values: Floats, significant: int | None) -> int | None:
    """Return the decimals that numbers had before they were stored in single precision."""
    known = values[np.isfinite(values)]
    for digits in range(1, MAX_DECIMALS + 1):
        again = _as_single(np.round(known, digits), significant)
        if len(known) and np.array_equal(again, known):
            return digits if np.abs(known).max() * 10**digits < MOST_SINGLE else None
    return None


def _decimals(values: Floats) -> int | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return 0
    some = known[:: max(len(known) // SAMPLE, 1)]
    for digits in range(MAX_DECIMALS + 1):
        if _fits(some, digits):
            return digits if _fits(known, digits) else _decimals_of_all(known, digits)
    return None


def _decimals_of_all(known: Floats, start: int) -> int | None:
    return next((d for d in range(start + 1, MAX_DECIMALS + 1) if _fits(known, d)), None)


def _significant(values: Floats) -> int | None:
    known = values[~np.isnan(values)]
    some = known[:: max(len(known) // SAMPLE, 1)]
    for digits in range(1, MAX_SIGNIFICANT + 1):
        if np.array_equal(_round_significant(some, digits), some):
            return digits if np.array_equal(_round_significant(known, digits), known) else None
    return None


def _round_significant(values: Floats, digits: int) -> Floats:
    size = np.floor(np.log10(np.maximum(np.abs(values), 1e-300)))
    factor = 10.0 ** np.clip(digits - 1 - size, -300, 300)
    rounded: Floats = np.where(values == 0, 0.0, np.round(values * factor) / factor)
    return rounded


def _fits(values: Floats, digits: int) -> bool:
    return bool(np.allclose(values, np.round(values, digits), rtol=1e-13, atol=1e-12))
