"""HVRT as a table model: partition trees with shrunk leaf kernels, given a context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.errors import ModelFileError, did_you_mean
from relsynth.groups import unique_values
from relsynth.hvrt.partition import Partition
from relsynth.models.features import MISSING, FeatureSet, Levels
from relsynth.models.gap_rules import GapRule, GapRules
from relsynth.models.hvrt_block import Block
from relsynth.models.hvrt_target import TARGETS, block_target
from relsynth.models.leaf_donors import LeafDonors
from relsynth.models.leaf_noise import STRATEGIES, LeafNoise
from relsynth.models.neighbour_ratio import NeighbourRatio
from relsynth.models.ranks import Ranks
from relsynth.models.relevance import explained
from relsynth.models.tree import Tree, grow_clusters
from relsynth.packing import packable
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Array, Flags, Floats, Integers

# leaves, reach and noise at which as many drawn rows lie nearer to a training row as to an
# unseen one (adult, 5,000 rows; docs/hvrt.md)
LEAST_LEAF = 80
SMALL_LEAF = 20
REACH = 0.66
NOISE = 0.5
# more columns than these change no drawn row: the first few are the relevant ones
REGRESSORS = 30
NEAREST = 8  # columns of the context by which rows are near; with more all rows are about as far
# of so many rows per regressor a regression predicts rather than remembers
ROWS_PER_REGRESSOR = 10
# below a tenth few rows point at a real one anyway; above a half the real ones would
LEAST_STRICTNESS = 0.1
MOST_STRICTNESS = 0.5
# of the rows that still point at one after three draws hardly any would not after more
REDRAWS = 3


@packable
class HVRTModel:
    """Table model that draws blocks of columns from kernels in the leaves of HVRT trees.

    Columns are taken in blocks. A regression tree predicts the normal scores of a block
    (or the HVRT target, the sum of standardised products) from the context and the
    blocks before. In the leaf of a new row, a real row is drawn by kernel weights on the
    context; categories, frequent values and gaps are its own; other numbers are shifted
    by a regression on the context, shrunk and spread, and mapped back through the inverse
    of their ranks.

    A column whose gaps follow from an earlier one (missing together, or at some of its
    levels) is learned from the rows that have a value.

    A model of few rows leans towards them. In tables of fewer than 100 rows a column, the
    numbers of a row that lies much nearer to one real row than to the next are therefore
    drawn again; its categories, counts, frequent values and gaps stay, so that rare kinds
    of row stay as frequent as they are.

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
    target : {"columns", "extremeness", "both"}, default "columns"
        What a tree is grown on: the scores of the block; HVRT's target, how extreme the
        block and the columns before it are together; or both.
    n_partitions, min_samples_leaf : int, optional
        Most leaves of a tree and least rows of a leaf, instead of what `privacy` says.
    bandwidth : float, optional
        Noise on numbers in units of the leaf's spread, instead of ``0.5 privacy``.
    generation_strategy : {"shrunk_kernel", "epanechnikov", "bootstrap_noise"}
        Gaussian noise that leaves the spread as it is (default); bounded noise that does;
        or Gaussian noise on top, which widens the spread by ``sqrt(1 + bandwidth^2)``.

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

    def __init__(
        self,
        *,
        privacy: float = 1.0,
        block: int = 1,
        most_rows: int = 100_000,
        target: str = "columns",
        n_partitions: int | None = None,
        min_samples_leaf: int | None = None,
        bandwidth: float | None = None,
        generation_strategy: str = "shrunk_kernel",
    ) -> None:
        faults = []
        if not privacy >= 0:
            faults.append(f"privacy must be a number from 0 (got {privacy})")
        if block < 1 or most_rows < 1:
            faults.append(f"block and most_rows must be at least 1 (got {block}, {most_rows})")
        if target not in TARGETS:
            faults.append(f"target: {target!r} is not known; {did_you_mean(target, TARGETS)}")
        for name, least in (("n_partitions", n_partitions), ("min_samples_leaf", min_samples_leaf)):
            if least is not None and least < 1:
                faults.append(f"{name} must be at least 1 (got {least})")
        if bandwidth is not None and not 0 <= bandwidth < np.inf:
            faults.append(f"bandwidth must be a number from 0 (got {bandwidth})")
        if generation_strategy not in STRATEGIES:
            hint = did_you_mean(generation_strategy, STRATEGIES)
            faults.append(f"generation_strategy: {generation_strategy!r} is not known; {hint}")
        if faults:
            raise ValueError("HVRTModel: " + "; ".join(faults))
        self.privacy = privacy
        self.block = block
        self.most_rows = most_rows
        self.target = target
        self.n_partitions = n_partitions
        self.min_samples_leaf = min_samples_leaf
        self.bandwidth = bandwidth
        self.generation_strategy = generation_strategy

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Grow a tree per block; see `TableModel.fit`."""
        table = Matrix.join([context, rows])
        if len(table) > self.most_rows:
            kept = stream(seed, "rows").permutation(len(table))[: self.most_rows]
            table = table.take(np.sort(kept))
        self._keep(table, len(context.names))
        seeds = [integer_seed(seed, "tree", part.start) for part in self._parts()]
        rules = GapRules(self.values_, self.kinds_)
        self.blocks_ = [
            self._fit_block(part, self._gaps(part, rules), tree_seed)
            for part, tree_seed in zip(self._parts(), seeds, strict=True)
        ]
        self.asked_ = self._asked()
        return self

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row; see `TableModel.sample`."""
        drawn, moves = self._draw(context.values, rng)
        if self.ratio_ is None or len(drawn) == 0:
            return drawn
        again = np.arange(len(drawn))
        for _ in range(REDRAWS):
            again = again[self.ratio_.points_out(drawn[again])]
            if len(again) == 0:
                break
            held = drawn[again], moves[again]
            drawn[again], moves[again] = self._draw(context.values[again], rng, held)
        return drawn

    def _draw(
        self, context: Floats, rng: np.random.Generator, held: tuple[Floats, Flags] | None = None
    ) -> tuple[Floats, Flags]:
        """Draw one row per context row, block after block.

        Parameters
        ----------
        context : ndarray, shape (n_rows, n_context)
        held : tuple of ndarray, optional
            Rows drawn before and which of their values move; all others stay.

        Returns
        -------
        drawn : ndarray, shape (n_rows, n_columns)
        moves : ndarray of bool, shape (n_rows, n_columns)
            Which values are numbers with noise.
        """
        given, width = self.given_, len(self.names_)
        drawn = np.full((len(context), width), np.nan)
        drawn[:, :given] = context
        moves = np.zeros(drawn.shape, dtype=bool)
        if len(self.values_) == 0 or len(context) == 0:
            return drawn[:, given:], moves[:, given:]
        known = np.full(drawn.shape, np.nan, dtype=np.float32)
        self._score(drawn, self.asked_, known)
        filled = _fill(known)
        noise = NOISE * self.privacy if self.bandwidth is None else self.bandwidth
        for block in self.blocks_:
            part = block.columns
            new = block.draw(
                self.values_, drawn, known, filled, noise, self.generation_strategy, rng
            )
            drawn[:, part], moves[:, part] = new
            if held is not None:
                own = slice(part.start - given, part.stop - given)
                free = moves[:, part] & held[1][:, own]
                drawn[:, part] = np.where(free, drawn[:, part], held[0][:, own])
                moves[:, part] = held[1][:, own]
            self._score(drawn, range(part.start, part.stop), known)
            filled[:, part] = _fill(known[:, part])
        return drawn[:, given:], moves[:, given:]

    def to_state(self) -> dict[str, Any]:
        """Return parameters, the rows to draw from and the trees."""
        return {
            "parameters": {
                "privacy": self.privacy,
                "block": self.block,
                "most_rows": self.most_rows,
                "target": self.target,
                "n_partitions": self.n_partitions,
                "min_samples_leaf": self.min_samples_leaf,
                "bandwidth": self.bandwidth,
                "generation_strategy": self.generation_strategy,
            },
            "names": list(self.names_),
            "kinds": list(self.kinds_),
            "given": self.given_,
            "values": self.values_,
            "blocks": [
                (block.gaps, block.features, block.tree, block.relevance) for block in self.blocks_
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
            model._complete(part, *block)
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
        columns = sum(len(unique_values(column)) > 1 for column in rows.values.T)
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

    def _gaps(self, columns: slice, rules: GapRules) -> GapRule | None:
        """Return what tells the gaps of a block, where one rule tells those of all its columns."""
        first = rules.find(columns.start)
        if first is None:
            return None
        alike = rules.gaps[:, columns] == rules.gaps[:, [columns.start]]
        return first if alike.all() else None

    def _with_values(self, gaps: GapRule | None) -> Integers:
        """Return the real rows that a rule leaves values."""
        if gaps is None:
            return np.arange(len(self.values_))
        return np.flatnonzero(~gaps.missing(self.values_[:, gaps.column]))

    def _fit_block(self, columns: slice, gaps: GapRule | None, seed: int) -> Block:
        before = np.arange(columns.start)
        rows = self._with_values(gaps)
        scaled = _fill(self.known_[rows, : columns.start])
        outputs = block_target(
            self.values_[rows, columns],
            self.kinds_[columns],
            scaled,
            columns.start,
            self.target,
            seed,
        )
        varying = before[(scaled != scaled[:1]).any(axis=0)]
        levels = Levels.of_all(scaled, self.is_category_)
        features = FeatureSet.of(varying, levels, outputs)
        matrix = features.take(scaled)
        least = max(2, round(min(LEAST_LEAF, max(SMALL_LEAF, len(matrix) // 10)) * self.privacy))
        least = self.min_samples_leaf or least
        tree = grow_clusters(
            matrix,
            outputs.scores,
            max_leaves=self.n_partitions or max(2, len(matrix) // least),
            min_leaf=least,
            seed=seed,
        )
        relevance = np.zeros(columns.start)
        relevance[varying] = explained(tree, matrix, outputs.scores)
        tree, used = tree.narrowed()
        return self._complete(columns, gaps, features.keep(used), tree, relevance)

    def _complete(
        self,
        columns: slice,
        gaps: GapRule | None,
        features: FeatureSet,
        tree: Tree,
        relevance: Floats,
    ) -> Block:
        """Sort the real rows into the leaves of a tree and learn their noise."""
        rows = self._with_values(gaps)
        before = self.known_[rows, : columns.start]
        partition = Partition(tree.apply(features.take(_fill(before))))
        order = np.argsort(-relevance, kind="stable")
        order = order[relevance[order] > 0]
        most = min(REGRESSORS, len(rows) // ROWS_PER_REGRESSOR)
        ranked = order[~self.is_category_[order]][:most]
        numbers = np.array([kind == "number" for kind in self.kinds_[columns]], dtype=bool)
        donors = LeafDonors.of(
            before,
            order[:NEAREST],
            relevance,
            self.is_category_,
            partition,
            self.values_[rows, columns.start],
            REACH * self.privacy,
        )
        noise = LeafNoise.of(
            self.values_[rows, columns], numbers, before[:, ranked].astype(float), partition
        )
        return Block(columns, gaps, rows, features, tree, relevance, donors, ranked, noise)

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
