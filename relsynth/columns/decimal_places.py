"""Numbers written with few decimals here and many there: 54.0 beside 15.4542."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.groups import unique_values
from relsynth.packing import packable
from relsynth.typing import Floats, Integers

FEWEST_VALUES = 20  # of fewer the share below is one row
MOST_VALUES = 1_000  # a share of .05 is known to .007
LEAST_PLACES = 4  # below, all rows are written alike
MOST_PLACES = 15  # what a double has
LEAST_SHARE = 0.05  # of the rows that are written shorter; fewer are whole by chance


@packable
@dataclass(frozen=True, slots=True)
class DecimalPlaces:
    """How many decimals numbers have, each as the real one next to it.

    Attributes
    ----------
    limits : ndarray of float, shape (n - 1,)
        Half-way between neighbouring real values, rising.
    places : ndarray of int, shape (n,)
        Decimals of these values.
    """

    limits: Floats
    places: Integers

    @classmethod
    def find(cls, values: Floats) -> DecimalPlaces | None:
        """Return the decimals of some numbers, or None where all have about as many.

        Parameters
        ----------
        values : ndarray of float
            Numbers that all differ from each other count once.

        Notes
        -----
        One number in a hundred ends in two zeros by chance. The decimals vary where at
        least 5% of the different values have two or more below the most, which must be
        four or more. Costs one sort.

        Examples
        --------
        >>> some = np.r_[np.arange(40.0), np.arange(40) + 0.4142]
        >>> found = DecimalPlaces.find(some)
        >>> found.rounded(np.array([7.1, 7.39]))
        array([7.  , 7.39])
        >>> DecimalPlaces.find(some.round(1)) is None
        True
        """
        known = unique_values(values[~np.isnan(values)])
        if len(known) < FEWEST_VALUES:
            return None
        at = unique_values(np.linspace(0, len(known) - 1, MOST_VALUES).astype(int))
        known = known[at]
        places = decimal_places(known)
        most = int(places.max())
        if most < LEAST_PLACES or (places <= most - 2).mean() < LEAST_SHARE:
            return None
        return cls((known[1:] + known[:-1]) / 2, places)

    def rounded(self, values: Floats) -> Floats:
        """Return numbers with as many decimals as the real ones next to them."""
        places = self.places[np.searchsorted(self.limits, values)]
        shown: Floats = values.copy()
        for some in unique_values(places[places < MOST_PLACES]).tolist():
            here = places == some
            shown[here] = np.round(values[here], some) + 0.0
        return shown


def decimal_places(values: Floats) -> Integers:
    """Return the decimals of every number, at most 15."""
    places = np.full(len(values), MOST_PLACES, dtype=np.int64)
    for digits in range(MOST_PLACES - 1, -1, -1):
        fits = np.abs(values - np.round(values, digits)) <= 1e-15 * np.abs(values)
        places[fits] = digits
    return places
