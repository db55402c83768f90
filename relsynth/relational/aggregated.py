"""Tables made of reviewed statistics alone, for models of data that nobody may read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from relsynth.errors import Faults, SchemaError
from relsynth.generation import generate
from relsynth.metadata import Metadata


def tables_of_statistics(
    path: str | Path, rows: int, seed: int
) -> tuple[Metadata, dict[str, int], dict[str, pd.DataFrame]]:
    """Return the schema of a file of statistics, the sizes it says, and tables to learn.

    Parameters
    ----------
    path : str or Path
        Written by `RelationalSynthesizer.statistics`, or by hand.
    rows : int
        Of the largest table to make.

    Raises
    ------
    SchemaError
        Listing every table without a number of rows.
    """
    metadata = Metadata.load(path)
    sizes = {name: table.rows or 0 for name, table in metadata.tables.items()}
    largest = max(sizes.values(), default=0)
    with Faults(str(path), SchemaError) as faults:
        for name, size in sizes.items():
            if not size:
                faults.add(f"{name}: no number of rows; write 'rows' into the file")
    part = min(1.0, rows / largest)
    roots = {step.table for step in metadata.plan().steps if step.context is None}
    wanted = {name: max(round(sizes[name] * part), 1) for name in roots}
    free = [replace(table, rows=None) for table in metadata.tables.values()]
    shaped = Metadata(free, metadata.foreign_keys)
    return metadata, sizes, generate(shaped, rows=wanted, seed=seed)
