"""A column that counts the steps up a self-reference: level = level of the manager + 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from relsynth.groups import unique_values
from relsynth.packing import packable
from relsynth.relational.rules.rule import ROWS_OF_EXACT, ColumnRule
from relsynth.relational.rules.view import Base, TableView
from relsynth.typing import Floats, Integers


@packable
@dataclass(frozen=True, slots=True)
class Level(ColumnRule):
    """``column = column of the row above + constant``, by a key to the table itself.

    Attributes
    ----------
    top : float or None
        What rows at the top have, where it is one value.
    """

    key: str
    column: str
    constant: float
    top: float | None
    rows: int
    late: ClassVar[bool] = True

    @property
    def note(self) -> str:
        """One sentence with the evidence."""
        sign = "-+"[self.constant > 0]
        above = Base((self.key,), self.column)
        return f"{self.column} = {above} {sign} {abs(self.constant):g} in all {self.rows} rows"

    def usable(self, view: TableView) -> bool:
        """Return whether the key is there."""
        return self.key in view.keys

    def settle(
        self, view: TableView, groups: Integers, rng: np.random.Generator
    ) -> dict[str, Floats]:
        """Return the column counted from the top; rows of a circle keep what they have."""
        links = view.keys[self.key][1]
        values = view.column(self.column).copy()
        own = np.arange(len(links))
        done = (links < 0) | (links == own)
        if self.top is not None:
            values[done] = self.top
        while True:
            ready = ~done & done[np.maximum(links, 0)]
            if not ready.any():
                return {self.column: values}
            values[ready] = values[links[ready]] + self.constant
            done |= ready


def find_levels(view: TableView, columns: Sequence[str], table: str) -> Iterator[Level]:
    """Yield the columns that differ by one constant from the row above, in every row."""
    for name, (key, links, _) in view.keys.items():
        if not key.is_self_reference or key.parent != table:
            continue
        is_below = (links >= 0) & (links != np.arange(len(links)))
        below, top = np.flatnonzero(is_below), np.flatnonzero(~is_below)
        if len(below) < ROWS_OF_EXACT:
            continue
        for column in (column for column in columns if column in view.numbers):
            values = view.column(column)
            apart = values[below] - values[links[below]]
            if np.isnan(apart).any() or apart[0] == 0 or not np.allclose(apart, apart[0]):
                continue
            highest = unique_values(values[top])
            first = float(highest[0]) if len(highest) == 1 else None
            yield Level(name, column, float(apart[0]), first, len(below))
