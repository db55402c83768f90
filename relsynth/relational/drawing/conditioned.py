"""Children that meet conditions: the rows of whole families that do, whoever has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.groups import places
from relsynth.relational.children.rejection import HOPELESS, too_rare
from relsynth.relational.drawing.families import DrawnFamilies
from relsynth.relational.drawing.referring import Referring
from relsynth.relational.sources.conditions import Conditions
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Floats, Integers

LARGEST_POOL = 100_000  # rows drawn at a time, to bound memory
USUAL_POOLS, USUAL_ROWS = 50, 5_000_000
MOST_POOLS, MOST_ROWS = 1_000, 20_000_000
SURPLUS = 1.5  # times as many as needed, so that families can be chosen
FINE = 1_000  # steps of a weight: tenths of a percent


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of drawn families that meet conditions, to choose from.

    Attributes
    ----------
    rows : Matrix, shape (n_rows, n_columns)
    group : ndarray of int, shape (n_rows,)
        Row of the parent; the number of parents for rows without one.
    weights : ndarray of int, shape (n_parents,)
        In proportion to the children of each parent that meet the conditions.
    drawn : int
        Rows drawn, of which these met the conditions.
    """

    families: DrawnFamilies
    rows: Matrix
    group: Integers
    weights: Integers
    drawn: int

    @property
    def available(self) -> Integers:
        """Rows of each parent, at last of none."""
        return np.bincount(self.group, minlength=len(self.weights) + 1)

    def take(self, counts: Integers, alone: int, seed: Seed) -> tuple[Matrix, Integers]:
        """Return some rows of every parent and their parents, sorted by parent and position.

        Parameters
        ----------
        counts : ndarray of int, shape (n_parents,)
        alone : int
            Rows without a parent.
        """
        turn = stream(seed, "chosen").permutation(len(self.group))
        order = lexical_order((turn, self.group))
        members = self.available
        rank = places(members)
        wanted = np.append(counts, alone)
        chosen = np.sort(order[rank < np.repeat(wanted, members)])
        rows, group = self.rows.take(chosen), self.group[chosen]
        column = self.families.table.rows
        if column is not None and column.order is not None:
            rows = rows.take(lexical_order((rows[column.order.name], group)))
        else:
            rows = rows.take(stable_order(group))
        group = np.sort(group)
        parents = np.where(group < len(counts), group, -1)
        sizes = np.concatenate([counts, np.ones(alone, np.int64)])
        families = np.concatenate([np.arange(len(counts)), np.full(alone, -1)])
        numbers = self.families.numbers(families, sizes, seed)
        if numbers is not None:
            rows.values[:, rows.names.index(numbers.names[0])] = numbers.values[:, 0]
        return rows, parents


def select_rows(
    families: DrawnFamilies,
    counts: Integers,
    alone: int,
    conditions: Conditions,
    referring: Referring | None,
    wanted: int | None,
    seed: Seed,
) -> Selection:
    """Draw whole families until enough of their rows meet the conditions.

    Parameters
    ----------
    counts : ndarray of int, shape (n_parents,)
        Rows of a whole family.
    alone : int
        Rows without a parent beside them.
    conditions : Conditions
        May be none.
    referring : Referring or None
        Thins rows out that linked parents with conditions would hardly have.
    wanted : int or None
        Rows asked for; as many as in whole families by default, if these are found in
        ``USUAL_POOLS`` draws.

    Raises
    ------
    CapacityError
        Where no row meets the conditions, or fewer than are asked for, with their share.

    Notes
    -----
    What comes at which place of a family, and how far apart, is that of whole families:
    Wednesdays are a week apart. Families are drawn again for further rows, ``1 / share`` times;
    rows at one moment of a parent are kept once where no real siblings tie.
    """
    sizes = np.concatenate([counts, np.ones(alone, np.int64)])
    parents = np.concatenate([np.arange(len(counts)), np.full(alone, -1)])
    whole = int(sizes.sum())
    goal = whole if wanted is None else wanted
    goals = np.array([goal - round(goal * alone / max(whole, 1)), 0])
    goals[1] = goal - goals[0]
    pools, most = (USUAL_POOLS, USUAL_ROWS) if wanted is None else (MOST_POOLS, MOST_ROWS)
    limit = max(min(pools * whole, most), HOPELESS)
    kept, groups = list[Matrix](), list[Integers]()
    found, drawn, times, invented = np.zeros(2), 0, 1, dict[str, int]()
    while whole and (found < SURPLUS * goals).any() and drawn < limit:
        if not found.sum() and drawn >= HOPELESS:
            break
        number = integer_seed(seed, "families", len(kept))
        tiled = np.tile(parents, times), np.tile(sizes, times)
        own = families.draw(*tiled, number, invented=invented)
        met, group = np.flatnonzero(conditions.met(own)), np.repeat(*tiled)
        if referring is not None:
            rng = stream(number, "referring")
            met = met[referring.accepted(own.take(met), group[met], rng)]
        kept.append(own.take(met))
        groups.append(group[met])
        found += [(groups[-1] >= 0).sum(), (groups[-1] < 0).sum()]
        drawn += len(own)
        lacking = SURPLUS * goals * drawn / whole / np.maximum(found, 1) - drawn / whole
        times = int(np.clip(np.ceil(lacking.max()), 1, max(LARGEST_POOL // whole, 1)))
    if goal and not found.sum():
        raise too_rare(conditions, 0, drawn, goal)
    names = families.table.row_model
    values = np.vstack([part.values for part in kept] or [np.empty((0, len(names.names)))])
    group = np.concatenate([*groups, np.zeros(0, np.int64)])
    group = np.where(group < 0, len(counts), group)
    weights = _weights(np.bincount(group, minlength=len(counts) + 1)[:-1], counts, drawn, whole)
    rows = Matrix(names.names, names.kinds, values)
    if names.order is not None and names.order.least > 0:
        moments = np.column_stack([group, rows[names.order.name]])
        moments[group == len(counts), 0] += np.arange((group == len(counts)).sum())
        single = np.sort(np.unique(moments, axis=0, return_index=True)[1])
        rows, group = rows.take(single), group[single]
    return Selection(families, rows, group, weights, drawn)


def _weights(met: Integers, counts: Integers, drawn: int, whole: int) -> Integers:
    """Return the children of each parent that meet the conditions, in small parts of one.

    The share of each parent is drawn to that of all by as much as it owes to chance
    (beta-binomial shrinkage by moments).
    """
    tries = counts * (drawn / max(whole, 1))
    some = np.flatnonzero(tries)
    weights = np.zeros(len(counts))
    if met.sum():
        share = met[some] / tries[some]
        mean = met.sum() / tries.sum()
        chance = float(np.mean(share * (1 - share) / np.maximum(tries[some] - 1, 1)))
        spread = float(np.mean((share - mean) ** 2))
        true = max(spread - chance, 0.0) / spread if spread else 0.0
        shrunk = np.maximum(mean + true * (share - mean), 0.0)
        weights[some] = counts[some] * shrunk / mean
    return _small_parts(weights)


def _small_parts(weights: Floats) -> Integers:
    return np.round(FINE * weights).astype(np.int64)
