"""Turn drawn rows and links into tables: issue keys, copy them to the children, order columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from relsynth.errors import CapacityError
from relsynth.metadata import Metadata, Plan, TablePlan
from relsynth.metadata.schema import ForeignKey
from relsynth.relational.draw import DrawnDatabase
from relsynth.relational.fitted import FittedTable
from relsynth.seeding import Seed, stream
from relsynth.typing import Array, Flags

FEW_ROWS = 1_000


def assemble(
    drawn: DrawnDatabase,
    fitted: Mapping[str, FittedTable],
    metadata: Metadata,
    plan: Plan,
    seed: Seed,
) -> dict[str, pd.DataFrame]:
    """Return the tables of a drawn database.

    Parameters
    ----------
    drawn : DrawnDatabase
    fitted : mapping of str to FittedTable
    metadata : Metadata
    plan : Plan
    seed : int, SeedSequence or None

    Returns
    -------
    dict of str to DataFrame
        Columns in the order and of the dtype of the real ones.
    """
    columns: dict[str, dict[str, pd.Series]] = {
        name: {column: frame[column].reset_index(drop=True) for column in frame.columns}
        for name, frame in drawn.given.items()
    }
    making = [step for step in plan.steps if step.table not in drawn.given]
    for step in making:
        table = fitted[step.table]
        made = dict(drawn.columns[table.name])
        made.update(_issue(table, drawn.rows(table.name), seed))
        made.update(_numbers(table, drawn))
        columns[table.name] = made
    for late in (False, True):
        for step in making:
            _copy_keys(step, late, drawn, fitted[step.table], columns, metadata)
    return {
        step.table: pd.DataFrame(
            {name: columns[step.table][name] for name in fitted[step.table].columns}
        )
        for step in plan.steps
    }


def check_capacities(
    fitted: Mapping[str, FittedTable], expected: Mapping[str, int], metadata: Metadata
) -> None:
    """Refuse to draw where a key format has fewer values than rows are expected.

    Raises
    ------
    CapacityError
        Listing every key that would run out.
    """
    short = [
        f"{table.name}.{column}: {expected[table.name]} rows need a value of their own, but the "
        f"format allows {keys.capacity} ({keys.arithmetic()}); ask for fewer rows"
        f"{_keeping(table, metadata)}"
        for table in fitted.values()
        for column, keys in table.key_formats.items()
        if keys.capacity is not None and keys.capacity < expected.get(table.name, 0)
    ]
    if short:
        raise CapacityError("; ".join(short), short)


def _keeping(table: FittedTable, metadata: Metadata) -> str:
    """Return the hint to keep a table that looks like a list others look things up in."""
    is_list = metadata.children_of(table.name) and not metadata.parents_of(table.name)
    if not is_list or table.n_rows > FEW_ROWS:
        return ""
    return (
        f", or, where {table.name!r} is a list that tells of nobody, keep it as it is: "
        f'keep=[{table.name!r}] for this synthesizer, role "reference" in the schema for good'
    )


def _issue(table: FittedTable, count: int, seed: Seed) -> dict[str, pd.Series]:
    issued = {}
    for column, keys in table.key_formats.items():
        values = keys.issue(count, stream(seed, "keys", table.name, column))
        is_category = table.dtypes[column].name == "category"
        issued[column] = (values.astype("category") if is_category else values).reset_index(
            drop=True
        )
    return issued


def _numbers(table: FittedTable, drawn: DrawnDatabase) -> dict[str, pd.Series]:
    numbering = table.roles.numbering
    if numbering is None:
        return {}
    numbers = numbering.start + numbering.step * drawn.positions[table.name]
    dtype = table.dtypes[numbering.column]
    return {numbering.column: dtype.series(numbers, np.zeros(len(numbers), bool))}


def _copy_keys(
    step: TablePlan,
    late: bool,
    drawn: DrawnDatabase,
    table: FittedTable,
    columns: dict[str, dict[str, pd.Series]],
    metadata: Metadata,
) -> None:
    """Fill the foreign key columns of a table from the rows they refer to, in place."""
    context = () if step.context is None else (step.context,)
    early = (*context, *step.lookups, *step.linked)
    keys = [key for key in (step.deferred if late else early) if key.name in drawn.knowledge.links]
    made = columns[table.name]
    count = drawn.rows(table.name)
    for column in table.roles.foreign:
        sources = sorted(
            (key for key in keys if column in key.columns), key=lambda key: -len(key.columns)
        )
        if not sources or column in made:
            continue
        values, missing = _referred(column, sources, drawn, columns, count)
        made[column] = table.dtypes[column].series(values, missing)
    if late:
        nothing = np.full(count, None, dtype=object)
        for column in table.roles.foreign:
            if column not in made:
                made[column] = table.dtypes[column].series(nothing, np.ones(count, bool))


def _referred(
    column: str,
    sources: list[ForeignKey],
    drawn: DrawnDatabase,
    columns: dict[str, dict[str, pd.Series]],
    count: int,
) -> tuple[Array, Flags]:
    """Return the values of a key column from the first of its keys that is not null."""
    values: Array | None = None
    missing = np.ones(count, bool)
    for key in sources:
        links = drawn.knowledge.links[key.name]
        parent = columns[key.parent][key.parent_columns[key.columns.index(column)]]
        fill = missing & (links >= 0)
        found = parent.iloc[np.maximum(links, 0)] if len(parent) else parent.reindex(links)
        plain = _plain(found)
        values = plain if values is None else np.where(fill, plain, values)
        missing &= ~fill
    assert values is not None  # noqa: S101
    return values, missing


def _plain(values: pd.Series) -> Array:
    """Return values as an array that numpy holds natively, or as objects."""
    if isinstance(values.dtype, np.dtype) and values.dtype != object:
        return values.to_numpy()
    if pd.api.types.is_integer_dtype(values.dtype) and not values.hasnans:
        return values.to_numpy(np.int64)
    return values.to_numpy(object)
