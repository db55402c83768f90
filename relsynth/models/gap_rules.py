"""Gaps that follow from an earlier column: missing together, or with some of its levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import ColumnKind
from relsynth.packing import packable
from relsynth.typing import Flags, Floats, Integers

# one false rule in a million: a rule is looked for in every pair of columns
LOG_CHANCE = float(np.log(1e-6))


@packable
@dataclass(frozen=True, slots=True)
class GapRule:
    """Which values of an earlier column go with gaps of a later one.

    Attributes
    ----------
    column : int
        The earlier column.
    levels : ndarray of float
        Its values at which the later column is missing; ``NaN`` stands for missing.
    """

    column: int
    levels: Floats

    def missing(self, values: Floats) -> Flags:
        """Return which rows have no value, by the earlier column, shape (n_rows,)."""
        found = np.isin(values, self.levels)
        return found | np.isnan(values) if np.isnan(self.levels).any() else found


class GapRules:
    """Finds the rules of a table, each column coded once.

    Parameters
    ----------
    values : ndarray, shape (n_rows, n_columns)
    kinds : sequence of {"number", "count", "category"}

    Examples
    --------
    >>> children = np.repeat([0.0, 2.0], 50)
    >>> largest = np.where(children > 0, np.arange(100.0), np.nan)
    >>> rules = GapRules(np.column_stack([children, largest]), ("count", "number"))
    >>> rules.find(1).levels.tolist()
    [0.0]
    """

    def __init__(self, values: Floats, kinds: Sequence[ColumnKind]) -> None:
        self.values = values
        self.kinds = kinds
        self.gaps = np.isnan(values)
        self._coded: dict[int, tuple[Floats, Integers]] = {}

    def find(self, column: int) -> GapRule | None:
        """Return the rule of a column; ``None`` where no earlier column tells its gaps.

        Notes
        -----
        All rows must obey. That they do by chance, gaps being independent of the earlier
        column, must have a probability of less than one in a million. Linear in rows times
        earlier columns, after one sort of each category or count.
        """
        gaps = self.gaps[:, column]
        if not gaps.any() or gaps.all():
            return None
        share = gaps.mean()
        for earlier in range(column):
            levels, codes = self._codes(earlier)
            sizes = np.bincount(codes, minlength=len(levels))
            missing = np.bincount(codes[gaps], minlength=len(levels))
            if ((missing > 0) & (missing < sizes)).any():
                continue
            chance = np.log(share**sizes + (1 - share) ** sizes + 1e-300).sum()
            if chance < LOG_CHANCE:
                return GapRule(earlier, levels[missing > 0])
        return None

    def _codes(self, column: int) -> tuple[Floats, Integers]:
        """Return levels and the level of each row; of a number only missing or not."""
        if column not in self._coded:
            values = self.values[:, column]
            if self.kinds[column] == "number":
                # any known number stands for all: only NaN is ever a level that goes with gaps
                found = np.array([0.0, np.nan]), self.gaps[:, column].astype(np.int64)
            else:
                levels, codes = np.unique(values, return_inverse=True)
                found = levels, codes.astype(np.int64)
            self._coded[column] = found
        return self._coded[column]
