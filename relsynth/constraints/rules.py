"""Structured constraints: what holds, and the smallest change that makes it hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relsynth.constraints.expression import columns_of, evaluate, parse_expression
from relsynth.constraints.narrowing import conjuncts, inequalities
from relsynth.constraints.overlaps import NoOverlap
from relsynth.constraints.positions import tuple_codes
from relsynth.constraints.rows import Rows, matches
from relsynth.constraints.rule import Rule, as_series, repeats, unit_of
from relsynth.errors import SchemaError, did_you_mean
from relsynth.schema import Column, Table
from relsynth.schema.date_text import utc_moment
from relsynth.typing import Flags

FACTS = ("sequence", "high_cardinality", "address", "gps")
"""Kinds of constraints that describe and do not restrict."""


@dataclass(frozen=True, slots=True)
class Inequality(Rule):
    """One column is at most another: ``start <= end``, or less where strict."""

    low: str
    high: str
    strict: bool = False

    def columns(self) -> list[str]:
        """Return the two columns."""
        return [self.low, self.high]

    def broken(self, rows: Rows) -> Flags:
        """Return the rows in which the greater comes first."""
        low, high = rows.values("", self.low), rows.values("", self.high)
        wrong = low >= high if self.strict else low > high
        return wrong.fillna(False).to_numpy(dtype=bool)

    def mend(self, rows: Rows, wrong: Flags, rng: np.random.Generator) -> None:
        """Swap the two values, each within its bounds; shift the free one where one must stay."""
        low, high = rows.values("", self.low), rows.values("", self.high)
        first, second = rows.column(self.low), rows.column(self.high)
        held = rows.fixed | rows.referring  # keys may be chosen again, never moved
        if low.dtype == object or pd.api.types.is_string_dtype(low.dtype):
            if not {self.low, self.high} & held:  # texts have no distance: they change places
                rows.write(self.low, low.where(~wrong, high))
                rows.write(self.high, high.where(~wrong, low))
            return
        step = unit_of(second)
        gap = (low - high).abs() + (step if self.strict else step * 0)
        same = (low == high).fillna(False).to_numpy(dtype=bool)
        if not {self.low, self.high} & held:
            rows.write(self.low, low.where(~wrong, _bounded(high, first)))
            raised = low.where(~same, low + step) if self.strict else low
            rows.write(self.high, high.where(~wrong, _bounded(raised, second)))
        elif self.high not in held:
            rows.write(self.high, high.where(~wrong, _bounded(low + gap, second)))
        elif self.low not in held:
            rows.write(self.low, low.where(~wrong, _bounded(high - gap, first)))


def _bounded(values: pd.Series, column: Column) -> pd.Series:
    """Return values no farther than the declared bounds of a column."""
    if values.dtype.kind == "M":
        low, high = (
            None if bound is None else utc_moment(bound, column.format)
            for bound in (column.low, column.high)
        )
        return values.clip(low, high)
    numeric = pd.api.types.is_numeric_dtype(values.dtype)
    return values.clip(column.low, column.high) if numeric else values


@dataclass(frozen=True, slots=True)
class AfterParent(Rule):
    """A value is at least that of the parent row: a visit after the registration."""

    column: str
    parent: str
    parent_column: str
    strict: bool = False
    within: float | None = None

    def columns(self) -> list[str]:
        """Return the column."""
        return [self.column]

    def _wrong(self, own: pd.Series, base: pd.Series) -> pd.Series:
        wrong = own <= base if self.strict else own < base
        if self.within is not None:
            unit = pd.Timedelta(1, "D") if own.dtype.kind == "M" else 1
            wrong |= own > base + self.within * unit
        return wrong

    def broken(self, rows: Rows) -> Flags:
        """Return the rows that lie before their parent."""
        own = rows.values("", self.column)
        base = rows.values(self.parent, self.parent_column)
        return self._wrong(own, base).fillna(False).to_numpy(dtype=bool)

    def mend(self, rows: Rows, wrong: Flags, rng: np.random.Generator) -> None:
        """Place the value behind the parent's, as far as it lay before, within the bounds."""
        own = rows.values("", self.column)
        base = rows.values(self.parent, self.parent_column)
        column = rows.column(self.column)
        step = unit_of(column)
        if own.dtype.kind == "M":
            base = base.astype(own.dtype)
            base = base.dt.ceil("D") if step == pd.Timedelta(1, "D") else base
        first = base + (step if self.strict else step * 0)
        last = first + ((first - own).abs() if self.within is None else step * 0)
        if self.within is not None:
            days = self.within * (pd.Timedelta(1, "D") if own.dtype.kind == "M" else 1)
            last = base + days
        if column.high is not None:
            limit: Any = column.high
            if own.dtype.kind == "M":
                limit = utc_moment(limit, column.format)
            last = last.where(last <= limit, limit)
            last = last.where(last >= first, first)
        steps = np.floor(((last - first) / step).fillna(0).to_numpy(dtype=float))
        drawn = np.floor(rng.random(len(steps)) * (steps + 1))
        moved = first + (pd.Series(drawn) * step if own.dtype.kind != "M" else _times(drawn, step))
        rows.write(self.column, own.where(~wrong, moved.astype(own.dtype)))


