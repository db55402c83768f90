"""Values as tokens and back: quantile bins, values that are frequent, missing values."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from relsynth.arguments import number_fault, refuse
from relsynth.arrays import FrameMixin, generator_of, read_numbers
from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.groups import starts_of
from relsynth.models.tokens import numeric_tokens
from relsynth.typing import Floats, Integers

HOW = ("draw", "mean", "centre")
# quantiles kept of a token's values: draws of a wide outer bin lie where its values do
KNOTS = 9


class QuantileTokenizer(FrameMixin, TransformerMixin, BaseEstimator):
    """Cut every column into tokens of about equally many rows.

    Parameters
    ----------
    bins : int, default 64
        Most quantile bins of a column, at least 2.
    atoms : bool, default True
        A value that at least the share of a bin of the rows holds (a zero, a cap) gets a
        token of its own and comes back exactly.
    random_state : int, RandomState, Generator or None, default None
        For draws within bins.

    Attributes
    ----------
    edges_ : list of ndarray
        Per column the lowest value of each token but the first; a value belongs to the token
        with the last edge that is not above it. Bins are closed on the left everywhere.
    means_ : list of ndarray, each of shape (n_tokens - 1,)
        Per column, of the fitted values in each token.
    knots_ : list of ndarray, each of shape (n_tokens - 1, 9)
        Per column, nine evenly spaced quantiles of these values, from the lowest to the highest.
    n_tokens_ : ndarray of int, shape (n_columns,)
        With the token for missing values, which is token 0 of every column.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where `fit` was given a frame.

    Notes
    -----
    Missing values are token 0 and take no part in the edges. Values beyond those seen fall
    into the outer bins. Fitting costs one sort per column, tokenizing one search per value.

    The mean of a token's values is the number with least squared error; the middle of a
    wide outer bin is far from most of them.

    Examples
    --------
    >>> X = np.array([[0.0], [0.0], [0.0], [1.5], [2.5], [np.nan]])
    >>> tokenizer = QuantileTokenizer(bins=4).fit(X)
    >>> tokens = tokenizer.tokenize(X)
    >>> tokens.ravel().tolist()
    [1, 1, 1, 2, 3, 0]
    >>> tokenizer.detokenize(tokens, how="mean").ravel().tolist()
    [0.0, 0.0, 0.0, 1.5, 2.5, nan]
    """

    def __init__(self, bins: int = 64, atoms: bool = True, random_state: Any = None) -> None:
        self.bins = bins
        self.atoms = atoms
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn edges and means.

        Parameters
        ----------
        X : array-like or frame, shape (n_rows, n_columns)
            Numbers; ``NaN`` is missing.
        y : None
            Ignored.

        Raises
        ------
        DataError
            For columns that are not numeric or hold infinite values (all listed).
        """
        refuse("QuantileTokenizer", number_fault("bins", self.bins, least=2, whole=True))
        values, names = read_numbers(X, missing=True)
        self._take_in(values, names)
        parts = [self._cut(column) for column in values.T]
        self.edges_, self.means_, self.knots_ = (list(part) for part in zip(*parts, strict=True))
        self.n_tokens_ = np.array([len(mean) + 1 for mean in self.means_])
        return self

    def tokenize(self, X: Any) -> Any:
        """Return the token of every value.

        Parameters
        ----------
        X : array-like or frame, shape (n_rows, n_columns)

        Returns
        -------
        ndarray of int or frame, shape (n_rows, n_columns)
            0 is missing.
        """
        check_is_fitted(self, "edges_")
        values, names = read_numbers(X, missing=True, infinite=True)
        self._check_columns(values, names)
        return self._wrap(self._tokens(values))

    def transform(self, X: Any) -> Any:
        """Return the tokens, as `tokenize`; for pipelines."""
        return self.tokenize(X)

    def inverse_transform(self, tokens: Any) -> Any:
        """Return the mean of every token, as ``detokenize(tokens, how="mean")``."""
        return self.detokenize(tokens, how="mean")

    def detokenize(self, tokens: Any, how: str = "draw", random_state: Any = None) -> Any:
        """Return a value for every token.

        Parameters
        ----------
        tokens : array-like or frame of int, shape (n_rows, n_columns)
        how : {"draw", "mean", "centre"}, default "draw"
            A draw from the values seen in the bin and between them; their mean; or the middle
            between the lowest and the highest.
        random_state : int, RandomState, Generator or None

        Returns
        -------
        ndarray or frame, shape (n_rows, n_columns)
            ``NaN`` for token 0.

        Raises
        ------
        DataError
            For tokens that a column does not have (all columns listed).
        ValueError
            For an unknown `how`.
        """
        check_is_fitted(self, "edges_")
        if how not in HOW:
            raise ValueError(f"how={how!r} is not known; {did_you_mean(how, HOW)}")
        given, names = read_numbers(tokens)
        self._check_columns(given, names)
        labels = self.get_feature_names_out()
        with Faults("tokens", DataError) as faults:
            for name, column, most in zip(labels, given.T, self.n_tokens_, strict=True):
                wrong = column[(column < 0) | (column >= most) | (column != np.round(column))]
                if len(wrong):
                    faults.add(f"column {name}: {wrong[0]:g} is none of 0 to {most - 1}")
        rng = generator_of(self.random_state if random_state is None else random_state)
        return self._wrap(self._values(given.astype(np.int64), how, rng))

    def _cut(self, column: Floats) -> tuple[Floats, Floats, Floats]:
        known = np.sort(column[~np.isnan(column)])
        if not len(known):
            return np.empty(0), np.empty(0), np.empty((0, KNOTS))
        levels, counts = np.unique(known, return_counts=True)
        numbers = numeric_tokens(counts, self.bins, atoms=self.atoms)
        starts = np.flatnonzero(np.diff(numbers, prepend=-1) > 0)
        rows = np.add.reduceat(counts, starts)
        first = starts_of(rows)
        place = first[:, None] + (rows[:, None] - 1) * np.linspace(0, 1, KNOTS)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, len(known) - 1)
        knots = known[below] + (place - below) * (known[above] - known[below])
        knots[:, -1] = known[first + rows - 1]
        # about the level in the middle, so that large means cost no digits
        shift = levels[len(levels) // 2]
        means = shift + np.add.reduceat((levels - shift) * counts, starts) / rows
        return levels[starts[1:]], np.clip(means, knots[:, 0], knots[:, -1]), knots

    def _tokens(self, values: Floats) -> Integers:
        tokens = np.zeros(values.shape, dtype=np.int64)
        for j, edges in enumerate(self.edges_):
            if self.n_tokens_[j] == 1:
                continue
            found = np.searchsorted(edges, values[:, j], side="right") + 1
            tokens[:, j] = np.where(np.isnan(values[:, j]), 0, found)
        return tokens

    def _values(self, tokens: Integers, how: str, rng: np.random.Generator) -> Floats:
        values = np.full(tokens.shape, np.nan)
        for j in range(tokens.shape[1]):
            at = np.flatnonzero(tokens[:, j] > 0)
            own = tokens[at, j] - 1
            knots = self.knots_[j]
            if how == "mean":
                values[at, j] = self.means_[j][own]
            elif how == "centre":
                low, high = knots[own, 0], knots[own, -1]
                values[at, j] = low + (high - low) / 2
            else:
                place = rng.random(len(at)) * (KNOTS - 1)
                step = place.astype(np.int64)
                low, high = knots[own, step], knots[own, step + 1]
                values[at, j] = low + (place - step) * (high - low)
        return values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags
