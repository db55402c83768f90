"""Match rows with parents: by block with exact capacities, or inside cells by weight."""

from __future__ import annotations

import numpy as np

from relsynth.groups import places, unique_values
from relsynth.models.systematic import spread
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Array, Floats, Integers

ROUNDS = 50  # of proportional fitting; what is left is less than a row and rounded


def match_blocks(
    row_labels: Integers, parent_labels: Integers, capacities: Integers, rng: np.random.Generator
) -> Integers:
    """Give every row a parent of its own label, each parent as often as its capacity.

    Parameters
    ----------
    row_labels : ndarray of int, shape (n_rows,)
    parent_labels, capacities : ndarray of int, shape (n_parents,)
        The capacities add up to the number of rows.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Parent row. Rows and places left over are matched in the order of the labels, so
        that they go to neighbouring blocks.
    """
    stubs = np.repeat(np.arange(len(capacities)), capacities)
    rows, at, _ = _pair(row_labels, parent_labels[stubs], rng)
    parents = np.empty(len(rows), np.int64)
    parents[rows] = stubs[at]
    return parents


def match_along(
    values: Floats,
    parent_values: Floats,
    labels: Integers,
    parent_labels: Integers,
    capacities: Integers,
    rng: np.random.Generator,
) -> Integers:
    """Give every row the parent that comes as late in the order of a value as itself.

    Parents of one value are matched by their labels.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows,)
    parent_values : ndarray of float, shape (n_parents,)
    labels : ndarray of int, shape (n_rows,)
    parent_labels, capacities : ndarray of int, shape (n_parents,)
        The capacities add up to the number of rows.
    rng : numpy.random.Generator
        Orders what is equal.

    Examples
    --------
    >>> import numpy as np
    >>> late, early = np.array([8.0, 1.0]), np.array([3.0, 9.0, 2.0])
    >>> same = np.zeros(3, int)
    >>> rng = np.random.default_rng(0)
    >>> match_along(early, late, same, same[:2], np.array([1, 2]), rng).tolist()
    [1, 0, 1]
    """
    turn = rng.random(len(capacities))
    order = lexical_order((turn, parent_labels, parent_values))
    stubs = np.repeat(order, capacities[order])
    ordered = parent_values[stubs]
    changes = (ordered[1:] != ordered[:-1]) & ~(np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))
    stretch = np.cumsum(np.append(0, changes))
    rows = lexical_order((rng.random(len(values)), values))
    rows = rows[lexical_order((labels[rows], stretch))]
    parents = np.empty(len(values), np.int64)
    parents[rows] = stubs
    return parents


def nearest(values: Array, parent_values: Array) -> Floats:
    """Return the value of a parent that is nearest to each, the lower one of two.

    Examples
    --------
    >>> import numpy as np
    >>> nearest(np.array([1.0, 6.0, 9.0]), np.array([8.0, 2.0, 2.0])).tolist()
    [2.0, 8.0, 8.0]
    """
    there = unique_values(parent_values[~np.isnan(parent_values)]).astype(float)
    above = np.clip(np.searchsorted(there, values), 1, max(len(there) - 1, 1))
    if len(there) < 2:
        return np.full(len(values), there[0] if len(there) else np.nan)
    low, high = there[above - 1], there[above]
    found: Floats = np.where(values - low <= high - values, low, high)
    return found


def at_values(
    values: Array, parent_values: Array, degrees: Integers, rng: np.random.Generator
) -> Integers:
    """Return how many rows each parent gets where all go to one of the nearest value.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows,)
    parent_values : ndarray of float, shape (n_parents,)
    degrees : ndarray of int, shape (n_parents,)
        Those of one value share its rows in proportion to them.
    """
    there, codes = np.unique(parent_values, return_inverse=True)
    rows = np.bincount(np.searchsorted(there, nearest(values, parent_values)), minlength=len(there))
    weights = np.maximum(degrees, 1e-3)
    shares = weights / np.bincount(codes, weights)[codes] * rows[codes]
    order = stable_order(codes)
    begins = np.concatenate([[0], np.cumsum(rows)])[codes[order]]
    inside = np.cumsum(shares[order]) - begins
    turn = rng.random(len(there))[codes[order]]
    upper = np.floor(inside + turn)
    first = np.diff(codes[order], prepend=-1) > 0
    lower = np.where(first, np.floor(turn), np.append(0.0, upper[:-1]))
    capacities = np.empty(len(codes), np.int64)
    capacities[order] = np.round(upper - lower)
    return capacities


