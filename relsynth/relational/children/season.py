"""Dates that leave whole months of the year empty: races, terms, harvests."""

from __future__ import annotations

import numpy as np

from relsynth.relational.children.calendar import year_of
from relsynth.typing import Flags, Floats

LEAST_YEARS = 2
MISSED = 20
OPEN_YEAR = 11 / 12


def season_of(values: Floats, count: int) -> Floats:
    """Return quantiles of the time of the year where dates leave out whole months of it.

    Parameters
    ----------
    values : ndarray of float, shape (n_values,)
        Seconds since 1970.
    count : int
        How many quantiles, evenly spaced.

    Returns
    -------
    ndarray of float, shape (count,) or (0,)
        In years; none where dates cover less than ``LEAST_YEARS`` years or all months, or where
        chance alone could have missed the rest of the year (fewer than ``MISSED`` dates).
    """
    start, length = year_of(values)
    share = (values - start) / length
    missed = len(values) * (1 - np.ptp(share))
    if np.ptp(start) < LEAST_YEARS * length.max() or missed < MISSED or np.ptp(share) > OPEN_YEAR:
        return np.empty(0)
    return np.quantile(share, np.linspace(0.0, 1.0, count))


def outside_season(values: Floats, season: Floats) -> Flags:
    """Return which dates lie outside a season."""
    start, length = year_of(values)
    share = (values - start) / length
    return (share < season[0]) | (share > season[-1])


def mirrored(values: Floats, least: Floats, season: Floats) -> Floats:
    """Return dates mirrored at the nearest end of the season where they lie outside of it.

    Parameters
    ----------
    values, least : ndarray of float, shape (n_rows,)
        A date that would come before `least` at the end of a season goes to the start of the
        next one.
    season : ndarray of float
        From `season_of`.
    """
    start, length = year_of(values)
    year = np.where((values - start) / length < season[0], start, start + length)
    early, late = year + season[0] * length, year - (1 - season[-1]) * length
    beyond = np.minimum(np.abs(values - early), np.abs(values - late))
    back = late - beyond
    is_late = (np.abs(values - late) <= np.abs(values - early)) & (back >= least)
    moved = np.where(is_late, back, np.maximum(early + beyond, least))
    return np.where(outside_season(values, season), moved, values)


def spread_in_season(values: Floats, season: Floats) -> Floats:
    """Return dates whose times of the year are distributed as those of the season.

    Years stay, and so does the order of dates.
    """
    start, length = year_of(values)
    _, codes, counts = np.unique((values - start) / length, return_inverse=True, return_counts=True)
    rank = ((np.cumsum(counts) - counts / 2) / len(values))[codes]
    moved: Floats = start + np.interp(rank, np.linspace(0.0, 1.0, len(season)), season) * length
    return moved
