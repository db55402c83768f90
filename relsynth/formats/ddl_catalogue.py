"""What the statements of a script have declared so far: tables, types and domains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from relsynth.formats.sql_functions import Function, inlined_functions
from relsynth.formats.sql_items import Name, Reader, TypeName
from relsynth.formats.sql_text import Statement, Word
from relsynth.formats.typed import Declared, Reference
from relsynth.schema.spellings import spelled_composite

_USUAL = ("", "public", "dbo", "main")
"""Schemas that a name without a schema belongs to."""
_SWITCHED_OFF = ("sqlite", "tsql", "oracle", "db2")
"""Dialects in which references are switched off while rows are written, then on again."""


def _leads_to(reference: Reference, place: tuple[str, str]) -> bool:
    return (reference.schema, reference.parent.lower()) == (place[0], place[1].lower())


@dataclass
class Domain:
    """A type of a script's own: another type, narrowed."""

    base: TypeName
    checks: dict[str, tuple[Statement, list[Word]]] = field(default_factory=dict)
    """Conditions by the name of their constraint, with the statement they stand in."""
    required: bool = False


@dataclass
class Part:
    """A partition that is partitioned itself.

    Attributes
    ----------
    table : Declared
        Whose rows it holds.
    bound : str
        Which of them.
    columns : tuple of str
        By which it is partitioned.
    """

    table: Declared
    bound: str
    columns: tuple[str, ...]


