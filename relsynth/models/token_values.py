"""The value behind a token: a tree that starts from the token and goes on where more is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from relsynth.columns.matrix import ColumnKind
from relsynth.errors import ModelFileError
from relsynth.groups import unique_values
from relsynth.models.binning import MOST_BINS, BinnedFeatures
from relsynth.models.cart import CHILDREN
from relsynth.models.features import FeatureSet
from relsynth.models.leaf_draw import LeafDraw
from relsynth.models.systematic import Turns
from relsynth.models.target import Target
from relsynth.models.tree import Tree, grow
from relsynth.packing import packable
from relsynth.typing import Array, Floats, Integers


@packable
@dataclass(frozen=True, slots=True)
class TokenValues:
    """The distribution of a column's values given their token and the features.

    Attributes
    ----------
    features : FeatureSet
        The last one is the token, which stands in the column's own place.
    tree : Tree or None
        ``None`` where the token says all.
    leaves : LeafDraw
        Of the leaves of the tree, or of the tokens.
    """

    features: FeatureSet
    tree: Tree | None
    leaves: LeafDraw

    @classmethod
    def of(
        cls,
        column: Floats,
        kind: ColumnKind,
        tokens: Integers,
        some: Integers,
        features: FeatureSet,
        binned: BinnedFeatures,
        scaled: Array,
        seed: int,
    ) -> Self:
        """Learn from rows.

        Parameters
        ----------
        column : ndarray of float, shape (n_rows,)
        kind : {"number", "count", "category"}
        tokens : ndarray of int, shape (n_rows,)
        some : ndarray of int, shape (n_some_rows,)
            Rows the tree is grown on.
        binned : BinnedFeatures
            The features of these rows.
        scaled : ndarray of float32, shape (n_rows, n_before)
            The context and the columns before.

        Notes
        -----
        No tree is grown for a category, or where every token is one value.
        """
        n_tokens = int(tokens.max(initial=0)) + 1
        known = column[~np.isnan(column)]
        if kind == "category" or len(unique_values(known)) <= n_tokens or n_tokens > MOST_BINS:
            leaves = LeafDraw.of(column, kind, tokens, n_tokens)
            return cls(FeatureSet(np.empty(0, np.int64), {}), None, leaves)
        codes = np.empty((len(some), binned.width + 1), np.uint8, order="F")
        codes[:, :-1], codes[:, -1] = binned.codes, tokens[some]
        tree, _ = grow(
            BinnedFeatures(codes, (*binned.edges, np.linspace(0.5, n_tokens - 1.5, n_tokens - 1))),
            Target.of(column[some], kind),
            min_leaf=CHILDREN.min_leaf,
            significance=CHILDREN.significance,
            seed=seed,
        )
        tree, used = tree.narrowed()
        with_token = FeatureSet(np.append(features.columns, scaled.shape[1]), features.orders)
        kept = with_token.keep(used)
        known_and_token = np.column_stack([scaled, tokens.astype(np.float32)])
        leaf = tree.apply(kept.take(known_and_token))
        return cls(kept, tree, LeafDraw.of(column, kind, leaf, tree.n_leaves))

    def begin(self, rng: np.random.Generator) -> Turns:
        """Return where the draws of many calls start."""
        return Turns(len(self.leaves.bounds) - 1, rng)

    def draw(
        self, scaled: Array, tokens: Integers, rng: np.random.Generator, turns: Turns | None
    ) -> Floats:
        """Draw the value of every row.

        Parameters
        ----------
        scaled : ndarray of float32, shape (n_rows, n_columns)
            With the token in the column's own place.
        tokens : ndarray of int, shape (n_rows,)
        turns : Turns or None
            From `begin`.
        """
        leaves = tokens if self.tree is None else self.tree.apply(self.features.take(scaled))
        return self.leaves.draw(leaves, rng, turns)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`, refusing leaves of another tree."""
        tree, leaves = state["tree"], state["leaves"]
        if tree is not None and tree.n_leaves != len(leaves.bounds) - 1:
            raise ModelFileError("values of the model are damaged; fit and save it again")
        return cls(state["features"], tree, leaves)
