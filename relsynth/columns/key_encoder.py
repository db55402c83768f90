"""Identifiers that are missing in some rows: where they are is learned, what they are issued."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from relsynth.columns.dtype import Dtype
from relsynth.columns.key_learning import learn_format
from relsynth.columns.keys import KeyFormat
from relsynth.columns.matrix import ColumnKind
from relsynth.columns.protection import Holders
from relsynth.packing import packable
from relsynth.schema import Column
from relsynth.seeding import stream
from relsynth.typing import Floats


@packable
@dataclass(frozen=True, slots=True)
class KeyEncoder:
    """A key as a category of one level: it is there or missing.

    Attributes
    ----------
    keys : KeyFormat
        Of the values that are issued.
    slot : tuple of int
        Number of the part of an output that is written, and of how many.
    """

    dtype: Dtype
    keys: KeyFormat
    slot: tuple[int, int] = (0, 1)
    kind: ClassVar[ColumnKind] = "category"
    decimals: ClassVar[int | None] = None
    step: ClassVar[float | None] = None

    @classmethod
    def fits(cls, series: pd.Series) -> bool:
        """Return whether no two values are equal."""
        present = series.dropna()
        return len(present) > 1 and bool(present.is_unique)

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Holders) -> Self:
        """Learn the format of the values; see `ColumnEncoder.learn`."""
        return cls(Dtype.open(series), learn_format(series, column, entities.locale))

    def encode(self, series: pd.Series) -> Floats:
        """Return 0 where a value is, ``NaN`` where it is missing."""
        return np.where(series.isna().to_numpy(), np.nan, 0.0)

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return different keys; those of the parts of an output differ as well."""
        missing = np.isnan(values)
        place, parts = self.slot
        count = int((~missing).sum())
        key_rng = stream(0, "keys", self.keys.name) if parts > 1 else rng
        issued = self.keys.issue(count * parts, key_rng).iloc[place::parts]
        shown = np.zeros(len(values), dtype=object)
        shown[~missing] = issued.to_numpy(object)
        if not self.dtype.is_text and count:
            plain = shown.astype(type(issued.iloc[0])) if issued.dtype != object else shown
            return self.dtype.series(plain, missing)
        return self.dtype.series(shown, missing)

    def in_slot(self, number: int, parts: int) -> KeyEncoder:
        """Return what issues the keys of one part of an output."""
        return replace(self, slot=(number, parts))

    def domain(self) -> Floats:
        """Return the one code there is."""
        return np.zeros(1)
