"""Noise around donors inside a leaf: numbers move, spikes and categories stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.evidence import VISIBLE
from relsynth.hvrt.generation import epanechnikov_noise
from relsynth.hvrt.partition import Partition
from relsynth.hvrt.scores import ATOM, is_rare
from relsynth.models.ranks import Ranks
from relsynth.typing import Flags, Floats, Integers

# in units of the regressors' mean variance: from as good as none to as good as no regression
RIDGES = (1e-3, 1e-2, 0.1, 1.0, 10.0, 1e3)
# no residual is stretched more: one row alone would decide over the spread
MOST_LEVERAGE = 0.5
STRATEGIES = ("shrunk_kernel", "epanechnikov", "bootstrap_noise")
OWN_RANGE = 10  # rows of a leaf that have a range of their own; 5 would give extremes away
DIAGONAL_SHARE = 0.01  # of a covariance: keeps it invertible, .02 hardly shows either


@dataclass(frozen=True, slots=True)
class LeafNoise:
    """How the numbers of a block of columns vary about what a context predicts.

    A value that a tenth of the rows hold, a code and a missing value are kept as they are.
    Any other number becomes a normal score among the other values of its column and
    varies in that space: around the mean of its leaf, shifted by a regression on the
    context, and back to the value that holds the rank.

    Attributes
    ----------
    marginals : tuple of Ranks
        Of the values that move, per column of the block.
    scales : ndarray, shape (n_columns,)
        Deviation of the scores of few rows, which is below 1: in its units they are normal.
    residuals : ndarray, shape (n_rows, n_columns)
        Scores less what the context predicts; ``NaN`` where a value does not move.
    means : ndarray, shape (n_leaves, n_columns)
    low, high : ndarray, shape (n_leaves, n_columns)
        Scores between which a leaf's rows stay; infinite where it has few of its own.
    factors : ndarray, shape (n_leaves, n_columns, n_columns)
        Lower Cholesky factors of the residuals' covariance.
    slopes : ndarray, shape (n_context, n_columns)
        Of the regression within leaves.
    centres : ndarray, shape (n_leaves, n_context)
        Means of the context.
    """

    marginals: tuple[Ranks, ...]
    scales: Floats
    residuals: Floats
    means: Floats
    low: Floats
    high: Floats
    factors: Floats
    slopes: Floats
    centres: Floats

    @classmethod
    def of(
        cls, values: Floats, is_number: Flags, context: Floats, partition: Partition
    ) -> LeafNoise:
        """Learn the noise of a block.

        Parameters
        ----------
        values : ndarray, shape (n_rows, n_columns)
        is_number : ndarray of bool, shape (n_columns,)
            Columns in which values between those seen are allowed.
        context : ndarray, shape (n_rows, n_context)
            Normal scores of the numeric context; ``NaN`` where missing.
        partition : Partition
            Leaves of the rows.

        Notes
        -----
        O(n d^2) time for d columns and contexts together.
        """
        moves = _moving(values, is_number)
        marginals = tuple(
            Ranks.of(column[at]) for column, at in zip(values.T, moves.T, strict=True)
        )
        scores = np.full(values.shape, np.nan)
        for j, marginal in enumerate(marginals):
            scores[moves[:, j], j] = marginal.score(values[moves[:, j], j])
        scales = _scales(scores)
        scores /= scales
        counts, means = _leaf_means(scores, partition)
        low, high = _leaf_ranges(scores, counts, partition)
        _, centres = _leaf_means(context, partition)
        centred = np.nan_to_num(context - centres[partition.codes])
        residuals = scores - means[partition.codes]
        slopes, residuals = _regressed(centred, residuals, moves)
        factors = _factors(np.nan_to_num(residuals), counts, partition)
        return cls(marginals, scales, residuals, means, low, high, factors, slopes, centres)

    @property
    def moves(self) -> Flags:
        """Which values of the real rows vary, shape (n_rows, n_columns)."""
        return ~np.isnan(self.residuals)

    def move(
        self,
        values: Floats,
        donors: Integers,
        leaves: Integers,
        context: Floats,
        noise: float,
        rng: np.random.Generator,
        strategy: str = "shrunk_kernel",
    ) -> Floats:
        """Return the donors' values, numbers shifted to the context and spread.

        Parameters
        ----------
        values : ndarray, shape (n_new, n_columns)
            As the donors have them.
        donors, leaves : ndarray of int, shape (n_new,)
        context : ndarray, shape (n_new, n_context)
        noise : float
            Bandwidth h in units of the leaf's own spread: 0 keeps the residual.
        strategy : {"shrunk_kernel", "epanechnikov", "bootstrap_noise"}
        """
        residuals = self.residuals[donors]
        if not len(self.slopes):
            expected = self.means[leaves]
        else:
            offset = context - self.centres[leaves]
            offset[np.isnan(offset)] = 0.0
            expected = self.means[leaves] + offset @ self.slopes
        bounded = strategy == "epanechnikov"
        shape = residuals.shape
        unit = epanechnikov_noise(shape, rng) if bounded else rng.standard_normal(shape)
        draws = np.einsum("nij,nj->ni", self.factors[leaves], unit)
        # Epanechnikov's kernel has the variance 1/5
        added = 0.0 if strategy == "bootstrap_noise" else noise**2 * (0.2 if bounded else 1.0)
        moved = expected + (residuals + noise * draws) / np.sqrt(1.0 + added)
        moved = _reflect(moved, self.low[leaves], self.high[leaves])
        # without noise a row returns to its own place; with enough of it scores are normal
        width = self.scales ** max(1.0 - 2.0 * noise, 0.0)
        drawn = values.copy()
        for j, marginal in enumerate(self.marginals):
            at = np.flatnonzero(~np.isnan(residuals[:, j]))
            if len(at):
                drawn[at, j] = marginal.value(moved[at, j] * width[j])
        return drawn


def _moving(values: Floats, is_number: Flags) -> Flags:
    moves = np.zeros(values.shape, dtype=bool)
    for j in np.flatnonzero(is_number):
        order = np.argsort(values[:, j], kind="stable")
        moves[order, j] = is_rare(values[order, j], max(ATOM, VISIBLE * len(values)))
    return moves


def _leaf_means(values: Floats, partition: Partition) -> tuple[Floats, Floats]:
    """Return number and mean of the known values of every leaf and column."""
    known = ~np.isnan(values)
    counts = np.empty((len(partition), values.shape[1]))
    means = np.empty_like(counts)
    for j in range(values.shape[1]):
        at = known[:, j]
        codes = partition.codes[at]
        counts[:, j] = np.bincount(codes, minlength=len(partition))
        sums = np.bincount(codes, values[at, j], minlength=len(partition))
        means[:, j] = sums / np.maximum(counts[:, j], 1)
    return counts, means


def _leaf_ranges(scores: Floats, counts: Floats, partition: Partition) -> tuple[Floats, Floats]:
    """Return the range of scores, a quarter wider, of leaves and columns with enough of them."""
    ordered = scores[partition.order]
    low = np.fmin.reduceat(ordered, partition.starts, axis=0)
    high = np.fmax.reduceat(ordered, partition.starts, axis=0)
    own = counts >= OWN_RANGE
    margin = np.where(own, (high - low) / 4.0, 0.0)
    return np.where(own, low - margin, -np.inf), np.where(own, high + margin, np.inf)


def _reflect(values: Floats, low: Floats, high: Floats) -> Floats:
    """Fold values that overshoot a bound back inside, and what is left onto the bound."""
    folded = np.where(values < low, 2 * low - values, values)
    folded = np.where(folded > high, 2 * high - folded, folded)
    return np.clip(folded, low, high)


def _scales(scores: Floats) -> Floats:
    """Return the deviation of every column's known scores, 1 where there is none."""
    known = ~np.isnan(scores)
    number = np.maximum(known.sum(axis=0), 1)
    spread = np.sqrt((np.where(known, scores, 0.0) ** 2).sum(axis=0) / number)
    return np.where(spread > 0, spread, 1.0)


