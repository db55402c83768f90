"""Sequential conditional trees: each column is drawn from the leaf of a tree on those before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.evidence import SURE
from relsynth.models.association import association
from relsynth.models.binning import BinnedFeatures, usual_bins
from relsynth.models.columnwise import ColumnByColumn, as_features, draw_in_turn, structure_rows
from relsynth.models.features import FeatureSet, Levels
from relsynth.models.leaf_draw import LeafDraw
from relsynth.models.profiles import level_profiles, significance_of
from relsynth.models.pursuit import Pursuit
from relsynth.models.systematic import Turns
from relsynth.models.target import Target
from relsynth.models.tree import Tree, grow, importances
from relsynth.packing import packable
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Array, Flags, Floats, Integers

SCREENED = 20  # features of one column on large data: the time of a tree is linear in them
TOGETHER = 8  # features chosen by what they add; measured on teams (C2ST .627 to .589)
PURSUED_ROWS = 4_000  # a correlation is known to .016 then, from 8,000 rows to .011
FEW_CLASSES = 3.0  # with more the added features were measured to do harm (DDA .53 to .57)
# enough to rank features; they grow one tree, twice as many take twice as long
SCREENING_ROWS = 8_000
SCREENING_LEAF = 20  # rows: fine enough to rank features, coarse enough not to follow noise


@dataclass(frozen=True, slots=True)
class _Care:
    """How far a tree may follow single rows."""

    min_leaf: int
    significance: float


# rows of roots: leaves of 10 memorise them (holdout share .62 instead of .55)
ENTITIES = _Care(min_leaf=20, significance=6.0)
# rows of children, of which there are many: every split, leaves of 10
CHILDREN = _Care(min_leaf=10, significance=0.0)


@packable
@dataclass(frozen=True, slots=True)
class _ColumnTree:
    """The conditional distribution of one column."""

    features: FeatureSet
    tree: Tree
    leaves: LeafDraw

    def draw(
        self, scaled: Array, at: int, *, rng: np.random.Generator, turns: Turns | None
    ) -> Floats:
        if self.tree.n_leaves == 1:
            return self.leaves.draw(np.zeros(len(scaled), np.int64), rng, turns)
        return self.leaves.draw(self.tree.apply(self.features.take(scaled)), rng, turns)


@packable
class SequentialTrees(ColumnByColumn):
    """Table model that draws column after column from decision trees.

    The first column is drawn given the context, the second given the context and the
    first, and so on, as in sequential regression with trees (Reiter 2005; synthpop).

    Parameters
    ----------
    min_leaf : int, optional
        Least rows in a leaf; more rows give more privacy and less detail. By default 20
        for rows without a context, the entities themselves, and 10 for others.
    significance : float, optional
        How significant the last splits must be to stay; see `relsynth.models.tree.grow`.
        By default 6 for rows without a context and 0, which keeps every split, for others.
    structure_rows : int, default 100_000
        Rows the trees are grown on; all rows are sorted into their leaves.
    threads : int, default 2
        Columns fitted side by side. Has no influence on the result.

    Notes
    -----
    Fitting costs about 0.3 microseconds per row and feature and column, at most
    ``SCREENED`` features a column on large data; sampling about 0.2 microseconds a cell.

    Examples
    --------
    >>> import numpy as np
    >>> from relsynth.columns.matrix import Matrix
    >>> x = np.arange(200.0)
    >>> rows = Matrix(("x", "twice"), ("number", "number"), np.column_stack([x, 2 * x]))
    >>> model = SequentialTrees().fit(rows, Matrix.empty(200), seed=0)
    >>> drawn = model.sample(Matrix.empty(5), np.random.default_rng(0))
    >>> bool(np.abs(drawn[:, 1] - 2 * drawn[:, 0]).max() < 60)
    True
    """

    name = "cart"

    def __init__(
        self,
        *,
        min_leaf: int | None = None,
        significance: float | None = None,
        structure_rows: int = 100_000,
        threads: int = 2,
    ) -> None:
        self.min_leaf = min_leaf
        self.significance = significance
        self.structure_rows = structure_rows
        self.threads = threads

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Grow one tree per column; see `TableModel.fit`."""
        known = len(context.names)
        self.scaling_, scaled = as_features(rows, context)
        is_category = np.array([kind == "category" for kind in context.kinds + rows.kinds], bool)
        usual = ENTITIES if not known else CHILDREN
        care = _Care(
            usual.min_leaf if self.min_leaf is None else self.min_leaf,
            usual.significance if self.significance is None else self.significance,
        )
        grown_on = structure_rows(len(rows), self.structure_rows, seed)

        n_bins = usual_bins(len(grown_on))
        every = len(grown_on) == len(scaled)
        binned = BinnedFeatures.of(scaled if every else scaled[grown_on], n_bins)
        levels = Levels.of_all(scaled if every else scaled[grown_on], is_category)
        pursuit = None
        if binned.width > SCREENED and "category" in rows.kinds:
            pursuit = Pursuit.of(binned, structure_rows(len(grown_on), PURSUED_ROWS, seed))
        known_of = _Known(scaled, levels, grown_on, binned, n_bins, pursuit)

        def fit_column(position: int) -> _ColumnTree:
            return _fit_column(
                known_of.before(known + position),
                rows.values[:, position],
                rows.kinds[position],
                care,
                integer_seed(seed, "column", rows.names[position]),
            )

        positions = range(len(rows.names))
        with ThreadPoolExecutor(self.threads) as pool:
            fitted = list(pool.map(fit_column, reversed(positions)))
        self.columns_ = fitted[::-1]
        return self

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row; see `TableModel.sample`."""
        return self._sample(context, rng, [None] * len(self.columns_), self._asked())

    def stepwise(self, rng: np.random.Generator) -> Callable[[Matrix], Floats]:
        """Return what draws rows in many calls, the values of a leaf in turns over all of them."""
        turns = [Turns(column.tree.n_leaves, rng) for column in self.columns_]
        return partial(self._sample, rng=rng, turns=turns, asked=self._asked())

    def _asked(self) -> Flags:
        """Return which of context and columns are features of any tree."""
        asked = np.zeros(len(self.scaling_.centre), bool)
        for column in self.columns_:
            asked[column.features.columns] = True
        return asked

    def _sample(
        self,
        context: Matrix,
        rng: np.random.Generator,
        turns: Sequence[Turns | None],
        asked: Flags,
    ) -> Floats:
        draws = [
            partial(column.draw, rng=rng, turns=turn)
            for column, turn in zip(self.columns_, turns, strict=True)
        ]
        return draw_in_turn(self.scaling_, context, draws, asked)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a column may be predicted by: the columns before it.

    Attributes
    ----------
    scaled : ndarray of float32, shape (n_rows, n_columns)
    levels : mapping of int to Levels
        Of the columns that hold categories, in the rows that trees are grown on.
    rows : ndarray of int, shape (n_structure_rows,)
        Rows that trees are grown on.
    binned : BinnedFeatures
        All columns of these rows.
    pursuit : Pursuit or None
        Of all columns, where some target is a class of which not all can be features.
    """

    scaled: Array
    levels: Mapping[int, Levels]
    rows: Integers
    binned: BinnedFeatures
    n_bins: int
    pursuit: Pursuit | None

    def before(self, width: int) -> _Known:
        """Return the first columns."""
        binned = BinnedFeatures(self.binned.codes[:, :width], self.binned.edges[:width])
        known = self.scaled[:, :width]
        return _Known(known, self.levels, self.rows, binned, self.n_bins, self.pursuit)

    def some(self, at: Integers) -> _Known:
        """Return some of the structure rows."""
        levels = {column: found.take(at) for column, found in self.levels.items()}
        return _Known(self.scaled, levels, self.rows[at], self.binned.rows(at), self.n_bins, None)

    def features(self, columns: Integers, target: Target) -> tuple[FeatureSet, BinnedFeatures]:
        """Return columns as features of a target."""
        chosen = FeatureSet.of(columns, self.levels, target)
        return chosen, chosen.bin(self.binned, self.levels, self.n_bins)


