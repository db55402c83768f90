"""What every rule on the rows of one table can: tell the rows that break it, and mend them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import pandas as pd

from relsynth.constraints.rows import Rows
from relsynth.schema import Column
from relsynth.schema.native import parse_native
from relsynth.typing import Flags


class Rule(ABC):
    """A condition on the rows of one table."""

    @abstractmethod
    def broken(self, rows: Rows) -> Flags:
        """Return the rows in which the condition does not hold."""

    @abstractmethod
    def columns(self) -> list[str]:
        """Return the columns of the table that take part."""

    def mend(self, rows: Rows, wrong: Flags, rng: np.random.Generator) -> None:  # noqa: B027
        """Change values so that the condition holds, as far as a direct change can."""


def unit_of(column: Column) -> Any:
    """Return the smallest step of a column: a day, a second, 1, or a unit of its decimals."""
    native = parse_native(column.native)
    if column.kind == "datetime":
        timed = column.format is not None and any(f"%{c}" in column.format for c in "HIMSXcsT")
        daily = native.family == "date" or (column.format is not None and not timed)
        return pd.Timedelta(1, "D") if daily else pd.Timedelta(1, "s")
    places = column.decimals if column.decimals is not None else native.scale
    if column.kind == "integer" or native.family == "integer":
        return 1
    return 10 ** -(2 if places is None else places)


def repeats(codes: Any) -> Flags:
    """Return which codes occurred before; negative ones never did."""
    first = np.unique(codes, return_index=True)[1]
    again = np.ones(len(codes), dtype=bool)
    again[first] = False
    return again & (codes >= 0)


def as_series(value: Any, rows: int) -> pd.Series:
    """Return a value as one of every row."""
    return value if isinstance(value, pd.Series) else pd.Series([value] * rows, dtype=object)
