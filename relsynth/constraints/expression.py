"""SQL-like expressions over columns: parsed by sqlglot, evaluated on whole columns."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from relsynth.errors import ConstraintError
from relsynth.optional import require

TODAY = pd.Timestamp("2025-01-01")
Lookup = Callable[[str, str], pd.Series]
"""Gives a column by the table it is qualified with (empty for the row's own) and its name."""


@cache
def parse_expression(text: str) -> Any:
    """Return the syntax tree of an expression.

    Raises
    ------
    ConstraintError
        With the place of a syntax error.
    """
    sqlglot = require("sqlglot", "fixtures", "Evaluating conditions and derived columns")
    try:
        return sqlglot.parse_one(text, dialect="postgres")
    except sqlglot.errors.ParseError as error:
        told = error.errors[0] if error.errors else {"description": str(error)}
        where = f" at line {told['line']}, column {told['col']}" if "line" in told else ""
        raise ConstraintError(
            f"the expression {text!r} cannot be read{where}: {told['description']}"
        ) from error


def columns_of(text: str) -> list[tuple[str, str]]:
    """Return the ``(table, column)`` pairs an expression names, in order and once."""
    exp = require("sqlglot", "fixtures", "Evaluating conditions").exp
    found = [(c.table, c.name) for c in parse_expression(text).find_all(exp.Column)]
    return list(dict.fromkeys(found))


def evaluate(text: str, lookup: Lookup) -> Any:
    """Return the value of an expression for every row.

    Parameters
    ----------
    text : str
        Arithmetic, comparisons, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL, CASE, and the
        functions ABS, ROUND, FLOOR, CEIL, LENGTH, LOWER, UPPER, TRIM, COALESCE, GREATEST,
        LEAST, EXTRACT, CAST. Comparisons know a third value for missing ones.
    lookup : callable

    Returns
    -------
    Series or scalar

    Raises
    ------
    ConstraintError
        For what is not understood.

    Examples
    --------
    >>> frame = pd.DataFrame({"quantity": [2, 3], "price": [1.5, 2.0]})
    >>> evaluate("quantity * price", lambda table, name: frame[name]).tolist()
    [3.0, 6.0]
    """
    return _Evaluator(text, lookup).value(parse_expression(text))


class _Evaluator:
    def __init__(self, text: str, lookup: Lookup) -> None:
        self.text, self.lookup = text, lookup

    def value(self, node: Any) -> Any:
        kind = type(node).__name__
        if kind in _BINARY:
            return _BINARY[kind](self.value(node.this), self.value(node.expression))
        method = getattr(self, f"_{kind.lower()}", None)
        if method is None:
            raise ConstraintError(
                f"the expression {self.text!r} uses {node.sql()!r}, which cannot be evaluated"
            )
        return method(node)

    def _column(self, node: Any) -> Any:
        return self.lookup(node.table, node.name)

    def _literal(self, node: Any) -> Any:
        return (
            node.this
            if node.is_string
            else float(node.this)
            if "." in node.this
            else int(node.this)
        )

    def _boolean(self, node: Any) -> bool:
        return bool(node.this)

    def _null(self, _: Any) -> Any:
        return pd.NA

    def _paren(self, node: Any) -> Any:
        return self.value(node.this)

    def _neg(self, node: Any) -> Any:
        return -self.value(node.this)

    def _not(self, node: Any) -> Any:
        return ~_truth(self.value(node.this))

    def _is(self, node: Any) -> Any:
        left = self.value(node.this)
        if type(node.expression).__name__ == "Null":
            return left.isna().astype("boolean")
        return (_truth(left) == bool(node.expression.this)).fillna(False)

    def _in(self, node: Any) -> Any:
        left = self.value(node.this)
        found = [_compare(operator.eq, left, self.value(item)) for item in node.expressions]
        return _any(found)

    def _any(self, node: Any) -> Any:
        """Compare with one of a PostgreSQL array, as in ``= ANY (ARRAY[...])``."""
        return self.value(node.this)

    def _between(self, node: Any) -> Any:
        left = self.value(node.this)
        low, high = self.value(node.args["low"]), self.value(node.args["high"])
        return _compare(operator.ge, left, low) & _compare(operator.le, left, high)

    def _like(self, node: Any) -> Any:
        return self._matches(node, like_pattern(self.value(node.expression)), ignore_case=False)

    def _ilike(self, node: Any) -> Any:
        return self._matches(node, like_pattern(self.value(node.expression)), ignore_case=True)

    def _regexplike(self, node: Any) -> Any:
        return self._matches(node, f".*(?:{self.value(node.expression)}).*", ignore_case=False)

    def _matches(self, node: Any, pattern: str, *, ignore_case: bool) -> Any:
        left = self.value(node.this).astype("string")
        return left.str.fullmatch(pattern, case=not ignore_case, flags=16).astype("boolean")

    def _abs(self, node: Any) -> Any:
        return self.value(node.this).abs()

    def _round(self, node: Any) -> Any:
        places = node.args.get("decimals")
        return self.value(node.this).round(0 if places is None else int(self.value(places)))

    def _floor(self, node: Any) -> Any:
        return np.floor(self.value(node.this))

    def _ceil(self, node: Any) -> Any:
        return np.ceil(self.value(node.this))

    def _length(self, node: Any) -> Any:
        return self.value(node.this).astype("string").str.len()

    def _lower(self, node: Any) -> Any:
        return self.value(node.this).astype("string").str.lower()

    def _upper(self, node: Any) -> Any:
        return self.value(node.this).astype("string").str.upper()

    def _trim(self, node: Any) -> Any:
        return self.value(node.this).astype("string").str.strip()

    def _coalesce(self, node: Any) -> Any:
        out = self.value(node.this)
        for other in node.expressions:
            value = self.value(other)
            out = out.where(out.notna(), value)
        return out

    def _greatest(self, node: Any) -> Any:
        return self._extreme(node, operator.gt)

    def _least(self, node: Any) -> Any:
        return self._extreme(node, operator.lt)

    def _extreme(self, node: Any, better: Callable[[Any, Any], Any]) -> Any:
        out = self.value(node.this)
        for other in node.expressions:
            value = self.value(other)
            keep = ~_compare(better, value, out).fillna(False)
            out = out.where(keep.to_numpy(dtype=bool), value)
        return out

    def _case(self, node: Any) -> Any:
        default = node.args.get("default")
        out: Any = pd.NA if default is None else self.value(default)
        for branch in node.args["ifs"][::-1]:
            holds = _truth(self.value(branch.this)).fillna(False)
            chosen = self.value(branch.args["true"])
            if not isinstance(chosen, pd.Series):
                chosen = pd.Series([chosen] * len(holds))
            out = chosen.where(holds.to_numpy(dtype=bool), out)
        return out

    def _cast(self, node: Any) -> Any:
        value, target = self.value(node.this), node.to.sql().upper()
        if isinstance(value, pd.Series) and any(w in target for w in ("CHAR", "TEXT")):
            return value.astype("string")
        if any(word in target for word in ("DATE", "TIMESTAMP")):
            moment = pd.to_datetime(value)
            floored = moment.dt.floor("D") if isinstance(moment, pd.Series) else moment.floor("D")
            return floored if target == "DATE" else moment
        if isinstance(value, pd.Series) and "INT" in target:
            return np.floor(value).astype("Int64")
        return value

    def _extract(self, node: Any) -> Any:
        return getattr(self.value(node.expression).dt, node.name.lower())

    def _interval(self, node: Any) -> Any:
        unit = str(node.args.get("unit") or "").lower().rstrip("s")
        number, *rest = str(node.this.this).split()
        unit = (rest[0].lower().rstrip("s") if rest else unit) or "day"
        if unit in ("year", "month"):
            return pd.DateOffset(**{f"{unit}s": int(number)})
        return pd.Timedelta(f"{number} {unit}")

    def _currentdate(self, _: Any) -> Any:
        return TODAY

    _currenttimestamp = _currentdate


def like_pattern(pattern: str) -> str:
    """Return the regular expression of an SQL LIKE pattern.

    Examples
    --------
    >>> like_pattern("A_%")
    'A..*'
    """
    import re

    return "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern)


def _truth(value: Any) -> Any:
    return value.astype("boolean") if isinstance(value, pd.Series) else value


def _compare(how: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    left, right = _alike(left, right)
    result = how(left, right)
    if not isinstance(result, pd.Series):
        return bool(result)
    missing = np.zeros(len(result), dtype=bool)
    for side in (left, right):
        if isinstance(side, pd.Series):
            missing |= side.isna().to_numpy()
        elif side is pd.NA:
            missing[:] = True
    return result.astype("boolean").mask(missing)


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Read text as a date where the other side is one."""

    def moment(side: Any) -> bool:
        dtype = getattr(side, "dtype", None)
        return isinstance(side, pd.Timestamp) or getattr(dtype, "kind", "") == "M"

    if moment(left) and not moment(right):
        return left, _moment_beside(left, right)
    if moment(right) and not moment(left):
        return _moment_beside(right, left), right
    return left, right


def _moment_beside(dates: Any, told: Any) -> Any:
    """Read text as a date with a time zone where the dates it is compared with have one."""
    read = pd.to_datetime(told, utc=True)
    zone = getattr(dates, "tz", None) if isinstance(dates, pd.Timestamp) else dates.dt.tz
    if zone is not None:
        return read
    return read.dt.tz_convert(None) if isinstance(read, pd.Series) else read.tz_convert(None)


def _any(found: list[Any]) -> Any:
    out = found[0]
    for one in found[1:]:
        out = out | one
    return out


def _arithmetic(how: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        return how(*(_plain(side) for side in (left, right)))

    return apply


def _plain(side: Any) -> Any:
    if isinstance(side, pd.Series) and side.dtype == object:
        inferred = pd.api.types.infer_dtype(side, skipna=True)
        return pd.to_numeric(side) if inferred in ("decimal", "integer", "floating") else side
    return side


def _joined(left: Any, right: Any) -> Any:
    sides = [s.astype("string") if isinstance(s, pd.Series) else str(s) for s in (left, right)]
    return sides[0] + sides[1]


def _subtract(left: Any, right: Any) -> Any:
    gap = left - right
    if getattr(getattr(gap, "dtype", None), "kind", "") == "m":
        return gap / pd.Timedelta(1, "D")
    return gap


_BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "And": lambda a, b: _truth(a) & _truth(b),
    "Or": lambda a, b: _truth(a) | _truth(b),
    "EQ": lambda a, b: _compare(operator.eq, a, b),
    "NEQ": lambda a, b: _compare(operator.ne, a, b),
    "GT": lambda a, b: _compare(operator.gt, a, b),
    "GTE": lambda a, b: _compare(operator.ge, a, b),
    "LT": lambda a, b: _compare(operator.lt, a, b),
    "LTE": lambda a, b: _compare(operator.le, a, b),
    "Add": _arithmetic(operator.add),
    "Sub": _arithmetic(_subtract),
    "Mul": _arithmetic(operator.mul),
    "Div": _arithmetic(operator.truediv),
    "Mod": _arithmetic(operator.mod),
    "DPipe": _joined,
}
