"""A table without parents whose rows follow each other in time: one long series."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from relsynth.evidence import ENOUGH, LARGE_SAMPLE, NEARLY_ALL, VISIBLE, Evidence
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.packing import packable
from relsynth.sorting import stable_order
from relsynth.typing import Floats, Integers, Tables

DISTANT: Final = 4  # a quarter of the series away, rows know of each other by the trend alone


@packable
@dataclass(frozen=True, slots=True)
class OneSeries:
    """The rows of one long series, which get a parent they have in common.

    Attributes
    ----------
    table, time : str
        The table and the column that orders it.
    """

    table: str
    time: str

    @property
    def note(self) -> str:
        """One sentence."""
        return f"sequence: all rows are learned as one series, in the order of {self.time}"

    @property
    def parent(self) -> str:
        """Name of the parent, and of the column that refers to it."""
        return f"#series of {self.table}"

    def schema(self, metadata: Metadata) -> Metadata:
        """Return the schema with the parent; the moments are learned, not issued as a key."""
        given = metadata.tables[self.table]
        key = Column(self.parent, "key")
        table = replace(
            given,
            columns={**given.columns, self.parent: key},
            primary_key=() if given.primary_key == (self.time,) else given.primary_key,
            unique=tuple(u for u in given.unique if u != (self.time,)),
        )
        one = (self.parent,)
        parent = Table(self.parent, {self.parent: key}, primary_key=one)
        tables = {**metadata.tables, self.table: table}
        keys = (*metadata.foreign_keys, ForeignKey(self.table, one, self.parent, one))
        made = [parent, *tables.values()]
        return type(metadata)(made, keys, notes=metadata.notes, source=metadata.source)

    def shut(self, tables: dict[str, pd.DataFrame]) -> None:
        """Add the parent."""
        if self.table in tables:
            tables[self.table] = tables[self.table].assign(**{self.parent: 1})
            tables[self.parent] = pd.DataFrame({self.parent: [1]})

    def open(self, tables: dict[str, pd.DataFrame]) -> None:
        """Take the parent away."""
        tables.pop(self.parent, None)
        if self.table in tables:
            tables[self.table] = tables[self.table].drop(columns=self.parent, errors="ignore")

    def conditions(self, where: dict[str, Any]) -> dict[str, Any]:
        """Return the conditions as they are."""
        return where

    def sizes(self, rows: dict[str, int], real: int, scale: float, some: bool) -> dict[str, int]:
        """Return the numbers of rows to draw: one series, longer or shorter.

        Of rows that meet conditions there are as many as whole series have.
        """
        if some:
            return {**rows, self.parent: int(np.ceil(scale))}
        return {self.table: max(round(real * scale), 1), **rows, self.parent: 1}

    @classmethod
    def find(
        cls, metadata: Metadata, table: Table, tables: Tables, subjects: Container[str]
    ) -> Self | None:
        """Return the series that a table is, or ``None``.

        Parameters
        ----------
        subjects : container of str
            Tables whose rows are people or firms: each is a series of its own.

        Notes
        -----
        A table qualifies that no key leads to or from, with a complete moment that is another in
        nearly every row, if neighbours in time are more alike in some column than rows a quarter
        of the series apart: rank correlations of numbers, shares of equal levels. What rows have
        in common with distant ones is the trend, which a row knows by its moment.
        """
        frame, name = tables[table.name], table.name
        keys = (*metadata.parents_of(name), *metadata.children_of(name))
        if keys or name in subjects or len(frame) < ENOUGH:
            return None
        for time, column in table.columns.items():
            moments = frame[time]
            if column.kind != "datetime" or not pd.api.types.is_datetime64_any_dtype(moments):
                continue
            if moments.isna().any() or moments.nunique() < NEARLY_ALL * len(frame):
                continue
            stretch = stable_order(moments.to_numpy())[:LARGE_SAMPLE]
            key = metadata.key_columns(name)
            others = [n for n in table.columns if n != time and n not in key]
            if any(_follows(frame[n].iloc[stretch]) for n in others):
                return cls(name, time)
        return None


def _follows(column: pd.Series) -> bool:
    """Return whether the values of neighbours are more alike than those of distant rows."""
    far, n = len(column) // DISTANT, len(column)
    if column.nunique() < 2 or column.isna().mean() > 1 - NEARLY_ALL:
        return False
    if pd.api.types.is_numeric_dtype(column.dtype) and column.nunique() > 2:
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
        values = pd.Series(numbers).dropna().rank().to_numpy()
        near, distant = (_correlation(values, lag) for lag in (1, far))
        return Evidence(near, distant, n, float(np.sqrt(2.0))).exceeds(VISIBLE)
    codes = pd.factorize(column)[0]
    near, distant = (_equal(codes, lag) for lag in (1, far))
    return Evidence.of_share(near, distant, n).exceeds(VISIBLE)


def _correlation(values: Floats, lag: int) -> float:
    return float(np.corrcoef(values[lag:], values[:-lag])[0, 1])


def _equal(codes: Integers, lag: int) -> float:
    return float((codes[lag:] == codes[:-lag]).mean())
