"""How many children each row of a generating parent has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.errors import CapacityError
from relsynth.evidence import RARELY
from relsynth.metadata import ForeignKey, TablePlan
from relsynth.relational.children.counts import fit_total
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.drawing.room import most_per_parent
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.seeding import stream
from relsynth.typing import Floats, Integers


@dataclass(frozen=True, slots=True)
class ChildCounts:
    """Numbers of children that meet what is asked for, and what keys and rules allow.

    Attributes
    ----------
    key : ForeignKey
        The one to the generating parent.
    aim : float or None
        About how many children are wanted, where they are one part of several.
    """

    drawn: DrawnDatabase
    step: TablePlan
    key: ForeignKey
    seed: int
    aim: float | None

    @property
    def table(self) -> FittedTable:
        """What was learned of the children."""
        return self.drawn.fitted[self.step.table]

    def totals(
        self, counts: Integers, wanted: int | None, room: Floats, usual: float
    ) -> tuple[Integers, int]:
        """Return children per parent and rows without a parent that meet what is asked for.

        Without a wish the number of children is the drawn one, held to the usual one where it
        drifts off, and wherever other parents have a number of children as well.
        """
        table = self.table
        share_alone = table.null_rows / max(table.n_rows, 1)
        least, most = self._bounds()
        if wanted is not None and wanted > most:
            raise CapacityError(
                f"{table.name}: {wanted} rows are asked for, but each refers to a row of its own "
                f"of another table, of which there are {most:.0f}; ask for more of those or fewer "
                "of these"
            )
        rng = stream(self.seed, "room")
        room = most_per_parent(self.drawn, self.step, counts, room, wanted or 0, rng)
        if wanted is None:
            total = float(counts.sum())
            exact = bool(self.step.linked or self.step.lookups)
            drifts = abs(total - usual) > (0.0 if exact else RARELY) * usual
            placed = min(usual if drifts else total, room.sum())
            drawn = placed / (1 - share_alone) if share_alone < 1 else table.n_rows
            drawn = drawn if self.aim is None else self.aim
            wanted = round(min(max(drawn, least), most))
            if share_alone < 1:
                wanted = int(min(wanted, room.sum() / (1 - share_alone)))
        alone = round(wanted * share_alone)
        self._check_places(wanted - alone, room)
        return fit_total(counts, wanted - alone, stream(self.seed, "total"), at_most=room), alone

    def usual(self, counts: Integers) -> float:
        """Return how many children the parents would have in the real data.

        A root row that stands for less than one has as much of a family; a child of its own
        it has whole.
        """
        key = self.key
        if key.parent in self.drawn.given or self.drawn.is_selected(key.parent):
            return float(counts.sum())
        parent = self.drawn.fitted[key.parent]
        mean = (self.table.n_rows - self.table.null_rows) / max(parent.n_rows, 1)
        part = self.drawn.part.get(key.parent, 1.0) if self.table.most > 1 else 1.0
        return mean * len(counts) * part

    def _bounds(self) -> tuple[float, float]:
        """Return the fewest and most rows that keys with one child per parent allow."""
        least, most = 0.0, np.inf
        parents = {key.name: key.parent for key in self.step.linked}
        for link in self.table.links:
            if link.key in parents and link.most == 1:
                parent = parents[link.key]
                most = min(most, self.drawn.rows(parent))
                if self.table.n_rows == self.drawn.fitted[parent].n_rows and not link.has_nulls:
                    least = self.drawn.rows(parent)
        return least, most

    def _check_places(self, wanted: int, room: Floats) -> None:
        key, name, places = self.key, self.table.name, room.sum()
        if wanted and not len(room):
            raise CapacityError(
                f"{name}: {wanted} rows are asked for, but their parent table "
                f"{key.parent!r} has no row; ask for at least one"
            )
        if wanted > places and self.step.sibling_join is not None:
            sibling = self.step.sibling_join.sibling
            raise CapacityError(
                f"{name}: {wanted} rows are asked for, but they hang below the rows of "
                f"{sibling!r}, which offer {places:.0f} places; ask for more rows of {sibling!r}"
            )
        if wanted > places:
            raise CapacityError(
                f"{name}: {wanted} rows are asked for, but each row of {key.parent!r} "
                f"has at most {room.max():.0f} and there are {len(room)} of them, which makes "
                f"{places:.0f}; ask for more rows of {key.parent!r}"
            )
