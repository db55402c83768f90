"""Sums, differences and products of two columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.evidence import Evidence
from relsynth.columns.relations.relation import HOLDS
from relsynth.columns.relations.verification import SAMPLE, accept, holds, propose
from relsynth.typing import Flags, Floats

_GLANCE: Final = 40  # rows of the first look at all triples
_CELLS: Final = 1_000_000  # compared at once
_LIKELY: Final = 0.9  # share of them that must agree
_SLACK: Final = 0.51  # of the target's step: whatever way it was rounded


def find_arithmetic(evidence: Evidence, draft: Draft) -> None:
    """Add ``a = b + c``, ``a = b * c`` and ``a = b - c``, sums and products before differences.

    All triples are looked at in 40 rows, what agrees there in 400, and what still
    agrees in all: O(p³) comparisons of 40 values for p number columns.
    """
    sample = evidence.sample(SAMPLE)
    names = [name for name in evidence.plain if _varies(sample[name])]
    found = []
    for target, bases, operator in _glance(evidence, sample, names):
        formula = propose(evidence, target, bases, operator=operator)
        share = holds(formula, evidence, sample)
        if share >= HOLDS:
            found.append((operator == "difference", -share, formula))
    for _, _, formula in sorted(found, key=lambda candidate: candidate[:2]):
        accept(formula, evidence, draft)


def _varies(column: Floats) -> bool:
    return len(np.unique(column[~np.isnan(column)])) > 2


def _glance(
    evidence: Evidence, sample: dict[str, Floats], names: list[str]
) -> Iterator[tuple[str, tuple[str, str], str]]:
    """Yield target, bases and operator of the triples that agree in a few rows."""
    if len(names) < 3:
        return
    rows = np.array([sample[name] for name in names])
    steps = np.array([evidence.precision[name].step or 0.0 for name in names])
    block = max(_CELLS // (_GLANCE * len(names)), 1)
    starts = ((i, at) for i in range(len(names)) for at in range(i + 1, len(names), block))
    for i, at in starts:
        one, others = rows[i], rows[at : at + block]
        told = (one != 0) & (others != 0)
        sums = _agreeing(one + others, told, rows, steps)
        told &= (one != 1) & (others != 1)
        products = _agreeing(one * others, told, rows, steps)
        for j, is_product, k in np.argwhere(np.stack([sums, products], axis=1)):
            a, b, c = names[k], names[i], names[at + j]
            if a in (b, c):
                continue
            if is_product:
                yield a, (b, c), "product"
            else:
                yield a, (b, c), "sum"
                yield b, (a, c), "difference"
                yield c, (a, b), "difference"


def _agreeing(joined: Floats, told: Flags, rows: Floats, steps: Floats) -> Flags:
    """Return which columns have joined values in almost all of their first told rows.

    Parameters
    ----------
    joined, told : ndarray, shape (n_joined, n_rows)
    rows : ndarray of float, shape (n_columns, n_rows)
    steps : ndarray of float, shape (n_columns,)

    Returns
    -------
    ndarray of bool, shape (n_joined, n_columns)
    """
    told = told & ~np.isnan(joined)
    first = np.argsort(~told, axis=1, kind="stable")[:, :_GLANCE]
    wanted = np.take_along_axis(joined, first, axis=1)[:, None]
    columns = np.moveaxis(rows[:, first], 0, 1)
    known = np.take_along_axis(told, first, axis=1)[:, None] & ~np.isnan(columns)
    tolerance = np.maximum(_SLACK * steps[:, None], 1e-9 * np.abs(wanted))
    agree = np.count_nonzero(known & (np.abs(columns - wanted) <= tolerance), axis=2)
    present = np.count_nonzero(known, axis=2)
    return (present > 0) & (agree >= _LIKELY * present)
