"""Order within groups: what follows what, and how much time lies between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relsynth.distance import kolmogorov_smirnov, total_variation
from relsynth.evaluate.binning import fit_bins
from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import Comparison, Figure, Measure, Scores, mean_of
from relsynth.typing import Array, Flags, Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey


def measure_order(comparison: Comparison) -> Scores:
    """Return the likeness of consecutive values and of the steps of the time column.

    Children of one parent are ordered by their first date column; without one, by their
    place in the table. Every column's pair (value, next value) is compared in ten bins.
    """
    tables = {}
    for name, key in comparison.contexts.items():
        if key is not None and comparison.real.kinds[name]:
            found = _table_order(comparison, name, key)
            if found:
                tables[name] = found
    return {
        "order": mean_of(mean_of(table["columns"].values()) for table in tables.values()),
        "order_steps": mean_of(table["steps"] for table in tables.values()),
        "tables": tables,
    }


def _table_order(comparison: Comparison, table: str, key: ForeignKey) -> Scores | None:
    real, synthetic = comparison.real, comparison.synthetic
    dates = [name for name, kind in real.kinds[table].items() if kind == "date"]
    moment = dates[0] if dates else None
    sides = []
    for side in (real, synthetic):
        first, second = consecutive_rows(side, table, key, moment)
        kept = comparison.sample(len(first), comparison.limits.pair_rows, "order", table)
        sides.append((first[kept], second[kept]))
    if not all(len(first) for first, _ in sides):
        return None
    columns = {}
    for column, kind in real.kinds[table].items():
        bins = fit_bins(real.values[table][column], kind)
        cells = [
            bins.apply(side.values[table][column][a]) * bins.size
            + bins.apply(side.values[table][column][b])
            for side, (a, b) in zip((real, synthetic), sides, strict=True)
        ]
        columns[column] = 1.0 - total_variation(cells[0], cells[1])
    steps = None
    if moment is not None:
        gaps = [
            side.values[table][moment][b] - side.values[table][moment][a]
            for side, (a, b) in zip((real, synthetic), sides, strict=True)
        ]
        steps = 1.0 - kolmogorov_smirnov(gaps[0], gaps[1])
    return {"ordered_by": moment, "steps": steps, "columns": columns}


def consecutive_rows(
    database: Database, table: str, key: ForeignKey, moment: str | None
) -> tuple[Integers, Integers]:
    """Return the row numbers of every two consecutive children of one parent."""
    link = database.links[key.name]
    rows = np.flatnonzero(_usable(link, None if moment is None else database.values[table][moment]))
    ranks = rows if moment is None else database.values[table][moment][rows]
    rows = rows[np.lexsort((rows, ranks, link[rows]))]
    same = link[rows[1:]] == link[rows[:-1]]
    return rows[:-1][same], rows[1:][same]


def _usable(link: Integers, moment: Array | None) -> Flags:
    return link >= 0 if moment is None else (link >= 0) & ~np.isnan(moment)


ORDER = Measure(
    "order",
    "Order within groups",
    "The children of one parent in time order: does the next follow from the last?",
    (
        Figure(
            "order",
            "Consecutive values",
            "Likeness of (value, next value) of all columns. 1 is identical; compare the floor.",
        ),
        Figure(
            "order_steps",
            "Steps of time",
            "Likeness of the time between consecutive rows. 1 is identical.",
        ),
    ),
    measure_order,
)
