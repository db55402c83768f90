"""Selection strategies: which rows of each partition to keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import numpy as np

from relsynth.groups import starts_of
from relsynth.hvrt.builtin import find_builtin
from relsynth.hvrt.partition import Partition
from relsynth.typing import Floats, Integers

RandomState = int | np.random.Generator | None
NEIGHBOURS = 10  # the row itself included; more see beyond a small leaf
MEDOID_SEARCH = 200  # rows of a leaf up to which all are tried: distances are their square


@runtime_checkable
class SelectionStrategy(Protocol):
    """Any callable that chooses rows; it returns their numbers, each at most once.

    Examples
    --------
    >>> def first(X_z, partition_ids, unique_partitions, budgets, random_state=None):
    ...     members = [np.flatnonzero(partition_ids == leaf) for leaf in unique_partitions]
    ...     return np.concatenate([rows[:n] for rows, n in zip(members, budgets)])
    >>> isinstance(first, SelectionStrategy)
    True
    """

    def __call__(
        self,
        X_z: Floats,
        partition_ids: Integers,
        unique_partitions: Integers,
        budgets: Integers,
        random_state: RandomState = None,
    ) -> Integers:
        """Choose ``budgets[k]`` rows of the partition ``unique_partitions[k]``.

        Parameters
        ----------
        X_z : ndarray, shape (n_rows, n_columns)
        partition_ids : ndarray of int, shape (n_rows,)
        unique_partitions, budgets : ndarray of int, shape (n_partitions,)
        random_state : int, Generator or None
        """
        ...


@dataclass(frozen=True, slots=True)
class _Groups:
    """Rows of the partitions to choose from, largest budget first, one after the other."""

    z: Floats
    rows: Integers
    sizes: Integers
    starts: Integers
    budgets: Integers

    def first_of_extreme(self, values: Floats, count: int, extreme: np.ufunc) -> Integers:
        """Return per group the first position that holds the group's extreme value."""
        best = extreme.reduceat(values, self.starts[:count])
        hits = np.flatnonzero(values == np.repeat(best, self.sizes[:count]))
        return hits[np.searchsorted(hits, self.starts[:count])]


def centroid_fps(
    X_z: Floats,
    partition_ids: Integers,
    unique_partitions: Integers,
    budgets: Integers,
    random_state: RandomState = None,
) -> Integers:
    """Choose farthest points first, beginning with the row nearest to the leaf mean.

    Parameters
    ----------
    X_z : ndarray, shape (n_rows, n_columns)
    partition_ids : ndarray of int, shape (n_rows,)
    unique_partitions : ndarray of int, shape (n_partitions,)
    budgets : ndarray of int, shape (n_partitions,)
        Rows to choose; a partition with no more rows than that is taken whole.
    random_state : ignored
        The choice is deterministic; ties go to the first row.

    Returns
    -------
    ndarray of int
        Row numbers in rising order; no row twice, whatever duplicates the data hold.

    Notes
    -----
    All partitions advance step by step: O(n d b) time for the largest budget b, less as
    partitions finish, and O(n d) memory.

    References
    ----------
    Gonzalez, T. F. (1985). Clustering to minimize the maximum intercluster distance.
    Theoretical Computer Science 38, 293-306.

    Examples
    --------
    >>> z, leaves = np.array([[0.0], [0.1], [1.0], [5.0], [5.1]]), np.array([0, 0, 0, 1, 1])
    >>> centroid_fps(z, leaves, np.array([0, 1]), np.array([2, 1])).tolist()
    [1, 2, 3]
    """
    return _choose(
        X_z, partition_ids, unique_partitions, budgets, lambda g: _farthest(g, _centres(g))
    )


