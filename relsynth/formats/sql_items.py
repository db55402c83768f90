"""Parts of a statement: names, types, balanced parentheses, lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from relsynth.formats.sql_text import Statement, Word

_STARTING = (
    "CONSTRAINT NOT NULL DEFAULT PRIMARY UNIQUE CHECK REFERENCES GENERATED AS COLLATE "
    "AUTO_INCREMENT AUTOINCREMENT IDENTITY COMMENT ON KEY CHARSET INVISIBLE VISIBLE VIRTUAL STORED "
    "PERSISTED STORAGE COMPRESSION ENCODE ROWGUIDCOL SPARSE MASKED DEFERRABLE INITIALLY ENABLE "
    "DISABLE SRID FAMILY CREATE USING FIRST AFTER COLUMN_FORMAT"
)
STARTS = frozenset(_STARTING.split())
"""Words that end the type of a column and begin what is said of it."""
_LATER = (
    "VARYING PRECISION UNSIGNED SIGNED ZEROFILL TIME ZONE LOCAL LARGE OBJECT BIG INT INTEGER DAY "
    "YEAR MONTH HOUR MINUTE SECOND TO RAW ARRAY SUB_TYPE TEXT WITHOUT CHAR CHARACTER VARCHAR BIT "
    "DATA"
)
_MORE = frozenset(_LATER.split())


class MisreadError(ValueError):
    """A statement cannot be read; knows where."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem)
        self.at = at


@dataclass(frozen=True, slots=True)
class Name:
    """A name, perhaps qualified by a schema."""

    schema: str
    name: str


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as written: qualified name, arguments and how many array brackets."""

    schema: str
    base: str
    arguments: tuple[Word, ...] = ()
    suffix: str = ""
    is_array: bool = False

    @property
    def text(self) -> str:
        """The type as SQL text."""
        inner = ", ".join(
            f"'{word.text}'" if word.kind == "text" else word.text for word in self.arguments
        )
        head = self.base + (f"({inner})" if self.arguments else "")
        return head + (f" {self.suffix}" if self.suffix else "") + ("[]" if self.is_array else "")


class Reader:
    """Reads the tokens of one statement from left to right."""

    def __init__(self, statement: Statement, dialect: str, words: list[Word] | None = None) -> None:
        self.statement, self.dialect = statement, dialect
        self.words = statement.words if words is None else words
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        """Return a coming word in capitals, empty where it is a quoted name or a text."""
        place = self.at + ahead
        return self.words[place].upper if place < len(self.words) else ""

    @property
    def word(self) -> Word | None:
        """The next token."""
        return self.words[self.at] if self.at < len(self.words) else None

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.words)

    def take(self, *words: str) -> bool:
        """Pass these words where all of them come next."""
        if all(self.peek(place) == word for place, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def one_of(self, *words: str) -> str:
        """Pass one of these words and return it; empty where none comes next."""
        found = self.peek()
        if found in words:
            self.at += 1
            return found
        return ""

    def skip(self) -> None:
        """Pass one token, or a whole pair of parentheses."""
        if self.peek() == "(":
            self.inside()
        else:
            self.at += 1

    def inside(self) -> list[Word]:
        """Pass a pair of parentheses and return what stands in it."""
        depth, start = 0, self.at + 1
        while not self.done:
            depth += {"(": 1, ")": -1}.get(self.peek(), 0)
            self.at += 1
            if depth == 0:
                return self.words[start : self.at - 1]
        raise MisreadError("a parenthesis is not closed", self.words[start - 1].start)

    def is_name(self) -> bool:
        """Whether a name comes next."""
        return self.word is not None and self.word.kind in ("word", "quoted")

    def part(self) -> str:
        """Pass one part of a name; PostgreSQL reads it in lower case where it is not quoted."""
        word = self.word
        if word is None or word.kind not in ("word", "quoted", "text"):
            near = "the end" if word is None else repr(word.text)
            raise self.misread(f"a name is expected before {near}")
        self.at += 1
        return word.text.lower() if word.kind == "word" and self.folds else word.text

    def misread(self, problem: str) -> MisreadError:
        """Return the error that the next token cannot be read."""
        word = self.word or (self.words or self.statement.words)[-1]
        return MisreadError(problem, word.start)

    @property
    def folds(self) -> bool:
        """Whether names that are not quoted are read in lower case."""
        return self.dialect == "postgres"

    def name(self) -> Name:
        """Pass a name with the schema before it."""
        while self.one_of("@", "%", "&"):  # templates: @schema.table
            pass
        parts = [self.part()]
        while self.peek() == "." and not self.done:
            self.at += 1
            if self.peek() == ".":
                continue
            parts.append(self.part())
        return Name(parts[-2] if len(parts) > 1 else "", parts[-1])

    def names(self) -> tuple[str, ...]:
        """Pass a list of columns in parentheses; lengths and directions are left out."""
        return tuple(
            Reader(self.statement, self.dialect, item).part() for item in split(self.inside())
        )

    def sub(self, words: list[Word]) -> Reader:
        """Return a reader of some of the tokens."""
        return Reader(self.statement, self.dialect, words)

    def text(self, words: list[Word]) -> str:
        """Return tokens as they are written."""
        return self.statement.between(words[0], words[-1]) if words else ""

    def type_name(self) -> TypeName | None:
        """Pass a type; ``None`` where a column has none, as SQLite allows."""
        if not self.is_name() or (self.peek() in STARTS and self.peek() != "SET"):
            return None
        found = self.name() if self.peek(1) == "." else Name("", self.part_as_written())
        base, suffix = [found.name], list[str]()
        arguments: tuple[Word, ...] = ()
        is_array = False
        while not self.done:
            word = self.peek()
            if word == "(" and not arguments:
                arguments = tuple(w for w in self.inside() if w.upper not in (",", "CHAR", "BYTE"))
            elif word == "(":
                self.inside()
            elif word == "[":
                is_array = True
                while not self.done and self.peek() != "]":
                    self.at += 1
                self.at += 1
            elif self._continues(word):
                is_array |= word == "ARRAY"
                if word != "ARRAY":
                    (suffix if arguments else base).append(word)
                self.at += 1
            else:
                break
        shown = " ".join(base)
        return TypeName(found.schema, shown, _joined(arguments),
                        " ".join(suffix), is_array)  # fmt: skip

    def part_as_written(self) -> str:
        """Pass one word of a type."""
        word = self.words[self.at]
        self.at += 1
        if self.folds and word.kind == "quoted" and word.text == "char":
            return "single char"  # PostgreSQL's own type of one byte
        return word.text

    def _continues(self, word: str) -> bool:
        if word == "WITH":
            return self.peek(1) in ("TIME", "LOCAL")
        if word in ("CHARACTER", "CHAR") and self.peek(1) == "SET":
            return False
        if self.dialect == "sqlite":
            return bool(word) and word.isidentifier() and word not in STARTS
        return word in _MORE or (word == "WITHOUT" and self.peek(1) == "TIME")


def _joined(arguments: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return arguments with the sign of a negative number joined to it."""
    out: list[Word] = []
    for word in arguments:
        if out and out[-1].text == "-" and word.kind == "number":
            out[-1] = Word("number", f"-{word.text}", out[-1].start, word.end)
        else:
            out.append(word)
    return tuple(out)


def split(words: Iterable[Word], by: str = ",") -> list[list[Word]]:
    """Return the parts between commas that stand in no parentheses."""
    parts: list[list[Word]] = [[]]
    depth = 0
    for word in words:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(word.upper, 0)
        if word.upper == by and depth == 0:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts
