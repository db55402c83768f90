"""Numbers that go in steps or end alike: multiples of 50, prices ending .99, mostly round sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from relsynth.columns.protection import Holders
from relsynth.groups import unique_values
from relsynth.packing import packable
from relsynth.typing import Flags, Floats, Integers

_EVIDENCE = 20  # different values; fewer are drawn as they are
_PERIODS = 5  # a step that fits into the range less often is no step
_OFTEN = 5  # times chance: an ending that comes so often is no chance
_LEAST_GAIN = 0.25  # nats by which endings must tell a value: half of them on every fifth number
_BETTER = 1.02  # by which a longer step must tell more than a shorter one
_BINS = 8  # small amounts have other endings than large ones
_FEWEST = 50  # values of which the share on a step means something
_ALL = 0.999  # of the rows: one in a thousand was mistyped
_STEPS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 24, 25, 30, 40, 50, 60, 75, 100, 120, 125, 200,
          250, 300, 360, 400, 500, 600, 750, 900, 1_000, 1_440, 2_000, 2_500, 3_600, 5_000, 10_000,
          50_000, 86_400, 100_000, 1_000_000)  # fmt: skip


@packable
@dataclass(frozen=True, slots=True)
class Endings:
    """What numbers leave when they are divided by a step.

    Attributes
    ----------
    unit : float
        What the numbers are counted in, such as 0.01.
    step : int
        In units.
    endings : list of int
        Remainders that come far more often than by chance.
    weights : list of float
        How often each comes.
    limits : list of float
        Between bins of values, rising.
    shares : list of float
        Share of the values of each bin that have one of the endings.
    low, high : int
        Lowest and highest value with such an ending.

    Examples
    --------
    >>> prices = np.arange(1.0, 90.0) + 0.99
    >>> found = Endings.find(prices, 0.01)
    >>> found.settled(np.array([4.2, 50.6]), np.random.default_rng(0))
    array([ 3.99, 50.99])
    """

    unit: float
    step: int
    endings: list[int]
    weights: list[float]
    limits: list[float]
    shares: list[float]
    low: int
    high: int

    @classmethod
    def find(
        cls, values: Floats, unit: float | None, holders: Holders | None = None
    ) -> Self | None:
        """Return the endings of some numbers, None where they are nothing special.

        Parameters
        ----------
        unit : float or None
            Distance of neighbouring numbers.
        holders : Holders, optional
            Whose the numbers are; the lowest and highest are those that enough subjects reach.

        Notes
        -----
        Repeats of a value count once in the search. Costs one sort and a count per step.
        """
        known = values[np.isfinite(values)]
        if unit is None or not len(known) or np.abs(known).max() >= unit * 2.0**52:
            return None
        units = np.rint(known / unit).astype(np.int64)
        distinct = unique_values(units)
        if len(distinct) < _EVIDENCE:
            return None
        found = _best(distinct)
        if found is None:
            return None
        step, endings = found
        counts = np.bincount(units % step, minlength=step)[endings]
        on = _has(units, step, endings)
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
        at = np.searchsorted(distinct * unit, cuts).clip(1, len(distinct) - 1)
        # between two values, as each may be one that only one subject has
        limits = np.unique((distinct[at - 1] + distinct[at]) / 2 * unit)
        bins = np.searchsorted(limits, known, side="right")
        shares = [
            float(on[bins == at].mean()) if (bins == at).any() else 0.0
            for at in range(len(limits) + 1)
        ]
        lowest, highest = int(units[on].min()), int(units[on].max())
        if holders is not None:
            low, high = holders.span(values)
            lowest, highest = max(lowest, int(low // unit)), min(highest, int(-(-high // unit)))
        weights = (counts / counts.sum()).tolist()
        return cls(unit, step, endings.tolist(), weights, limits.tolist(), shares, lowest, highest)

    def settled(self, values: Floats, rng: np.random.Generator) -> Floats:
        """Return numbers of which as many have the endings as of the real ones.

        Parameters
        ----------
        values : ndarray of float
            Those that have an ending, and missing ones, stay.
        """
        drawn = rng.random((2, len(values)))
        known = np.isfinite(values)
        units = np.rint(np.where(known, values, 0.0) / self.unit).astype(np.int64)
        on = _has(units, self.step, np.array(self.endings)) | ~known
        moved = ~on & (drawn[0] < self._chance(values, on, known))
        if not moved.any():
            return values
        total = np.cumsum(self.weights)
        at = np.searchsorted(total, drawn[1][moved] * total[-1], side="right")
        wanted = np.array(self.endings)[np.minimum(at, len(total) - 1)]
        half = self.step // 2
        new = units[moved] + (wanted - units[moved] + half) % self.step - half
        new = np.where(new < self.low, new + self.step, new)
        new = np.where(new > self.high, new - self.step, new)
        settled = values.copy()
        per_unit = round(1 / self.unit) if self.unit < 1 else 0
        settled[moved] = new / per_unit if per_unit else new * self.unit
        return settled

    def _chance(self, values: Floats, on: Flags, known: Flags) -> Floats:
        """Return how likely each value is moved to an ending."""
        wanted = np.array(self.shares)
        if wanted.min() >= _ALL:
            return np.ones(len(values))
        if len(values) < _FEWEST:
            return np.zeros(len(values))
        bins = np.searchsorted(np.array(self.limits), values, side="right")
        bins = np.minimum(bins, len(wanted) - 1)
        count = np.maximum(np.bincount(bins[known], minlength=len(wanted)), 1)
        have = np.bincount(bins, weights=on & known, minlength=len(wanted)) / count
        missing = np.clip((wanted - have) / np.maximum(1 - have, 1e-9), 0, 1)
        return missing[bins]


def _best(distinct: Integers) -> tuple[int, Integers] | None:
    """Return the step and endings that tell most about some different numbers."""
    spread = int(distinct[-1] - distinct[0])
    common = int(np.gcd.reduce(np.diff(distinct)))
    steps = sorted({*_STEPS, common, *(common * s for s in _STEPS)} - {0, 1})
    best, most = None, _LEAST_GAIN / _BETTER
    for step in steps:
        if step * _PERIODS > spread:
            break
        if step > len(distinct) * 10_000 and step != common:
            continue
        rests, counts = np.unique(distinct % step, return_counts=True)
        chance = len(distinct) / step
        often = counts >= max(_OFTEN, _OFTEN * chance)
        if step == common:
            often = counts > 0
        shares = counts[often] / len(distinct)
        gain = float((shares * np.log(shares * step)).sum())
        if gain > most * _BETTER and often.any():
            best, most = (step, rests[often]), gain
    return best


def _has(units: Integers, step: int, endings: Integers) -> Flags:
    found: Flags = np.isin(units % step, endings)
    return found
