"""What is known of a row and of everything below it, as numbers on one scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.hvrt.scores import NormalScores
from relsynth.metadata import Metadata
from relsynth.relational.children.summary import ExtensionLayout
from relsynth.relational.sources.encoding import TableEncoding
from relsynth.schema import ForeignKey
from relsynth.typing import Floats, Integers, Tables

LEVELS = 12  # indicators a category
DEPTH = 2  # keys downwards that a unit is described by
UNUSED = ("key", "text")


def row_features(
    tables: Tables,
    metadata: Metadata,
    links: Mapping[str, Integers],
    keys: Iterable[ForeignKey],
    table: str,
) -> Floats:
    """Return the rows of a table with their extension columns, ready for distances.

    Parameters
    ----------
    links : mapping of str to ndarray of int
        Parent row of every child row, per key name.
    keys : iterable of ForeignKey
        Along which children are summarised; without cycles.

    Returns
    -------
    ndarray, shape (n_rows, n_features)
        Normal scores of numbers; frequent levels of categories as indicators; a flag for
        gaps. Personal data, free text and keys are left out.

    Notes
    -----
    Children and grandchildren are summarised; what lies deeper shows in their counts.
    """
    return spread_out(_summarised(tables, metadata, links, tuple(keys), table))


def encode_rows(frame: pd.DataFrame, metadata: Metadata, table: str) -> Matrix:
    """Return the columns of a table that carry meaning, as numbers."""
    columns = metadata.tables[table].columns
    keys = metadata.key_columns(table)
    used = tuple(
        name
        for name, column in columns.items()
        if name not in keys and column.kind not in UNUSED and not column.pii
    )
    return TableEncoding.learn(frame, columns, used, Holders(len(frame))).encode(frame)


def spread_out(rows: Matrix) -> Floats:
    """Return numbers as normal scores and categories as indicators of frequent levels."""
    parts = [np.empty((len(rows), 0))]
    for j, kind in enumerate(rows.kinds):
        column = rows.values[:, [j]]
        missing = np.isnan(column)
        if kind == "category":
            levels, counts = np.unique(column[~missing], return_counts=True)
            frequent = levels[np.argsort(-counts, kind="stable")[:LEVELS]]
            parts.append((column == frequent) / np.sqrt(2.0))
        elif not missing.all():
            scores = NormalScores.of(column, np.ones(1, dtype=bool)).middle(column)
            parts.append(np.nan_to_num(scores))
        if missing.any() and not missing.all():
            parts.append(missing.astype(float))
    return np.hstack(parts)


def _summarised(
    tables: Tables,
    metadata: Metadata,
    links: Mapping[str, Integers],
    keys: tuple[ForeignKey, ...],
    table: str,
    depth: int = DEPTH,
) -> Matrix:
    """Return the columns of a table beside the extension columns of the tables below."""
    parts = [encode_rows(tables[table], metadata, table)]
    for key in keys:
        if key.parent == table and depth > 0:
            children = _summarised(tables, metadata, links, keys, key.child, depth - 1)
            layout = ExtensionLayout.of(children, None)
            rows = layout.summarise(children, links[key.name], len(tables[table]))
            names = tuple(f"{key.name}.{name}" for name in rows.names)
            parts.append(Matrix(names, rows.kinds, rows.values))
    return Matrix.join(parts)
