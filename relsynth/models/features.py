"""Columns as features of trees: standardised numbers, categories in the target's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.models.binning import BinnedFeatures, edges_of
from relsynth.models.target import Target
from relsynth.packing import packable
from relsynth.typing import Array, Floats, Integers

TWO_LEVELS = 3  # and missing values, which need no other order than their codes
# below every normal score, so that one condition splits off what is missing
MISSING = np.float32(-1e4)
BLOCK = 4_096  # rows scaled at a time, to bound memory


@packable
@dataclass(frozen=True, slots=True)
class FeatureScaling:
    """Centre and scale of every column, so that float32 keeps their differences.

    Attributes
    ----------
    centre, scale : ndarray of float, shape (n_columns,)
        0 and 1 for categories, whose codes stay as they are.
    """

    centre: Floats
    scale: Floats

    @classmethod
    def of(cls, *parts: Matrix) -> FeatureScaling:
        """Learn the scaling of matrices side by side, one column at a time."""
        width = sum(len(part.names) for part in parts)
        centre, scale = np.zeros(width), np.ones(width)
        at = -1
        for part in parts:
            for kind, column in zip(part.kinds, part.values.T, strict=True):
                at += 1
                known = column[~np.isnan(column)]
                if kind != "category" and len(known):
                    centre[at] = known.mean()
                    scale[at] = np.sqrt(np.square(known - centre[at]).mean()) or 1.0
        return cls(centre, scale)

    def column(self, values: Floats, at: int) -> Array:
        """Return one column as a feature."""
        scaled = (values - self.centre[at]) / self.scale[at]
        scaled[np.isnan(scaled)] = MISSING
        return scaled

    def by_column(self, values: Floats, columns: Integers) -> Array:
        """Return some columns as `apply` does, each of which lies together in memory.

        Parameters
        ----------
        values : ndarray of float, shape (n_rows, n_columns)
        columns : ndarray of int, shape (n_some,)

        Returns
        -------
        ndarray of float32, shape (n_some, n_rows)
        """
        centre, scale = self.centre[columns, None], self.scale[columns, None]
        scaled = np.empty((len(columns), len(values)), np.float32)
        for start in range(0, len(values), BLOCK):
            some = slice(start, start + BLOCK)
            part = values[some].T[columns]
            part -= centre
            part /= scale
            scaled[:, some] = part
        scaled[np.isnan(scaled)] = MISSING
        return scaled

    def apply(self, values: Floats, columns: slice = slice(None)) -> Array:
        """Return float32 features; missing values lie far below all others."""
        centre, scale = self.centre[columns], self.scale[columns]
        scaled = np.empty(values.shape, np.float32)
        for start in range(0, len(values), BLOCK):
            some = slice(start, start + BLOCK)
            scaled[some] = (values[some] - centre) / scale
        scaled[np.isnan(scaled)] = MISSING
        return scaled


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a category in some rows.

    Attributes
    ----------
    numbers : ndarray of int, shape (n_rows,)
        Code + 1 of each row, 0 for missing.
    counts : ndarray of int, shape (n_levels,)
    """

    numbers: Integers
    counts: Integers

    @classmethod
    def of(cls, codes: Array) -> Levels:
        """Count the levels of a column of scaled features."""
        numbers = np.where(codes < 0, -1, codes).astype(np.int64) + 1
        return cls(numbers, np.bincount(numbers))

    @classmethod
    def of_all(cls, scaled: Array, is_category: Array) -> dict[int, Levels]:
        """Return the levels of every category by column."""
        columns = np.flatnonzero(is_category[: scaled.shape[1]]).tolist()
        return {column: cls.of(scaled[:, column]) for column in columns}

    def take(self, rows: Integers) -> Levels:
        """Return the levels of some rows."""
        numbers = self.numbers[rows]
        return Levels(numbers, np.bincount(numbers, minlength=len(self.counts)))


