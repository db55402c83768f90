"""The partition tree: its size, its growth and the groups of rows it makes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from relsynth.groups import places, starts_of
from relsynth.typing import Array, Floats, Integers

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor


@dataclass(frozen=True, slots=True)
class TreeSize:
    """Limits of a partition tree."""

    max_leaf_nodes: int
    min_samples_leaf: int


def tune(rows: int, columns: int, *, reducing: bool) -> TreeSize:
    """Return the tree size that suits a data set.

    Parameters
    ----------
    rows, columns : int
    reducing : bool
        Coarse leaves to choose from, or fine leaves to generate from.

    Examples
    --------
    >>> tune(5000, 14, reducing=True)
    TreeSize(max_leaf_nodes=30, min_samples_leaf=373)
    >>> tune(5000, 14, reducing=False)
    TreeSize(max_leaf_nodes=107, min_samples_leaf=70)
    """
    smallest = max(5, columns * 80 // 3) if reducing else max(columns + 2, int(np.sqrt(rows)))
    return TreeSize(leaves_for(rows, smallest), smallest)


def leaves_for(rows: int, smallest: int) -> int:
    """Return the most leaves for a given least leaf size."""
    return max(30, min(1500, 3 * rows // (2 * smallest)))


def untuned(rows: int) -> TreeSize:
    """Return the plain rule of thumb used without tuning."""
    return TreeSize(max(2, rows // 100), max(5, rows // 1000))


@dataclass(frozen=True)
class Partition:
    """Rows grouped by the leaf they fall into.

    Attributes
    ----------
    leaves : ndarray of int, shape (n_rows,)
        Leaf id of each row, as the tree numbers its nodes.
    """

    leaves: Integers

    @cached_property
    def _numbering(self) -> tuple[Integers, Integers]:
        ids, codes = np.unique(self.leaves, return_inverse=True)
        return ids, codes.astype(np.int64)

    @property
    def ids(self) -> Integers:
        """Leaf ids in rising order, shape (n_partitions,)."""
        return self._numbering[0]

    @property
    def codes(self) -> Integers:
        """Position of each row's leaf in `ids`, shape (n_rows,)."""
        return self._numbering[1]

    @cached_property
    def sizes(self) -> Integers:
        """Rows per partition."""
        return np.bincount(self.codes, minlength=len(self.ids))

    @cached_property
    def order(self) -> Integers:
        """Row numbers grouped by partition."""
        return np.argsort(self.codes, kind="stable")

    @cached_property
    def starts(self) -> Integers:
        """Position in `order` at which each partition begins."""
        return starts_of(self.sizes)

    def __len__(self) -> int:
        return len(self.ids)

    def by(self, classes: Integers) -> Partition:
        """Return the groups of rows that share their leaf and their class (0, 1, ...)."""
        return Partition(self.codes * (int(classes.max(initial=0)) + 1) + classes)

    def members(self) -> list[Integers]:
        """Return the row numbers of each partition."""
        return np.split(self.order, self.starts[1:])

    def draw(
        self, budgets: Integers, rng: np.random.Generator, which: Integers | None = None
    ) -> Integers:
        """Draw row numbers, a budget per partition, grouped by partition.

        The rows of a partition take turns in random order: how often two of them are
        drawn differs by one at most.

        Parameters
        ----------
        budgets : ndarray of int
            Rows to draw per partition.
        rng : numpy.random.Generator
        which : ndarray of int, optional
            Positions in `ids` that the budgets belong to; all, in order, by default.
        """
        at = np.arange(len(self)) if which is None else which
        shuffled = np.lexsort((rng.random(len(self.codes)), self.codes))
        turn = places(budgets)
        return shuffled[
            np.repeat(self.starts[at], budgets) + turn % np.repeat(self.sizes[at], budgets)
        ]


def grow(
    z: Array, target: Floats, size: TreeSize, *, max_depth: int | None, seed: int | None
) -> DecisionTreeRegressor:
    """Grow a regression tree on the synthetic target, best leaf first.

    Parameters
    ----------
    z : ndarray of float32, C order, shape (n_rows, n_columns)
    target : ndarray, shape (n_rows,) or (n_rows, n_targets)
    size : TreeSize
    max_depth : int or None
    seed : int or None
    """
    from sklearn.tree import DecisionTreeRegressor

    tree = DecisionTreeRegressor(
        max_leaf_nodes=size.max_leaf_nodes,
        min_samples_leaf=size.min_samples_leaf,
        max_depth=max_depth,
        random_state=seed,
    )
    return tree.fit(z, np.ascontiguousarray(target, dtype=np.float64), check_input=False)


def leaves_of(tree: DecisionTreeRegressor, z: Array) -> Integers:
    """Return the leaf id of each row."""
    return tree.tree_.apply(np.ascontiguousarray(z, dtype=np.float32)).astype(np.int64)
