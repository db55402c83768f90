"""SQL text as statements and words: every dialect's quotes, comments, blocks and batch marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

Kind = Literal["word", "quoted", "text", "number", "sign"]
_BLOCK = re.compile(
    r"create\s+(?:or\s+(?:replace|alter)\s+)?(?:definer\s*=\s*\S+\s+)?(?:temp(?:orary)?\s+|"
    r"(?:non)?editionable\s+)?(?:aggregate\s+)?(?:function|procedure|proc|trigger|event|package)"
    r"\b|(?:declare|begin)\s+(?!transaction|tran\b|work)\w",
    re.I,
)
_PLUS = re.compile(
    r"(?:rem|remark|prompt|whenever|spool|define|undefine|connect|exit|quit|column|accept|pause|"
    r"show|clear|ttitle|host|@)\b|(?:set\s+\w+(?:\s+\w+)?\s*$)",
    re.I,
)
OPENING = 12  # words in which CREATE OR REPLACE DEFINER = a@b TRIGGER is said
_NEW_IN_BATCH = ("CREATE", "ALTER", "INSERT", "EXEC", "EXECUTE", "PRINT", "USE", "IF", "GRANT")


@dataclass(frozen=True, slots=True)
class Word:
    """One token of a statement.

    Attributes
    ----------
    text : str
        The name without quotes, the value of a text, or the token as written.
    start, end : int
        Where it stands in the whole text.
    """

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """The word in capitals; empty for everything that is not a plain word or sign."""
        return self.text.upper() if self.kind in ("word", "sign") else ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes
    ----------
    line : int
        Where it begins.
    source : str
        The whole text.
    """

    line: int
    words: list[Word]
    source: str

    @property
    def opening(self) -> str:
        """The first words, for messages."""
        shown = " ".join(word.text for word in self.words[:4])
        return shown if len(shown) <= 50 else shown[:47] + "..."

    def between(self, first: Word, last: Word) -> str:
        """Return the text from one token to another."""
        return self.source[first.start : last.end]


@cache
def _tokens(dialect: str) -> re.Pattern[str]:
    # possessive: a long text is read without remembering every character of it
    escaped = r"'(?:[^'\\]++|''|\\.)*+'"
    strict = r"'(?:[^']++|'')*+'"
    plain = escaped if dialect == "mysql" else strict
    texts = rf"[eE]{escaped}|(?:[nNbBxX]|_\w+\s)?{plain}"
    if dialect == "mysql":
        texts += r'|"(?:[^"\\]++|""|\\.)*+"'
    names = r"`(?:[^`]++|``)*+`" + ("" if dialect == "mysql" else r'|"(?:[^"]++|"")*+"')
    if dialect in ("tsql", "sqlite"):
        names += r"|\[[^\]\n]+\]"
    digits_first = r"|\d+(?![eE]\d|[xX][\da-fA-F]+\b|[bB][01]+\b)[^\W\d][\w$]*"
    names_of_digits = digits_first if dialect == "mysql" else ""
    within = r"/\*.*?\*/"
    if dialect == "postgres":  # there a comment may hold another one
        within = r"/\*(?:[^*/]++|/(?!\*)|\*(?!/)|/\*.*?\*/)*+\*/"
    comments = rf"--[^\n]*|{within}" + (r"|\#[^\n]*" if dialect in ("mysql", "sqlite") else "")
    if dialect == "mysql":  # /*!50100 ... */ is read by MySQL, /*M! ... */ by MariaDB
        comments = r"/\*M?!(?!999999)\d*|\*/|" + comments
    return re.compile(
        rf"""(?P<space>\s+|{comments})
        |(?P<dollar>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
        |(?P<text>{texts})
        |(?P<quoted>{names})
        |(?P<word>[^\W\d][\w$\#@]*{names_of_digits})
        |(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
        |(?P<sign>::|<=|>=|<>|!=|\|\||!?~~?\*?|.)""",
        re.X | re.S,
    )


def statements(text: str, dialect: str) -> Iterator[Statement]:
    r"""Yield the statements of a script, in order.

    Parameters
    ----------
    dialect : str
        Decides what quotes, what is a comment, and what ends a batch.

    Notes
    -----
    Lines for the client (``\restrict``, ``DELIMITER``, ``GO``, ``/``, ``rem``), the rows behind
    ``COPY ... FROM stdin`` and the bodies of functions and triggers are passed over.
    """
    return _Splitter(text, dialect).run()


def plain_statements(text: str, dialect: str) -> Iterator[Statement]:
    """Yield the statements of the body of a block, whatever blocks they are nested in."""
    splitter = _Splitter(text, dialect)
    for found in _tokens(dialect).finditer(text):
        word = _word(found)
        if word is not None and word.upper != ";":
            splitter.words.append(word)
        elif word is not None:
            yield from splitter._closed()
    yield from splitter._closed()


