"""What is predicted of a family before its rows: its type, and what is sure about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.evidence import LARGELY
from relsynth.models.cart import ENTITIES
from relsynth.models.cluster_targets import cluster_targets
from relsynth.models.features import FeatureScaling
from relsynth.models.tree import Tree, grow_clusters
from relsynth.packing import packable
from relsynth.relational.sources.encoding import only
from relsynth.seeding import Seed, integer_seed
from relsynth.sorting import distinct_codes
from relsynth.typing import Floats, Integers

TYPES = 8  # 32 predict no better and are too fine for a thousand families
TYPE = "#type"


@packable
@dataclass(frozen=True, slots=True)
class FamilyTypes:
    """One of a few types of families, in place of all summaries of their rows.

    The mean of three rows nearly is the row: rows that are drawn given summaries lean on them,
    and what is predicted never is as exact as what was learned from. A coarse type is.

    Attributes
    ----------
    names : tuple of str
        The summaries that tell the type.
    scaling : FeatureScaling
        Of them.
    tree : Tree
        Its leaves are the types.
    """

    names: tuple[str, ...]
    scaling: FeatureScaling
    tree: Tree

    @classmethod
    def of(cls, names: tuple[str, ...], summary: Matrix, seed: Seed) -> FamilyTypes:
        """Find the types of real families by clustering their summaries.

        Parameters
        ----------
        names : tuple of str
            The summaries that tell the type.
        summary : Matrix, shape (n_families, n_summaries)
            A family weighs as much as it has rows.
        """
        counts = summary.values[:, 0]
        full = np.flatnonzero(counts > 0)
        part = only(summary, names).take(full)
        scaling = FeatureScaling.of(part)
        tree = grow_clusters(
            scaling.apply(part.values),
            cluster_targets(part),
            max_leaves=TYPES,
            min_leaf=ENTITIES.min_leaf,
            weights=counts[full],
            seed=integer_seed(seed, "types"),
        )
        return cls(names, scaling, tree)

    def of_families(self, summary: Matrix) -> Matrix:
        """Return the type of every family; ``NaN`` for those without rows."""
        values = only(summary, self.names).values
        types: Integers = self.tree.apply(self.scaling.apply(values))
        shown = np.where(summary.values[:, 0] > 0, types, np.nan)
        kinds: tuple[ColumnKind, ...] = ("category",)
        return Matrix((TYPE,), kinds, shown[:, None])


def sure_numbers(children: Matrix, parents: Integers) -> tuple[str, ...]:
    """Return the numbers whose mean is a property of the family, not of its few rows.

    Parameters
    ----------
    children : Matrix, shape (n_children, n_columns)
    parents : ndarray of int, shape (n_children,)
        Negative for rows without a parent.

    Notes
    -----
    The reliability of a mean is the part of its variance between families that is not owed to
    the variance of rows inside them (Spearman 1910), families weighted by their rows. At
    least ``LARGELY`` is asked for.

    Examples
    --------
    >>> parents = np.repeat(np.arange(50), 4)
    >>> noise = np.tile([-1.0, 1.0, -1.0, 1.0], 50)
    >>> rows = Matrix(("far", "near"), ("number",) * 2, np.c_[parents + noise, noise])
    >>> sure_numbers(rows, parents)
    ('far',)
    """
    numbers = [
        name for name, kind in zip(children.names, children.kinds, strict=True) if kind == "number"
    ]
    return tuple(name for name in numbers if _reliability(children[name], parents) >= LARGELY)


def _reliability(column: Floats, parents: Integers) -> float:
    known = (parents >= 0) & ~np.isnan(column)
    groups = distinct_codes(parents[known])[1]
    sizes = np.bincount(groups).astype(float)
    several = sizes > 1
    if several.sum() < 2:
        return 0.0
    values, weights = column[known], np.where(several, sizes, 0.0)
    weights /= weights.sum()
    means = np.bincount(groups, values) / sizes
    inside = np.bincount(groups, (values - means[groups]) ** 2) / np.maximum(sizes - 1, 1)
    noise = (weights * inside).sum() * (weights / sizes).sum()
    variance = (weights * (means - (weights * means).sum()) ** 2).sum()
    return float(1.0 - noise / variance) if variance > 0 else 0.0
