"""The last look at drawn tables before they are handed out: keys, unique sets, references."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from relsynth.errors import CapacityError, Faults
from relsynth.metadata import ForeignKey, Metadata
from relsynth.metadata.references import ORPHAN, applies, referenced_rows
from relsynth.relational.drawing.shared_columns import joint_codes
from relsynth.relational.sources.conditions import Conditions
from relsynth.typing import Flags, Tables


def prove_keys(tables: Tables, metadata: Metadata, made: Collection[str]) -> None:
    """Refuse tables in which a declared key repeats or refers to nothing.

    Parameters
    ----------
    metadata : Metadata
        Of these tables.
    made : collection of str
        The tables to look at: those that were drawn. What was given or kept is the caller's.

    Raises
    ------
    CapacityError
        Listing every table and key, with how many rows are at fault.

    Notes
    -----
    Keys are true by construction or mended while rows are drawn, so this finds something
    only where a schema ties keys together in a way that mending could not undo. Hashes
    every key once, linear in rows.
    """
    with Faults("sample", CapacityError) as faults:
        for name in metadata.tables:
            if name not in made:
                continue
            table = metadata.tables[name]
            for columns in table.candidate_keys:
                where = f"{name}.{'+'.join(columns)}"
                count = int(_repeated(tables[name], columns).sum())
                if count:
                    faults.add(
                        f"{where}: {count} of {len(tables[name])} rows drawn repeat a value that "
                        f"must be unique; ask for fewer rows of {name!r} or more of its parents"
                    )
            if table.primary_key:
                where = f"{name}.{'+'.join(table.primary_key)}"
                missing = tables[name][list(table.primary_key)].isna().any(axis=1)
                if missing.any():
                    faults.add(
                        f"{where}: {int(missing.sum())} of {len(tables[name])} rows drawn have no "
                        f"value in the primary key; ask for fewer rows of {name!r}"
                    )
            for key in metadata.parents_of(name):
                if key.parent in tables:
                    count = int(_orphans(tables[name], tables[key.parent], key).sum())
                    if count:
                        faults.add(
                            f"{name}.{'+'.join(key.columns)}: {count} of {len(tables[name])} rows "
                            f"drawn refer to no row of {key.parent!r}; its columns are shared with "
                            f"other keys that leave no choice; ask for more rows of {key.parent!r}"
                        )


def prove_conditions(tables: Tables, conditions: Mapping[str, Conditions]) -> None:
    """Refuse tables in which a row lacks a value that was asked for.

    Raises
    ------
    CapacityError
        Listing every column: what other columns or tables settle was changed after the rows
        had been drawn.
    """
    with Faults("where", CapacityError) as faults:
        for name, asked in conditions.items():
            for column, wanted in asked.wanted.items():
                met = wanted.shown_in(tables[name][column])
                if not met.all():
                    faults.add(
                        f"{name}.{column}: {int((~met).sum())} of {len(met)} rows lost the value "
                        "when they were made to agree with other tables or the checks of the "
                        "schema; give the condition on what the column follows from"
                    )


def _repeated(frame: pd.DataFrame, columns: tuple[str, ...]) -> Flags:
    if len(columns) == 1:
        values = frame[columns[0]]
        return (values.duplicated() & values.notna()).to_numpy()
    codes = joint_codes([frame[column] for column in columns], [])[0]
    return np.asarray((codes >= 0) & pd.Series(codes).duplicated().to_numpy())


def _orphans(child: pd.DataFrame, parent: pd.DataFrame, key: ForeignKey) -> Flags:
    if len(key.columns) == 1:
        own, other = child[key.columns[0]], parent[key.parent_columns[0]]
        if own.dtype == other.dtype and own.dtype.name != "category":
            return (own.notna() & ~own.isin(other) & applies(child, key)).to_numpy()
    return referenced_rows(child, parent, key) == ORPHAN
