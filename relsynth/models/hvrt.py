"""HVRT as a table model: partition trees with shrunk leaf kernels, given a context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.errors import ModelFileError
from relsynth.hvrt.donors import kernel_donors
from relsynth.hvrt.partition import Partition
from relsynth.hvrt.scores import NormalScores
from relsynth.hvrt.target import pairwise_target
from relsynth.models.features import MISSING, FeatureSet
from relsynth.models.leaf_noise import LeafNoise
from relsynth.models.relevance import explained
from relsynth.models.target import Target
from relsynth.models.tree import Tree, grow_clusters
from relsynth.packing import packable
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Array, Floats, Integers

LEAST_LEAF = 60
SMALL_LEAF = 20
EFFECTIVE = 25.0
NOISE = 0.5
BANDWIDTH = 0.3
MISMATCH = 3.0
MOST_OUTPUTS = 16
REGRESSORS = 30
NEAREST = 12


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
    near : ndarray of int
        The most relevant columns, which make up the kernel.
    known : ndarray of float32, shape (n_rows, n_near)
        The real rows in these.
    regressors : ndarray of int
        Numeric columns before the block that shift rare numbers.
    partition : Partition
    noise : LeafNoise
    """

    columns: slice
    features: FeatureSet
    tree: Tree
    relevance: Floats
    near: Integers
    known: Array
    regressors: Integers
    partition: Partition
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

    Parameters
    ----------
    privacy : float, default 1.0
        Leaves hold at least ``60 privacy`` rows (a tenth of them in small tables, but
        ``20 privacy``), kernels at least ``25 privacy`` effective donors as far as a leaf
        has them, and the noise on numbers is ``0.5 privacy`` of the leaf's spread. At 1
        about as many rows lie nearer to a training row than to an unseen one as the
        other way round; at 0 rows come close to copies.
    block : int, default 1
        Columns drawn from one donor. More are faster and nearer to real rows.
    most_rows : int, default 100_000
        Real rows to learn from and to draw from; more are sampled down.

    Notes
    -----
    Fitting costs one tree per block. Sampling costs O(rows x 64 x columns) per block. The
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
        return self

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row; see `TableModel.sample`."""
        given, width = self.given_, len(self.names_)
        drawn = np.full((len(context), width), np.nan)
        drawn[:, :given] = context.values
        if len(self.values_) == 0 or len(context) == 0:
            return drawn[:, given:]
        known = np.full(drawn.shape, np.nan, dtype=np.float32)
        known[:, :given] = self._score(drawn[:, :given], slice(0, given))
        filled = _fill(known)
        for block in self.blocks_:
            leaves = block.tree.apply(block.features.take(filled))
            donors = self._donors(block, known, leaves, rng)
            drawn[:, block.columns] = block.noise.move(
                self.values_[donors, block.columns],
                donors,
                leaves,
                known[:, block.regressors].astype(float),
                NOISE * self.privacy,
                rng,
            )
            known[:, block.columns] = self._score(drawn[:, block.columns], block.columns)
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
        return model

    def _keep(self, table: Matrix, given: int) -> None:
        """Take in the real rows and their scores."""
        self.names_, self.kinds_, self.values_ = table.names, table.kinds, table.values
        self.given_ = given
        self.is_category_ = np.array([kind == "category" for kind in table.kinds], dtype=bool)
        self.marginals_ = NormalScores.of(table.values, ~self.is_category_)
        self.known_ = self._score(table.values, slice(0, len(table.names)))

    def _parts(self) -> list[slice]:
        """Return the columns of each block; none where there is no row to learn from."""
        if len(self.values_) == 0:
            return []
        starts = range(self.given_, len(self.names_), self.block)
        return [slice(s, min(s + self.block, len(self.names_))) for s in starts]

    def _score(self, values: Floats, columns: slice) -> Array:
        """Return normal scores of numbers and codes of categories."""
        middle = self.marginals_.take(columns).middle(values)
        scores = np.where(self.is_category_[columns], values, middle)
        return scores.astype(np.float32)

    def _fit_block(self, columns: slice, seed: int) -> _Block:
        before = np.arange(columns.start)
        outputs = self._outputs(columns, seed)
        scaled = _fill(self.known_[:, : columns.start])
        varying = before[(scaled != scaled[:1]).any(axis=0)]
        features = FeatureSet.of(
            scaled, np.arange(len(scaled)), varying, self.is_category_, outputs
        )
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
        return self._complete(columns, features, tree, relevance)

    def _outputs(self, columns: slice, seed: int) -> Target:
        """Return standardised scores per column and the HVRT target of their joint."""
        parts, leads = [], []
        for j in range(columns.start, columns.stop):
            scores = Target.of(self.values_[:, j], self.kinds_[j]).scores.astype(float)
            centred = scores - scores.mean(axis=0, keepdims=True)
            spread = np.sqrt((centred**2).sum() / max(len(scores), 1))
            if spread == 0:
                continue
            if scores.shape[1] > MOST_OUTPUTS:
                rng = stream(seed, "projection", j)
                mix = rng.standard_normal((scores.shape[1], MOST_OUTPUTS))
                centred = centred @ mix / np.sqrt(MOST_OUTPUTS)
            parts.append(centred / spread)
            leads.append(_standardised(_leading(centred)))
        if len(leads) > 1:
            parts.append(_standardised(pairwise_target(np.column_stack(leads)))[:, None])
        rows = len(self.values_)
        values = np.hstack(parts) if parts else np.zeros((rows, 1))
        return Target(values, is_class=False, n_levels=0, freedom=1.0)

    def _complete(
        self, columns: slice, features: FeatureSet, tree: Tree, relevance: Floats
    ) -> _Block:
        """Sort the real rows into the leaves of a tree and learn their noise."""
        before = self.known_[:, : columns.start]
        partition = Partition(tree.apply(features.take(_fill(before))))
        order = np.argsort(-relevance, kind="stable")
        order = order[relevance[order] > 0]
        near = order[:NEAREST]
        ranked = order[~self.is_category_[order]][:REGRESSORS]
        numbers = np.array([kind == "number" for kind in self.kinds_[columns]], dtype=bool)
        noise = LeafNoise.of(
            self.values_[:, columns], numbers, before[:, ranked].astype(float), partition
        )
        return _Block(
            columns,
            features,
            tree,
            relevance,
            near,
            np.ascontiguousarray(before[:, near]),
            ranked,
            partition,
            noise,
        )

    def _donors(
        self, block: _Block, known: Array, leaves: Integers, rng: np.random.Generator
    ) -> Integers:
        is_category = self.is_category_[block.near]
        mismatch = np.where(is_category, MISMATCH * BANDWIDTH**2, 1.0)
        return kernel_donors(
            known[:, block.near],
            block.known,
            block.partition,
            leaves,
            rng,
            relevance=(block.relevance[block.near] * mismatch).astype(np.float32),
            is_category=is_category,
            bandwidth=BANDWIDTH,
            effective=EFFECTIVE * self.privacy,
        )


def _fill(known: Array) -> Array:
    return np.where(np.isnan(known), MISSING, known)


def _leading(centred: Floats) -> Floats:
    """Return the scores on the first principal axis."""
    if centred.shape[1] == 1:
        return centred[:, 0]
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.asarray(centred @ axes[:, -1], dtype=np.float64)


def _standardised(column: Floats) -> Floats:
    spread = column.std()
    return (column - column.mean()) / (spread if spread > 0 else 1.0)
