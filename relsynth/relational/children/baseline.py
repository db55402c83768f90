"""Columns that hardly vary among siblings: drawn around what the family is predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.evidence import FEW, NEARLY_ALL, USUALLY, VISIBLE
from relsynth.groups import unique_values
from relsynth.models.target import normal_scores
from relsynth.packing import packable
from relsynth.relational.children.history import Siblings
from relsynth.sorting import stable_order
from relsynth.typing import Floats

SHARED = 1.5  # families a value is found in on average; at 1 values tell the family
LEAF = 20  # rows of a leaf of the trees that would mix families
HOLDERS = 3  # families of a value that is nobody's own
# correlation of the logarithms of mean and spread; above it distances are ratios
PROPORTIONAL = 0.5


@packable
@dataclass(frozen=True, slots=True)
class Baseline:
    """Which columns siblings (almost) have in common.

    A tree tells families apart no better than its leaves; a column that varies from family to
    family and hardly inside them would scatter. So such a number is learned as its distance
    from the predicted mean, and a category that is the same for all siblings is repeated
    after the first of them.

    Attributes
    ----------
    anchored : mapping of str to ndarray of float
        Learned as the distance from ``NAME.mean`` of the context. The array holds the values
        it may take: all real ones where families share them, else the least and greatest.
    relative : tuple of str
        Anchored columns whose distance is the logarithm of the ratio.
    centre : mapping of str to float
        Mean of the real values of an anchored column, for a family that is predicted none.
    repeated : tuple of str
        Taken from the sibling before.
    """

    anchored: Mapping[str, Floats]
    relative: tuple[str, ...]
    centre: Mapping[str, float]
    repeated: tuple[str, ...]

    @classmethod
    def find(
        cls,
        rows: Matrix,
        siblings: Siblings,
        names: tuple[str, ...],
        predicted_values: tuple[str, ...],
    ) -> Baseline:
        """Look at some columns of real rows.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_columns)
            Sorted by group and position.
        names : tuple of str
            The columns to look at.
        predicted_values : tuple of str
            Columns of the context.

        Notes
        -----
        A number is anchored where at most ``VISIBLE`` of the variance of its normal scores lies
        inside families, or of the variance in a leaf of families of like means; relatively
        where all values are positive and families of a greater mean spread more. Its values
        count as shared where ``USUALLY`` of the families have a single one, found in
        ``SHARED`` families on average, or nearly all rows have one of
        ``HOLDERS`` families.
        """
        anchored, repeated = {}, []
        for name in names:
            values = rows[name]
            if not rows.is_number(name):
                if _is_common(values, siblings):
                    repeated.append(name)
            elif f"{name}.mean" in predicted_values and (
                _share_within(values, siblings) <= VISIBLE
                or _share_within_leaves(values, siblings) <= VISIBLE
            ):
                anchored[name] = _emitted(values, siblings)
        relative = tuple(name for name in anchored if _is_relative(rows[name], siblings))
        centre = {name: float(np.nanmean(rows[name])) for name in anchored}
        return cls(anchored, relative, centre, tuple(repeated))

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence per column."""
        near = (f"{name} stays near the mean of its family" for name in self.anchored)
        same = (f"{name} is the same for all rows of one parent" for name in self.repeated)
        return (*near, *same)

    def leave(self, drawn: Matrix, known: Matrix) -> None:
        """Turn real values into distances from the predicted summary, in place."""
        for name, centre in self.centre.items():
            values = drawn.values[:, drawn.names.index(name)]
            values[:] = self._distance(name, values, _predicted(known, name, centre))

    def relate(self, known: Matrix) -> None:
        """Turn the history of anchored columns into distances from the predicted mean, in place."""
        for name, centre in self.centre.items():
            predicted = _predicted(known, name, centre)
            for features in {f"before.{name}", f"mean.{name}"}.intersection(known.names):
                values = known.values[:, known.names.index(features)]
                values[:] = self._distance(name, values, predicted)

    def restore(self, drawn: Floats, columns: Mapping[str, int], known: Matrix) -> None:
        """Turn drawn distances into values, in place."""
        for name, emitted in self.anchored.items():
            distance = drawn[:, columns[name]]
            predicted = _predicted(known, name, self.centre[name])
            if name in self.relative:
                values = np.maximum(predicted, emitted[0]) * np.exp(distance)
            else:
                values = predicted + distance
            if len(emitted) > 2:
                middle = (emitted[1:] + emitted[:-1]) / 2
                nearest = emitted[np.searchsorted(middle, values)]
                values = np.where(np.isnan(values), np.nan, nearest)
            drawn[:, columns[name]] = np.clip(values, emitted[0], emitted[-1])

    def _distance(self, name: str, values: Floats, predicted: Floats) -> Floats:
        if name not in self.relative:
            return values - predicted
        return np.log(values / np.maximum(predicted, self.anchored[name][0]))


