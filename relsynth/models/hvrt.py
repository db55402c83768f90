"""HVRT as a table model: partition trees with shrunk leaf kernels, given a context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.errors import ModelFileError
from relsynth.hvrt.partition import Partition
from relsynth.hvrt.target import pairwise_target
from relsynth.models.features import MISSING, FeatureSet, Levels
from relsynth.models.leaf_donors import LeafDonors
from relsynth.models.leaf_noise import LeafNoise
from relsynth.models.neighbour_ratio import NeighbourRatio
from relsynth.models.ranks import Ranks
from relsynth.models.relevance import explained
from relsynth.models.target import Target
from relsynth.models.tree import Tree, grow_clusters
from relsynth.packing import packable
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Array, Floats, Integers

LEAST_LEAF = 80
SMALL_LEAF = 20
REACH = 0.66
NOISE = 0.5
MOST_OUTPUTS = 16
REGRESSORS = 30
NEAREST = 8
LEAST_STRICTNESS = 0.1
MOST_STRICTNESS = 0.5
REDRAWS = 3


@dataclass(frozen=True, slots=True)
class _Block:
    """The conditional distribution of a few neighbouring columns.

    Attributes
    ----------
    columns : slice
        In the joint table of context and rows.
    features : FeatureSet
    tree : Tree
    relevance : ndarray, shape (columns.start,)
        What every column before the block explains, the largest 1.
    donors : LeafDonors
        Near in the most relevant columns.
    regressors : ndarray of int
        Numeric columns before the block that shift rare numbers.
    noise : LeafNoise
    """

    columns: slice
    features: FeatureSet
    tree: Tree
    relevance: Floats
    donors: LeafDonors
    regressors: Integers
    noise: LeafNoise


@packable
class HVRTModel:
    """Table model that draws blocks of columns from kernels in the leaves of HVRT trees.

    Columns are taken in blocks. A regression tree predicts the normal scores of a block
    and their HVRT target (the sum of standardised products) from the context and the
    blocks before. In the leaf of a new row, a real row is drawn by kernel weights on the
    context; categories, frequent values and gaps are its own; other numbers are shifted
    by a regression on the context, shrunk and spread, and mapped back through the inverse
    of their ranks.

    A model of few rows leans towards them. In tables of fewer than 100 rows a column, a row
    that lies much nearer to one real row than to the next is therefore drawn again.

    Parameters
    ----------
    privacy : float, default 1.0
        Leaves hold at least ``80 privacy`` rows (a tenth of them in small tables, but
        ``20 privacy``), kernels reach ``0.66 privacy`` of a leaf, at most all, and the noise
        on numbers is ``0.5 privacy`` of the leaf's spread. Of n rows of d varying columns, a
        row is drawn again if its nearest neighbour distance ratio lies below the quantile
        ``privacy sqrt(d / n)``, at most a half, of the ratios between real rows; none where
        that is under 0.1. At 1 about as many rows lie nearer to a training row than to an
        unseen one as the other way round; at 0 rows come close to copies.
    block : int, default 1
        Columns drawn from one donor. More are faster and nearer to real rows.
    most_rows : int, default 100_000
        Real rows to learn from and to draw from; more are sampled down.

    Notes
    -----
    Fitting costs one tree per block. Sampling costs O(rows x 32 x columns) per block. The
    state holds the real rows it draws from, so that a model file is as private as the
    data: share the tables it makes, not the file.

    Examples
    --------
    >>> import numpy as np
    >>> from relsynth.columns.matrix import Matrix
    >>> x = np.random.default_rng(0).normal(size=400)
    >>> rows = Matrix(("x", "twice"), ("number", "number"), np.column_stack([x, 2 * x]))
    >>> model = HVRTModel().fit(rows, Matrix.empty(400), seed=0)
    >>> drawn = model.sample(Matrix.empty(100), np.random.default_rng(0))
    >>> bool(np.corrcoef(drawn.T)[0, 1] > 0.95)
    True
    """

    name = "hvrt"

    def __init__(self, *, privacy: float = 1.0, block: int = 1, most_rows: int = 100_000) -> None:
        if not privacy >= 0:
            raise ValueError(f"privacy must be a number from 0 (got {privacy})")
        if block < 1 or most_rows < 1:
            raise ValueError(f"block and most_rows must be at least 1 (got {block}, {most_rows})")
        self.privacy = privacy
        self.block = block
        self.most_rows = most_rows

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Grow a tree per block; see `TableModel.fit`."""
        table = Matrix.join([context, rows])
        if len(table) > self.most_rows:
            kept = stream(seed, "rows").permutation(len(table))[: self.most_rows]
            table = table.take(np.sort(kept))
        self._keep(table, len(context.names))
        seeds = [integer_seed(seed, "tree", part.start) for part in self._parts()]
        self.blocks_ = [
            self._fit_block(part, tree_seed)
            for part, tree_seed in zip(self._parts(), seeds, strict=True)
        ]
        self.asked_ = self._asked()
        return self

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row; see `TableModel.sample`."""
        drawn = self._draw(context.values, rng)
        if self.ratio_ is None or len(drawn) == 0:
            return drawn
        again = np.arange(len(drawn))
        for _ in range(REDRAWS):
            again = again[self.ratio_.points_out(drawn[again])]
            if len(again) == 0:
                break
            drawn[again] = self._draw(context.values[again], rng)
        return drawn

    def _draw(self, context: Floats, rng: np.random.Generator) -> Floats:
        """Draw one row per context row, block after block."""
        given, width = self.given_, len(self.names_)
        drawn = np.full((len(context), width), np.nan)
        drawn[:, :given] = context
        if len(self.values_) == 0 or len(context) == 0:
            return drawn[:, given:]
        known = np.full(drawn.shape, np.nan, dtype=np.float32)
        self._score(drawn, self.asked_, known)
        filled = _fill(known)
        for block in self.blocks_:
            leaves = block.tree.apply(block.features.take(filled))
            donors = block.donors.draw(known, leaves, rng)
            drawn[:, block.columns] = block.noise.move(
                self.values_[donors, block.columns],
                donors,
                leaves,
                known.take(block.regressors, axis=1).astype(float),
                NOISE * self.privacy,
                rng,
            )
            self._score(drawn, range(block.columns.start, block.columns.stop), known)
            filled[:, block.columns] = _fill(known[:, block.columns])
        return drawn[:, given:]

    def to_state(self) -> dict[str, Any]:
        """Return parameters, the rows to draw from and the trees."""
        return {
            "parameters": {
                "privacy": self.privacy,
                "block": self.block,
                "most_rows": self.most_rows,
            },
            "names": list(self.names_),
            "kinds": list(self.kinds_),
            "given": self.given_,
            "values": self.values_,
            "blocks": [
                {
                    "features": block.features.to_state(),
                    "tree": block.tree.to_state(),
                    "relevance": block.relevance,
                }
                for block in self.blocks_
            ],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`, refusing what is inconsistent."""
        model = cls(**state["parameters"])
        names, kinds = tuple(state["names"]), tuple(state["kinds"])
        values, given = np.asarray(state["values"], dtype=float), int(state["given"])
        sound = values.ndim == 2 and values.shape[1] == len(names) == len(kinds) >= given >= 0
        if not sound:
            raise ModelFileError("the rows of an HVRT model are damaged; fit and save it again")
        model._keep(Matrix(names, kinds, values), given)
        parts = model._parts()
        if len(parts) != len(state["blocks"]):
            raise ModelFileError("an HVRT model lacks some of its trees; fit and save it again")
        model.blocks_ = [
            model._complete(
                part,
                FeatureSet.from_state(block["features"]),
                Tree.from_state(block["tree"]),
                np.asarray(block["relevance"], dtype=float),
            )
            for part, block in zip(parts, state["blocks"], strict=True)
        ]
        model.asked_ = model._asked()
        return model

    def _keep(self, table: Matrix, given: int) -> None:
        """Take in the real rows and their scores."""
        self.names_, self.kinds_, self.values_ = table.names, table.kinds, table.values
        self.given_ = given
        self.is_category_ = np.array([kind == "category" for kind in table.kinds], dtype=bool)
        self.marginals_ = [Ranks.of(column) for column in table.values.T]
        self.known_ = np.empty(table.values.shape, dtype=np.float32)
        self._score(table.values, range(len(table.names)), self.known_)
        self.ratio_ = self._usual_ratio(table.columns(slice(given, None)))

    def _usual_ratio(self, rows: Matrix) -> NeighbourRatio | None:
        """Return what rows are drawn again by; ``None`` where there are enough to learn from."""
        if len(rows) == 0:
            return None
        columns = sum(len(np.unique(column)) > 1 for column in rows.values.T)
        strictness = self.privacy * np.sqrt(columns / len(rows))
        if strictness < LEAST_STRICTNESS:
            return None
        return NeighbourRatio.of(rows.values, rows.kinds, min(strictness, MOST_STRICTNESS))

    def _parts(self) -> list[slice]:
        """Return the columns of each block; none where there is no row to learn from."""
        if len(self.values_) == 0:
            return []
        starts = range(self.given_, len(self.names_), self.block)
        return [slice(s, min(s + self.block, len(self.names_))) for s in starts]

    def _score(self, values: Floats, columns: Iterable[int], known: Array) -> None:
        """Write normal scores of numbers and codes of categories into `known`."""
        for j in columns:
            column = values[:, j]
            known[:, j] = column if self.is_category_[j] else self.marginals_[j].score(column)

    def _fit_block(self, columns: slice, seed: int) -> _Block:
        before = np.arange(columns.start)
        outputs = self._outputs(columns, seed)
        scaled = _fill(self.known_[:, : columns.start])
        varying = before[(scaled != scaled[:1]).any(axis=0)]
        levels = Levels.of_all(scaled, self.is_category_)
        features = FeatureSet.of(varying, levels, outputs)
        matrix = features.take(scaled)
        least = min(LEAST_LEAF, max(SMALL_LEAF, len(matrix) // 10))
        least = max(2, round(least * self.privacy))
        tree = grow_clusters(
            matrix,
            outputs.scores,
            max_leaves=max(2, len(matrix) // least),
            min_leaf=least,
            seed=seed,
        )
        relevance = np.zeros(columns.start)
        relevance[varying] = explained(tree, matrix, outputs.scores)
        tree, used = tree.narrowed()
        return self._complete(columns, features.keep(used), tree, relevance)

    def _outputs(self, columns: slice, seed: int) -> Target:
        """Return standardised scores per column and the HVRT target of their joint."""
        parts, leads = [], []
        for j in range(columns.start, columns.stop):
            target = Target.of(self.values_[:, j], self.kinds_[j])
            rng = stream(seed, "projection", j)
            scores = _few_scores(target, rng) if target.has_many_levels else target.scores
            scores = scores.astype(float)
            centred = scores - scores.mean(axis=0, keepdims=True)
            spread = np.sqrt((centred**2).sum() / max(len(scores), 1))
            if spread == 0:
                continue
            if scores.shape[1] > MOST_OUTPUTS:
                mix = rng.standard_normal((scores.shape[1], MOST_OUTPUTS))
                centred = centred @ mix / np.sqrt(MOST_OUTPUTS)
            parts.append(centred / spread)
            leads.append(_standardised(_leading(centred)))
        if len(leads) > 1:
            parts.append(_standardised(pairwise_target(np.column_stack(leads)))[:, None])
        rows = len(self.values_)
        values = np.hstack(parts) if parts else np.zeros((rows, 1))
        return Target(values, is_class=False, has_many_levels=False, freedom=1.0)

    def _complete(
        self, columns: slice, features: FeatureSet, tree: Tree, relevance: Floats
    ) -> _Block:
        """Sort the real rows into the leaves of a tree and learn their noise."""
        before = self.known_[:, : columns.start]
        partition = Partition(tree.apply(features.take(_fill(before))))
        order = np.argsort(-relevance, kind="stable")
        order = order[relevance[order] > 0]
        ranked = order[~self.is_category_[order]][:REGRESSORS]
        numbers = np.array([kind == "number" for kind in self.kinds_[columns]], dtype=bool)
        donors = LeafDonors.of(
            before,
            order[:NEAREST],
            relevance,
            self.is_category_,
            partition,
            REACH * self.privacy,
        )
        noise = LeafNoise.of(
            self.values_[:, columns], numbers, before[:, ranked].astype(float), partition
        )
        return _Block(columns, features, tree, relevance, donors, ranked, noise)

    def _asked(self) -> Integers:
        """Return the columns of the context that any block looks at."""
        asked = np.zeros(len(self.names_), dtype=bool)
        for block in self.blocks_:
            asked[block.features.columns] = True
            asked[block.donors.columns] = True
            asked[block.regressors] = True
        return np.flatnonzero(asked[: self.given_])


def _fill(known: Array) -> Array:
    return np.where(np.isnan(known), MISSING, known)


def _leading(centred: Floats) -> Floats:
    """Return the scores on the first principal axis."""
    if centred.shape[1] == 1:
        return centred[:, 0]
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.asarray(centred @ axes[:, -1], dtype=np.float64)


def _few_scores(target: Target, rng: np.random.Generator) -> Floats:
    """Return a random direction for every level of a category that has many."""
    n_levels = int(target.values.max(initial=0)) + 1
    directions: Floats = rng.standard_normal((n_levels, MOST_OUTPUTS)) / np.sqrt(MOST_OUTPUTS)
    return directions[target.values]


def _standardised(column: Floats) -> Floats:
    spread = column.std()
    return (column - column.mean()) / (spread if spread > 0 else 1.0)
