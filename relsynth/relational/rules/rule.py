"""What the rules that settle one column have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from relsynth.relational.rules.view import TableView


class ColumnRule:
    """A rule that changes one column, ``column``."""

    __slots__ = ()
    late: ClassVar[bool] = False  # whether it waits for keys that are assigned last
    column: Any
    share: Any

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the rule changes."""
        return (self.column,)

    @property
    def often(self) -> str:
        """In how many rows or parents it holds, never rounded up to all."""
        return "all" if self.share == 1 else f"{np.floor(self.share * 1e4) / 100:g} % of"

    def usable(self, view: TableView) -> bool:
        """Return whether what it needs is there."""
        return True
