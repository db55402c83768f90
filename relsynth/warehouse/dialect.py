"""How databases spell what is asked of them: names, texts and hashes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relsynth.errors import DataError

_TEXT = {
    "duckdb": "VARCHAR",
    "postgresql": "TEXT",
    "sqlite": "TEXT",
    "mysql": "CHAR",
    "mariadb": "CHAR",
}


def _double_quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Dialect:
    """The SQL of one kind of database.

    Attributes
    ----------
    text : str
        The type that everything can be cast to.
    name : callable
        Quotes the name of a table or column.
    """

    kind: str
    text: str
    name: Callable[[str], str]

    def hashed(self, alias: str, columns: Sequence[str], seed: int) -> str:
        """Return an expression of 32 hexadecimal digits that depends on columns and a seed.

        MD5 is what all of these databases have and what stays the same over their versions;
        nothing is kept secret by it.
        """
        texts = [
            f"COALESCE(CAST({alias}.{self.name(column)} AS {self.text}), '')" for column in columns
        ]
        parts = [part for text in texts for part in (text, "'|'")] + [f"'{seed}'"]
        if self.kind in ("mysql", "mariadb"):
            return f"MD5(CONCAT({', '.join(parts)}))"
        return f"md5({' || '.join(parts)})"

    def joined(self, texts: Sequence[str]) -> str:
        """Return an expression of texts one after the other; null where one is null."""
        parts = [part for text in texts for part in (text, "'|'")][:-1]
        if self.kind in ("mysql", "mariadb"):
            return f"CONCAT({', '.join(parts)})"
        return " || ".join(parts)

    def number(self, value: str) -> str:
        """Return a value as a floating-point number; null where it is none."""
        if self.kind == "duckdb":
            return f"TRY_CAST({value} AS DOUBLE)"
        kind = {"postgresql": "DOUBLE PRECISION", "sqlite": "REAL"}.get(self.kind, "DOUBLE")
        return f"CAST({value} AS {kind})"

    def seconds(self, value: str, form: str | None) -> str:
        """Return a date as seconds since 1970; null where it is none."""
        if self.kind == "duckdb":
            if form is None:
                return f"EPOCH(TRY_CAST({value} AS TIMESTAMP))"
            text, quoted = f"CAST({value} AS VARCHAR)", form.replace("'", "''")
            read = f"COALESCE(TRY_STRPTIME({text}, '{quoted}'), TRY_CAST({text} AS TIMESTAMP))"
            return f"EPOCH({read})"
        if self.kind == "postgresql":
            return f"CAST(EXTRACT(EPOCH FROM CAST({value} AS TIMESTAMP)) AS DOUBLE PRECISION)"
        if self.kind == "sqlite":
            return f"CAST(strftime('%s', {value}) AS REAL)"
        return f"UNIX_TIMESTAMP({value})"

    def equal(self, one: str, columns: Sequence[str], other: str, others: Sequence[str]) -> str:
        """Return the condition that two lists of columns agree."""
        return " AND ".join(
            f"{one}.{self.name(a)} = {other}.{self.name(b)}"
            for a, b in zip(columns, others, strict=True)
        )

    def known(self, alias: str, columns: Sequence[str]) -> str:
        """Return the condition that no column is null."""
        return " AND ".join(f"{alias}.{self.name(column)} IS NOT NULL" for column in columns)


def dialect_of(kind: str, name: Callable[[str], str] = _double_quoted) -> Dialect:
    """Return the dialect of a kind of database.

    Raises
    ------
    DataError
        For a kind nobody has tried.
    """
    if kind not in _TEXT:
        raise DataError(
            f"a database of kind {kind!r} cannot be fitted in place; known are {', '.join(_TEXT)}. "
            "Export it to Parquet, or fit without roots= to read it whole"
        )
    return Dialect(kind, _TEXT[kind], name)