def _regressed(centred: Floats, residuals: Floats, moves: Flags) -> tuple[Floats, Floats]:
    """Return ridge regressions of each column on the context, and what they leave.

    The ridge is the one of least error on rows left out, and what is left of a row is
    what a regression on all others leaves (Allen 1974): the residual divided by one less
    the row's leverage. One eigendecomposition serves all ridges.
    """
    slopes = np.zeros((centred.shape[1], residuals.shape[1]))
    left = residuals.copy()
    if not len(slopes):
        return slopes, left
    for j in range(residuals.shape[1]):
        at = np.flatnonzero(moves[:, j])
        if not len(at):
            continue
        given, target = centred[at], residuals[at, j]
        values, axes = np.linalg.eigh(given.T @ given)
        values = np.maximum(values, 0.0)
        turned = given @ axes
        projected = turned.T @ target
        unit = max(float(values.mean()), 1e-6)
        best = np.inf
        for ridge in RIDGES:
            weights = 1.0 / (values + ridge * unit)
            leverage = np.minimum(turned**2 @ weights, MOST_LEVERAGE)
            out = (target - turned @ (weights * projected)) / (1.0 - leverage)
            if (error := float(out @ out)) < best:
                best = error
                slopes[:, j], left[at, j] = axes @ (weights * projected), out
    return slopes, left


def _factors(residuals: Floats, counts: Floats, partition: Partition) -> Floats:
    """Return Cholesky factors per leaf, pooled with the spread all leaves have."""
    columns = residuals.shape[1]
    scatter = np.empty((len(partition), columns, columns))
    for i in range(columns):
        for j in range(i + 1):
            product = residuals[:, i] * residuals[:, j]
            scatter[:, i, j] = scatter[:, j, i] = np.bincount(
                partition.codes, product, minlength=len(partition)
            )
    freedom = np.maximum(np.minimum(counts[:, :, None], counts[:, None, :]) - 1, 0)
    pooled = scatter.sum(axis=0) / np.maximum(freedom.sum(axis=0), 1)
    covariance = (scatter + columns * pooled) / (freedom + columns)
    shrunk = (1.0 - DIAGONAL_SHARE) * covariance
    diagonal = np.arange(columns)
    shrunk[:, diagonal, diagonal] = covariance[:, diagonal, diagonal] + 1e-6
    return _cholesky(shrunk)


def _cholesky(covariances: Floats) -> Floats:
    """Return factors; negative directions, which pairwise counts can cause, are lifted."""
    values, vectors = np.linalg.eigh(covariances)
    lifted = np.maximum(values, 1e-6)
    return np.asarray(vectors * np.sqrt(lifted)[:, None, :], dtype=np.float64)
