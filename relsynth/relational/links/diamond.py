"""Diamonds: two paths from a row to one ancestor that agree more often than by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.evidence import MOST
from relsynth.groups import unique_values
from relsynth.metadata import ForeignKey, Metadata
from relsynth.packing import packable
from relsynth.typing import Integers

DEPTH = 4  # keys upwards: paths to an ancestor
ABOVE_CHANCE = 0.2  # of the rows beyond what permuted links have
ALWAYS = 0.999  # one in a thousand may be a mistake in the data


@packable
@dataclass(frozen=True, slots=True)
class Diamond:
    """Two paths of foreign keys to one ancestor table.

    Attributes
    ----------
    own_path : tuple of str
        Names of keys from the child table upwards.
    parent_path : tuple of str
        From the linked parent upwards; empty where it is the ancestor itself.
    agreement : float
        Share of real rows whose two paths end in the same row.
    """

    ancestor: str
    own_path: tuple[str, ...]
    parent_path: tuple[str, ...]
    agreement: float

    @property
    def always(self) -> bool:
        """Whether the paths agree in practically all rows."""
        return self.agreement >= ALWAYS


def find_diamond(
    metadata: Metadata,
    link: ForeignKey,
    known: tuple[ForeignKey, ...],
    links: Mapping[str, Integers],
    usable: frozenset[str],
) -> Diamond | None:
    """Return the diamond a linked key closes, or ``None``.

    Parameters
    ----------
    link : ForeignKey
        The key to be assigned.
    known : tuple of ForeignKey
        Keys of the same table that are assigned before it.
    links : mapping of str to ndarray of int
        Parent row of every row, by key name; -1 for null.
    usable : frozenset of str
        Names of the keys that are assigned before this table is made.

    Notes
    -----
    Among the ancestors that both paths reach, the one with most agreement above chance is
    taken, the finer table first.
    """
    best: tuple[tuple[float, int], Diamond] | None = None
    linked = links[link.name]
    above_parent = _paths(metadata, link.parent, usable)
    for first in known:
        above = {
            (first.name, *path): end for path, end in _paths(metadata, first.parent, usable).items()
        }
        for own_path, ancestor in above.items():
            for parent_path, other in above_parent.items():
                if other != ancestor:
                    continue
                own = follow(own_path, links)
                through = follow(parent_path, links, linked)
                both = (own >= 0) & (through >= 0)
                if not both.any():
                    continue
                own, through = own[both], through[both]
                agreement = float((own == through).mean())
                gain = agreement - _chance(own, through)
                if agreement < MOST or gain < ABOVE_CHANCE:
                    continue
                rank = (round(gain, 3), len(unique_values(own)))
                if best is None or rank > best[0]:
                    best = rank, Diamond(ancestor, own_path, parent_path, agreement)
    return None if best is None else best[1]


def follow(
    path: tuple[str, ...], links: Mapping[str, Integers], rows: Integers | None = None
) -> Integers:
    """Return where a path of keys leads from some rows; -1 where a key on it is null."""
    for name in path:
        rows = links[name] if rows is None else np.append(links[name], -1)[np.maximum(rows, -1)]
    if rows is None:
        raise ValueError("an empty path needs rows to start from")
    return rows


def _paths(metadata: Metadata, table: str, usable: frozenset[str]) -> dict[tuple[str, ...], str]:
    """Return every upward path of usable keys from a table, the empty one included."""
    found: dict[tuple[str, ...], str] = {(): table}
    level = dict(found)
    for _ in range(DEPTH):
        level = {
            (*path, key.name): key.parent
            for path, end in level.items()
            for key in metadata.parents_of(end)
            if key.name in usable
        }
        found.update(level)
    return found


def _chance(own: Integers, through: Integers) -> float:
    size = int(max(own.max(), through.max())) + 1
    left = np.bincount(own, minlength=size) / len(own)
    right = np.bincount(through, minlength=size) / len(through)
    return float((left * right).sum())
