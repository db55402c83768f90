"""Keys and references: repeated, missing, pointing nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from relsynth.evaluate.codes import find_rows, key_codes, shared_codes
from relsynth.evaluate.unique_sets import repeated, unique_sets
from relsynth.evaluate.violation import Violation, broken
from relsynth.typing import Flags, Tables

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey, Metadata

DUPLICATE_KEY = "duplicate primary key"
ORPHAN = "orphan"


def key_violations(metadata: Metadata, real: Tables, synthetic: Tables) -> list[Violation]:
    """Return what is wrong with primary keys, unique sets and foreign keys."""
    found: list[Violation] = []
    for name, table in metadata.tables.items():
        if table.primary_key:
            found += _primary_key(synthetic[name], name, table.primary_key)
    for unique in unique_sets(metadata, real):
        frame = synthetic[unique.table]
        where = f"{unique.table}.{'+'.join(unique.columns)}"
        flags = repeated(frame, unique.columns)
        found += broken(
            frame, flags, where, "duplicate", unique.columns, unique.reason, strict=unique.declared
        )
    for key in metadata.foreign_keys:
        found += _reference(key, real, synthetic)
    return found


def _primary_key(frame: pd.DataFrame, name: str, columns: tuple[str, ...]) -> list[Violation]:
    where = f"{name}.{'+'.join(columns)}"
    null = frame[list(columns)].isna().any(axis=1).to_numpy()
    return [
        *broken(frame, null, where, "null primary key", columns),
        *broken(frame, repeated(frame, columns), where, DUPLICATE_KEY, columns),
    ]


def _reference(key: ForeignKey, real: Tables, synthetic: Tables) -> list[Violation]:
    child, parent = synthetic[key.child], synthetic[key.parent]
    applies = _applies(key, child)
    wanted, owned = key_codes([(child, key.columns), (parent, key.parent_columns)])
    orphan = applies & (wanted >= 0) & (find_rows(wanted, owned) < 0)
    where = f"{key.child}.{'+'.join(key.columns)}"
    found = broken(child, orphan, where, ORPHAN, key.columns, f"must exist in {key.parent}")
    null = applies & child[list(key.columns)].isna().any(axis=1).to_numpy()
    original = real[key.child]
    ever = _applies(key, original) & original[list(key.columns)].isna().any(axis=1).to_numpy()
    if key.nullable is False or not ever.any():
        found += broken(
            child, null, where, "unexpected null", key.columns, "every real row has a parent"
        )
    return found


def _applies(key: ForeignKey, child: pd.DataFrame) -> Flags:
    flags = np.ones(len(child), dtype=bool)
    for column, value in (key.when or {}).items():
        (codes, only), _ = shared_codes([child[column], pd.Series([value], dtype=object)])
        flags &= codes == only[0]
    return flags
