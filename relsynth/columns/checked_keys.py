"""Keys with check digits: of a format without them, and completed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from relsynth.columns.keys import KeyFormat
from relsynth.packing import packable
from relsynth.schema.check_digits import CheckDigit, completed
from relsynth.typing import Integers

_STRETCH: Final = 8  # bodies for a key where some have no check digit: one in 11^8 fails


@packable
@dataclass(frozen=True, slots=True)
class CompletedKeys(KeyFormat):
    """Texts or whole numbers that end in a check digit, told apart by what stands before it.

    Parameters
    ----------
    name : str
        ``table.column`` for messages.
    bodies : KeyFormat
        Texts without check digits.
    digits : tuple of CheckDigit
        The last one first.
    """

    name: str
    dtype: str
    bodies: KeyFormat
    digits: tuple[CheckDigit, ...]

    @property
    def ordered(self) -> bool:  # type: ignore[override]
        """Whether they are issued in sequence."""
        return self.bodies.ordered

    @property
    def _stretch(self) -> int:
        return _STRETCH if any(digit.has_gaps for digit in self.digits) else 1

    @property
    def capacity(self) -> int | None:
        """How many bodies there are."""
        found = self.bodies.capacity
        return None if found is None else found // self._stretch

    def arithmetic(self) -> str:
        """Say where the capacity comes from."""
        return f"{self.bodies.arithmetic()} and a check digit"

    def _after(self, taken: pd.Series) -> int:
        texts = taken.astype(str)
        for digit in self.digits:
            texts = texts.map(lambda text, cut=digit: cut.parted(text)[0])
        return -(-self.bodies._after(texts) // self._stretch)

    def _values(self, ranks: Integers, rng: np.random.Generator) -> pd.Series:
        made = np.full(len(ranks), None, dtype=object)
        for turn in range(self._stretch):
            left = np.flatnonzero(pd.isna(made))
            if not len(left):
                break
            places = ranks[left] * self._stretch + turn
            made[left] = completed(self.bodies._values(places, rng).tolist(), self.digits)
        return pd.Series(made, dtype=object).astype(self.dtype)
