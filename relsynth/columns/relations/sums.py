"""Sums of any number of columns, found at once as the null space of a few rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.share import shares_of
from relsynth.columns.relations.verification import accept, accept_near, propose
from relsynth.columns.relations.weighted import find_weighted
from relsynth.groups import unique_values
from relsynth.seeding import stream
from relsynth.typing import Floats, Integers

_SAMPLE: Final = 2_000  # rows in which equations are looked for
_SPARE: Final = 30  # rows beyond the number of columns: no equation holds in them by chance
_TRIES: Final = 8  # sets of rows: with 2 % exceptions, one of them is likely free of these
_COLUMNS: Final = 120  # cost grows with the cube
_EXACT: Final = 1e-9  # relative size of what doubles leave of an exact equation
_ROUND: Final = 1e-4  # distance of a coefficient from -1, 0 or 1
_NEARLY: Final = 0.05  # the same where rounding of the parts blurs the equation
_TERMS: Final = 8  # columns of a sum; longer ones are averages in disguise or chance


@dataclass(frozen=True, slots=True)
class Equation:
    """``sum of coefficient * column = constant``, coefficients -1 or 1."""

    names: tuple[str, ...]
    coefficients: tuple[float, ...]
    constant: float


def find_sums(evidence: ExaminedTable, draft: Draft) -> None:
    """Add totals of three and more terms, and parts that add up to a constant.

    The columns of a few complete rows, and a constant, span a space; what is orthogonal to
    it is an equation. Those with coefficients of -1, 0 and 1 are verified on all rows. Parts
    that are never negative and add up to a constant are encoded as shares of what is left
    of it, so that none becomes negative. Equations of rounded parts, which hold up to some
    steps, are looked for in a second pass and keep the rest as a residual.
    """
    for near in (False, True):
        taken = draft.relations.keys() if near else set()
        names = [name for name in evidence.plain if name not in taken][:_COLUMNS]
        for equation in _equations(evidence, names, near):
            _accept(equation, evidence, draft, near)
    find_weighted(evidence, draft)


def _accept(equation: Equation, evidence: ExaminedTable, draft: Draft, near: bool) -> None:
    parts = dict(zip(equation.names, equation.coefficients, strict=True))
    same_sign = len(set(parts.values())) == 1 and equation.constant > 0
    if same_sign and shares_of(equation.names, equation.constant, evidence, draft, near=near):
        return
    place = {name: at for at, name in enumerate(draft.names)}
    lone = [n for n, c in parts.items() if list(parts.values()).count(c) == 1]
    order = lone + sorted((n for n in parts if n not in lone), key=lambda n: -place[n])
    for target in order:
        bases = tuple(name for name in parts if name != target)
        if not draft.allows(target, bases):
            continue
        sign = parts[target]
        factors = tuple(-parts[name] / sign for name in bases)
        settings = {"factors": factors, "shift": equation.constant / sign}
        formula = propose(evidence, target, bases, operator="sum", **settings)
        (accept_near if near else accept)(formula, evidence, draft)
        return


def _equations(evidence: ExaminedTable, names: list[str], near: bool) -> Iterator[Equation]:
    """Yield every equation that some set of rows shows, once."""
    sample = evidence.sample(_SAMPLE)
    steps = [evidence.precision[n].step or 0.0 for n in names] if near else []
    if near and not any(steps):
        return
    rng = stream(evidence.seed, "relations", "sums", str(near))
    blur = max(steps, default=0.0)
    yield from null_space_equations({name: sample[name] for name in names}, rng, blur=blur)


def null_space_equations(
    columns: Mapping[str, Floats], rng: np.random.Generator, *, least: int = 3, blur: float = 0.0
) -> Iterator[Equation]:
    """Yield the equations with coefficients of -1 and 1 that some sets of rows show, once.

    Parameters
    ----------
    columns : mapping of str to ndarray of float, shape (n_rows,)
    least : int, default 3
        Columns in an equation.
    blur : float, default 0.0
        Distance from zero that rounding of the columns may cause.
    """
    # differences of the largest floats are infinite, and in no equation
    finite = [name for name, column in columns.items() if not np.isinf(column).any()]
    names = [n for n in finite if len(unique_values(columns[n][~np.isnan(columns[n])])) > 1]
    names, rows = _complete(names, columns)
    if len(names) < least:
        return
    matrix = np.column_stack([*(columns[name][rows] for name in names), np.ones(len(rows))])
    size = len(names) + 1
    seen: set[Equation] = set()
    for _ in range(_TRIES):
        some = matrix[rng.permutation(len(matrix))[: size + _SPARE]]
        for coefficients in _null_space(some, blur):
            equation = _rounded(coefficients, names, blur > 0, least)
            if equation is not None and equation not in seen:
                seen.add(equation)
                yield equation


def _complete(names: list[str], sample: Mapping[str, Floats]) -> tuple[list[str], Integers]:
    """Return as many columns as have enough rows in common, the fullest first, and these rows."""
    present = {name: ~np.isnan(sample[name]) for name in names}
    chosen: list[str] = []
    together = np.ones(len(next(iter(sample.values()), ())), bool)
    for name in sorted(names, key=lambda name: -int(present[name].sum())):
        both = together & present[name]
        if both.sum() >= 2 * _SPARE + len(chosen) + 1:
            chosen.append(name)
            together = both
    return [name for name in names if name in chosen], np.flatnonzero(together)


def _null_space(rows: Floats, step: float) -> Iterator[Floats]:
    """Yield the equations of some rows, reduced so that each has a column to itself.

    Parameters
    ----------
    rows : ndarray of float, shape (n_rows, n_columns)
    step : float
        Distance from zero that rounding of the columns may cause.
    """
    peak = np.abs(rows).max(axis=0)
    peak[peak == 0] = 1.0
    scale = peak * np.sqrt(np.square(rows / peak).mean(axis=0))
    scale[scale == 0] = 1.0
    _, singular, vectors = np.linalg.svd(rows / scale, full_matrices=False)
    limit = _EXACT * singular.max()
    limit = max(limit, np.sqrt(len(rows)) * step / float(scale.min()))
    space = vectors[singular <= limit] / scale
    for at in range(len(space)):  # eliminate by later columns, which totals mostly are
        left = np.abs(space[at:, :-1] * scale[:-1])
        if not left.size or left.max() < _ROUND:
            return
        column = int(np.flatnonzero(left.max(axis=0) >= 0.1 * left.max())[-1])
        best = at + int(np.argmax(np.abs(space[at:, column])))
        space[[at, best]] = space[[best, at]]
        space[at] /= space[at, column]
        others = np.arange(len(space)) != at
        space[others] -= np.outer(space[others, column], space[at])
    yield from space


def _rounded(coefficients: Floats, names: list[str], near: bool, least: int) -> Equation | None:
    """Return an equation with coefficients of -1, 0 and 1, if it is one of enough terms."""
    own = coefficients[:-1]
    largest = np.abs(own).max(initial=0.0)
    if largest == 0:
        return None
    scaled = coefficients / largest
    whole = np.rint(scaled[:-1])
    used = np.flatnonzero(whole)
    if (
        np.abs(scaled[:-1] - whole).max() > (_NEARLY if near else _ROUND)
        or not least <= len(used) <= _TERMS
    ):
        return None
    sign = -1.0 if np.count_nonzero(whole[used] < 0) * 2 > len(used) else 1.0
    constant = -sign * scaled[-1]
    settled = float(np.round(constant, 1 if near else 6)) + 0.0
    signs = tuple(float(sign * whole[at]) for at in used)
    return Equation(tuple(names[at] for at in used), signs, settled)
