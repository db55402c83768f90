"""Issue keys: distinct values in the format of the real ones, or in a declared format."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import pandas as pd

from relsynth.columns.languages import SPAN
from relsynth.columns.numbering import permutation_key, permute
from relsynth.errors import CapacityError
from relsynth.typing import Integers


class KeyFormat(ABC):
    """The format of a key and the order in which its values are issued.

    A format numbers its values. Dense sequences are issued in order, from the first value
    on; scattered ones by a permutation of the numbers, so that values are distinct by
    construction and no table of issued values is held.

    Attributes
    ----------
    name : str
        ``table.column`` for messages.
    dtype : str
        pandas dtype of the values.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from relsynth.columns.key_learning import learn_format
    >>> from relsynth.metadata import Column
    >>> keys = learn_format(pd.Series(["HID_001", "HID_002", "HID_003"]), Column("id", "key"))
    >>> keys.issue(2, np.random.default_rng(0)).tolist(), keys.capacity
    (['HID_001', 'HID_002'], 999)
    """

    ordered: bool
    dtype: str
    name: str

    @property
    @abstractmethod
    def capacity(self) -> int | None:
        """How many distinct values there are; ``None`` where there is no bound."""

    @abstractmethod
    def _values(self, ranks: Integers, rng: np.random.Generator) -> pd.Series:
        """Return the values with these numbers."""

    @abstractmethod
    def arithmetic(self) -> str:
        """Say where the capacity comes from, for a message."""

    def _after(self, taken: pd.Series) -> int:
        """Return the first number behind the values already taken; ordered formats only."""
        return len(taken)

    def issue(
        self,
        count: int,
        rng: np.random.Generator,
        taken: pd.Series | None = None,
        *,
        start: int = 0,
    ) -> pd.Series:
        """Return distinct values.

        Parameters
        ----------
        rng : numpy.random.Generator
            Consumed by the same amount whatever the count.
        taken : Series, optional
            Values that exist already and must not be issued again; a dense sequence
            continues after the largest of them.
        start : int, default 0
            How many values were issued before from an equal generator, so that
            partitions can be issued apart; not together with `taken`.

        Returns
        -------
        Series, shape (count,)

        Raises
        ------
        CapacityError
            Where fewer values are left, with the arithmetic.
        """
        key = permutation_key(rng)
        known = None if taken is None else taken.dropna().drop_duplicates()
        if known is None or known.empty:
            self._require(start + count, 0)
            return self._block(start, count, key, rng)
        if start:
            raise ValueError("issue takes either `start` or `taken`, not both")
        after = self._after(known) if self.ordered else 0
        if self.ordered and (self.capacity is None or after + count <= self.capacity):
            return self._block(after, count, key, rng)
        wanted = count + len(known)
        block = self._block(
            0, wanted if self.capacity is None else min(wanted, self.capacity), key, rng
        )
        free = block[~block.isin(known)]
        if len(free) < count:
            self._require(count + len(block) - len(free), len(block) - len(free))
        return free.iloc[:count].reset_index(drop=True)

    def issue_within(
        self, ranks: Integers, groups: Integers, rng: np.random.Generator
    ) -> pd.Series:
        """Return values that differ between different ranks of one group.

        Parameters
        ----------
        ranks : ndarray of int64
            0, 1, 2, ... within each group.
        groups : ndarray of int64
            The group of each value.

        Raises
        ------
        CapacityError
            Where a rank lies beyond the capacity.
        """
        key = permutation_key(rng)
        if len(ranks):
            self._require(int(ranks.max()) + 1, 0)
        if not self.ordered:
            ranks = self._scattered(ranks, key, groups)
        return self._values(ranks, rng)

    @property
    def _span(self) -> int:
        """How many values can be reached by number."""
        return min(self.capacity or SPAN, SPAN)

    def _block(self, start: int, count: int, key: Integers, rng: np.random.Generator) -> pd.Series:
        ranks = start + np.arange(count, dtype=np.int64)
        if not self.ordered:
            ranks = self._scattered(ranks, key)
        return self._values(ranks, rng)

    def _scattered(
        self, ranks: Integers, key: Integers, groups: Integers | None = None
    ) -> Integers:
        """Return the number of the value that comes at each place, group by group."""
        return permute(ranks, self._span, key, groups)

    def _require(self, count: int, taken: int) -> None:
        if self.capacity is not None and count > self.capacity:
            used = f", {taken:,} of them already taken" if taken else ""
            raise CapacityError(
                f"{self.name}: {count - taken:,} distinct values are asked for, but "
                f"{self.arithmetic()} gives {self.capacity:,}{used}; "
                "ask for fewer rows or widen the format of the column"
            )
