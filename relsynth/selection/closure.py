"""Which rows must come along: all descendants of the chosen rows and all needed parents."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from relsynth.metadata import Metadata
from relsynth.metadata.references import referenced_rows
from relsynth.schema import ForeignKey
from relsynth.typing import Flags, Integers, Tables


def parent_rows(tables: Tables, metadata: Metadata) -> dict[str, Integers]:
    """Return the parent row of every child row, per foreign key name."""
    return {
        key.name: referenced_rows(tables[key.child], tables[key.parent], key)
        for key in metadata.foreign_keys
    }


def close(
    tables: Tables,
    metadata: Metadata,
    links: Mapping[str, Integers],
    chosen: Mapping[str, Integers],
) -> dict[str, Integers]:
    """Complete chosen rows to a set in which every reference holds.

    Parameters
    ----------
    links : mapping of str to ndarray of int
        From `parent_rows`.
    chosen : mapping of str to ndarray of int
        Row numbers per table.

    Returns
    -------
    dict of str to ndarray of int
        Row numbers of every table, rising.

    Notes
    -----
    Downwards, the children of every chosen row and their children follow, along all keys
    but those that close a cycle or refer to their own table, because these would pull in the
    whole cycle. Upwards, every row that a kept row refers to follows, along all keys. Rows
    that are needed as parents only do not bring their other children. Reference tables are
    kept whole. O(rows x keys) time per step of the longest path.
    """
    kept = {name: np.zeros(len(tables[name]), dtype=bool) for name in metadata.tables}
    for name, rows in chosen.items():
        kept[name][rows] = True
    _spread(kept, links, descending_keys(metadata), _add_children)
    for name, table in metadata.tables.items():
        if table.role == "reference":
            kept[name][:] = True
    _spread(kept, links, metadata.foreign_keys, _add_parents)
    return {name: np.flatnonzero(rows) for name, rows in kept.items()}


def descending_keys(metadata: Metadata) -> tuple[ForeignKey, ...]:
    """Return the keys along which children belong to their parent."""
    deferred = {key.name for step in metadata.plan().steps for key in step.deferred}
    return tuple(key for key in metadata.foreign_keys if key.name not in deferred)


def _spread(
    kept: dict[str, Flags],
    links: Mapping[str, Integers],
    keys: tuple[ForeignKey, ...],
    add: Callable[[dict[str, Flags], ForeignKey, Integers], None],
) -> None:
    """Follow keys until no row is added."""
    grows = True
    while grows:
        before = sum(int(rows.sum()) for rows in kept.values())
        for key in keys:
            add(kept, key, links[key.name])
        grows = sum(int(rows.sum()) for rows in kept.values()) > before


def _add_children(kept: dict[str, Flags], key: ForeignKey, parents: Integers) -> None:
    placed = parents >= 0
    kept[key.child] |= placed & _at(kept[key.parent], parents)


def _at(flags: Flags, rows: Integers) -> Flags:
    return flags[np.maximum(rows, 0)] if len(flags) else np.zeros(len(rows), dtype=bool)


def _add_parents(kept: dict[str, Flags], key: ForeignKey, parents: Integers) -> None:
    needed = parents[kept[key.child]]
    kept[key.parent][needed[needed >= 0]] = True
