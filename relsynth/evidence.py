"""One way to decide from data: a statistic, what chance makes of it, and how many rows show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relsynth.typing import Floats, Integers

SURE = 3.0
"""Standard errors that chance exceeds in one decision of 740: a database of some hundred columns
has less than one false find. Two errors would make five; six ask for four times the rows."""
KOLMOGOROV = 1.63
"""Errors that the distance of two equal distributions exceeds once in a hundred times, the root of
``ln(2 / .01) / 2`` (Kolmogorov 1933)."""
SPLITS = 20
"""Splits of the real families that show what chance does: it exceeds the largest of 20 once in 21
times, the usual twentieth. 40 cost twice the time for a fortieth."""
MOST = 0.5
"""Share of most rows: a property of fewer is that of the others."""
USUALLY = 0.8
"""Share at which one in five may differ, such as families with an exception each."""
LARGELY = 0.9
"""Share at which one in ten may differ, such as where some rows are missing."""
NEARLY_ALL = 0.95
"""Share at which one in twenty may differ; at .9 what merely often holds would count."""
EXACT = 0.99
"""Share at which only what was corrected by hand may differ."""
GLANCE = 500
"""Rows of a first look that spares most looks at all rows: what is wrong in one row of a hundred
is seen in it with .993. Twice as many cost twice the time and see no more that matters."""
LARGE_SAMPLE = 20_000
"""Rows in which a share near 1 is looked for: .95 is known to .0015."""
FEW = 20
"""Families, or pairs of neighbours, that show what all of them keep: half of them would by chance
once in a million. Ten would once in a thousand, which is one column of a database."""
ENOUGH = 50
"""Rows, or rows of a parent, from which a share is read: .95 is known to .03. Twice as many leave
out small tables."""
RARELY = 0.02
"""Share that hardly shows: one row of fifty. Twice as much would in small tables."""
EXPECTED = 10
"""Rows that chance would have, where none or all others are seen: that is chance once in 20,000
(e ** -10). Twice as many leave out small tables."""
SLIGHT = 0.05
"""Share, or distance between distributions, that does not show; twice as much does."""
VISIBLE = 0.1
"""Share, or distance between distributions, that shows: of ten values one is another."""
SAMPLE = 2_000
"""Rows in which a share is looked for: half is known to .011, from twice as many to .008."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far a statistic lies beyond what chance makes of it.

    Attributes
    ----------
    statistic : float
        Larger is more.
    chance : float
        Its value where there is nothing to find.
    n : int
        Observations behind it.
    spread : float
        Standard deviation of a single observation.

    Examples
    --------
    >>> few, many = (Evidence.of_share(0.3, 0.2, n) for n in (40, 4_000))
    >>> few.exceeds(0.05), many.exceeds(0.05), many.exceeds(0.2)
    (False, True, False)
    >>> Evidence(0.9, 0.6, 500).closes()
    True
    """

    statistic: float
    chance: float
    n: int
    spread: float = 1.0

    @classmethod
    def of_share(cls, share: float, chance: float, n: int) -> Evidence:
        """Return the evidence of a share of rows that chance alone makes another share.

        No share is known better than to one row, even where chance makes it 0 or 1.
        """
        variance = max(chance * (1.0 - chance), 1.0 / n) if n else np.inf
        return cls(share, chance, n, float(np.sqrt(variance)))

    @classmethod
    def of_distance(cls, distance: float, n: int) -> Evidence:
        """Return the evidence of a Kolmogorov-Smirnov distance of two samples of n rows each.

        Ask for more than ``KOLMOGOROV`` errors.
        """
        return cls(distance, 0.0, n, float(np.sqrt(2.0)))

    @property
    def gain(self) -> float:
        """What goes beyond chance."""
        return self.statistic - self.chance

    @property
    def error(self) -> float:
        """Standard error of the statistic."""
        return self.spread / float(np.sqrt(self.n)) if self.n else np.inf

    def exceeds(self, least: float, errors: float = SURE) -> bool:
        """Return whether the gain is more than `least` and than so many standard errors."""
        return self.gain > max(least, errors * self.error)

    def closes(self, part: float = 0.5) -> bool:
        """Return whether the gain is more than a part of what chance leaves below 1.

        By default half of the way to certainty; all of it would allow no exception.
        """
        return self.gain > part * (1.0 - self.chance)


def by_halves(
    values: Floats,
    groups: Integers,
    distance: Callable[[Floats, Floats], float],
    rng: np.random.Generator,
) -> float:
    """Return the largest distance that chance alone puts between two equal sets of families.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows,)
    groups : ndarray of int, shape (n_rows,)
        Family of each row.
    distance : callable
        Of two sets of values.
    rng : numpy.random.Generator

    Notes
    -----
    Of ``SPLITS`` splits of the families into halves, the largest distance, divided by the root
    of 2 because halves have half of the families. Rows of one family are alike: five families
    of a hundred rows each know no more than five rows.
    """
    names, codes = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        return np.inf
    half, largest = len(names) // 2, 0.0
    for _ in range(SPLITS):
        first = np.isin(codes, rng.permutation(len(names))[:half])
        largest = max(largest, distance(values[first], values[~first]))
    return largest / float(np.sqrt(2.0))
