"""The statements that create and change tables."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from relsynth.formats.ddl_catalogue import Catalogue, Domain
from relsynth.formats.sql_items import STARTS, Name, Reader, TypeName, split
from relsynth.formats.sql_text import Word, statements
from relsynth.formats.typed import Declared, Reference, Unique, typed_column
from relsynth.schema import Column
from relsynth.schema.spellings import spelled_array

_INDEXES = ("KEY", "INDEX", "FULLTEXT", "SPATIAL")
"""Words that begin an index inside a table, which says nothing of its rows."""


class TableReader:
    """Reads CREATE TABLE, ALTER TABLE and unique indexes.

    Parameters
    ----------
    catalogue : Catalogue
    reader : Reader
        Stands behind ``CREATE TABLE`` or behind the table's name.
    """

    def __init__(self, catalogue: Catalogue, reader: Reader) -> None:
        self.catalogue, self.reader = catalogue, reader
        self.dialect = catalogue.dialect

    def create(self) -> None:
        """Read a new table."""
        reader = self.reader
        reader.take("IF", "NOT", "EXISTS")
        name = reader.name()
        if reader.take("PARTITION", "OF"):
            self._partition(reader.name())
            return
        place = self.catalogue.place(name)
        table = Declared(name.name, schema=place[0])
        if reader.take("LIKE"):
            self._like(table, reader)
        elif reader.peek() == "(" and reader.peek(1) != "SELECT":
            items = split(reader.inside())
            if self.dialect == "tsql" and not items[-1]:
                items.pop()  # SQL Server takes a comma behind the last column
            for item in items:
                if not item:
                    raise reader.misread("a column or constraint is missing between two commas")
                self.item(table, reader.sub(item))
        elif reader.take("AS") or reader.peek() in ("SELECT", "("):
            if not self._selected(table):
                self.catalogue.pass_over(reader.statement)
                return
        elif reader.peek() != "INHERITS":
            raise reader.misread(f"columns are expected before {self._near()}")
        if not self._folded(table):
            self.catalogue.tables[place] = table

    def _near(self) -> str:
        word = self.reader.word
        return "the end" if word is None else repr(word.text)

    def _folded(self, table: Declared) -> bool:
        """Read what follows the columns; say whether the rows belong to a parent table."""
        reader = self.reader
        while not reader.done:
            if reader.take("INHERITS"):
                own = set(table.columns)
                parents = [reader.sub(part).name() for part in split(reader.inside())]
                found = [p for p in map(self.catalogue.find, parents) if p is not None]
                for parent in found[::-1]:
                    table.columns = {**parent.columns, **table.columns}
                    table.checks += [c for c in parent.checks if c not in table.checks]
                if found and own <= set(found[0].columns) and len(found) == 1:
                    decision = f"is part of {found[0].name!r}"
                    evidence = "it adds no columns to the table it inherits"
                    self.catalogue.notes.append((table.name, decision, evidence))
                    return True
            elif reader.take("PARTITION", "BY"):
                self._partition_by(table)
            else:
                reader.skip()
        return False

    def _partition_by(self, table: Declared) -> None:
        method, reader = self.reader.peek(), self.reader
        reader.at += 1
        if reader.peek() == "(" and method in ("RANGE", "LIST"):
            parts = split(reader.inside())
            if len(parts) == 1 and len(parts[0]) == 1:
                table.partitioned = reader.sub(parts[0]).part()

    def _partition(self, parent: Name) -> None:
        """Keep the bounds of a partition as those of the rows its parent may hold."""
        reader, table = self.reader, self.catalogue.find(parent)
        if table is None:
            raise reader.misread(f"the table {parent.name!r} it is a partition of is not created")
        if reader.peek() == "(":
            reader.inside()
        if reader.take("DEFAULT"):
            table.bounds.append("")
        elif reader.take("FOR", "VALUES") and table.partitioned:
            column = _quoted(table.partitioned)
            if reader.take("IN"):
                table.bounds.append(f"{column} IN ({reader.text(reader.inside())})")
            elif reader.take("FROM"):
                low = reader.text(reader.inside())
                reader.take("TO")
                high = reader.text(reader.inside())
                sides = [
                    f"{column} {sign} {bound}"
                    for sign, bound in ((">=", low), ("<", high))
                    if bound.upper() not in ("MINVALUE", "MAXVALUE")
                ]
                table.bounds.append(" AND ".join(sides))
            else:
                table.bounds.append("")
        else:
            table.bounds.append("")

    def _like(self, table: Declared, reader: Reader) -> None:
        found = self.catalogue.find(reader.name())
        if found is None:
            raise reader.misread("the table it is like is not created")
        table.columns.update(found.columns)
        options = [word.upper for word in reader.words[reader.at :]]
        whole = "ALL" in options or self.dialect == "mysql"
        if whole or "INDEXES" in options:
            table.primary = table.primary or found.primary
            table.unique += found.unique
        if whole or "CONSTRAINTS" in options:
            table.checks += found.checks
        reader.at = len(reader.words) if reader is not self.reader else reader.at

    def _selected(self, table: Declared) -> bool:
        """Copy the columns of ``AS SELECT * FROM other``."""
        reader = self.reader
        words = [word for word in reader.words[reader.at :] if word.upper not in ("(", ")")]
        one = reader.sub(words)
        if not one.take("SELECT", "*", "FROM"):
            return False
        found = self.catalogue.find(one.name())
        if found is None:
            return False
        table.columns.update(
            {n: replace(c, nullable=True, generated=False) for n, c in found.columns.items()}
        )
        reader.at = len(reader.words)
        return True

    def item(self, table: Declared, one: Reader) -> None:
        """Read a column or a constraint of a table."""
        label = None
        if one.take("LIKE"):
            self._like(table, one)
            return
        if one.peek() == "CONSTRAINT" and one.peek(1) not in ("PRIMARY", "UNIQUE", "CHECK"):
            one.at += 1
            label = one.part()
        else:
            one.take("CONSTRAINT")
        if not self._constraint(table, one, label):
            if label is not None:
                return  # a kind of constraint that says nothing of values
            self.column(table, one)

    def _constraint(self, table: Declared, one: Reader, label: str | None) -> bool:
        """Read a constraint; say whether it is one."""
        if one.take("PRIMARY", "KEY"):
            self._primary(table, one, label)
        elif self._is_unique(one):
            self._unique(table, one, label)
        elif one.peek() == "CHECK" and one.peek(1) == "(":
            one.at += 1
            table.add_check(self._condition(one.text(one.inside())), label)
        elif one.take("FOREIGN", "KEY"):
            while not one.done and one.peek() != "(":
                index = one.part()
                label = label or index
            columns = one.names()
            if not one.take("REFERENCES"):
                raise one.misread("REFERENCES is expected")
            table.references.append(self._reference(columns, one, label))
        elif one.peek() == "EXCLUDE" and one.peek(1) in ("USING", "("):
            self._exclusion(table, one)
        else:
            keyed = self.dialect in ("mysql", "tsql", "db2") and one.peek() in _INDEXES
            return keyed or (one.peek() == "PERIOD" and one.peek(1) == "FOR")
        return True

    def _primary(self, table: Declared, one: Reader, label: str | None) -> None:
        while not one.done and one.peek() != "(":
            if one.take("USING", "INDEX"):
                self._from_index(table, one.part())
                return
            one.skip()
        if not one.done:
            table.primary = one.names()
            table.primary_label = label

    def _is_unique(self, one: Reader) -> bool:
        begins = ("(", "KEY", "INDEX", "NULLS", "CLUSTERED", "NONCLUSTERED", "USING")
        return one.peek() == "UNIQUE" and (one.peek(1) in begins or one.words[-1].upper == ")")

    def _unique(self, table: Declared, one: Reader, label: str | None) -> None:
        one.at += 1
        together = False
        while not one.done and one.peek() != "(":
            if one.take("USING", "INDEX"):
                return
            if one.take("NULLS", "NOT"):
                together = True
                continue
            if one.word is not None and one.peek() not in ("KEY", "INDEX") and label is None:
                label = one.word.text if one.word.kind != "sign" else label
            one.skip()
        self._add_unique(table, one, label, together)

    def _exclusion(self, table: Declared, one: Reader) -> None:
        """Keep EXCLUDE by what its equal parts say: rows that differ there never conflict."""
        told = one.text(one.words)
        while not one.done and one.peek() != "(":
            one.skip()
        parts = [
            part[:place]
            for part in split(one.inside())
            for place in [[word.upper for word in part].index("WITH")]
            if part[place + 1].text == "="
        ]
        where = ""
        if one.take("WHERE"):
            where = self._condition(one.text(one.words[one.at :]))
        if parts:
            names = tuple(p[0].text if len(p) == 1 else "=" + one.text(p) for p in parts)
            table.unique.append(Unique(names, where=where or "true"))
        decision = "is kept by different values of its equal parts" if parts else "is not enforced"
        self.catalogue.notes.append((table.name, f"an exclusion constraint {decision}", told))

    def _from_index(self, table: Declared, name: str) -> None:
        for unique in table.unique:
            if unique.name is not None and unique.name.lower() == name.lower():
                table.primary = unique.columns

    def _add_unique(
        self, table: Declared, one: Reader, label: str | None, together: bool, where: str = ""
    ) -> None:
        parts = []
        for words in split(one.inside()):
            part = one.sub(words)
            if (
                len(words) == 1
                or (part.is_name() and part.peek(1) in ("ASC", "DESC", "COLLATE"))
                or (part.is_name() and part.peek(1) == "(" and self.dialect == "mysql")
            ):
                parts.append(part.part())
            elif part.is_name() and words[1].kind == "word":
                parts.append(part.part())  # an operator class follows
            else:
                parts.append("=" + self._condition(one.text(_expression(words))))
        table.unique.append(Unique(tuple(parts), name=label, where=where, together=together))

    def unique_index(self) -> None:
        """Read CREATE UNIQUE INDEX from behind INDEX."""
        reader, label = self.reader, None
        reader.take("CONCURRENTLY")
        reader.take("IF", "NOT", "EXISTS")
        if reader.peek() != "ON":
            label = reader.name().name
        reader.take("ON")
        reader.take("ONLY")
        table = self.catalogue.find(reader.name())
        if table is None:
            self.catalogue.pass_over(reader.statement)
            return
        if reader.take("USING"):
            reader.skip()
        start = reader.at
        rest = reader.words[start:]
        where, together = "", False
        reader.inside()
        while not reader.done:
            if reader.take("NULLS", "NOT"):
                together = True
            elif reader.take("WHERE"):
                where = self._condition(reader.text(reader.words[reader.at :]))
                break
            else:
                reader.skip()
        self._add_unique(table, reader.sub(rest), label, together, where)

    def column(self, table: Declared, one: Reader, *, name: str | None = None) -> None:
        """Read a column: name, type and what follows."""
        name = one.part() if name is None else name
        start = one.at
        kind = one.type_name()
        inferred = one.peek() in ("REFERENCES", "CONSTRAINT")  # Oracle takes the parent's type
        if kind is None and not inferred and self.dialect in ("mysql", "oracle", "db2"):
            raise one.misread(f"the type of {name!r} is missing")
        if kind is None and start >= len(one.words) and self.dialect == "postgres":
            kind = TypeName("", "TEXT")
        column, checks = self.typed(table, name, kind)
        table.columns[name] = column
        for check in checks:
            table.add_check(check, None)
        self._column_rules(table, one, name)

    def typed(self, table: Declared, name: str, kind: TypeName | None) -> tuple[Column, list[str]]:
        """Return a column of a type, and the conditions that its type brings."""
        if kind is None:
            return typed_column(name, "", nullable=True), []
        known = self.catalogue.type_known(Name(kind.schema, kind.base))
        if known in self.catalogue.levels and known is not None:
            levels = self.catalogue.levels[known]
            column = typed_column(name, "TEXT", nullable=True, levels=levels)
            added = self.catalogue.added_levels.get(known, [])
            if added and len(added) < len(levels):
                column = replace(column, weights=tuple(float(v not in added) for v in levels))
                told = f"{', '.join(map(repr, added))} of {known.name!r} are not generated"
                self.catalogue.notes.append(
                    (f"{table.name}.{name}", told, "the transaction that adds them must end first")
                )
            if kind.is_array:
                pattern = spelled_array("|".join(map(re.escape, levels)))
                column = replace(column, kind="text", values=None, pattern=pattern, native="TEXT[]")
            return column, []
        if known in self.catalogue.composites and known is not None:
            pattern = self.catalogue.composites[known]
            column = typed_column(name, "TEXT", nullable=True)
            return replace(column, pattern=spelled_array(pattern, quoted=True) if kind.is_array
                           else pattern), []  # fmt: skip
        if known in self.catalogue.domains and known is not None:
            domain = self.catalogue.domains[known]
            column, checks = self.typed(table, name, replace(domain.base, is_array=kind.is_array))
            if domain.text is not None and not kind.is_array:
                checks += [self._of_value(domain, words, name) for words in domain.checks]
            return (replace(column, nullable=False) if domain.required else column), checks
        return self._builtin(name, kind), []

    def _of_value(self, domain: Domain, words: list[Word], name: str) -> str:
        """Return a domain's condition as one of the column."""
        assert domain.text is not None  # noqa: S101
        parts, at = [], words[0].start
        for word in words:
            if word.upper == "VALUE":
                parts += [domain.text.source[at : word.start], _quoted(name)]
                at = word.end
        parts.append(domain.text.source[at : words[-1].end])
        return self._condition("".join(parts))

    def _builtin(self, name: str, kind: TypeName) -> Column:
        base, text = kind.base.upper(), kind.text.upper()
        levels = [word.text for word in kind.arguments if word.kind == "text"]
        number = next((int(w.text) for w in kind.arguments if w.kind == "number"), None)
        if base == "ENUM" and levels:
            return typed_column(name, "TEXT", nullable=True, levels=levels)
        if base == "SET" and levels:
            pairs = [f"{a},{b}" for a, b in pairwise(levels)]
            return typed_column(name, "TEXT", nullable=True, levels=[*levels, *pairs])
        if self.dialect == "mysql":
            if (base, number) in (("TINYINT", 1), ("BIT", 1)) or (base == "BIT" and number is None):
                return typed_column(name, "BOOLEAN", nullable=True)
            if base == "BIT" and number is not None:
                column = typed_column(name, "BIGINT UNSIGNED", nullable=True)
                return replace(column, low=0, high=2 ** min(number, 63) - 1)
            if base in ("FLOAT", "DOUBLE", "REAL") and len(kind.arguments) > 1:
                text = "DECIMAL" + text[len(kind.base) :]
            if base == "YEAR":
                return replace(typed_column(name, "YEAR", nullable=True), low=1901, high=2155)
        if base.endswith("SERIAL") or base in ("SERIAL2", "SERIAL4", "SERIAL8"):
            return replace(typed_column(name, text, nullable=True), nullable=False)
        if base == "BIT" and self.dialect in ("tsql", "sqlite"):
            text = "BOOLEAN"
        if self.dialect == "oracle" and base == "NUMBER":
            text = "NUMERIC" + text[len(kind.base) :].replace("*", "38")
            if not kind.arguments:
                text = "BIGINT"
        return typed_column(name, text, nullable=True)

    def _column_rules(self, table: Declared, one: Reader, name: str) -> None:
        label: str | None = None
        while not one.done:
            if one.take("CONSTRAINT"):
                label = one.part()
                continue
            if one.peek() in ("PRIMARY", "FOREIGN") and one.peek(1) != "KEY":
                raise one.misread(f"KEY is expected behind {one.peek()}")
            self._column_rule(table, one, name, label)
            label = None

    def _column_rule(self, table: Declared, one: Reader, name: str, label: str | None) -> None:
        column = table.columns[name]
        if one.take("NOT", "NULL"):
            table.columns[name] = replace(column, nullable=False)
        elif one.take("NULL"):
            table.columns[name] = replace(column, nullable=True)
        elif one.take("PRIMARY", "KEY") or (self.dialect == "mysql" and one.take("KEY")):
            table.primary, table.primary_label = (name,), label
        elif one.take("UNIQUE"):
            one.take("KEY")
            together = one.take("NULLS", "NOT", "DISTINCT")
            table.unique.append(Unique((name,), name=label, together=together))
        elif one.peek() == "CHECK" and one.peek(1) == "(":
            one.at += 1
            table.add_check(self._condition(one.text(one.inside())), label)
        elif one.take("REFERENCES"):
            table.references.append(self._reference((name,), one, label))
        else:
            self._column_fact(table, one, name)

    def _column_fact(self, table: Declared, one: Reader, name: str) -> None:
        """Read what restricts no values, and what the database computes."""
        if one.take("DEFAULT"):
            self._pass_value(one)
        elif one.take("ON"):
            one.one_of("UPDATE", "DELETE")
            self._pass_value(one)
        elif one.take("COLLATE") or one.take("COMMENT") or one.take("CHARACTER", "SET"):
            one.skip()
        elif one.take("GENERATED"):
            _ = one.take("ALWAYS") or one.take("BY", "DEFAULT")
            one.take("ON", "NULL")
            if one.take("AS") and one.peek() == "(":
                self._computed(table, one, name)
            elif one.take("IDENTITY"):
                self._numbered(table, name)
                if one.peek() == "(":
                    one.inside()
        elif one.peek() == "AS" and (one.peek(1) == "(" or self.dialect == "tsql"):
            one.at += 1
            if one.peek() == "(":
                self._computed(table, one, name)
        elif one.one_of("IDENTITY", "AUTO_INCREMENT"):
            self._numbered(table, name)
        else:
            one.skip()

    def _numbered(self, table: Declared, name: str) -> None:
        """Require a column that the database numbers, said or not."""
        table.columns[name] = replace(table.columns[name], nullable=False)

    def _computed(self, table: Declared, one: Reader, name: str) -> None:
        text = self._condition(one.text(one.inside()))
        table.columns[name] = replace(table.columns[name], derived=text, generated=True)

    def _pass_value(self, one: Reader) -> None:
        """Pass a default value: one token at least, then up to the next rule."""
        one.skip()
        while not one.done and one.peek() not in STARTS:
            one.skip()

    def _reference(self, columns: tuple[str, ...], one: Reader, label: str | None) -> Reference:
        target = one.name()
        place = self.catalogue.place(target)
        targets = one.names() if one.peek() == "(" else ()
        deferrable = False
        while not one.done:
            if one.take("ON"):
                one.one_of("UPDATE", "DELETE")
                two_words = (("SET", "NULL"), ("SET", "DEFAULT"), ("NO", "ACTION"))
                if not any(one.take(*words) for words in two_words):
                    one.skip()
            elif one.take("MATCH") or one.take("INITIALLY"):
                deferrable |= one.peek() == "DEFERRED"
                one.skip()
            elif one.take("NOT", "DEFERRABLE") or one.take("NOT", "VALID"):
                continue
            elif one.take("DEFERRABLE"):
                deferrable = True
            else:
                break
        known = target.schema or self.catalogue.schema
        return Reference(columns, target.name, targets, label, deferrable=deferrable,
                         schema=place[0] if known else "")  # fmt: skip

    def _condition(self, text: str) -> str:
        return as_postgres(text, self.dialect)

    def alter(self, table: Declared, name: Name) -> None:
        """Read the actions of ALTER TABLE."""
        verb = ""
        for words in split(self.reader.words[self.reader.at :]):
            one = self.reader.sub(words)
            if not words:
                raise self.reader.misread("an action is missing between two commas")
            found = one.one_of("ADD", "DROP", "ALTER", "MODIFY", "CHANGE", "RENAME", "ATTACH",
                               "INHERIT", "SET")  # fmt: skip
            verb = found or verb
            self._action(table, name, verb, one)

    def _action(self, table: Declared, name: Name, verb: str, one: Reader) -> None:
        if verb == "ADD":
            self._add(table, one)
        elif verb == "DROP":
            self._drop(table, one)
        elif verb == "ALTER":
            one.take("COLUMN")
            self._alter_column(table, one)
        elif verb in ("MODIFY", "CHANGE"):
            one.take("COLUMN")
            self._redefine(table, one.sub(one.inside()) if one.peek() == "(" else one, verb)
        elif verb == "RENAME":
            self._rename(table, name, one)
        elif verb == "ATTACH" and one.take("PARTITION"):
            self.catalogue.drop(one.name())
            TableReader(self.catalogue, one)._partition(name)
        elif verb == "INHERIT":
            parent = self.catalogue.find(one.name())
            if parent is not None and set(table.columns) <= set(parent.columns):
                self.catalogue.drop(name)
        elif verb == "SET" and one.take("SCHEMA"):
            self.catalogue.rename(name, Name(one.part(), table.name))

    def _add(self, table: Declared, one: Reader) -> None:
        if one.take("VALUE") or one.take("PARTITION"):
            return
        one.take("COLUMN")
        one.take("IF", "NOT", "EXISTS")
        if one.peek() == "(":
            for item in split(one.inside()):
                self.item(table, one.sub(item))
        elif not one.done:
            before = len(table.references)
            self.item(table, one)
            for reference in table.references[before:]:
                reference.added = True

    def _drop(self, table: Declared, one: Reader) -> None:
        if one.take("CONSTRAINT") or one.take("FOREIGN", "KEY") or one.take("CHECK"):
            one.take("IF", "EXISTS")
            table.drop_constraint(one.part())
        elif one.take("INDEX") or one.take("KEY"):
            table.drop_constraint(one.part())
        elif one.take("PRIMARY", "KEY"):
            table.primary = ()
        else:
            one.take("COLUMN")
            one.take("IF", "EXISTS")
            for column in split(one.inside()) if one.peek() == "(" else [one.words[one.at :]]:
                if column:
                    table.drop_column(one.sub(column).part())

    def _alter_column(self, table: Declared, one: Reader) -> None:
        if not one.is_name():
            return
        name = table.spelled(one.part())
        if name not in table.columns:
            return
        column = table.columns[name]
        if one.take("SET", "NOT", "NULL"):
            table.columns[name] = replace(column, nullable=False)
        elif one.take("DROP", "NOT", "NULL"):
            table.columns[name] = replace(column, nullable=True)
        elif one.take("TYPE") or one.take("SET", "DATA", "TYPE"):
            self._retype(table, name, one)
        elif one.take("DROP", "EXPRESSION"):
            table.columns[name] = replace(column, derived=None, generated=False)
        elif self.dialect == "tsql" and one.is_name():
            self._retype(table, name, one)
            self._column_rules(table, one, name)

    def _retype(self, table: Declared, name: str, one: Reader) -> None:
        column, checks = self.typed(table, name, one.type_name())
        old = table.columns[name]
        table.columns[name] = replace(column, nullable=old.nullable, derived=old.derived)
        for check in checks:
            table.add_check(check, None)

    def _redefine(self, table: Declared, one: Reader, verb: str) -> None:
        old = table.spelled(one.part())
        new = one.part() if verb == "CHANGE" else old
        if old in table.columns and new != old:
            table.rename_column(old, new)
        places = list(table.columns)
        before = table.columns.get(new)
        if before is not None and one.word is not None and one.peek() in STARTS:
            self._column_rules(table, one, new)
            return
        self.column(table, one, name=new)
        if before is not None:
            if self.dialect == "oracle" and before.nullable is False:
                table.columns[new] = replace(table.columns[new], nullable=False)
            table.columns = {place: table.columns[place] for place in places}

    def _rename(self, table: Declared, name: Name, one: Reader) -> None:
        if one.take("TO") or one.take("AS"):
            self.catalogue.rename(name, one.name())
        elif one.take("CONSTRAINT") or one.take("INDEX") or one.take("KEY"):
            old = one.part()
            if one.take("TO"):
                table.rename_constraint(old, one.part())
        else:
            one.take("COLUMN")
            old = table.spelled(one.part())
            if one.take("TO"):
                new = one.part()
                table.rename_column(old, new)
                for other in self.catalogue.tables.values():
                    other.follow_rename(table, old, new)


