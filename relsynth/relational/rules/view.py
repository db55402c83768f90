"""The numbers and dates of a table and of the tables it refers to, as rules see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relsynth.columns.categorical import CategoricalEncoder
from relsynth.columns.encoder import unbounded
from relsynth.columns.relations.precision import Precision
from relsynth.metadata import ForeignKey
from relsynth.packing import packable
from relsynth.relational.sources.encoding import TableEncoding
from relsynth.typing import Floats, Integers

ABOVE = 2  # tables up that a rule may reach: what lies further up follows from what is between


@packable
@dataclass(frozen=True, slots=True)
class Base:
    """A column of a row that a row refers to, directly or through another one.

    Attributes
    ----------
    path : tuple of str
        Names of the foreign keys.
    """

    path: tuple[str, ...]
    column: str

    def __str__(self) -> str:
        return f"{self.column} of {' of '.join(map(shown_key, reversed(self.path)))}"


def shown_key(name: str) -> str:
    """Return the child's side of a key's name."""
    return name.partition(" -> ")[0]


@dataclass(slots=True)
class TableView:
    """A table, real or drawn.

    Attributes
    ----------
    shown : callable
        Gives a column by name, as it is shown.
    keys : mapping of str to (ForeignKey, links, TableView)
        Parents by the name of the key, those that are there.
    """

    n_rows: int
    encoding: TableEncoding
    shown: Callable[[str], pd.Series]
    keys: Mapping[str, tuple[ForeignKey, Integers, TableView]]
    _columns: dict[str, Floats] = field(default_factory=dict)

    @property
    def dates(self) -> tuple[str, ...]:
        """Columns that are dates."""
        return tuple(self.encoding.steps)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns that are plain numbers."""
        return tuple(self.encoding.decimals)

    @property
    def levels(self) -> tuple[str, ...]:
        """Columns that hold one of some levels."""
        kinds = self.encoding.encoders.items()
        return tuple(name for name, encoder in kinds if isinstance(encoder, CategoricalEncoder))

    def step(self, name: str) -> float | None:
        """Return the stated distance between neighbouring values of a column."""
        if name in self.encoding.steps:
            return self.encoding.steps[name]
        digits = self.encoding.decimals[name]
        return None if digits is None else 10.0**-digits

    def precision(self, name: str) -> Precision:
        """Return the grid of a column, none where values are not on it."""
        return Precision.of(self.column(name), self.step(name))

    def column(self, name: str) -> Floats:
        """Return a column as numbers, dates in seconds since 1970, whatever their size."""
        if name not in self._columns:
            encoder = unbounded(self.encoding.encoders[name])
            self._columns[name] = encoder.encode(self.shown(name))
        return self._columns[name]

    def forget(self) -> None:
        """Look at the columns anew, which have changed."""
        self._columns.clear()

    def reach(self, base: Base) -> Floats:
        """Return what every row refers to; missing where it refers to nothing."""
        rows, at = np.arange(self.n_rows), self
        for name in base.path:
            _, links, parent = at.keys[name]
            above = links[np.maximum(rows, 0)] if len(links) else np.full(len(rows), -1)
            rows, at = np.where(rows < 0, -1, above), parent
        values = at.column(base.column)
        if not len(values):
            return np.full(self.n_rows, np.nan)
        return np.where(rows < 0, np.nan, values[np.maximum(rows, 0)])

    def can_reach(self, base: Base) -> bool:
        """Return whether the tables on the way and the column are there."""
        at = self
        for name in base.path:
            if name not in at.keys:
                return False
            at = at.keys[name][2]
        return base.column in at.encoding.encoders
