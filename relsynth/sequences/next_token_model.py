"""Predict the next row of a series as tokens, and draw series row after row."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.special import ndtr, ndtri
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from relsynth.arguments import number_fault, refuse
from relsynth.arrays import FrameMixin, generator_of, read_numbers
from relsynth.errors import DataError
from relsynth.groups import starts_of
from relsynth.models.next_token import NextToken
from relsynth.sequences.features import Lags, normal_scores
from relsynth.sequences.ordinal import OrdinalTokens, Regression
from relsynth.sequences.tokenizer import QuantileTokenizer
from relsynth.typing import Floats, Integers

# so few tokens need not lie in an order: questions decide between them
FEW_TOKENS = 12
# a uniform of 0 or 1 has no normal score
EDGE = 1e-6


class SequenceScore(NamedTuple):
    """How well the next rows of a series are predicted.

    Attributes
    ----------
    token_accuracy, chance : float
        Share of tokens predicted, and that of always saying each column's most frequent.
    log_loss, log_tokens : float
        Mean of ``-log p`` of the right token, and ``log n`` of n tokens, which is a model that
        knows nothing.
    rmse, rmse_mean : float
        Root mean squared error of the expected values, and of the columns' means.
    milliseconds : float
        Per predicted row, one at a time.
    """

    token_accuracy: float
    chance: float
    log_loss: float
    log_tokens: float
    rmse: float
    rmse_mean: float
    milliseconds: float


class NextTokenModel(FrameMixin, BaseEstimator):
    """The distribution of a row's tokens given the rows before it.

    Parameters
    ----------
    context : int, default 5
        Rows looked at, at least 1.
    bins : int, default 64
        Quantile bins of a column; see `QuantileTokenizer`.
    random_state : int, RandomState, Generator or None, default 0
        For the features and, where a call is given none, for draws.

    Attributes
    ----------
    tokenizer_ : QuantileTokenizer
    correlation_ : ndarray, shape (n_columns, n_columns)
        Of the normal scores of where the right tokens lay in their distributions: what the
        columns of one row tell of each other beyond the rows before.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where `fit` was given a frame.

    Notes
    -----
    Rows become normal scores, or standardised values where tails are light. Of a column
    with many tokens a ridge regression on the last rows and 256 random cosines of them
    predicts the normal score; the errors of rows left out tell the probability of every
    token. Columns with at most 12 tokens, and whether a value is missing, are decided by
    boosted yes-or-no questions, as in the table model ``"sequence"``. `sample` draws the
    columns of a row jointly by a Gaussian copula.

    Fitting costs O(n p^2) for n rows and p features (256 and context x columns): about a second
    for 5,000 rows of 20 columns and 5 rows of context.

    References
    ----------
    Rahimi and Recht (2007), random features. McCullagh (1980), regression of ordinal data.
    Allen (1974), errors of rows left out.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.zeros((600, 1))
    >>> for t in range(1, 600):
    ...     x[t] = 0.9 * x[t - 1] + rng.normal()
    >>> model = NextTokenModel(context=2, bins=16).fit(x)
    >>> found = model.score(x[400:])
    >>> bool(found.log_loss < 0.8 * found.log_tokens), bool(found.rmse < 0.6 * found.rmse_mean)
    (True, True)
    >>> drawn = model.sample(2000, random_state=1)[:, 0]
    >>> bool(abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1] - 0.9) < 0.05)
    True
    """

    def __init__(self, context: int = 5, bins: int = 64, random_state: Any = 0) -> None:
        self.context = context
        self.bins = bins
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from one series or several.

        Parameters
        ----------
        X : array-like or frame, shape (n_steps, n_columns); or a list of them
            Rows in order of time, ``NaN`` where missing; each series longer than `context`.
        y : None
            Ignored.

        Raises
        ------
        DataError
            For columns that are not numeric or infinite, series of different columns, or none
            longer than the context.
        """
        faults = number_fault("context", self.context, least=1, whole=True)
        refuse("NextTokenModel", faults + number_fault("bins", self.bins, least=2, whole=True))
        series = self._series(X)
        rng = generator_of(self.random_state)
        joined = np.concatenate(series)
        self.tokenizer_ = QuantileTokenizer(self.bins).fit(joined)
        self.lags_ = Lags.of(series, self.context, rng)
        features = np.concatenate([self.lags_.windows(one)[:-1] for one in series])
        rows = np.concatenate([one[self.context :] for one in series])
        tokens = np.asarray(self.tokenizer_.tokenize(rows))
        scores = normal_scores(rows)
        linear = np.arange(features.shape[1]) < self._linear
        linear[-1] = True  # the constant
        self.regression_, errors = Regression.of(features, scores, linear)
        self.shares_ = [
            np.bincount(column, minlength=n) / len(column)
            for column, n in zip(tokens.T, self.tokenizer_.n_tokens_, strict=True)
        ]
        self._fit_tokens(tokens, errors, features[:, : self._linear].astype(np.float32))
        self.correlation_ = self._joint(features, tokens, rng)
        self.start_ = [one[: self.context] for one in series]
        return self

    def predict(self, X: Any) -> Any:
        """Return the expected next rows.

        Parameters
        ----------
        X : array-like or frame, shape (n_steps, n_columns)
            At least as many rows as the context.

        Returns
        -------
        ndarray or frame, shape (n_steps - context + 1, n_columns)
            Of the steps after each `context` rows, the last one for the step after the series:
            the mean of the tokens' means, of values that are not missing.
        """
        return self._wrap(self._expected(self._chances(self._windows(X))))

    def predict_proba(self, X: Any) -> list[Floats]:
        """Return per column the probability of every token, each (n_steps - context + 1, n_tokens).

        Token 0 is missing; see `QuantileTokenizer`.
        """
        return self._chances(self._windows(X))

    def score(self, X: Any, y: Any = None) -> SequenceScore:
        """Compare predictions with the rows that follow.

        Parameters
        ----------
        X : array-like or frame, shape (n_steps, n_columns)
            Longer than the context.
        y : None
            Ignored.
        """
        check_is_fitted(self, "correlation_")
        values = self._series(X, fitted=True)[0]
        chances = self._chances(self.lags_.windows(values)[:-1])
        rows = values[self.context :]
        tokens = np.asarray(self.tokenizer_.tokenize(rows))
        at = np.arange(len(rows))
        right = [p[at, tokens[:, j]] for j, p in enumerate(chances)]
        hits = [p.argmax(axis=1) == tokens[:, j] for j, p in enumerate(chances)]
        usual = [tokens[:, j] == share.argmax() for j, share in enumerate(self.shares_)]
        means = np.array([np.nan if not len(m) else 0.0 for m in self.tokenizer_.means_])
        for j, share in enumerate(self.shares_):
            if len(self.tokenizer_.means_[j]):
                means[j] = share[1:] @ self.tokenizer_.means_[j] / max(share[1:].sum(), 1e-12)
        # one row at a time, as a caller would who waits for the next
        few = min(len(rows), 50)
        start = time.perf_counter()
        for step in range(few):
            self._expected(self._chances(self.lags_.windows(values[step : step + self.context])))
        return SequenceScore(
            float(np.mean(hits)),
            float(np.mean(usual)),
            float(-np.log(np.maximum(right, 1e-12)).mean()),
            float(np.log([np.count_nonzero(share) for share in self.shares_]).mean()),
            float(np.sqrt(np.nanmean((rows - self._expected(chances)) ** 2))),
            float(np.sqrt(np.nanmean((rows - means) ** 2))),
            (time.perf_counter() - start) / max(few, 1) * 1e3,
        )

    def sample(
        self,
        n: int = 1,
        temperature: float = 1.0,
        random_state: Any = None,
        start: Any = None,
        n_series: int = 1,
    ) -> Any:
        """Draw series, row after row.

        Parameters
        ----------
        n : int, default 1
            Rows of each series.
        temperature : float, default 1.0
            Probabilities are raised to ``1 / temperature``: below 1 the likely is likelier.
        random_state : int, RandomState, Generator or None
        start : array-like or frame, shape (n_steps, n_columns), optional
            Rows before the first one; the beginning of a fitted series by default, followed
            by 50 rows that are drawn and left out.
        n_series : int, default 1
            Series drawn side by side.

        Returns
        -------
        ndarray or frame, shape (n, n_columns), or (n_series, n, n_columns) for several
        """
        check_is_fitted(self, "correlation_")
        faults = number_fault("n", n, least=1, whole=True)
        faults += number_fault("n_series", n_series, least=1, whole=True)
        refuse("", faults + number_fault("temperature", temperature, above=0))
        rng = generator_of(self.random_state if random_state is None else random_state)
        if start is None:
            chosen = [self.start_[i] for i in rng.integers(len(self.start_), size=n_series)]
            warm = 50
        else:
            chosen = [
                self._series(start, fitted=True, least=self.context)[0][-self.context :]
            ] * n_series
            warm = 0
        window = np.stack([self.lags_.scores(one) for one in chosen])
        root = np.linalg.cholesky(self.correlation_)
        drawn = np.empty((n_series, n, self.n_features_in_))
        for step in range(-warm, n):
            features = self.lags_.expand(window.reshape(n_series, -1))
            places = ndtr(rng.standard_normal((n_series, self.n_features_in_)) @ root.T)
            tokens = np.column_stack(
                [
                    _inverse(_tempered(chances, temperature), place)
                    for chances, place in zip(self._chances(features), places.T, strict=True)
                ]
            )
            rows = np.asarray(self.tokenizer_.detokenize(tokens, "draw", rng))
            window = np.concatenate([window[:, 1:], self.lags_.scores(rows)[:, None]], axis=1)
            if step >= 0:
                drawn[:, step] = rows
        return self._wrap(drawn[0]) if n_series == 1 else drawn

    @property
    def _linear(self) -> int:
        return self.lags_.waves.shape[0]

    def _fit_tokens(self, tokens: Integers, errors: Floats, asked: Floats) -> None:
        """Learn orders of many tokens, and questions about few and about gaps."""
        no_level = np.zeros(asked.shape[1], dtype=bool)
        self.questions_: dict[int, NextToken] = {}
        ordered = {}
        for j, column in enumerate(tokens.T):
            n_tokens = int(self.tokenizer_.n_tokens_[j])
            known = column > 0
            if n_tokens <= FEW_TOKENS + 1 or not known.any():
                self.questions_[j] = NextToken.of(column, n_tokens, asked, no_level, j)
                continue
            ordered[j] = column[known] - 1
            if not known.all():
                self.questions_[j] = NextToken.of(known.astype(np.int64), 2, asked, no_level, j)
        sizes = {j: int(self.tokenizer_.n_tokens_[j]) - 1 for j in ordered}
        self.ordinal_ = OrdinalTokens.of(ordered, sizes, errors)

    def _chances(self, features: Floats) -> list[Floats]:
        ordered = self.ordinal_.chances(features @ self.regression_.weights)
        asked = features[:, : self._linear].astype(np.float32)
        own = {j: questions.chances(asked) for j, questions in self.questions_.items()}
        found = []
        for j in range(self.n_features_in_):
            if j in ordered:
                gap = own[j][:, :1] if j in own else np.zeros((len(features), 1))
                found.append(np.hstack([gap, (1.0 - gap) * ordered[j]]))
            else:
                found.append(own[j])
        return found

    def _expected(self, chances: Sequence[Floats]) -> Floats:
        known = [p[:, 1:] for p in chances]
        sizes = np.array([p.shape[1] for p in known])
        has = np.flatnonzero(sizes)
        found = np.full((len(chances[0]), len(chances)), np.nan)
        if len(has):
            starts = starts_of(sizes)[has]
            joined = np.hstack(known)
            means = np.concatenate(self.tokenizer_.means_)
            total = np.add.reduceat(joined, starts, axis=1)
            found[:, has] = np.add.reduceat(joined * means, starts, axis=1) / total
        return found

    def _joint(self, features: Floats, tokens: Integers, rng: np.random.Generator) -> Floats:
        places = np.empty(tokens.shape)
        at = np.arange(len(tokens))
        for j, p in enumerate(self._chances(features)):
            below = np.cumsum(p, axis=1)[at, tokens[:, j]] - p[at, tokens[:, j]]
            places[:, j] = below + rng.random(len(tokens)) * p[at, tokens[:, j]]
        scores = ndtri(np.clip(places, EDGE, 1 - EDGE))
        scores -= scores.mean(axis=0)
        spread = np.sqrt((scores**2).mean(axis=0))
        scores /= np.where(spread > 0, spread, 1.0)
        found = scores.T @ scores / len(scores)
        # a little towards independence, so that a root exists
        return 0.999 * found + np.diag(1.0 - 0.999 * np.diag(found))

    def _windows(self, X: Any) -> Floats:
        check_is_fitted(self, "correlation_")
        return self.lags_.windows(self._series(X, fitted=True, least=self.context)[0])

    def _series(self, X: Any, *, fitted: bool = False, least: int | None = None) -> list[Floats]:
        """Return series as numbers, checked against each other or against those of `fit`."""
        least = self.context + 1 if least is None else least
        several = isinstance(X, (list, tuple)) and len(X) > 0 and np.ndim(X[0]) == 2
        found = []
        for number, one in enumerate(X if several else [X]):
            values, names = read_numbers(one, missing=True)
            if fitted or number:
                self._check_columns(values, names)
            else:
                self._take_in(values, names)
            if len(values) < least:
                raise DataError(
                    f"series {number} has {len(values)} rows (n_samples={len(values)}); with "
                    f"context={self.context} at least {least} are needed"
                )
            found.append(values)
        return found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _tempered(chances: Floats, temperature: float) -> Floats:
    if temperature == 1.0:
        return chances
    logs = np.log(np.maximum(chances, 1e-300)) / temperature
    raised = np.where(chances > 0, np.exp(logs - logs.max(axis=1, keepdims=True)), 0.0)
    return raised / raised.sum(axis=1, keepdims=True)


def _inverse(chances: Floats, places: Floats) -> Integers:
    """Return the token in whose part of the distribution each place lies."""
    reached = np.cumsum(chances, axis=1)
    found = (reached <= places[:, None] * reached[:, -1:]).sum(axis=1)
    # rounding may leave the last token: the last one that is possible takes its place
    last = chances.shape[1] - 1 - np.argmax(chances[:, ::-1] > 0, axis=1)
    return np.minimum(found, last)
