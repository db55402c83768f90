"""A table under examination: levels, orders and the block shuffle its relations are tested with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.columns.relations.precision import Precision
from relsynth.columns.relations.relation import Relation
from relsynth.columns.voids import marks
from relsynth.seeding import Seed, stream
from relsynth.sorting import stable_order
from relsynth.typing import Flags, Floats, Integers

_SAMPLE: Final = 2_000  # rows in which levels are counted
_SHUFFLED: Final = 20_000  # rows in the blocks looked at, which are spread over the whole order


@dataclass(frozen=True, slots=True)
class Levels:
    """Distinct values of a column, ascending, missing last.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
    values : ndarray of float, shape (k,)
    counts : ndarray of int, shape (k,)
    """

    codes: Integers
    values: Floats
    counts: Integers

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def of(cls, column: Floats) -> Levels:
        """Return the levels of a column in one hash pass and a sort of the distinct values."""
        codes, values = pd.factorize(column)
        ascending = stable_order(values)
        rank = np.empty(len(values) + 1, dtype=np.int64)
        rank[ascending] = np.arange(len(values))
        rank[-1] = len(values)  # factorize gives -1 to what is missing
        codes = rank[codes]
        values = values[ascending]
        if (codes == len(values)).any():
            values = np.append(values, np.nan)
        return cls(codes, values, np.bincount(codes, minlength=len(values)))

    def merged(self, values: Floats) -> Levels:
        """Return the levels of a column that has one value for each of these levels."""
        found = Levels.of(values)
        codes = found.codes[self.codes]
        return Levels(codes, found.values, np.bincount(codes, minlength=len(found)))


def first_rows(codes: Integers, levels: int) -> Integers:
    """Return the first row of every level; 0 for a level without rows."""
    first = np.zeros(levels, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first


@dataclass
class ExaminedTable:
    """A table with what several tests ask of it, computed once.

    Attributes
    ----------
    dates : frozenset of str
        Columns that are instants in seconds.
    min_count : int
        Rows a value pair must have before it may be written into a lookup.
    holders : Holders, optional
        Whose the rows are: too few subjects must not have it either.
    """

    table: Matrix
    precision: Mapping[str, Precision]
    dates: frozenset[str]
    seed: Seed
    min_count: int
    holders: Holders | None = None
    _levels: dict[str, Levels] = field(default_factory=dict)
    _samples: dict[str, Levels] = field(default_factory=dict)
    _chosen: dict[int, dict[str, Floats]] = field(default_factory=dict)
    _present: dict[str, Flags] = field(default_factory=dict)
    _marked: dict[str, Flags] = field(default_factory=dict)
    _swaps: dict[int, Integers] = field(default_factory=dict)

    @cached_property
    def shuffled(self) -> Integers:
        """All rows in random order; its beginning is a sample."""
        return stream(self.seed, "relations", "rows").permutation(len(self.table))

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """Numbers and counts that are not dates."""
        kinds = zip(self.table.names, self.table.kinds, strict=True)
        return tuple(n for n, kind in kinds if kind != "category" and n not in self.dates)

    @cached_property
    def instants(self) -> tuple[str, ...]:
        """Dates, in the table's order."""
        return tuple(name for name in self.table.names if name in self.dates)

    def is_category(self, name: str) -> bool:
        """Return whether a column holds codes without an order."""
        return self.table.kinds[self.table.names.index(name)] == "category"

    def sample(self, rows: int) -> dict[str, Floats]:
        """Return all columns at a random sample of rows."""
        if rows not in self._chosen:
            columns = self.table.values.T
            chosen = [column[self.shuffled[:rows]] for column in columns]
            self._chosen[rows] = dict(zip(self.table.names, chosen, strict=True))
        return self._chosen[rows]

    def frequent(self, levels: Levels) -> Flags:
        """Return which levels may be written into a lookup."""
        frequent: Flags = levels.counts >= self.min_count
        if self.holders is not None and self.holders.paths:
            frequent &= ~self.holders.rare(levels.codes, len(levels))
        return frequent

    def usual(self, name: str) -> float:
        """Return the most frequent present value in a sample of a column."""
        sampled = self._sampled(name)
        return float(sampled.values[np.argmax(sampled.counts)]) if len(sampled) else np.nan

    def distinct(self, name: str) -> int:
        """Return the number of distinct present values in a sample of a column."""
        return len(self._sampled(name))

    def _sampled(self, name: str) -> Levels:
        if name not in self._samples:
            column = self.table[name][self.shuffled[:_SAMPLE]]
            self._samples[name] = Levels.of(column[~np.isnan(column)])
        return self._samples[name]

    def present(self, name: str) -> Flags:
        """Return where a column is not missing."""
        if name not in self._present:
            self._present[name] = ~np.isnan(self.table[name])
        return self._present[name]

    def marked(self, name: str) -> Flags:
        """Return where a column holds a mark, such as 9999-12-31, that is no amount or moment."""
        if name not in self._marked:
            levels = self.levels(name)
            known = len(levels) - int(np.isnan(levels.values[-1:]).any())
            found = np.zeros(len(levels), bool)
            found[:known] = marks(levels.values[:known], levels.counts[:known])
            self._marked[name] = found[levels.codes]
        return self._marked[name]

    def levels(self, name: str) -> Levels:
        """Return the distinct values of a column."""
        if name not in self._levels:
            self._levels[name] = Levels.of(self.table[name])
        return self._levels[name]

    def is_reversible(self, relation: Relation) -> bool:
        """Return whether the residual, as doubles, gives back every value of the target."""
        target = self.table[relation.target]
        bases = [self.table[base] for base in relation.bases]
        back = relation.decode(relation.encode(target, bases), bases)
        return bool((relation.precision.agree(back, target) | np.isnan(target)).all())

    def ascending(self, name: str) -> Integers:
        """Return the rows where a column is present in its order, ties at random."""
        levels = self.levels(name)
        few = levels.codes.astype(np.min_scalar_type(len(levels)))  # sorted by radix
        order = stable_order(few[self.shuffled])
        return self.shuffled[order[: np.count_nonzero(self.present(name))]]

    def blocks(self, ascending: Integers, size: int) -> tuple[Integers, Integers]:
        """Return rows in blocks of neighbours, and the same rows permuted inside each block.

        Drawing a dependent value from the permuted row imitates the draw from a leaf
        of a tree that was grown on the base.
        """
        whole, most = len(ascending) // size, _SHUFFLED // size
        rows = ascending[: whole * size]
        if whole > most:
            chosen = np.linspace(0, whole - 1, most).astype(np.int64)
            rows = rows.reshape(whole, size)[chosen].ravel()
        if size not in self._swaps:
            rng = stream(self.seed, "relations", "blocks", size)
            within = np.argsort(rng.random((most, size)), axis=1)
            self._swaps[size] = (np.arange(most)[:, None] * size + within).ravel()
        return rows, rows[self._swaps[size][: len(rows)]]
