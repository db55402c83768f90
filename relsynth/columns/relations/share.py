"""Parts that add up to a constant: each is a share of what those before it leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.relation import Relation
from relsynth.columns.relations.verification import accept, accept_near, propose
from relsynth.typing import Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Share(Relation):
    """``target = residual * (total - sum of the bases)``, the residual from 0 to 1.

    Attributes
    ----------
    total : float
        What all parts add up to.
    """

    name: ClassVar[str] = "share"

    total: float

    def encode(self, target: Floats, bases: Sequence[Floats]) -> Floats:
        """Return the share of what is left, and the target itself where a base is missing."""
        left = self._left(bases)
        some = np.where(left > 0, left, 1.0)
        share = np.where(left > 0, target / some, np.where(np.isnan(target), np.nan, 0.0))
        return np.where(np.isnan(left), target, share)

    def decode(self, residual: Floats | None, bases: Sequence[Floats]) -> Floats:
        """Return a part that leaves no less than nothing."""
        if residual is None:
            raise ValueError(f"{self.target!r} needs its residual column")
        left = np.maximum(self._left(bases), 0.0)
        part = np.where(np.isnan(left), residual, np.clip(residual, 0.0, 1.0) * left)
        return self.precision.settle(part)

    def _left(self, bases: Sequence[Floats]) -> Floats:
        left: Floats = self.precision.settle(self.total - np.sum(bases, axis=0))
        return left


def shares_of(
    names: tuple[str, ...], total: float, evidence: ExaminedTable, draft: Draft, *, near: bool
) -> bool:
    """Add parts of a constant: shares of what is left, and a last one that is all of it.

    Parameters
    ----------
    near : bool
        Whether parts were rounded, so that the total is missed by some steps.

    Returns
    -------
    bool
        Whether they are parts: never negative, on one grid, and free to follow from each other.
    """
    columns = [evidence.table[name] for name in names]
    negative = any((column < 0).any() for column in columns)
    if negative or len({evidence.precision[name].step for name in names}) > 1:
        return False
    if not all(draft.allows(name, names[:at]) for at, name in enumerate(names) if at):
        return False
    if any(name in draft.relations for name in names):
        return False
    last = names[-1]
    factors = (-1.0,) * (len(names) - 1)
    formula = propose(evidence, last, names[:-1], operator="sum", factors=factors, shift=total)
    (accept_near if near else accept)(formula, evidence, draft)
    if last not in draft.relations:
        return False
    for at in range(1, len(names) - 1):
        relation = Share(
            target=names[at],
            bases=names[:at],
            note=f"{names[at]} is learned as a share of what {' and '.join(names[:at])} leave "
            f"of {total:g}",
            kept=True,
            kind="number",
            step=evidence.precision[names[at]].step,
            total=total,
        )
        if evidence.is_reversible(relation):
            draft.add(relation)
    return True
