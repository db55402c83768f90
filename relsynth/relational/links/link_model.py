"""Assign a foreign key to rows that exist already: who refers to whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.evidence import LARGE_SAMPLE
from relsynth.models.cluster_targets import cluster_targets
from relsynth.models.features import FeatureScaling
from relsynth.models.tree import Tree, grow_clusters
from relsynth.packing import packable
from relsynth.relational.children.counts import FAINT, fit_total
from relsynth.relational.links.matching import (
    draw_labels,
    match_along,
    match_blocks,
    match_partner_groups,
)
from relsynth.relational.links.rebalance import PartnerGroups
from relsynth.relational.links.swaps import swap_until_unique
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.sorting import stable_order
from relsynth.typing import Floats, Integers

PARENT_LEAVES = 100  # clusters of parents: their table with clusters of rows stays small
PARENT_LEAF = 10  # parents a cluster, so that none is single
LEAST_PARENT_LEAF = 3  # where each parent has hundreds of rows
CHILDREN_A_LEAF = 300  # a share of .1 is known to .017
ROW_LEAF = 30  # rows a cluster
PORTION = 10_000  # rows at a time, to bound memory


@packable
@dataclass(frozen=True, slots=True)
class LinkModel:
    """Which kind of row refers to which kind of parent.

    Parents are clustered by what their children are like, rows by what their parents are
    like; how often each pair of clusters meets is kept. New rows are matched with new
    parents so that these counts and every parent's number of children are met.

    Attributes
    ----------
    table : ndarray of float, shape (n_row_leaves, n_parent_leaves)
    most : int
        Most children a real parent has.
    """

    row_scaling: FeatureScaling
    parent_scaling: FeatureScaling
    row_tree: Tree
    parent_tree: Tree
    table: Floats
    most: int

    @classmethod
    def fit(cls, rows: Matrix, parents: Matrix, links: Integers, *, seed: Seed = None) -> LinkModel:
        """Learn from real links.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_row_features)
            The rows with what is known of their context parent.
        parents : Matrix, shape (n_parents, n_parent_features)
            The parents' own and extension columns.
        links : ndarray of int, shape (n_rows,)
            Parent row of each row, all non-negative.

        Notes
        -----
        O((n_rows + n_parents) log n) with at most ``LARGE_SAMPLE`` rows for the row tree; never a
        matrix of rows by parents.
        """
        degrees = np.bincount(links, minlength=len(parents))
        targets = cluster_targets(rows)
        totals = np.zeros((len(parents), targets.shape[1]))
        np.add.at(totals, links, targets)
        means = totals / np.maximum(degrees, 1)[:, None]
        parent_scaling = FeatureScaling.of(parents)
        parent_features = parent_scaling.apply(parents.values)
        referred = np.flatnonzero(degrees)
        parent_tree = grow_clusters(
            parent_features[referred],
            means[referred],
            max_leaves=PARENT_LEAVES,
            min_leaf=_parent_leaf(degrees[referred]),
            weights=degrees[referred].astype(float),
            seed=integer_seed(seed, "parents"),
        )
        row_scaling = FeatureScaling.of(rows)
        row_features = row_scaling.apply(rows.values)
        some = stream(seed, "rows").permutation(len(rows))[:LARGE_SAMPLE]
        row_tree = grow_clusters(
            row_features[some],
            cluster_targets(parents)[links[some]],
            max_leaves=4 * parent_tree.n_leaves,
            min_leaf=ROW_LEAF,
            seed=integer_seed(seed, "rows"),
        )
        labels = parent_tree.apply(parent_features)
        pairs = row_tree.apply(row_features) * parent_tree.n_leaves + labels[links]
        table = np.bincount(pairs, minlength=row_tree.n_leaves * parent_tree.n_leaves)
        return cls(
            row_scaling,
            parent_scaling,
            row_tree,
            parent_tree,
            table.reshape(row_tree.n_leaves, parent_tree.n_leaves).astype(float),
            int(degrees.max(initial=1)),
        )

    def blocks(self, rows: Matrix) -> Integers:
        """Return the cluster of each row."""
        return self.row_tree.apply(self.row_scaling.apply(rows.values))

    def parent_shares(self, parents: Matrix, degrees: Floats) -> Floats | None:
        """Return the share of all children that each cluster of parents has, if any has some."""
        labels = self.parent_labels(parents)
        children = np.bincount(labels, degrees, self.table.shape[1])
        return children / children.sum() if children.sum() else None

    def parent_labels(self, parents: Matrix) -> Integers:
        """Return the cluster of each parent; those of neighbouring numbers are alike."""
        return self.parent_tree.apply(self.parent_scaling.apply(parents.values))

    def assign(
        self,
        rows: Matrix,
        parents: Matrix,
        degrees: Integers,
        rng: np.random.Generator,
        *,
        along: tuple[Floats, Floats] | None = None,
    ) -> Integers:
        """Return a parent row for every row.

        Parameters
        ----------
        rows, parents : Matrix
            Like those of `fit`.
        degrees : ndarray of int, shape (n_parents,)
            Children each parent should have; scaled to the number of rows.
        along : tuple of ndarray of float, optional
            A value that rows and parents have in common and are matched in the order of.
        """
        if not len(rows):
            return np.empty(0, np.int64)
        room = _room(self.most, len(rows), len(parents))
        capacities = fit_total(degrees, len(rows), rng, at_most=room)
        labels = self.parent_labels(parents)
        supply = np.bincount(labels, capacities, self.table.shape[1]).astype(np.int64)
        wanted = draw_labels(self.table, self.blocks(rows), supply, rng)
        if along is not None:
            return match_along(*along, wanted, labels, capacities, rng)
        return match_blocks(wanted, labels, capacities, rng)

    def assign_partner_groups(
        self,
        rows: Matrix,
        partner_groups: Integers,
        families: Integers,
        parents: Matrix,
        shares: Integers,
        degrees: Integers,
        rng: np.random.Generator,
        *,
        most: int,
    ) -> PartnerGroups:
        """Return partner groups of rows with their parents.

        Parameters
        ----------
        rows : Matrix, shape (n_rows, n_row_features)
        partner_groups : ndarray of int, shape (n_rows,)
            The partner group of each row, 0, 1, 2, …
        families : ndarray of int, shape (n_groups,)
            Partner groups of one family get different parents, as far as that goes.
        shares, degrees : ndarray of int, shape (n_parents,)
            Families and children each parent should have; scaled to what there is.
        most : int
            Most families a real parent has.
        """
        sizes, count, total = np.bincount(partner_groups), len(families), len(rows)
        offers = fit_total(shares, count, rng, at_most=_room(most, count, len(parents)))
        wanted = fit_total(degrees, total, rng, at_most=_room(self.most, total, len(parents)))
        labels = self.parent_labels(parents)
        supply = np.bincount(labels, offers, self.table.shape[1]).astype(np.int64)
        kinds = draw_labels(*self._likely(self.blocks(rows), partner_groups), supply, rng)
        found = match_partner_groups(kinds, sizes, labels, offers, wanted, rng)
        alike = sizes * self.table.shape[1] + labels[found]
        source, _ = swap_until_unique(families, found, alike, rng, ordered=True)
        found = found[source]
        linked = PartnerGroups(families, labels[found], sizes, found, wanted, nested=most == 1)
        linked.even_out(rng)
        return linked

    def _likely(self, blocks: Integers, partner_groups: Integers) -> tuple[Floats, Integers]:
        """Return how probable each parent label is by the likeliest of a group, and this one.

        The rows of a group speak of its parent independently of each other (naive Bayes).
        """
        n_labels, order = self.table.shape[1], stable_order(partner_groups)
        usual = (self.table.sum(0) + 1.0) / (self.table.sum() + n_labels)
        smooth = self.table + usual
        telling = np.log(smooth / smooth.sum(1, keepdims=True)) - np.log(usual)
        ends = np.cumsum(np.bincount(partner_groups))
        likely, table = np.empty(len(ends), np.int64), np.zeros((n_labels, n_labels))
        for first in range(0, len(ends), PORTION):
            some = slice(first, first + PORTION)
            starts = np.r_[0, ends[:-1]][some]
            rows = order[starts[0] : ends[some][-1]]
            score = np.add.reduceat(telling[blocks[rows]], starts - starts[0]) + np.log(usual)
            chance = np.exp(score - score.max(1, keepdims=True))
            likely[some] = chance.argmax(1)
            np.add.at(table, likely[some], chance / chance.sum(1, keepdims=True))
        return table, likely

    def likeness(self) -> Floats:
        """Return by how much more likely rows of two clusters share a parent, as logarithms.

        Returns
        -------
        ndarray of float, shape (n_row_leaves, n_row_leaves)
        """
        usual = self.table.sum(0) / self.table.sum()
        given = self.table / np.maximum(self.table.sum(1, keepdims=True), 1e-300)
        together: Floats = given @ (given / np.maximum(usual, 1e-300)).T
        logarithms: Floats = np.log(np.maximum(together, FAINT))
        return logarithms


def _room(most: int, count: int, n_parents: int) -> int:
    """Return how many children a parent may have so that there is a place for every one."""
    return max(most, -(-count // max(n_parents, 1)))


def _parent_leaf(degrees: Integers) -> int:
    """Return how many parents a cluster needs: few tell enough where each has many children."""
    enough = int(np.ceil(CHILDREN_A_LEAF / max(degrees.mean(), 1.0))) if len(degrees) else 1
    return min(max(enough, LEAST_PARENT_LEAF), PARENT_LEAF)
