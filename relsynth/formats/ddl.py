"""SQL DDL, statement by statement: tables, types, domains, indexes, and what changes them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from relsynth.errors import Faults, SchemaError
from relsynth.formats.ddl_catalogue import Catalogue
from relsynth.formats.ddl_changes import TableChanger
from relsynth.formats.ddl_tables import TableReader
from relsynth.formats.ddl_types import TypeReader
from relsynth.formats.sql_items import MisreadError, Reader, split
from relsynth.formats.sql_text import Statement, statements
from relsynth.formats.typed import assemble, distinguish_targets
from relsynth.optional import require
from relsynth.schema import Note, Schema

DIALECTS = ("postgres", "mysql", "sqlite", "tsql", "oracle", "db2")
_STATEMENT = re.compile(
    r"^\s*(create|alter|drop|set|pragma|begin|use|comment|rem|prompt|delimiter|if|go|select|grant|"
    r"--|/\*|\\|\#)",
    re.I,
)
_CREATE = re.compile(r"\bcreate\s+((global|local)\s+)?((temp|temporary|unlogged)\s+)?table\b", re.I)
_QUIET = ("SET", "SELECT", "COMMENT", "BEGIN", "COMMIT", "USE", "LOCK", "UNLOCK", "PRAGMA", "START")
_SIGNS: tuple[tuple[str, str], ...] = (
    ("tsql", r"^\s*go\s*$|\bidentity\s*\(\s*\d|\[dbo\]|\bnvarchar\b|\bset\s+ansi_nulls\b"),
    ("oracle", r"\bvarchar2\b|\bnumber\s*\(|\bnumber\b\s*(not|primary|,)|^\s*rem\b|^/\s*$"),
    (
        "mysql",
        (
            r"`|\bauto_increment\b|\bengine\s*=|^\s*delimiter\s|\bunique\s+key\s+\w+\s*\(|"
            r"\b(medium|long|tiny)(text|blob)\b|\bmediumint\b|\bpartition\s+\w+\s+values\s+in\b"
        ),
    ),
    (
        "db2",
        (
            r"\bgenerated\s+\w+(\s+default)?\s+as\s+identity\s*\(\s*start\s+with\s+1\s*,|@\s*$|"
            r"\breferencing\s+(new|old)\s+as\b|\bfor\s+bit\s+data\b|\bdecfloat\b"
        ),
    ),
    (
        "sqlite",
        r"\bautoincrement\b|\bpragma\b|\bwithout\s+rowid\b|\bcollate\s+nocase\b|\[[^\W\d]\w*\]\s",
    ),
)
_POSTGRES = (
    r"\bowner\s+to\b|\bserial\b|::\s*\w|\bcreate\s+(extension|domain)\b|\bplpgsql\b|\bjsonb\b|"
    r"\btimestamptz\b|\btimestamp\s+with(out)?\s+time\s+zone\b|\bcharacter\s+varying\b"
)


def is_ddl(content: object) -> bool:
    """Return whether text reads like SQL statements that define tables."""
    return (
        isinstance(content, str)
        and _STATEMENT.match(content) is not None
        and _CREATE.search(content) is not None
    )


def read_ddl(text: str, source: str = "schema", dialect: str | None = None) -> Schema:
    """Read the tables that SQL statements define.

    Parameters
    ----------
    text : str
        Statements are replayed in their order, so that migrations joined to one text give
        the schema they end with. What defines no table is passed over and listed in the
        notes, with line numbers.
    source : str
        Opens error messages.
    dialect : {"postgres", "mysql", "sqlite", "tsql", "oracle", "db2"}, optional
        Found by the text where not given.

    Raises
    ------
    ImportError
        Where sqlglot, which reads the conditions, is not installed.
    SchemaError
        Listing every table that cannot be read, with its line.
    """
    require("sqlglot", "ddl", "Reading SQL DDL")
    chosen = dialect or guess_dialect(text)
    catalogue = Catalogue(chosen)
    with Faults(source, SchemaError) as faults:
        for statement in statements(text, chosen):
            try:
                _Script(catalogue, statement).read()
            except (MisreadError, IndexError) as error:
                if _defines_a_table(statement):
                    at = getattr(error, "at", statement.words[-1].start)
                    problem = str(error) if isinstance(error, MisreadError) else "it ends too early"
                    faults.add(f"{_place(text, at)}: cannot read {statement.opening!r}: {problem}")
                else:
                    catalogue.pass_over(statement)
        for name, line in catalogue.early:
            if catalogue.place(name) in catalogue.tables:
                faults.add(f"line {line}: the table {name.name!r} is altered before it is created")
    if not catalogue.tables:
        raise SchemaError(f"{source}: the SQL defines no table")
    TypeReader(catalogue).narrow_by_domains()
    declared = catalogue.declared()
    distinguished = distinguish_targets(declared) if chosen == "mysql" else []
    schema = assemble(declared, source, mysql=chosen == "mysql")
    return Schema(
        schema.tables,
        schema.foreign_keys,
        notes=(*schema.notes, *_notes(catalogue, chosen), *distinguished),
        source=source,
    )


def read_folder(folder: Path) -> Schema:
    """Read the ``.sql`` files of a folder as one script, in the order of their names.

    Files of migrations that undo (``.down.sql``) are left out.
    """
    files = sorted(
        (path for path in folder.glob("**/*.sql") if not path.name.endswith(".down.sql")),
        key=lambda path: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", str(path))],
    )
    if not files:
        raise SchemaError(f"{folder}: the folder holds no .sql file")
    texts = [_forward(path.read_text(encoding="utf-8-sig")) for path in files]
    return read_ddl("\n;\n".join(texts), str(folder))


def _forward(text: str) -> str:
    """Return the part of a migration that goes forward, where one file holds both ways."""
    mark = re.search(r"^--\s*(\+goose down|migrate:down|@undo|\+migrate down)\b", text, re.I | re.M)
    return text[: mark.start()] if mark else text


def guess_dialect(text: str) -> str:
    """Return the dialect that the text's own words point to.

    Examples
    --------
    >>> guess_dialect("CREATE TABLE `a` (`id` int)"), guess_dialect("CREATE TABLE a (id int)")
    ('mysql', 'postgres')
    """
    plain = re.sub(r"^\s*COPY\s[^;]*stdin;.*?^\\\.$", "", text[:400_000], flags=re.I | re.S | re.M)
    plain = re.sub(r"^\s*insert\s+into\b.*$|'[^'\n]*'|--[^\n]*", "", plain, flags=re.I | re.M)
    found = {name: len(re.findall(form, plain, re.I | re.M)) for name, form in _SIGNS}
    if found["tsql"] and not re.search(r"\bautoincrement\b|\bpragma\b", plain, re.I):
        found["sqlite"] = 0  # both quote names by brackets
    found["postgres"] = len(re.findall(_POSTGRES, plain, re.I))
    best = max(found, key=lambda name: found[name])
    return best if found[best] > found["postgres"] else "postgres"


def _place(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - text.rfind(chr(10), 0, at)}"


def _defines_a_table(statement: Statement) -> bool:
    opening = [word.upper for word in statement.words[:5]]
    return opening[:1] in (["CREATE"], ["ALTER"]) and "TABLE" in opening


def _notes(catalogue: Catalogue, dialect: str) -> list[Note]:
    notes = [Note(where, decision, evidence) for where, decision, evidence in catalogue.notes]
    kinds: dict[str, list[int]] = {}
    for line, opening in catalogue.skipped:
        kinds.setdefault(opening, []).append(line)
    if kinds:
        counts = Counter({kind: len(lines) for kind, lines in kinds.items()})
        shown = "; ".join(
            f"{kind} in line{'s' if n > 1 else ''} {', '.join(map(str, kinds[kind][:20]))}"
            + (", ..." if n > 20 else "")
            for kind, n in counts.most_common()
        )
        total = counts.total()
        decision = (
            f"{total:,} statement{'s' if total > 1 else ''} that define no table are passed over"
        )
        notes.insert(0, Note("the SQL", f"{decision}, read as {dialect}", shown))
    return notes


class _Script(Reader):
    """Reads one statement into the catalogue."""

    def __init__(self, catalogue: Catalogue, statement: Statement) -> None:
        super().__init__(statement, catalogue.dialect)
        self.catalogue = catalogue

    def read(self) -> None:
        """Take in the statement, or list it as passed over."""
        first = self.peek()
        if self.take("CREATE"):
            self._create()
        elif self.take("ALTER", "TABLE"):
            self._alter_table()
        elif self.take("ALTER", "TYPE"):
            self._alter_type()
        elif self.take("ALTER", "DOMAIN"):
            self._alter_domain()
        elif self.take("DROP"):
            self._drop()
        elif self.take("RENAME", "TABLE"):
            self._rename_tables()
        elif first == "SET" and self.peek(1) == "SEARCH_PATH":
            self.at += 2
            if self.one_of("TO", "=") and self.word is not None:
                self.catalogue.open_schema(self.part())
        elif first == "EXEC" and "SP_RENAME" in [word.upper for word in self.words]:
            self.catalogue.pass_over(self.statement)
        elif first == "SET" and "FOREIGN_KEY_CHECKS" in [w.upper for w in self.words]:
            self.catalogue.unchecked = True
        elif first not in _QUIET:
            self.catalogue.pass_over(self.statement)

    def _create(self) -> None:
        self.take("OR", "REPLACE")
        temporary = False
        while word := self.one_of("GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "FOREIGN",
                                  "COLUMN", "ROW"):  # fmt: skip
            temporary |= word in ("TEMP", "TEMPORARY")
        if self.take("TABLE"):
            if temporary:
                self.catalogue.pass_over(self.statement)
            else:
                TableReader(self.catalogue, self).create()
        elif self.take("TYPE"):
            self._type()
        elif self.take("DOMAIN"):
            name = self.name()
            self.take("AS")
            self.catalogue.add_domain(name, self)
        else:
            unique = self.take("UNIQUE")
            self.one_of("CLUSTERED", "NONCLUSTERED", "FULLTEXT", "SPATIAL", "BITMAP")
            if unique and self.take("INDEX"):
                TableReader(self.catalogue, self).unique_index()
            elif not self.take("INDEX") and not self.take("SCHEMA"):
                self.catalogue.pass_over(self.statement)

    def _type(self) -> None:
        name = self.name()
        if self.take("FROM"):
            self.catalogue.add_domain(name, self)
        elif self.take("AS", "ENUM"):
            self.catalogue.levels[name] = [
                word.text for word in self.inside() if word.kind == "text"
            ]
        elif self.take("AS") and self.peek() == "(":
            self.catalogue.add_composite(name, self, split(self.inside()))
        else:
            self.catalogue.pass_over(self.statement)

    def _alter_type(self) -> None:
        name = self.catalogue.type_known(self.name())
        if name is None:
            return
        levels = self.catalogue.levels.get(name)
        if levels is not None and self.take("ADD", "VALUE"):
            self.take("IF", "NOT", "EXISTS")
            value = self.words[self.at].text
            if value not in levels:
                levels.append(value)
                self.catalogue.added_levels.setdefault(name, []).append(value)
        elif levels is not None and self.take("RENAME", "VALUE"):
            old, new = self.words[self.at].text, self.words[self.at + 2].text
            self.catalogue.levels[name] = [new if level == old else level for level in levels]
        elif self.take("RENAME", "TO"):
            self.catalogue.rename_type(name, self.part())

    def _alter_domain(self) -> None:
        name = self.catalogue.type_known(self.name())
        if name is not None:
            self.catalogue.alter_domain(name, self)

    def _drop(self) -> None:
        kind = self.peek()
        self.at += 1
        self.take("CONCURRENTLY")
        self.take("IF", "EXISTS")
        if kind == "TABLE":
            for part in split(self.words[self.at :]):
                self.catalogue.drop(self.sub(part).name())
        elif kind == "INDEX":
            named = self.name().name
            for table in self.catalogue.tables.values():
                table.drop_constraint(named)
        elif kind in ("TYPE", "DOMAIN"):
            self.catalogue.drop_type(self.name())

    def _rename_tables(self) -> None:
        for part in split(self.words[self.at :]):
            one = self.sub(part)
            old = one.name()
            if one.take("TO"):
                self.catalogue.rename(old, one.name())

    def _alter_table(self) -> None:
        exists = self.take("IF", "EXISTS")
        self.take("ONLY")
        name = self.name()
        self.take("*")
        table = self.catalogue.find(name)
        if table is None:
            if not exists and not self._is_about_others():
                self.catalogue.early.append((name, self.statement.line))
                self.catalogue.pass_over(self.statement)
            return
        self.take("WITH", "CHECK")
        self.take("WITH", "NOCHECK")
        TableChanger(self.catalogue, self).alter(table, name)

    def _is_about_others(self) -> bool:
        return self.peek() in ("OWNER", "DISABLE", "ENABLE", "CLUSTER", "REPLICA")
