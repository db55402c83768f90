"""The last proof of generated tables: keys, unique sets and references."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from relsynth.constraints.positions import positions_of, tuple_codes
from relsynth.constraints.rule import repeats
from relsynth.errors import ConstraintError, Faults
from relsynth.metadata.metadata import Metadata


def prove_tables(metadata: Metadata, tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """Count the rules of keys that hold in every row.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        With the rows that were there before.

    Returns
    -------
    dict of str to int
        How many primary keys, unique sets and foreign keys were proved.

    Raises
    ------
    ConstraintError
        Listing every one that fails, with the number of rows.
    """
    proved = {"primary keys": 0, "unique sets": 0, "foreign keys": 0}
    with Faults("generated tables", ConstraintError) as faults:
        for name, table in metadata.tables.items():
            frame = tables[name]
            primary = list(table.primary_key)
            missing = int(frame[primary].isna().any(axis=1).sum()) if primary else 0
            if missing:
                faults.add(f"{name}: the primary key is missing in {missing:,} rows")
            for group in table.candidate_keys:
                (codes,), _ = tuple_codes([frame[column] for column in group])
                again = int(repeats(codes).sum())
                if again:
                    faults.add(f"{name}: ({', '.join(group)}) comes again in {again:,} rows")
                proved["primary keys" if group == table.primary_key else "unique sets"] += 1
        for key in metadata.foreign_keys:
            child, parent = tables[key.child], tables[key.parent]
            applies = np.ones(len(child), dtype=bool)
            for column, value in (key.when or {}).items():
                applies &= (child[column] == value).fillna(False).to_numpy(dtype=bool)
            given = child[list(key.columns)].notna().all(axis=1).to_numpy() & applies
            found = positions_of(
                [child[column] for column in key.columns],
                [parent[column] for column in key.parent_columns],
            )
            lost = int((given & (found < 0)).sum())
            if lost:
                faults.add(f"foreign key {key.name!r}: {lost:,} rows refer to no row")
            proved["foreign keys"] += 1
    return proved
