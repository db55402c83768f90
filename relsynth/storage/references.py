"""Give both ends of a reference one type after reading files that have no types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pandas.api import types

from relsynth.storage.cells import cells_of, is_text

if TYPE_CHECKING:
    from relsynth.schema import Schema


def align_references(tables: dict[str, pd.DataFrame], metadata: Schema) -> dict[str, pd.DataFrame]:
    """Turn numbers into their text where the other end of a reference is text.

    Codes such as ``12`` in one table and ``12, 7b`` in the other are read as numbers here and
    as text there; as both are kept cell by cell, the text of the numbers is what the file has.
    A column without values says nothing.

    Returns
    -------
    dict of str to DataFrame
        The same tables; those with a changed column are shallow copies.
    """
    pairs = [
        ((key.child, column), (key.parent, target))
        for key in metadata.foreign_keys
        for column, target in zip(key.columns, key.parent_columns, strict=True)
    ]
    pairs = [pair for pair in pairs if all(name in tables[home] for home, name in pair)]
    aligned = dict(tables)
    changed = True
    while changed:
        changed = False
        for ends in pairs:
            numbers = [(t, c) for t, c in ends if types.is_numeric_dtype(aligned[t][c])]
            if len(numbers) == 1:
                ((table, column),) = numbers
                ((other, name),) = (end for end in ends if end != numbers[0])
                if aligned[other][name].notna().any() and is_text(aligned[other][name]):
                    text = cells_of(aligned[table][column]).to_pandas()
                    text.index = aligned[table].index
                    aligned[table] = aligned[table].assign(**{column: text})
                    changed = True
    return aligned
