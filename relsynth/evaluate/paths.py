"""Chains of foreign keys and the rows they join."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from relsynth.evaluate.codes import MISSING
from relsynth.evaluate.database import Database, Kind
from relsynth.typing import Array, Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey, Metadata

Path = tuple["ForeignKey", ...]


def downward_paths(metadata: Metadata, hops: int) -> list[Path]:
    """Return every chain of 1 to `hops` foreign keys, from the top down; no table twice."""
    keys = [key for key in metadata.foreign_keys if not key.is_self_reference]
    level: list[Path] = [(key,) for key in keys]
    found: list[Path] = []
    for _ in range(hops):
        found += level
        level = [
            (*path, key)
            for path in level
            for key in keys
            if key.parent == path[-1].child and key.child not in {part.parent for part in path}
        ]
    return found


def path_name(path: Path) -> str:
    """Return a readable name of a chain."""
    steps = [f"{key.child}.{'+'.join(key.columns)}" for key in path]
    return " > ".join([path[0].parent, *steps])


def top_rows(database: Database, path: Sequence[ForeignKey]) -> Integers:
    """Return for every bottom row its row in the top table, ``-1`` where the chain breaks."""
    row = np.arange(database.rows[path[-1].child])
    for key in reversed(path):
        row = np.append(database.links[key.name], MISSING)[row]
    return row


def joined_columns(
    database: Database, path: Sequence[ForeignKey], rows: Integers, tops: Integers
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return top and bottom columns of joined rows, as ``table.column``."""
    top, bottom = path[0].parent, path[-1].child
    return (
        {f"{top}.{name}": values[tops] for name, values in database.values[top].items()},
        {f"{bottom}.{name}": values[rows] for name, values in database.values[bottom].items()},
    )


def joined_kinds(database: Database, path: Sequence[ForeignKey]) -> dict[str, Kind]:
    """Return the kinds of the columns that `joined_columns` gives."""
    return {
        f"{table}.{name}": kind
        for table in (path[0].parent, path[-1].child)
        for name, kind in database.kinds[table].items()
    }