@dataclass(frozen=True, slots=True)
class FixedCombinations(Rule):
    """Several columns together take one of the listed combinations."""

    names: tuple[str, ...]
    allowed: tuple[tuple[Any, ...], ...]

    def columns(self) -> list[str]:
        """Return the columns."""
        return list(self.names)

    def broken(self, rows: Rows) -> Flags:
        """Return the rows with another combination."""
        present = pd.MultiIndex.from_frame(rows.frame[list(self.names)].astype(object))
        return ~present.isin(pd.MultiIndex.from_tuples(list(self.allowed)))

    def mend(self, rows: Rows, wrong: Flags, rng: np.random.Generator) -> None:
        """Draw a listed combination, one that agrees in the columns that must not change."""
        chosen = rng.integers(len(self.allowed), size=len(wrong))
        for place, name in enumerate(self.names):
            listed = pd.Series([combination[place] for combination in self.allowed])
            if name not in rows.fixed:
                old = rows.frame[name].reset_index(drop=True)
                new = listed.take(chosen).reset_index(drop=True)
                rows.write(name, old.where(~wrong, new))


@dataclass(frozen=True, slots=True)
class ConditionalNull(Rule):
    """A column is missing where other columns hold certain values, or present only there."""

    column: str
    when: Mapping[str, Any]
    missing: bool

    def columns(self) -> list[str]:
        """Return the column."""
        return [self.column]

    def broken(self, rows: Rows) -> Flags:
        """Return the rows in which a value is missing or present against the rule."""
        concerned = matches(rows.frame, self.when)
        return concerned & (rows.frame[self.column].notna().to_numpy() == self.missing)

    def mend(self, rows: Rows, wrong: Flags, rng: np.random.Generator) -> None:
        """Remove the value; or take one from a row that has it."""
        values = rows.frame[self.column].reset_index(drop=True)
        if self.missing:
            rows.write(self.column, _nulled(values, wrong))
            return
        known = np.flatnonzero(values.notna())
        if len(known):
            source = np.arange(len(values))
            source[wrong] = rng.choice(known, size=int(wrong.sum()))
            rows.write(self.column, values.take(source).reset_index(drop=True))


@dataclass(frozen=True, slots=True)
class Check(Rule):
    """An SQL condition; as in SQL it fails where it is false, not where it is unknown."""

    text: str

    def columns(self) -> list[str]:
        """Return the columns the condition names."""
        return [name for table, name in columns_of(self.text) if not table]

    def broken(self, rows: Rows) -> Flags:
        """Return the rows in which the condition is false."""
        holds = evaluate(self.text, rows.meant)
        if not isinstance(holds, pd.Series):
            return np.full(len(rows.frame), holds is False)
        return (~holds.astype("boolean")).fillna(False).to_numpy(dtype=bool)


@dataclass(frozen=True, slots=True)
class UniqueIndex(Rule):
    """Expressions that differ between the rows that meet a condition.

    Attributes
    ----------
    where : str
        All rows where empty.
    nulls_equal : bool
        Whether missing values count as equal.
    """

    of: tuple[str, ...]
    where: str = ""
    nulls_equal: bool = False

    def columns(self) -> list[str]:
        """Return the columns the index names."""
        texts = [*self.of, *([self.where] if self.where else [])]
        found = [name for text in texts for table, name in columns_of(text) if not table]
        return list(dict.fromkeys(found))

    def parts(self, lookup: Any, rows: int) -> list[pd.Series]:
        """Return the values that differ; missing in rows that the index leaves out."""
        values = [as_series(evaluate(text, lookup), rows) for text in self.of]
        if self.nulls_equal:
            values = [v.astype(object).where(v.notna(), "\0missing") for v in values]
        if self.where:
            holds = as_series(evaluate(self.where, lookup), rows).astype("boolean")
            inside = holds.fillna(False).to_numpy(dtype=bool)
            values[0] = values[0].astype(object).where(inside, None)
        return values

    def broken(self, rows: Rows) -> Flags:
        """Return the rows that repeat an earlier one."""
        (codes,), _ = tuple_codes(self.parts(rows.meant, len(rows.frame)))
        return repeats(codes)


