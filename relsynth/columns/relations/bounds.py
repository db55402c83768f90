"""Columns that never exceed one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import permutations
from typing import Final

import numpy as np

from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.precision import Precision
from relsynth.columns.relations.relation import Stated
from relsynth.columns.voids import empty_stretches, moved_out
from relsynth.groups import starts_of, unique_values
from relsynth.sorting import stable_order
from relsynth.typing import Floats

_SAMPLE: Final = 2_000  # rows of the first look
_ROWS: Final = 60  # rows a bound must be seen in
_BROKEN_ROWS: Final = 10  # rows that independent columns would break: none does by chance e^-10
_BROKEN_SHARE: Final = 0.005  # of the rows that break a rule by chance, for it to need keeping
_POINTS: Final = np.linspace(0, 1, 21)  # quantiles a bin: steps of 5 %
_ROWS_PER_BIN: Final = 100  # a quantile is known to a twentieth
_BINS: Final = 20  # of the base: steps of 5 %


@dataclass(frozen=True, eq=False, kw_only=True)
class Bounds(Stated):
    """``lower columns <= target <= upper columns``, restored where a draw breaks it.

    Where the two are never equal, and lie on a grid, they stay as many steps apart as they
    always are. A value outside is not cut to the bound, which would make the two equal too
    often: it is drawn anew at a distance from the bound as it was seen near there, but not
    where the target has no value for a long stretch.

    Attributes
    ----------
    above_by, below_by : tuple of float
        Least distance from each of `lower` and from each of `upper`.
    step : float or None
        `Precision` of the target.
    above, below : ndarray of float, shape (bins, 22)
        Per bin of the bound: where the bin begins, and 21 quantiles of the distance.
        No bin where there is no bound on that side.
    empty : ndarray of float, shape (n_stretches, 2)
        Ends of the stretches in which the target has no value.
    """

    target: str
    lower: tuple[str, ...]
    upper: tuple[str, ...]
    above_by: tuple[float, ...]
    below_by: tuple[float, ...]
    note: str
    step: float | None
    above: Floats
    below: Floats
    empty: Floats

    @property
    def bases(self) -> tuple[str, ...]:
        """Columns that have to be known first."""
        return self.lower + self.upper

    def restore(
        self, values: Floats, columns: Mapping[str, Floats], rng: np.random.Generator
    ) -> Floats:
        """Return the target with every value inside its bounds; missing ones stay missing."""
        precision, draws = Precision(self.step), rng.random(len(values))
        low, high = np.array(-np.inf), np.array(np.inf)
        restored = values.copy()
        if self.upper:
            ends = [columns[b] - by for b, by in zip(self.upper, self.below_by, strict=True)]
            high = precision.floor(_tightest(np.fmin, ends, np.inf))
            at = np.flatnonzero(values > high)
            if len(at):
                restored[at] = high[at] - distances(self.below, high[at], draws[at])
        if self.lower:
            ends = [columns[b] + by for b, by in zip(self.lower, self.above_by, strict=True)]
            low = precision.ceil(_tightest(np.fmax, ends, -np.inf))
            at = np.flatnonzero(values < low)
            if len(at):
                restored[at] = low[at] + distances(self.above, low[at], draws[at])
        restored = np.minimum(np.maximum(precision.settle(restored), low), high)
        drawn = restored != values
        return np.where(drawn, moved_out(restored, self.empty, low, high), restored)


def _tightest(join: np.ufunc, bounds: Sequence[Floats], free: float) -> Floats:
    """Return the bound of every row; a missing bound binds nothing."""
    tightest: Floats = reduce(join, bounds, np.array(free))
    return tightest


def distances(table: Floats, bound: Floats, draws: Floats) -> Floats:
    """Return one distance per row, drawn near where its bound lies."""
    bins = (np.searchsorted(table[:, 0], bound, "right") - 1).clip(0)
    position = draws * (len(_POINTS) - 1)
    left = np.floor(position).astype(np.int64)
    quantiles = table[:, 1:]
    start, end = quantiles[bins, left], quantiles[bins, left + 1]
    return start + (position - left) * (end - start)


def distance_table(bound: Floats, distance: Floats) -> Floats:
    """Return the quantiles of the distance for bounds of different size."""
    usable = np.isfinite(bound) & ~np.isnan(distance)
    bound, distance = bound[usable], distance[usable]
    bins = int(np.clip(len(bound) // _ROWS_PER_BIN, 1, _BINS))
    begins = unique_values(np.quantile(bound, np.arange(bins) / bins, method="lower"))
    codes = np.searchsorted(begins, bound, "right") - 1
    sizes = np.bincount(codes, minlength=len(begins))
    by_distance = np.argsort(distance)
    ordered = distance[by_distance[stable_order(codes[by_distance])]]
    place = (sizes - 1)[:, None] * _POINTS
    left = np.floor(place).astype(np.int64)
    first = starts_of(sizes)[:, None]
    start = ordered[first + left]
    end = ordered[first + np.minimum(left + 1, (sizes - 1)[:, None])]
    return np.column_stack([begins, start + (place - left) * (end - start)])


def find_bounds(evidence: ExaminedTable, draft: Draft) -> dict[str, Bounds]:
    """Return the bounds that draws would break, by target, which is the column decoded later.

    ``a <= b`` holds in every row, while the same values drawn independently would break
    it in 20 rows and in 0.5 % of them. What follows from two other bounds is left out.
    """
    place = {name: number for number, name in enumerate(draft.order())}
    differences = [
        r for r in draft.relations.values() if isinstance(r, Formula) and r.least is not None
    ]
    held = {(r.bases[0], r.target) for r in differences if r.operator == "linear"}
    pairs = held | {
        pair
        for columns in (evidence.plain, evidence.instants)
        for pair in _ordered_pairs(evidence, columns, draft.fixed)
        if _movable(draft, max(pair, key=place.__getitem__))
    }
    bases: dict[str, tuple[list[str], list[str]]] = {}
    kept = _reduced(pairs, place, evidence)
    for low, high in sorted(kept, key=lambda pair: [place[name] for name in pair]):
        side = place[low] > place[high]
        target, base = (low, high) if side else (high, low)
        bases.setdefault(target, ([], []))[side].append(base)
    return {
        target: _bounds(evidence, target, lower, upper)
        for target, (lower, upper) in bases.items()
        if upper or not all((base, target) in held for base in lower)
    }


def _movable(draft: Draft, target: str) -> bool:
    """Return whether a target may be moved without breaking a formula or a lookup."""
    relation = draft.relations.get(target)
    if isinstance(relation, Formula):
        return relation.within is not None
    return relation is None or relation.name == "same"


def least_distance(evidence: ExaminedTable, low: str, high: str, moved: str) -> float:
    """Return by how much one column always exceeds another, on the grid of the moved one.

    0 where they are equal in some row, or lie on no grid, on which ties have no chance. No
    more than the steps that the columns between two ends may need.
    """
    step = evidence.precision[moved].step
    gap = evidence.table[high] - evidence.table[low]
    if step is None or np.isnan(gap).all():
        return 0.0
    columns = evidence.instants if moved in evidence.dates else evidence.plain
    steps = np.floor(np.nanmin(gap) / step + 1e-6)
    return float(step * np.clip(steps, 0, len(columns) - 1))


def _sign(margins: tuple[float, ...]) -> str:
    return "<" if all(margins) else "<="


def _ordered_pairs(
    evidence: ExaminedTable, columns: Sequence[str], fixed: frozenset[str]
) -> list[tuple[str, str]]:
    """Return the pairs (a, b) with a <= b in every row, where chance would have broken it."""
    sample = evidence.sample(_SAMPLE)
    candidates = [
        (low, high)
        for low, high in permutations(columns, 2)
        if not {low, high} <= fixed
        and not (sample[low] > sample[high]).any()
        and not (evidence.table[low] > evidence.table[high]).any()
    ]
    return [pair for pair in candidates if _is_significant(evidence, *pair)]


def _is_significant(evidence: ExaminedTable, low: str, high: str) -> bool:
    """Return whether the same values in independent columns would break a bound often."""
    a, b = evidence.table[low], evidence.table[high]
    rows = evidence.shuffled[(~np.isnan(a) & ~np.isnan(b))[evidence.shuffled]]
    broken = int(np.count_nonzero(a[rows] > b[np.roll(rows, 1)]))
    return len(rows) >= _ROWS and broken >= max(_BROKEN_ROWS, _BROKEN_SHARE * len(rows))


def _reduced(
    pairs: set[tuple[str, str]], place: Mapping[str, int], evidence: ExaminedTable
) -> set[tuple[str, str]]:
    """Leave out what follows from two other pairs by a middle column known in time."""
    complete = [n for n in place if not np.isnan(evidence.table[n]).any()]

    def follows(low: str, high: str) -> bool:
        known = max(place[low], place[high])
        middles = (name for name in complete if place[name] < known)
        return any((low, middle) in pairs and (middle, high) in pairs for middle in middles)

    return {pair for pair in pairs if not follows(*pair)}


def _bounds(evidence: ExaminedTable, target: str, lower: list[str], upper: list[str]) -> Bounds:
    column, table = evidence.table[target], evidence.table
    above = tuple(least_distance(evidence, base, target, target) for base in lower)
    below = tuple(least_distance(evidence, target, base, target) for base in upper)
    low = _tightest(np.fmax, [table[b] + by for b, by in zip(lower, above, strict=True)], -np.inf)
    high = _tightest(np.fmin, [table[b] - by for b, by in zip(upper, below, strict=True)], np.inf)
    bound = np.count_nonzero((np.isfinite(low) | np.isfinite(high)) & ~np.isnan(column))
    nothing = np.empty((0, len(_POINTS) + 1))
    amounts = np.where(
        evidence.marked(target), np.nan, column
    )  # how far off a mark is says nothing
    sides = [f"{' and '.join(lower)} {_sign(above)} "] if lower else [""]
    sides += [target] + ([f" {_sign(below)} {' and '.join(upper)}"] if upper else [])
    return Bounds(
        target=target,
        lower=tuple(lower),
        upper=tuple(upper),
        above_by=above,
        below_by=below,
        note=f"{''.join(sides)} in all {bound} rows",
        step=evidence.precision[target].step,
        above=distance_table(low, amounts - low) if lower else nothing,
        below=distance_table(high, high - amounts) if upper else nothing,
        empty=empty_stretches(column),
    )