def match_partner_groups(
    labels: Integers,
    sizes: Integers,
    parent_labels: Integers,
    shares: Integers,
    degrees: Integers,
    rng: np.random.Generator,
) -> Integers:
    """Give every partner group a parent of its own label, so that parents get rows as wanted.

    Parameters
    ----------
    labels, sizes : ndarray of int, shape (n_groups,)
        A size is the number of rows.
    parent_labels, shares, degrees : ndarray of int, shape (n_parents,)
        Partner groups of each parent, which add up to their number, and the rows it should have.

    Returns
    -------
    ndarray of int, shape (n_groups,)
        Parent row.

    Notes
    -----
    A parent offers places for partner groups of sizes as they come, scaled to the rows it should
    have; inside a label partner groups and places go together in order of their size.
    """
    stubs = np.repeat(np.arange(len(shares)), shares)
    offered = rng.permutation(sizes)
    usual = np.bincount(stubs, offered, len(shares))
    room = offered * (degrees / np.maximum(usual, 1))[stubs]
    partner_groups, at, cells = _pair(labels, parent_labels[stubs], rng)
    partner_groups = partner_groups[lexical_order((sizes[partner_groups], cells))]
    at = at[lexical_order((room[at], cells))]
    parents = np.empty(len(partner_groups), np.int64)
    parents[partner_groups] = stubs[at]
    return parents


def _pair(
    row_labels: Integers, stub_labels: Integers, rng: np.random.Generator
) -> tuple[Integers, Integers, Integers]:
    """Return rows and the stubs that go with them, at random inside cells, and the cells.

    A cell is a label; what has no counterpart of its label is of one more.
    """
    rows = _by_label(np.arange(len(row_labels)), row_labels, rng)
    stubs = _by_label(np.arange(len(stub_labels)), stub_labels, rng)
    n_labels = int(max(row_labels.max(initial=0), stub_labels.max(initial=0))) + 1
    demand = np.bincount(row_labels, minlength=n_labels)
    supply = np.bincount(stub_labels, minlength=n_labels)
    matched = np.minimum(demand, supply)
    row_rank = places(demand)
    stub_rank = places(supply)
    row_fits = row_rank < np.repeat(matched, demand)
    stub_fits = stub_rank < np.repeat(matched, supply)
    rows = np.concatenate([rows[row_fits], rows[~row_fits]])
    stubs = np.concatenate([stubs[stub_fits], stubs[~stub_fits]])
    cells = np.full(len(rows), n_labels)
    cells[: matched.sum()] = np.repeat(np.arange(n_labels), matched)
    return rows, stubs, cells


def match_cells(
    row_cells: Integers, parent_cells: Integers, weights: Floats, rng: np.random.Generator
) -> Integers:
    """Give every row a parent of its own cell, parents in proportion to their weight.

    Parameters
    ----------
    row_cells : ndarray of int, shape (n_rows,)
    parent_cells : ndarray of int, shape (n_parents,)
    weights : ndarray of float, shape (n_parents,)

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Parent row; ``-1`` where a cell has no parent or the row no cell. Weights that add up to
        the rows of a cell are the rows each parent gets.
    """
    order = _by_label(np.arange(len(parent_cells)), parent_cells, rng)
    order = order[parent_cells[order] >= 0]
    cells = parent_cells[order]
    if not len(cells) or not len(row_cells):
        return np.full(len(row_cells), -1)
    ends = np.cumsum(np.maximum(weights[order], 1e-6))
    first = np.searchsorted(cells, row_cells, side="left")
    last = np.searchsorted(cells, row_cells, side="right")
    inside = (first < last) & (row_cells >= 0)
    low = np.where(first > 0, ends[np.maximum(first - 1, 0)], 0.0)
    high = ends[np.maximum(last - 1, 0)]
    at = np.searchsorted(ends, low + _evenly(row_cells + 1, rng) * (high - low), side="right")
    found = order[np.clip(at, first, np.maximum(last - 1, first)).clip(max=len(order) - 1)]
    return np.where(inside, found, -1)


