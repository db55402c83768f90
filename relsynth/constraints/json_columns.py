"""What conditions demand of a column of JSON: its type, and the keys it must have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from relsynth.schema import Column

_TYPES = {
    "array": r'\["[a-z]{3,6}"(, "[a-z]{3,6}")?\]',
    "string": '"[a-z]{3,6}"',
    "number": "[1-9][0-9]?",
    "boolean": "(true|false)",
}
_LENGTH_OF = ("jsonb_array_length", "json_array_length")
_TYPE_OF = ("jsonb_typeof", "json_typeof", "json_type")
_NUMBERS = ("INT", "BIGINT", "SMALLINT", "DECIMAL", "FLOAT", "DOUBLE")


@dataclass
class _Wanted:
    """What a column of JSON must be.

    Attributes
    ----------
    kind : str
        ``"object"``, ``"array"``, ``"string"``, ``"number"``, ``"boolean"``.
    keys : dict of str to str
        Of an object, with the expression of their values.
    """

    kind: str = "object"
    keys: dict[str, str] = field(default_factory=dict)

    def pattern(self) -> str:
        """Return the expression of such values."""
        if self.kind != "object":
            return _TYPES[self.kind]
        pairs = [f'"{re.escape(key)}": {value}' for key, value in self.keys.items()]
        return r"\{" + ", ".join(pairs or ['"[a-z]{3,6}": [1-9][0-9]?']) + r"\}"


def json_columns(columns: dict[str, Column], parts: Iterable[Any]) -> dict[str, Column]:
    """Return the columns of which conditions speak as JSON, with patterns that meet them.

    Parameters
    ----------
    columns : dict of str to Column
        By their names in lower case.
    parts : iterable of syntax trees
        Conditions that must all hold.
    """
    wanted: dict[str, _Wanted] = {}
    for part in parts:
        _read(part, wanted)
    return {
        name: replace(columns[name], pattern=found.pattern())
        for name, found in wanted.items()
        if name in columns and columns[name].pattern is None and columns[name].values is None
    }


def key_questions(exp: Any, tree: Any) -> list[Any]:
    """Return where a condition asks for a key (``j ? 'name'``), as any parser calls it."""
    kind = getattr(exp, "JSONBContainsTopKey", None) or exp.JSONBContains
    return list(tree.find_all(kind))


def _read(part: Any, wanted: dict[str, _Wanted]) -> None:
    from sqlglot import exp

    for node in part.find_all(exp.Anonymous, exp.JSONType):
        name = str(node.name if isinstance(node, exp.Anonymous) else "json_type").lower()
        arguments = node.expressions if isinstance(node, exp.Anonymous) else [node.this]
        column = arguments[0] if arguments else None
        if name in _TYPE_OF and isinstance(column, exp.JSONExtract):
            _type_of_key(exp, node, column, wanted)
        if not isinstance(column, exp.Column):
            continue
        if name == "json_valid":
            wanted.setdefault(column.name.lower(), _Wanted())
        elif name in _LENGTH_OF:
            wanted.setdefault(column.name.lower(), _Wanted()).kind = "array"
        elif name in _TYPE_OF and isinstance(node.parent, exp.EQ):
            kind = str(node.parent.expression.name).lower()
            if kind in _TYPES or kind == "object":
                wanted.setdefault(column.name.lower(), _Wanted()).kind = kind
    for node in key_questions(exp, part):
        if isinstance(node.this, exp.Column) and isinstance(node.expression, exp.Literal):
            keys = wanted.setdefault(node.this.name.lower(), _Wanted()).keys
            keys.setdefault(str(node.expression.this), _TYPES["string"])
    for node in part.find_all(exp.JSONExtractScalar):
        listed = list(node.expression.find_all(exp.JSONPathKey))
        if isinstance(node.this, exp.Column) and len(listed) == 1:
            keys = wanted.setdefault(node.this.name.lower(), _Wanted()).keys
            key = str(listed[0].this)
            keys[key] = _value(exp, node) or keys.get(key, _TYPES["string"])


def _type_of_key(exp: Any, node: Any, part: Any, wanted: dict[str, _Wanted]) -> None:
    """Read ``jsonb_typeof(j -> 'key') = 'number'``."""
    listed = list(part.expression.find_all(exp.JSONPathKey))
    kind = str(node.parent.expression.name).lower() if isinstance(node.parent, exp.EQ) else ""
    if isinstance(part.this, exp.Column) and len(listed) == 1 and kind in _TYPES:
        keys = wanted.setdefault(part.this.name.lower(), _Wanted()).keys
        keys.setdefault(str(listed[0].this), _TYPES[kind])


def _value(exp: Any, node: Any) -> str | None:
    """Return the expression of a key's values, where the condition around it tells."""
    outer = node.parent
    numeric = False
    while isinstance(outer, (exp.Paren, exp.Cast)):
        numeric |= isinstance(outer, exp.Cast) and outer.to.this.name in _NUMBERS
        outer = outer.parent
    if isinstance(outer, exp.In):
        texts = [re.escape(str(item.this)) for item in outer.expressions]
        return f'"({"|".join(texts)})"' if texts else None
    if isinstance(outer, exp.EQ) and outer.expression.is_string:
        return f'"{re.escape(str(outer.expression.this))}"'
    return _TYPES["number"] if numeric else None
