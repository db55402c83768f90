"""Dates as the place they have among those of another table: the third race of a season."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from relsynth.columns.matrix import ColumnKind
from relsynth.columns.moment import DatetimeEncoder
from relsynth.columns.protection import Holders
from relsynth.groups import unique_values
from relsynth.packing import packable
from relsynth.schema import Column
from relsynth.typing import Floats, Integers

UNIT = 2.0**-10  # seconds: so short that no part of the calendar tells places apart, and exact


@packable
@dataclass(frozen=True, slots=True)
class PlaceEncoder:
    """Dates that always are those of another table, as their place in the order of these.

    What follows the other table's rows one by one, such as the races of a driver, has gaps of
    one place, however many days lie between them.

    Attributes
    ----------
    places : ndarray of float, shape (n_places,)
        The dates that are there, rising.
    learned : int
        How many the real data have: where others are fewer or more, places are stretched.
    """

    moments: DatetimeEncoder
    places: Floats
    learned: int
    kind: ClassVar[ColumnKind] = "number"
    decimals: ClassVar[int | None] = None
    step: ClassVar[float | None] = UNIT

    @classmethod
    def learn(cls, series: pd.Series, column: Column, entities: Holders) -> Self:
        """Learn the places from the column itself; see `among`."""
        return cls.of(DatetimeEncoder.learn(series, column, entities), series)

    @classmethod
    def of(cls, moments: DatetimeEncoder, dates: pd.Series) -> Self:
        """Return places among some dates."""
        places = _places(moments, dates)
        return cls(moments, places, len(places))

    def among(self, dates: pd.Series) -> Self:
        """Return the same places among other dates."""
        places = _places(self.moments, dates)
        return replace(self, places=places) if len(places) else self

    def encode(self, series: pd.Series) -> Floats:
        """Return the places; dates in between are between them."""
        values = self.moments.encode(series)
        at = np.interp(values, self.places, np.arange(len(self.places), dtype=float))
        stretched = (at + 0.5) * (self.learned / len(self.places)) - 0.5
        found: Floats = np.where(np.isnan(values), np.nan, stretched * UNIT)
        return found

    def decode(self, values: Floats, rng: np.random.Generator) -> pd.Series:
        """Return the dates at the nearest places."""
        at = (values / UNIT + 0.5) * (len(self.places) / self.learned) - 0.5
        rows = np.clip(np.round(np.nan_to_num(at)), 0, len(self.places) - 1).astype(np.int64)
        return self.moments.decode(np.where(np.isnan(values), np.nan, self.places[rows]), rng)

    def taken(self, values: Floats, families: Integers, rng: np.random.Generator) -> Integers:
        """Return the number of the place that rows take, of one family all shifted alike.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows,)
            As encoded.
        families : ndarray of int, shape (n_rows,)
            Negative for rows of none.
        """
        ratio = len(self.places) / self.learned
        shift = rng.random(int(families.max(initial=-1)) + 2)[families]
        at = np.floor((np.round(np.nan_to_num(values) / UNIT) + shift) * ratio + 1e-9)
        return np.clip(at, 0, len(self.places) - 1).astype(np.int64)

    def domain(self) -> Floats:
        """Return all places."""
        at = np.arange(len(self.places), dtype=float) + 0.5
        places: Floats = (at * (self.learned / len(self.places)) - 0.5) * UNIT
        return places


def _places(moments: DatetimeEncoder, dates: pd.Series) -> Floats:
    values = moments.encode(dates)
    return unique_values(values[~np.isnan(values)])