def medoid_fps(
    X_z: Floats,
    partition_ids: Integers,
    unique_partitions: Integers,
    budgets: Integers,
    random_state: RandomState = None,
) -> Integers:
    """Choose farthest points first, beginning with the medoid of the leaf.

    The medoid has the smallest sum of Euclidean distances to the leaf's rows. (With
    squared distances it would be the row nearest to the mean, as in `centroid_fps`.) In
    leaves above ``MEDOID_SEARCH`` rows, the ``max(30, sqrt(n))`` rows nearest to the mean
    are searched.

    Parameters
    ----------
    X_z : ndarray, shape (n_rows, n_columns)
        In deviations of the columns.
    partition_ids : ndarray of int, shape (n_rows,)
    unique_partitions : ndarray of int, shape (n_partitions,)
    budgets : ndarray of int, shape (n_partitions,)
        Rows to choose; a partition with no more rows than that is taken whole.
    random_state : int, Generator or None
        Ignored: the choice is deterministic.

    Returns
    -------
    ndarray of int
        Row numbers in rising order, no row twice.

    Notes
    -----
    As `centroid_fps`, and the distances of the rows searched: O(n d) time for each.

    Examples
    --------
    >>> z, leaves = np.array([[0.0], [0.1], [1.0], [5.0], [5.1]]), np.array([0, 0, 0, 1, 1])
    >>> medoid_fps(z, leaves, np.array([0, 1]), np.array([2, 1])).tolist()
    [1, 2, 3]
    """
    return _choose(
        X_z, partition_ids, unique_partitions, budgets, lambda g: _farthest(g, _medoids(g))
    )


def variance_ordered(
    X_z: Floats,
    partition_ids: Integers,
    unique_partitions: Integers,
    budgets: Integers,
    random_state: RandomState = None,
) -> Integers:
    """Choose the rows whose distances to their nearest neighbours vary most.

    Ten neighbours of the same leaf count, the row itself included.

    Parameters
    ----------
    X_z : ndarray, shape (n_rows, n_columns)
        In deviations of the columns.
    partition_ids : ndarray of int, shape (n_rows,)
    unique_partitions : ndarray of int, shape (n_partitions,)
    budgets : ndarray of int, shape (n_partitions,)
        Rows to choose; a partition with no more rows than that is taken whole.
    random_state : int, Generator or None
        Ignored: the choice is deterministic.

    Returns
    -------
    ndarray of int
        Row numbers in rising order, no row twice.

    Notes
    -----
    O(n log n) time with a k-d tree per leaf.

    Examples
    --------
    >>> z, leaves = np.array([[0.0], [0.1], [1.0], [5.0], [5.1]]), np.array([0, 0, 0, 1, 1])
    >>> variance_ordered(z, leaves, np.array([0, 1]), np.array([2, 1])).tolist()
    [0, 2, 3]
    """

    def choose(groups: _Groups) -> Integers:
        scores = np.concatenate([_neighbour_variance(part) for part in _split(groups)])
        return _top(groups, -scores)

    return _choose(X_z, partition_ids, unique_partitions, budgets, choose)


def stratified(
    X_z: Floats,
    partition_ids: Integers,
    unique_partitions: Integers,
    budgets: Integers,
    random_state: RandomState = None,
) -> Integers:
    """Choose uniformly at random, without replacement, inside each leaf.

    Parameters
    ----------
    X_z : ndarray, shape (n_rows, n_columns)
        In deviations of the columns.
    partition_ids : ndarray of int, shape (n_rows,)
    unique_partitions : ndarray of int, shape (n_partitions,)
    budgets : ndarray of int, shape (n_partitions,)
        Rows to choose; a partition with no more rows than that is taken whole.
    random_state : int, Generator or None
        Decides which.

    Returns
    -------
    ndarray of int
        Row numbers in rising order, no row twice.

    Notes
    -----
    O(n log n) time.

    Examples
    --------
    >>> z, leaves = np.array([[0.0], [0.1], [1.0], [5.0], [5.1]]), np.array([0, 0, 0, 1, 1])
    >>> stratified(z, leaves, np.array([0, 1]), np.array([2, 1]), 0).tolist()
    [1, 2, 3]
    """
    rng = np.random.default_rng(random_state)
    return _choose(
        X_z, partition_ids, unique_partitions, budgets, lambda g: _top(g, rng.random(len(g.rows)))
    )


BUILTIN_STRATEGIES: Mapping[str, SelectionStrategy] = MappingProxyType(
    {
        "fps": centroid_fps,
        "centroid_fps": centroid_fps,
        "medoid_fps": medoid_fps,
        "variance_ordered": variance_ordered,
        "stratified": stratified,
    }
)


