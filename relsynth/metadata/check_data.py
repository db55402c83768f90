"""Check data against a schema: every fault of every table is found and reported at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.metadata.check_references import check_references
from relsynth.metadata.check_values import check_values, is_comparable
from relsynth.metadata.faulty import rows_of, values_of
from relsynth.schema import Table

if TYPE_CHECKING:
    from relsynth.schema import Schema
    from relsynth.typing import Tables


def check_tables(
    metadata: Schema, tables: Tables, *, orphans: Literal["error", "null"] = "error"
) -> dict[str, pd.DataFrame]:
    """Raise one error that lists everything in which data contradict their schema.

    Parameters
    ----------
    orphans : {"error", "null"}
        What to do with references without a target; setting them to null is refused where
        the key is required or part of the primary key.

    Returns
    -------
    dict of str to DataFrame
        The tables of the schema, in its order; those with orphans set to null are copies.

    Raises
    ------
    DataError
        For missing or unknown tables and columns, null or repeated keys, references without
        a target, nulls, types, formats and values that the schema does not allow.

    Notes
    -----
    About a second per million rows; one pass over every column and one hash table per key.
    """
    if orphans not in ("error", "null"):
        raise ValueError(f"orphans is {orphans!r}; it must be 'error' or 'null'")
    with Faults("data", DataError) as faults:
        found = _check_names(metadata, tables, faults)
        usable = {
            name: _check_columns(metadata.tables[name], table, faults)
            for name, table in found.items()
        }
        for name, table in found.items():
            _check_keys(metadata.tables[name], table, usable[name], faults)
        return check_references(metadata, found, usable, orphans, faults)


def _check_names(metadata: Schema, tables: Tables, faults: Faults) -> dict[str, pd.DataFrame]:
    unknown = [name for name in tables if name not in metadata.tables]
    for name in metadata.tables:
        if name not in tables:
            faults.add(f"the table {name!r} is missing; {did_you_mean(name, unknown or tables)}")
        elif not isinstance(tables[name], pd.DataFrame):
            faults.add(
                f"the table {name!r} is a {type(tables[name]).__name__}; "
                "a pandas DataFrame is needed"
            )
    for name in unknown:
        faults.add(
            f"the table {name!r} is not in the schema; {did_you_mean(name, metadata.tables)} "
            "Add it to the schema or leave it out"
        )
    return {
        name: tables[name] for name in metadata.tables if isinstance(tables.get(name), pd.DataFrame)
    }


def _check_columns(said: Table, table: pd.DataFrame, faults: Faults) -> set[str]:
    """Return the columns that are there once and hold comparable values."""
    labels = list(table.columns)
    unknown = [label for label in labels if label not in said.columns]
    usable = set()
    for name, column in said.columns.items():
        count = labels.count(name)
        if count == 0:
            hint = did_you_mean(name, unknown or labels)
            faults.add(f"{said.name}.{name} is missing from the data; {hint}")
        elif count > 1:
            faults.add(f"{said.name}.{name} is there {count} times; column names must be unique")
        else:
            check_values(f"{said.name}.{name}", column, table[name], faults)
            if is_comparable(table[name]):
                usable.add(name)
    for label in dict.fromkeys(unknown):
        faults.add(
            f"{said.name}.{label} is not in the schema; {did_you_mean(label, said.columns)} "
            "Add it to the schema or drop it from the data"
        )
    return usable


def _check_keys(said: Table, table: pd.DataFrame, usable: set[str], faults: Faults) -> None:
    for position, names in enumerate(said.candidate_keys):
        if not usable.issuperset(names):
            continue
        primary = position == 0 and bool(said.primary_key)
        where = f"{said.name}.{'+'.join(names)}"
        null = table[list(names)].isna().any(axis=1).to_numpy()
        if primary and null.any():
            faults.add(
                f"{where} is the primary key but null in {null.sum()} of {len(table)} rows "
                f"({rows_of(table, null)}); every row needs a key"
            )
        columns = table[names[0]] if len(names) == 1 else table[list(names)]
        repeated = columns.duplicated(keep="first").to_numpy() & ~null
        if repeated.any():
            what = "the primary key" if primary else "unique"
            faults.add(
                f"{where} is {what} but {repeated.sum()} of {len(table)} rows repeat an earlier "
                f"row ({values_of(table, names, repeated)}); make the rows distinct or choose "
                "other columns"
            )