@packable
@dataclass(frozen=True, slots=True)
class FeatureSet:
    """The features of one target: which columns, and its order of each category's levels.

    Attributes
    ----------
    columns : ndarray of int, shape (n_features,)
        Positions in the scaled matrix.
    orders : mapping of int to ndarray of float32
        Per feature position that holds a category: the place of each code in the
        target's order; the last entry is for missing and unseen codes.
    """

    columns: Integers
    orders: Mapping[int, Array]

    @classmethod
    def of(cls, columns: Integers, levels: Mapping[int, Levels], target: Target) -> FeatureSet:
        """Order the levels of every category by the target's mean in each level.

        Parameters
        ----------
        levels : mapping of int to Levels, of n_rows
            Of columns that hold categories.

        Notes
        -----
        For a target with several scores the order follows their first principal axis,
        which makes the best binary split of levels a threshold (Fisher 1958; Coppersmith,
        Hong and Hosking 1999 for more than two classes).
        """
        orders = {
            position: _level_order(levels[column], target)
            for position, column in enumerate(columns.tolist())
            if column in levels and len(levels[column].counts) > TWO_LEVELS
        }
        return cls(columns, orders)

    def take(self, scaled: Array) -> Array:
        """Return the feature matrix (n_rows, n_features) of scaled rows."""
        if scaled.flags.f_contiguous:  # columns that lie together are taken as they lie
            features = scaled.T[self.columns].T
        else:
            features = scaled.take(self.columns, axis=1)
        for position, order in self.orders.items():
            codes = features[:, position].astype(np.int64)
            features[:, position] = order.take(np.where(codes < 0, len(order), codes), mode="clip")
        return features

    def bin(
        self, binned: BinnedFeatures, levels: Mapping[int, Levels], n_bins: int
    ) -> BinnedFeatures:
        """Return binned features of some rows, the levels of categories in their order.

        Parameters
        ----------
        binned : BinnedFeatures
            All columns of these rows.
        """
        chosen = binned.take(self.columns)
        edges = list(chosen.edges)
        for position, order in self.orders.items():
            found = levels[int(self.columns[position])]
            ordered = np.append(order[-1:], order[:-1])
            seen = found.counts > 0
            places, place = np.unique(ordered[seen], return_inverse=True)
            counts = np.bincount(place, found.counts[seen]).astype(np.int64)
            edges[position] = edges_of(places, counts, n_bins)
            codes = np.searchsorted(edges[position], ordered).astype(np.uint8)
            chosen.codes[:, position] = codes[found.numbers]
        return BinnedFeatures(chosen.codes, tuple(edges))

    def keep(self, positions: Integers) -> FeatureSet:
        """Return some of the features."""
        orders = {new: self.orders[old] for new, old in enumerate(positions) if old in self.orders}
        return FeatureSet(self.columns[positions], orders)


def _level_order(levels: Levels, target: Target) -> Array:
    """Return a place for every code, and one for missing and unseen ones behind them."""
    counts = levels.counts
    means = _level_means(levels.numbers, counts, target)
    if means.shape[1] > 1:
        centre = counts @ means / counts.sum()
        centred = np.sqrt(counts)[:, None] * (means - centre)
        _, axes = np.linalg.eigh(centred.T @ centred)
        means = means @ axes[:, -1:]
    order = means[:, 0].astype(np.float32)
    if not counts.all():
        order[counts == 0] = np.float32(np.average(order, weights=np.maximum(counts, 1e-9)))
    if counts[0] == 0:
        order[0] = MISSING
    return np.append(order[1:], order[0])


def _level_means(levels: Integers, counts: Integers, target: Target) -> Floats:
    """Return the target's mean scores in each level, shape (n_levels, n_scores)."""
    score = target.score
    if score is not None:
        sums = np.bincount(levels, score, len(counts))[:, None]
    elif target.is_class:
        n_classes = int(target.values.max()) + 1
        pairs = np.bincount(levels * n_classes + target.values, minlength=len(counts) * n_classes)
        sums = pairs.reshape(len(counts), n_classes)
    else:
        columns = [np.bincount(levels, column, len(counts)) for column in target.scores.T]
        sums = np.column_stack(columns)
    means: Floats = sums / np.maximum(counts, 1)[:, None]
    return means
