"""Constraints of tables: keys, references, unique sets, conditions."""

from __future__ import annotations

from relsynth.formats.ddl_catalogue import Catalogue
from relsynth.formats.ddl_ranges import keep_apart
from relsynth.formats.ddl_types import as_postgres, quoted
from relsynth.formats.sql_items import Reader, split
from relsynth.formats.sql_text import Word, statements
from relsynth.formats.typed import Declared, Reference, Unique

_INDEXES = ("KEY", "INDEX", "FULLTEXT", "SPATIAL")
"""Words that begin an index inside a table, which says nothing of its rows."""


class ConstraintReader:
    """Reads what the rows of a table must meet."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue, self.dialect = catalogue, catalogue.dialect

    def read(self, table: Declared, one: Reader, label: str | None) -> bool:
        """Read a constraint; say whether it is one."""
        if one.take("PRIMARY", "KEY"):
            self._primary(table, one, label)
        elif self._is_unique(one):
            self._unique(table, one, label)
        elif one.peek() == "CHECK" and one.peek(1) == "(":
            self.check(table, one, label)
        elif one.take("FOREIGN", "KEY"):
            while not one.done and one.peek() != "(":
                index = one.part()
                label = label or index
            columns = one.names()
            if not one.take("REFERENCES"):
                raise one.misread("REFERENCES is expected")
            table.references.append(self.reference(columns, one, label))
        elif one.peek() == "EXCLUDE" and one.peek(1) in ("USING", "("):
            self.exclusion(table, one)
        else:
            keyed = self.dialect in ("mysql", "tsql", "db2") and one.peek() in _INDEXES
            return keyed or (one.peek() == "PERIOD" and one.peek(1) == "FOR")
        return True

    def check(self, table: Declared, one: Reader, label: str | None) -> None:
        """Read a condition from CHECK on."""
        one.at += 1
        table.add_check(as_postgres(one.text(one.inside()), self.dialect), label)

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
        self.add_unique(table, one, label, together)

    def exclusion(self, table: Declared, one: Reader) -> None:
        """Keep EXCLUDE by ranges that never meet, or by what its equal parts say."""
        written = one.text(one.words)
        while not one.done and one.peek() != "(":
            one.skip()
        parts: dict[str, list[list[Word]]] = {"=": [], "&&": []}
        for part in split(one.inside()):
            place = [word.upper for word in part].index("WITH")
            sign = "".join(word.text for word in part[place + 1 :])
            parts.setdefault(sign, []).append(part[:place])
        where = ""
        while not one.done:
            if one.take("WHERE"):
                where = as_postgres(one.text(one.inside()), self.dialect)
            else:
                one.skip()
        said = {"equal": [one.text(part) for part in parts["="]], "where": where}
        if any(keep_apart(table, one.sub(part), said) for part in parts["&&"]):
            decision = "is kept by ranges that never meet"
        elif parts["="]:
            names = tuple(p[0].text if len(p) == 1 else "=" + one.text(p) for p in parts["="])
            table.unique.append(Unique(names, where=where or "true"))
            decision = "is kept by different values of its equal parts"
        else:
            decision = "is not enforced"
        self.catalogue.notes.append((table.name, f"an exclusion constraint {decision}", written))

    def _from_index(self, table: Declared, name: str) -> None:
        for unique in table.unique:
            if unique.name is not None and unique.name.lower() == name.lower():
                table.primary = unique.columns

    def add_unique(
        self, table: Declared, one: Reader, label: str | None, together: bool, where: str = ""
    ) -> None:
        """Read the columns and expressions of a unique set."""
        parts, whole = [], list[str]()
        for words in split(one.inside()):
            part = one.sub(words)
            if len(words) == 1 or (part.is_name() and part.peek(1) in ("ASC", "DESC", "COLLATE")):
                parts.append(part.part())
            elif part.is_name() and part.peek(1) == "(" and self.dialect == "mysql":
                name = part.part()  # the first letters must differ, and so the whole does
                whole.append(name)
                parts.append(f"=LEFT({quoted(name)}, {part.text(part.inside())})")
            elif part.is_name() and words[1].kind == "word":
                parts.append(part.part())  # an operator class follows
            else:
                parts.append("=" + as_postgres(one.text(_expression(words)), self.dialect))
        table.unique.append(Unique(tuple(parts), name=label, where=where, together=together))
        if whole:
            rest = iter(whole)
            names = (next(rest) if part[:1] == "=" else part for part in parts)
            table.unique.append(Unique(tuple(names), name=label))

    def reference(self, columns: tuple[str, ...], one: Reader, label: str | None) -> Reference:
        """Read what follows REFERENCES."""
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


def _expression(words: list[Word]) -> list[Word]:
    """Return an indexed expression without its operator class and direction."""
    closing = [place for place, word in enumerate(words) if word.upper == ")"]
    rest = words[closing[-1] + 1 :] if closing else []
    plain = rest and all(word.kind == "word" or word.upper == "." for word in rest)
    return words[: closing[-1] + 1] if plain else words


def add_exclusion(table: Declared, text: str) -> None:
    """Keep an exclusion constraint as PostgreSQL writes it, from ``EXCLUDE`` on."""
    reader = Reader(next(statements(text, "postgres")), "postgres")
    ConstraintReader(Catalogue("postgres")).exclusion(table, reader)
