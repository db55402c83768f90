"""Columns between those of the rows they refer to: an order after its customer's sign-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from relsynth.columns.relations.bounds import distance_table, distances
from relsynth.columns.relations.precision import Precision
from relsynth.distance import kolmogorov_smirnov
from relsynth.evidence import EXPECTED, KOLMOGOROV, SAMPLE, VISIBLE, Evidence
from relsynth.packing import packable
from relsynth.relational.rules.rule import CLEARER, HOLDS, LEAST_ROWS, ColumnRule
from relsynth.relational.rules.view import Base, TableView
from relsynth.sorting import lexical_order
from relsynth.typing import Flags, Floats, Integers

_Sides = tuple[dict[Base, float], dict[Base, float]]  # lower and upper ends, share they hold in
BROKEN_SHARE = 0.005  # a rule that chance breaks less often needs no keeping


@packable
@dataclass(frozen=True, slots=True)
class Across(ColumnRule):
    """A column that lies between columns of rows that are referred to.

    Attributes
    ----------
    above_by, below_by : tuple of float
        Least distances from them: 0, or a step where the two are never equal.
    share : float
        Of rows in which this holds.
    above, below, inside : ndarray of float, shape (bins, 22)
        Quantiles of the distance from the lower end, from the upper one, and of the
        place between both (0 to 1); see `Bounds`.
    rows : int
        That showed it.
    """

    column: str
    lower: tuple[Base, ...]
    upper: tuple[Base, ...]
    above_by: tuple[float, ...]
    below_by: tuple[float, ...]
    share: float
    step: float | None
    above: Floats
    below: Floats
    inside: Floats
    rows: int

    @property
    def note(self) -> str:
        """One sentence with the evidence."""
        signs = ["<" if all(by) else "<=" for by in (self.above_by, self.below_by)]
        low = f"{' and '.join(map(str, self.lower))} {signs[0]} " if self.lower else ""
        high = f" {signs[1]} {' and '.join(map(str, self.upper))}" if self.upper else ""
        return f"{low}{self.column}{high} in {self.often} {self.rows} rows"

    @property
    def key(self) -> str | None:
        """The key by which all ends are reached, if it is one."""
        keys = {base.path[0] for base in (*self.lower, *self.upper)}
        return keys.pop() if len(keys) == 1 else None

    def usable(self, view: TableView) -> bool:
        """Return whether some of the tables are there."""
        return any(view.can_reach(base) for base in (*self.lower, *self.upper))

    def ends(self, view: TableView) -> tuple[Floats, Floats]:
        """Return the tightest ends of every row; infinite where there is none."""
        precision = Precision(self.step)
        low, high = np.full(view.n_rows, -np.inf), np.full(view.n_rows, np.inf)
        for base, by in zip(self.lower, self.above_by, strict=True):
            if view.can_reach(base):
                low = np.fmax(low, precision.ceil(view.reach(base) + by))
        for base, by in zip(self.upper, self.below_by, strict=True):
            if view.can_reach(base):
                high = np.fmin(high, precision.floor(view.reach(base) - by))
        return low, np.where(high < low, np.inf, high)  # what contradicts the lower end is none

    def settle(
        self, view: TableView, groups: Integers, rng: np.random.Generator
    ) -> dict[str, Floats]:
        """Return the column with every value inside its ends, save the share that never was.

        Where distances from a single end are not distributed as they were, all of them are
        mapped to the real ones, which keeps their order.
        """
        values = view.column(self.column).copy()
        low, high = self.ends(view)
        known = ~np.isnan(values)
        values = self._mapped(values, low, high)
        broken = np.flatnonzero(known & ((values < low) | (values > high)) & (low <= high))
        spared = int(np.rint((1 - self.share) * np.count_nonzero(known)))
        broken = np.sort(rng.permutation(broken)[spared:]) if spared else broken
        draws = rng.random(len(broken))
        values[broken] = self._redrawn(values[broken], low[broken], high[broken], draws)
        if self.column in view.numbers:  # no amount below zero where none was
            drawn = view.column(self.column)
            values = np.clip(values, np.nanmin(drawn), np.nanmax(drawn)) if known.any() else values
        settled = Precision(self.step).settle(values)
        settled[broken] = np.clip(settled[broken], low[broken], high[broken])
        return {self.column: settled}

    def _redrawn(self, values: Floats, low: Floats, high: Floats, draws: Floats) -> Floats:
        both = np.isfinite(low) & np.isfinite(high)
        moved = values.copy()
        if len(self.inside):
            place = distances(self.inside, low[both], draws[both])
            moved[both] = low[both] + place * (high[both] - low[both])
        if len(self.above):
            up = (values < low) & ~(both & (len(self.inside) > 0))
            moved[up] = low[up] + distances(self.above, low[up], draws[up])
        if len(self.below):
            down = (values > high) & ~(both & (len(self.inside) > 0))
            moved[down] = high[down] - distances(self.below, high[down], draws[down])
        return moved

    def _mapped(self, values: Floats, low: Floats, high: Floats) -> Floats:
        """Return values at distances from their only end that are distributed as the real ones."""
        for end, table, sign in ((low, self.above, 1.0), (high, self.below, -1.0)):
            if len(table) and not (len(self.lower) and len(self.upper)):
                at = np.flatnonzero(np.isfinite(end) & ~np.isnan(values))
                gap = sign * (values[at] - end[at])
                if len(at) < LEAST_ROWS or not _unmatched(gap, table, end[at]):
                    continue
                order = lexical_order((at, gap))
                rank = np.empty(len(at))
                rank[order] = np.arange(len(at))
                values = values.copy()
                share = (rank + 0.5) / len(at)
                values[at] = end[at] + sign * distances(table, end[at], share)
        return values


def _unmatched(gap: Floats, table: Floats, end: Floats) -> bool:
    """Return whether gaps are distributed unlike those of a table of quantiles."""
    places = (np.arange(len(gap)) + 0.5) / len(gap)
    real = np.sort(distances(table, end, np.random.default_rng(0).permutation(places)))
    return Evidence.of_distance(kolmogorov_smirnov(gap, real), len(gap)).exceeds(
        VISIBLE, KOLMOGOROV
    )


def find_across(
    view: TableView,
    columns: Sequence[str],
    skip: Callable[[Base], bool],
    after: Mapping[str, str],
    rng: np.random.Generator,
) -> Iterator[Across]:
    """Yield the bounds of columns by the rows they refer to.

    Parameters
    ----------
    columns : sequence of str
        Columns of the table that may be moved.
    skip : callable
        Tells which bases not to look at.
    after : mapping of str to str
        Columns learned as a distance, never negative, from another one: what that one is never
        below holds for them too, and what they are never above holds for that one. Moved by
        themselves they would lose the distance: a payment its days from the invoice.

    Notes
    -----
    A bound holds in all rows, or in ``HOLDS`` of them; if the rows referred to any parents
    it would be broken in ``EXPECTED`` rows and in ``BROKEN_SHARE`` of them. Dates are
    compared with dates, also of grandparents, numbers with numbers.
    """
    for is_date, names in ((True, view.dates), (False, view.numbers)):
        bases = [base for base in _bases(view, is_date) if not skip(base)]
        reached = {base: view.reach(base) for base in bases}
        found: dict[str, _Sides] = {}
        for name in (name for name in columns if name in names):
            found[name] = {}, {}
            for base, values in reached.items():
                for side, (low, high) in zip(
                    found[name],
                    ((values, view.column(name)), (view.column(name), values)),
                    strict=True,
                ):
                    held = _holds(low, high, rng)
                    if held:
                        side[base] = held
        for name, own in _left(found, after).items():
            share = min((held for side in own for held in side.values()), default=0.0)
            if share:
                yield _across(view, name, (list(own[0]), list(own[1])), share)


def _left(found: Mapping[str, _Sides], after: Mapping[str, str]) -> dict[str, _Sides]:
    """Return what does not follow from the ends of the column that another is a distance from.

    The early one keeps its upper ends, too: the late one moves with it.
    """
    left = {name: (dict(lower), dict(upper)) for name, (lower, upper) in found.items()}
    for late, early in after.items():
        if late in found and early in found:
            for base in found[early][0]:
                left[late][0].pop(base, None)
    return left


def _bases(view: TableView, is_date: bool) -> Iterator[Base]:
    for key, (_, _, parent) in view.keys.items():
        names = parent.dates if is_date else parent.numbers
        yield from (Base((key,), name) for name in names)
        if is_date:
            for further, (_, _, above) in parent.keys.items():
                yield from (Base((key, further), name) for name in above.dates)


def _holds(low: Floats, high: Floats, rng: np.random.Generator) -> float:
    """Return the share of rows in which one column never exceeds another, 0 if chance has it so."""
    for some in (slice(SAMPLE), slice(None)):
        known = np.flatnonzero(~np.isnan(low[some]) & ~np.isnan(high[some]))
        if len(known) < LEAST_ROWS:
            return 0.0
        share = float((low[known] <= high[known]).mean())
        if share < (HOLDS if some.stop is None else HOLDS - 3 * np.sqrt(HOLDS / len(known)) / 10):
            return 0.0
    broken = int(np.count_nonzero(low[known] > rng.permutation(high[known])))
    exceptions = round((1 - share) * len(known))
    if broken < max(EXPECTED, BROKEN_SHARE * len(known), CLEARER * exceptions):
        return 0.0
    return share


def _across(
    view: TableView, name: str, found: tuple[list[Base], list[Base]], share: float
) -> Across:
    column, precision = view.column(name), view.precision(name)
    margins = [
        tuple(
            _margin(sign * (column - view.reach(base)), precision) if share == 1 else 0.0
            for base in side
        )
        for side, sign in zip(found, (1.0, -1.0), strict=True)
    ]
    nothing = np.empty((0, 22))
    made = Across(
        name, tuple(found[0]), tuple(found[1]), margins[0], margins[1], share, precision.step,
        nothing, nothing, nothing, 0,
    )  # fmt: skip
    low, high = made.ends(view)
    fits: Flags = (column >= low) & (column <= high)
    both = np.where(np.isfinite(low) & np.isfinite(high) & (high > low) & fits, high - low, np.nan)
    tables = [
        distance_table(end[fits], gap[fits]) if np.isfinite(end[fits]).any() else nothing
        for end, gap in (
            (low, column - low),
            (high, high - column),
            (np.where(np.isnan(both), np.nan, low), (column - low) / both),
        )
    ]
    bound = int(np.count_nonzero((np.isfinite(low) | np.isfinite(high)) & ~np.isnan(column)))
    return Across(
        name, made.lower, made.upper, made.above_by, made.below_by, share, precision.step,
        tables[0], tables[1], tables[2], bound,
    )  # fmt: skip


def _margin(gap: Floats, precision: Precision) -> float:
    """Return one step of a grid where two columns are never equal, else 0."""
    least = np.nanmin(gap) if (~np.isnan(gap)).any() else 0.0
    return precision.step if precision.step is not None and least >= precision.step else 0.0
