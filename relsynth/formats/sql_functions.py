"""Functions of a script's own, which conditions call, read where they are one expression."""

from __future__ import annotations

import re
from dataclasses import dataclass

from relsynth.formats.sql_items import Reader, split
from relsynth.formats.sql_text import Word

_BODY = re.compile(
    r"\s*(?:select\s+(?P<sql>.+?)|begin\s+return\s+(?P<block>[^;]+?)\s*;\s*end)\s*;?\s*",
    re.I | re.S,
)
_QUERY = re.compile(r"\bfrom\s+[a-z\"]|\bselect\b|\binto\b|;", re.I)
"""What makes a body more than one expression over the arguments."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function that is one expression over its arguments.

    Attributes
    ----------
    arguments : tuple of str
        Names in lower case, empty where there is none.
    body : str
    """

    arguments: tuple[str, ...]
    body: str


def read_function(reader: Reader) -> tuple[str, Function] | None:
    """Read CREATE FUNCTION from its name on; ``None`` where it is more than one expression."""
    name = reader.name().name.lower()
    if reader.peek() != "(":
        return None
    arguments = tuple(_argument(part) for part in split(reader.inside()) if part)
    texts = [word for word in reader.words[reader.at :] if word.kind == "text"]
    body = texts[-1].text if texts else ""
    tagged = re.fullmatch(r"\$(\w*)\$(.*)\$\1\$", body, re.S)
    body = tagged[2] if tagged else body
    found = _BODY.fullmatch(re.sub(r"--[^\n]*", "", body))
    if found is None:
        after = [word.upper for word in reader.words]
        if "RETURN" not in after or texts:
            return None
        rest = reader.words[after.index("RETURN") + 1 :]
        said = reader.text(rest)
    else:
        said = found["sql"] or found["block"]
    return None if not said or _QUERY.search(said) else (name, Function(arguments, said))


def _argument(words: list[Word]) -> str:
    """Return the name of an argument, empty where its type alone stands there."""
    rest = [word for word in words if word.upper not in ("IN", "VARIADIC")]
    named = len(rest) > 1 and rest[0].kind in ("word", "quoted") and rest[1].kind == "word"
    plain = rest[:1] and rest[0].upper not in ("DOUBLE", "CHARACTER", "TIMESTAMP", "TIME", "BIT")
    return rest[0].text.lower() if named and plain else ""


def inlined_functions(text: str, functions: dict[str, Function]) -> str:
    """Return a condition with the bodies of the functions it calls in their place."""
    if not any(name in text.lower() for name in functions):
        return text
    import sqlglot
    from sqlglot import exp

    try:
        tree = exp.paren(sqlglot.parse_one(text, dialect="postgres", into=exp.Condition))
        for _ in functions:  # one may call another
            calls = [c for c in tree.find_all(exp.Anonymous) if c.name.lower() in functions]
            for call in calls:
                qualified = isinstance(call.parent, exp.Dot) and call.arg_key == "expression"
                whole = call.parent if qualified else call
                whole.replace(_body(functions[call.name.lower()], call.expressions))
    except (sqlglot.errors.SqlglotError, ValueError, RecursionError, IndexError):
        return text
    return str(tree.this.sql(dialect="postgres", comments=False))


def _body(function: Function, values: list[object]) -> object:
    """Return the body over these arguments."""
    import sqlglot
    from sqlglot import exp

    body = re.sub(r"\$(\d+)", r"relsynth_argument_\1", function.body)
    tree = exp.paren(sqlglot.parse_one(f"({body})", dialect="postgres", into=exp.Condition))
    names = {name: place for place, name in enumerate(function.arguments) if name}
    for column in list(tree.find_all(exp.Column)):
        name = column.name.lower()
        place = names.get(name)
        if place is None and name.startswith("relsynth_argument_"):
            place = int(name.rsplit("_", 1)[-1]) - 1
        if place is not None:
            column.replace(values[place].copy())  # type: ignore[attr-defined]
    return tree
