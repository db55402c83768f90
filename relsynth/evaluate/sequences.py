"""Tables as sequences: one random pair of consecutive rows per parent, with what is around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relsynth.evaluate.codes import MISSING
from relsynth.evaluate.database import Database, Kind
from relsynth.seeding import Seed, stream
from relsynth.typing import Array, Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey

LENGTH = "(rows per parent)"


@dataclass(frozen=True, slots=True)
class View:
    """Columns of equal length that belong together row by row.

    Attributes
    ----------
    target : mapping of str to ndarray
        The table's columns; with sequences, of one row per parent, and their length.
    following : mapping of str to ndarray
        The same columns of the next row; empty where no parent has two rows.
    context : mapping of str to ndarray
        The parent's columns, as ``parent.column``.
    kinds : mapping of str to {"number", "date", "category"}
    """

    target: Mapping[str, Array]
    following: Mapping[str, Array]
    context: Mapping[str, Array]
    kinds: Mapping[str, Kind]

    def __len__(self) -> int:
        return len(next(iter(self.target.values()), np.empty(0)))

    @classmethod
    def join(cls, first: View, second: View) -> View:
        """Return the rows of two views one after the other."""
        return cls(
            _end_to_end(first.target, second.target),
            _end_to_end(first.following, second.following),
            _end_to_end(first.context, second.context),
            first.kinds,
        )

    def as_runs_of_one(self) -> View:
        """Return the view of a table of sequences where no parent has more than one row."""
        none = np.full(len(self), MISSING)
        following = {name: take_or_missing(values, none) for name, values in self.target.items()}
        target = {**self.target, LENGTH: np.ones(len(self))}
        return View(target, following, self.context, self.kinds)


def view_table(
    database: Database, table: str, key: ForeignKey | None, limit: int, seed: Seed
) -> View:
    """Return a table as the accuracy measures see it.

    Parameters
    ----------
    key : ForeignKey or None
        The context key; without it rows stand by themselves.
    limit : int
        Rows, or parents, at most.
    """
    kinds: dict[str, Kind] = dict(database.kinds[table])
    values = database.values[table]
    rng = stream(seed, "view", table)
    if key is None:
        rows = _capped(np.arange(database.rows[table]), limit, rng)
        return View({name: array[rows] for name, array in values.items()}, {}, {}, kinds)
    kinds |= {f"{key.parent}.{name}": kind for name, kind in database.kinds[key.parent].items()}
    kinds[LENGTH] = "number"
    order, starts, lengths = runs(database.links[key.name])
    chosen = _capped(np.arange(len(starts)), limit, rng)
    starts, lengths = starts[chosen], lengths[chosen]
    offset = ((lengths - 1) * rng.random(len(lengths))).astype(np.int64)
    first = order[starts + offset]
    parents = database.links[key.name][first]
    target: dict[str, Array] = {name: array[first] for name, array in values.items()}
    context = {
        f"{key.parent}.{name}": array[parents]
        for name, array in database.values[key.parent].items()
    }
    if not (database.counts(key) > 1).any():
        return View(target, {}, context, kinds)
    target[LENGTH] = lengths.astype(float)
    second = order[np.minimum(starts + offset + 1, len(order) - 1)]
    following = {
        name: take_or_missing(array, np.where(lengths > 1, second, MISSING))
        for name, array in values.items()
    }
    return View(target, following, context, kinds)


def runs(link: Integers) -> tuple[Integers, Integers, Integers]:
    """Return child rows ordered by parent, and start and length of every parent's run."""
    order = np.flatnonzero(link >= 0)
    order = order[np.argsort(link[order], kind="stable")]
    if not len(order):
        return order, order, order
    parent = link[order]
    starts = np.flatnonzero(np.r_[True, parent[1:] != parent[:-1]])
    return order, starts, np.diff(np.append(starts, len(order)))


def take_or_missing(values: Array, rows: Integers) -> Array:
    """Return values by row number, missing for a negative one."""
    if not len(values):
        return np.full(len(rows), MISSING if values.dtype.kind == "i" else np.nan)
    taken = values[rows]
    taken[rows < 0] = MISSING if values.dtype.kind == "i" else np.nan
    return taken


def _end_to_end(first: Mapping[str, Array], second: Mapping[str, Array]) -> dict[str, Array]:
    return {name: np.concatenate([a, second[name]]) for name, a in first.items() if name in second}


def _capped(rows: Integers, limit: int, rng: np.random.Generator) -> Integers:
    return rows if len(rows) <= limit else np.sort(rng.choice(rows, limit, replace=False))