def _predicted(known: Matrix, name: str, centre: float) -> Floats:
    predicted = known[f"{name}.mean"]
    return np.where(np.isnan(predicted), centre, predicted)


def _is_common(values: Floats, siblings: Siblings) -> bool:
    """Return whether siblings never differ, though families do."""
    later = np.flatnonzero(siblings.position > 0)
    same = values[later] == values[later - 1]
    same |= np.isnan(values[later]) & np.isnan(values[later - 1])
    return bool(len(later)) and bool(same.all()) and bool((values != values[0]).any())


def _emitted(values: Floats, siblings: Siblings) -> Floats:
    """Return the distinct values where most families have one and share it, else their range."""
    known = np.flatnonzero(~np.isnan(values))
    distinct, codes = np.unique(values[known], return_inverse=True)
    held = unique_values(siblings.group[known] * len(distinct) + codes)
    families = np.bincount(held // len(distinct))
    single = (families == 1).sum() >= USUALLY * (families > 0).sum()
    shared = single and len(held) >= SHARED * len(distinct)
    holders = np.bincount(held % len(distinct))
    shared = shared or (holders[codes] >= HOLDERS).mean() >= NEARLY_ALL
    return distinct if shared else distinct[[0, -1]]


def _is_relative(values: Floats, siblings: Siblings) -> bool:
    """Return whether values are positive and the spread of families follows their mean."""
    known = ~np.isnan(values)
    groups = np.unique(siblings.group[known], return_inverse=True)[1]
    values, sizes = values[known], np.bincount(groups)
    if values.min() <= 0:
        return False
    mean = np.bincount(groups, values) / sizes
    spread = np.sqrt(np.bincount(groups, (values - mean[groups]) ** 2) / sizes)
    varied = spread > 0
    if varied.sum() < FEW:
        return False
    logs = np.log(mean[varied]), np.log(spread[varied])
    if min(np.ptp(log) for log in logs) == 0:
        return False
    return bool(np.corrcoef(*logs)[0, 1] > PROPORTIONAL)


def _share_within(values: Floats, siblings: Siblings) -> float:
    """Return the share of the variance that lies inside families of several rows."""
    known = ~np.isnan(values)
    groups = np.unique(siblings.group[known], return_inverse=True)[1]
    scores = normal_scores(values[known])
    sizes = np.bincount(groups)
    means = np.bincount(groups, scores) / sizes
    several = sizes[groups] > 1
    freedom = several.sum() - (sizes > 1).sum()
    total = scores.var() if len(scores) else 0.0
    if not freedom or total == 0:
        return 1.0
    inside = ((scores - means[groups])[several] ** 2).sum() / freedom
    return float(inside / total)


def _share_within_leaves(values: Floats, siblings: Siblings) -> float:
    """Return the median over leaves of the share of the variance that lies inside families.

    The leaves are ``LEAF`` rows each of families of like means, as a tree would make them that
    sees the means. Ranks do not show it where many families are alike: their small differences
    are large ones of ranks, and what differs between families is one step.
    """
    known = ~np.isnan(values)
    groups = np.unique(siblings.group[known], return_inverse=True)[1]
    sizes = np.bincount(groups)
    column, several = values[known], sizes > 1
    if np.count_nonzero(several) < FEW:
        return 1.0
    means = np.bincount(groups, column) / sizes
    inside = np.bincount(groups, (column - means[groups]) ** 2) / np.maximum(sizes - 1, 1)
    order = np.flatnonzero(several)[stable_order(means[several])]
    rows, own = sizes[order].astype(float), means[order]
    leaf = ((np.cumsum(rows) - rows) // LEAF).astype(np.int64)
    in_leaf = np.bincount(leaf, rows)
    centre = np.bincount(leaf, rows * own) / np.maximum(in_leaf, 1)
    between = np.bincount(leaf, rows * (own - centre[leaf]) ** 2)
    within = np.bincount(leaf, rows * inside[order])
    total = between + within
    share = np.where(total > 0, within / np.where(total > 0, total, 1.0), 1.0)
    return float(np.median(np.repeat(share, in_leaf.astype(np.int64))))
