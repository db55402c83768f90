"""Donors by kernel weights: which real row of a leaf gives its values to a new row."""

from __future__ import annotations

import math

import numpy as np

from relsynth.arrays import CELLS
from relsynth.hvrt.partition import Partition
from relsynth.typing import Array, Floats, Integers


def kernel_donors(
    query: Array,
    known: Array,
    partition: Partition,
    leaves: Integers,
    rng: np.random.Generator,
    *,
    relevance: Floats,
    is_category: Array,
    bandwidth: float,
    effective: float = 0.0,
    candidates: int = 64,
) -> Integers:
    """Draw for each query row one real row of its leaf, near rows rather than far ones.

    Parameters
    ----------
    query : ndarray, shape (n_queries, n_columns)
    known : ndarray, shape (n_rows, n_columns)
        The real rows, in the same units. ``NaN`` on either side adds no distance.
    partition : Partition
        Leaves of the real rows.
    leaves : ndarray of int, shape (n_queries,)
        Position of each query's leaf in ``partition.ids``.
    rng : numpy.random.Generator
    relevance : ndarray, shape (n_columns,)
        Weight of each column in the squared distance.
    is_category : ndarray of bool, shape (n_columns,)
        Columns of codes: unequal ones are one unit of squared distance apart.
    bandwidth : float
        Weights are ``exp(-d^2 / 2 h^2)``.
    effective : float, default 0.0
        Least effective number of donors, ``1 / sum w^2``; bandwidths are widened until a
        row reaches it, as far as its leaf can.
    candidates : int, default 64
        Real rows looked at per query, evenly spread over a larger leaf in random phase.

    Returns
    -------
    ndarray of int, shape (n_queries,)
        Row numbers in `known`.

    Notes
    -----
    O(n_queries x candidates x n_columns) time; memory is bounded by blocks of queries. If
    k rows weigh at least ``exp(-1/2)`` and none more than 1, the effective number is at
    least ``k exp(-1/2)``: the distance of the k-th row, squared, is the least ``h^2``.
    """
    drawn = np.empty(len(query), dtype=np.int64)
    width = int(min(candidates, partition.sizes.max(initial=1)))
    block = max(1, CELLS // (width * max(len(relevance), 1)))
    for start in range(0, len(query), block):
        part = slice(start, start + block)
        rows, real = _candidates(partition, leaves[part], width, rng)
        offset = query[part, None, :] - known[rows]
        offset[np.isnan(offset)] = 0.0
        squared = np.where(is_category, offset != 0, offset**2)
        distance = (squared @ relevance).astype(float)
        distance[~real] = np.inf
        drawn[part] = _pick(rows, distance, bandwidth, effective, rng)
    return drawn


def _candidates(
    partition: Partition, leaves: Integers, width: int, rng: np.random.Generator
) -> tuple[Integers, Array]:
    """Return row numbers and which of them are real, shape (n_queries, width)."""
    sizes = partition.sizes[leaves][:, None]
    steps = np.arange(width)[None, :]
    spread = ((steps + rng.random((len(leaves), 1))) * sizes / width).astype(np.int64)
    offsets = np.where(sizes > width, spread, np.minimum(steps, sizes - 1))
    return partition.order[partition.starts[leaves][:, None] + offsets], steps < sizes


def _pick(
    rows: Integers, distance: Floats, bandwidth: float, effective: float, rng: np.random.Generator
) -> Integers:
    distance -= distance.min(axis=1, keepdims=True)
    place = max(min(math.ceil(effective * math.exp(0.5)), rows.shape[1]), 1) - 1
    needed = np.partition(distance, place, axis=1)[:, [place]]
    farthest = np.where(np.isinf(distance), 0.0, distance).max(axis=1, keepdims=True)
    least = max(bandwidth**2, 1e-12)
    weights = np.exp(-0.5 * distance / np.clip(needed, least, np.maximum(farthest, least)))
    reached = np.cumsum(weights, axis=1)
    level = rng.random((len(rows), 1)) * reached[:, -1:]
    return rows[np.arange(len(rows)), np.argmax(reached > level, axis=1)]
