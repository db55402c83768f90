"""A number that is a product of powers of others, times a constant, and rounded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Any, Final

import numpy as np

from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.relation import HOLDS
from relsynth.columns.relations.verification import SAMPLE, accept, holds, propose
from relsynth.typing import Flags, Floats

_GLANCE: Final = 40  # rows of the first look at all products
_COLUMNS: Final = 16  # columns of which products of three are tried: their number grows with p⁴
_SLACK: Final = 0.51  # of the target's step: whatever way it was rounded
_TOLD: Final = 6.0  # times that the target varies more than it is rounded, or any constant fits
HALVES: Final = 0.01  # of the rows may be halves that were rounded the other way
_DIGITS: Final = 8  # significant digits of a constant
# of one, two and three columns; in any order
_ALONE: Final = ((2.0,), (0.5,), (-1.0,), (3.0,))
_PAIRS: Final = ((1.0, -1.0), (1.0, -2.0), (1.0, 2.0), (-2.0, -1.0))


def find_powers(evidence: ExaminedTable, draft: Draft) -> None:
    """Add ``target = constant * a^i * b^j * c^k``, such as weight / height² or m³ in litres.

    Of several columns of one formula the one that is rounded least, for its spread, follows
    from the others. The constant lies between what the rounded values of all rows leave of it,
    and is as round as it can be there. Columns with zeros and signs are in none; plain products
    and ratios have been looked for before.
    """
    sample = evidence.sample(SAMPLE)
    names = [n for n in evidence.plain if _is_positive(sample[n])][:_COLUMNS]
    targets = [n for n in names if n not in draft.fixed and n not in draft.relations]
    if not targets:
        return
    found: list[tuple[int, float, int, Formula]] = []
    few = np.array([sample[name][:_GLANCE] for name in targets]).reshape(len(targets), -1)
    steps = np.array([evidence.precision[name].step or 0.0 for name in targets])
    slack = np.maximum(_SLACK * steps[:, None], 1e-9 * few)
    ends = np.stack([few - slack, few + slack])
    for bases, powers in _products(names):
        product = _product([sample[name] for name in bases], powers)
        lows, highs = ends / product[:_GLANCE]
        likely = np.fmax.reduce(lows, axis=1) <= np.fmin.reduce(highs, axis=1)
        for target in (targets[at] for at in np.flatnonzero(likely)):
            if target in bases or not draft.allows(target, bases):
                continue
            step = evidence.precision[target].step or 0.0
            scale = constant_of(sample[target], product, step)
            if scale is None:
                continue
            settings: dict[str, Any] = {"operator": "power", "scale": scale, "factors": powers}
            formula = propose(evidence, target, bases, **settings)
            share = holds(formula, evidence, sample)
            if share >= HOLDS:
                known = sample[target][~np.isnan(sample[target])]
                found.append((len(bases), step / known.std(), len(found), formula))
    for *_, formula in sorted(found, key=lambda one: one[:3]):
        accept(formula, evidence, draft)


def _is_positive(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    return bool(len(np.unique(known)) > 2 and (known > 0).all())


def _products(names: list[str]) -> Iterator[tuple[tuple[str, ...], tuple[float, ...]]]:
    """Yield columns and their powers, the simplest first."""
    for name in names:
        yield from (((name,), powers) for powers in _ALONE)
    for pair in combinations(names, 2):
        yield pair, (1.0, 1.0)
    for pair in permutations(names, 2):
        yield from ((pair, powers) for powers in _PAIRS)
    for three in combinations(names, 3):
        yield three, (1.0, 1.0, 1.0)
        for at in range(3):
            yield three, tuple(-1.0 if own == at else 1.0 for own in range(3))
            yield three, tuple(1.0 if own == at else -1.0 for own in range(3))


def _product(columns: list[Floats], powers: tuple[float, ...]) -> Floats:
    made = np.ones(len(columns[0]))
    with np.errstate(over="ignore", under="ignore"):
        for column, power in zip(columns, powers, strict=True):
            made = made * column**power
    return np.where((made > 0) & np.isfinite(made), made, np.nan)


def constant_of(target: Floats, product: Floats, step: float) -> float | None:
    """Return the constant that a target is of a product, ``None`` where it is none."""
    some: Flags = ~np.isnan(target[:_GLANCE]) & ~np.isnan(product[:_GLANCE])
    for rows in (some, ~np.isnan(target) & ~np.isnan(product)):
        values, own = target[: len(rows)][rows], product[: len(rows)][rows]
        if len(values) < _GLANCE // 2:
            return None
        slack = np.maximum(_SLACK * step, 1e-9 * values)
        low, high = (values - slack) / own, (values + slack) / own
        spare = int((1 - HOLDS) * len(values)) if len(rows) > _GLANCE else 0
        least, most = np.partition(low, -1 - spare)[-1 - spare], np.partition(high, spare)[spare]
        if least > most or least <= 0:
            return None
    if values.std() < _TOLD * step or product[rows].std() == 0:
        return None
    middle = (least + most) / 2
    shorter = [float(f"{middle:.{digits}e}") for digits in range(_DIGITS)]
    inverse = [1 / float(f"{1 / middle:.{digits}e}") for digits in range(_DIGITS)]
    choices = np.array([*(c for both in zip(shorter, inverse, strict=True) for c in both), middle])
    choices = choices[(choices >= least) & (choices <= most)]
    missed = np.abs(values - choices[:, None] * own) > np.maximum(step / 2, 1e-9 * values)
    times = missed.sum(axis=1)
    return float(choices[np.argmax(times <= times.min() + HALVES * len(values))])
