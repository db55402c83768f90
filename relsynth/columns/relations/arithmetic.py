"""Sums and differences of two columns, products of two or three, ratios."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations_with_replacement
from typing import Any, Final

import numpy as np

from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.powers import find_powers
from relsynth.columns.relations.relation import HOLDS
from relsynth.columns.relations.verification import INFORMATIVE, SAMPLE, accept, holds, propose
from relsynth.groups import unique_values
from relsynth.typing import Flags, Floats

_GLANCE: Final = 40  # rows of the first look at all triples
_CELLS: Final = 1_000_000  # compared at once
_LIKELY: Final = 0.9  # share of them that must agree
_FIRST: Final = 5  # rows looked at before: what disagrees in all cannot agree in .9 of 40
_SLACK: Final = 0.51  # of the target's step: whatever way it was rounded


FEW: Final = 24  # rows of the first look at products with a rate and at ratios
_FINER: Final = 3.0  # times as many steps in the spread of a column: it tells the others, rounded
_KNOWN: Final = 4  # of them that must tell something
_FACTORS: Final = 16  # columns of which products of three are tried: their number grows with p⁴
_OF_RATIOS: Final = 40  # columns of which ratios are tried: their number grows with p³
_RATIOS: Final = (
    (1.0, 0.0),
    (100.0, 0.0),
    (1.0, -1.0),
    (100.0, -100.0),
    (-1.0, 1.0),
    (-100.0, 100.0),
)

# in which order kinds are accepted; three factors before all: no other formula explains their
# product by chance, while the net of a gross amount may itself be a product
_TURNS: Final = {
    "ratio with a rate": 0,
    "sum": 1,
    "product": 1,
    "difference": 2,
    "product with a rate": 3,
    "ratio": 4,
}

_Proposal = tuple[str, tuple[str, ...], dict[str, Any]]


def find_arithmetic(evidence: ExaminedTable, draft: Draft) -> None:
    """Add ``a = b + c``, ``a = b * c`` and ``a = b - c``, sums and products before differences.

    The net of a gross amount, ``gross / (1 + rate)``, comes first: it has one direction, while a
    sum may give any of its columns. Products with a rate, such as ``quantity * price *
    (1 - discount)``, ratios and percentages, extremes and powers come last. All triples are
    looked at in 40 rows, what agrees there in 400, and what still agrees in all: O(p³)
    comparisons of 40 values for p number columns, O(p⁴) for products of three, of which no
    more than ``_FACTORS`` are tried.
    """
    sample = evidence.sample(SAMPLE)
    names = [name for name in evidence.plain if _varies(sample[name])]
    found = []
    pairs = [name for name in evidence.plain if name not in names and _is_rate(sample[name])]
    proposals = chain(_glance(evidence, sample, names), _further(evidence, sample, names, pairs))
    for rank, (target, bases, settings) in enumerate(proposals):
        if draft.allows(target, bases):
            formula = propose(evidence, target, bases, **settings)
            share = holds(formula, evidence, sample)
            kind = f"{formula.operator}{' with a rate' if formula.rates else ''}"
            turn = -1 if len(bases) > 2 else _TURNS[kind]
            found += [(turn, -share, rank, formula)] if share >= HOLDS else []
    coarse = _coarse([formula for *_, formula in found], evidence, sample)
    for *_, formula in sorted(found, key=lambda candidate: candidate[:3]):
        if formula not in coarse:
            accept(formula, evidence, draft)
    _find_extremes(evidence, draft, sample, names)
    find_powers(evidence, draft)


def _coarse(
    found: list[Formula], evidence: ExaminedTable, sample: dict[str, Floats]
) -> list[Formula]:
    """Return the formulas for a column that is rounded far more than another of the same columns.

    Hours worked follow from the days and hours a day, although these follow from them, rounded.
    """
    rounded: dict[frozenset[str], dict[str, float]] = {}
    for formula in found:
        step = evidence.precision[formula.target].step or 0.0
        own = rounded.setdefault(frozenset((formula.target, *formula.bases)), {})
        known = sample[formula.target][~np.isnan(sample[formula.target])]
        own[formula.target] = step / known.std()
    return [
        formula
        for formula in found
        for own in [rounded[frozenset((formula.target, *formula.bases))]]
        if own[formula.target] > _FINER * min(own.values())
    ]


def _find_extremes(
    evidence: ExaminedTable, draft: Draft, sample: dict[str, Floats], names: list[str]
) -> None:
    """Add what is the greatest or the least of other columns."""
    for operator, sign in (("greatest", 1.0), ("least", -1.0)):
        for target in names:
            beyond = [
                name
                for name in names
                if name != target
                and not (sign * sample[name] > sign * sample[target]).any()
                and np.count_nonzero(sample[name] == sample[target]) >= INFORMATIVE / 2
            ]
            if len(beyond) > 1 and draft.allows(target, beyond):
                formula = propose(evidence, target, tuple(beyond), operator=operator)
                if holds(formula, evidence, sample) >= HOLDS:
                    accept(formula, evidence, draft)


def _varies(column: Floats) -> bool:
    return len(unique_values(column[~np.isnan(column)])) > 2


def _is_rate(column: Floats) -> bool:
    """Return whether a column has two values that are rates, such as 7 % and 19 %."""
    found = unique_values(column[~np.isnan(column)])
    return len(found) == 2 and not np.isin(found, (0, 1)).all()


def _glance(
    evidence: ExaminedTable, sample: dict[str, Floats], names: list[str]
) -> Iterator[_Proposal]:
    """Yield target, bases and operator of the triples that agree in a few rows."""
    if len(names) < 3:
        return
    rows = np.array([sample[name] for name in names])
    steps = np.array([evidence.precision[name].step or 0.0 for name in names])
    block = max(_CELLS // (_GLANCE * len(names)), 1)
    starts = ((i, at) for i in range(len(names)) for at in range(i + 1, len(names), block))
    for i, at in starts:
        one, others = rows[i], rows[at : at + block]
        informative = (one != 0) & (others != 0)
        sums = _agreeing(one + others, informative, rows, steps)
        informative &= (one != 1) & (others != 1)
        products = _agreeing(one * others, informative, rows, steps)
        for j, is_product, k in np.argwhere(np.stack([sums, products], axis=1)):
            a, b, c = names[k], names[i], names[at + j]
            if a in (b, c):
                continue
            if is_product:
                yield a, (b, c), {"operator": "product"}
            else:
                yield a, (b, c), {"operator": "sum"}
                yield b, (a, c), {"operator": "difference"}
                yield c, (a, b), {"operator": "difference"}


def _further(
    evidence: ExaminedTable, sample: dict[str, Floats], names: list[str], pairs: list[str]
) -> Iterator[_Proposal]:
    """Yield products with a rate or of three columns, and ratios, that agree in a few rows.

    Columns of two values, `pairs`, are rates alone.
    """
    if len(names) + len(pairs) < 3 or len(names) < 2:
        return
    names = names[: _OF_RATIOS - len(pairs[:_FACTORS])]
    own = range(len(names))
    names = [*names, *pairs[:_FACTORS]]
    rows = np.array([sample[name][:FEW] for name in names])
    steps = np.array([evidence.precision[name].step or 0.0 for name in names])
    few = own[:_FACTORS]
    rates = [(at, r) for at in (*few, *range(len(own), len(names))) for r in _rates(rows[at])]
    for i in own:  # ratios of column i to all others
        divisor = np.where((rows == 0) | (rows == rows[i]), np.nan, rows)
        ratio = np.where(rows[i] == 0, np.nan, rows[i] / divisor)
        for scale, shift in _RATIOS:
            for j, k in np.argwhere(matching(scale * ratio + shift, rows, steps)):
                if len({i, j, k}) == 3 and max(j, k) < len(own):
                    settings = {"operator": "ratio", "scale": scale, "shift": shift}
                    yield names[k], (names[i], names[j]), settings
        for j, rate in ((j, rate) for j, rate in rates if rate > 0):  # net of a gross amount
            rest = 1 + rate * rows[j]
            net = rows[i] / np.where(rest == 0, np.nan, rest)
            for k in np.flatnonzero(matching(net[None], rows, steps)):
                if len({i, j, k}) == 3 and k < len(own):
                    settings = {"operator": "ratio", "rates": (0.0, rate)}
                    yield names[k], (names[i], names[j]), settings
    factors = [(at, 0.0) for at in (*few, *range(len(own), len(names)))] + rates
    values = np.array([1 + rate * rows[at] if rate else rows[at] for at, rate in factors])
    values[(values == 0) | (values == 1)] = np.nan
    for pair in combinations_with_replacement(few, 2):  # a column alone, or times another
        further = [
            at
            for at, (column, rate) in enumerate(factors)
            if column not in pair
            if rate or column >= len(own) or pair[0] < pair[1] < column
        ]
        product = np.prod(values[sorted(set(pair))], axis=0)
        agree = matching(product * values[further], rows, steps) if further else ()
        for at, k in np.argwhere(agree):
            column, rate = factors[further[at]]
            if k not in (*pair, column) and k < len(own):
                bases = (*sorted(set(pair)), column)
                added = (0.0,) * (len(bases) - 1) + (rate,)
                settings = {"operator": "product", "rates": added}
                yield names[k], tuple(names[n] for n in bases), settings


def matching(joined: Floats, rows: Floats, steps: Floats) -> Flags:
    """Return which columns have joined values in almost all of a few rows; see `_agreeing`."""
    wanted = joined[:, None]
    tolerance = np.maximum(_SLACK * steps[:, None], 1e-9 * np.abs(wanted))
    agree = np.count_nonzero(np.abs(rows - wanted) <= tolerance, axis=2)
    known = np.count_nonzero(~np.isnan(wanted) & ~np.isnan(rows), axis=2)
    return (known >= _KNOWN) & (agree >= _LIKELY * known)


def _rates(column: Floats) -> tuple[float, ...]:
    """Return what a column of shares or percentages may be a rate of: more, or less."""
    low, high = np.fmin.reduce(column, initial=np.nan), np.fmax.reduce(column, initial=np.nan)
    if not low >= 0:
        return ()
    return (-1.0, 1.0) if high <= 1 else (-0.01, 0.01) if high <= 100 else ()


def _agreeing(joined: Floats, informative: Flags, rows: Floats, steps: Floats) -> Flags:
    """Return which columns have joined values in almost all of their first informative rows.

    Parameters
    ----------
    joined : ndarray of float, shape (n_joined, n_rows)
    informative : ndarray of bool, shape (n_joined, n_rows)
    rows : ndarray of float, shape (n_columns, n_rows)
    steps : ndarray of float, shape (n_columns,)

    Returns
    -------
    ndarray of bool, shape (n_joined, n_columns)
    """
    informative = informative & ~np.isnan(joined)
    first = np.argsort(~informative, axis=1, kind="stable")[:, :_GLANCE]
    wanted = np.take_along_axis(joined, first, axis=1)
    known = np.take_along_axis(informative, first, axis=1)
    where, slack = first[:, :_FIRST], _SLACK * steps
    sure = np.asarray(known[:, :_FIRST].all(axis=1))
    apart = np.repeat(sure[:, None], len(rows), axis=1)
    for at in range(min(_FIRST, first.shape[1])):
        value = wanted[:, at, None]
        tolerance = np.maximum(slack, 1e-9 * np.abs(value))
        apart &= np.abs(rows[:, where[:, at]].T - value) > tolerance
    found = np.zeros(apart.shape, bool)
    one, column = np.nonzero(~apart)
    for start in range(0, len(one), max(_CELLS // _GLANCE, 1)):
        i, k = (places[start : start + _CELLS // _GLANCE] for places in (one, column))
        values = rows[k[:, None], first[i]]
        there = known[i] & ~np.isnan(values)
        tolerance = np.maximum(slack[k, None], 1e-9 * np.abs(wanted[i]))
        agree = np.count_nonzero(there & (np.abs(values - wanted[i]) <= tolerance), axis=1)
        present = np.count_nonzero(there, axis=1)
        found[i, k] = (present > 0) & (agree >= _LIKELY * present)
    return found
