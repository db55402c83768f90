"""Generation strategies in z space: new rows around those of each partition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import numpy as np
from scipy.special import ndtr, ndtri

from relsynth.hvrt.builtin import find_builtin
from relsynth.hvrt.covariance import factor, regularise, within
from relsynth.hvrt.partition import Partition
from relsynth.hvrt.selection import RandomState
from relsynth.typing import Floats, Integers

SMALLEST_SPREAD = 0.01  # of a column that is constant in its leaf, in deviations of the whole
GRID = 160  # points of a density: steps of a hundredth of its width


@runtime_checkable
class GenerationStrategy(Protocol):
    """Any callable that draws new rows, grouped by partition in the order given.

    Examples
    --------
    >>> def means(X_z, partition_ids, unique_partitions, budgets, random_state=None):
    ...     centres = [X_z[partition_ids == leaf].mean(axis=0) for leaf in unique_partitions]
    ...     return np.repeat(np.array(centres), budgets, axis=0)
    >>> isinstance(means, GenerationStrategy)
    True
    """

    def __call__(
        self,
        X_z: Floats,
        partition_ids: Integers,
        unique_partitions: Integers,
        budgets: Integers,
        random_state: RandomState = None,
    ) -> Floats:
        """Draw ``budgets[k]`` rows for the partition ``unique_partitions[k]``.

        Parameters
        ----------
        X_z : ndarray, shape (n_rows, n_columns)
        partition_ids : ndarray of int, shape (n_rows,)
        unique_partitions, budgets : ndarray of int, shape (n_partitions,)
        random_state : int, Generator or None
        """
        ...


def scott_factor(sizes: Integers | float, dimension: int) -> Floats:
    """Return Scott's bandwidth ``n^(-1/(d+4))``."""
    return np.asarray(sizes, dtype=float) ** (-1.0 / (dimension + 4))


def silverman_factor(sizes: Integers | float, dimension: int) -> Floats:
    """Return Silverman's bandwidth ``(n (d+2) / 4)^(-1/(d+4))``."""
    return (np.asarray(sizes, dtype=float) * (dimension + 2) / 4) ** (-1.0 / (dimension + 4))


def multivariate_kde(
    X_z: Floats,
    partition_ids: Integers,
    unique_partitions: Integers,
    budgets: Integers,
    random_state: RandomState = None,
) -> Floats:
    """Draw from a Gaussian kernel density per leaf, with Scott's bandwidth.

    Parameters
    ----------
    X_z : ndarray, shape (n_rows, n_columns)
    partition_ids : ndarray of int, shape (n_rows,)
    unique_partitions : ndarray of int, shape (n_partitions,)
    budgets : ndarray of int, shape (n_partitions,)
        Rows to draw per partition; those with 0 are skipped.
    random_state : int, Generator or None

    Returns
    -------
    ndarray, shape (budgets.sum(), n_columns)
        Grouped by partition.

    Notes
    -----
    A row is a row of the leaf, drawn uniformly, plus noise of covariance ``h^2 S``. The
    leaf covariance S is regularised (see `relsynth.hvrt.covariance`), so that leaves that
    are small, collinear or hold constant columns spread like the others.

    References
    ----------
    Scott, D. W. (1992). Multivariate Density Estimation. Wiley.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=(50, 2)) + [0.0, 3.0]
    >>> leaves = np.repeat([0, 1], 25)
    >>> drawn = multivariate_kde(z, leaves, np.array([0, 1]), np.array([100, 300]), 0)
    >>> drawn.shape, bool(abs(drawn[:, 1].mean() - 3.0) < 0.5)
    ((400, 2), True)
    """
    rng = np.random.default_rng(random_state)
    leaves = _Leaves(X_z, partition_ids, unique_partitions, budgets)
    drawn = X_z[leaves.draw(rng)]
    bandwidths = scott_factor(np.maximum(leaves.sizes, 1), X_z.shape[1])
    pooled = within(X_z, leaves.partition)
    for k, part, place in leaves:
        noise = rng.standard_normal((place.stop - place.start, X_z.shape[1]))
        drawn[place] += bandwidths[k] * noise @ factor(regularise(part, pooled)).T
    return drawn


