"""The column that orders the children of a parent, modelled as gaps between siblings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from relsynth.columns.blur import blurred
from relsynth.columns.calendar import DAY, calendar, nearest_day, uneven_part, varying_parts
from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.distance import kolmogorov_smirnov
from relsynth.errors import needed
from relsynth.evidence import EXACT, EXPECTED, KOLMOGOROV, MOST, NEARLY_ALL, SLIGHT, Evidence
from relsynth.groups import unique_values
from relsynth.packing import packable
from relsynth.seeding import Seed, stream
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Flags, Floats, Integers

QUANTILES = 1_001  # a place in time is known to a thousandth of the rows
STRETCHES = 200  # of time: half a percent each; 400 are empty by chance in small tables
ASTRAY = 0.01  # of the drawn values in empty stretches: less does not show
MOST_PLACES = 1_000_000  # of a grid: 8 MB


@packable
@dataclass(frozen=True, slots=True)
class OrderColumn:
    """A time-like column of a child table.

    Attributes
    ----------
    step : float
        Grid of the values; gaps are whole multiples of it.
    least : float
        Smallest gap between siblings.
    low, high : float
        Range of the real values, as far as enough subjects reach.
    quantiles : ndarray of float, shape (1001,)
        Of the real values, evenly spaced; those of too few subjects are moved.
    is_fine : bool
        Whether most real values are distinct.
    empty : ndarray of bool, shape (n_stretches,)
        Stretches of equal length between `low` and `high` without any real value.
    parts : tuple of str
        Parts of the calendar in which the values differ, where they are dates.
    anchor : str or None
        The one of them that days keep to, such as the days left in the month.
    is_bursty : bool
        Whether gaps vary more than those of a Poisson process in most families: a few of them
        make up the time from first to last, which is a property of the family then.
    mean_gap : float
        Mean gap of the rows of a lone parent: more rows go on at it, beyond the real range;
        0 for several parents.
    """

    name: str
    step: float
    least: float
    low: float
    high: float
    quantiles: Floats = field(default_factory=lambda: np.empty(0), compare=False)
    is_fine: bool = True
    empty: Flags = field(default_factory=lambda: np.zeros(1, bool), compare=False)
    parts: tuple[str, ...] = ()
    anchor: str | None = None
    is_bursty: bool = False
    mean_gap: float = 0.0

    @classmethod
    def find(
        cls,
        children: Matrix,
        groups: Integers,
        steps: Mapping[str, float],
        decimals: Mapping[str, int | None],
        holders: Holders | None = None,
        seed: Seed = None,
    ) -> OrderColumn | None:
        """Return the order column of a child table, or ``None``.

        Parameters
        ----------
        groups : ndarray of int, shape (n_children,)
            Group of siblings each row belongs to.
        steps : mapping of str to float
            Granularity in seconds of the columns that are dates.
        decimals : mapping of str to int or None
            Digits of the columns that are numbers.
        holders : Holders, optional
            Whose the children are: moments that too few subjects have are moved.

        Notes
        -----
        A complete column qualifies that puts siblings into an order, with at most half of
        the neighbours tied: dates, the one that rises most in the order of the data first, and
        whole numbers that rise in nearly all pairs of neighbours in the data. A date that ties
        more often is a factor of the rows, not their order; nor is one an order that does not
        rise in the data and whose gaps are those of dates dealt out to the parents at random,
        like the birthdays of the members of a club.
        """
        by_group = stable_order(groups)
        inside = np.diff(groups[by_group]) == 0
        best, best_share = None, 0.0
        for name, kind in zip(children.names, children.kinds, strict=True):
            values = children[name]
            is_date = name in steps
            if kind != "number" or np.isnan(values).any() or not inside.any():
                continue
            if not is_date and decimals.get(name) != 0:
                continue
            gaps = np.diff(values[by_group])[inside]
            rising = float((gaps >= 0).mean())
            if not is_date and rising < EXACT:
                continue
            by_value = stable_order(values)
            ordered = by_value[stable_order(groups[by_value])]
            ordered = np.diff(values[ordered])[inside]
            if (ordered == 0).mean() > MOST:
                continue
            if is_date and rising < NEARLY_ALL and _is_dealt_out(values, groups):
                continue
            rising += is_date
            if rising > best_share:
                best, best_share = name, rising
        if best is None:
            return None
        values = children[best]
        ordered = lexical_order((values, groups))
        inside = np.diff(groups[ordered]) == 0
        gaps = np.diff(values[ordered])[inside]
        step = steps.get(best, 1.0)
        has_days = best in steps and bool(np.median(gaps) >= DAY)
        shared = values
        if holders is not None:
            shared = blurred(Matrix((best,), ("number",), values[:, None]), holders, seed)[best]
        return cls(
            best,
            step,
            _least(gaps, values[ordered][1:][inside], values.min(), values.max()),
            float(shared.min()),
            float(shared.max()),
            np.quantile(shared, np.linspace(0.0, 1.0, QUANTILES)),
            len(np.unique(values)) >= MOST * len(values),
            _empty_stretches(shared, groups),
            varying_parts(values) if best in steps else (),
            uneven_part(values) if has_days else None,
            len(unique_values(groups)) > 1 and _is_bursty(gaps, groups[ordered][1:][inside]),
            float(gaps.mean()) if len(unique_values(groups)) == 1 else 0.0,
        )

    def gaps(self, values: Floats, position: Integers) -> Floats:
        """Return the gap to the sibling before; 0 for the first of a group.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows,)
            Sorted by group and position.
        position : ndarray of int, shape (n_rows,)
        """
        gaps = np.diff(values, prepend=np.nan)
        gaps[position == 0] = 0.0
        return gaps

    def on_grid(self, values: Floats) -> Floats:
        """Return values on the grid and inside the real range; missing ones at its start."""
        steps = np.round((np.nan_to_num(values, nan=self.low) - self.low) / self.step)
        placed: Floats = np.clip(self.low + steps * self.step, self.low, self.high)
        return placed

    def begin(self, ends: Floats, counts: Integers, positions: Integers) -> Floats:
        """Return the value that each run of siblings starts with.

        Parameters
        ----------
        ends : ndarray of float, shape (n_runs, 2)
            Predicted first and last value of the family.
        counts, positions : ndarray of int, shape (n_runs,)
            Rows of the family; rows of it before the run.
        """
        first, last = ends.T
        if self.mean_gap > 0:
            moved: Floats = (
                self.on_grid(first) + np.round(self.mean_gap * positions / self.step) * self.step
            )
            return moved
        share = positions / np.maximum(counts - 1, 1)
        return self.on_grid(first + share * np.maximum(last - first, 0.0))

    def advance(self, before: Floats, gaps: Floats) -> Floats:
        """Return the values that follow `before` after drawn gaps, on the grid."""
        moved: Floats = before + np.maximum(np.round(gaps / self.step) * self.step, self.least)
        return moved

    def on_anchor(self, values: Floats, anchor: Floats, least: Floats) -> Floats:
        """Return dates on the nearest day with the part of the calendar they shall land on.

        Parameters
        ----------
        values, anchor, least : ndarray of float, shape (n_rows,)
            No date is moved before `least`, nor behind the real range if it lies in it.
        """
        part = needed(self.anchor, f"the part of the calendar that {self.name} lands on")
        return nearest_day(values, part, anchor, least, np.maximum(values, self.high))

    def align(self, values: Floats) -> Floats:
        """Move values so that all together are spread over time as the real ones are.

        Gaps add up, and what is empty in the data, such as months without any row, fills with
        time. Where more than ``ASTRAY`` of the values lie in stretches without a real one, the
        quantiles of all are mapped to those of the real values, which keeps the order of
        siblings.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows,)
            Sorted by group and position.
        """
        if not len(values):
            return values
        place = (values - self.low) / max(self.high - self.low, 1e-300) * len(self.empty)
        stretch = np.clip(place.astype(np.int64), 0, len(self.empty) - 1)
        if self.empty[stretch].mean() <= ASTRAY:
            return values
        if self.is_fine:
            rank = np.empty(len(values))
            rank[stable_order(values)] = np.arange(len(values))
            share = (rank + 0.5) / len(values)
        else:
            _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
            share = ((np.cumsum(counts) - counts / 2) / len(values))[codes]
        return self.on_grid(np.interp(share, np.linspace(0.0, 1.0, QUANTILES), self.quantiles))

    def confine(self, values: Floats, starts: Integers) -> Floats:
        """Compress the gaps of groups that run past the end of the real range.

        Dates that keep to a part of the calendar go on to do so.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows,)
            Rising inside each group.
        starts : ndarray of int, shape (n_groups,)
            First row of each group.
        """
        if not len(values) or self.mean_gap > 0:
            return values
        sizes = np.diff(np.append(starts, len(values)))
        first = values[starts]
        last = values[starts + sizes - 1]
        room = np.maximum(self.high - first, 0.0)
        over = (last > self.high) & (last > first)
        ratio = np.where(over, room / np.where(over, last - first, 1.0), 1.0)
        moved = np.repeat(first, sizes) + (values - np.repeat(first, sizes)) * np.repeat(
            ratio, sizes
        )
        on_grid = (
            np.repeat(first, sizes)
            + np.floor((moved - np.repeat(first, sizes)) / self.step + 1e-9) * self.step
        )
        if self.anchor is not None and over.any():
            anchor = calendar(values, (self.anchor,))[:, 0]
            on_grid = self.on_anchor(on_grid, anchor, np.repeat(first, sizes))
            on_grid = _rising(on_grid, sizes)
        return np.where(np.repeat(over, sizes), on_grid, values)

    def apart(self, values: Floats, starts: Integers) -> Floats:
        """Move values that tie to the next free ones, where no real siblings tie.

        Long groups are drawn as runs side by side, which may meet.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows,)
            Sorted by group.
        starts : ndarray of int, shape (n_groups,)
            First row of each group; none is empty.

        Returns
        -------
        ndarray of float, shape (n_rows,)
            Distinct in each group and in the order they were in. Places are the values that
            any row has; only a group with more rows than these uses others, at last some
            beyond the real range.
        """
        sizes = np.diff(np.append(starts, len(values)))
        group = np.repeat(np.arange(len(sizes)), sizes)
        rows = lexical_order((values, group))
        ordered = values[rows]
        tied = (np.diff(ordered) == 0) & (np.diff(group) == 0)
        if self.least <= 0 or not tied.any():
            return values
        most = int(sizes.max())
        places = self._places(values, most)
        position = np.arange(len(values)) - np.repeat(starts, sizes)
        apart = group * (len(places) + most) - position
        rank = np.searchsorted(places, ordered)
        free = np.maximum.accumulate(rank + apart) - apart
        latest = len(places) - np.repeat(sizes, sizes) + position
        moved = np.empty(len(values))
        moved[rows] = places[np.minimum(free, latest)]
        return moved

    def _places(self, values: Floats, least: int) -> Floats:
        """Return the distinct values; further ones of the grid where they are too few."""
        places = unique_values(values)
        if len(places) >= least:
            return places
        number = (self.high - self.low) / self.step
        stride = self.step * max(np.ceil(number / MOST_PLACES), 1.0)
        grid = np.arange(self.low, self.high + stride / 2, stride)
        if self.anchor is not None:
            held = calendar(places, (self.anchor,))[:, 0]
            grid = grid[np.isin(calendar(grid, (self.anchor,))[:, 0], held)]
        places = np.union1d(places, grid)
        beyond = self.step * np.arange(1, max(least - len(places), 0) + 1)
        return np.append(places, places[-1] + beyond)


def _least(gaps: Floats, ends: Floats, low: float, high: float) -> float:
    """Return the smallest gap; ties at either end of the range come of its protection."""
    own = (gaps > 0) | ((ends > low) & (ends < high))
    return float(gaps[own].min()) if own.any() else 0.0


def _is_bursty(gaps: Floats, groups: Integers) -> bool:
    """Return whether the gaps of most families have a burstiness above 0.

    That is a standard deviation above their mean (Goh and Barabasi 2008); an exponential
    distribution has the same. Families count as often as they have gaps.
    """
    codes = np.unique(groups, return_inverse=True)[1]
    number = np.bincount(codes)
    mean = np.bincount(codes, gaps) / number
    spread = np.sqrt(np.bincount(codes, (gaps - mean[codes]) ** 2) / number)
    return bool((spread > mean)[codes].mean() > MOST)


def _is_dealt_out(values: Floats, groups: Integers) -> bool:
    """Return whether gaps between siblings are like those after dealing all values out anew."""
    dealt = stream(0, "dealt out").permutation(values)
    sets = []
    for some in (values, dealt):
        by_group = lexical_order((some, groups))
        sets.append(np.diff(some[by_group])[np.diff(groups[by_group]) == 0])
    evidence = Evidence.of_distance(kolmogorov_smirnov(*sets), len(sets[0]))
    return not evidence.exceeds(SLIGHT, KOLMOGOROV)


def _rising(values: Floats, sizes: Integers) -> Floats:
    """Return values raised to the highest before them in their group."""
    apart = np.repeat(np.arange(len(sizes)), sizes) * (np.ptp(values) + 1.0)
    raised: Floats = np.maximum.accumulate(values + apart) - apart
    return raised


def _empty_stretches(values: Floats, groups: Integers) -> Flags:
    """Return which of many equal stretches hold no value; one full one where visits are few.

    Rows of one family in one stretch are one visit: a sitting of a hundred clicks fills no
    more of the time than one of two.
    """
    number = STRETCHES
    low, high = float(values.min()), float(values.max())
    while number > 1 and low < high:
        stretch = np.minimum(((values - low) / (high - low) * number).astype(np.int64), number - 1)
        visits = len(unique_values(groups * number + stretch))
        if visits >= EXPECTED * number:
            return np.bincount(stretch, minlength=number) == 0
        number = min(visits // EXPECTED, number - 1)
    return np.zeros(1, bool)
