"""Types as SQL writes them, and the conditions that a type or a column brings."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from relsynth.formats.ddl_catalogue import Catalogue
from relsynth.formats.sql_items import Name, Reader, TypeName
from relsynth.formats.sql_text import Statement, Word, statements
from relsynth.formats.typed import Declared, typed_column
from relsynth.schema import Column
from relsynth.schema.spellings import WELL_KNOWN_TEXT, spelled_array, spelled_levels

_CONTAINED = re.compile(r"(\w+|\"[^\"]+\")\s*(<<=|>>=)\s*(\w+|\"[^\"]+\")")
"""What asks whether an address lies in a network, which the parser does not know."""
_BITS = {"tsql": "BOOLEAN", "sqlite": "BOOLEAN", "postgres": "BIT(1)"}
"""What BIT without a length is."""


class TypeReader:
    """Makes columns of types.

    Parameters
    ----------
    catalogue : Catalogue
        Knows the types that were declared so far.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue, self.dialect = catalogue, catalogue.dialect

    def column(self, table: Declared, name: str, kind: TypeName | None) -> Column:
        """Return a column of a type; the table keeps of which domains it is."""
        if kind is None:
            return typed_column(name, "", nullable=True)
        known = self.catalogue.type_known(Name(kind.schema, kind.base))
        if known in self.catalogue.levels and known is not None:
            levels = self.catalogue.levels[known]
            column = typed_column(name, "TEXT", nullable=True, levels=levels)
            added = self.catalogue.added_levels.get(known, [])
            if added and len(added) < len(levels):
                column = replace(column, weights=tuple(float(v not in added) for v in levels))
                decision = f"{', '.join(map(repr, added))} of {known.name!r} are not generated"
                self.catalogue.notes.append(
                    (
                        f"{table.name}.{name}",
                        decision,
                        "the transaction that adds them must end first",
                    )
                )
            if kind.is_array:
                pattern = spelled_levels(levels)
                column = replace(column, kind="text", values=None, pattern=pattern, native="TEXT[]")
            return column
        if known in self.catalogue.composites and known is not None:
            pattern = self.catalogue.composites[known]
            column = typed_column(name, "TEXT", nullable=True)
            return replace(column, pattern=spelled_array(pattern, quoted=True) if kind.is_array
                           else pattern)  # fmt: skip
        if known in self.catalogue.domains and known is not None:
            domain = self.catalogue.domains[known]
            is_array = kind.is_array or domain.base.is_array
            column = self.column(table, name, replace(domain.base, is_array=is_array))
            if not kind.is_array:
                table.domains.setdefault(name, []).append(domain)
            return column
        return self._builtin(name, kind)

    def narrow_by_domains(self) -> None:
        """Let columns meet what their domains, as all statements leave them, demand."""
        for table in self.catalogue.tables.values():
            for name, domains in table.domains.items():
                for domain in domains:
                    if domain.required:
                        table.columns[name] = replace(table.columns[name], nullable=False)
                    for statement, words in domain.checks.values():
                        table.add_check(self._of_value(statement, words, name), None)

    def _of_value(self, statement: Statement, words: list[Word], name: str) -> str:
        """Return a domain's condition as one of the column."""
        parts, at = [], words[0].start
        for word in words:
            if word.upper == "VALUE":
                parts += [statement.source[at : word.start], quoted(name)]
                at = word.end
        parts.append(statement.source[at : words[-1].end])
        return as_postgres("".join(parts), self.dialect)

    def _builtin(self, name: str, kind: TypeName) -> Column:
        base, text = kind.base.upper(), kind.text.upper()
        levels = [word.text for word in kind.arguments if word.kind == "text"]
        number = next((int(w.text) for w in kind.arguments if w.kind == "number"), None)
        if base == "ENUM" and levels:
            return typed_column(name, "TEXT", nullable=True, levels=levels)
        if base == "SET" and levels:
            pairs = [f"{a},{b}" for a, b in pairwise(levels)]
            return typed_column(name, "TEXT", nullable=True, levels=[*levels, *pairs])
        known = self._of_mysql(name, base, text, number) if self.dialect == "mysql" else None
        if known is not None:
            return known
        if self.dialect == "mysql" and base in ("FLOAT", "DOUBLE", "REAL") and kind.arguments[1:]:
            text = "DECIMAL" + text[len(kind.base) :]
        if base.endswith("SERIAL") or base in ("SERIAL2", "SERIAL4", "SERIAL8"):
            return replace(typed_column(name, text, nullable=True), nullable=False)
        if base == "BIT" and not kind.arguments:
            text = text.replace("BIT", _BITS.get(self.dialect, "BIT"), 1)
        if self.dialect == "oracle" and base == "NUMBER":
            text = "NUMERIC" + text[len(kind.base) :].replace("*", "38")
            if not kind.arguments:
                text = "BIGINT"
        return typed_column(name, text, nullable=True)

    def _of_mysql(self, name: str, base: str, text: str, number: int | None) -> Column | None:
        """Return a column of a type that MySQL alone has, or means differently."""
        if base.lower() in WELL_KNOWN_TEXT:
            column = typed_column(name, text, nullable=True)
            return replace(column, pattern=WELL_KNOWN_TEXT[base.lower()])
        if (base, number) in (("TINYINT", 1), ("BIT", 1)) or (base == "BIT" and number is None):
            return typed_column(name, "BOOLEAN", nullable=True)
        if base == "BIT" and number is not None:
            column = typed_column(name, "BIGINT UNSIGNED", nullable=True)
            return replace(column, low=0, high=2 ** min(number, 63) - 1)
        if base == "YEAR":
            return replace(typed_column(name, "YEAR", nullable=True), low=1901, high=2155)
        return None


