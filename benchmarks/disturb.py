"""Synthetic stand-ins made by disturbing real data, for benchmarks of the measures."""

from __future__ import annotations

import numpy as np
import pandas as pd

import relsynth as rs


def disturb(
    tables: dict[str, pd.DataFrame], metadata: rs.Metadata, *, swapped: float = 0.2, seed: int = 0
) -> dict[str, pd.DataFrame]:
    """Deal a share of every column's values to other rows and blur numbers with decimals."""
    rng = np.random.default_rng(seed)
    out = {}
    for name, table in metadata.tables.items():
        frame = tables[name].copy()
        keys = metadata.key_columns(name)
        for column in table.columns.values():
            if column.name in keys or column.kind in ("key", "text") or column.pii:
                continue
            values = frame[column.name].to_numpy(copy=True)
            flags = rng.random(len(values)) < swapped
            values[flags] = rng.permutation(values[flags])
            frame[column.name] = values
            if frame[column.name].dtype.kind == "f" and column.kind == "numeric":
                scale = 0.1 * frame[column.name].std()
                frame[column.name] += rng.normal(0, scale, len(frame))
        for key in metadata.parents_of(name):
            flags = rng.random(len(frame)) < swapped
            moved = frame.loc[flags, list(key.columns)].sample(frac=1, random_state=seed)
            frame.loc[flags, list(key.columns)] = moved.to_numpy()
        out[name] = frame
    return out


def thin(
    tables: dict[str, pd.DataFrame], metadata: rs.Metadata, *, kept: float = 0.9, seed: int = 0
) -> dict[str, pd.DataFrame]:
    """Leave out a share of the rows of every table that nothing refers to."""
    leaves = [name for name in metadata.tables if not metadata.children_of(name)]
    return {
        name: frame.sample(frac=kept, random_state=seed).sort_index() if name in leaves else frame
        for name, frame in tables.items()
    }
