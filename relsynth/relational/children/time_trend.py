"""Columns that rise and fall with time for all families alike: temperatures, prices, demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.evidence import ENOUGH, SLIGHT, VISIBLE
from relsynth.groups import unique_values
from relsynth.packing import packable
from relsynth.relational.children.history import Siblings
from relsynth.typing import Floats, Integers

LONG = 500  # rows a family on average: after as many steps a drawn season is lost
FAMILIES = 3  # that share the time; one alone has no mean
STRETCHES = 50  # of time at most: a week of a year
ROWS_A_STRETCH = 60  # a mean is known to .13 of its spread
OFTEN = 5  # times that a value of a grid is seen


@packable
@dataclass(frozen=True, slots=True)
class Trends:
    """What numbers are like at a time, in the mean over few long families.

    A row that is drawn after the one before it knows the season little by little only: what is
    left of it after a thousand steps is noise, and a July would be as cold as it happens. So
    such a number is learned as its distance from the mean of its time.

    Attributes
    ----------
    moments : ndarray of float, shape (n_knots,)
        Rising.
    levels : mapping of str to ndarray of float, shape (n_knots,)
        Mean of a column around each moment; straight lines between them.
    grids : mapping of str to ndarray of float
        The values that columns take which take each of them often, rising.
    """

    moments: Floats
    levels: Mapping[str, Floats]
    grids: Mapping[str, Floats]

    @classmethod
    def find(
        cls,
        rows: Matrix,
        siblings: Siblings,
        names: tuple[str, ...],
        moments: Floats,
        holders: Holders | None = None,
    ) -> Trends:
        """Look at some columns of real rows, as `Baseline.find` does.

        Parameters
        ----------
        moments : ndarray of float, shape (n_rows,)
            The column that orders siblings.
        holders : Holders, optional
            Whose the rows are: values that too few subjects have are not in a grid.

        Notes
        -----
        Only where ``FAMILIES`` or more hold ``LONG`` rows each on average. Time is cut into at
        most ``STRETCHES`` of equally many rows; a column of many values, none of them common,
        has a trend where these explain ``VISIBLE`` of its variance. Costs one sort a column.
        """
        sizes = np.bincount(siblings.group)
        sizes = sizes[sizes > 0]
        nothing = cls(np.zeros(1), {}, {})
        if len(sizes) < FAMILIES or sizes.mean() < LONG:
            return nothing
        count = int(min(STRETCHES, sizes.max() // ROWS_A_STRETCH))
        edges = unique_values(np.quantile(moments, np.linspace(0.0, 1.0, count + 1)))
        if len(edges) < 3:
            return nothing
        stretch = np.clip(np.searchsorted(edges, moments, "right") - 1, 0, len(edges) - 2)
        levels, grids = {}, {}
        for name in names:
            distinct, counts = np.unique(rows[name][~np.isnan(rows[name])], return_counts=True)
            if (
                not rows.is_number(name)
                or len(distinct) < ENOUGH
                or counts.max() > SLIGHT * len(rows)
            ):
                continue
            means = _means(rows[name], stretch, len(edges) - 1)
            if means is not None and _explains(rows[name], means[stretch]):
                levels[name] = means
                often = distinct[counts >= OFTEN]
                if counts[counts >= OFTEN].sum() >= (1 - SLIGHT) * counts.sum():
                    if holders is not None:
                        codes = np.searchsorted(distinct, rows[name])
                        codes[np.isnan(rows[name])] = -1
                        often = distinct[(counts >= OFTEN) & ~holders.rare(codes, len(distinct))]
                    if len(often):
                        grids[name] = often
        return cls((edges[1:] + edges[:-1]) / 2, levels, grids)

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence per column."""
        return tuple(f"{name} follows the mean of its time" for name in self.levels)

    def leave(self, drawn: Matrix, moments: Floats) -> None:
        """Turn real values into distances from the mean of their time, in place."""
        for name in self.levels:
            drawn.values[:, drawn.names.index(name)] -= self._level(name, moments)

    def relate(self, known: Matrix, before: Floats) -> None:
        """Turn values of siblings before into distances from the mean of their time, in place."""
        for name in self.levels:
            known.values[:, known.names.index(f"before.{name}")] -= self._level(name, before)

    def restore(self, drawn: Floats, columns: Mapping[str, int], moments: Floats) -> None:
        """Turn drawn distances into values, in place."""
        for name in self.levels:
            values = drawn[:, columns[name]] + self._level(name, moments)
            grid = self.grids.get(name)
            if grid is not None:
                nearest = grid[np.searchsorted((grid[1:] + grid[:-1]) / 2, values)]
                values = np.where(np.isnan(values), np.nan, nearest)
            drawn[:, columns[name]] = values

    def _level(self, name: str, moments: Floats) -> Floats:
        found: Floats = np.interp(moments, self.moments, self.levels[name])
        return found


def _means(values: Floats, stretch: Integers, count: int) -> Floats | None:
    """Return the mean of each stretch; ``None`` where one has no value."""
    known = ~np.isnan(values)
    sizes = np.bincount(stretch[known], minlength=count)
    if not sizes.all():
        return None
    means: Floats = np.bincount(stretch[known], values[known], count) / sizes
    return means


def _explains(values: Floats, level: Floats) -> bool:
    known = ~np.isnan(values)
    total = values[known].var()
    return bool(total > 0 and (values - level)[known].var() <= (1 - VISIBLE) * total)