def column_of_type(name: str, text: str, dialect: str) -> Column:
    """Return a column of a type as a database of the dialect writes it.

    Examples
    --------
    >>> column_of_type("marks", "SET('a','b')", "mysql").values
    ('a', 'b', 'a,b')
    """
    reader = Reader(next(statements(text, dialect)), dialect)
    return TypeReader(Catalogue(dialect)).column(Declared(""), name, reader.type_name())


def as_postgres(text: str, dialect: str) -> str:
    """Return a condition as PostgreSQL writes it; as it stands where nobody reads it."""
    import logging

    import sqlglot

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        known = dialect if dialect != "db2" else None
        # in parentheses: at the start of a statement, LOCK or COMMENT is no column
        written = _CONTAINED.sub(_within, text)
        node = sqlglot.parse_one(f"({written})", dialect=known, into=sqlglot.exp.Condition)
    except (sqlglot.errors.SqlglotError, ValueError, RecursionError):
        return text
    while isinstance(node, sqlglot.exp.Paren):
        node = node.this
    for made in list(node.find_all(sqlglot.exp.Func)):  # make_interval(hours => 2)
        given = [arg for arg in made.args.values() if isinstance(arg, sqlglot.exp.Kwarg)]
        if given and made.sql_name().lower().replace("_", "") == "makeinterval":
            spans = " ".join(f"{arg.expression.sql()} {arg.this.name}" for arg in given)
            made.replace(sqlglot.exp.cast(sqlglot.exp.Literal.string(spans), "INTERVAL"))
    for escaped in list(node.find_all(sqlglot.exp.ByteString)):  # E'\\d+' of PostgreSQL
        escaped.replace(sqlglot.exp.Literal.string(str(escaped.this)))
    return str(node.sql(dialect="postgres", comments=False))


def _within(found: re.Match[str]) -> str:
    inner, outer = (found[1], found[3]) if found[2] == "<<=" else (found[3], found[1])
    return f"network_within({inner}, {outer})"


def quoted(name: str) -> str:
    """Return a name in quotes."""
    return '"' + name.replace('"', '""') + '"'