def _fit_column(
    known: _Known, column: Floats, kind: ColumnKind, care: _Care, seed: int
) -> _ColumnTree:
    target = Target.of(column[known.rows], kind)
    if target.has_many_levels:
        features, tree, leaves = _grow_honestly(known, target, care, seed)
    else:
        features, binned = known.features(_screen(known, target, seed), target)
        tree, leaves = grow(
            binned, target, min_leaf=care.min_leaf, significance=care.significance, seed=seed
        )
    tree, used = tree.narrowed()
    features = features.keep(used)
    if len(leaves) < len(column):
        leaves = tree.apply(features.take(known.scaled))
    return _ColumnTree(features, tree, LeafDraw.of(column, kind, leaves, tree.n_leaves))


def _grow_honestly(
    known: _Known, target: Target, care: _Care, seed: int
) -> tuple[FeatureSet, Tree, Integers]:
    """Place levels by one half of the rows and grow the tree on the other.

    Of many levels each has few rows, whose features set it apart by chance alone; on the
    rows it was placed by, splits would find nothing else (honest trees, Athey and Imbens
    2016). No split is made that is not significant.
    """
    shuffled = stream(seed, "halves").permutation(len(known.rows))
    first, second = np.sort(shuffled[::2]), np.sort(shuffled[1::2])
    placing, growing = known.some(first), known.some(second)
    codes = target.values[first]
    varying = np.flatnonzero([len(edges) > 0 for edges in known.binned.edges])
    telling = significance_of(codes, placing.binned.take(varying))
    best = np.argsort(-telling, kind="stable")[:SCREENED]
    columns = np.sort(varying[best[telling[best] > SURE]])
    places = level_profiles(codes, placing.binned.take(columns)) if len(columns) else None
    if places is None or not places.shape[1]:
        columns, places = columns[:0], np.zeros((1, 1))
    features = FeatureSet.of(columns, placing.levels, target.placed(places, first))
    tree, leaves = grow(
        features.bin(growing.binned, growing.levels, known.n_bins),
        target.placed(places, second),
        min_leaf=max(care.min_leaf, ENTITIES.min_leaf),
        significance=max(care.significance, ENTITIES.significance),
        seed=seed,
    )
    return features, tree, leaves


def _screen(known: _Known, target: Target, seed: int) -> Integers:
    """Return the columns worth being features: the most important ones on some rows.

    Those that tell most of a class by themselves may all say the same (the year, in many
    ways). For few classes some are added that tell what is left.
    """
    if target.is_constant:
        return np.empty(0, np.int64)
    varying = np.flatnonzero([len(edges) > 0 for edges in known.binned.edges])
    if len(varying) <= SCREENED:
        return varying
    if target.score is None:
        weight = association(known.binned.take(varying), target)
        if target.freedom <= FEW_CLASSES and known.pursuit is not None:
            alone = varying[np.argsort(-weight, kind="stable")[:SCREENED]]
            return np.union1d(alone, known.pursuit.best(target, varying, TOGETHER))
    elif len(known.rows) > SCREENING_ROWS:
        some = stream(seed, "screening").permutation(len(known.rows))[:SCREENING_ROWS]
        part = target.take(some)
        _, binned = known.some(some).features(varying, part)
        weight = importances(binned, part, min_leaf=SCREENING_LEAF, seed=seed)
    else:
        return varying
    return np.sort(varying[np.argsort(-weight, kind="stable")[:SCREENED]])
