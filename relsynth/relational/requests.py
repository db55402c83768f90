"""What a caller asks for: size, exact rows, and values that rows are to have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from relsynth.errors import CapacityError, DataError, Faults, did_you_mean
from relsynth.metadata import Metadata, Plan
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.sources.conditions import Conditions, Wanted
from relsynth.seeding import Seed

Where = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request.

    Attributes
    ----------
    scale : float
        Size of the root tables relative to the real ones.
    rows : mapping of str to int
        Exact numbers of rows of some tables.
    conditions : mapping of str to Conditions
        What the rows of some tables are to have.
    aims : mapping of str to int
        Rows of other tables to have as far as their parents allow, and never more.
    """

    scale: float
    rows: Mapping[str, int]
    conditions: Mapping[str, Conditions] = field(default_factory=dict)
    aims: Mapping[str, int] = field(default_factory=dict)

    def expected(self, table: FittedTable) -> int:
        """Return about how many rows of a table are asked for."""
        return self.rows.get(table.name, round(table.n_rows * self.scale))


@dataclass(frozen=True, slots=True)
class KeyBlocks:
    """Which keys are issued to the rows drawn.

    Attributes
    ----------
    seed : int, SeedSequence or None
        Of the order of scattered keys, common to all parts of an output.
    starts : mapping of str to int
        Keys issued to earlier parts, by table.
    """

    seed: Seed
    starts: Mapping[str, int]


def read_request(
    fitted: Mapping[str, FittedTable],
    metadata: Metadata,
    plan: Plan,
    *,
    scale: float,
    rows: Mapping[str, int] | None,
    where: Where | None,
) -> Request:
    """Check what is asked for.

    Parameters
    ----------
    where : mapping of str to mapping, optional
        By table and column a value, or a list of values of which any will do; ``None`` and
        ``NaN`` stand for a missing one.

    Raises
    ------
    CapacityError
        For a size that cannot be.
    DataError
        Listing every condition that no row can meet.
    """
    with Faults("sample", CapacityError) as faults:
        for fault in _size_faults(fitted, scale, rows or {}):
            faults.add(fault)
    conditions = {}
    with Faults("where", DataError) as faults:
        for name, columns in (where or {}).items():
            if name not in fitted:
                faults.add(f"no table {name!r}; {did_you_mean(name, fitted)}")
            elif not isinstance(columns, Mapping) or not columns:
                faults.add(f"{name}: give values by column, such as {{'country': 'DE'}}")
            elif fitted[name].kept is not None:
                faults.add(
                    f"{name}: the table is kept as it is; give conditions on the tables that "
                    "refer to it, or keep only the rows you want"
                )
            else:
                reader = _Reader(fitted, metadata, plan, fitted[name])
                wanted = {}
                for column, values in columns.items():
                    try:
                        wanted[column] = reader.read(column, values)
                    except (ValueError, TypeError, OverflowError) as error:
                        faults.add(f"{name}.{column}: {error}")
                conditions[name] = Conditions(name, wanted)
    counts = {name: int(count) for name, count in (rows or {}).items()}
    return Request(float(scale), counts, conditions)


def _size_faults(
    fitted: Mapping[str, FittedTable], scale: float, rows: Mapping[str, int]
) -> Iterator[str]:
    if not np.isfinite(scale) or scale <= 0:
        yield f"scale must be a number above 0, not {scale!r}"
    for name, count in rows.items():
        if name not in fitted:
            yield f"rows: no table {name!r}; {did_you_mean(name, fitted)}"
        elif count < 0 or count != int(count):
            yield f"rows: {name!r} needs a whole number of rows, not {count!r}"
        elif count > 0 and fitted[name].n_rows == 0:
            yield f"rows: {name!r} was empty in the real data, so that nothing is known of its rows"
        elif fitted[name].kept is not None and count != fitted[name].n_rows:
            yield (
                f"rows: {name!r} is kept as it is, with {fitted[name].n_rows} rows; "
                f"{count} are asked for"
            )


@dataclass(frozen=True, slots=True)
class _Reader:
    fitted: Mapping[str, FittedTable]
    metadata: Metadata
    plan: Plan
    table: FittedTable

    def read(self, column: str, values: Any) -> Wanted:
        """Return the values asked of a column, or say by a `ValueError` why they cannot be."""
        if column not in self.table.columns:
            raise ValueError(f"no such column; {did_you_mean(column, self.table.columns)}")
        for reason in self._reasons(column):
            raise ValueError(reason)
        given = list(values) if _is_list(values) else [values]
        if not given:
            raise ValueError("the list of values is empty; give at least one")
        wanted = Wanted.read(self.table.encoding.encoders[column], given)
        rows = self.table.rows
        parent_values = None if rows is None else rows.parent_values
        if parent_values is not None and column in parent_values.shared:
            codes = wanted.codes[~np.isnan(wanted.codes)]
            single = ~np.isin(codes, parent_values.shared[column])
            if single.any():
                raise ValueError(
                    "a value that a single family has is never emitted; ask for one of several"
                )
        order = None if rows is None else rows.order
        if order is not None and order.name == column and np.isnan(wanted.codes).any():
            raise ValueError("orders the rows of one parent and is never missing")
        return wanted

    def _reasons(self, column: str) -> Iterator[str]:
        """Yield why the values of a column are not drawn but follow from something."""
        table, step = self.table, self.plan[self.table.name]
        keys = [k for k in self.metadata.parents_of(table.name) if column in k.columns]
        if column in table.roles.foreign:
            parent = keys[0].parent
            yield (
                f"is a key to {parent!r}, whose values are issued anew; give a condition on a "
                f"column of {parent!r}, or draw below given rows by "
                f"sample_children(of={{{parent!r}: rows}})"
            )
        if column in table.roles.issued:
            yield "identifies the rows: every row gets a new value; give another column"
        numbering = table.roles.numbering
        if (numbering is not None and numbering.column == column) or (
            table.sources.number is not None and table.sources.number.column == column
        ):
            yield "numbers the rows of one parent; give another column"
        parents = {key.name: key.parent for key in self.metadata.parents_of(table.name)}
        repeated = {repeat.column: (repeat.key, repeat.source) for repeat in table.sources.repeats}
        if step.context is not None:
            repeated |= {name: (step.context.name, s) for name, s in table.sources.copied.items()}
        if column in repeated:
            key, source = repeated[column]
            yield f"repeats {parents[key]}.{source}; give the condition on that column"
        if step.sibling_join is not None and column in step.sibling_join.columns:
            own = step.sibling_join.columns.index(column)
            source = step.sibling_join.sibling_columns[own]
            sibling = step.sibling_join.sibling
            yield f"is that of {sibling}.{source}; give the condition on that column"
        for other in self.fitted.values():
            keys_of = {key.name: key.parent for key in self.metadata.parents_of(other.name)}
            for total in other.totals:
                if keys_of.get(total.key) == table.name and total.target == column:
                    yield f"follows from the rows of {other.name!r} ({total.note})"
        if self.metadata.tables[table.name].columns[column].derived is not None:
            yield "is computed from other columns; give a condition on those"


def _is_list(values: Any) -> bool:
    """Return whether several values are given."""
    return isinstance(values, Iterable) and pd.api.types.is_list_like(values)