def epanechnikov(
    X_z: Floats,
    partition_ids: Integers,
    unique_partitions: Integers,
    budgets: Integers,
    random_state: RandomState = None,
) -> Floats:
    """Draw leaf rows plus bounded noise per column from the Epanechnikov kernel.

    The noise is Scott's bandwidth times the leaf's standard deviation of the column, at
    least ``SMALLEST_SPREAD``, times a draw from ``3/4 (1 - u^2)`` on [-1, 1], whose
    variance is 1/5.

    Parameters
    ----------
    X_z : ndarray, shape (n_rows, n_columns)
        In deviations of the columns.
    partition_ids : ndarray of int, shape (n_rows,)
    unique_partitions : ndarray of int, shape (n_partitions,)
    budgets : ndarray of int, shape (n_partitions,)
        Rows to draw per partition; those with 0 are skipped.
    random_state : int, Generator or None

    Returns
    -------
    ndarray, shape (budgets.sum(), n_columns)
        Grouped by partition, in deviations.

    Notes
    -----
    O(n d) time.

    References
    ----------
    Epanechnikov, V. A. (1969). Non-parametric estimation of a multivariate probability
    density. Theory of Probability and its Applications 14, 153-158.
    Devroye, L. and Gyorfi, L. (1985). Nonparametric Density Estimation: The L1 View. Wiley.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=(50, 2)) + [0.0, 3.0]
    >>> leaves = np.repeat([0, 1], 25)
    >>> drawn = epanechnikov(z, leaves, np.array([0, 1]), np.array([100, 300]), 0)
    >>> drawn.shape, bool(abs(drawn[:, 1].mean() - 3.0) < 0.5)
    ((400, 2), True)
    """
    rng = np.random.default_rng(random_state)
    leaves = _Leaves(X_z, partition_ids, unique_partitions, budgets)
    drawn = X_z[leaves.draw(rng)]
    width = scott_factor(np.maximum(leaves.sizes, 1), X_z.shape[1])[:, None]
    scale = width * np.maximum(leaves.spread(), SMALLEST_SPREAD)
    return drawn + np.repeat(scale, leaves.budgets, axis=0) * epanechnikov_noise(drawn.shape, rng)


