"""Levels of categories as numbers: how often a question is answered yes in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relsynth.errors import ModelFileError
from relsynth.packing import packable
from relsynth.typing import Array, Floats, Integers

ROWS_OF_A_LEVEL = 10  # a share is known to .16 then; rarer levels share one
PRIOR_ROWS = 5.0  # rows of the overall share added: ten rows decide two thirds, twenty four fifths


@packable
@dataclass(frozen=True, slots=True)
class LevelSlots:
    """Where the levels of the categories among some features are counted.

    Attributes
    ----------
    columns : ndarray of int, shape (n_categories,)
        Features that hold codes.
    slots : tuple of ndarray of int
        Per category the slot of a missing value, of every code, and of unseen codes, which
        share theirs with levels of fewer than ``ROWS_OF_A_LEVEL`` rows.
    width : int
        Slots in all.
    """

    columns: Integers
    slots: tuple[Integers, ...]
    width: int

    @classmethod
    def of(cls, features: Array, is_category: Array) -> LevelSlots:
        """Give the levels of every category their slots."""
        columns, slots, width = np.flatnonzero(is_category), [], 0
        for column in columns.tolist():
            codes = np.maximum(features[:, column], -1).astype(np.int64) + 1
            counts = np.append(np.bincount(codes), 0)
            frequent = counts >= ROWS_OF_A_LEVEL
            n_frequent = int(frequent.sum())
            slots.append(width + np.where(frequent, np.cumsum(frequent) - 1, n_frequent))
            width += n_frequent + 1
        return cls(columns, tuple(slots), width)

    def find(self, features: Array) -> Integers:
        """Return the slot of every category of every row, shape (n_rows, n_categories)."""
        found = np.empty((len(features), len(self.columns)), np.int64)
        for at, (column, slots) in enumerate(zip(self.columns, self.slots, strict=True)):
            codes = np.maximum(features[:, column], -1).astype(np.int64) + 1
            found[:, at] = slots.take(codes, mode="clip")
        return found

    def shares(self, found: Integers, answers: Integers) -> Array:
        """Return the share of ones in every slot, shape (width,), drawn towards that of all."""
        ones, rows = np.zeros(self.width), np.zeros(self.width)
        for slots in found.T:
            rows += np.bincount(slots, minlength=self.width)
            ones += np.bincount(slots, answers, self.width)
        share: Floats = (ones + PRIOR_ROWS * answers.mean()) / (rows + PRIOR_ROWS)
        return share.astype(np.float32)

    def place(self, features: Array, found: Integers, shares: Array) -> Array:
        """Return features with shares in place of codes.

        Parameters
        ----------
        features : ndarray of float32, shape (n_rows, n_features)
        found : ndarray of int, shape (n_rows, n_categories)
            From `find`, and where each row has shares of its own, its place in them.
        """
        placed = features.copy()
        placed[:, self.columns] = shares.take(found)
        return placed

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> LevelSlots:
        """Rebuild from `to_state`, refusing slots that are not there."""
        columns = np.asarray(state["columns"], np.int64)
        slots = tuple(np.asarray(one, np.int64) for one in state["slots"])
        width = int(state["width"])
        within = all(len(one) and one.min() >= 0 and one.max() < width for one in slots)
        if len(columns) != len(slots) or not within:
            raise ModelFileError("levels of the model are damaged; fit and save it again")
        return cls(columns, slots, width)
