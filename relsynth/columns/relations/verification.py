"""Whether a formula that a sample suggests holds on the whole table, and how exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.equality import same
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.relation import EXACT, HOLDS, percent
from relsynth.typing import Floats

INFORMATIVE: Final = 30  # rows a formula must be seen to hold in, trivial ones aside
_HALVES: Final = 1.5  # steps: one more or less is rounding, two are a value of its own
_ROUNDED: Final = ("product", "ratio", "power")
_TELLING: Final = 5  # times that a column must vary more than rounding, for a sum to explain it
SAMPLE: Final = 400  # rows in which formulas are looked for


def propose(
    evidence: ExaminedTable, target: str, bases: tuple[str, ...], **settings: Any
) -> Formula:
    """Return a formula that is yet to be verified."""
    kind = evidence.table.kinds[evidence.table.names.index(target)]
    step = evidence.precision[target].step
    return Formula(target=target, bases=bases, note="", kept=True, kind=kind, step=step, **settings)


def holds(formula: Formula, evidence: ExaminedTable, columns: Mapping[str, Floats]) -> float:
    """Return the share of informative rows in which a formula holds; 0 where they are too few.

    Rows with the target at its usual value, and rows where a sum adds 0 or a product
    multiplies by 0 or 1, agree with far too many formulas to tell anything. A formula of
    several columns must hold as well where the target has another than its usual value: one
    that is about 1 gives a column that is mostly 1.
    """
    target, bases = columns[formula.target], [columns[base] for base in formula.bases]
    predicted = formula.predict(bases)
    informative = ~np.isnan(predicted) & ~np.isnan(target)
    if len(bases) == 1:
        informative &= target != evidence.usual(formula.target)
    if len(bases) > 2 and formula.operator == "sum":
        informative &= np.sum([base != 0 for base in bases], axis=0) > 1
    elif formula.operator in ("greatest", "least"):
        informative &= np.any([base != bases[0] for base in bases[1:]], axis=0)
    else:
        for base in bases if len(bases) > 1 else ():
            informative &= base != 0
            if formula.operator == "product":
                informative &= base != 1
    if np.count_nonzero(informative) < INFORMATIVE:
        return 0.0
    agree = formula.precision.agree(predicted[informative], target[informative])
    levels, counts = np.unique(target[informative], return_counts=True)
    unusual = target[informative] != levels[counts.argmax()]
    return float(min(agree.mean(), agree[unusual].mean())) if unusual.any() else 0.0


def accept(formula: Formula, evidence: ExaminedTable, draft: Draft) -> None:
    """Add a formula to the draft if it is allowed there and holds on the whole table.

    The target is dropped where the formula gives all but 0.05 % of its values and is
    missing exactly where the target is; otherwise the residual is kept.
    """
    if not draft.allows(formula.target, formula.bases):
        return
    columns = {name: evidence.table[name] for name in (formula.target, *formula.bases)}
    formula = _with_zeros(formula, columns)
    if holds(formula, evidence, columns) < HOLDS:
        return
    target = columns[formula.target]
    predicted = formula.predict([columns[base] for base in formula.bases])
    absent = np.isnan(predicted)
    both = ~absent & ~np.isnan(target)
    share = float(formula.precision.agree(predicted[both], target[both]).mean())
    exact = share >= EXACT or _is_rounding(formula, predicted[both], target[both])
    exact = exact and bool((absent == np.isnan(target)).all())
    if not exact and _is_shift(formula) and evidence.marked(formula.target).any():
        # a residual would blur marks such as 9999-12-31
        relation = same(evidence, formula.bases[0], formula.target, formula.shift)
        if evidence.is_reversible(relation):
            draft.add(relation)
        return
    if not exact and not evidence.is_reversible(formula):
        return
    note = f"{formula.text} in {percent(share)} of {np.count_nonzero(both)} rows"
    note += "" if exact else "; what is left is kept as a residual"
    draft.add(replace(formula, kept=not exact, note=note))


def _with_zeros(formula: Formula, columns: Mapping[str, Floats]) -> Formula:
    """Return a sum in which what is missing counts as nothing, if the rows without it say so."""
    if formula.operator not in ("sum", "difference") or formula.zeros:
        return formula
    bases = [columns[base] for base in formula.bases]
    empty = tuple(n for n in formula.bases if np.isnan(columns[n]).any())
    factors = (1.0, -1.0) if formula.operator == "difference" else formula.factors
    summed = replace(formula, operator="sum", factors=factors, zeros=empty)
    decided = np.isnan(formula.predict(bases)) & ~np.isnan(columns[formula.target])
    if np.count_nonzero(decided) < INFORMATIVE:
        return formula
    predicted, target = summed.predict(bases)[decided], columns[formula.target][decided]
    agree = formula.precision.agree(predicted, target) & (target != 0)
    return summed if agree.mean() >= HOLDS else formula


def _is_rounding(formula: Formula, predicted: Floats, target: Floats) -> bool:
    """Return whether what is left is halves that were rounded the other way."""
    step = formula.precision.step
    if step is None or formula.operator not in _ROUNDED:
        return False
    return bool((np.abs(predicted - target) < _HALVES * step).all())


def _is_shift(formula: Formula) -> bool:
    return formula.operator == "linear" and formula.scale == 1.0


def accept_near(formula: Formula, evidence: ExaminedTable, draft: Draft) -> None:
    """Add a sum that rounding of its parts blurs, if the rest is some steps in every row.

    What is left must vary far less than the column itself, otherwise it tells nothing.
    """
    step = evidence.precision[formula.target].step
    if step is None or not draft.allows(formula.target, formula.bases):
        return
    target = evidence.table[formula.target]
    rest = target - formula.predict([evidence.table[base] for base in formula.bases])
    known = ~np.isnan(rest)
    if np.count_nonzero(known) < INFORMATIVE or not evidence.is_reversible(formula):
        return
    rounding = step * len(formula.bases)
    if np.abs(rest[known]).max() > rounding or target[known].std() < _TELLING * rounding:
        return
    steps = int(np.rint(np.abs(rest[known]).max() / step))
    note = f"{formula.text} up to {steps} steps of {step:g} in {np.count_nonzero(known)} rows"
    draft.add(replace(formula, kept=True, note=f"{note}; what is left is kept as a residual"))
