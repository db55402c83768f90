"""Functional dependencies: the target is looked up from one column or a part of a date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from relsynth.columns.calendar import DAY
from relsynth.columns.relations.calendar import PARTS, part
from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable, Levels, first_rows
from relsynth.columns.relations.relation import EXACT, Relation, percent
from relsynth.errors import ModelFileError
from relsynth.typing import Flags, Floats

_GLANCE: Final = 100  # rows of the first look: most pairs differ there
_SAMPLE: Final = 2_000  # rows of the second
_VIOLATIONS: Final = 12.0  # expected where the columns were independent
_ROWS_PER_LEVEL: Final = 5  # on average, that what follows from a level is seen in
_NUMERIC_LEVELS: Final = 2_000  # more distinct numbers than this are a measurement, not a code
_COVERED: Final = 0.9  # share of rows whose determinant is frequent enough to be written down


@dataclass(frozen=True, eq=False, kw_only=True)
class Lookup(Relation):
    """``target = table[base]``, for determinants seen often enough to reveal nobody.

    Where the determinant is rare the residual column holds the target's own value: a
    category's code, or a number's distance from its default. Elsewhere it holds a
    mark (the code after the last level; 0) which says nothing.

    Attributes
    ----------
    part : str
        Part of the date that is the determinant, or ``""`` for the base itself.
    ordered : bool
        Whether an unseen determinant takes the nearest seen one's value; otherwise it
        takes the most frequent value.
    keys, values : ndarray of float, shape (k,)
        Determinants, ascending, missing last; and what follows from them.
    default : ndarray of float, shape (1,)
        Most frequent value.
    levels : int
        Codes the target has where it is a category; 0 otherwise.
    """

    name: ClassVar[str] = "lookup"

    part: str
    ordered: bool
    keys: Floats
    values: Floats
    default: Floats
    levels: int

    def __post_init__(self) -> None:
        if self.part and self.part not in PARTS:
            raise ModelFileError(f"relation of {self.target!r}: unknown part {self.part!r}")
        if self.keys.shape != self.values.shape or self.default.shape != (1,):
            raise ModelFileError(f"relation of {self.target!r}: keys and values differ in length")

    def encode(self, target: Floats, bases: Sequence[Floats]) -> Floats:
        """Return the mark where the table knows the determinant, else the target's own value."""
        known, value = self._look_up(bases[0])
        if self.kind == "category":
            return np.where(known, float(self.levels), target)
        return np.where(known, 0.0, self.precision.settle(target - value))

    def decode(self, residual: Floats | None, bases: Sequence[Floats]) -> Floats:
        """Return what the table says, and the residual's value where the table knows nothing."""
        known, value = self._look_up(bases[0])
        if residual is None:
            return value
        if self.kind == "category":
            own = np.where(residual >= self.levels, value, residual)
        else:
            own = self.precision.settle(value + residual)
        return np.where(known, value, own)

    def _look_up(self, base: Floats) -> tuple[Flags, Floats]:
        """Return where the determinant is known, and its value or the best guess elsewhere."""
        determinant = part(base, self.part) if self.part else base
        present = self.keys[~np.isnan(self.keys)]
        value = np.full(len(base), self.default[0])
        known = np.zeros(len(base), dtype=bool)
        if len(present):
            after = np.minimum(np.searchsorted(present, determinant), len(present) - 1)
            known = present[after] == determinant
            if known.all():
                return known, self.values[after]
            before = np.maximum(after - 1, 0)
            closer = determinant - present[before] < present[after] - determinant
            nearest = np.where(closer, before, after)
            known = present[nearest] == determinant
            near = known | (self.ordered & ~np.isnan(determinant))
            value = np.where(near, self.values[nearest], value)
            value = np.where(~known & np.isnan(value), self.default[0], value)
        if len(present) < len(self.keys):
            missing = np.isnan(determinant)
            known |= missing
            value = np.where(missing, self.values[-1], value)
        return known, value


@dataclass(frozen=True)
class _Determinant:
    base: str
    part: str
    levels: Levels
    numeric: bool

    def __str__(self) -> str:
        return f"{self.part} of {self.base}" if self.part else self.base

    @property
    def rank(self) -> tuple[int, bool]:
        return len(self.levels), not self.numeric


