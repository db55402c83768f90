"""What is special about single moments for all families: holidays, sales, outages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.calendar import calendar
from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.columns.protection import Holders
from relsynth.evidence import FEW, SLIGHT
from relsynth.packing import packable
from relsynth.sorting import stable_order
from relsynth.typing import Floats, Integers

LEVELS = 5  # that get a share each


@packable
@dataclass(frozen=True, slots=True)
class DateEffects:
    """Means of columns, and shares of levels, over the rows of one moment.

    A threshold on the moment tells one day in a thousand from the others with two splits of
    its own; how many rows of that day are holidays tells it at once.

    Attributes
    ----------
    moments : ndarray of float, shape (n_moments,)
        Rising.
    values : ndarray of float, shape (n_moments, n_names)
    """

    moments: Floats
    names: tuple[str, ...]
    values: Floats

    @classmethod
    def find(
        cls,
        rows: Matrix,
        names: tuple[str, ...],
        moments: Floats,
        parts: tuple[str, ...] = (),
        holders: Holders | None = None,
    ) -> DateEffects:
        """Look at some columns of real rows.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_columns)
        names : tuple of str
            The columns to look at.
        moments : ndarray of float, shape (n_rows,)
            The column that orders siblings.
        parts : tuple of str
            Parts of the calendar that are features of rows anyway; see `calendar`.
        holders : Holders, optional
            Whose the rows are: moments that too few subjects have give no means.

        Notes
        -----
        Only where a moment has ``FEW`` rows on average, and only what moments
        explain at least ``SLIGHT`` of beyond the calendar and chance. Costs one count a
        column and level.
        """
        distinct, codes = np.unique(moments, return_inverse=True)
        usual = [np.unique(part, return_inverse=True)[1] for part in calendar(distinct, parts).T]
        found: dict[str, Floats] = {}
        if FEW * len(distinct) <= len(rows) and len(distinct) > 2:
            for name in names:
                kind = rows.kinds[rows.names.index(name)]
                columns = _levels(rows[name]) if kind == "category" else {"": rows[name]}
                for level, values in columns.items():
                    means = _means(values, codes, len(distinct), usual)
                    if means is not None:
                        found[f"at.{name}{level}"] = means
        if not found:
            return cls(np.empty(0), (), np.empty((0, 0)))
        table = np.column_stack(list(found.values()))
        if holders is not None:
            shared = ~holders.rare(codes, len(distinct))
            if not shared.any():
                return cls(np.empty(0), (), np.empty((0, 0)))
            distinct, table = distinct[shared], table[shared]
        return cls(distinct, tuple(found), table)

    def features(self, moments: Floats) -> Matrix:
        """Return what was usual at the real moments nearest to some."""
        middle = (self.moments[1:] + self.moments[:-1]) / 2
        nearest = np.searchsorted(middle, moments)
        kinds: list[ColumnKind] = ["number"] * len(self.names)
        return Matrix(self.names, tuple(kinds), self.values[nearest])


def _levels(codes: Floats) -> dict[str, Floats]:
    """Return an indicator of each of the frequent levels but the first."""
    levels, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
    if len(levels) > FEW:
        return {}
    others = levels[stable_order(-counts)[1 : 1 + LEVELS]]
    return {f"[{level:g}]": (codes == level).astype(float) for level in others}


def _means(values: Floats, codes: Integers, count: int, usual: list[Integers]) -> Floats | None:
    """Return the mean of every moment, where moments explain enough."""
    known = ~np.isnan(values)
    values, codes = values[known], codes[known]
    total = ((values - values.mean()) ** 2).sum() if len(values) else 0.0
    sizes = np.bincount(codes, minlength=count)
    freedom = len(values) - (sizes > 0).sum()
    if freedom <= 0 or total == 0:
        return None
    means = np.bincount(codes, values, count) / np.maximum(sizes, 1)
    within = ((values - means[codes]) ** 2).sum()
    means[sizes == 0] = values.mean()
    special = means - values.mean()
    for part in usual:
        weight = np.maximum(np.bincount(part, sizes), 1)
        special = special - (np.bincount(part, sizes * special) / weight)[part]
    by_chance = within / freedom * (sizes > 0).sum()
    return means if (sizes * special**2).sum() - by_chance >= SLIGHT * total else None
