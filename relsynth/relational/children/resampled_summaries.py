"""Summaries of few parents with many children each, resampled as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.evidence import ENOUGH, USUALLY
from relsynth.models.protocol import TableModel
from relsynth.models.whole_rows import WholeRows
from relsynth.packing import packable
from relsynth.seeding import Seed
from relsynth.typing import Floats

MANY_CHILDREN = 30  # sums over 30 rows give no row away


def are_few_and_large(counts: Floats) -> bool:
    """Return whether few parents, with many children each, have most of all children.

    They are too few to learn from. Sums over so many children give no child away, but would
    tell of the parent, where that is a person or a firm.
    """
    large = counts[counts >= MANY_CHILDREN]
    return 0 < len(large) < ENOUGH and large.sum() >= USUALLY * counts.sum()


@packable
class LargeParents:
    """Table model of predicted summaries: large parents get those of real large ones.

    Parameters
    ----------
    others : TableModel
        For the parents of fewer than ``MANY_CHILDREN`` children. The first column that it
        draws is their number.
    """

    name = "large_parents"

    def __init__(self, others: TableModel) -> None:
        self.others = others
        self.large = WholeRows()

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Learn the summaries; see `TableModel.fit`."""
        large = np.flatnonzero(rows.values[:, 0] >= MANY_CHILDREN)
        self.large.fit(rows.take(large), context.take(large))
        self.others.fit(rows, context, seed=seed)
        return self

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one predicted summary per parent; see `TableModel.sample`."""
        drawn = self.others.sample(context, rng)
        large = np.flatnonzero(drawn[:, 0] >= MANY_CHILDREN)
        drawn[large] = self.large.sample(context.take(large), rng)
        return drawn

    def to_state(self) -> dict[str, Any]:
        """Return both models."""
        return {"others": self.others, "large": self.large}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`."""
        made = cls(state["others"])
        made.large = state["large"]
        return made
