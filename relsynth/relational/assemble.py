"""Turn drawn rows and links into tables: copy keys to the children, order columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from relsynth.errors import CapacityError
from relsynth.metadata import Metadata, Plan, TablePlan
from relsynth.relational.drawing.drawn import DrawnDatabase, key_sources, referred
from relsynth.relational.fitting.fitted import FittedTable

FEW_ROWS = 1_000  # rows of what may be a list to look things up in, for a hint only


def assemble(drawn: DrawnDatabase, plan: Plan) -> dict[str, pd.DataFrame]:
    """Return the tables of a drawn database.

    Returns
    -------
    dict of str to DataFrame
        Columns in the order and of the dtype of the real ones.
    """
    fitted = drawn.fitted
    columns: dict[str, dict[str, pd.Series]] = {
        name: {column: frame[column].reset_index(drop=True) for column in frame.columns}
        for name, frame in drawn.given.items()
    }
    making = [step for step in plan.steps if step.table not in drawn.given]
    for step in making:
        table = fitted[step.table]
        own = {n: c for n, c in drawn.columns[table.name].items() if n not in table.roles.foreign}
        columns[table.name] = own | drawn.issued[table.name]
    for late in (False, True):
        for step in making:
            _copy_keys(step, late, drawn, fitted[step.table], columns)
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


def _copy_keys(
    step: TablePlan,
    late: bool,
    drawn: DrawnDatabase,
    table: FittedTable,
    columns: dict[str, dict[str, pd.Series]],
) -> None:
    """Fill the foreign key columns of a table from the rows they refer to, in place."""
    made, links = columns[table.name], drawn.database.links
    wanted = step.deferred if late else step.early
    for column in table.roles.foreign:
        sources = [k for k in key_sources(drawn.database, step, column) if k in wanted]
        if column not in made and sources:
            found = referred(column, sources, links, lambda name, other: columns[name][other])
            made[column] = table.dtypes[column].series(*found)
    if late:
        count = drawn.rows(table.name)
        nothing = np.full(count, None, dtype=object)
        for column in table.roles.foreign:
            if column not in made:
                made[column] = table.dtypes[column].series(nothing, np.ones(count, bool))
