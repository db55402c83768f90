"""Rows as sequences of tokens: column after column, the next token given all before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from threadpoolctl import threadpool_limits

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.errors import ModelFileError
from relsynth.models.association import association
from relsynth.models.binning import BinnedFeatures, usual_bins
from relsynth.models.columnwise import ColumnByColumn, as_features, draw_in_turn, structure_rows
from relsynth.models.features import FeatureSet, Levels
from relsynth.models.next_token import NextToken
from relsynth.models.systematic import Turns
from relsynth.models.target import Target
from relsynth.models.token_values import TokenValues
from relsynth.models.tokens import tokens_of
from relsynth.packing import packable
from relsynth.seeding import Seed, integer_seed
from relsynth.typing import Array, Floats, Integers

FEATURES = 100  # that trees look at; their time is linear in them
MOST_BINS = 32  # of a number: tokens of 3 % of the rows each; 64 double the tokens to learn
LEAST_BINS = 2  # below and above the middle
ROWS_PER_BIN = 500  # that a token is learned from; 1,000 halve the tokens of small tables


@dataclass(frozen=True, slots=True)
class _Draws:
    """Where the systematic draws of one column go on in the next call."""

    answers: Floats
    turns: Turns | None


@packable
@dataclass(frozen=True, slots=True)
class _TokenColumn:
    """The conditional distribution of one column."""

    known: Integers
    tokens: NextToken
    values: TokenValues

    def draw(self, scaled: Array, at: int, *, rng: np.random.Generator, draws: _Draws) -> Floats:
        found = self.tokens.draw(scaled.take(self.known, axis=1), rng, draws.answers)
        scaled[:, at] = found
        return self.values.draw(scaled, found, rng, draws.turns)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        known = np.asarray(state["known"], np.int64)
        tokens, values = state["tokens"], state["values"]
        n_leaves = len(values.leaves.bounds) - 1
        has_features = tokens.questions.feature.max() < max(len(known), 1)
        has_values = values.tree is not None or n_leaves == len(tokens.children) + 1
        if not (has_features and has_values):
            raise ModelFileError("a column of the model is damaged; fit and save it again")
        return cls(known, tokens, values)


@packable
class TokenSequence(ColumnByColumn):
    """Table model that predicts the next token of a row from its context and tokens before.

    Columns are cut into tokens: the levels of a category, frequent values and quantile
    bins of a number, missing values. Boosted trees predict the token of the first column
    given the context, of the second given the context and the first, and so on; a value is
    drawn from the distribution of its token. Of a child table the context holds the row
    before, so that a family is one long sequence of tokens.

    Parameters
    ----------
    bins : int, optional
        Quantile bins of a number. By default one for every 500 rows, from 2 to 32: of few
        rows, more is decided by the tree behind the token.
    structure_rows : int, default 50_000
        Rows the predictor is fitted to; tokens hold the values of all rows.
    threads : int, default 2
        Columns fitted side by side. Has no influence on the result.

    Notes
    -----
    Probabilities are sums of many small trees, so they change smoothly where a single tree
    jumps. Missing and unseen values of the context are no obstacle.

    Fitting costs 2 to 6 seconds a column of 40,000 to 60,000 rows and 100 features, ten
    times as much as trees, and hardly more for more rows; sampling 3 to 10 microseconds a cell.

    Examples
    --------
    >>> import numpy as np
    >>> from relsynth.columns.matrix import Matrix
    >>> x = np.arange(2000.0) % 4
    >>> rows = Matrix(("x", "next"), ("category",) * 2, np.column_stack([x, (x + 1) % 4]))
    >>> model = TokenSequence().fit(rows, Matrix.empty(2000), seed=0)
    >>> drawn = model.sample(Matrix.empty(100), np.random.default_rng(0))
    >>> bool(((drawn[:, 0] + 1) % 4 == drawn[:, 1]).mean() > 0.98)
    True
    """

    name = "sequence"

    def __init__(
        self, *, bins: int | None = None, structure_rows: int = 50_000, threads: int = 2
    ) -> None:
        self.bins = bins
        self.structure_rows = structure_rows
        self.threads = threads

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Fit one predictor per column; see `TableModel.fit`."""
        known = len(context.names)
        self.scaling_, scaled = as_features(rows, context)
        fitted_on = structure_rows(len(rows), self.structure_rows, seed)
        some = scaled if len(fitted_on) == len(scaled) else scaled[fitted_on]
        is_category = np.array([kind == "category" for kind in context.kinds + rows.kinds], bool)
        levels = Levels.of_all(some, is_category)
        n_bins = usual_bins(len(some))
        own_bins = min(max(len(rows) // ROWS_PER_BIN, LEAST_BINS), MOST_BINS)
        token_bins = own_bins if self.bins is None else self.bins
        binned = BinnedFeatures.of(some, n_bins)

        def fit_column(position: int) -> _TokenColumn:
            at = known + position
            before = BinnedFeatures(binned.codes[:, :at], binned.edges[:at])
            column, kind = rows.values[:, position], rows.kinds[position]
            own_seed = integer_seed(seed, "column", rows.names[position])
            tokens, n_tokens = tokens_of(column, kind, token_bins)
            chosen = _features(before, levels, column[fitted_on], kind, tokens[fitted_on])
            with threadpool_limits(1, "openmp"):
                predictor = NextToken.of(
                    tokens[fitted_on],
                    n_tokens,
                    some.take(chosen.columns, axis=1),
                    is_category[chosen.columns],
                    own_seed,
                )
            values = TokenValues.of(
                column,
                kind,
                tokens,
                fitted_on,
                chosen,
                chosen.bin(before, levels, n_bins),
                scaled[:, :at],
                own_seed,
            )
            return _TokenColumn(chosen.columns, predictor, values)

        with ThreadPoolExecutor(self.threads) as pool:
            self.columns_ = list(pool.map(fit_column, range(len(rows.names))))
        return self

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row; see `TableModel.sample`."""
        draws = [_Draws(column.tokens.begin(rng), None) for column in self.columns_]
        return self._sample(context, rng, draws)

    def stepwise(self, rng: np.random.Generator) -> Callable[[Matrix], Floats]:
        """Return what draws rows in many calls that keep the expected shares together."""
        draws = [
            _Draws(column.tokens.begin(rng), column.values.begin(rng)) for column in self.columns_
        ]
        return partial(self._sample, rng=rng, draws=draws)

    def _sample(self, context: Matrix, rng: np.random.Generator, draws: Sequence[_Draws]) -> Floats:
        columns = [
            partial(column.draw, rng=rng, draws=own)
            for column, own in zip(self.columns_, draws, strict=True)
        ]
        return draw_in_turn(self.scaling_, context, columns)


def _features(
    before: BinnedFeatures,
    levels: Mapping[int, Levels],
    column: Floats,
    kind: ColumnKind,
    tokens: Integers,
) -> FeatureSet:
    """Return the columns that tell most of the tokens, categories in the column's order."""
    by_token = Target.of(tokens.astype(float), "category")
    target = by_token if kind == "category" else Target.of(column, kind)
    varying = np.flatnonzero([len(edges) > 0 for edges in before.edges])
    if target.is_constant:
        varying = varying[:0]
    elif len(varying) > FEATURES:
        telling = association(before.take(varying), by_token)
        varying = np.sort(varying[np.argsort(-telling, kind="stable")[:FEATURES]])
    return FeatureSet.of(varying, levels, target)
