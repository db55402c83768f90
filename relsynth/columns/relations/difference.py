"""Two columns of which a tree would lose the difference, such as booked and shipped dates."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from relsynth.columns.calendar import DAY
from relsynth.columns.relations.bounds import least_distance
from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.equality import same
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.relation import Relation
from relsynth.columns.relations.verification import SAMPLE, propose
from relsynth.typing import Floats, Integers

_LEAF: Final = 20  # neighbours among which a tree grown on the base alone would draw
_DATED_LEAF: Final = 200  # a duration must survive trees that split on much else besides a date
_ROWS: Final = 200  # with both columns: noise is .18 then
_TIED: Final = 0.3  # rank correlation: of less, nine tenths of a target are not the base's
_DISTINCT: Final = 12  # values; with fewer a difference is a table of both
_GAIN: Final = 0.03  # in distance or in equal values: less does not show
_NOISE: Final = 2.5  # gain / sqrt(rows) that chance does not reach
_ORPHANED: Final = 0.5  # share of present targets that may lack their base, which is filled in
_COUNTED: Final = 20_000  # steps between the ends of what is counted instead of sorted
_CLOSE: Final = 0.02  # of gains this near, the never negative or earlier one counts


@dataclass(frozen=True)
class _Trial:
    """What keeping a difference would gain over a draw from a leaf of 20 neighbours."""

    evidence: ExaminedTable
    formula: Formula
    rows: Integers  # where both columns are present, in order of the base
    spread: float  # gain in the distribution of the difference
    equal: float  # gain in equal values
    noise: float  # gain that chance reaches

    @property
    def gain(self) -> float:
        return max(self.spread, self.equal)

    @cached_property
    def positive(self) -> bool:
        """Whether the difference is never negative."""
        table, formula = self.evidence.table, self.formula
        gap = table[formula.target] - formula.predict([table[formula.bases[0]]])
        return bool(np.nanmin(gap) >= 0)

    @property
    def keeps(self) -> bool:
        """Whether what is learned gives back the target's marks, which differences would blur."""
        return not self.evidence.marked(self.formula.target).any() or self.repeats

    @property
    def repeats(self) -> bool:
        """Whether the gain lies in equal values; the rest is independent of the base."""
        if self.equal <= _GAIN or self.formula.operator != "linear":
            return False
        table, formula = self.evidence.table, self.formula
        agree = formula.precision.agree(table[formula.target], table[formula.bases[0]])
        marked = self.evidence.marked(formula.target) | self.evidence.marked(formula.bases[0])
        apart = self.rows[~(agree | marked)[self.rows]]
        blocks = self.evidence.blocks(apart, _neighbours(self.evidence, formula.target))
        spread, _, noise = _gains(self.evidence, formula, blocks)
        return spread < noise


def find_differences(evidence: ExaminedTable, draft: Draft) -> None:
    """Add differences, and equalities with exceptions, by the block-shuffle test.

    Rows are sorted by the base and the target is permuted inside blocks of 20 (dates:
    200), as if drawn from the leaves of a tree. Where ``d = target - base`` and its
    shuffled twin d* are distributed alike the tree keeps the relation by itself.
    Otherwise the gain ``max(KS(d, d*), P(d = 0) - P(d* = 0))`` must reach 0.03 and
    2.5 / sqrt(rows). A target with marks such as 9999-12-31 may repeat a base, but is no
    difference from it.
    """
    chosen = []
    for columns in (evidence.plain, evidence.instants):
        names = [name for name in columns if evidence.distinct(name) > _DISTINCT]
        near = _near(evidence, names)
        trials = {
            (base, target): trial
            for base in names
            for target, trial in _trials(evidence, base, near[base], draft.fixed)
        }
        for base, target in combinations(names, 2):
            directions = [trials.get((base, target)), trials.get((target, base))]
            chosen += _preferred([trial for trial in directions if trial is not None])
    for trial in sorted(chosen, key=lambda trial: -trial.gain - _CLOSE * trial.positive):
        base, target = trial.formula.bases[0], trial.formula.target
        if draft.allows(target, [base]):
            relation = _encoded(evidence, trial)
            if evidence.is_reversible(relation):
                draft.add(relation)


def _near(evidence: ExaminedTable, names: list[str]) -> dict[str, list[str]]:
    """Return the columns that each rises with, falls with or often equals, in a sample of rows.

    A difference from any other is mostly the target's own, whatever the base is drawn to be.
    """
    if len(names) < 2:
        return {name: [] for name in names}
    sample = evidence.sample(SAMPLE)
    rows = np.array([sample[name] for name in names])
    known = ~np.isnan(rows)
    ranked = pd.DataFrame(rows.T).rank().to_numpy().T
    centre = np.array(
        [np.mean(own[has]) if has.any() else 0.0 for own, has in zip(ranked, known, strict=True)]
    )
    scores = np.where(known, ranked - centre[:, None], 0.0)
    weights = known.astype(float)
    spread = np.sqrt(((scores**2) @ weights.T) * (weights @ (scores**2).T))
    tied = np.abs(scores @ scores.T) >= _TIED * spread
    near = {}
    for at, name in enumerate(names):
        both = np.count_nonzero(known & known[at], axis=1)
        equal = np.count_nonzero(rows == rows[at], axis=1) >= _GAIN * np.maximum(both, 1)
        near[name] = [names[other] for other in np.flatnonzero(tied[at] | equal) if other != at]
    return near


