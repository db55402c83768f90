"""The probability of every token of a column: where a regression with known errors lands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtri

from relsynth.typing import Flags, Floats, Integers

# in units of the features' mean variance: from as good as none to nearly no regression
RIDGES = tuple(10.0 ** np.arange(-3, 4))
# of the least squared error: for so little more, series that are drawn keep more of the
# correlations with the last rows than a ridge on these leaves
SLACK = 1.05
# of the largest singular value: what is smaller is rounding of columns that determine each other
RANK = 1e-10
# quantiles at which errors are kept
GRID = 401
# of the probability goes by the tokens' own shares: no token that occurs is impossible
MIXED = 0.01
# between the errors of two columns: far more than normal scores can be wrong
APART = 100.0


@dataclass(frozen=True, slots=True)
class Regression:
    """Ridge regressions of many columns on the same features.

    Attributes
    ----------
    weights : ndarray, shape (n_features, n_columns)
    """

    weights: Floats

    @classmethod
    def of(cls, features: Floats, targets: Floats, linear: Flags) -> tuple[Self, Floats]:
        """Return regressions, each with the ridge of least error on rows left out, and that error.

        The ridge holds the linear features back only where the error is larger by more than
        ``SLACK`` without: in short series.

        Parameters
        ----------
        features : ndarray, shape (n_rows, n_features)
        targets : ndarray, shape (n_rows, n_columns)
            ``NaN`` where unknown; these rows take no part.
        linear : ndarray of bool, shape (n_features,)

        Returns
        -------
        regression : Regression
        errors : ndarray, shape (n_rows, n_columns)
            Of every row by a regression on all others; ``NaN`` where unknown.
        """
        held, errors, least = _ridge(features, targets, np.zeros(len(linear), bool))
        free, free_errors, free_least = _ridge(features, targets, linear)
        better = free_least <= SLACK * least
        held[:, better], errors[:, better] = free[:, better], free_errors[:, better]
        return cls(held), errors


def _ridge(features: Floats, targets: Floats, free: Flags) -> tuple[Floats, Floats, Floats]:
    """Return weights, errors of rows left out and their sum of squares, by column.

    Features that are free are projected out of the others and of the targets (Frisch and Waugh
    1933), so that no ridge holds them back.
    """
    known = ~np.isnan(targets)
    filled = np.where(known, targets, 0.0)
    base, size, turn = np.linalg.svd(features[:, free], full_matrices=False)
    kept = size > RANK * size.max(initial=0.0)
    base, size, turn = base[:, kept], size[kept], turn[kept]
    rest = features[:, ~free] - base @ (base.T @ features[:, ~free])
    wanted = filled - base @ (base.T @ filled)
    values, axes = np.linalg.eigh(rest.T @ rest)
    values = np.maximum(values, 0.0)
    turned = rest @ axes
    projected = turned.T @ wanted
    unit = max(float(values.mean()), 1e-12)
    weights = np.zeros((features.shape[1], targets.shape[1]))
    errors = np.full(targets.shape, np.nan)
    best = np.full(targets.shape[1], np.inf)
    own = (base**2).sum(axis=1)
    for ridge in RIDGES:
        shrunk = 1.0 / (values + ridge * unit)
        leverage = np.minimum(own + turned**2 @ shrunk, 0.9)
        out = (wanted - turned @ (shrunk[:, None] * projected)) / (1.0 - leverage)[:, None]
        found = (np.where(known, out, 0.0) ** 2).sum(axis=0)
        better = found < best
        best = np.where(better, found, best)
        weights[np.ix_(~free, better)] = (axes @ (shrunk[:, None] * projected))[:, better]
        errors[:, better] = np.where(known, out, np.nan)[:, better]
    left = filled - features[:, ~free] @ weights[~free]
    weights[free] = turn.T @ ((base.T @ left) / size[:, None])
    return weights, errors, best


@dataclass(frozen=True, slots=True)
class OrdinalTokens:
    """The tokens of columns as intervals of normal scores, all columns in one table.

    Attributes
    ----------
    columns : ndarray of int, shape (n_columns,)
        Which columns of the regression.
    bounds : ndarray, shape (n_bounds,)
        Scores between the tokens of each column, one column after the other; infinite at
        either end of a column.
    owner : ndarray of int, shape (n_bounds,)
        Place in `columns` that a bound belongs to.
    shares : ndarray, shape (n_tokens,)
        Of the tokens of all columns.
    errors : ndarray, shape (n_columns, GRID)
        Quantiles of the regression's errors.
    """

    columns: Integers
    bounds: Floats
    owner: Integers
    shares: Floats
    errors: Floats

    @classmethod
    def of(
        cls, tokens: Mapping[int, Integers], n_tokens: Mapping[int, int], errors: Floats
    ) -> Self:
        """Learn from the known tokens of columns (0 is the first) and a regression's errors.

        Parameters
        ----------
        tokens : dict of int to ndarray
            By column of the regression.
        n_tokens : dict of int to int
            How many there are, seen here or not.
        errors : ndarray, shape (n_rows, n_columns)
        """
        bounds, shares, quantiles = [], [], []
        for column, own in tokens.items():
            share = np.bincount(own, minlength=n_tokens[column]) / len(own)
            inner = ndtri(np.minimum(np.cumsum(share)[:-1], 1.0))  # rounding goes beyond
            bounds.append(np.concatenate([[-np.inf], inner, [np.inf]]))
            shares.append(share)
            known = errors[~np.isnan(errors[:, column]), column]
            quantiles.append(np.quantile(known, np.linspace(0, 1, GRID)))
        sizes = [len(one) for one in bounds]
        return cls(
            np.array(list(tokens), np.int64),
            np.concatenate([np.empty(0), *bounds]),
            np.repeat(np.arange(len(sizes)), sizes),
            np.concatenate([np.empty(0), *shares]),
            np.array(quantiles).reshape(len(sizes), GRID),
        )

    def chances(self, predicted: Floats) -> dict[int, Floats]:
        """Return by column the probability of every token, each (n_rows, n_tokens).

        One interpolation in the errors of all columns, which are laid side by side.
        """
        if not len(self.columns):
            return {}
        place = self.owner * APART
        inside = self.bounds - predicted[:, self.columns[self.owner]]
        inside = np.clip(inside, self.errors[self.owner, 0], self.errors[self.owner, -1])
        grid = self.errors + np.arange(len(self.columns))[:, None] * APART
        levels = np.tile(np.linspace(0, 1, GRID), len(self.columns))
        below = np.interp(inside + place, grid.ravel(), levels)
        # at the ends all or nothing lies below, whatever equal errors are interpolated to
        below[:, self.bounds == -np.inf], below[:, self.bounds == np.inf] = 0.0, 1.0
        last = np.diff(self.owner, append=-1) != 0
        parts = np.diff(below, axis=1)[:, ~last[:-1]]
        mixed = (1.0 - MIXED) * np.maximum(parts, 0.0) + MIXED * self.shares
        stops = np.cumsum(np.bincount(self.owner) - 1)[:-1]
        return dict(zip(self.columns.tolist(), np.split(mixed, stops, axis=1), strict=True))
