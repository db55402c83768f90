"""SQL DDL: CREATE TABLE, ALTER TABLE, CREATE TYPE ... ENUM and unique indexes, by sqlglot."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from relsynth.errors import SchemaError
from relsynth.formats.typed import Declared, Reference, assemble, typed_column
from relsynth.optional import require
from relsynth.schema import Schema

DIALECTS = ("postgres", "mysql", "sqlite")
_STATEMENT = re.compile(r"^\s*(create|alter|drop|set|pragma|begin|use|comment|--|/\*)", re.I)
_DOMAIN = re.compile(r"CREATE\s+DOMAIN\s+([\w.\"]+)\s+(?:AS\s+)?(.+?)(?:\s+(?:CONSTRAINT|CHECK|NOT|DEFAULT)\b|;|$)", re.I | re.S)  # fmt: skip # noqa: E501


def is_ddl(content: object) -> bool:
    """Return whether text reads like SQL statements that define tables."""
    return (
        isinstance(content, str)
        and _STATEMENT.match(content) is not None
        and re.search(r"\bcreate\s+((temp|temporary|unlogged)\s+)?table\b", content, re.I)
        is not None
    )


def read_ddl(text: str, source: str = "schema", dialect: str | None = None) -> Schema:
    """Read the tables that SQL statements define.

    Parameters
    ----------
    text : str
        Statements other than CREATE TABLE, ALTER TABLE, CREATE TYPE, CREATE DOMAIN and
        CREATE UNIQUE INDEX are passed over.
    source : str
        Opens error messages.
    dialect : {"postgres", "mysql", "sqlite"}, optional
        Told by the text where not given.

    Raises
    ------
    ImportError
        Where sqlglot is not installed.
    SchemaError
        For a syntax error, with line and column.
    """
    require("sqlglot", "ddl", "Reading SQL DDL")
    reader = _Reader(source)
    for statement in _parsed(text, source, dialect or guess_dialect(text)):
        reader.read(statement)
    if not reader.tables:
        raise SchemaError(f"{source}: the SQL defines no table")
    return assemble(reader.tables, source)


def guess_dialect(text: str) -> str:
    """Return the dialect that the text's own words point to."""
    if re.search(r"`|\bauto_increment\b|\bengine\s*=", text, re.I):
        return "mysql"
    if re.search(r"\bautoincrement\b|\bpragma\b|\bwithout\s+rowid\b|\[\w+\]", text, re.I):
        return "sqlite"
    return "postgres"


def _parsed(text: str, source: str, first: str) -> list[Any]:
    import logging

    import sqlglot

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    faults: list[Exception] = []
    for dialect in (first, *(name for name in DIALECTS if name != first)):
        try:
            return [found for found in sqlglot.parse(text, dialect=dialect) if found is not None]
        except (sqlglot.errors.ParseError, sqlglot.errors.TokenError) as error:
            faults.append(error)
    raise SchemaError(f"{source}: {_explained(faults[0])}") from faults[0]


def _explained(error: Exception) -> str:
    listed = getattr(error, "errors", None) or [{}]
    told = listed[0]
    if told.get("line") is None:
        return f"broken SQL: {error}"
    near = told.get("highlight") or ""
    return (
        f"broken SQL in line {told['line']}, column {told['col']}, near {near!r}: "
        f"{told['description'].rstrip('.')}"
    )


