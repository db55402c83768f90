"""On which days and at what time moments are: working days, opening hours, full hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from relsynth.columns.calendar import DAY, UNEVEN, calendar, nearest_day, uneven_part
from relsynth.groups import unique_values
from relsynth.packing import packable
from relsynth.typing import Floats, Integers

FEWEST: Final = 100  # moments of which the shares say more than chance
SMOOTH: Final = 50  # moments that stand beside those drawn: a few alone are no distribution
MARK: Final = 0.05  # of the moments: one that comes so often is drawn as it is, like an open end
WEEK: Final = 7 * DAY
# part: seconds that it takes, and of how many; a half hour has its minutes
CLOCK: Final = {"half hour": (1800, 48), "minute": (60, 30), "second": (1, 60)}
_FIRST: Final = {"day": 1}  # the first number of a part of the calendar
_SIZES: Final = {"day": 31, "left": 31, "weekday": 7}


@packable
@dataclass(frozen=True, slots=True)
class CalendarShares:
    """Parts of the calendar and the clock over which moments are spread unevenly.

    A tree draws moments between those seen: without more, it opens a shop at night and on
    Sundays. Of the moments drawn, as many as are too many in a part go to parts that have too few.

    Attributes
    ----------
    shares : mapping of str to list of float
        By part, the share of the moments in each of its numbers.
    low, high : float
        No moment goes before or behind; what lies there, such as 9999-12-31, stays.
    ordered : bool
        The moments follow each other in families: only parts in which there is none are
        left, for the nearest other, and days stay.
    distinct : bool
        No two moments are on the same day: races, not orders. Those moved keep weeks apart.

    Examples
    --------
    >>> opened = 9 * 3600 + np.arange(2000) * DAY + np.arange(2000) % 480 * 60.0
    >>> shares = CalendarShares.find(opened, 60.0)
    >>> night = shares.settled(np.arange(500) * DAY, np.random.default_rng(0))
    >>> sorted(set(calendar(night, ("hour",))[:, 0].tolist()))
    [9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0]
    """

    shares: Mapping[str, list[float]]
    low: float
    high: float
    ordered: bool = False
    distinct: bool = False

    @classmethod
    def find(
        cls, values: Floats, step: float, *, ordered: bool = False, least: int = 3
    ) -> Self | None:
        """Return the shares of some moments, None where they are even.

        Parameters
        ----------
        values : ndarray of float
            Seconds since 1970; missing ones count for nothing.
        step : float
            Between neighbouring moments, in seconds.
        ordered : bool, default False
            See the attribute.
        least : int, default 3
            Moments of a number; fewer tell of somebody and count for nothing.
        """
        known = values[np.isfinite(values)]
        found, counts = np.unique(known, return_counts=True)
        known = known[~np.isin(known, found[counts >= MARK * len(known)])]
        if len(known) < FEWEST or np.ptp(known) < DAY:
            return None  # those of one day show no days; places among dates are no moments
        shares = {}
        part = None if ordered else uneven_part(known)
        if part is not None:
            numbers = calendar(known, (part,))[:, 0].astype(np.int64) - _FIRST.get(part, 0)
            shares[part] = _shares(numbers, _SIZES[part], least)
        for part, (unit, size) in CLOCK.items():
            if step < unit * size and _is_uneven(counts := _counted(known, part)):
                shares[part] = _kept(counts, least)
        distinct = len(unique_values(known)) == len(known)
        ends = float(known.min()), float(known.max())
        return cls(shares, *ends, ordered, distinct) if shares else None

    def settled(self, values: Floats, rng: np.random.Generator) -> Floats:
        """Return moments spread over the parts like the real ones."""
        out = values.copy()
        at = np.flatnonzero((values >= self.low) & (values <= self.high))
        if not len(at):
            return out
        moments = out[at]
        for part, listed in self.shares.items():
            shares = np.array(listed)
            if part in CLOCK:
                old = _number(moments, part)
                new = self._moved(old, shares, rng)
                moments = moments + (new - old) * float(CLOCK[part][0])
                continue
            first = _FIRST.get(part, 0)
            old = calendar(moments, (part,))[:, 0].astype(np.int64) - first
            new = self._moved(old, shares, rng)
            wanted = np.where(new != old, new + float(first), np.nan)
            ends = np.full(len(moments), self.low), np.full(len(moments), self.high)
            moments = nearest_day(moments, part, wanted, *ends)
            if self.distinct and part == "weekday":
                moments = self._kept_apart(moments, new)
        out[at] = moments
        return out

    def _kept_apart(self, moments: Floats, weekdays: Integers) -> Floats:
        """Return moments of which no two share a day: those behind go on by a week."""
        out = moments.copy()
        for weekday in unique_values(weekdays):
            rows = np.flatnonzero(weekdays == weekday)
            rows = rows[np.argsort(moments[rows], kind="stable")]
            weeks, place = np.floor(moments[rows] / WEEK), np.arange(len(rows))
            apart = np.maximum.accumulate(weeks - place) + place
            apart = np.minimum(apart, np.floor(self.high / WEEK) - place[::-1])
            out[rows] += (apart - weeks) * WEEK
        return out

    def _moved(self, numbers: Integers, shares: Floats, rng: np.random.Generator) -> Integers:
        """Return the numbers with as many others in place of those that are too many."""
        drawn = np.bincount(numbers, minlength=len(shares)).astype(float)
        drawn = (drawn + SMOOTH * shares) / (len(numbers) + SMOOTH)
        with np.errstate(divide="ignore", invalid="ignore"):
            stay = np.where(drawn > 0, np.minimum(shares / drawn, 1.0), 0.0)
        if self.ordered:
            opened = np.flatnonzero(shares)
            ends = np.minimum(np.searchsorted(opened, numbers), len(opened) - 1)
            before = opened[np.maximum(ends - 1, 0)]
            nearer = np.abs(before - numbers) < np.abs(opened[ends] - numbers)
            return np.where(nearer, before, opened[ends])
        rows = np.flatnonzero(rng.random(len(numbers)) >= stay[numbers])
        lacking = np.maximum(shares - drawn, 0.0)
        if not len(rows) or not lacking.sum() > 0:
            return numbers
        new = numbers.copy()
        new[rows] = rng.choice(len(shares), size=len(rows), p=lacking / lacking.sum())
        return new


def _number(values: Floats, part: str) -> Integers:
    """Return the half hour of the day, the minute of the half hour or the second of moments."""
    unit, size = CLOCK[part]
    seconds = values - np.floor(values / DAY) * DAY
    return (np.floor(seconds / unit).astype(np.int64)) % size


def _counted(values: Floats, part: str) -> Integers:
    return np.bincount(_number(values, part), minlength=CLOCK[part][1])


def _is_uneven(counts: Integers) -> bool:
    """Return whether numbers lose entropy against even ones beyond chance; see `uneven_part`."""
    freedom = len(counts) - 1
    by_chance = (freedom + 3.0 * np.sqrt(2.0 * freedom)) / (2 * counts.sum())
    share = counts[counts > 0] / counts.sum()
    lost = np.log(len(counts)) + float((share * np.log(share)).sum())
    return bool(lost - by_chance > UNEVEN)


def _shares(numbers: Integers, size: int, least: int) -> list[float]:
    return _kept(np.bincount(numbers, minlength=size), least)


def _kept(counts: Integers, least: int) -> list[float]:
    kept = np.where(counts >= least, counts, 0).astype(float)
    kept = kept if kept.any() else counts.astype(float)
    return [float(share) for share in kept / kept.sum()]
