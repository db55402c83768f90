"""SQL-like expressions over columns: read by sqlglot, evaluated on whole columns by DuckDB."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from relsynth.constraints.arrays import compare_as_lists
from relsynth.constraints.json_columns import translate_json
from relsynth.constraints.range_questions import translate_ranges
from relsynth.errors import ConstraintError
from relsynth.optional import require

Lookup = Callable[[str, str], pd.Series]
"""Gives a column by the table it is qualified with (empty for the row's own) and its name."""

_NOW: ContextVar[pd.Timestamp | None] = ContextVar("now", default=None)
_EXTRA = "fixtures"
DECIMALS = 6  # places of prices, rates and coordinates; more are binary numbers
LARGEST = 1e11  # with six places the 18 digits of a decimal hold no more
# what PostgreSQL and MySQL know and DuckDB does not, over values as they are kept in tables
_MACROS = """
btrim(x) AS trim(x)
relsynth_bit(x, n) AS CAST(CAST(x AS VARCHAR)[n + 1] AS INTEGER)
unixepoch(x) AS epoch(CAST(x AS TIMESTAMP))
initcap(x) AS array_to_string([concat(upper(w[1]), w[2:])
    for w in string_split(lower(x), ' ')], ' ')
family(x) AS CASE WHEN contains(x, ':') THEN 6 ELSE 4 END
masklen(x) AS COALESCE(TRY_CAST(split_part(x, '/', 2) AS INTEGER), 32)
relsynth_part(x, n) AS CAST(split_part(split_part(x, '/', 1), '.', n) AS BIGINT)
relsynth_ip(x) AS ((relsynth_part(x, 1) * 256 + relsynth_part(x, 2)) * 256
    + relsynth_part(x, 3)) * 256 + relsynth_part(x, 4)
network_within(x, y) AS masklen(x) >= masklen(y) AND relsynth_ip(x) >> (32 - masklen(y))
    = relsynth_ip(y) >> (32 - masklen(y))
isempty(x) AS x = 'empty'
lower_inc(x) AS x[1] = '['
upper_inc(x) AS x[-1] = ']'
jsonb_typeof(x) AS CASE json_type(CAST(x AS JSON)) WHEN 'VARCHAR' THEN 'string'
    WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'BOOLEAN' THEN 'boolean'
    WHEN 'NULL' THEN 'null' ELSE 'number' END
relsynth_typeof(x) AS CASE WHEN x IS NULL THEN 'null' WHEN typeof(x) LIKE '%INT%' THEN 'integer'
    WHEN typeof(x) = 'VARCHAR' THEN 'text' WHEN typeof(x) = 'BLOB' THEN 'blob' ELSE 'real' END
relsynth_elements(x) AS string_split(replace(CAST(x AS VARCHAR)[2:-2], '"', ''), ',')
relsynth_size(x) AS CASE WHEN CAST(x AS VARCHAR) IN ('{}', '[]') THEN 0
    ELSE len(string_split(CAST(x AS VARCHAR), ',')) END
relsynth_array_length(x, d) AS nullif(relsynth_size(x), 0)
relsynth_bytes(x) AS strlen(CAST(x AS VARCHAR))
scale(x) AS len(split_part(CAST(x AS VARCHAR), '.', 2))
"""
_RENAMED = {
    "octet_length": "relsynth_bytes",
    "getbit": "relsynth_bit",
    "get_bit": "relsynth_bit",
    "byte_length": "relsynth_bytes",
    "cardinality": "relsynth_size",
    "array_size": "relsynth_array_length",
    "array_length": "relsynth_array_length",
    "json_typeof": "jsonb_typeof",
    "typeof": "relsynth_typeof",  # of SQLite
    "jsonb_array_length": "json_array_length",
}
_CLOCKS = (
    "CurrentDate",
    "CurrentTimestamp",
    "CurrentDatetime",
    "CurrentTimestampLTZ",
    "Localtimestamp",
)


def now() -> pd.Timestamp:
    """Return the moment that stands for the present: the one set by `present`, or today."""
    return _NOW.get() or pd.Timestamp.now(tz="UTC").tz_localize(None).floor("D")


@contextmanager
def present(moment: pd.Timestamp | None) -> Iterator[None]:
    """Let this moment stand for the present, for CURRENT_DATE and now() too."""
    token = _NOW.set(moment)
    try:
        yield
    finally:
        _NOW.reset(token)


@cache
def parse_expression(text: str) -> Any:
    """Return the syntax tree of an expression.

    Raises
    ------
    ConstraintError
        With the place of a syntax error.
    """
    sqlglot = require("sqlglot", _EXTRA, "Evaluating conditions and derived columns")
    try:
        # in parentheses: at the start of a statement, LOCK or COMMENT is no column
        tree = sqlglot.parse_one(f"({text})", dialect="postgres", into=sqlglot.exp.Condition)
        return _plain_lists(sqlglot.exp, _without_lambdas(sqlglot.exp, tree)).this
    except sqlglot.errors.ParseError as error:
        fault = error.errors[0] if error.errors else {"description": str(error)}
        line, column = fault.get("line"), fault.get("col")
        if isinstance(column, int) and line == 1:
            column -= 1  # the parenthesis
        where = f" at line {line}, column {column}" if "line" in fault else ""
        raise ConstraintError(
            f"the expression {text!r} cannot be read{where}: {fault['description']}"
        ) from error
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise ConstraintError(f"the expression {text!r} cannot be read: {error}") from error


def _without_lambdas(exp: Any, tree: Any) -> Any:
    """Take ``j -> 'key'`` among the arguments of a function for what it is in PostgreSQL."""
    for node in list(tree.find_all(exp.Lambda)):
        if isinstance(node.this, exp.Literal) and len(node.expressions) == 1:
            path = exp.JSONPath(
                expressions=[exp.JSONPathRoot(), exp.JSONPathKey(this=node.this.name)]
            )
            named = exp.column(node.expressions[0].name)
            node.replace(exp.JSONExtract(this=named, expression=path))
    return tree


def _plain_lists(exp: Any, tree: Any) -> Any:
    """Take ``'{a,b}'::text[]`` for ``ARRAY['a', 'b']``."""
    for cast in list(tree.find_all(exp.Cast)):
        text = str(cast.this.this) if isinstance(cast.this, exp.Literal) else ""
        if cast.to.is_type("array") and re.fullmatch(r'\{[^"{}\\]*\}', text):
            parts = [part.strip() for part in text[1:-1].split(",") if part.strip()]
            worded = re.search("text|char", cast.to.sql(), re.I) is not None
            numeric = all(re.fullmatch(r"-?\d+(\.\d+)?", part) for part in parts)
            made = exp.Literal.number if numeric and not worded else exp.Literal.string
            cast.replace(exp.array(*(made(part) for part in parts)))
    return tree


def columns_of(text: str) -> list[tuple[str, str]]:
    """Return the ``(table, column)`` pairs an expression names, in order and once."""
    exp = require("sqlglot", _EXTRA, "Evaluating conditions").exp
    found = [(c.table, c.name) for c in parse_expression(text).find_all(exp.Column)]
    return list(dict.fromkeys(found))


def inlined(text: str, formulas: Mapping[str, str]) -> str:
    """Return an expression over the columns that computed ones are made of.

    Parameters
    ----------
    formulas : mapping of str to str
        Of columns that the row alone gives, by their names in lower case.

    Examples
    --------
    >>> inlined("area < 500", {"area": "width * height"})
    '(width * height) < 500'
    """
    exp = require("sqlglot", _EXTRA, "Evaluating conditions").exp
    tree = exp.paren(parse_expression(text).copy(), copy=False)
    for _ in formulas:  # one may be made of another
        named = [c for c in tree.find_all(exp.Column) if not c.table and c.name.lower() in formulas]
        if not named:
            break
        for column in named:
            formula = parse_expression(formulas[column.name.lower()]).copy()
            column.replace(exp.paren(formula, copy=False))
    return str(tree.this.sql(dialect="postgres"))


def evaluate(text: str, lookup: Lookup) -> Any:
    """Return the value of an expression for every row.

    Parameters
    ----------
    text : str
        In the SQL of PostgreSQL. Comparisons know a third value for missing ones. Days are
        subtracted as numbers of days.
    lookup : callable

    Returns
    -------
    Series or scalar

    Raises
    ------
    ConstraintError
        For what cannot be evaluated, such as a function of a user's own.

    Examples
    --------
    >>> frame = pd.DataFrame({"quantity": [2, 3], "price": [1.5, 2.0]})
    >>> evaluate("quantity * price", lambda table, name: frame[name]).tolist()
    [3.0, 6.0]
    """
    columns = [lookup(table, name).reset_index(drop=True) for table, name in columns_of(text)]
    return _Query(text, columns).result()


@dataclass(frozen=True)
class _Query:
    text: str
    columns: list[pd.Series]

    def result(self) -> Any:
        duckdb = require("duckdb", _EXTRA, "Evaluating conditions and derived columns")
        fault = ""
        # a day is a DATE first, as in PostgreSQL, then a moment; a price is a DECIMAL first, so
        # that sums are exact, then a binary number
        for exact, daily in ((True, True), (True, False), (False, True), (False, False)):
            try:
                return self._run(daily, exact)
            except (duckdb.Error, pa.ArrowException) as error:
                fault = fault or str(error).strip().splitlines()[0]
        raise ConstraintError(f"the expression {self.text!r} cannot be evaluated: {fault}")

    def _run(self, daily: bool, exact: bool) -> Any:
        connection = _connection()
        arrays = [_arrow(column, daily, exact) for column in self.columns]
        kinds = tuple(_kind(array.type) for array in arrays)
        sql = _translated(self.text, kinds).replace("\0now\0", str(now()))
        if not self.columns:
            return connection.execute(f"SELECT {sql}").fetchall()[0][0]
        rows = pa.array(np.arange(len(self.columns[0])))
        names = [f"c{number}" for number in range(len(arrays))]
        connection.register("rows", pa.table([*arrays, rows], names=[*names, "place"]))
        try:
            found = connection.execute(f"SELECT {sql} AS v, place FROM rows ORDER BY place")  # noqa: S608
            return _series(found.fetchnumpy()["v"])
        finally:
            connection.unregister("rows")


def _kind(kind: pa.DataType) -> str:
    """Return what is said of columns of a type otherwise than of others."""
    return "range" if pa.types.is_struct(kind) else "time" if pa.types.is_time(kind) else ""


@cache
def _translated(text: str, kinds: tuple[str, ...]) -> str:
    """Return an expression in DuckDB's SQL over the columns ``c0``, ``c1`` and so on."""
    from sqlglot import exp

    numbers = {place: number for number, place in enumerate(columns_of(text))}
    of_kind = {k: {p for p, n in numbers.items() if kinds[n] == k} for k in ("range", "time")}

    tree = exp.paren(parse_expression(text).copy(), copy=False)
    _as_duckdb_says(exp, tree)
    translate_json(exp, tree)
    if of_kind["range"]:
        translate_ranges(exp, tree, of_kind["range"])
    for node in list(tree.find_all(exp.Sub)) if of_kind["time"] else []:
        for side in (node.this, node.expression):  # DuckDB subtracts moments alone
            if isinstance(side, exp.Column) and (side.table, side.name) in of_kind["time"]:
                day = exp.cast(exp.Literal.string("2000-01-01"), "DATE")
                side.replace(exp.paren(exp.Add(this=day, expression=side.copy()), copy=False))
    compare_as_lists(exp, tree)
    for column in list(tree.find_all(exp.Column)):
        column.replace(exp.column(f"c{numbers[(column.table, column.name)]}"))
    for node in reversed(list(tree.find_all(exp.Func))):
        if type(node).__name__ in _CLOCKS:
            moment = exp.cast(exp.Literal.string("\0now\0"), "TIMESTAMP")
            daily = type(node).__name__ == "CurrentDate"
            node.replace(exp.cast(moment, "DATE") if daily else moment)
        else:
            node.replace(_function(exp, node))
    return str(tree.sql(dialect="duckdb"))


def _as_duckdb_says(exp: Any, tree: Any) -> None:
    """Write what DuckDB says otherwise than PostgreSQL and SQLite."""
    for cast in reversed(list(tree.find_all(exp.Cast))):
        if cast.to.this == exp.DataType.Type.USERDEFINED:  # a value is kept as what it is
            cast.replace(cast.this)
    for similar in list(tree.find_all(exp.SimilarTo)):  # in DuckDB % and _ are plain signs
        if isinstance(similar.expression, exp.Literal):
            form = similar_form(str(similar.expression.this), {"%": ".*", "_": "."})
            arguments = [similar.this, exp.Literal.string(form)]
            similar.replace(exp.Anonymous(this="regexp_full_match", expressions=arguments))
    for same in list(tree.find_all(exp.Is)):  # c IS '' of SQLite
        if isinstance(same.expression, exp.Literal):
            same.replace(exp.NullSafeEQ(this=same.this, expression=same.expression))


def similar_form(pattern: str, meant: Mapping[str, str]) -> str:
    """Return the regular expression of a pattern of SIMILAR TO or GLOB.

    Parameters
    ----------
    meant : mapping of str to str
        What signs outside of sets stand for; a point is a plain sign.

    Examples
    --------
    >>> similar_form("[A-Z]_%", {"%": ".*", "_": "."})
    '[A-Z]..*'
    """
    parts = re.split(r"(\[[^\]]+\])", pattern)
    signs = {".": r"\.", **meant}
    parts[::2] = ["".join(signs.get(sign, sign) for sign in part) for part in parts[::2]]
    return "".join(parts)


def _function(exp: Any, node: Any) -> Any:
    name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
    arguments = (
        node.expressions
        if isinstance(node, exp.Anonymous)
        else [a for a in (node.this, node.args.get("expression")) if a is not None]
    )
    if name in ("num_nonnulls", "num_nulls"):
        counted = "IS NOT NULL" if name == "num_nonnulls" else "IS NULL"
        parts = [f"CAST(({a.sql(dialect='duckdb')}) {counted} AS INT)" for a in arguments]
        return exp.paren(exp.maybe_parse(" + ".join(parts), dialect="duckdb"), copy=False)
    if name in ("clock_timestamp", "statement_timestamp", "transaction_timestamp", "getdate"):
        return exp.cast(exp.Literal.string("\0now\0"), "TIMESTAMP")
    if name in _RENAMED:
        if _RENAMED[name] == "relsynth_array_length" and len(arguments) == 1:
            arguments = [*arguments, exp.Literal.number(1)]
        return exp.Anonymous(this=_RENAMED[name], expressions=[a.copy() for a in arguments])
    return node


_LOCAL = threading.local()


def _connection() -> Any:
    """Return this thread's database in memory, which reads no file and no network."""
    found = getattr(_LOCAL, "connection", None)
    if found is None:
        duckdb = require("duckdb", _EXTRA, "Evaluating conditions")
        found = duckdb.connect(
            ":memory:",
            config={
                "threads": 1,
                "enable_external_access": False,
                "autoload_known_extensions": False,
                "autoinstall_known_extensions": False,
            },
        )
        for macro in re.split(r"\n(?=\w)", _MACROS.strip()):
            found.execute(f"CREATE MACRO {macro}")
        found.execute("SET lock_configuration = true")
        _LOCAL.connection = found
    return found


def _decimal(values: pa.Array) -> pa.Array:
    """Return binary numbers of few decimals as decimal ones."""
    known = values.drop_null().to_numpy(zero_copy_only=False)
    if not np.isfinite(known).all() or (len(known) and np.abs(known).max() >= LARGEST):
        return values
    for places in range(DECIMALS + 1):
        if (np.round(known, places) == known).all():
            return values.cast(pa.decimal128(18, places), safe=False)
    return values


def _arrow(values: pd.Series, daily: bool, exact: bool) -> pa.Array:
    """Return a column for DuckDB: moments without a zone, days as days, numbers as numbers."""
    dtype = values.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    if values.dtype.kind == "M":
        values = values.astype("datetime64[us]")
        days = values.dt.floor("D")
        if daily and bool((days == values).where(values.notna(), True).all()):
            return pa.array(values, from_pandas=True).cast(pa.timestamp("us")).cast(pa.date32())
        return pa.array(values, from_pandas=True)
    if values.dtype.kind == "m":
        return pa.array(values.astype("timedelta64[us]"), from_pandas=True)
    if values.dtype == object:
        kind = pd.api.types.infer_dtype(values, skipna=True)
        if kind in ("decimal", "integer", "floating", "mixed-integer-float"):
            numbers = pa.array(pd.to_numeric(values).astype(float), from_pandas=True)
            return _decimal(numbers) if exact else numbers
        if kind == "boolean":
            return pa.array(values.astype("boolean"), from_pandas=True)
        if kind == "time" or any(isinstance(value, dict) for value in values):
            return pa.array(values, from_pandas=True)
        if kind in ("date", "datetime", "datetime64"):
            return _arrow(pd.to_datetime(values), daily, exact)
        if kind == "empty":
            return pa.nulls(len(values), pa.string())
        values = values.map(str, na_action="ignore")
    array = pa.array(values, from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return _decimal(array) if exact and pa.types.is_floating(array.type) else array


def _series(values: Any) -> pd.Series:
    missing = np.ma.getmaskarray(values)
    plain = np.ma.getdata(values)
    if plain.dtype.kind == "b":
        return pd.Series(pd.array(plain, dtype="boolean")).mask(missing)
    if plain.dtype.kind in "iu":
        found = pd.Series(plain)
        return found.astype("Int64").mask(missing) if missing.any() else found
    if plain.dtype.kind == "O":
        return pd.Series(plain, dtype=object).where(~missing, None)
    return pd.Series(plain).mask(missing) if missing.any() else pd.Series(plain)
