"""SQL DDL, statement by statement: tables, types, domains, indexes, and what changes them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from relsynth.errors import Faults, SchemaError
from relsynth.formats.ddl_catalogue import Catalogue, Domain
from relsynth.formats.ddl_changes import TableChanger
from relsynth.formats.ddl_tables import TableReader
from relsynth.formats.ddl_types import TypeReader
from relsynth.formats.sql_functions import read_function
from relsynth.formats.sql_items import MisreadError, Name, Reader, TypeName, split
from relsynth.formats.sql_text import Statement, Word, plain_statements, statements
from relsynth.formats.typed import assemble, distinguish_targets
from relsynth.optional import require
from relsynth.schema import Note, Schema

DIALECTS = ("postgres", "mysql", "sqlite", "tsql", "oracle", "db2")
_CREATE = re.compile(
    r"(?:^|\*/)[\s;(]*create\s+((global|local)\s+)?((temp|temporary|unlogged|foreign)\s+)?table\b",
    re.I | re.M,
)
_LATER = re.compile(r";\s*create\s+table\b", re.I)  # behind another statement of its line
_OTHER = re.compile(r"\s*(#[^\n]*\s+)*([\w-]+:(\s|$)|<|---\s*$)", re.M)
"""How YAML and markup begin, which may hold SQL."""
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
        (
            r"\bautoincrement\b|\bpragma\b|\bwithout\s+rowid\b|\bcollate\s+nocase\b|"
            r"(?<![\w\]])\[[^\W\d][\w ]*\][\s(.]"
        ),
    ),
)
_POSTGRES = (
    r"\bowner\s+to\b|\bserial\b|::\s*\w|\bcreate\s+(extension|domain)\b|\bplpgsql\b|\bjsonb\b|"
    r"\btimestamptz\b|\btimestamp\s+with(out)?\s+time\s+zone\b|\bcharacter\s+varying\b"
)


_RANGES = {
    **dict.fromkeys(("float4", "float8", "real", "double precision", "numeric"), "numrange"),
    **dict.fromkeys(("int4", "integer", "int", "smallint", "int2"), "int4range"),
    **dict.fromkeys(("int8", "bigint"), "int8range"),
    **dict.fromkeys(("timestamp", "timestamp without time zone"), "tsrange"),
    **dict.fromkeys(("timestamptz", "timestamp with time zone"), "tstzrange"),
    "date": "daterange",
}
"""The ranges that PostgreSQL brings, by what they are of."""


def is_ddl(content: object) -> bool:
    """Return whether text reads like SQL statements that define tables."""
    return (
        isinstance(content, str)
        and _OTHER.match(content) is None
        and (_CREATE.search(content) is not None or _LATER.search(content) is not None)
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
    catalogue.inline_functions()
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


def _beginning_with(verbs: tuple[str, ...], words: list[Word]) -> list[list[Word]]:
    """Return the runs of words that begin with one of the verbs outside of parentheses."""
    found: list[list[Word]] = []
    depth = 0
    for word in words:
        depth += {"(": 1, ")": -1}.get(word.upper, 0)
        if depth == 0 and word.upper in verbs:
            found.append([])
        if found:
            found[-1].append(word)
    return found


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
        first, words = self.peek(), [word.upper for word in self.words]
        known = (
            (("CREATE",), self._create),
            (("ALTER", "TABLE"), self._alter_table),
            (("ALTER", "TYPE"), self._alter_type),
            (("ALTER", "DOMAIN"), self._alter_type),
            (("ALTER", "SCHEMA"), self._alter_schema),
            (("DROP",), self._drop),
            (("RENAME", "TABLE"), self._rename_tables),
            (("DO",), self._anonymous_block),
        )
        for opening, reads in known:
            if self.take(*opening):
                reads()
                return
        if first == "SET" and self.peek(1) == "SEARCH_PATH":
            self.at += 2
            if self.one_of("TO", "=") and self.word is not None:
                self.catalogue.open_schema(self.part())
        elif first == "SET" and "FOREIGN_KEY_CHECKS" in words:
            self.catalogue.unchecked = True
        elif first not in _QUIET:
            self.catalogue.pass_over(self.statement)

    def _alter_schema(self) -> None:
        old = self.part()
        if self.take("RENAME", "TO"):
            self.catalogue.rename_schema(old, self.part())

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
            elif self.take("SCHEMA"):
                self._elements()
            elif self.take("FUNCTION"):
                self.catalogue.pass_over(self.statement)
                found = read_function(self)
                if found is not None:
                    self.catalogue.functions[found[0]] = found[1]
            elif not self.take("INDEX"):
                self.catalogue.pass_over(self.statement)

    def _elements(self) -> None:
        """Read the tables that CREATE SCHEMA holds itself."""
        self.take("IF", "NOT", "EXISTS")
        opened = self.catalogue.schema
        if self.is_name() and self.peek() != "AUTHORIZATION":
            self.catalogue.open_schema(self.part())
        for words in _beginning_with(("CREATE", "GRANT"), self.words[self.at :]):
            line = self.statement.line + self.statement.source.count(
                "\n", self.statement.words[0].start, words[0].start
            )
            _Script(self.catalogue, Statement(line, words, self.statement.source)).read()
        self.catalogue.schema = opened

    def _anonymous_block(self) -> None:
        """Read the definitions that stand in the body of a DO statement."""
        body = next((word.text for word in self.words if word.kind == "text"), "")
        body = re.sub(r"^(\$\w*\$)(.*)\1$", r"\2", body, flags=re.S)
        for inner in plain_statements(body, self.dialect):
            found = _beginning_with(("CREATE", "ALTER", "DROP"), inner.words)[:1]
            for words in found:
                one = Statement(self.statement.line + inner.line - 1, words, body)
                try:
                    _Script(self.catalogue, one).read()
                except (MisreadError, IndexError):
                    self.catalogue.pass_over(one)

    def _type(self) -> None:
        name = self.name()
        if self.take("FROM"):
            self.catalogue.add_domain(name, self)
        elif self.take("AS", "ENUM"):
            self.catalogue.levels[name] = [
                word.text for word in self.inside() if word.kind == "text"
            ]
        elif self.take("AS", "RANGE"):
            self._range(name)
        elif self.take("AS") and self.peek() == "(":
            self.catalogue.add_composite(name, self, split(self.inside()))
        else:
            self.catalogue.pass_over(self.statement)

    def _range(self, name: Name) -> None:
        """Take a type of ranges for the one of its kind that the database brings."""
        for part in split(self.inside()):
            one = self.sub(part)
            if one.take("SUBTYPE", "="):
                kind = one.type_name()
                base = _RANGES.get(kind.base.lower() if kind is not None else "")
                if base is not None:
                    self.catalogue.domains[name] = Domain(TypeName("", base))

    def _alter_type(self) -> None:
        name = self.catalogue.type_known(self.name())
        if name is None or name in self.catalogue.domains:
            if name is not None:
                self.catalogue.alter_domain(name, self)
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

    def _drop(self) -> None:
        kind = self.peek()
        self.at += 1
        self.take("CONCURRENTLY")
        self.take("IF", "EXISTS")
        if kind == "TABLE":
            cascade = self.words[-1].upper == "CASCADE"
            for part in split(self.words[self.at :]):
                self.catalogue.drop(self.sub(part).name(), cascade=cascade)
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
