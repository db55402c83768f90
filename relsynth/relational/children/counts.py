"""Numbers of children: fitted to a total without changing who has many."""

from __future__ import annotations

import numpy as np

from relsynth.evidence import VISIBLE
from relsynth.models.systematic import round_to_total
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Floats, Integers

FAINT = 1e-3  # children: what has none, or was never seen together, may have some at need


def fit_total(
    counts: Integers, total: int, rng: np.random.Generator, *, at_most: float | Floats = np.inf
) -> Integers:
    """Scale numbers of children so that they add up to a total.

    Parameters
    ----------
    counts : ndarray of int, shape (n_parents,)
    at_most : float or ndarray of float, shape (n_parents,)
        Most children a parent may have; for all parents together not below `total`.

    Returns
    -------
    ndarray of int, shape (n_parents,)
        Parents without children stay without, as far as the total allows; where it does not,
        as few of them as can get as many as others have. Near the total only some parents are
        changed, to what others have: numbers that most parents have, such as 22, stay frequent,
        and where some have none and all others as many, so it stays.

    Examples
    --------
    >>> import numpy as np
    >>> fit_total(np.array([0, 2, 4]), 12, np.random.default_rng(0)).tolist()
    [0, 4, 8]
    >>> np.sort(fit_total(np.repeat([0, 9], [1, 12]), 99, np.random.default_rng(0))).tolist()
    [0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]
    """
    limits = np.broadcast_to(at_most, counts.shape)
    if counts.sum() == total and (counts <= limits).all():
        return counts
    counts = _some_like_others(np.minimum(counts, limits).astype(np.int64), total, limits, rng)
    weights = _enough(counts.astype(float), float(total), limits, rng)
    return round_to_total(_spread_total(weights, float(total), limits), rng)


def _some_like_others(
    counts: Integers, total: int, limits: Floats, rng: np.random.Generator
) -> Integers:
    """Give some parents as many children as others near them have, up to a total that is near."""
    missing = total - int(counts.sum())
    if abs(missing) > VISIBLE * total:
        return counts
    some = rng.permutation(np.flatnonzero(counts))
    some = some[stable_order(counts[some])]
    if not missing or not len(some):
        return counts
    if counts[some[0]] == counts[some[-1]]:
        return _all_or_none(counts, missing, limits, rng)
    twice = 2 * abs(missing) / (counts[some[-1]] - counts[some[0]])  # half of them are enough
    reach = int(np.sign(missing) * np.ceil(twice))
    place = rng.permutation(len(some))
    here, there = some[place], counts[some[np.clip(place + reach, 0, len(some) - 1)]]
    step = (there - counts[here]) * np.sign(missing)
    fits = (step > 0) & (there <= limits[here])
    here, there, step = here[fits], there[fits], step[fits]
    enough = np.cumsum(step) <= abs(missing)
    changed = counts.copy()
    changed[here[enough]] = there[enough]
    return changed


def _all_or_none(
    counts: Integers, missing: int, limits: Floats, rng: np.random.Generator
) -> Integers:
    """Let more or fewer parents have children, where all that have some have as many.

    One parent takes what is left over.
    """
    usual, has = int(counts.max()), counts > 0
    if has.all():
        return counts
    changed = counts.copy()
    some = rng.permutation(np.flatnonzero(has if missing < 0 else ~has & (limits >= usual)))
    whole, rest = divmod(abs(missing), usual)
    changed[some[:whole]] = 0 if missing < 0 else usual
    changed[some[whole : whole + 1]] += int(np.sign(missing)) * rest
    return changed


def share_out(
    counts: Integers, groups: Integers, totals: Integers, most: Floats, rng: np.random.Generator
) -> Integers:
    """Change numbers so that those of every group add up to its total.

    Parameters
    ----------
    counts, groups : ndarray of int, shape (n_members,)
    totals : ndarray of int, shape (n_groups,)
    most : ndarray of float, shape (n_members,)
        Most that each member may have; in no group less than its total.

    Returns
    -------
    ndarray of int, shape (n_members,)
        Groups whose numbers add up already are not changed. In others every member gets
        its share of the total, rounded up for as many as it takes, at random.

    Examples
    --------
    >>> import numpy as np
    >>> counts, groups = np.array([1, 3, 2, 2]), np.array([0, 0, 1, 1])
    >>> limits = np.full(4, np.inf)
    >>> share_out(counts, groups, np.array([8, 4]), limits, np.random.default_rng(0)).tolist()
    [2, 6, 2, 2]
    """
    weights = np.where(most > 0, counts + FAINT, 0.0)
    sums = np.bincount(groups, weights, len(totals))
    expected = weights * (totals / np.where(sums > 0, sums, 1.0))[groups]
    changed = np.bincount(groups, counts, len(totals)) != totals
    shared = np.where(changed[groups], np.floor(np.minimum(expected, most)), counts)
    shared = shared.astype(np.int64)
    while True:
        short = totals - np.bincount(groups, shared, len(totals)).astype(np.int64)
        open_places = np.flatnonzero((short[groups] > 0) & (shared < most))
        if not len(open_places):
            return shared
        keen = np.maximum(expected - shared, FAINT)[open_places]
        turn = np.log(rng.random(len(open_places))) / keen
        order = open_places[lexical_order((-turn, groups[open_places]))]
        rank = np.arange(len(order)) - np.searchsorted(groups[order], groups[order])
        shared[order[rank < short[groups[order]]]] += 1


def _enough(weights: Floats, total: float, at_most: Floats, rng: np.random.Generator) -> Floats:
    """Give weights of others to as many parents without one as the total needs."""
    some = weights > 0
    short = total - at_most[some].sum()
    if some.all() or short <= 0:
        return weights
    idle = rng.permutation(np.flatnonzero(~some))
    if some.any():
        idle = idle[: np.searchsorted(np.cumsum(at_most[idle]), short) + 1]
    enough = weights.copy()
    enough[idle] = rng.choice(weights[some], len(idle)) if some.any() else 1.0
    return enough


def _spread_total(weights: Floats, total: float, at_most: Floats) -> Floats:
    """Share a total out by weight, none above the limit; what is over goes to the others."""
    if not len(weights):
        return weights
    expected = np.zeros(len(weights))
    free = np.ones(len(weights), bool)
    while True:
        rest = total - expected[~free].sum()
        expected[free] = weights[free] * (rest / max(weights[free].sum(), 1e-300))
        over = free & (expected > at_most)
        if not over.any():
            return expected
        expected[over] = at_most[over]
        free &= ~over
