"""What moments of a row tell its children: how far apart they are, their parts of the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, islice

import numpy as np

from relsynth.columns.calendar import DAY, calendar
from relsynth.columns.encoder import ColumnEncoder
from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.columns.moment import DatetimeEncoder

MOMENTS = 4  # makes 6 pairs; each further moment adds as many columns as there are before it


def moments_of(encoders: Mapping[str, ColumnEncoder]) -> dict[str, tuple[str, ...]]:
    """Return the first columns of a table that are points in time, at most ``MOMENTS``.

    Returns
    -------
    dict of str to tuple of str
        With the parts of the calendar in which their values can differ.
    """
    dates = {n: encoder for n, encoder in encoders.items() if isinstance(encoder, DatetimeEncoder)}
    return {name: _parts(dates[name]) for name in islice(dates, MOMENTS)}


def moment_features(rows: Matrix, moments: Mapping[str, tuple[str, ...]]) -> Matrix:
    """Return the seconds between moments of a row, and the parts of the calendar of each.

    Trees compare single columns with thresholds: that a book came back after it was due, on
    which a fine depends, shows in no single date, and that a day is a Sunday, when fewer
    orders come, in no number of seconds.

    Parameters
    ----------
    rows : Matrix
    moments : mapping of str to tuple of str
        Columns in seconds, those that are not there are passed over; and their parts.

    Examples
    --------
    >>> rows = Matrix(("due", "back"), ("number", "number"), np.array([[10.0, 40.0]]))
    >>> moment_features(rows, {"due": (), "back": ("weekday",)}).values.tolist()
    [[30.0, 3.0]]
    """
    there = [name for name in moments if name in rows.names]
    pairs = list(combinations(there, 2))
    values = [rows[second] - rows[first] for first, second in pairs]
    names = [f"{second} - {first}" for first, second in pairs]
    for name in there:
        values.extend(calendar(rows[name], moments[name]).T)
        names.extend(f"{part}.{name}" for part in moments[name])
    kinds: list[ColumnKind] = ["number"] * len(names)
    columns = np.column_stack(values) if values else np.empty((len(rows), 0))
    return Matrix(tuple(names), tuple(kinds), columns)


def _parts(dates: DatetimeEncoder) -> tuple[str, ...]:
    """Return the parts of the calendar that differ on the grid and in the range of dates."""
    differ = {
        "month": dates.high - dates.low > 31 * DAY,
        "day": True,
        "weekday": dates.step % (7 * DAY) != 0,
        "hour": dates.step % DAY != 0,
    }
    return tuple(part for part, differs in differ.items() if differs)
