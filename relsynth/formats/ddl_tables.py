"""CREATE TABLE: columns, what is said of them, and what tables are parts of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from relsynth.formats.ddl_catalogue import Catalogue, Part
from relsynth.formats.ddl_constraints import ConstraintReader
from relsynth.formats.ddl_types import TypeReader, as_postgres, quoted
from relsynth.formats.sql_items import STARTS, MisreadError, Name, Reader, TypeName, split
from relsynth.formats.typed import Declared, Unique
from relsynth.schema.expressions import column_names


class TableReader:
    """Reads CREATE TABLE and unique indexes.

    Parameters
    ----------
    reader : Reader
        Stands behind ``CREATE TABLE`` or behind the table's name.
    """

    def __init__(self, catalogue: Catalogue, reader: Reader) -> None:
        self.catalogue, self.reader = catalogue, reader
        self.dialect = catalogue.dialect
        self.types, self.constraints = TypeReader(catalogue), ConstraintReader(catalogue)
        self.again = False
        """Whether columns may be there already, as in migrations that are repeated."""

    def create(self) -> None:
        """Read a new table."""
        reader = self.reader
        reader.take("IF", "NOT", "EXISTS")
        name = reader.name()
        if reader.take("PARTITION", "OF"):
            self.partition(reader.name(), name)
            return
        place = self.catalogue.place(name)
        table = Declared(name.name, schema=place[0])
        if reader.take("LIKE"):
            self._like(table, reader)
        elif reader.peek() == "(" and reader.peek(1) != "SELECT":
            if not self._items(table):
                self.catalogue.pass_over(reader.statement)
                return
        elif reader.take("AS") or reader.peek() in ("SELECT", "(", "TABLE"):
            if not self._selected(table):
                self.catalogue.pass_over(reader.statement)
                return
        elif reader.peek() != "INHERITS":
            raise reader.misread(f"columns are expected before {self._near()}")
        if not self._folded(table):
            self.catalogue.tables[place] = table

    def _items(self, table: Declared) -> bool:
        """Read the columns and constraints in the parentheses of a table."""
        reader = self.reader
        items = split(reader.inside())
        if self.dialect == "tsql" and not items[-1]:
            items.pop()  # SQL Server takes a comma behind the last column
        if all(len(item) == 1 for item in items) and reader.peek() in ("AS", "SELECT"):
            reader.take("AS")
            return self._selected(table, [reader.sub(item).part() for item in items])
        for item in items:
            if not item:
                raise reader.misread("a column or constraint is missing between two commas")
            self.item(table, reader.sub(item))
        return True

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
                    table.domains = {**parent.domains, **table.domains}
                    table.checks += [c for c in parent.checks if c not in table.checks]
                if found and own <= set(found[0].columns) and len(found) == 1:
                    decision = f"is part of {found[0].name!r}"
                    evidence = "it adds no columns to the table it inherits"
                    self.catalogue.notes.append((table.name, decision, evidence))
                    return True
            elif reader.take("PARTITION", "BY"):
                table.partitioned = self._partition_columns()
                if self.dialect != "oracle" and table.partitioned:
                    table.bounds += self._listed_partitions(table.partitioned)
            else:
                reader.skip()
        return False

    def _partition_columns(self) -> tuple[str, ...]:
        """Read by which columns or expressions a table is partitioned."""
        method, reader = self.reader.peek(), self.reader
        reader.at += 1
        reader.take("COLUMNS")
        if reader.peek() != "(" or method not in ("RANGE", "LIST"):
            return ()  # of HASH every value has its partition
        return tuple(
            quoted(reader.sub(part).part())
            if len(part) == 1
            else as_postgres(reader.text(part), self.dialect)
            for part in split(reader.inside())
        )

    def _listed_partitions(self, parts: tuple[str, ...]) -> list[str]:
        """Read the partitions that are listed behind the columns of a table, as MySQL does."""
        reader = self.reader
        while not reader.done and not (reader.peek() == "(" and reader.peek(1) == "PARTITION"):
            reader.skip()
        listed = split(reader.inside()) if not reader.done else []
        found = []
        for one in map(reader.sub, listed):
            while not one.done and not one.take("VALUES"):
                one.skip()
            if one.take("LESS", "THAN"):
                one.take("MAXVALUE")
                bound = self._side(parts, one, "<", "<=", "MAXVALUE") if not one.done else []
                found.append(" AND ".join(bound))
            elif one.take("IN"):
                found.append(_among(parts, one))
        return found

    def partition(self, parent: Name, name: Name) -> None:
        """Keep the bounds of a partition as those of the rows its parent may hold."""
        reader = self.reader
        part = self.catalogue.parts.get(self.catalogue.place(parent))
        table = self.catalogue.find(parent) if part is None else part.table
        if table is None:
            raise reader.misread(f"the table {parent.name!r} it is a partition of is not created")
        own = Declared(name.name)
        for item in split(reader.inside()) if reader.peek() == "(" else []:
            one = reader.sub(item)
            label = one.part() if one.take("CONSTRAINT") else None
            if one.peek() == "CHECK":
                self.constraints.check(own, one, label)
        columns = table.partitioned if part is None else part.columns
        sides = [part.bound] if part is not None and part.bound else []
        sides += self._bounds(columns) if columns else []
        bound = " AND ".join([*sides, *(f"({check})" for check in own.checks if sides)])
        if reader.take("PARTITION", "BY"):
            made = Part(table, bound, self._partition_columns())
            self.catalogue.parts[self.catalogue.place(name)] = made
        else:
            table.bounds.append(bound)

    def _bounds(self, columns: tuple[str, ...]) -> list[str]:
        """Read which values of its columns a partition holds."""
        reader = self.reader
        if not reader.take("FOR", "VALUES"):
            reader.take("DEFAULT")
            return []
        if reader.take("IN"):
            return [_among(columns, reader)]
        if not reader.take("FROM"):
            return []
        found = []
        for first, last, open_end in ((">=", ">=", "MINVALUE"), ("<", "<=", "MAXVALUE")):
            reader.take("TO")
            found += self._side(columns, reader, first, last, open_end)
        return found

    def _side(
        self, columns: tuple[str, ...], reader: Reader, first: str, last: str, open_end: str
    ) -> list[str]:
        """Read the values that the columns of a partition begin with, or end before."""
        listed = [as_postgres(reader.text(part), self.dialect) for part in split(reader.inside())]
        ends = [bound.upper() for bound in listed]
        known = next((n for n, b in enumerate(ends) if b in ("MINVALUE", "MAXVALUE")), None)
        # of (2024, MAXVALUE) the first column alone tells: it may be 2024 itself
        sign = last if known and ends[known] == open_end else first
        if known == 0:
            return []
        pairs = list(zip(columns, listed[:known], strict=False))
        if len(pairs) == 1:
            return [f"{pairs[0][0]} {sign} {pairs[0][1]}"]
        names, values = (", ".join(side) for side in zip(*pairs, strict=True))
        return [f"({names}) {sign} ({values})", f"{pairs[0][0]} {last} {pairs[0][1]}"]

    def _like(self, table: Declared, reader: Reader) -> None:
        found = self.catalogue.find(reader.name())
        if found is None:
            raise reader.misread("the table it is like is not created")
        table.columns.update(found.columns)
        for name in found.primary:  # it is required in the copy, too
            if name in table.columns:
                table.columns[name] = replace(table.columns[name], nullable=False)
        table.domains.update({name: [*kinds] for name, kinds in found.domains.items()})
        options = [word.upper for word in reader.words[reader.at :]]
        whole = "ALL" in options or self.dialect == "mysql"
        if whole or "INDEXES" in options:
            table.primary = table.primary or found.primary
            table.unique += [replace(unique) for unique in found.unique]
        if whole or "CONSTRAINTS" in options:
            table.checks += found.checks
        reader.at = len(reader.words) if reader is not self.reader else reader.at

    def _selected(self, table: Declared, names: Sequence[str] = ()) -> bool:
        """Copy the columns of ``AS SELECT * FROM other``, or some, under other names."""
        reader = self.reader
        words = [word for word in reader.words[reader.at :] if word.upper not in ("(", ")")]
        one = reader.sub(words)
        listed = list[str]()
        if not one.take("TABLE") and not one.take("SELECT", "*", "FROM"):
            if not one.take("SELECT"):
                return False
            while one.is_name() and one.peek(1) in (",", "FROM"):
                listed.append(one.part())
                one.take(",")
            if not one.take("FROM"):
                return False
        found = self.catalogue.find(one.name())
        if found is None:
            return False
        chosen = [found.spelled(name) for name in listed] or list(found.columns)
        if not set(chosen) <= set(found.columns) or (names and len(names) != len(chosen)):
            return False
        for name, source in zip(names or chosen, chosen, strict=True):
            column = found.columns[source]
            table.columns[name] = replace(column, name=name, nullable=True, generated=False)
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
        if not self.constraints.read(table, one, label):
            if label is not None:
                return  # a kind of constraint that says nothing of values
            self.column(table, one)

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
                where = as_postgres(reader.text(reader.words[reader.at :]), self.dialect)
                break
            else:
                reader.skip()
        self.constraints.add_unique(table, reader.sub(rest), label, together, where)

    def column(self, table: Declared, one: Reader, *, name: str | None = None) -> None:
        """Read a column: name, type and what follows."""
        added = name is None
        at = one.word
        name = one.part() if name is None else name
        if added and name in table.columns and at is not None and not self.again:
            raise MisreadError(f"the column {name!r} stands twice in {table.name!r}", at.start)
        start = one.at
        kind = one.type_name()
        inferred = one.peek() in ("REFERENCES", "CONSTRAINT")  # Oracle takes the parent's type
        if kind is None and not inferred and self.dialect in ("mysql", "oracle", "db2"):
            raise one.misread(f"the type of {name!r} is missing")
        if kind is None and start >= len(one.words) and self.dialect == "postgres":
            kind = TypeName("", "TEXT")
        table.domains.pop(name, None)
        table.columns[name] = self.types.column(table, name, kind)
        self.column_rules(table, one, name)

    def column_rules(self, table: Declared, one: Reader, name: str) -> None:
        """Read what is said of a column behind its type."""
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
            self.constraints.check(table, one, label)
        elif one.take("REFERENCES"):
            table.references.append(self.constraints.reference((name,), one, label))
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
        text = as_postgres(one.text(one.inside()), self.dialect)
        table.columns[name] = replace(table.columns[name], derived=text, generated=True)
        if not list(column_names(text)) and text[:1] in "'0123456789":
            table.add_check(f"{quoted(name)} = {text}", None)  # which tells what it may refer to
            table.columns[name] = replace(table.columns[name], nullable=False)

    def _pass_value(self, one: Reader) -> None:
        """Pass a default value: one token at least, then up to the next rule."""
        one.skip()
        while not one.done and one.peek() not in STARTS:
            one.skip()


def _among(columns: tuple[str, ...], reader: Reader) -> str:
    """Return the condition of a list of values; a missing one may stand among them."""
    listed = split(reader.inside())
    values = [reader.text(part) for part in listed if [w.upper for w in part] != ["NULL"]]
    names = columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
    found = [f"{names} IN ({', '.join(values)})"] if values else []
    if len(values) < len(listed):
        found.append(f"{names} IS NULL")
    return " OR ".join(found) if len(found) < 2 else f"({' OR '.join(found)})"
