"""Ranges that never meet: bookings of one room, prices of one product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relsynth.constraints.expression import columns_of, evaluate
from relsynth.constraints.meant import is_range, range_ends, written_ranges
from relsynth.constraints.positions import rank_within, tuple_codes
from relsynth.constraints.rows import Rows
from relsynth.constraints.rule import Rule, as_series, unit_of
from relsynth.typing import Array, Flags, Integers

_OPEN = 2.0**62  # stands for an end that is open: beyond every moment in microseconds


@dataclass(frozen=True, slots=True)
class NoOverlap(Rule):
    """From one column to another no two rows meet, among those that are equal elsewhere.

    Attributes
    ----------
    low, high : str
        The first moment or number, and the one behind the last; the same column where that holds
        ranges. A missing one leaves its side open.
    equal : tuple of str
        Expressions; rows that differ in one of them, or lack it, may meet.
    where : str
        Condition of the rows concerned; all where empty.
    closed : bool
        Whether the last moment belongs to the range.
    """

    low: str
    high: str
    equal: tuple[str, ...] = ()
    where: str = ""
    closed: bool = False

    def columns(self) -> list[str]:
        """Return the columns that take part."""
        texts = [*self.equal, *([self.where] if self.where else [])]
        named = [name for text in texts for table, name in columns_of(text) if not table]
        return list(dict.fromkeys([self.low, self.high, *named]))

    def broken(self, rows: Rows) -> Flags:
        """Return the rows that begin before an earlier one of their group has ended."""
        found = np.zeros(len(rows.frame), dtype=bool)
        order, groups = self._order(rows)
        low, high = (end[order] for end in self._ends(rows))
        before = _shifted(pd.Series(high).groupby(groups).cummax().to_numpy(), groups, -_OPEN)
        found[order] = low <= before if self.closed else low < before
        return found

    def mend(self, rows: Rows, wrong: Flags, rng: np.random.Generator) -> None:
        """Let rows begin where those before end; end them there where they would go too far."""
        order, groups = self._order(rows)
        concerned = np.isin(groups, np.unique(groups[wrong[order]]))
        order, groups = order[concerned], groups[concerned]
        low, high = (end[order].copy() for end in self._ends(rows))
        step, last = self._step(rows), high[high < _OPEN].max(initial=-_OPEN)
        kept = order < rows.kept
        ended = pd.Series(np.where(kept, high, -_OPEN)).groupby(groups).transform("max").to_numpy()
        first = np.where(kept, low, np.maximum(low, ended + step * self.closed))
        turn = np.lexsort((first, groups))
        order, groups, low, high, first = (v[turn] for v in (order, groups, low, high, first))
        length = np.where(high < _OPEN, high - low, 0.0) + step * self.closed
        sums = pd.Series(length).groupby(groups).cumsum().to_numpy() - length
        moved = _cummax(first - sums, groups) + sums
        ends = np.where(high < _OPEN, moved + length - step * self.closed, high)
        after = _shifted(moved, groups, _OPEN, back=True)
        fixed = rows.fixed | rows.referring
        if (ends[ends < _OPEN].max(initial=-_OPEN) > last) and self.high not in fixed:
            space = 2.0 * step * rank_within(groups)
            moved = low if self.low in fixed else _cummax(first - space, groups) + space
            ends = np.maximum(high, moved + step)
            after = _shifted(moved, groups, _OPEN, back=True)
        ends = np.minimum(ends, np.where(after < _OPEN, after - step * self.closed, _OPEN))
        self._write(rows, order, moved, ends)

    def _order(self, rows: Rows) -> tuple[Integers, Integers]:
        """Return the rows concerned by group and first moment, and their groups."""
        size = len(rows.frame)
        if self.equal:
            parts = [as_series(evaluate(text, rows.meant), size) for text in self.equal]
            (codes,), _ = tuple_codes(parts)
        else:
            codes = np.zeros(size, dtype=np.int64)
        inside = codes >= 0
        if self.where:
            holds = as_series(evaluate(self.where, rows.meant), size).astype("boolean")
            inside &= holds.fillna(False).to_numpy(dtype=bool)
        if self.low == self.high:
            inside &= rows.frame[self.low].notna().to_numpy()
        low, high = self._ends(rows)
        order = np.lexsort((high, low, codes))
        order = order[inside[order]]
        return order, codes[order]

    def _ends(self, rows: Rows) -> tuple[Array, Array]:
        """Return both ends as numbers, microseconds for moments."""
        column = rows.column(self.low)
        if self.low == self.high and is_range(column):
            ends = range_ends(rows.frame[self.low].reset_index(drop=True), column)
            low, high = ends["low"], ends["high"]
        else:
            low, high = rows.values("", self.low), rows.values("", self.high)
        return _numbers(low, -_OPEN), _numbers(high, _OPEN)

    def _step(self, rows: Rows) -> float:
        column = rows.column(self.low)
        if is_range(column):
            moments = range_ends(rows.frame[self.low].iloc[:1], column)["low"].dtype.kind == "M"
            daily = (column.native or "").lower().startswith("date")
            return (86_400e6 if daily else 60e6) if moments else 1.0
        unit: Any = unit_of(column)
        return unit.total_seconds() * 1e6 if isinstance(unit, pd.Timedelta) else float(unit)

    def _write(self, rows: Rows, order: Integers, low: Array, high: Array) -> None:
        lows, highs = self._ends(rows)
        lows[order], highs[order] = low, high
        if self.low == self.high:
            column = rows.column(self.low)
            old = rows.frame[self.low].reset_index(drop=True)
            kind = range_ends(old, column)["low"].dtype
            texts = written_ranges(_values(lows, kind), _values(highs, kind), column)
            changed = np.zeros(len(old), dtype=bool)
            changed[order] = True
            rows.write(self.low, old.astype(object).where(~changed, texts))
            return
        for name, ends in ((self.low, lows), (self.high, highs)):
            old = rows.values("", name)
            changed = _numbers(old, -_OPEN if name == self.low else _OPEN) != ends
            if changed.any():
                rows.write(name, old.where(~changed, _values(ends, old.dtype)))


def _numbers(values: pd.Series, absent: float) -> Array:
    if values.dtype.kind == "M":
        plain = values.to_numpy("datetime64[us]")
        return np.where(np.isnat(plain), absent, plain.astype(np.int64).astype(float))
    return pd.to_numeric(values).to_numpy(dtype=float, na_value=absent)


def _values(numbers: Array, dtype: Any) -> pd.Series:
    absent = np.abs(numbers) >= _OPEN
    if getattr(dtype, "kind", "") == "M":
        whole = np.where(absent, 0, numbers).astype(np.int64).astype("datetime64[us]")
        return pd.Series(whole).mask(absent).astype(dtype)
    return pd.Series(numbers).mask(absent)


def _cummax(values: Array, groups: Integers) -> Array:
    return pd.Series(values).groupby(groups).cummax().to_numpy()


def _shifted(values: Array, groups: Integers, absent: float, *, back: bool = False) -> Array:
    """Return the value of the row before, or behind, inside of each group."""
    moved = pd.Series(values).groupby(groups).shift(-1 if back else 1)
    return moved.fillna(absent).to_numpy()
