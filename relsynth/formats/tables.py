"""Write a schema as SQLAlchemy tables and as SQL DDL."""

from __future__ import annotations

import re
from typing import Any, Literal

from relsynth.errors import SchemaError, did_you_mean
from relsynth.optional import require
from relsynth.schema import Column, ForeignKey, Schema, Table
from relsynth.schema.graph import break_cycles
from relsynth.schema.native import parse_native

Dialect = Literal["postgresql", "mysql", "sqlite"]
DIALECTS = ("postgresql", "mysql", "sqlite")
KEY_LENGTH = 255  # signs of a text key in MySQL, whose index holds 767 bytes


def to_sqlalchemy(metadata: Schema) -> Any:
    """Return the schema as an SQLAlchemy `MetaData`, with all that SQL can say.

    Primary keys, unique sets, CHECKs, foreign keys and types; keys that close a cycle are
    added after the tables. Polymorphic keys have no form in SQL and are left out.
    """
    sa = require("sqlalchemy", "db", "Writing tables of a database")
    schema = sa.MetaData()
    deferred = break_cycles(metadata.graph)
    for table in metadata.tables.values():
        _add_table(sa, schema, metadata, table)
    for number, key in enumerate(metadata.foreign_keys):
        if key.when is None:
            closes = key.name in deferred and not key.is_self_reference
            schema.tables[key.child].append_constraint(_reference(sa, key, number, closes))
    return schema


def write_ddl(metadata: Schema, dialect: Dialect = "postgresql") -> str:
    """Return SQL statements that create the tables.

    Parameters
    ----------
    dialect : {"postgresql", "mysql", "sqlite"}

    Raises
    ------
    SchemaError
        For an unknown dialect.
    """
    if dialect not in DIALECTS:
        raise SchemaError(f"unknown SQL dialect {dialect!r}; {did_you_mean(dialect, DIALECTS)}")
    sa = require("sqlalchemy", "db", "Writing SQL DDL")
    written: list[str] = []

    def keep(statement: Any, *_: Any, **__: Any) -> None:
        parts = _QUOTED.split(str(statement.compile(dialect=engine.dialect)).strip())
        parts[::2] = [re.sub(" +\n", "\n", part.replace("\t", "    ")) for part in parts[::2]]
        written.append("".join(parts) + ";\n")

    # named parameters, because percent signs are doubled for drivers that format theirs
    engine = sa.create_mock_engine(f"{dialect}+{_DRIVERS[dialect]}://", keep, paramstyle="named")
    to_sqlalchemy(metadata).create_all(engine, checkfirst=False)
    return "\n".join(written)


_QUOTED = re.compile("""('(?:[^']++|'')*+'|"(?:[^"]++|"")*+"|`[^`]*+`)""")
_DRIVERS = {"postgresql": "psycopg", "mysql": "mysqldb", "sqlite": "pysqlite"}


def _add_table(sa: Any, schema: Any, metadata: Schema, table: Table) -> None:
    keyed = metadata.key_columns(table.name) | {n for group in table.unique for n in group}
    columns = [
        sa.Column(
            column.name,
            column_type(sa, _resolved(metadata, table.name, column), indexed=column.name in keyed),
            primary_key=column.name in table.primary_key,
            autoincrement=False,
            nullable=column.nullable is not False and column.name not in table.primary_key,
        )
        for column in table.columns.values()
    ]
    unique = [sa.UniqueConstraint(*names) for names in table.unique]
    checks = [sa.CheckConstraint(sa.text(check.replace(":", r"\:"))) for check in table.checks]
    levels = [
        sa.CheckConstraint(sa.column(column.name).in_(_listed(sa, column)))
        for column in table.columns.values()
        if column.values is not None and column.kind in ("categorical", "ordinal", "text")
    ]
    sa.Table(table.name, schema, *columns, *unique, *checks, *levels)


def _listed(sa: Any, column: Column) -> list[Any]:
    return [sa.literal(value, literal_execute=True) for value in column.values or ()]


def _reference(sa: Any, key: ForeignKey, number: int, closes: bool) -> Any:
    name = key.name if key.name != key.default_name else None
    if name is None and closes:
        name = f"fk_{number}_{key.child}_{'_'.join(key.columns)}"[:60]
    return sa.ForeignKeyConstraint(
        key.columns,
        [f"{key.parent}.{target}" for target in key.parent_columns],
        name=name,
        use_alter=closes,
        deferrable=True if closes and key.nullable is False else None,
        initially="DEFERRED" if closes and key.nullable is False else None,
    )


def _resolved(metadata: Schema, table: str, column: Column) -> Column:
    """Return the column whose type a referring column takes: that of what it refers to."""
    seen = {(table, column.name)}
    while True:
        target = next(
            (
                (key.parent, key.parent_columns[key.columns.index(column.name)])
                for key in metadata.parents_of(table)
                if column.name in key.columns and key.when is None
            ),
            None,
        )
        if target is None or target in seen:
            return column
        seen.add(target)
        table = target[0]
        column = metadata.tables[table].columns[target[1]]


def column_type(sa: Any, column: Column, *, indexed: bool = False) -> Any:
    """Return the SQLAlchemy type of a column."""
    native = parse_native(column.native)
    if native.family is not None:
        return _from_native(sa, column, native.family, indexed)
    if native.is_binary:
        return _binary(sa, native.arguments[0] if native.arguments else None, indexed)
    kind = column.kind
    if column.pattern is not None or column.provider is not None or kind == "text":
        return _text(sa, column, indexed)
    if kind == "datetime":
        if column.format is not None:
            return _text(sa, column, indexed)
        return sa.DateTime()
    if kind in ("key", "integer"):
        return sa.BigInteger()
    if kind == "numeric":
        return sa.Numeric(15, column.decimals) if column.decimals is not None else sa.Double()
    if kind == "boolean":
        return sa.Boolean()
    if kind == "timedelta":
        return sa.Interval() if column.format is None else _text(sa, column, indexed)
    numbers = column.values and all(isinstance(v, (int, float)) for v in column.values)
    return sa.Double() if numbers else _text(sa, column, indexed)


def _from_native(sa: Any, column: Column, family: str, indexed: bool) -> Any:
    native = parse_native(column.native)
    if family == "integer":
        limit = native.limit or 0
        wide = sa.BigInteger() if limit > 2**31 else sa.Integer()
        return sa.SmallInteger() if limit < 2**16 else wide
    if family == "decimal":
        return sa.Numeric(*native.arguments) if native.arguments else sa.Numeric()
    if family == "text":
        if native.is_fixed_length and native.arguments:
            return sa.CHAR(native.arguments[0])
        return _text(sa, column, indexed)
    simple = {
        "float": sa.Double(),
        "boolean": sa.Boolean(),
        "uuid": sa.Uuid(as_uuid=False),
        "date": sa.Date(),
        "datetime": sa.DateTime(timezone=native.has_zone),
        "time": sa.Time(),
        "interval": sa.Interval(),
    }
    return simple[family]


def _binary(sa: Any, length: int | None, indexed: bool) -> Any:
    kind = sa.LargeBinary()
    limited = length is not None or indexed
    return kind.with_variant(sa.VARBINARY(length or KEY_LENGTH), "mysql") if limited else kind


def _text(sa: Any, column: Column, indexed: bool) -> Any:
    length = column.max_length or parse_native(column.native).length
    if length is not None:
        return sa.String(length)
    return sa.Text().with_variant(sa.String(KEY_LENGTH), "mysql") if indexed else sa.Text()
