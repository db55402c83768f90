"""What the rules that settle one column have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from relsynth.relational.rules.view import TableView

HOLDS = 0.995
"""Share of rows or parents from which a rule with exceptions is kept, at that share: one
mistake in two hundred may be in the data; with one in a hundred a rule would be hardly one."""
LEAST_ROWS = 60
"""Rows a rule must be seen in: what one row in twenty breaks holds in 60 by chance one time in
twenty."""
ROWS_OF_EXACT = 30
"""Rows a rule without an exception must be seen in: what one row in ten breaks holds in 30 by
chance one time in twenty."""
CLEARER = 20
"""How often chance must break a rule for each exception: with one in 200 rows, one row in ten."""


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
