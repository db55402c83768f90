"""A base that is missing where its target is not: it is filled in before a model learns.

Learned as they are, the rows without a base would put the target's own value among the
differences of all other rows: a stay of five days beside one of fifty years.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.columns.relations.bounds import distance_table, distances
from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.precision import Precision
from relsynth.columns.relations.relation import Stated
from relsynth.typing import Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Completion(Stated):
    """A base is filled in at a distance from its target as others have near there.

    Attributes
    ----------
    step : float or None
        `Precision` of the base.
    distances : ndarray of float, shape (bins, 22)
        Quantiles of ``target - base`` by target; see `Bounds`.
    """

    base: str
    target: str
    step: float | None
    distances: Floats

    def fill(self, base: Floats, target: Floats) -> Floats:
        """Return the base, present wherever the target is; the same for the same input."""
        at = np.flatnonzero(np.isnan(base) & ~np.isnan(target))
        draws = np.random.default_rng(0).random(len(at))
        filled = base.copy()
        away = distances(self.distances, target[at], draws)
        filled[at] = Precision(self.step).settle(target[at] - away)
        return filled


def flag_name(base: str) -> str:
    """Name of the encoded column that tells where a filled base is missing."""
    return f"#missing.{base}"


def find_completions(evidence: ExaminedTable, draft: Draft) -> tuple[Completion, ...]:
    """Return what fills the bases of differences, targets before the bases they fill.

    A base that follows from another column itself is filled as well: its own base first
    has to be there, which its own completion sees to.
    """
    place = {name: at for at, name in enumerate(draft.order())}
    found: list[Completion] = []
    for relation in draft.relations.values():
        if not _is_difference(relation):
            continue
        (base,), target = relation.bases, relation.target
        if base in draft.fixed:
            continue
        column, values = evidence.table[base], evidence.table[target]
        orphans = int(np.count_nonzero(np.isnan(column) & ~np.isnan(values)))
        if orphans or any(other.target == base for other in found):
            completion = Completion(
                base=base,
                target=target,
                step=evidence.precision[base].step,
                distances=distance_table(values, values - column),
            )
            found.append(completion)
    return tuple(sorted(found, key=lambda c: (-place[c.base], -place[c.target])))


def _is_difference(relation: object) -> bool:
    """Return whether a residual is the distance of two columns of one kind."""
    if not isinstance(relation, Formula) or not relation.kept:
        return False
    plain = relation.operator == "linear" and relation.scale == 1 and relation.shift == 0
    return plain or relation.operator == "date"
