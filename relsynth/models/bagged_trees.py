"""Several trees a column, each grown on a part of the rows: smoother than one for few rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from relsynth.arguments import number_fault, refuse
from relsynth.columns.matrix import Matrix
from relsynth.errors import ModelFileError
from relsynth.models.cart import SequentialTrees
from relsynth.models.protocol import stepwise
from relsynth.packing import packable
from relsynth.seeding import Seed, integer_seed
from relsynth.typing import Floats

TREES = 10  # with 5 two thirds of the gain (adult, 200 rows, AUC), with 30 no more
# of the rows: as many different ones as a bootstrap sample has; drawn rows lie as far from the
# training rows as those of one tree (distance share .58 on 200 rows of adult; of .8 it is .61)
GROWN_ON = 0.632
# both half of what one tree needs: no row hangs on the leaf of a single tree
MIN_LEAF = 10
SIGNIFICANCE = 3.0


@packable
class BaggedTrees:
    """Table model that draws every row from one of several `SequentialTrees`.

    Each grows its trees on another part of the rows, 63 % of them, and fills their leaves with
    all rows, so that what a single split decides by chance is averaged out.

    Parameters
    ----------
    trees : int, default 10
        Trees a column.
    min_leaf : int, default 10
        Least rows in a leaf.
    significance : float, default 3.0
        How significant the last splits must be to stay; see `relsynth.models.tree.grow`.

    Notes
    -----
    Fitting costs as much as `trees` models on 63 % of the rows each, which is why large
    tables, that gain little, are better left to `SequentialTrees`. Sampling costs the same; the
    state holds the leaves of all trees.

    References
    ----------
    Breiman (1996), Bagging predictors. Buehlmann and Yu (2002), Analyzing bagging: parts of
    the rows without replacement do as well as as many rows with replacement.

    Examples
    --------
    >>> import numpy as np
    >>> from relsynth.columns.matrix import Matrix
    >>> x = np.random.default_rng(0).normal(size=200)
    >>> rows = Matrix(("x", "twice"), ("number", "number"), np.column_stack([x, 2 * x]))
    >>> model = BaggedTrees(trees=3).fit(rows, Matrix.empty(200), seed=0)
    >>> drawn = model.sample(Matrix.empty(500), np.random.default_rng(0))
    >>> bool(np.corrcoef(drawn.T)[0, 1] > 0.9)
    True
    """

    name = "bagged_trees"

    def __init__(
        self, *, trees: int = TREES, min_leaf: int = MIN_LEAF, significance: float = SIGNIFICANCE
    ) -> None:
        faults = number_fault("trees", trees, least=1, whole=True)
        faults += number_fault("min_leaf", min_leaf, least=1, whole=True)
        refuse("BaggedTrees", faults + number_fault("significance", significance, least=0))
        self.trees = trees
        self.min_leaf = min_leaf
        self.significance = significance

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Grow the trees; see `TableModel.fit`."""
        part = max(round(GROWN_ON * len(rows)), 1)
        self.models_ = [
            SequentialTrees(
                min_leaf=self.min_leaf, significance=self.significance, structure_rows=part
            ).fit(rows, context, seed=integer_seed(seed, "trees", number))
            for number in range(self.trees)
        ]
        return self

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row; see `TableModel.sample`."""
        return self.stepwise(rng)(context)

    def stepwise(self, rng: np.random.Generator) -> Callable[[Matrix], Floats]:
        """Return what draws rows in many calls; see `relsynth.models.protocol.stepwise`."""
        draws = [stepwise(model, rng) for model in self.models_]

        def draw(context: Matrix) -> Floats:
            # in turns, so that every model draws as many rows
            turn = (rng.permutation(len(context)) + rng.integers(self.trees)) % self.trees
            drawn = np.full((len(context), len(self.models_[0].columns_)), np.nan)
            for number, one in enumerate(draws):
                at = np.flatnonzero(turn == number)
                drawn[at] = one(context.take(at))
            return drawn

        return draw

    def to_state(self) -> dict[str, Any]:
        """Return parameters and all trees."""
        return {
            "parameters": {
                "trees": self.trees,
                "min_leaf": self.min_leaf,
                "significance": self.significance,
            },
            "models": self.models_,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`, refusing what is inconsistent."""
        made = cls(**state["parameters"])
        made.models_ = list(state["models"])
        if len(made.models_) != made.trees:
            raise ModelFileError("bagged trees are incomplete; fit and save the model again")
        return made
