"""A few neighbouring columns of the table model ``hvrt`` given all columns before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from relsynth.models.features import FeatureSet
from relsynth.models.gap_rules import GapRule
from relsynth.models.leaf_donors import LeafDonors
from relsynth.models.leaf_noise import LeafNoise
from relsynth.models.tree import Tree
from relsynth.typing import Array, Flags, Floats, Integers


@dataclass(frozen=True, slots=True)
class Block:
    """The conditional distribution of a few neighbouring columns.

    Attributes
    ----------
    columns : slice
        In the joint table of context and rows.
    gaps : GapRule or None
        What tells which rows have no value.
    rows : ndarray of int
        Real rows that have one, from which the others are drawn.
    relevance : ndarray, shape (columns.start,)
        What every column before the block explains, the largest 1.
    donors : LeafDonors
        Near in the most relevant columns.
    regressors : ndarray of int
        Numeric columns before the block that shift rare numbers.
    """

    columns: slice
    gaps: GapRule | None
    rows: Integers
    features: FeatureSet
    tree: Tree
    relevance: Floats
    donors: LeafDonors
    regressors: Integers
    noise: LeafNoise

    def draw(
        self,
        values: Floats,
        drawn: Floats,
        known: Array,
        filled: Array,
        noise: float,
        strategy: str,
        rng: np.random.Generator,
    ) -> tuple[Floats, Flags]:
        """Draw the block of new rows given the columns before it.

        Parameters
        ----------
        values : ndarray, shape (n_real_rows, n_columns)
            The real rows.
        drawn : ndarray, shape (n_rows, n_columns)
            New rows, drawn up to the block.
        known, filled : ndarray of float32, shape (n_rows, n_columns)
            Their scores, and these with gaps filled.
        strategy : str
            See `LeafNoise.move`.

        Returns
        -------
        drawn : ndarray, shape (n_rows, n_block)
        moves : ndarray of bool, shape (n_rows, n_block)
            Which values are numbers with noise.
        """
        width = self.columns.stop - self.columns.start
        new, moves = np.full((len(drawn), width), np.nan), np.zeros((len(drawn), width), dtype=bool)
        at: Any = slice(None)
        if self.gaps is not None:
            at = np.flatnonzero(~self.gaps.missing(drawn[:, self.gaps.column]))
        leaves = self.tree.apply(self.features.take(filled)[at])
        seen = known[at]
        donors = self.donors.draw(seen, leaves, rng)
        new[at] = self.noise.move(
            values[self.rows[donors], self.columns],
            donors,
            leaves,
            seen.take(self.regressors, axis=1).astype(float),
            noise,
            rng,
            strategy,
        )
        moves[at] = self.noise.moves[donors]
        return new, moves
