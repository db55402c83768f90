"""A column that often repeats another one and otherwise has a value of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.relation import Relation, percent
from relsynth.typing import Floats

# places in turn among the own values: few enough not to be single rows, each far from the last
_TURNS: Final = (np.arange(21) * 8 % 21 + 0.5) / 21


@dataclass(frozen=True, eq=False, kw_only=True)
class Same(Relation):
    """A mark below all values says "as the base"; any other value is the target's own.

    Attributes
    ----------
    mark : float
        As far below the own values as these are spread.
    least : float
        Smallest own value; what a model draws nearer to it than to the mark is own.
    default : ndarray of float, shape (n_quantiles,)
        Taken in turn where the base to repeat is missing, or a mark such as 9999-12-31
        that the target never has.
    barred : ndarray of float, shape (n_marks,)
        These marks of the base.
    shift : float
        What is added to the base: a year, for contracts that end after one or never.
    """

    name: ClassVar[str] = "same"

    mark: float
    least: float
    default: Floats
    barred: Floats
    shift: float = 0.0

    def encode(self, target: Floats, bases: Sequence[Floats]) -> Floats:
        """Return the mark where the target repeats its base, else the target."""
        return np.where(self.precision.agree(target, bases[0] + self.shift), self.mark, target)

    def decode(self, residual: Floats | None, bases: Sequence[Floats]) -> Floats:
        """Return the base where the mark says so, else the own value."""
        if residual is None:
            raise ValueError(f"{self.target!r} needs its residual column")
        lost = np.isnan(bases[0]) | np.isin(bases[0], self.barred)
        repeated = np.where(lost, np.resize(self.default, len(residual)), bases[0] + self.shift)
        own = np.maximum(residual, self.least)
        return np.where(residual < (self.mark + self.least) / 2, repeated, own)


def same(evidence: ExaminedTable, base: str, target: str, shift: float = 0.0) -> Same:
    """Return the relation that repeats a base, shifted, where the target equals it."""
    column = evidence.table[target]
    step = evidence.precision[target].step
    equal = evidence.precision[target].agree(column, evidence.table[base] + shift)
    own = column[~equal & ~np.isnan(column)]
    least, spread = float(own.min()), float(np.ptp(own))
    rows = np.count_nonzero(~np.isnan(column))
    present = ~np.isnan(column)
    marked = evidence.marked(base)
    barred = np.setdiff1d(evidence.table[base][marked], column)
    alone = present & np.isin(evidence.table[base], barred)
    if alone.any():
        default = np.quantile(column[alone], _TURNS, method="nearest")
    else:
        default = np.array([np.median(column) if present.all() else np.nan])
    return Same(
        target=target,
        bases=(base,),
        note=f"{target} repeats {base}{f' + {shift:g}' if shift else ''} "
        f"in {percent(equal.sum() / rows)} of {rows} rows; "
        "elsewhere it has a value of its own",
        kept=True,
        kind=evidence.table.kinds[evidence.table.names.index(target)],
        step=step,
        mark=least - max(spread, step or 0.0, 1.0),
        least=least,
        default=evidence.precision[target].settle(default),
        barred=barred,
        shift=shift,
    )