class Catalogue:
    """Tables, types and domains as the statements read so far leave them."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.tables: dict[tuple[str, str], Declared] = {}
        self.parts: dict[tuple[str, str], Part] = {}
        """Partitions that are partitioned themselves."""
        self.levels: dict[Name, list[str]] = {}
        self.domains: dict[Name, Domain] = {}
        self.composites: dict[Name, str] = {}
        self.functions: dict[str, Function] = {}
        """Functions that are one expression, by their names in lower case."""
        self.notes: list[tuple[str, str, str]] = []
        self.skipped: list[tuple[int, str]] = []
        self.unchecked = dialect in _SWITCHED_OFF
        self.schema = ""
        self.added_levels: dict[Name, list[str]] = {}
        """Values that ALTER TYPE added: PostgreSQL lets nobody use them before it commits."""
        self.early: list[tuple[Name, int]] = []
        """Tables that were changed although they did not stand yet, with the lines."""

    def open_schema(self, name: str) -> None:
        """Let names without a schema belong to this one."""
        self.schema = "" if name.lower() in _USUAL else name

    def pass_over(self, statement: Statement) -> None:
        """List a statement that defines no table."""
        words = [word.upper for word in statement.words[:6]]
        kept = [w for w in words if w and w.isidentifier() and w not in ("OR", "REPLACE")]
        self.skipped.append((statement.line, " ".join(kept[:2]) or statement.opening[:20]))

    def place(self, name: Name) -> tuple[str, str]:
        """Return the schema and the name a name means."""
        schema = name.schema or self.schema
        return ("" if schema.lower() in _USUAL else schema.lower(), name.name)

    def _spelled(self, name: Name) -> tuple[str, str] | None:
        place = self.place(name)
        if place in self.tables:
            return place
        folded = (place[0], place[1].lower())
        for known in self.tables:
            if (known[0], known[1].lower()) == folded:
                return known
        if not name.schema:  # a search path may lead there
            alike = [known for known in self.tables if known[1].lower() == folded[1]]
            return alike[0] if len(alike) == 1 else None
        return None

    def find(self, name: Name) -> Declared | None:
        """Return a table by its name, whatever its case."""
        place = self._spelled(name)
        return None if place is None else self.tables[place]

    def drop(self, name: Name, *, cascade: bool = False) -> None:
        """Forget a table, and with CASCADE what refers to it."""
        place = self._spelled(name)
        if place is None:
            return
        del self.tables[place]
        for other in self.tables.values() if cascade else ():
            other.references = [
                reference for reference in other.references if not _leads_to(reference, place)
            ]

    def rename(self, old: Name, new: Name) -> None:
        """Give a table another name, in the references to it too."""
        place = self._spelled(old)
        if place is None:
            return
        table = self.tables.pop(place)
        after = (self.place(new)[0] if new.schema else place[0], new.name)
        table.name, table.schema = after[1], after[0]
        self.tables[after] = table
        for other in self.tables.values():
            for reference in other.references:
                if _leads_to(reference, place):
                    reference.parent, reference.schema = after[1], after[0]

    def rename_schema(self, old: str, new: str) -> None:
        """Give the tables of a schema another one."""
        moved = [place for place in self.tables if place[0] == old.lower()]
        for place in moved if new else ():
            self.rename(Name(old, place[1]), Name(new, place[1]))

    def add_domain(self, name: Name, reader: Reader) -> None:
        """Take in a domain from behind its name."""
        base = reader.type_name()
        if base is None:
            raise reader.misread("a domain needs a type")
        self.domains[name] = Domain(base)
        self.extend_domain(name, reader)

    def extend_domain(self, name: Name, reader: Reader) -> None:
        """Add the conditions that follow to a domain."""
        domain = self.domains.get(name)
        if domain is None:
            return
        label = ""
        while not reader.done:
            if reader.take("CONSTRAINT"):
                label = reader.part()
            elif reader.take("CHECK"):
                usual = f"{name.name}_check{len(domain.checks) or ''}"
                domain.checks[label or usual] = reader.statement, reader.inside()
                label = ""
            elif reader.take("NOT", "NULL"):
                domain.required = True
            else:
                reader.skip()

    def alter_domain(self, name: Name, reader: Reader) -> None:
        """Change a domain; columns of it follow."""
        domain = self.domains.get(name)
        if domain is None:
            return
        if reader.take("ADD"):
            self.extend_domain(name, reader)
        elif reader.take("SET", "NOT", "NULL"):
            domain.required = True
        elif reader.take("DROP", "NOT", "NULL"):
            domain.required = False
        elif reader.take("DROP", "CONSTRAINT"):
            reader.take("IF", "EXISTS")
            domain.checks.pop(reader.part(), None)
        elif reader.take("RENAME", "CONSTRAINT"):
            old = reader.part()
            if reader.take("TO") and old in domain.checks:
                domain.checks[reader.part()] = domain.checks.pop(old)
        elif reader.take("RENAME", "TO"):
            self.rename_type(name, reader.part())

    def add_composite(self, name: Name, reader: Reader, fields: list[list[Word]]) -> None:
        """Take in a type of several fields."""
        kinds = []
        for words in fields:
            one = reader.sub(words)
            one.part()
            kinds.append(one.type_name())
        self.composites[name] = spelled_composite([self._plain(kind) for kind in kinds],
                                                  self.composites_by_name())  # fmt: skip

    def composites_by_name(self) -> dict[str, str]:
        """Return how the composite types are spelled, by their names in lower case."""
        return {name.name.lower(): pattern for name, pattern in self.composites.items()}

    def _plain(self, kind: TypeName | None) -> str:
        """Return a field's type; a domain is what it narrows."""
        if kind is None:
            return "text"
        known = self.type_known(Name(kind.schema, kind.base))
        domain = None if known is None else self.domains.get(known)
        return kind.text if domain is None else self._plain(domain.base)

    def inline_functions(self) -> None:
        """Put the bodies of the script's own functions where conditions call them."""
        for table in self.tables.values() if self.functions else ():
            table.checks = [inlined_functions(text, self.functions) for text in table.checks]
            for unique in table.unique:
                unique.columns = tuple(
                    "=" + inlined_functions(part[1:], self.functions) if part[:1] == "=" else part
                    for part in unique.columns
                )

    def type_known(self, name: Name) -> Name | None:
        """Return the declared type a name means."""
        listed = [*self.levels, *self.domains, *self.composites]
        if name in listed:
            return name
        alike = [known for known in listed if known.name.lower() == name.name.lower()]
        return alike[0] if alike else None

    def rename_type(self, name: Name, new: str) -> None:
        """Give a type another name; columns keep what they were read as."""
        for kinds in self._kinds():
            if name in kinds:
                kinds[Name(name.schema, new)] = kinds.pop(name)

    def drop_type(self, name: Name) -> None:
        """Forget a type."""
        known = self.type_known(name)
        for kinds in self._kinds():
            if known is not None:
                kinds.pop(known, None)

    def _kinds(self) -> tuple[dict[Name, Any], ...]:
        return self.levels, self.domains, self.composites

    def declared(self) -> dict[str, Declared]:
        """Return the tables by name, with their schema where a name occurs twice."""
        names = [name.lower() for _, name in self.tables]
        out = {}
        shown: dict[tuple[str, str], str] = {}
        for place in self.tables:
            twice = names.count(place[1].lower()) > 1 and place[0]
            same_spelling = [p for p in self.tables if p != place and p[1] == place[1]]
            shown[place] = f"{place[0]}.{place[1]}" if twice and same_spelling else place[1]
        for place, table in self.tables.items():
            for reference in table.references:
                target = self._spelled(Name(reference.schema or place[0], reference.parent))
                target = target or self._spelled(Name("", reference.parent))
                if target is not None:
                    reference.parent = shown[target]
                reference.deferrable |= self.unchecked
            table.name = shown[place]
            out[table.name] = table
        return out