def get_strategy(name: str) -> SelectionStrategy:
    """Return a built-in selection strategy by name.

    Parameters
    ----------
    name : str
        A key of `BUILTIN_STRATEGIES`.

    Returns
    -------
    callable
        See `SelectionStrategy`.

    Raises
    ------
    ValueError
        Naming the strategies there are.

    Examples
    --------
    >>> get_strategy("fps").__name__
    'centroid_fps'
    """
    return find_builtin(name, BUILTIN_STRATEGIES, "selection")


def _choose(
    z: Floats,
    partition_ids: Integers,
    unique_partitions: Integers,
    budgets: Integers,
    choose: Callable[[_Groups], Integers],
) -> Integers:
    """Take small partitions whole and let `choose` pick positions in the others."""
    partition = Partition(np.asarray(partition_ids))
    wanted = np.zeros(len(partition), dtype=np.int64)
    at = np.searchsorted(partition.ids, unique_partitions)
    wanted[at] = budgets
    whole = (wanted >= partition.sizes)[partition.codes]
    parts = [np.flatnonzero(whole)]
    some = np.flatnonzero((wanted > 0) & (wanted < partition.sizes))
    if len(some):
        ranked = some[np.argsort(-wanted[some], kind="stable")]
        members = partition.members()
        rows = np.concatenate([members[k] for k in ranked])
        sizes = partition.sizes[ranked]
        groups = _Groups(z[rows], rows, sizes, starts_of(sizes), wanted[ranked])
        parts.append(rows[choose(groups)])
    return np.sort(np.concatenate(parts))


def _farthest(groups: _Groups, first: Integers) -> Integers:
    """Advance all groups together, one chosen position per step and unfinished group."""
    count = len(groups.sizes)
    nearest = np.full(len(groups.rows), np.inf)
    chosen, picked = first, [first]
    nearest[first] = -1.0
    for step in range(1, int(groups.budgets[0])):
        count = int(np.searchsorted(-groups.budgets, -step, side="left"))
        chosen = chosen[:count]
        end = int(groups.starts[count - 1] + groups.sizes[count - 1])
        offset = groups.z[:end] - np.repeat(groups.z[chosen], groups.sizes[:count], axis=0)
        np.minimum(nearest[:end], np.einsum("ij,ij->i", offset, offset), out=nearest[:end])
        chosen = groups.first_of_extreme(nearest[:end], count, np.maximum)
        nearest[chosen] = -1.0
        picked.append(chosen)
    return np.concatenate(picked)


def _centres(groups: _Groups) -> Integers:
    return groups.first_of_extreme(_from_mean(groups), len(groups.sizes), np.minimum)


def _from_mean(groups: _Groups) -> Floats:
    means = np.add.reduceat(groups.z, groups.starts, axis=0) / groups.sizes[:, None]
    offset = groups.z - np.repeat(means, groups.sizes, axis=0)
    return np.einsum("ij,ij->i", offset, offset)


def _medoids(groups: _Groups) -> Integers:
    from scipy.spatial.distance import cdist

    spread = np.split(_from_mean(groups), groups.starts[1:])
    found = np.empty(len(groups.sizes), dtype=np.int64)
    for k, (part, distance) in enumerate(zip(_split(groups), spread, strict=True)):
        size = len(part)
        searched = size if size <= MEDOID_SEARCH else max(30, int(np.sqrt(size)))
        near = np.sort(np.argsort(distance, kind="stable")[:searched])
        found[k] = near[int(np.argmin(cdist(part[near], part).sum(axis=1)))]
    return groups.starts + found


def _neighbour_variance(part: Floats) -> Floats:
    from scipy.spatial import KDTree

    neighbours = min(NEIGHBOURS, len(part) - 1)
    distances, _ = KDTree(part).query(part, k=np.arange(1, neighbours + 1))
    return np.var(distances, axis=1)


def _top(groups: _Groups, keys: Floats) -> Integers:
    """Return per group the positions with the smallest keys, as many as its budget."""
    group = np.repeat(np.arange(len(groups.sizes)), groups.sizes)
    order = np.lexsort((keys, group))
    rank = np.arange(len(order)) - np.repeat(groups.starts, groups.sizes)
    return order[rank < np.repeat(groups.budgets, groups.sizes)]


def _split(groups: _Groups) -> list[Floats]:
    return np.split(groups.z, groups.starts[1:])
