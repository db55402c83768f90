"""Numbers that nearly always count the rows of a group: other starts, a gap here and there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.columns.encoder import unbounded
from relsynth.columns.numeric import NumericEncoder
from relsynth.columns.protection import Holders, shared_range
from relsynth.evidence import FEW, LARGELY, MOST
from relsynth.groups import starts_of
from relsynth.metadata import Column, Table
from relsynth.packing import packable
from relsynth.sorting import lexical_order
from relsynth.typing import Floats, Integers

NUMBERS = ("integer", "numeric", "categorical", "ordinal", "key", "text")


@packable
@dataclass(frozen=True, slots=True)
class SequenceNumber:
    """A column that with the context parent identifies a row and mostly rises by one step.

    Where a group starts is part of what its parent predicts; the gaps are drawn here, all
    above 0, so that no number comes twice in a group. The rest of a row is given its number.

    Attributes
    ----------
    step : float
        The most common gap.
    unit : float
        What all differences are multiples of.
    start : float
        The most common first number.
    gaps, shares : ndarray of float, shape (n_gaps,)
        The gaps between neighbours and how frequent they are.
    """

    column: str
    step: float
    unit: float
    start: float
    gaps: Floats
    shares: Floats

    @classmethod
    def find(
        cls,
        frame: pd.DataFrame,
        table: Table,
        names: tuple[str, ...],
        context: tuple[str, ...],
        groups: Integers,
        entities: Holders,
    ) -> SequenceNumber | None:
        """Return the first column that numbers the rows of a group, or ``None``.

        Parameters
        ----------
        names : tuple of str
            Columns to look at.
        context : tuple of str
            Key columns that tell the groups.
        groups : ndarray of int, shape (n_rows,)
            Context parent of each row; negative for none.
        entities : Holders
            Whose the rows are, for the protection of rare gaps.

        Notes
        -----
        Whole numbers, or text of them in one width, none twice in a group, of which at least
        ``LARGELY`` of the neighbours differ by one and the same step. Unless the schema makes
        the column unique together with the context key, at least ``MOST`` of the
        groups must start with the same number, and ``FEW`` neighbours show the step.
        """
        identified = {
            name for key in table.candidate_keys if set(context) <= set(key) for name in key
        }
        placed = np.flatnonzero(groups >= 0)
        groups, entities = groups[placed], entities[placed]
        largest = np.bincount(groups).argmax() if len(groups) else 0
        some = np.flatnonzero(groups == largest)  # what repeats there is not distinct
        for name in sorted(names, key=lambda name: name not in identified):
            column = table.columns[name]
            first = _whole_numbers(frame[name].iloc[placed[some]], column)
            if first is None or not _Ordered.of(first, groups[some], entities[some]).is_distinct:
                continue
            numbers = _whole_numbers(frame[name], column)
            if numbers is None:
                continue
            ordered = _Ordered.of(numbers[placed], groups, entities)
            if ordered.is_numbered and (name in identified or ordered.is_plain):
                return cls._of(name, ordered)
        return None

    @classmethod
    def _of(cls, name: str, ordered: _Ordered) -> SequenceNumber:
        gaps, counts = np.unique(ordered.gaps, return_counts=True)
        firsts, times = np.unique(ordered.firsts, return_counts=True)
        low, high = shared_range(ordered.gaps, ordered.entities)
        shared = (gaps >= low) & (gaps <= high)
        differences = np.concatenate([gaps, np.diff(firsts)]).astype(np.int64)
        return cls(
            name,
            float(gaps[counts.argmax()]),
            float(np.gcd.reduce(differences)),
            float(firsts[times.argmax()]),
            gaps[shared],
            counts[shared] / counts[shared].sum(),
        )

    def draw(
        self, counts: Integers, starts: Floats, encoder: NumericEncoder, rng: np.random.Generator
    ) -> Floats:
        """Return the numbers of the rows of every group.

        Parameters
        ----------
        counts : ndarray of int, shape (n_groups,)
        starts : ndarray of float, shape (n_groups,)
            Predicted first numbers; ``NaN`` for the usual one.
        encoder : ColumnEncoder
            Of the column; knows the range of the real numbers.

        Returns
        -------
        ndarray of float, shape (sum of counts,)
            Sorted by group, rising inside it. A group that would run past the real range
            has no extra gaps and starts earlier, as far as groups do; numbers go beyond the
            range only where there are more rows than it holds.
        """
        starts = np.where(np.isnan(starts), self.start, starts)
        starts = np.clip(starts, encoder.low, encoder.high)
        starts = self.start + np.round((starts - self.start) / self.unit) * self.unit
        group = np.repeat(np.arange(len(counts)), counts)
        begins = starts_of(counts)
        position = np.arange(len(group)) - begins[group]
        gaps = rng.choice(self.gaps, p=self.shares, size=len(group))
        total = np.cumsum(np.where(position == 0, 0.0, gaps))
        offsets = total - total[begins[group]]
        length = np.zeros(len(counts))
        np.maximum.at(length, group, offsets)
        over = starts + length > encoder.high
        offsets = np.where(over[group], self.step * position, offsets)
        latest = encoder.high - self.step * (counts - 1)
        fitting = self.start + np.floor((latest - self.start) / self.unit) * self.unit
        earlier = np.maximum(np.minimum(starts, fitting), np.minimum(starts, encoder.low))
        return np.where(over, earlier, starts)[group] + offsets

    def show(self, numbers: Floats, encoder: NumericEncoder) -> pd.Series:
        """Return numbers in the storage and format of the column, whatever its range."""
        shown: pd.Series = unbounded(encoder).decode(numbers, np.random.default_rng(0))
        return shown


@dataclass(frozen=True, slots=True)
class _Ordered:
    """The numbers of a column in order of group and number.

    Attributes
    ----------
    firsts : ndarray of float, shape (n_groups,)
        Lowest number of each group.
    gaps : ndarray of float, shape (n_pairs,)
        Between neighbours of one group.
    entities : Holders
        Root entity of each gap.
    """

    firsts: Floats
    gaps: Floats
    entities: Holders

    @classmethod
    def of(cls, numbers: Floats, groups: Integers, entities: Holders) -> _Ordered:
        rows = lexical_order((numbers, groups))
        inside = np.diff(groups[rows]) == 0
        ordered = numbers[rows]
        return cls(
            ordered[np.r_[True, ~inside][: len(rows)]],
            np.diff(ordered)[inside],
            entities[rows][1:][inside],
        )

    @property
    def is_distinct(self) -> bool:
        """Whether no number comes twice in a group."""
        return bool((self.gaps > 0).all())

    @property
    def is_numbered(self) -> bool:
        """Whether numbers are distinct and neighbours nearly all one and the same step apart."""
        return len(self.gaps) > 0 and self.is_distinct and _largest_share(self.gaps) >= LARGELY

    @property
    def is_plain(self) -> bool:
        """Whether the numbers tell by themselves that they count rows."""
        return len(self.gaps) >= FEW and _largest_share(self.firsts) >= MOST


def _largest_share(values: Floats) -> float:
    """Return the share of the most frequent value."""
    return float(np.unique(values, return_counts=True)[1].max() / len(values))


def in_number_order(numbers: Floats, values: Floats, groups: Integers) -> bool:
    """Return whether another column rises with the numbers inside groups, nearly always."""
    rows = lexical_order((numbers, groups))
    inside = np.diff(groups[rows]) == 0
    return bool((np.diff(values[rows])[inside] >= 0).mean() >= LARGELY)


def _whole_numbers(values: pd.Series, column: Column) -> Floats | None:
    """Return the numbers of a column that holds whole ones only, or ``None``."""
    closed = column.values is not None or column.pattern is not None
    if column.kind not in NUMBERS or closed or values.isna().any():
        return None
    if isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(values.dtype):
        return None
    if not pd.api.types.is_numeric_dtype(values.dtype) and not _spells_whole_numbers(values):
        return None
    numbers: Floats = pd.to_numeric(values).to_numpy(dtype=float)
    return numbers if np.array_equal(numbers, np.round(numbers)) else None


def _spells_whole_numbers(values: pd.Series) -> bool:
    """Return whether text holds whole numbers, all padded to one width or none."""
    distinct = pd.Series(values.unique(), dtype=object)
    if not distinct.map(lambda value: isinstance(value, str)).all():
        return False
    if not distinct.str.fullmatch(r"0|-?[1-9]\d{0,14}|0\d{1,14}").all():
        return False
    padded = distinct.str.fullmatch(r"0\d+")
    width = int(distinct[padded].str.len().max()) if padded.any() else 0
    return bool((distinct.str.zfill(width) == distinct).all())