def as_postgres(text: str, dialect: str) -> str:
    """Return a condition as PostgreSQL writes it; as it stands where nobody reads it."""
    import logging

    import sqlglot

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        known = dialect if dialect != "db2" else None
        # in parentheses: at the start of a statement, LOCK or COMMENT is no column
        node = sqlglot.parse_one(f"({text})", dialect=known, into=sqlglot.exp.Condition)
    except (sqlglot.errors.SqlglotError, ValueError, RecursionError):
        return text
    while isinstance(node, sqlglot.exp.Paren):
        node = node.this
    return str(node.sql(dialect="postgres"))


def column_of_type(name: str, text: str, dialect: str) -> Column:
    """Return a column of a type as a database of the dialect writes it.

    Examples
    --------
    >>> column_of_type("marks", "SET('a','b')", "mysql").values
    ('a', 'b', 'a,b')
    """
    reader = Reader(next(statements(text, dialect)), dialect)
    made, _ = TableReader(Catalogue(dialect), reader).typed(Declared(""), name, reader.type_name())
    return made


def _expression(words: list[Word]) -> list[Word]:
    """Return an indexed expression without its operator class and direction."""
    closing = [place for place, word in enumerate(words) if word.upper == ")"]
    rest = words[closing[-1] + 1 :] if closing else []
    plain = rest and all(word.kind == "word" or word.upper == "." for word in rest)
    return words[: closing[-1] + 1] if plain else words


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