class _Reader:
    """Collect the tables statement by statement."""

    def __init__(self, source: str) -> None:
        from sqlglot import exp

        self.exp, self.source = exp, source
        self.tables: dict[str, Declared] = {}
        self.levels: dict[str, list[Any]] = {}
        self.domains: dict[str, str] = {}

    def read(self, statement: Any) -> None:
        """Take in one statement."""
        exp = self.exp
        if isinstance(statement, exp.Create):
            kind = str(statement.args.get("kind")).upper()
            if kind == "TABLE" and isinstance(statement.this, exp.Schema):
                self._create(statement)
            elif kind == "TYPE" and isinstance(statement.expression, exp.DataType):
                levels = [item.this for item in statement.expression.expressions]
                self.levels[statement.this.name.lower()] = levels
            elif kind == "INDEX" and statement.args.get("unique"):
                self._index(statement.this)
        elif isinstance(statement, exp.Alter) and str(statement.args.get("kind")) == "TABLE":
            self._alter(statement)
        elif isinstance(statement, exp.Command):
            self._command(statement.sql())

    def _command(self, sql: str) -> None:
        found = _DOMAIN.match(sql)
        if found:
            self.domains[found[1].split(".")[-1].strip('"').lower()] = found[2].strip()
        if re.match(r"\s*CREATE\s+(\w+\s+)?TABLE\b", sql, re.I):
            raise SchemaError(f"{self.source}: cannot read this statement: {sql[:120]!r}")

    def _create(self, statement: Any) -> None:
        table = Declared(statement.this.this.name)
        self.tables[table.name] = table
        for item in statement.this.expressions:
            if isinstance(item, self.exp.ColumnDef):
                self._column(table, item)
            else:
                self._constraint(table, item, None)

    def _find(self, name: str) -> Declared:
        for known, table in self.tables.items():
            if known.lower() == name.lower():
                return table
        raise SchemaError(f"{self.source}: the table {name!r} is altered before it is created")

    def _index(self, index: Any) -> None:
        columns = index.args["params"].args.get("columns") or []
        names = [item.find(self.exp.Column) for item in columns]
        plain = all(isinstance(getattr(item, "this", None), self.exp.Column) for item in columns)
        if plain and not index.args["params"].args.get("where"):
            table = self._find(index.args["table"].name)
            table.unique.append(tuple(column.name for column in names))

    def _alter(self, statement: Any) -> None:
        table = self._find(statement.this.name)
        for action in statement.args.get("actions") or []:
            if isinstance(action, self.exp.AddConstraint):
                for item in action.expressions:
                    self._constraint(table, item, None)
            elif isinstance(action, self.exp.ColumnDef):
                self._column(table, action)
            elif isinstance(action, self.exp.AlterColumn) and action.name in table.columns:
                allowed = action.args.get("allow_null")
                if allowed is not None:
                    column = table.columns[action.name]
                    table.columns[action.name] = replace(column, nullable=bool(allowed))

    def _column(self, table: Declared, item: Any) -> None:
        exp, name = self.exp, item.name
        native, levels = self._type(item.args.get("kind"))
        kinds = [constraint.kind for constraint in item.constraints]
        required = any(
            isinstance(kind, exp.NotNullColumnConstraint) and not kind.args.get("allow_null")
            for kind in kinds
        )
        column = typed_column(name, native, nullable=not required, levels=levels)
        table.columns[name] = column
        for constraint in item.constraints:
            kind, label = constraint.kind, constraint.this
            if isinstance(kind, exp.PrimaryKeyColumnConstraint):
                table.primary = (name,)
            elif isinstance(kind, exp.UniqueColumnConstraint):
                table.unique.append((name,))
            elif isinstance(kind, exp.CheckColumnConstraint):
                table.checks.append(self._sql(kind.this))
            elif isinstance(kind, exp.Reference):
                said = label.name if label is not None else None
                table.references.append(self._reference((name,), kind, said))
            elif isinstance(kind, exp.ComputedColumnConstraint):
                table.columns[name] = replace(column, derived=self._sql(kind.this))

    def _type(self, kind: Any) -> tuple[str, list[Any] | None]:
        if kind is None:
            return "", None
        if kind.this == self.exp.DType.ENUM:
            return "TEXT", [item.this for item in kind.expressions]
        if kind.this == self.exp.DType.USERDEFINED:
            name = str(kind.args["kind"].name).lower()
            if name in self.levels:
                return "TEXT", self.levels[name]
            return self.domains.get(name, str(kind.args["kind"].name)), None
        if kind.sql(dialect="mysql").upper() in ("TINYINT(1)", "BIT(1)"):
            return "BOOLEAN", None
        return str(kind.sql(dialect="postgres")), None

    def _sql(self, node: Any) -> str:
        while isinstance(node, self.exp.Paren):
            node = node.this
        return str(node.sql(dialect="postgres"))

    def _constraint(self, table: Declared, item: Any, label: str | None) -> None:
        exp = self.exp
        if isinstance(item, exp.Constraint):
            for inner in item.expressions:
                self._constraint(table, inner, item.name)
        elif isinstance(item, exp.PrimaryKey):
            table.primary = _names(item.expressions)
        elif isinstance(item, exp.ForeignKey):
            reference = item.args["reference"]
            table.references.append(self._reference(_names(item.expressions), reference, label))
        elif isinstance(item, exp.UniqueColumnConstraint):
            listed = item.this.expressions if isinstance(item.this, exp.Schema) else []
            table.unique.append(_names(listed))
        elif isinstance(item, exp.CheckColumnConstraint):
            table.checks.append(self._sql(item.this))

    def _reference(self, columns: tuple[str, ...], node: Any, label: str | None) -> Reference:
        target = node.this
        if isinstance(target, self.exp.Schema):
            return Reference(columns, target.this.name, _names(target.expressions), label)
        return Reference(columns, target.name, (), label)


def _names(items: Iterable[Any]) -> tuple[str, ...]:
    return tuple(item.name for item in items)