def find_dependencies(evidence: ExaminedTable, draft: Draft) -> None:
    """Add the functional dependencies of a table; the smallest determinant wins.

    Accepted without a single violation, with at least 12 expected under independence:
    ``(n - k)(1 - sum p²)`` for n rows, k determinant levels and shares p of the
    target's levels. Between numbers, or dates, only one-to-one.
    """
    found = [
        (determinant.rank, target, determinant)
        for determinant in _determinants(evidence)
        for target in _targets(evidence, determinant)
        if _is_significant(evidence, determinant, target)
    ]
    for _, target, determinant in sorted(found, key=lambda candidate: candidate[0]):
        if draft.allows(target, [determinant.base]):
            draft.add(_lookup(evidence, determinant, target))


def _determinants(evidence: ExaminedTable) -> Iterator[_Determinant]:
    rows = len(evidence.table)
    sample = evidence.sample(_SAMPLE)
    for name in evidence.table.names:
        numeric = not evidence.is_category(name)
        limit = min(rows // _ROWS_PER_LEVEL, _NUMERIC_LEVELS if numeric else rows)
        for aspect in _aspects(evidence, name):
            seen = len(Levels.of(part(sample[name], aspect))) if aspect else evidence.distinct(name)
            if seen > limit:
                continue
            levels = evidence.levels(name)
            if aspect:
                levels = levels.merged(part(levels.values, aspect))
            if 2 <= len(levels) <= limit:
                yield _Determinant(name, aspect, levels, numeric)


def _aspects(evidence: ExaminedTable, name: str) -> tuple[str, ...]:
    """Return what a column may determine others by: itself, and the parts of a date."""
    if name not in evidence.dates:
        return ("",)
    whole_days = (evidence.precision[name].step or 1) % DAY == 0
    return ("", *(aspect for aspect in PARTS if not (whole_days and aspect in ("date", "hour"))))


def _targets(evidence: ExaminedTable, determinant: _Determinant) -> list[str]:
    """Return the columns that never contradict a determinant, first on samples."""
    names = [name for name in evidence.table.names if name != determinant.base]
    samples = [(evidence.shuffled[:size], evidence.sample(size)) for size in (_GLANCE, _SAMPLE)]
    whole = dict(zip(evidence.table.names, evidence.table.values.T, strict=True))
    for rows, columns in (*samples, (np.arange(len(evidence.table)), whole)):
        codes = determinant.levels.codes[rows]
        first = first_rows(codes, len(determinant.levels))[codes]
        names = [name for name in names if _same(columns[name][first], columns[name]).all()]
        if not names:
            break
    return names


def _same(left: Floats, right: Floats) -> Flags:
    return (left == right) | (np.isnan(left) & np.isnan(right))


def _is_significant(evidence: ExaminedTable, determinant: _Determinant, target: str) -> bool:
    levels = evidence.levels(target)
    measured = determinant.numeric and not determinant.part and not evidence.is_category(target)
    if measured and len(levels) != len(determinant.levels):
        return False
    present = ~np.isnan(evidence.table[target])
    counts = np.bincount(determinant.levels.codes[present], minlength=len(determinant.levels))
    shares = levels.counts[~np.isnan(levels.values)] / max(present.sum(), 1)
    repeated = present.sum() - np.count_nonzero(counts)
    frequent = counts[evidence.frequent(determinant.levels)].sum()
    return bool(
        repeated * (1 - np.square(shares).sum()) >= _VIOLATIONS
        and frequent >= _COVERED * present.sum()
    )


def _lookup(evidence: ExaminedTable, determinant: _Determinant, target: str) -> Lookup:
    levels, column = determinant.levels, evidence.table[target]
    frequent = evidence.frequent(levels)
    covered = levels.counts[frequent].sum() / len(column)
    own = evidence.levels(target)
    category = evidence.is_category(target)
    most = own.values[np.argmax(np.where(np.isnan(own.values), -1, own.counts))]
    kept = bool(covered < EXACT)
    return Lookup(
        target=target,
        bases=(determinant.base,),
        note=(
            f"{target} follows from {determinant}: {len(levels)} values, no exception in "
            f"{len(column)} rows"
            + (f"; looked up where a value is frequent ({percent(covered)})" if kept else "")
        ),
        kept=kept,
        kind=evidence.table.kinds[evidence.table.names.index(target)],
        step=evidence.precision[target].step,
        part=determinant.part,
        ordered=determinant.numeric,
        keys=levels.values[frequent],
        values=column[first_rows(levels.codes, len(levels))][frequent],
        default=np.array([most]),
        levels=int(own.values[~np.isnan(own.values)].max()) + 1 if category else 0,
    )