class _Splitter:
    def __init__(self, text: str, dialect: str) -> None:
        self.text, self.dialect = text, dialect
        self.tokens = _tokens(dialect)
        self.ends = ";"
        self.counted, self.line = 0, 1
        self.words: list[Word] = []
        self.depth, self.block = 0, False

    def run(self) -> Iterator[Statement]:
        at = 0
        while at < len(self.text):
            if self._at_line_start(at):
                after, closes = self._client_line(at)
                if closes:
                    yield from self._closed()
                if after is not None:
                    at = after
                    continue
            if self.ends != ";" and self.text.startswith(self.ends, at):
                yield from self._closed()
                at += len(self.ends)
                continue
            found = next(self.tokens.finditer(self.text, at))  # the last form is any character
            at = found.end()
            word = _word(found)
            if word is None:
                continue
            if word.upper == ";" and self.ends == ";" and self.depth <= 0:
                at = self._past_rows(at) if self.words else at
                yield from self._closed()
                continue
            if self.words and not self.block and self._opens_in_batch(word):
                yield from self._closed()
            self._take(word)
        yield from self._closed()

    def _take(self, word: Word) -> None:
        self.words.append(word)
        if self.block:
            self.depth += _nesting(self.words)
        elif len(self.words) <= OPENING:
            opening = self.text[self.words[0].start : word.end]
            self.block = _BLOCK.match(opening) is not None
            self.depth = sum(w.upper == "BEGIN" for w in self.words) if self.block else 0

    def _closed(self) -> Iterator[Statement]:
        words, self.words, self.depth, self.block = self.words, [], 0, False
        if words:
            yield self._made(words)

    def _made(self, words: list[Word]) -> Statement:
        start = words[0].start
        self.line += self.text.count("\n", self.counted, start)
        self.counted = start
        return Statement(self.line, words, self.text)

    def _at_line_start(self, at: int) -> bool:
        return at == 0 or self.text[at - 1] == "\n"

    def _client_line(self, at: int) -> tuple[int | None, bool]:
        """Return where to go on behind a line for the client, and whether it ends a statement."""
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end + 1
        line, inside = self.text[at:end].strip(), bool(self.words)
        if line.startswith("\\") and not inside:
            return end, False
        if self.dialect == "mysql" and line[:10].upper() == "DELIMITER ":
            self.ends = line[10:].strip() or ";"
            return end, True
        if self.dialect == "tsql" and re.fullmatch(r"go(\s+\d+)?\s*;?", line, re.I):
            return end, True
        if line == "/" and self.dialect in ("oracle", "db2"):
            return end, True
        if self.dialect == "oracle" and not inside and _PLUS.match(line):
            return end, False
        return None, False

    def _past_rows(self, at: int) -> int:
        """Return where to go on behind the rows that follow a COPY from the script itself."""
        words = self.words
        if words[0].upper != "COPY" or [w.upper for w in words[-8:]].count("STDIN") == 0:
            return at
        found = re.compile(r"^\\\.[ \t\r]*$", re.M).search(self.text, at)
        return found.end() if found else at

    def _opens_in_batch(self, word: Word) -> bool:
        """Return whether a word begins a statement although none was ended, as T-SQL allows."""
        if self.dialect != "tsql" or word.upper not in _NEW_IN_BATCH:
            return False
        line = self.text.rfind("\n", 0, word.start) + 1
        return not self.text[line : word.start].strip()


def _word(found: re.Match[str]) -> Word | None:
    start, end, text = found.start(), found.end(), found[0]
    if found["space"] is not None:
        return None
    if found["dollar"] is not None:
        return Word("text", text, start, end)
    if found["text"] is not None:
        quote = text[-1]
        inner = text[text.index(quote) + 1 : -1].replace(quote * 2, quote)
        return Word("text", inner.replace("\\'", "'"), start, end)
    if found["quoted"] is not None:
        closing = text[-1]
        return Word("quoted", text[1:-1].replace(closing * 2, closing), start, end)
    kind: Kind = "number" if found["number"] else "word" if found["word"] else "sign"
    return Word(kind, text, start, end)


def _nesting(words: list[Word]) -> int:
    """Return by how much the last word changes the depth of BEGIN ... END blocks."""
    last = words[-1].upper
    before = words[-2].upper if len(words) > 1 else ""
    if last in ("IF", "LOOP", "WHILE", "REPEAT", "FOR") and before == "END":
        return 1  # END IF and the like close no block: take back what END took
    if last == "CASE" and before == "END":
        return 0
    return (last in ("BEGIN", "CASE")) - (last == "END")
