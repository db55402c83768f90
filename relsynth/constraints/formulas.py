"""Columns that are computed: from their row and its parents, or summed over children."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import pandas as pd

from relsynth.constraints.expression import columns_of, evaluate
from relsynth.constraints.rows import Rows
from relsynth.constraints.rules import check_parameters
from relsynth.errors import SchemaError
from relsynth.metadata.metadata import Metadata

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Formula:
    """How a column is computed.

    Attributes
    ----------
    table, column : str
    derived : str or None
        Expression over the row and its parents.
    summed : tuple of str or None
        Child table and its column.
    """

    table: str
    column: str
    derived: str | None = None
    summed: Place | None = None

    def inputs(self, rows: Rows) -> list[Place]:
        """Return the columns it needs, as ``(table, column)``."""
        if self.summed is not None:
            return [self.summed]
        named = columns_of(self.derived or "")
        return [
            (rows.key_to(t).parent if t not in ("", self.table) else self.table, c)
            for t, c in named
        ]

    def compute(self, rows: Rows) -> None:
        """Write the column."""
        if self.summed is None:
            self._derive(rows)
        else:
            self._sum(rows, *self.summed)

    def _derive(self, rows: Rows) -> None:
        value = evaluate(self.derived or "", rows.meant)
        if not isinstance(value, pd.Series):
            value = pd.Series([value] * len(rows.frame), dtype=object)
        column = rows.column(self.column)
        if column.decimals is not None and pd.api.types.is_numeric_dtype(value.dtype):
            value = value.astype(float).round(column.decimals)
        if pd.api.types.is_float_dtype(value.dtype) and isinstance(value.dtype, pd.Float64Dtype):
            value = value.astype(float)
        rows.write(self.column, value)

    def _sum(self, rows: Rows, child: str, name: str) -> None:
        below = Rows(rows.metadata, rows.tables, child)
        positions = below.positions(below.key_to(self.table))
        amounts = pd.to_numeric(below.frame[name]).to_numpy(dtype=float, na_value=0.0)
        inside = positions >= 0
        totals = np.bincount(positions[inside], amounts[inside], minlength=len(rows.frame))
        places = rows.column(self.column).decimals
        whole = pd.api.types.is_integer_dtype(rows.frame[self.column].dtype)
        digits = 0 if whole else (2 if places is None else places)
        rows.write(self.column, pd.Series(np.round(totals, digits)))


def formulas_of(metadata: Metadata) -> list[Formula]:
    """Return the computed columns, each after those it needs.

    Raises
    ------
    SchemaError
        Where formulas need each other in a circle or name what does not exist.
    """
    listed = list(_listed(metadata))
    by_place = {(formula.table, formula.column): formula for formula in listed}
    needs = {}
    for place, formula in by_place.items():
        rows = Rows(metadata, {}, formula.table)
        needs[place] = [place for place in formula.inputs(rows) if place in by_place]
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = " <- ".join(f"{table}.{column}" for table, column in error.args[1])
        raise SchemaError(f"the computed columns need each other: {circle}") from error
    return [by_place[place] for place in order]


def _listed(metadata: Metadata) -> Iterator[Formula]:
    for name in sorted(metadata.tables):
        table = metadata.tables[name]
        for column in table.columns.values():
            if column.derived is not None:
                yield Formula(name, column.name, derived=column.derived)
        for given in table.constraints:
            if given["type"] == "sum":
                fields: dict[str, Any] = {k: v for k, v in given.items() if k != "type"}
                check_parameters(table, "sum", fields)
                child, _, summed = str(fields["of"]).rpartition(".")
                if child not in metadata.tables or summed not in metadata.tables[child].columns:
                    raise SchemaError(
                        f"{name}.{fields['column']} is the sum of {fields['of']!r}, which is no "
                        "column of a child table; write it as 'table.column'"
                    )
                yield Formula(name, fields["column"], summed=(child, summed))
