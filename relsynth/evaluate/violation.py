"""One broken rule: where, which, how many rows, and a few of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relsynth.typing import Array

EXAMPLES = 3  # rows that a message shows


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that rows break.

    Attributes
    ----------
    where : str
        ``table``, ``table.column`` or ``table.column+column``.
    rule : str
        Short name, such as ``"orphan"``.
    count : int
        Number of rows; 1 for a column or a table as a whole.
    examples : tuple of dict
        A few of these rows: ``{"row": position, column: value, …}``.
    detail : str
        What is allowed.
    strict : bool
        False where the rule is only what the real data happen to look like.
    """

    where: str
    rule: str
    count: int
    examples: tuple[dict[str, Any], ...] = ()
    detail: str = ""
    strict: bool = True

    def __str__(self) -> str:
        shown = "; ".join(
            ", ".join(f"{name} {value!r}" for name, value in row.items()) for row in self.examples
        )
        allowed = f" ({self.detail})" if self.detail else ""
        return f"{self.where}: {self.rule}, {self.count} rows{allowed}" + (
            f", such as {shown}" if shown else ""
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "where": self.where,
            "rule": self.rule,
            "count": self.count,
            "detail": self.detail,
            "strict": self.strict,
            "examples": list(self.examples),
        }


def broken(
    frame: pd.DataFrame,
    flags: Array,
    where: str,
    rule: str,
    columns: Iterable[str],
    detail: str = "",
    *,
    strict: bool = True,
) -> list[Violation]:
    """Return a violation with example rows where any flag is set, else nothing."""
    rows = np.flatnonzero(flags)
    if not len(rows):
        return []
    shown = list(dict.fromkeys(columns))
    examples = tuple(
        {"row": int(row)} | {name: _plain(frame[name].iloc[row]) for name in shown}
        for row in rows[:EXAMPLES]
    )
    return [Violation(where, rule, len(rows), examples, detail, strict)]


def _plain(value: Any) -> Any:
    if not isinstance(value, (list, tuple, np.ndarray)) and pd.isna(value):
        return None
    plain = getattr(value, "item", lambda: value)()
    return plain if isinstance(plain, (bool, int, float, str)) else str(plain)
