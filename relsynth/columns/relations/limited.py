"""Numbers that a formula gives up to a limit: overtime beyond eight hours, days late, a cap."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.columns.relations.arithmetic import find_arithmetic
from relsynth.columns.relations.conversion import find_conversions
from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.from_dates import find_from_dates
from relsynth.columns.relations.relation import EXACT, percent
from relsynth.columns.relations.sums import find_sums
from relsynth.columns.relations.verification import INFORMATIVE

_AT_LIMIT: Final = 0.05  # share of rows at a limit; fewer are the end of what varies
_BEYOND: Final = 10  # rows that only a limit explains: none by chance with e^-10
_TARGETS: Final = 8  # columns with a limit that are looked at: each costs a search of its own
_COLUMNS: Final = 16  # numbers and dates of a formula; cost grows with the cube
_LOOKS: Final = (find_conversions, find_from_dates, find_arithmetic, find_sums)


def find_limited(evidence: ExaminedTable, draft: Draft) -> None:
    """Add ``target = formula``, but never below, or never above, a limit that many rows are at.

    Formulas are looked for in the rows off the limit, and have to lie beyond it in those at it.
    """
    looked = 0
    for target in evidence.plain:
        column = evidence.table[target]
        known = column[~np.isnan(column)]
        if target in draft.fixed or evidence.distinct(target) < 3 or len(known) < INFORMATIVE:
            continue
        for end, sign in ((float(known.min()), 1.0), (float(known.max()), -1.0)):
            at_limit = column == end
            share = np.count_nonzero(at_limit) / len(known)
            if looked >= _TARGETS or share < _AT_LIMIT or np.sum(~at_limit) < INFORMATIVE:
                continue
            looked += 1
            found = _beyond(evidence, target, end, sign)
            if found is not None and draft.allows(target, found.bases):
                draft.add(found)
                break


def _beyond(evidence: ExaminedTable, target: str, end: float, sign: float) -> Formula | None:
    """Return the formula that holds off a limit and lies beyond it where the target is at it."""
    table, column = evidence.table, evidence.table[target]
    others = [name for name in (*evidence.plain, *evidence.instants) if name != target]
    names = (*others[:_COLUMNS], target)
    places = [table.names.index(name) for name in names]
    values = table.values[:, places].copy()
    values[column == end, -1] = np.nan
    off = ExaminedTable(
        Matrix(names, tuple(table.kinds[at] for at in places), values),
        evidence.precision,
        evidence.dates,
        evidence.seed,
        evidence.min_count,
        evidence.holders,
    )
    for look in _LOOKS:
        alone = Draft(names, others)
        look(off, alone)
        formula = alone.relations.get(target)
        if not isinstance(formula, Formula):
            continue
        ends = (end, np.inf) if sign > 0 else (-np.inf, end)
        bases = [table[base] for base in formula.bases]
        open_value = formula.predict(bases)
        limited = replace(formula, ends=ends, kept=False)
        said = limited.predict(bases)
        if not (np.isnan(said) == np.isnan(column)).all():
            continue
        there = ~np.isnan(said)
        share = float(formula.precision.agree(said[there], column[there]).mean())
        needed = np.count_nonzero(sign * (end - open_value[there]) > (formula.step or 0.0) / 2)
        if share >= EXACT and needed >= _BEYOND:
            note = f"{limited.text} in {percent(share)} of {np.count_nonzero(there)} rows"
            return replace(limited, note=note)
    return None
