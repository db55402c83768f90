"""Columns of which one lies within others, as a city does in its country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from relsynth.columns.relations.relation import Stated
from relsynth.sorting import lexical_order
from relsynth.typing import Floats, Integers


@dataclass(frozen=True, eq=False, kw_only=True)
class Nested(Stated):
    """A category that comes only together with some levels of others.

    Models draw near-unique levels, such as cities, hardly better than at random. A level that
    was never seen with those it lies within is drawn anew among those that were, as often.

    Attributes
    ----------
    outer : ndarray of float, shape (n_rows, n_bases)
        Levels of the bases in every row learned from, sorted; ``-1`` for missing.
    inner : ndarray of float, shape (n_rows,)
        Level of the target, sorted inside equal bases.
    missing : bool
        Whether missing targets count as a level.
    """

    target: str
    bases: tuple[str, ...]
    outer: Floats
    inner: Floats
    missing: bool

    @classmethod
    def of(
        cls, table: Mapping[str, Floats], target: str, bases: tuple[str, ...], *, missing: bool
    ) -> Self:
        """Learn from the columns of a table."""
        outer = _filled([table[base] for base in bases])
        inner = np.where(np.isnan(table[target]), -1.0, table[target])
        if not missing:
            outer, inner = outer[inner >= 0], inner[inner >= 0]
        order = lexical_order((inner, *outer.T[::-1]))
        return cls(
            target=target, bases=bases, outer=outer[order], inner=inner[order], missing=missing
        )

    def restore(
        self, values: Floats, columns: Mapping[str, Floats], rng: np.random.Generator
    ) -> Floats:
        """Return the target with every level within those of the bases."""
        draws = rng.random(len(values))
        wanted = _filled([columns[base] for base in self.bases])
        inner = np.where(np.isnan(values), -1.0, values)
        both = np.vstack([self.outer, wanted])
        group = np.unique(both, axis=0, return_inverse=True)[1].ravel()
        known, own = group[: len(self.outer)], group[len(self.outer) :]
        first, last = np.searchsorted(known, own, "left"), np.searchsorted(known, own, "right")
        moved = np.flatnonzero((last > first) & ~self._seen(known, own, inner))
        if not self.missing:
            moved = moved[inner[moved] >= 0]
        place = first[moved] + (draws[moved] * (last - first)[moved]).astype(np.int64)
        restored = values.copy()
        restored[moved] = np.where(self.inner[place] < 0, np.nan, self.inner[place])
        return restored

    def _seen(self, known: Integers, own: Integers, inner: Floats) -> Any:
        width = max(float(self.inner.max(initial=0)), float(inner.max(initial=0))) + 2
        return np.isin(own * width + inner + 1, known * width + self.inner + 1)


def _filled(columns: list[Floats]) -> Floats:
    values = np.column_stack(columns)
    return np.where(np.isnan(values), -1.0, values)
