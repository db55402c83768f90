"""Columns that are computed: from their row and its parents, or summed over children."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import pandas as pd

from relsynth.constraints.expression import columns_of, evaluate
from relsynth.constraints.positions import rank_within
from relsynth.constraints.rows import Rows
from relsynth.constraints.rule import as_series
from relsynth.constraints.rules import check_parameters
from relsynth.errors import SchemaError
from relsynth.metadata.metadata import Metadata

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Formula:
    """How a column is computed.

    Attributes
    ----------
    derived : str or None
        Expression over the row and its parents.
    summed : tuple of str or None
        Child table and its column.
    shared : tuple of str or None
        Parent table and its column, of which the rows of one parent get parts.
    full : str or None
        Condition, over the row and its parents, under which the parts make up the whole; half
        of it elsewhere.
    """

    table: str
    column: str
    derived: str | None = None
    summed: Place | None = None
    shared: Place | None = None
    full: str | None = None

    def inputs(self, rows: Rows) -> list[Place]:
        """Return the columns it needs, as ``(table, column)``."""
        if self.summed is not None:
            return [self.summed]
        if self.shared is not None:
            return [self.shared]
        named = columns_of(self.derived or "")
        return [
            (rows.key_to(t).parent if t not in ("", self.table) else self.table, c)
            for t, c in named
        ]

    def compute(self, rows: Rows) -> None:
        """Write the column."""
        if self.shared is not None:
            self._share(rows, *self.shared)
        elif self.summed is not None:
            self._sum(rows, *self.summed)
        else:
            self._derive(rows)

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

    def _share(self, rows: Rows, parent: str, name: str) -> None:
        """Give the rows of one parent equal parts of its amount, the last one what is left."""
        positions = rows.positions(rows.key_to(parent))
        own = pd.to_numeric(rows.frame[self.column]).to_numpy(dtype=float, na_value=np.nan)
        total = pd.to_numeric(rows.values(parent, name)).to_numpy(dtype=float, na_value=np.nan)
        if self.full is not None:
            whole = as_series(evaluate(self.full, rows.meant), len(own)).astype("boolean")
            total = total * np.where(whole.fillna(False).to_numpy(dtype=bool), 1.0, 0.5)
        known = (positions >= 0) & np.isfinite(total)
        new = known & (np.arange(len(own)) >= rows.kept)
        before = np.bincount(positions[known & ~new], np.nan_to_num(own[known & ~new]),
                             minlength=int(positions.max(initial=0)) + 1)  # fmt: skip
        places = 10 ** (rows.column(self.column).decimals or 0)
        group = positions[new]
        units = np.floor(np.maximum(total[new] - before[group], 0) * places + 0.5)
        count = np.bincount(group, minlength=len(before))[group]
        units = np.maximum(units, count)  # nobody pays nothing
        part = units // count
        last = rank_within(group) == count - 1
        own[new] = np.where(last, units - part * (count - 1), part) / places
        rows.write(self.column, pd.Series(own))


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
            if given["type"] in ("share", "sum"):
                said: dict[str, Any] = {k: v for k, v in given.items() if k != "type"}
                check_parameters(table, given["type"], said)
                named = _other_column(metadata, name, given["type"], said)
                if given["type"] == "share":
                    yield Formula(name, said["column"], shared=named, full=said.get("full"))
                else:
                    yield Formula(name, said["column"], summed=named)


def _other_column(
    metadata: Metadata, table: str, kind: str, said: Mapping[str, Any]
) -> tuple[str, str]:
    """Return the table and column that a share or a sum is of."""
    other, _, column = str(said["of"]).rpartition(".")
    if other not in metadata.tables or column not in metadata.tables[other].columns:
        verb, where = ("a share", "parent") if kind == "share" else ("the sum", "child")
        raise SchemaError(
            f"{table}.{said['column']} is {verb} of {said['of']!r}, which is no column of a "
            f"{where} table; write it as 'table.column'"
        )
    return other, column
