"""Show where data are at fault: the first rows and values as text for a message."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import pandas as pd

from relsynth.errors import examples_of

if TYPE_CHECKING:
    from relsynth.typing import Flags


def rows_of(table: pd.DataFrame | pd.Series, wrong: Flags) -> str:
    """Return the index labels of the first wrong rows."""
    labels = [str(label) for label in table.index[wrong][:4]]
    more = ", …" if len(labels) > 3 else ""
    return f"row{'s' if len(labels) > 1 else ''} {', '.join(labels[:3])}{more}"


def values_of(table: pd.DataFrame, names: Sequence[str], wrong: Flags) -> str:
    """Return the first distinct wrong values, as tuples where there are several columns."""
    rows = table.loc[wrong, list(names)].drop_duplicates().head(4)
    listed: list[Any] = list(rows.itertuples(index=False, name=None))
    return examples_of([row[0] for row in listed] if len(names) == 1 else listed)


def types_in(column: pd.Series) -> str:
    """Return the types of the values of a column with how many there are of each."""
    counts = column.dropna().map(lambda value: type(value).__name__).value_counts()
    return ", ".join(f"{count} {name}" for name, count in islice(counts.items(), 4))
