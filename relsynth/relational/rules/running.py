"""Columns that run on from row to row of one parent: a balance, a running total, a counter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from relsynth.columns.relations.precision import Precision
from relsynth.columns.relations.sums import null_space_equations
from relsynth.evidence import SAMPLE
from relsynth.packing import packable
from relsynth.relational.rules.rule import HOLDS, LEAST_ROWS, ROWS_OF_EXACT, ColumnRule
from relsynth.relational.rules.view import Base, TableView
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Floats, Integers

_STEP = "step of "
_LEVELS = 12  # of a column that says the sign; kinds of bookings are few
_WHOLE = 0.01  # distance of the median of a level from the sign that it has


@packable
@dataclass(frozen=True, slots=True)
class Running(ColumnRule):
    """``column = column of the row before + sum of factor * addend + constant``.

    Attributes
    ----------
    backwards : bool
        Whether rows of one parent lie latest first.
    begins : float or None
        What stands before the first row of every parent, such as 0 for a running total; None
        where a first row has any value.
    opening : Base or None
        The column of a parent that holds it.
    kind : str
        The column whose levels say the sign, such as debit and credit; empty for none.
    signs : tuple of float
        By code of these levels: 1, 0 or -1.
    """

    column: str
    addends: tuple[str, ...]
    factors: tuple[float, ...]
    constant: float
    step: float | None
    backwards: bool
    share: float
    rows: int
    is_date: bool
    begins: float | None = None
    opening: Base | None = None
    kind: str = ""
    signs: tuple[float, ...] = ()

    @property
    def note(self) -> str:
        """One sentence with the evidence."""
        terms = [
            f" {'-+'[f > 0]} {name}" for f, name in zip(self.factors, self.addends, strict=True)
        ]
        if self.constant:
            unit = " seconds" if self.is_date else ""
            terms.append(f" {'-+'[self.constant > 0]} {abs(self.constant):g}{unit}")
        what = f"{self.column} of the row before{''.join(terms)}"
        what += f" with the sign that {self.kind} says" if self.kind else ""
        first = "" if self.begins is None else f", from {self.begins:g} on"
        first = first if self.opening is None else f", from {self.opening} on"
        return f"{self.column} = {what} inside one parent{first} in {self.often} {self.rows} rows"

    def settle(
        self, view: TableView, groups: Integers, rng: np.random.Generator
    ) -> dict[str, Floats]:
        """Return the column running on from its first value of each parent.

        Parameters
        ----------
        groups : ndarray of int, shape (n_rows,)
            Parent of each row; those of one parent lie together.
        """
        order = in_sequence(groups, self.backwards)
        values, rows = view.column(self.column)[order], groups[order]
        added = np.full(len(values), self.constant)
        for name, factor in zip(self.addends, self.factors, strict=True):
            added += factor * np.nan_to_num(view.column(name)[order])
        if self.kind:
            added *= _signs(view.column(self.kind)[order], self.signs)
        starts = np.r_[True, rows[1:] != rows[:-1]] if len(rows) else np.zeros(0, bool)
        begun = self._begun(view)[order]
        known = starts & ~np.isnan(begun) & ~np.isnan(values)
        values = np.where(known, begun + added, values)
        if self.share < 1:  # a row that does not run on begins anew
            starts |= rng.random(len(rows)) >= self.share
        starts |= np.isnan(values)
        before = np.r_[True, np.isnan(values[:-1])] if len(values) else np.zeros(0, bool)
        starts |= before
        if not len(values):
            return {self.column: values}
        moves = np.where(starts, 0.0, added)
        total = np.cumsum(moves)
        first = np.maximum.accumulate(np.where(starts, np.arange(len(values)), 0))
        running = values[first] + (total - total[first])
        made = np.empty(len(values))
        made[order] = Precision(self.step).settle(np.where(np.isnan(values), np.nan, running))
        return {self.column: made}

    def _begun(self, view: TableView) -> Floats:
        """Return what stands before each row if it is the first of its parent."""
        if self.opening is not None and view.can_reach(self.opening):
            return view.reach(self.opening)
        return np.full(view.n_rows, np.nan if self.begins is None else self.begins)


def in_sequence(groups: Integers, backwards: bool) -> Integers:
    """Return the rows with those of one parent together, as they lie or the other way round."""
    if backwards:
        return len(groups) - 1 - stable_order(groups[::-1])
    return stable_order(groups)


def find_running(
    view: TableView,
    columns: Sequence[str],
    groups: Integers,
    order: str | None,
    rng: np.random.Generator,
) -> Iterator[Running]:
    """Yield the columns that run on inside one parent.

    Parameters
    ----------
    columns : sequence of str
        Columns that may be changed.
    groups : ndarray of int, shape (n_rows,)
    order : str or None
        The column in whose order rows of one parent happen; else they lie in order.

    Notes
    -----
    The steps from row to row, the columns themselves and a constant span a space; an
    equation with one step and coefficients of -1, 0 and 1 is verified on all rows, in both
    directions in which the rows of one parent may lie.
    """
    names = [name for name in (*view.numbers, *view.dates) if not _is_settled(view.column(name))]
    if not len(names) or len(groups) < LEAST_ROWS:
        return
    taken: set[str] = set()
    for backwards in (False, True):
        at = in_sequence(groups, backwards)
        if order is not None:
            time = view.column(order)
            at = at[lexical_order((time[at], groups[at]))]
        goes_on = np.append(False, groups[at][1:] == groups[at][:-1])
        inside = np.flatnonzero(goes_on)
        if len(inside) < LEAST_ROWS:
            return
        first = at[~goes_on]
        kinds = {name: view.column(name)[at][inside] for name in view.levels}
        now = {name: view.column(name)[at][inside] for name in names}
        step = {name: now[name] - view.column(name)[at][inside - 1] for name in names}
        for rule in _rules(view, names, now, step, kinds, backwards, rng):
            free = rule.column in columns and rule.column not in taken
            if free and taken.isdisjoint(rule.addends):
                taken.add(rule.column)
                yield _from_beginning(rule, view, first)
        if taken:
            return


def _from_beginning(rule: Running, view: TableView, first: Integers) -> Running:
    """Return a rule that says what stands before the first row of a parent, if that is known.

    By the same number in all first rows, or by a column of what these refer to.
    """
    if rule.is_date or not rule.addends:
        return rule
    pairs = zip(rule.factors, rule.addends, strict=True)
    added = np.sum([f * np.nan_to_num(view.column(n)[first]) for f, n in pairs], axis=0)
    if rule.kind:
        added = added * _signs(view.column(rule.kind)[first], rule.signs)
    before = view.column(rule.column)[first] - added - rule.constant
    known = ~np.isnan(before)
    if np.count_nonzero(known) < ROWS_OF_EXACT:
        return rule
    precision = Precision(rule.step)

    def says(values: Floats) -> bool:
        close = np.abs(before - values) <= _tolerance(
            precision, np.broadcast_to(values, before.shape)
        )
        return bool(close[known].mean() >= HOLDS)

    middle = float(precision.settle(np.array([np.median(before[known])]))[0])
    if says(np.array(middle)):
        return replace(rule, begins=middle)
    for key, (_, _, parent) in view.keys.items():
        for name in parent.numbers:
            base = Base((key,), name)
            if says(view.reach(base)[first]):
                return replace(rule, opening=base)
    return rule


def _rules(
    view: TableView,
    names: list[str],
    now: dict[str, Floats],
    step: dict[str, Floats],
    kinds: dict[str, Floats],
    backwards: bool,
    rng: np.random.Generator,
) -> Iterator[Running]:
    sample = rng.permutation(len(next(iter(now.values()))))[:SAMPLE]
    numbers = [name for name in names if name in view.numbers]  # dates only count on
    steps = {_STEP + name: step[name][sample] for name in numbers}
    found: list[tuple[str, tuple[str, ...], tuple[float, ...], float, str, tuple[float, ...]]]
    found = [(name, (), (), _constant(step[name]), "", ()) for name in names]
    filled = {name: np.nan_to_num(now[name]) for name in numbers}  # debit beside an empty credit
    for added in (now, filled) if any(np.isnan(now[name]).any() for name in numbers) else (now,):
        whole = {n: v for n, v in steps.items() if added is now or not np.isnan(v).any()}
        columns = {name: added[name][sample] for name in numbers} | whole
        for equation in null_space_equations(columns, rng, least=2):
            parts = dict(zip(equation.names, equation.coefficients, strict=True))
            own_steps = [name for name in parts if name.startswith(_STEP)]
            if len(own_steps) != 1 or own_steps[0].removeprefix(_STEP) in parts:
                continue
            own = parts.pop(own_steps[0])
            factors = tuple(-factor / own for factor in parts.values())
            column = own_steps[0].removeprefix(_STEP)
            found.append((column, tuple(parts), factors, equation.constant / own, "", ()))
    found += [
        (column, (addend,), (1.0,), 0.0, kind, signs)
        for column in numbers
        for addend in numbers
        for kind, levels in kinds.items()
        if column != addend and (signs := _said(step[column], now[addend], levels))
    ]
    for column, addends, factors, constant, kind, signs in found:
        if not addends and constant == 0:
            continue
        parts_added = [f * np.nan_to_num(now[n]) for f, n in zip(factors, addends, strict=True)]
        added_here = np.sum(parts_added, axis=0) + constant if addends else constant
        if kind:
            added_here = added_here * _signs(kinds[kind], signs)
        rest = step[column] - added_here
        known = ~np.isnan(rest)
        precision = view.precision(column)
        close = np.abs(rest[known]) <= _tolerance(precision, now[column][known])
        telling = np.count_nonzero(step[column][known] != 0)
        if min(np.count_nonzero(known), telling) >= LEAST_ROWS and close.mean() >= HOLDS:
            yield Running(
                column,
                addends,
                factors,
                constant,
                precision.step,
                backwards,
                float(close.mean()),
                int(np.count_nonzero(known)),
                column in view.dates,
                kind=kind,
                signs=signs,
            )


def _said(step: Floats, addend: Floats, levels: Floats) -> tuple[float, ...]:
    """Return the sign that each level of a column gives an addend; empty where it gives none."""
    known = ~np.isnan(step) & (np.nan_to_num(addend) != 0) & ~np.isnan(levels)
    if np.count_nonzero(known) < LEAST_ROWS or levels[known].max() >= _LEVELS:
        return ()
    ratio, codes = step[known] / addend[known], levels[known].astype(np.int64)
    middle = np.array([np.median(ratio[codes == code]) if (codes == code).any() else 0.0
                       for code in range(int(codes.max()) + 1)])  # fmt: skip
    signs = np.rint(middle)
    told = {float(signs[code]) for code in set(codes.tolist())}
    if (np.abs(middle - signs) > _WHOLE).any() or not {1.0, -1.0} <= told <= {1.0, 0.0, -1.0}:
        return ()
    return tuple(signs.tolist())


def _signs(levels: Floats, signs: tuple[float, ...]) -> Floats:
    """Return the sign of each row; 0 for a level that none is known of."""
    table = np.append(np.array(signs), 0.0)
    codes = np.where(np.isnan(levels), len(signs), levels).astype(np.int64)
    return table[np.minimum(codes, len(signs))]


def _tolerance(precision: Precision, values: Floats) -> Floats:
    if precision.step is not None:
        return np.full(len(values), precision.step / 4)
    return 1e-9 * np.maximum(np.abs(values), 1.0)


def _constant(step: Floats) -> float:
    known = step[~np.isnan(step)]
    return float(np.median(known)) if len(known) else 0.0


def _is_settled(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    return not len(known) or known.min() == known.max()