def _preferred(directions: list[_Trial]) -> list[_Trial]:
    """Return the direction with the larger gain if chance does not reach it.

    Where both gain about as much, a difference that is never negative comes first,
    then the base that is given first.
    """
    if not any(trial.gain >= trial.noise for trial in directions):
        return []
    directions = [trial for trial in directions if trial.keeps]
    best = max((trial.gain for trial in directions), default=0.0)
    close = [trial for trial in directions if trial.gain > best - _CLOSE]
    return sorted(close, key=lambda trial: not trial.positive)[:1]


def _trials(
    evidence: ExaminedTable, base: str, names: list[str], fixed: Container[str]
) -> Iterator[tuple[str, _Trial]]:
    if not names:
        return
    ascending = evidence.ascending(base)
    size = _neighbours(evidence, base)
    shared = evidence.blocks(ascending, size)
    for target in names:
        if target in fixed:
            continue
        present = evidence.present(target)
        rows = ascending if present.all() else ascending[present[ascending]]
        if target == base or len(rows) < max(_ROWS, (1 - _ORPHANED) * np.count_nonzero(present)):
            continue
        formula = propose(evidence, target, (base,), operator=_start(evidence, base, target))
        blocks = shared if rows is ascending else evidence.blocks(rows, size)
        yield target, _Trial(evidence, formula, rows, *_gains(evidence, formula, blocks))


def _start(evidence: ExaminedTable, base: str, target: str) -> str:
    """Return what a difference is taken from: the base, or its date where the target is one."""
    whole, precise = (evidence.precision[name].step or 1 for name in (target, base))
    dates = base in evidence.dates and whole % DAY == 0
    return "date" if dates and precise % DAY else "linear"


def _gains(
    evidence: ExaminedTable, formula: Formula, blocks: tuple[Integers, Integers]
) -> tuple[float, float, float]:
    """Return the gain in distribution, the gain in equal values, and what chance reaches."""
    kept, drawn = blocks
    if not len(kept):
        return 0.0, 0.0, 1.0
    column = evidence.table[formula.target]
    start = formula.predict([evidence.table[formula.bases[0]][kept]])
    real = formula.precision.settle(column[kept] - start)
    twin = formula.precision.settle(column[drawn] - start)
    equal = np.count_nonzero(real == 0) / len(kept) - np.count_nonzero(twin == 0) / len(kept)
    noise = max(_GAIN, _NOISE / np.sqrt(len(kept)))
    return _distance(real, twin, formula.step), equal, noise


def _neighbours(evidence: ExaminedTable, target: str) -> int:
    return _DATED_LEAF if target in evidence.dates else _LEAF


def _distance(left: Floats, right: Floats, step: float | None) -> float:
    """Return the Kolmogorov-Smirnov distance of two samples of equal size, if any on a grid."""
    values = np.concatenate([left, right])
    values -= values.min()
    if step is not None and values.max() < _COUNTED * step:
        codes = np.rint(values / step).astype(np.int64)
        width = int(codes.max()) + 1
        counts = np.bincount(codes[: len(left)], minlength=width)
        counts -= np.bincount(codes[len(left) :], minlength=width)
        return float(np.abs(np.cumsum(counts)).max() / len(left))
    order = np.argsort(values)
    ordered = values[order]
    below = np.cumsum(np.where(order < len(left), 1, -1))
    last = np.append(ordered[1:] != ordered[:-1], True)
    return float(np.abs(below[last]).max() / len(left))


def _encoded(evidence: ExaminedTable, trial: _Trial) -> Relation:
    formula, column = trial.formula, evidence.table[trial.formula.target]
    if trial.repeats:
        return same(evidence, formula.bases[0], formula.target)
    note = (
        f"{formula.text} + a difference that is "
        + ("never negative" if trial.positive else "kept")
        + f" (a draw among {_neighbours(evidence, formula.target)} neighbours would change its "
        + f"distribution by {trial.gain:.2f})"
    )
    return replace(
        formula,
        note=note,
        least=least_distance(evidence, formula.bases[0], formula.target, formula.target)
        if trial.positive
        else None,
        within=(float(np.nanmin(column)), float(2 * np.nanmax(column) - np.nanmin(column)))
        if formula.target in evidence.dates
        else (float(np.nanmin(column)), float(np.nanmax(column))),
    )