def epanechnikov_noise(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Draw from the density ``3/4 (1 - u^2)`` on [-1, 1].

    Of three uniform draws the third is returned, or the second where the third is the
    largest in absolute value.
    """
    first, second, third = rng.uniform(-1.0, 1.0, (3, *shape))
    largest = (np.abs(third) >= np.abs(second)) & (np.abs(third) >= np.abs(first))
    return np.where(largest, second, third)


def bootstrap_noise(
    X_z: Floats,
    partition_ids: Integers,
    unique_partitions: Integers,
    budgets: Integers,
    random_state: RandomState = None,
) -> Floats:
    """Draw leaf rows plus Gaussian noise of a tenth of the leaf's spread per column.

    Parameters
    ----------
    X_z : ndarray, shape (n_rows, n_columns)
        In deviations of the columns.
    partition_ids : ndarray of int, shape (n_rows,)
    unique_partitions : ndarray of int, shape (n_partitions,)
    budgets : ndarray of int, shape (n_partitions,)
        Rows to draw per partition; those with 0 are skipped.
    random_state : int, Generator or None

    Returns
    -------
    ndarray, shape (budgets.sum(), n_columns)
        Grouped by partition, in deviations.

    Notes
    -----
    O(n d) time. Drawn rows lie close to real ones.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=(50, 2)) + [0.0, 3.0]
    >>> leaves = np.repeat([0, 1], 25)
    >>> drawn = bootstrap_noise(z, leaves, np.array([0, 1]), np.array([100, 300]), 0)
    >>> drawn.shape, bool(abs(drawn[:, 1].mean() - 3.0) < 0.5)
    ((400, 2), True)
    """
    rng = np.random.default_rng(random_state)
    leaves = _Leaves(X_z, partition_ids, unique_partitions, budgets)
    drawn = X_z[leaves.draw(rng)]
    scale = np.maximum(0.1 * leaves.spread(), SMALLEST_SPREAD)
    return drawn + np.repeat(scale, leaves.budgets, axis=0) * rng.standard_normal(drawn.shape)


def univariate_kde_copula(
    X_z: Floats,
    partition_ids: Integers,
    unique_partitions: Integers,
    budgets: Integers,
    random_state: RandomState = None,
) -> Floats:
    """Draw from a Gaussian copula with kernel marginals, one per leaf.

    Correlations are those of the leaf's normal scores, shrunk as in `multivariate_kde`;
    marginals are Gaussian kernel densities with Scott's bandwidth in one dimension,
    inverted on a grid. Leaves of fewer than four rows, and data of one column, fall back
    to `multivariate_kde`.

    Parameters
    ----------
    X_z : ndarray, shape (n_rows, n_columns)
        In deviations of the columns.
    partition_ids : ndarray of int, shape (n_rows,)
    unique_partitions : ndarray of int, shape (n_partitions,)
    budgets : ndarray of int, shape (n_partitions,)
        Rows to draw per partition; those with 0 are skipped.
    random_state : int, Generator or None

    Returns
    -------
    ndarray, shape (budgets.sum(), n_columns)
        Grouped by partition, in deviations.

    Notes
    -----
    The slowest of the strategies: O(n d GRID) time for the marginals.

    References
    ----------
    Sklar, A. (1959). Fonctions de répartition à n dimensions et leurs marges.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=(50, 2)) + [0.0, 3.0]
    >>> leaves = np.repeat([0, 1], 25)
    >>> drawn = univariate_kde_copula(z, leaves, np.array([0, 1]), np.array([100, 300]), 0)
    >>> drawn.shape, bool(abs(drawn[:, 1].mean() - 3.0) < 0.5)
    ((400, 2), True)
    """
    rng = np.random.default_rng(random_state)
    leaves = _Leaves(X_z, partition_ids, unique_partitions, budgets)
    small = leaves.sizes < 4 if X_z.shape[1] > 1 else np.ones(len(leaves.sizes), dtype=bool)
    drawn = np.empty((int(leaves.budgets.sum()), X_z.shape[1]))
    kernels = multivariate_kde(
        X_z, partition_ids, unique_partitions, np.where(small, leaves.budgets, 0), rng
    )
    drawn[np.repeat(small, leaves.budgets)] = kernels
    for k, part, place in leaves:
        if not small[k]:
            drawn[place] = _copula(part, place.stop - place.start, rng)
    return drawn


BUILTIN_GENERATION_STRATEGIES: Mapping[str, GenerationStrategy] = MappingProxyType(
    {
        "multivariate_kde": multivariate_kde,
        "univariate_kde_copula": univariate_kde_copula,
        "bootstrap_noise": bootstrap_noise,
        "epanechnikov": epanechnikov,
    }
)


def get_generation_strategy(name: str) -> GenerationStrategy:
    """Return a built-in generation strategy by name.

    Parameters
    ----------
    name : str
        A key of `BUILTIN_GENERATION_STRATEGIES`.

    Returns
    -------
    callable
        See `GenerationStrategy`.

    Raises
    ------
    ValueError
        Naming the strategies there are.

    Examples
    --------
    >>> get_generation_strategy("epanechnikov").__name__
    'epanechnikov'
    """
    return find_builtin(name, BUILTIN_GENERATION_STRATEGIES, "generation")


class _Leaves:
    """The partitions a strategy was asked for, in the order it was asked."""

    def __init__(
        self, z: Floats, partition_ids: Integers, unique_partitions: Integers, budgets: Integers
    ) -> None:
        self.z = z
        self.partition = Partition(np.asarray(partition_ids))
        self.at = np.searchsorted(self.partition.ids, unique_partitions)
        self.budgets = np.asarray(budgets, dtype=np.int64)

    @property
    def sizes(self) -> Integers:
        return self.partition.sizes[self.at]

    def draw(self, rng: np.random.Generator) -> Integers:
        """Draw the numbers of the rows that new rows are built around."""
        return self.partition.draw(self.budgets, rng, self.at)

    def spread(self) -> Floats:
        """Return the standard deviation of each leaf and column."""
        ordered = self.z[self.partition.order]
        sizes = self.partition.sizes[:, None]
        means = np.add.reduceat(ordered, self.partition.starts, axis=0) / sizes
        centred = ordered - np.repeat(means, self.partition.sizes, axis=0)
        squares = np.add.reduceat(centred**2, self.partition.starts, axis=0)
        return np.sqrt(squares / sizes)[self.at]

    def __iter__(self) -> Iterator[tuple[int, Floats, slice]]:
        """Yield number, rows and place in the output of each leaf with a budget."""
        members = self.partition.members()
        stops = np.cumsum(self.budgets)
        for k in np.flatnonzero(self.budgets):
            place = slice(int(stops[k] - self.budgets[k]), int(stops[k]))
            yield int(k), self.z[members[self.at[k]]], place


def _copula(part: Floats, count: int, rng: np.random.Generator) -> Floats:
    size, columns = part.shape
    ranks = np.argsort(np.argsort(part, axis=0, kind="stable"), axis=0) + 1
    lower = factor(regularise(ndtri(ranks / (size + 1)), None))
    lower /= np.sqrt((lower**2).sum(axis=1))[:, None]
    uniform = ndtr(rng.standard_normal((count, columns)) @ lower.T)
    spread = np.maximum(part.std(axis=0, ddof=1), SMALLEST_SPREAD)
    width = size ** (-1.0 / 5.0) * spread
    grid = np.linspace(part.min(axis=0) - 3 * spread, part.max(axis=0) + 3 * spread, GRID)
    drawn = np.empty((count, columns))
    for j in range(columns):
        cumulative = ndtr((grid[:, j, None] - part[:, j]) / width[j]).mean(axis=1)
        drawn[:, j] = np.interp(uniform[:, j], cumulative, grid[:, j])
    return drawn
