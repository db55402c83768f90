"""Columns that a formula gives from the row and one that it refers to: its price * pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.columns.relations.arithmetic import find_arithmetic
from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.from_dates import find_from_dates
from relsynth.columns.relations.sums import find_sums
from relsynth.evidence import ENOUGH
from relsynth.packing import packable
from relsynth.relational.rules.rule import LEAST_ROWS, ColumnRule
from relsynth.relational.rules.view import Base, TableView
from relsynth.seeding import Seed
from relsynth.typing import Floats, Integers

_FEW = 5  # rows referred to: a formula without free weights is no chance in so many
_COLUMNS = 40  # of the row and of those above together: cost grows with the cube


@packable
@dataclass(frozen=True, slots=True)
class Derived(ColumnRule):
    """A column computed from columns of the row and of one that it refers to.

    Attributes
    ----------
    formula : dict
        State of the `Formula`; what is above goes by its text.
    """

    formula: dict[str, object]
    above: tuple[Base, ...]
    rows: int

    @property
    def column(self) -> str:
        """The column it changes."""
        return self._formula.target

    @property
    def note(self) -> str:
        """One sentence with the evidence."""
        return f"{self._formula.text} in all {self.rows} rows"

    @property
    def _formula(self) -> Formula:
        return Formula.from_state(self.formula)

    def usable(self, view: TableView) -> bool:
        """Return whether the tables are there."""
        return all(view.can_reach(base) for base in self.above)

    def settle(
        self, view: TableView, groups: Integers, rng: np.random.Generator
    ) -> dict[str, Floats]:
        """Return the column as the formula gives it, as it is where something is missing."""
        formula = self._formula
        reached = {str(base): view.reach(base) for base in self.above}
        bases = [reached[n] if n in reached else view.column(n) for n in formula.bases]
        own, made = view.column(self.column), formula.predict(bases)
        return {self.column: np.where(np.isnan(made) | np.isnan(own), own, made)}


def find_derived(
    view: TableView, columns: Sequence[str], skip: Callable[[Base], bool], seed: Seed
) -> Iterator[Derived]:
    """Yield the columns that follow from the row and a row it refers to, one table at a time.

    Parameters
    ----------
    columns : sequence of str
        Columns of the table that may be changed.
    skip : callable
        Tells which bases not to look at.
    """
    if view.n_rows < LEAST_ROWS:
        return
    taken: set[str] = set()
    own = [*view.numbers, *view.dates]
    for name, (_, links, parent) in view.keys.items():
        bases = [Base((name,), column) for column in (*parent.numbers, *parent.dates)]
        above = {str(base): base for base in bases if not skip(base)}
        above = {text: base for text, base in above.items() if text not in own}
        referred = len(np.unique(links[links >= 0]))
        targets = [n for n in columns if n not in taken and n in own]
        if not above or not targets or referred < _FEW or len(own) + len(above) > _COLUMNS:
            continue
        evidence = _evidence(view, parent, own, above, seed)
        draft = Draft(evidence.table.names, [*above, *(n for n in own if n not in targets)])
        find_from_dates(evidence, draft)
        find_arithmetic(evidence, draft)
        if referred >= ENOUGH:
            find_sums(evidence, draft)
        for target in draft.order():  # bases before what follows from them
            found = draft.relations.get(target)
            if not isinstance(found, Formula) or found.kept or not above.keys() & {*found.bases}:
                continue
            taken.add(target)
            reached = tuple(above[base] for base in found.bases if base in above)
            yield Derived(found.to_state(), reached, int(np.count_nonzero(links >= 0)))


def _evidence(
    view: TableView, parent: TableView, own: list[str], above: dict[str, Base], seed: Seed
) -> ExaminedTable:
    """Return the columns of the rows and of those they refer to as one table."""
    names = (*own, *above)
    values = [view.column(name) for name in own] + [view.reach(base) for base in above.values()]
    precision = {name: view.precision(name) for name in own}
    precision |= {text: parent.precision(base.column) for text, base in above.items()}
    dates = {name for name in own if name in view.dates}
    dates |= {text for text, base in above.items() if base.column in parent.dates}
    number: ColumnKind = "number"
    kinds = (number,) * len(names)
    table = Matrix(names, kinds, np.column_stack(values))
    return ExaminedTable(table, precision, frozenset(dates), seed, 1)
