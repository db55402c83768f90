"""One column that is another one in a different unit, or the beginning of its day or month."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any, Final

import numpy as np

from relsynth.columns.relations.calendar import BEGINNINGS
from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.powers import HALVES, constant_of
from relsynth.columns.relations.precision import Precision
from relsynth.columns.relations.relation import HOLDS
from relsynth.columns.relations.verification import INFORMATIVE, SAMPLE, accept, holds, propose
from relsynth.groups import unique_values
from relsynth.typing import Floats

_DIGITS: Final = range(1, 9)  # significant digits a factor is tried with
_FINER: Final = 1.5  # times as many steps in the spread of a column: what a tax rate adds is less
_ALIKE: Final = 0.01  # relative spread of the slopes of a straight line


def find_conversions(evidence: ExaminedTable, draft: Draft) -> None:
    """Add ``target = scale * base + shift`` and beginnings of dates, the best per target first.

    Of two columns that follow from each other the one that is rounded less is the target, or
    that of the shorter factor where both are rounded alike: 1.07 times the net, not 0.9346 times
    the gross amount.
    """
    sample = evidence.sample(SAMPLE)
    found: list[tuple[float, float, Formula]] = []
    for columns, settings in ((evidence.plain, _lines), (evidence.instants, _beginnings)):
        for base, target in permutations(columns, 2):
            if target in draft.fixed:
                continue
            precision = evidence.precision[target]
            for choice in settings(sample[base], sample[target], precision):
                formula = propose(evidence, target, (base,), **choice)
                share = holds(formula, evidence, sample)
                if share >= HOLDS:
                    known = sample[target][~np.isnan(sample[target])]
                    found.append((-share, (precision.step or 0.0) / known.std(), formula))
    turned = {(one.bases[0], one.target): (step, one) for _, step, one in found}
    for _, step, formula in sorted(found, key=lambda candidate: candidate[:2]):
        own = (step, formula)
        if _is_better(own, turned.get((formula.target, formula.bases[0]), own)):
            accept(formula, evidence, draft)


def _is_better(own: tuple[float, Formula], other: tuple[float, Formula]) -> bool:
    """Return whether a formula is not the coarser of both, nor the one with the longer factor."""
    if max(own[0], other[0]) > _FINER * min(own[0], other[0]):
        return own[0] < other[0]
    return not own[0] or len(f"{own[1].scale:.10g}") <= len(f"{other[1].scale:.10g}")


def _lines(base: Floats, target: Floats, precision: Precision) -> Iterator[dict[str, Any]]:
    """Yield the line through almost all points, with its factor as round as it can be."""
    both = ~np.isnan(base) & ~np.isnan(target)
    x, y = base[both], target[both]
    half = len(x) // 2
    order = np.argsort(x, kind="stable")
    near, far = order[:half], order[half : 2 * half]
    apart = x[far] > x[near]
    if np.count_nonzero(apart) < INFORMATIVE:
        return
    slopes = (y[far] - y[near])[apart] / (x[far] - x[near])[apart]
    slope = _median(slopes)
    if slope == 0 or _median(np.abs(slopes - slope)) > _ALIKE * abs(slope):
        return
    if len(unique_values(y)) <= 2:
        return
    rest = y - slope * x
    on = np.abs(rest - _median(rest)) <= _ALIKE * np.ptp(y)  # not what lies off the line
    slope = float(np.polyfit(x[on] - x[on].mean(), y[on] - y[on].mean(), 1)[0])
    through = constant_of(y, x, precision.step or 0.0) if (x > 0).all() else None
    found = [*_rounded(slope), *(1 / r for r in _rounded(1 / slope)), slope]
    factors = np.array([*found, through or slope])
    shifts = precision.settle(np.atleast_1d(np.median(y - factors[:, None] * x, axis=1)))
    lines = precision.settle(factors[:, None] * x + shifts[:, None])
    agree = precision.agree(lines, y[None, :]).mean(axis=1)
    best = int(np.argmax(agree >= (agree.max() if agree.max() == 1 else agree.max() - HALVES)))
    yield {"operator": "linear", "scale": float(factors[best]), "shift": float(shifts[best])}


def _median(values: Floats) -> float:
    """Return the median of a few present values, which `np.median` takes long for."""
    ordered = np.sort(values)
    return float(ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2


def _rounded(number: float) -> list[float]:
    return [float(f"{number:.{digits - 1}e}") for digits in _DIGITS]


def _beginnings(base: Floats, target: Floats, precision: Precision) -> Iterator[dict[str, Any]]:
    """Yield the same instant a constant time later, and each beginning of the base."""
    later = target - base
    if np.isfinite(later).any():
        shift = precision.settle(np.nanquantile(later, [0.5]))
        yield {"operator": "linear", "shift": float(shift[0])}
    yield from ({"operator": unit} for unit in BEGINNINGS)
