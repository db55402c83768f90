"""How long it is from one moment of a row to another: what children of the row may follow."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from relsynth.columns.encoder import ColumnEncoder
from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.columns.moment import DatetimeEncoder

MOMENTS = 4  # makes 6 pairs; each further moment adds as many columns as there are before it


def moments_of(encoders: Mapping[str, ColumnEncoder]) -> tuple[str, ...]:
    """Return the first columns of a table that are points in time, at most ``MOMENTS``."""
    return tuple(
        name for name, encoder in encoders.items() if isinstance(encoder, DatetimeEncoder)
    )[:MOMENTS]


def spans(rows: Matrix, moments: tuple[str, ...]) -> Matrix:
    """Return the seconds from every moment of a row to every other.

    Trees compare single columns with thresholds: that a book came back after it was due, on
    which a fine depends, shows in no single date.

    Parameters
    ----------
    moments : tuple of str
        Columns in seconds; those that are not there are passed over.

    Examples
    --------
    >>> rows = Matrix(("due", "back"), ("number", "number"), np.array([[10.0, 40.0]]))
    >>> spans(rows, ("due", "back")).values.tolist()
    [[30.0]]
    """
    pairs = list(combinations([name for name in moments if name in rows.names], 2))
    values = [rows[second] - rows[first] for first, second in pairs]
    kinds: list[ColumnKind] = ["number"] * len(pairs)
    return Matrix(
        tuple(f"{second} - {first}" for first, second in pairs),
        tuple(kinds),
        np.column_stack(values) if values else np.empty((len(rows), 0)),
    )
