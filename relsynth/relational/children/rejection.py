"""Rows that meet conditions: what does not is drawn again, given all that was known before it.

Rejection keeps the conditional distribution of whatever table model, relation or encoder
made the rows, and needs nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.errors import CapacityError
from relsynth.evidence import EXPECTED
from relsynth.groups import unique_values
from relsynth.relational.children.inter_event import OrderColumn
from relsynth.relational.children.row_model import RowModel
from relsynth.relational.sources.conditions import Conditions
from relsynth.seeding import Seed, integer_seed
from relsynth.sorting import lexical_order
from relsynth.typing import Flags, Floats, Integers

SMALLEST_POOL, LARGEST_POOL = 2_000, 50_000
# rows without one that meets the condition: it has less than one in 67,000 with .95
HOPELESS = 200_000
MOST = 2_000_000  # rows drawn, which takes seconds
MOST_A_ROW = 200  # further rows for each asked for: conditions of half a percent are met
PATIENCE = (50.0, 1_000.0)  # draws between which a search may last


def sample_roots(model: RowModel, count: int, conditions: Conditions, seed: Seed) -> Matrix:
    """Draw independent rows until enough meet the conditions.

    Parameters
    ----------
    model : RowModel
        Of a root table.

    Returns
    -------
    Matrix, shape (count, n_columns)

    Raises
    ------
    CapacityError
        Where so few rows meet the conditions that it would take too long, with their share.

    Notes
    -----
    Costs ``count / share`` rows, in pools of at most ``LARGEST_POOL``; gives up after
    ``HOPELESS`` rows without a single one, or ``MOST`` rows and ``MOST_A_ROW`` for each asked for.
    """
    kept, invented = list[Matrix](), dict[str, int]()
    found = drawn = 0
    size = 2 * count
    while found < count:
        if drawn >= (MOST + MOST_A_ROW * count if found else HOPELESS):
            raise too_rare(conditions, found, drawn, count)
        size = min(max(size, SMALLEST_POOL), LARGEST_POOL)
        rows = model.sample(size, integer_seed(seed, "pool", len(kept)), invented)
        kept.append(rows.take(np.flatnonzero(conditions.met(rows))))
        found, drawn = found + len(kept[-1]), drawn + size
        size = int(1.1 * (count - found) * drawn / max(found, 1))
    values = [part.values for part in kept] or [np.empty((0, len(model.names)))]
    return Matrix(model.names, model.kinds, np.vstack(values)[:count])


def too_rare(conditions: Conditions, found: int, drawn: int, wanted: int) -> CapacityError:
    """Return the error for conditions that (almost) no row meets."""
    have = f"have {conditions}" if conditions.wanted else "suit the linked parents asked for"
    return CapacityError(
        f"{conditions.table}: {found} of {drawn:,} rows drawn {have} "
        f"({found / max(drawn, 1):.4%}), but {wanted:,} are asked for; ask for fewer rows, or "
        "for values that more of the real rows have"
    )


def still_met(conditions: Conditions | None, rows: Matrix, changed: Floats) -> Matrix:
    """Return changed rows, as they were before where they do not meet conditions any more."""
    after = Matrix(rows.names, rows.kinds, changed)
    if conditions is None or changed is rows.values:
        return after
    met = conditions.met(after)[:, None]
    return Matrix(rows.names, rows.kinds, np.where(met, changed, rows.values))


def deal_moments(
    order: OrderColumn, conditions: Conditions, counts: Integers, rng: np.random.Generator
) -> Floats | None:
    """Return the moment of every row where there are conditions on the column that orders them.

    Parameters
    ----------
    counts : ndarray of int, shape (n_groups,)

    Returns
    -------
    ndarray of float, shape (sum of counts,), or None
        Sorted in each group, as often as in the real data, and different where no real
        siblings tie, as far as there are enough moments.
    """
    if order.name not in conditions.wanted:
        return None
    moments = unique_values(conditions.wanted[order.name].codes)
    often = np.array([(order.quantiles == moment).mean() for moment in moments])
    often += 1.0 / len(order.quantiles)
    n_rows, group = int(counts.sum()), np.repeat(np.arange(len(counts)), counts)
    dealt = rng.choice(moments, size=n_rows, p=often / often.sum())
    if order.least > 0 and counts.max(initial=0) <= len(moments):
        turn = np.log(rng.random((len(counts), len(moments)))) / often
        first = np.argsort(-turn, axis=1, kind="stable")
        dealt = moments[first[np.arange(len(moments)) < counts[:, None]]]
    return dealt[lexical_order((dealt, group))]


def on_moment(order: OrderColumn | None, conditions: Conditions) -> bool:
    """Return whether there are conditions on the column that orders siblings."""
    return order is not None and order.name in conditions.wanted


def most_moments(order: OrderColumn | None, conditions: Conditions) -> float:
    """Return how many siblings there can be, where each needs another of the moments."""
    if order is None or order.least <= 0 or order.name not in conditions.wanted:
        return np.inf
    return len(unique_values(conditions.wanted[order.name].codes))


class Redraw:
    """Meets conditions step by step, while the rows of a table are drawn in stepwise generation.

    Notes
    -----
    The values of single families have numbers of their own while they are drawn, which is
    why the conditions are translated; see `ParentValues`.
    """

    def __init__(self, conditions: Conditions, model: RowModel) -> None:
        self.conditions = conditions
        if model.parent_values is not None:
            self.conditions = conditions.renumbered(model.parent_values.shared)
        self.model = model
        self.drawn = self.found = 0
        self.last = np.empty((0, len(model.names)))

    def rows(
        self, draw: Callable[[Integers], Floats], count: int, rng: np.random.Generator
    ) -> Floats:
        """Draw one row for each of some families.

        Parameters
        ----------
        draw : callable
            Draws rows for families by number, each as often as its number is given.
        count : int
            Number of families.

        Returns
        -------
        ndarray of float, shape (count, n_columns)

        Raises
        ------
        CapacityError
            Where no family meets the conditions.

        Notes
        -----
        Tries double from round to round, so that few rounds serve rare values. A family that
        meets the conditions (almost) never borrows a row of another one, at its own moment.
        """
        values = draw(np.arange(count))
        fine = self._count(values)
        waiting, tries, spent = np.flatnonzero(~fine), 1, 1
        while len(waiting) and spent < self._patience:
            tries = max(min(2 * tries, LARGEST_POOL // len(waiting)), 1)
            spent += tries
            again = np.repeat(waiting, tries)
            drawn = draw(again)
            hits = np.flatnonzero(self._count(drawn))
            met, first = np.unique(again[hits], return_index=True)
            values[met] = drawn[hits[first]]
            fine[met] = True
            waiting = np.flatnonzero(~fine)
        if fine.any():
            self.last = values[fine]
        if len(waiting):
            values[waiting] = self._borrowed(values[waiting], count, rng)
        return values

    def kept(self, before: Floats, after: Floats) -> Floats:
        """Return changed rows; see `still_met`."""
        rows = Matrix(self.model.names, self.model.kinds, before)
        return still_met(self.conditions, rows, after).values

    def _borrowed(self, values: Floats, wanted: int, rng: np.random.Generator) -> Floats:
        if not len(self.last):
            raise too_rare(self.conditions, self.found, self.drawn, wanted)
        reused = self.last[rng.integers(len(self.last), size=len(values))]
        order = self.model.order
        if order is None:
            return reused
        return self.kept(reused, self.model.reordered(reused, values[:, self._at(order.name)], rng))

    def _at(self, name: str) -> int:
        return self.model.names.index(name)

    @property
    def _patience(self) -> float:
        """Draws after which a row that met nothing is unlike those that did."""
        return float(np.clip(EXPECTED * self.drawn / max(self.found, 1), *PATIENCE))

    def _count(self, values: Floats) -> Flags:
        met = self._met(values)
        self.drawn += len(met)
        self.found += int(met.sum())
        return met

    def _met(self, values: Floats) -> Flags:
        return self.conditions.met(Matrix(self.model.names, self.model.kinds, values))
