"""A Gaussian copula of numbers whose marginals are conditional on context and categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import betainc, ndtr, ndtri

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.gaussian.matching import repair_correlation
from relsynth.groups import starts_of
from relsynth.hvrt.scores import ATOM
from relsynth.models.cart import ENTITIES, SequentialTrees
from relsynth.models.latent import shrink_correlation
from relsynth.models.target import normal_scores
from relsynth.seeding import Seed
from relsynth.sorting import lexical_order
from relsynth.typing import Floats, Integers

# of the rows: rarer values than one in fifty do not agree between columns often enough to matter
FREQUENT = 0.02


ALIKE = 0.7  # correlation of scores: half of their variance is common


@dataclass(frozen=True, slots=True)
class Margin:
    """The conditional distribution of a number.

    Attributes
    ----------
    close : tuple of int
        Earlier numbers that say much the same and are among what it depends on: a rank
        inside a leaf means something else in every leaf, which would loosen their relation.
    trees : SequentialTrees
        Of this column alone.
    """

    close: tuple[int, ...]
    trees: SequentialTrees

    def leaves(self, known: Matrix) -> Integers:
        """Return the leaf of every row."""
        column = self.trees.columns_[0]
        scaled = self.trees.scaling_.apply(known.values, slice(0, len(known.names)))
        return column.tree.apply(column.features.take(scaled))

    def quantile(self, known: Matrix, shares: Floats) -> Floats:
        """Return a quantile of every row's leaf, evenly spread and in the order of shares."""
        leaves = self.leaves(known)
        return self.trees.columns_[0].leaves.quantile(leaves, _evenly(shares, leaves))