def rules_of(table: Table) -> list[Rule]:
    """Return the rules of a table: structured constraints, then checks.

    Raises
    ------
    SchemaError
        For an unknown type and for missing or unknown parameters.
    """
    rules: list[Rule] = []
    for given in table.constraints:
        rules += _structured(table, dict(given))
    for text in table.checks:
        known = {low for pair in inequalities(text) for low in pair[:2]} <= set(table.columns)
        rules += [Inequality(*said) for said in inequalities(text) if known]
        rules += [Check(part) for part in parts_of(text)]
    return rules


def parts_of(text: str) -> list[str]:
    """Return the conditions that must all hold for a check to hold.

    Examples
    --------
    >>> parts_of("a > 0 AND (b > 0 OR a = 1)")
    ['a > 0', 'b > 0 OR a = 1']
    """
    return [part.sql(dialect="postgres") for part in conjuncts(parse_expression(text))]


_PARAMETERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "inequality": (("low", "high"), ("strict",)),
    "range": (("low", "column", "high"), ("strict",)),
    "fixed_combinations": (("columns", "values"), ()),
    "after_parent": (("column", "parent", "parent_column"), ("strict", "within")),
    "null_when": (("column", "when"), ()),
    "required_when": (("column", "when"), ()),
    "sum": (("column", "of"), ()),
    "share": (("column", "of"), ("full",)),
    "unique_within": (("columns", "parent"), ()),
    "unique_index": (("of",), ("where", "nulls")),
    "no_overlap": (("low", "high"), ("equal", "where", "closed")),
}


def _structured(table: Table, given: dict[str, Any]) -> list[Rule]:
    kind = given.pop("type")
    if kind in FACTS:
        return []
    check_parameters(table, kind, given)
    if kind == "inequality":
        return [Inequality(given["low"], given["high"], bool(given.get("strict")))]
    if kind == "range":
        strict = bool(given.get("strict"))
        return [
            Inequality(given["low"], given["column"], strict),
            Inequality(given["column"], given["high"], strict),
        ]
    if kind == "fixed_combinations":
        allowed = tuple(tuple(combination) for combination in given["values"])
        return [FixedCombinations(tuple(given["columns"]), allowed)]
    if kind == "after_parent":
        return [AfterParent(**given)]
    if kind in ("null_when", "required_when"):
        return [ConditionalNull(given["column"], given["when"], kind == "null_when")]
    if kind == "no_overlap":
        equal, where = tuple(given.get("equal", ())), given.get("where", "")
        return [NoOverlap(given["low"], given["high"], equal, where, bool(given.get("closed")))]
    if kind == "unique_index":
        return [
            UniqueIndex(tuple(given["of"]), given.get("where", ""), given.get("nulls") == "equal")
        ]
    return []


def check_parameters(table: Table, kind: str, given: Mapping[str, Any]) -> None:
    """Raise `SchemaError` where a structured constraint is not one of the known ones."""
    where = f"table {table.name!r}"
    if kind not in _PARAMETERS:
        raise SchemaError(
            f"{where}: unknown constraint {kind!r}; {did_you_mean(kind, _PARAMETERS)}"
        )
    needed, optional = _PARAMETERS[kind]
    lacking = [name for name in needed if name not in given]
    unknown = [name for name in given if name not in (*needed, *optional)]
    if lacking or unknown:
        raise SchemaError(
            f"{where}: the constraint {kind!r} takes {', '.join((*needed, *optional))}"
            + (f"; missing {', '.join(lacking)}" if lacking else "")
            + (f"; unknown {', '.join(unknown)}" if unknown else "")
        )
    named = [given[word] for word in ("low", "high", "column") if word in given]
    named += list(given.get("columns", ())) + list(given.get("when", ()))
    for name in named:
        if name not in table.columns:
            raise SchemaError(
                f"{where}: the constraint {kind!r} names the column {name!r}, which does not "
                f"exist; {did_you_mean(name, table.columns)}"
            )


def _times(steps: Any, step: pd.Timedelta) -> pd.Series:
    seconds = np.asarray(steps) * step.total_seconds()
    return pd.Series(pd.to_timedelta(seconds, unit="s"))


def _nulled(values: pd.Series, absent: Flags) -> pd.Series:
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean").mask(absent)
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":
        return values.astype("Int64").mask(absent)
    return values.mask(absent)