def _evenly(groups: Integers, rng: np.random.Generator) -> Floats:
    """Return numbers in [0, 1) for the rows of each group in equal steps, in random order.

    All of a group start at one random number: a parent whose weight is a whole number of steps
    gets exactly as many rows.
    """
    rows, place = _ranked(groups, rng)
    sizes = np.bincount(groups)
    start = rng.random(len(sizes))
    numbers = np.empty(len(groups))
    numbers[rows] = (place + start[groups[rows]]) / sizes[groups[rows]]
    return numbers


def match_once(row_cells: Integers, parent_cells: Integers, rng: np.random.Generator) -> Integers:
    """Give rows parents of their own cell, each parent at most once.

    Parameters
    ----------
    row_cells : ndarray of int, shape (n_rows,)
    parent_cells : ndarray of int, shape (n_parents,)
        Negative for parents that are not to be had.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Parent row; ``-1`` for the rows that find none left in their cell.
    """
    rows, row_place = _ranked(row_cells, rng)
    parents, parent_place = _ranked(parent_cells, rng)
    offered = parent_cells[parents] >= 0
    parents, parent_place = parents[offered], parent_place[offered]
    span = int(max(row_place.max(initial=0), parent_place.max(initial=0))) + 1
    wanted = row_cells[rows] * span + row_place
    there = parent_cells[parents] * span + parent_place
    at = np.minimum(np.searchsorted(there, wanted), max(len(there) - 1, 0))
    found = np.full(len(row_cells), -1)
    if len(there):
        found[rows] = np.where(there[at] == wanted, parents[at], -1)
    return found


def _ranked(cells: Integers, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Return items sorted by cell, at random inside, and their places in their cells."""
    items = _by_label(np.arange(len(cells)), cells, rng)
    ordered = cells[items]
    first = np.searchsorted(ordered, ordered, side="left")
    return items, np.arange(len(items)) - first


def draw_labels(
    table: Floats, row_leaves: Integers, supply: Integers, rng: np.random.Generator
) -> Integers:
    """Draw a label per row so that labels follow a table fitted to both margins.

    Parameters
    ----------
    table : ndarray of float, shape (n_row_leaves, n_labels)
        Real counts of rows by row leaf and parent label.
    row_leaves : ndarray of int, shape (n_rows,)
    supply : ndarray of int, shape (n_labels,)
        Places the parents of each label offer.

    Returns
    -------
    ndarray of int, shape (n_rows,)

    Notes
    -----
    ``ROUNDS`` rounds of iterative proportional fitting (Deming and Stephan 1940), then
    systematic sampling inside each row leaf.
    """
    demand = np.bincount(row_leaves, minlength=len(table)).astype(float)
    fitted = table + 1e-9
    for _ in range(ROUNDS):
        fitted = fitted * _ratio(demand, fitted.sum(1))[:, None]
        fitted = fitted * _ratio(supply.astype(float), fitted.sum(0))
    totals = np.maximum(fitted.sum(1, keepdims=True), 1e-300)
    ends = np.cumsum(fitted / totals, axis=1)
    ends[:, -1] = 1.0
    flat = (ends + np.arange(len(table))[:, None]).ravel()
    place = np.searchsorted(flat, row_leaves + spread(row_leaves, rng), side="right")
    return np.clip(place - row_leaves * table.shape[1], 0, table.shape[1] - 1)


def _by_label(items: Integers, labels: Integers, rng: np.random.Generator) -> Integers:
    shuffled = rng.permutation(len(items))
    return items[shuffled[stable_order(labels[shuffled])]]


def _ratio(wanted: Floats, found: Floats) -> Floats:
    return np.where(found > 0, wanted / np.maximum(found, 1e-300), 0.0)
