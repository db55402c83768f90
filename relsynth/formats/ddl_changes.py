"""ALTER TABLE: what changes a table that stands."""

from __future__ import annotations

from dataclasses import replace

from relsynth.formats.ddl_tables import TableReader
from relsynth.formats.sql_items import STARTS, Name, Reader, split
from relsynth.formats.typed import Declared


class TableChanger(TableReader):
    """Reads the actions of ALTER TABLE."""

    def alter(self, table: Declared, name: Name) -> None:
        """Read the actions of ALTER TABLE."""
        verb = ""
        self.again = True
        for words in split(self.reader.words[self.reader.at :]):
            one = self.reader.sub(words)
            if not words:
                raise self.reader.misread("an action is missing between two commas")
            found = one.one_of("ADD", "DROP", "ALTER", "MODIFY", "CHANGE", "RENAME", "ATTACH",
                               "INHERIT", "SET")  # fmt: skip
            verb = found or (verb if self.dialect != "mysql" else "")  # there options may follow
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
            part = one.name()
            self.catalogue.drop(part)
            TableChanger(self.catalogue, one).partition(name, part)
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
            table.drop_primary()
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
            self.column_rules(table, one, name)

    def _retype(self, table: Declared, name: str, one: Reader) -> None:
        old = table.columns[name]
        table.domains.pop(name, None)
        column = self.types.column(table, name, one.type_name())
        table.columns[name] = replace(column, nullable=old.nullable, derived=old.derived)

    def _redefine(self, table: Declared, one: Reader, verb: str) -> None:
        old = table.spelled(one.part())
        new = one.part() if verb == "CHANGE" else old
        if old in table.columns and new != old:
            table.rename_column(old, new)
        places = list(table.columns)
        before = table.columns.get(new)
        if before is not None and one.word is not None and one.peek() in STARTS:
            self.column_rules(table, one, new)
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
