"""Offsets to UTC that dates have beside their local time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from relsynth.columns.protection import Holders, rare_levels
from relsynth.packing import packable
from relsynth.schema.date_text import seconds_of
from relsynth.typing import Array, Floats, Integers

MOST = 10_000  # moments whose offset is kept; one a day for 27 years


@packable
@dataclass(frozen=True, slots=True)
class Offsets:
    """The offsets seen, each with the local times it was seen at.

    A drawn moment gets the offset of the real moment nearest to it: summer time follows the
    calendar, and a mixture of zones keeps its shares as they change.

    Attributes
    ----------
    moments : ndarray of float, shape (n_seen,)
        Local seconds since 1970, sorted; at most ``MOST`` in even distances of rank.
    codes : ndarray of int, shape (n_seen,)
    spelled : tuple of str
        What the codes mean: ``"+02:00"``, ``"Z"``, or empty for a date without an offset.
    """

    moments: Floats
    codes: Integers
    spelled: tuple[str, ...]

    @classmethod
    def learn(cls, seconds: Floats, offsets: Array | None, entities: Holders) -> Self | None:
        """Learn the offsets of a column; ``None`` where there are none.

        Parameters
        ----------
        seconds : ndarray of float, shape (n_rows,)
        offsets : ndarray of object, shape (n_rows,), or None
        entities : Holders
            Offsets that too few subjects have are left out where there are others.
        """
        if offsets is None:
            return None
        codes, spelled = pd.factorize(offsets, sort=True)
        known = ~np.isnan(seconds)
        shared = ~rare_levels(np.where(known, codes, -1), entities, len(spelled))
        if shared.any():
            known &= shared[codes]
        rows = np.flatnonzero(known)
        rows = rows[np.argsort(seconds[rows], kind="stable")][:: -(-len(rows) // MOST) or 1]
        used, codes = np.unique(codes[rows], return_inverse=True)
        return cls(seconds[rows], codes.astype(np.int64), tuple(spelled[used].tolist()))

    def near(self, seconds: Floats, rng: np.random.Generator) -> Array:
        """Return the offset of a real moment next to each of some local times.

        Parameters
        ----------
        seconds : ndarray of float, shape (n_rows,)
        rng : Generator
            Chooses where several real moments are equally near.

        Returns
        -------
        ndarray of object, shape (n_rows,)
        """
        names = np.array(self.spelled, dtype=object)
        if len(names) == 1:
            return np.repeat(names, len(seconds))
        right = np.searchsorted(self.moments, seconds).clip(1, len(self.moments) - 1)
        left_gap, right_gap = seconds - self.moments[right - 1], self.moments[right] - seconds
        nearest = self.moments[np.where(left_gap <= right_gap, right - 1, right)]
        first = np.searchsorted(self.moments, nearest)
        last = np.searchsorted(self.moments, nearest, side="right")
        chosen: Array = names[self.codes[rng.integers(first, last)]]
        return chosen

    def extremes(self) -> tuple[int, int]:
        """Return the smallest and the largest offset in seconds."""
        seconds = seconds_of(np.array(self.spelled or ("",), dtype=object))
        return int(seconds.min()), int(seconds.max())
