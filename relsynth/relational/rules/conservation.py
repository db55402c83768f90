"""Rows of one parent that add up to a constant: partial charges to 0, weights to 1 or 100."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from relsynth.columns.relations.precision import Precision
from relsynth.evidence import FEW, MOST
from relsynth.packing import packable
from relsynth.relational.rules.rule import HOLDS, ColumnRule
from relsynth.relational.rules.view import TableView, shown_key
from relsynth.sorting import lexical_order
from relsynth.typing import Floats, Integers

ROUNDED = 0.51  # of a step a row: what rounding of each leaves of the sum


@packable
@dataclass(frozen=True, slots=True)
class Conservation(ColumnRule):
    """The values of one column, or of one less another, add up to a constant in every parent.

    Attributes
    ----------
    parts : bool
        Whether values are never negative, which they stay.
    """

    key: str
    column: str
    total: float
    step: float | None
    parts: bool
    share: float
    families: int

    @property
    def note(self) -> str:
        """One sentence with the evidence."""
        families = f"{self.often} {self.families} parents by {shown_key(self.key)}"
        return f"{self.column} adds up to {self.total:g} in {families}"

    def usable(self, view: TableView) -> bool:
        """Return whether the key is there."""
        return self.key in view.keys

    def settle(
        self, view: TableView, groups: Integers, rng: np.random.Generator
    ) -> dict[str, Floats]:
        """Return the column with every parent's sum as it has to be.

        Parts are multiplied, other values are all moved by the same amount; what the grid
        leaves goes step by step to the rows that rounding moved most.
        """
        _, links, parent = view.keys[self.key]
        values = view.column(self.column)
        rows = np.flatnonzero((links >= 0) & ~np.isnan(values))
        if not len(rows):
            return {self.column: values}
        family, own = links[rows], values[rows]
        spared = rng.random(parent.n_rows) >= self.share
        number = np.bincount(family, minlength=parent.n_rows)
        sums = np.bincount(family, own, parent.n_rows)
        missing = np.where(spared, 0.0, self.total - sums)
        even = (missing / np.maximum(number, 1))[family]
        if self.parts:
            ratio = np.where(sums > 0, (sums + missing) / np.where(sums > 0, sums, 1.0), 1.0)
            wished = np.where(sums[family] > 0, own * ratio[family], even)
        else:
            wished = own + even
        made = values.copy()
        made[rows] = np.where(spared[family], own, self._on_grid(wished, family, parent.n_rows))
        return {self.column: made}

    def _on_grid(self, wished: Floats, family: Integers, n_parents: int) -> Floats:
        if self.step is None:
            return wished
        precision = Precision(self.step)
        rounded = precision.settle(wished)
        left = self.total - np.bincount(family, rounded, n_parents)
        steps = np.rint(left / self.step).astype(np.int64)
        sign = np.sign(steps)[family]
        order = lexical_order((-sign * (wished - rounded), family))
        if self.parts:  # nothing is taken from what is nothing
            empty = (sign < 0) & (rounded < self.step)
            order = lexical_order((-sign * (wished - rounded), empty, family))
        starts = np.r_[0, np.cumsum(np.bincount(family, minlength=n_parents))][:-1]
        place = np.empty(len(wished), np.int64)
        place[order] = np.arange(len(wished)) - starts[family[order]]
        number = np.bincount(family, minlength=n_parents)[family]
        due = np.abs(steps)[family]
        share = due // np.maximum(number, 1) + (place < due % np.maximum(number, 1))
        return precision.settle(rounded + sign * share * self.step)


def find_conservation(
    view: TableView, columns: Sequence[str], rng: np.random.Generator
) -> Iterator[Conservation]:
    """Yield the columns whose values add up to one constant in the rows of every parent.

    Notes
    -----
    Only parents of several rows tell anything, and only where the rows, dealt out anew to
    the same numbers of rows, would not do the same.
    """
    for name, (key, links, parent) in view.keys.items():
        if key.is_self_reference:
            continue
        number = np.bincount(links[links >= 0], minlength=parent.n_rows)
        if np.count_nonzero(number > 1) < FEW:
            continue
        for column in (column for column in columns if column in view.numbers):
            rule = _conserved(view, column, name, links, parent.n_rows, rng)
            if rule is not None:
                yield rule
                columns = [other for other in columns if other != column]


def _conserved(
    view: TableView,
    column: str,
    key: str,
    links: Integers,
    n_parents: int,
    rng: np.random.Generator,
) -> Conservation | None:
    values = view.column(column)
    rows = np.flatnonzero((links >= 0) & ~np.isnan(values))
    family, own = links[rows], values[rows]
    number = np.bincount(family, minlength=n_parents)
    several = number > 1
    if np.count_nonzero(several) < FEW:
        return None
    precision = view.precision(column)
    sums = np.bincount(family, own, n_parents)
    total = float(np.median(sums[several]))
    if abs(total - np.rint(total)) < 0.01:  # parts that were rounded add up to nearly 1
        total = float(np.rint(total)) + 0.0
    slack = np.full(n_parents, 1e-9 * max(np.abs(own).max(), 1.0))
    if precision.step is not None:
        slack = np.maximum(slack, ROUNDED * precision.step * np.maximum(number, 1))
    exact = np.full(n_parents, 1e-6 * (precision.step or 1.0) + 1e-12 * np.abs(own).max())
    for tolerance in (exact, slack):
        agree = np.abs(sums - total) <= tolerance
        share = float(min(agree[several].mean(), agree[number > 0].mean()))
        if share >= HOLDS:
            dealt = np.bincount(family, rng.permutation(own), n_parents)
            chance = float((np.abs(dealt - total) <= tolerance)[several].mean())
            if chance > MOST * share or own.min() == own.max():
                return None
            return Conservation(
                key, column, total, precision.step, bool(own.min() >= 0), share,
                int(np.count_nonzero(several)),
            )  # fmt: skip
    return None
