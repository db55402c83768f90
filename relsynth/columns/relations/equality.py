"""A column that often repeats another one and otherwise has a value of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from relsynth.columns.relations.evidence import Evidence
from relsynth.columns.relations.relation import Relation, percent
from relsynth.typing import Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Same(Relation):
    """A mark below all values says "as the base"; any other value is the target's own.

    Attributes
    ----------
    mark : float
        As far below the own values as these are spread.
    least : float
        Smallest own value; what a model draws nearer to it than to the mark is own.
    default : ndarray of float, shape (1,)
        Taken where the base to repeat is missing.
    """

    name: ClassVar[str] = "same"

    mark: float
    least: float
    default: Floats

    def encode(self, target: Floats, bases: Sequence[Floats]) -> Floats:
        """Return the mark where the target repeats its base, else the target."""
        return np.where(self.precision.agree(target, bases[0]), self.mark, target)

    def decode(self, residual: Floats | None, bases: Sequence[Floats]) -> Floats:
        """Return the base where the mark says so, else the own value."""
        if residual is None:
            raise ValueError(f"{self.target!r} needs its residual column")
        repeated = np.where(np.isnan(bases[0]), self.default[0], bases[0])
        own = np.maximum(residual, self.least)
        return np.where(residual < (self.mark + self.least) / 2, repeated, own)


def same(evidence: Evidence, base: str, target: str) -> Same:
    """Return the relation that repeats a base where the target equals it."""
    column = evidence.table[target]
    step = evidence.precision[target].step
    equal = evidence.precision[target].agree(column, evidence.table[base])
    own = column[~equal & ~np.isnan(column)]
    least, spread = float(own.min()), float(np.ptp(own))
    rows = np.count_nonzero(~np.isnan(column))
    default = np.median(column[~np.isnan(column)]) if not np.isnan(column).any() else np.nan
    return Same(
        target=target,
        bases=(base,),
        note=f"{target} repeats {base} in {percent(equal.sum() / rows)} of {rows} rows; "
        "elsewhere it has a value of its own",
        kept=True,
        kind=evidence.table.kinds[evidence.table.names.index(target)],
        step=step,
        mark=least - max(spread, step or 0.0, 1.0),
        least=least,
        default=evidence.precision[target].settle(np.array([default])),
    )
