"""As many parents with each number of children as in the real data: a few draw theirs again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.evidence import NEARLY_ALL
from relsynth.groups import places, unique_values
from relsynth.models.systematic import round_to_total
from relsynth.packing import packable
from relsynth.sorting import stable_order
from relsynth.typing import Floats, Integers

LEVELS = 20  # of numbers of children: shares of a twentieth, which is what may differ
TRIES = 10  # draws of all parents, or of all rows left; what is missing then is settled otherwise


@packable
@dataclass(frozen=True, slots=True)
class CountShares:
    """How frequent numbers of children are.

    Attributes
    ----------
    least : ndarray of float, shape (n_levels,)
        Least number of each level, rising: every number, or quantiles where they are many.
    shares : ndarray of float, shape (n_levels,)
        Of the parents.
    """

    least: Floats
    shares: Floats

    @classmethod
    def of(cls, counts: Floats) -> Self:
        """Return the shares of the real parents."""
        least = unique_values(counts)
        if len(least) > LEVELS:
            steps = np.linspace(0.0, 1.0, LEVELS, endpoint=False)
            least = unique_values(np.quantile(counts, steps, method="lower"))
        levels = np.searchsorted(least, counts, side="right") - 1
        return cls(least, np.bincount(levels, minlength=len(least)) / max(len(counts), 1))

    def balanced(self, draw: Callable[[], Matrix], rng: np.random.Generator) -> Matrix:
        """Return drawn summaries, of which a few are drawn again.

        Parameters
        ----------
        draw : callable
            Draws the summaries of all parents, the number of children first.

        Notes
        -----
        Every summary is one that was drawn for its parent. Nothing is drawn again where no more
        than one parent in twenty would have to change.

        Examples
        --------
        >>> rng, columns = np.random.default_rng(0), (("n",), ("count",))
        >>> shares = CountShares.of(np.repeat([0.0, 5.0], [30, 10]))
        >>> made = shares.balanced(lambda: Matrix(*columns, 5.0 * rng.integers(0, 2, (40, 1))), rng)
        >>> np.bincount(made.values[:, 0].astype(int))[[0, 5]].tolist()
        [30, 10]
        """
        made = draw()
        if not len(self.least) or not len(made):
            return made
        goal = round_to_total(self.shares * len(made), np.random.default_rng(0))
        values = made.values
        for _ in range(TRIES):
            own = self._levels(values[:, 0])
            over = np.bincount(own, minlength=len(goal)) - goal
            if np.abs(over).sum() / 2 <= (1.0 - NEARLY_ALL) * len(made):
                break
            other = draw().values
            new = self._levels(other[:, 0])
            some = rng.permutation(np.flatnonzero((over[own] > 0) & (over[new] < 0)))
            for levels, room in ((own, over), (new, -over)):
                some = some[stable_order(levels[some])]
                sizes = np.bincount(levels[some], minlength=len(goal))
                some = rng.permutation(some[places(sizes) < room[levels[some]]])
            values = values.copy()
            values[some] = other[some]
        return Matrix(made.names, made.kinds, values)

    def _levels(self, counts: Floats) -> Integers:
        return np.maximum(np.searchsorted(self.least, counts, side="right") - 1, 0)
