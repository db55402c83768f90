"""A number that is a weighted sum of others, rounded: twice a width, hours between two moments."""

from __future__ import annotations

from typing import Final

import numpy as np

from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.relation import HOLDS
from relsynth.columns.relations.verification import accept, holds, propose
from relsynth.typing import Floats

_SAMPLE: Final = 2_000  # rows in which weights are fitted
_SPARE: Final = 3  # rows for each weight, and 30 more: no sum fits so many by chance
_COLUMNS: Final = 40  # cost grows with the cube
_TERMS: Final = 6  # columns of a sum; more are averages in disguise or chance
_MISSED: Final = 0.75  # steps: half of one for the target's rounding, the rest for the weights'
_TELLING: Final = 5.0  # times that a term or the target must vary more than rounding
_DIGITS: Final = 7  # significant digits of a weight


def find_weighted(evidence: ExaminedTable, draft: Draft) -> None:
    """Add ``target = w * a + v * b + constant``, fitted by least squares and rounded.

    Dates take part as moments: a length of time less its breaks is such a sum. Weights are as
    short as they can be, or one over a short number, with the sum still rounding to the target.
    A column that is missing while the target is there counts as nothing.
    """
    sample = evidence.sample(_SAMPLE)
    free = [n for n in (*evidence.plain, *evidence.instants) if n not in draft.relations]
    free = [n for n in free if _varies(sample[n])]
    for target in reversed(free[:_COLUMNS]):
        if target in evidence.dates or not evidence.precision[target].step:
            continue
        bases = [n for n in free[:_COLUMNS] if draft.allows(target, [n])]
        formula = _fitted(evidence, target, bases, sample)
        total = None if formula is None else _total(formula)
        if formula is not None and total is not None and draft.allows(total, [target]):
            terms = [target, *(name for name in formula.bases if name != total)]
            if total not in evidence.dates and evidence.precision[total].step:
                formula = _fitted(evidence, total, terms, sample) or formula
        if formula is not None and draft.allows(formula.target, formula.bases):
            accept(formula, evidence, draft)


def _total(formula: Formula) -> str | None:
    """Return the one column the others add up to, where the formula takes them off it.

    Terms within their ranges always have a total; what is left of a total may be no term.
    """
    signs = [factor > 0 for factor in formula.factors]
    return formula.bases[signs.index(True)] if signs.count(True) == 1 < len(signs) else None


def _varies(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    return len(known) > 0 and known.min() < known.max() and bool(np.isfinite(known).all())


def _fitted(
    evidence: ExaminedTable, target: str, bases: list[str], sample: dict[str, Floats]
) -> Formula | None:
    step = evidence.precision[target].step or 0.0
    there = ~np.isnan(sample[target])
    values = sample[target][there]
    empty = {name for name in bases if np.isnan(sample[name][there]).any()}
    columns = {name: np.nan_to_num(sample[name][there]) for name in bases}
    bases = [n for n in bases if n not in (empty & evidence.dates) and columns[n].std() > 0]
    if len(values) < 30 + _SPARE * (len(bases) + 1) or values.std() < _TELLING * step:
        return None
    while len(bases) > 1:  # leave out what tells least, until only terms of a sum are left
        matrix = np.column_stack([columns[name] for name in bases])
        spread = matrix.std(axis=0)
        centred = (matrix - matrix.mean(axis=0)) / spread
        weights, _, rank, _ = np.linalg.lstsq(centred, values - values.mean(), rcond=1e-9)
        rest = np.abs(centred @ weights - (values - values.mean()))
        if np.quantile(rest, HOLDS) > _MISSED * step:
            return None
        sizes = np.abs(weights)
        if rank == len(bases) and sizes.min() > _TELLING * step / len(bases):
            break
        del bases[int(sizes.argmin())]
    if not 1 < len(bases) <= _TERMS:
        return None
    exact = weights / spread
    factors = _short(exact, matrix, step)
    shift = evidence.precision[target].settle(np.atleast_1d(np.median(values - matrix @ factors)))
    formula = propose(
        evidence, target, tuple(bases), operator="sum", factors=tuple(factors.tolist()),
        shift=float(shift[0]), zeros=tuple(name for name in bases if name in empty),
    )  # fmt: skip
    return formula if holds(formula, evidence, sample) >= HOLDS else None


def _short(weights: Floats, matrix: Floats, step: float) -> Floats:
    """Return weights with as few digits as leave the sum where it is."""
    reach = np.ptp(matrix, axis=0)
    made = weights.copy()
    for at, weight in enumerate(weights.tolist()):
        slack = step / (2 * len(weights) * reach[at])
        for digits in range(_DIGITS):
            choices = (float(f"{weight:.{digits}e}"), 1 / float(f"{1 / weight:.{digits}e}"))
            near = [choice for choice in choices if abs(choice - weight) <= slack]
            if near:
                made[at] = near[0]
                break
    return made
