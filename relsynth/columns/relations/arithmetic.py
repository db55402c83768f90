"""Sums, differences and products of two columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

import numpy as np

from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.evidence import Evidence
from relsynth.columns.relations.relation import HOLDS
from relsynth.columns.relations.verification import SAMPLE, accept, holds, propose
from relsynth.typing import Flags, Floats

_GLANCE: Final = 40  # rows of the first look at all triples
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
    for i, j in combinations(range(len(names)), 2):
        b, c = names[i], names[j]
        told = (rows[i] != 0) & (rows[j] != 0)
        for k in _agreeing(rows[i] + rows[j], told, rows, steps):
            if k not in (i, j):
                yield names[k], (b, c), "sum"
                yield b, (names[k], c), "difference"
                yield c, (names[k], b), "difference"
        told &= (rows[i] != 1) & (rows[j] != 1)
        for k in _agreeing(rows[i] * rows[j], told, rows, steps):
            if k not in (i, j):
                yield names[k], (b, c), "product"


def _agreeing(joined: Floats, told: Flags, rows: Floats, steps: Floats) -> list[int]:
    """Return the columns that have the joined values in almost all of the first told rows."""
    first = np.flatnonzero(told & ~np.isnan(joined))[:_GLANCE]
    columns = rows[:, first]
    tolerance = np.maximum(_SLACK * steps[:, None], 1e-9 * np.abs(joined[first]))
    agree = np.count_nonzero(np.abs(columns - joined[first]) <= tolerance, axis=1)
    present = np.count_nonzero(~np.isnan(columns), axis=1)
    return np.flatnonzero((present > 0) & (agree >= _LIKELY * present)).tolist()