class ConditionalCopula:
    """States of a row from trees, and numbers whose ranks inside leaves a normal links.

    The *state* of a number says whether it is missing, which of its frequent values it
    has, or that it is another one; the state of a category is its level. States are
    drawn column after column from trees on the context. Every number then has, in each
    leaf of a tree on context and states, a distribution of its own; the normal scores of
    the ranks inside leaves are correlated, by one matrix for all rows.

    Notes
    -----
    Costs a tree a column for the states and one a number, and O(d^3) once for d numbers.
    What is kept are leaf distributions, see `LeafDraw`, and correlations.

    References
    ----------
    Olkin and Tate (1961), Multivariate correlation models with mixed discrete and
    continuous variables. Patton (2006), Modelling asymmetric exchange rate dependence
    (conditional copulas).
    """

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Grow the trees and correlate what they leave; see `TableModel.fit`."""
        columns = zip(rows.values.T, rows.kinds, strict=True)
        self.names_ = rows.names
        self.atoms_ = [_atoms(column, kind) for column, kind in columns]
        states = self._as_matrix(self._states(rows.values))
        self.states_ = SequentialTrees().fit(states, context, seed=seed)
        given = Matrix.join([context, states])
        numbers = [at for at, atoms in enumerate(self.atoms_) if atoms is not None]
        between = states.values[:, numbers] == 0
        numbers = [at for at, some in zip(numbers, between.any(axis=0), strict=True) if some]
        values = np.where(states.values[:, numbers] == 0, rows.values[:, numbers], np.nan)
        scores = np.column_stack([normal_scores(column) for column in values.T] or [values])
        scores[np.isnan(values)] = np.nan
        alike = np.abs(_correlation(scores)) >= ALIKE
        self.margins_, ranks = {}, np.full(values.shape, np.nan)
        for j, at in enumerate(numbers):
            close = tuple(numbers[i] for i in np.flatnonzero(alike[j, :j]))
            own = np.flatnonzero(~np.isnan(values[:, j]))
            column = rows.columns(slice(at, at + 1)).take(own)
            known = _known(given, rows.values, close).take(own)
            margin = Margin(close, _margin_trees().fit(column, known, seed=seed))
            self.margins_[at] = margin
            ranks[own, j] = _scores(column.values[:, 0], margin.leaves(known))
        self.correlation_ = _shrunk(ranks)
        return self

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row; see `TableModel.sample`."""
        return self._numbers(context, self.states_.sample(context, rng), rng)

    def stepwise(self, rng: np.random.Generator) -> Callable[[Matrix], Floats]:
        """Return what draws rows in many calls; see `SequentialTrees.stepwise`."""
        step = self.states_.stepwise(rng)
        return lambda context: self._numbers(context, step(context), rng)

    def _numbers(self, context: Matrix, states: Floats, rng: np.random.Generator) -> Floats:
        """Return rows of some states."""
        given = Matrix.join([context, self._as_matrix(states)])
        factor = np.linalg.cholesky(self.correlation_)
        shares = ndtr(rng.standard_normal((len(states), len(factor))) @ factor.T)
        drawn = states.copy()
        for at, atoms in enumerate(self.atoms_):
            if atoms is not None:
                codes = np.where(np.isnan(states[:, at]), -1, states[:, at]).astype(np.int64)
                drawn[:, at] = np.concatenate([[np.nan], atoms, [np.nan]])[codes]
        for share, (at, margin) in zip(shares.T, self.margins_.items(), strict=True):
            own = np.flatnonzero(states[:, at] == 0)
            known = _known(given, drawn, margin.close).take(own)
            drawn[own, at] = margin.quantile(known, share[own])
        return drawn

    def _states(self, values: Floats) -> Floats:
        """Return 0 for other values, 1 and more for frequent ones, the level of a category."""
        states = values.copy()
        for at, atoms in enumerate(self.atoms_):
            if atoms is not None:
                place = np.searchsorted(atoms, values[:, at])
                same = np.append(atoms, np.nan)[place] == values[:, at]
                states[:, at] = np.where(np.isnan(values[:, at]), np.nan, same * (place + 1.0))
        return states

    def _as_matrix(self, states: Floats) -> Matrix:
        names = tuple(f"state of {name}" for name in self.names_)
        return Matrix(names, _kinds("category", len(names)), states)

    def to_state(self) -> dict[str, Any]:
        """Return trees, frequent values and correlations."""
        return {
            "names": list(self.names_),
            "atoms": self.atoms_,
            "states": self.states_,
            "margins": [
                {"column": at, "close": list(margin.close), "trees": margin.trees}
                for at, margin in self.margins_.items()
            ],
            "correlation": self.correlation_,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`, refusing what is inconsistent."""
        model = cls()
        model.names_ = tuple(state["names"])
        model.atoms_ = [None if a is None else np.asarray(a, float) for a in state["atoms"]]
        model.states_ = state["states"]
        model.margins_ = {
            int(one["column"]): Margin(tuple(one["close"]), one["trees"])
            for one in state["margins"]
        }
        model.correlation_ = np.asarray(state["correlation"], float)
        n, width = len(model.margins_), len(model.names_)
        found = len(model.atoms_), len(model.states_.columns_), model.correlation_.shape
        if found != (width, width, (n, n)):
            raise ValueError(
                f"parts of a conditional copula do not fit: {found} for {width} columns, "
                f"{n} of them numbers"
            )
        return model


def _atoms(column: Floats, kind: ColumnKind) -> Floats | None:
    """Return the frequent values of a number; ``None`` for a category."""
    if kind == "category":
        return None
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    return values[counts >= max(ATOM, FREQUENT * len(column))]


def _margin_trees() -> SequentialTrees:
    """Return trees as careful as those of entities: what they leave is correlated."""
    return SequentialTrees(min_leaf=ENTITIES.min_leaf, significance=ENTITIES.significance)


def _known(given: Matrix, values: Floats, close: tuple[int, ...]) -> Matrix:
    """Return context and states, and some numbers of the same row beside them."""
    names = tuple(f"number {at}" for at in close)
    numbers = Matrix(names, _kinds("number", len(names)), values[:, list(close)])
    return Matrix.join([given, numbers])


def _evenly(shares: Floats, leaves: Integers) -> Floats:
    """Move shares so that those of each leaf cover [0, 1) in equal steps, in their order.

    The place in a step is where the share lies in the distribution of the order statistic
    that it is, which is uniform; a single share stays as it is.
    """
    order = lexical_order((shares, leaves))
    sizes = np.bincount(leaves)
    rank = np.arange(len(order)) - starts_of(sizes)[leaves[order]]
    size = sizes[leaves[order]]
    even = np.empty(len(shares))
    even[order] = (rank + betainc(rank + 1, size - rank, shares[order])) / size
    return np.minimum(even, np.nextafter(1.0, 0.0))


def _scores(column: Floats, leaves: Integers) -> Floats:
    """Return the normal scores of mid-ranks inside leaves."""
    order = lexical_order((column, leaves))
    values, groups = column[order], leaves[order]
    new_leaf = np.append(True, groups[1:] != groups[:-1])
    new_value = new_leaf | np.append(True, values[1:] != values[:-1])
    run = np.cumsum(new_value) - 1
    first = np.flatnonzero(new_value)
    last = np.append(first[1:], len(order))
    leaf_at = np.flatnonzero(new_leaf)
    leaf = np.cumsum(new_leaf) - 1
    size = np.diff(np.append(leaf_at, len(order)))
    scores = np.empty(len(column))
    scores[order] = ndtri(((first + last)[run] / 2.0 - leaf_at[leaf]) / size[leaf])
    return scores


def _correlation(scores: Floats) -> Floats:
    """Return correlations of scores with mean 0, each pair over the rows that have both."""
    known = ~np.isnan(scores)
    filled = np.where(known, scores, 0.0)
    squares = np.maximum((filled**2).T @ known, 1e-12)
    found: Floats = np.clip(filled.T @ filled / np.sqrt(squares * squares.T), -1.0, 1.0)
    return found


def _shrunk(scores: Floats) -> Floats:
    """Return correlations shrunk by their errors, positive definite."""
    known = (~np.isnan(scores)).astype(float)
    return repair_correlation(shrink_correlation(_correlation(scores), known.T @ known))


def _kinds(kind: ColumnKind, n: int) -> tuple[ColumnKind, ...]:
    return (kind,) * n
