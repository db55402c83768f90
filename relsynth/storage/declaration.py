"""Declare tables to a database: types from the data, keys from the schema."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any

import pandas as pd

from relsynth.errors import DataError
from relsynth.optional import require
from relsynth.schema.native import parse_native

if TYPE_CHECKING:
    from relsynth.schema import Column, Schema
    from relsynth.typing import Tables

_WIDEST = 2**63 - 1  # of BIGINT
_DIGITS = 20  # of the largest unsigned number of 64 bits
_DAY = "%Y-%m-%d"
_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")


def declare_tables(tables: Tables, metadata: Schema | None, dialect: str) -> Any:
    """Return an SQLAlchemy `MetaData` with the tables, without references.

    Parameters
    ----------
    metadata : Schema, optional
        Brings primary keys, unique sets and which text is a date.
    dialect : str
        Name of the database; SQLite has no type for durations and numbers above 2^63, which
        are text there.
    """
    sa = require("sqlalchemy", "db", "Writing a database")
    schema = sa.MetaData()
    targets = _targets(tables, metadata)
    for name, table in tables.items():
        known = metadata.tables.get(name) if metadata else None
        primary = known.primary_key if known else ()
        columns = []
        for column in table.columns:
            said = known.columns.get(column) if known else None
            columns.append(
                sa.Column(
                    column,
                    _type(sa, targets.get((name, column), table[column]), said, dialect),
                    primary_key=column in primary,
                    autoincrement=False,
                    nullable=column not in primary and (said is None or said.nullable is not False),
                )
            )
        unique = [sa.UniqueConstraint(*names) for names in (known.unique if known else ())]
        sa.Table(name, schema, *columns, *unique)
    return schema


def declare_references(schema: Any, metadata: Schema | None) -> list[Any]:
    """Add the foreign keys to declared tables and return them.

    Polymorphic keys, and those to a table that is not written, have no form in SQL.
    """
    sa = require("sqlalchemy", "db", "Writing a database")
    added = []
    for key in metadata.foreign_keys if metadata else ():
        if key.when is None and key.child in schema.tables and key.parent in schema.tables:
            parent = schema.tables[key.parent]
            constraint = sa.ForeignKeyConstraint(
                key.columns,
                [parent.columns[name] for name in key.parent_columns],
                name=key.name if key.name != key.default_name else None,
            )
            schema.tables[key.child].append_constraint(constraint)
            added.append(constraint)
    return added


def values_of(column: pd.Series, kind: Any) -> list[Any]:
    """Return the values of a column as Python objects a database takes; missing is None."""
    sa = require("sqlalchemy", "db", "Writing a database")
    missing = column.isna().to_numpy()
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if isinstance(kind, (sa.Date, sa.DateTime)) and not _is_native(column):
        column = pd.to_datetime(column.astype(object), format="ISO8601")
    if isinstance(kind, sa.Integer) and column.dtype.kind == "f":
        values = column.astype("Int64")
    elif isinstance(kind, sa.Date):
        values = column.dt.date
    elif isinstance(kind, (sa.DateTime, sa.Interval)):
        values = column.astype(object).map(_python_time, na_action="ignore")
    elif isinstance(kind, sa.Time):
        values = column.astype(object).map(_time_of_day, na_action="ignore")
    elif column.dtype == object and isinstance(kind, (sa.Integer, sa.Boolean, sa.Double)):
        plain = {sa.Integer: int, sa.Boolean: bool, sa.Double: float}  # not numpy's own
        make = next(make for of, make in plain.items() if isinstance(kind, of))
        # no map, which makes floats of whole numbers where some are missing
        made = [None if gone else make(v) for v, gone in zip(column, missing, strict=True)]
        values = pd.Series(made, dtype=object)
    elif isinstance(kind, sa.LargeBinary):
        values = column.astype(object).map(_bytes, na_action="ignore")
    elif isinstance(kind, sa.Text):
        values = column.astype(object).map(str, na_action="ignore")
    else:
        values = column
    if isinstance(kind, sa.Integer):
        _refuse_wide(column, missing)
    listed = values.astype(object).to_numpy(copy=True)
    listed[missing] = None
    return list(listed)


def _moments(column: pd.Series, *, timezone: bool = False) -> Any:
    """Return the type of moments; SQLite, which keeps texts, gets no fractions where none are."""
    sa = require("sqlalchemy", "db", "Writing a database")
    from sqlalchemy.dialects import sqlite

    known = column.dropna()
    whole = bool((known == known.dt.floor("s")).all())
    kept = sqlite.DATETIME(truncate_microseconds=whole)  # type: ignore[no-untyped-call]
    return sa.DateTime(timezone=timezone).with_variant(kept, "sqlite")


def _time_of_day(value: Any) -> Any:
    return time.fromisoformat(value) if isinstance(value, str) else value


def _bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _refuse_wide(column: pd.Series, missing: Any) -> None:
    """Raise for numbers that no whole number of a database holds."""
    if column.dtype.kind in "uO" and not missing.all():
        known = column[~missing]
        wide = known[known > _WIDEST]
        if len(wide):
            raise DataError(
                f"{column.name}: {wide.iloc[0]} in {len(wide):,} of {len(known):,} rows is above "
                f"{_WIDEST}, the largest whole number of a database; store the column as text"
            )


def _is_native(column: pd.Series) -> bool:
    return not isinstance(column.dtype, pd.ArrowDtype) and column.dtype.kind == "M"


def _targets(tables: Tables, metadata: Schema | None) -> dict[tuple[str, str], pd.Series]:
    """Return for every number that refers the column it refers to, whose type it takes.

    A column without a value, whose own type says nothing, takes that type too.
    """
    return {
        (key.child, column): tables[key.parent][target]
        for key in (metadata.foreign_keys if metadata else ())
        for column, target in zip(key.columns, key.parent_columns, strict=True)
        if key.child in tables
        and key.parent in tables
        and (
            tables[key.child][column].isna().all()
            or (_is_number(tables[key.child][column]) and _is_number(tables[key.parent][target]))
        )
    }


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) or _content(column) == "integer"


def _content(column: pd.Series) -> str:
    """Return what a column of objects or levels holds, as `infer_dtype` calls it."""
    return str(pd.api.types.infer_dtype(column.astype(object), skipna=True))


def _python_time(value: Any) -> Any:
    return value.to_pytimedelta() if isinstance(value, pd.Timedelta) else value.to_pydatetime()


def _type(sa: Any, column: pd.Series, said: Column | None, dialect: str) -> Any:
    kind = getattr(column.dtype, "kind", "O")
    if kind == "b":
        return sa.Boolean()
    if kind == "u" and bool((column.dropna() > _WIDEST).any()):
        return sa.Text() if dialect == "sqlite" else sa.Numeric(_DIGITS, 0)
    if kind in "iu":
        return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    if kind == "f":
        return sa.Double()
    if kind == "m":
        return sa.Text() if dialect == "sqlite" else sa.Interval()
    form = said.format if said is not None and said.kind == "datetime" else None
    if kind == "M":
        days = said is not None and parse_native(said.native).family == "date"
        if form == _DAY or (days and (column.dropna() == column.dropna().dt.normalize()).all()):
            return sa.Date()
        return _moments(column, timezone=isinstance(column.dtype, pd.DatetimeTZDtype))
    if form == _DAY or form in _MOMENTS:
        parsed = pd.to_datetime(column, format=form, errors="coerce")
        if bool((parsed.isna() == column.isna()).all()):
            if form != _DAY and "T" in form and dialect == "sqlite":
                return sa.Text()  # which would write a blank
            return sa.Date() if form == _DAY else _moments(parsed)
    found = _content(column)
    if found == "integer" and not all(-_WIDEST - 1 <= v <= _WIDEST for v in column.dropna()):
        return sa.Text()
    objects = {
        "bytes": sa.LargeBinary(),
        "time": sa.Time(),
        "integer": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        "boolean": sa.Boolean(),
        "floating": sa.Double(),
        "mixed-integer-float": sa.Double(),
    }
    return objects.get(found, sa.Text())
