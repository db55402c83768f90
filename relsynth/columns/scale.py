"""Numbers of few values, such as marks and stars: how often each comes tells more than a mean."""

from __future__ import annotations

import numpy as np

from relsynth.evidence import GLANCE
from relsynth.groups import unique_values
from relsynth.typing import Floats

MOST_VALUES = 12  # 1 to 10 and halves of 1 to 5 with 0; at twice as many each tells half as much
ROWS_OF_VALUE = 100  # on average, ten leaves of rows: with fewer their order tells more than each


def scale_of(column: Floats) -> Floats:
    """Return the values of a column of numbers that is a scale, none of another.

    Parameters
    ----------
    column : ndarray of float, shape (n_rows,)
        ``NaN`` for missing values.

    Returns
    -------
    ndarray of float
        From 3 to ``MOST_VALUES`` values, rising; empty where there are more or fewer, or fewer
        than ``ROWS_OF_VALUE`` rows for each.

    Examples
    --------
    >>> scale_of(np.arange(1000) % 5 + 1.0).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0]
    >>> scale_of(np.arange(1000.0)).tolist()
    []
    """
    known = column[~np.isnan(column)]
    most = min(MOST_VALUES, len(known) // ROWS_OF_VALUE)
    if len(known) > GLANCE and len(unique_values(known[:GLANCE])) > most:
        return known[:0]
    values = unique_values(known)
    return values if 2 < len(values) <= most else known[:0]
