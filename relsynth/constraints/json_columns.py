"""What conditions demand of a column of JSON: its type, and the keys it must have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from relsynth.schema import Column
from relsynth.schema.spellings import JSON_PAIRS

_LEAVES = {
    "string": '"[a-z]{3,6}"',
    "number": "[1-9][0-9]?",
    "boolean": "(true|false)",
    "null": "null",
}
_LENGTH_OF = ("jsonb_array_length", "json_array_length")
_TYPE_OF = ("jsonb_typeof", "json_typeof", "json_type")
_NUMBERS = ("INT", "BIGINT", "SMALLINT", "DECIMAL", "FLOAT", "DOUBLE")
_MANY = 20  # elements of an array; a condition that asks for more is left to chance


@dataclass
class _Wanted:
    """What a value of JSON must be.

    Attributes
    ----------
    kind : str
        ``"object"``, ``"array"``, ``"string"``, ``"number"``, ``"boolean"``, ``"null"``.
    keys : dict of str to _Wanted
        Of an object.
    least : int
        Elements of an array.
    text : str
        The expression of the value, where a condition tells.
    """

    kind: str = "object"
    keys: dict[str, _Wanted] = field(default_factory=dict)
    least: int = 1
    text: str = ""

    def at(self, path: Iterable[str]) -> _Wanted:
        """Return what is wanted of a value inside; what holds it is an object."""
        found = self
        for key in path:
            found.kind = "object"
            found = found.keys.setdefault(key, _Wanted("string"))
        return found

    def pattern(self) -> str:
        """Return the expression of such values."""
        if self.text:
            return self.text
        if self.kind == "array":
            word, more = _LEAVES["string"], f"(, {_LEAVES['string']})?"
            return r"\[" + ", ".join([word] * self.least) + more + r"\]"
        if self.kind != "object":
            return _LEAVES[self.kind]
        pairs = [f'"{re.escape(key)}": {value.pattern()}' for key, value in self.keys.items()]
        return r"\{" + ", ".join(pairs or [JSON_PAIRS]) + r"\}"


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


def translate_json(exp: Any, tree: Any) -> None:
    """Let questions about JSON be asked as DuckDB asks them."""
    for asked in list(tree.find_all(exp.JSONType)):  # ARRAY in MySQL is array in SQLite
        for named in [n for n in (asked.parent.args.get("expression"),) if n is not None]:
            named.replace(exp.func("LOWER", named.copy()))
        asked.replace(exp.Anonymous(this="jsonb_typeof", expressions=[asked.this]))
    for asked in _is_json(exp, tree):
        valid: Any = exp.Anonymous(this="json_valid", expressions=[asked.this.copy()])
        kind = str(asked.expression.this or "").lower()
        if kind in ("object", "array"):
            typed = exp.Anonymous(this="jsonb_typeof", expressions=[asked.this.copy()])
            valid = exp.and_(valid, exp.EQ(this=typed, expression=exp.Literal.string(kind)))
        asked.replace(exp.paren(valid, copy=False))
    for asked, keys, every in _key_questions(exp, tree):
        found = [
            exp.Anonymous(
                this="json_exists",
                expressions=[asked.this.copy(), exp.Literal.string(_pathed([key]))],
            )
            for key in keys
        ]
        asked.replace(exp.paren((exp.and_ if every else exp.or_)(*found), copy=False))
    for asked, held, inner in _contained(exp, tree):
        asked.replace(exp.Anonymous(this="json_contains", expressions=[held.copy(), inner.copy()]))
    for node in list(tree.find_all(*_kinds(exp, "JSONBExtract", "JSONBExtractScalar"))):
        path = exp.Literal.string(_pathed(_listed(node.expression)))
        name = "json_extract_string" if "Scalar" in type(node).__name__ else "json_extract"
        node.replace(exp.Anonymous(this=name, expressions=[node.this.copy(), path]))
    for named in reversed(list(tree.find_all(exp.JSONExtract))):
        if named.find_ancestor(exp.Func) is not None:  # there DuckDB takes -> for a lambda
            parts = [named.this.copy(), named.expression.copy()]
            named.replace(exp.Anonymous(this="json_extract", expressions=parts))


def _pathed(keys: Iterable[str]) -> str:
    return "$" + "".join(f'."{key}"' for key in keys)


def _is_json(exp: Any, tree: Any) -> list[Any]:
    """Return where a condition says ``x IS JSON``."""
    return [node for node in tree.find_all(exp.Is) if isinstance(node.expression, exp.JSON)]


def _kinds(exp: Any, *names: str) -> list[Any]:
    """Return the kinds of nodes of these names, as far as the parser has them."""
    return [kind for name in names if (kind := getattr(exp, name, None)) is not None]


def _key_questions(exp: Any, tree: Any) -> list[tuple[Any, list[str], bool]]:
    """Return where a condition asks for keys: which ones, and whether for all of them."""
    single = getattr(exp, "JSONBContainsTopKey", None) or exp.JSONBContains
    found = [
        (node, [str(node.expression.this)], True)
        for node in tree.find_all(single)
        if isinstance(node.expression, exp.Literal)
    ]
    for node in tree.find_all(*_kinds(exp, "JSONBContainsAllTopKeys", "JSONBContainsAnyTopKeys")):
        keys = [str(item.this) for item in node.expression.unnest().find_all(exp.Literal)]
        if keys:
            found.append((node, keys, "All" in type(node).__name__))
    return found


def _contained(exp: Any, tree: Any) -> list[tuple[Any, Any, Any]]:
    """Return where a condition asks for a part: the node, what holds it, and the text of it."""
    found = []
    for node in tree.find_all(*_kinds(exp, "ArrayContainsAll", "ArrayContainedBy")):
        sides = [node.this, node.expression]
        held, inner = sides if type(node).__name__ == "ArrayContainsAll" else sides[::-1]
        inner = inner.unnest()
        inner = inner.this if isinstance(inner, exp.Cast) else inner
        if isinstance(inner, exp.Literal) and re.match(r"\s*[\[{]\s*([\"\]}\[]|$)", inner.this):
            found.append((node, held, inner))
    return found


def _listed(node: Any) -> list[str]:
    """Return the keys of a path such as ``'{a,b}'``."""
    text = str(node.this) if hasattr(node, "this") else ""
    return [part.strip().strip('"') for part in text.strip("{}").split(",") if part.strip()]


def _place(exp: Any, node: Any) -> tuple[str, list[str]] | None:
    """Return the column in lower case and the keys that lead to a value inside."""
    path: list[str] = []
    node = node.unnest()
    while not isinstance(node, exp.Column):
        if isinstance(node, exp.Cast):
            node = node.this.unnest()
        elif isinstance(node, (exp.JSONExtract, exp.JSONExtractScalar)):
            keys = [str(key.this) for key in node.expression.find_all(exp.JSONPathKey)]
            if not keys:
                return None
            path, node = keys + path, node.this.unnest()
        elif type(node).__name__ in ("JSONBExtract", "JSONBExtractScalar"):
            path, node = _listed(node.expression) + path, node.this.unnest()
        else:
            return None
    return node.name.lower(), path


def _read(part: Any, wanted: dict[str, _Wanted]) -> None:
    from sqlglot import exp

    def at(node: Any) -> _Wanted:
        place = _place(exp, node)
        return _Wanted() if place is None else wanted.setdefault(place[0], _Wanted()).at(place[1])

    for _, held, inner in _contained(exp, part):
        with suppress(ValueError):  # no JSON after all
            _demand(at(held), json.loads(inner.this))
    for node in _is_json(exp, part):
        found = at(node.this)
        kind = str(node.expression.this or "").lower()
        found.kind = kind if kind in ("object", "array") else found.kind
    for node, keys, every in _key_questions(exp, part):
        for key in keys if every else keys[:1]:
            at(node.this).at([key])
    extracted = _kinds(exp, "JSONExtract", "JSONExtractScalar", "JSONBExtract",
                       "JSONBExtractScalar")  # fmt: skip
    for node in part.find_all(*extracted):
        if not isinstance(node.parent, tuple(extracted)):
            found = at(node)
            found.text = _value(exp, node) or found.text
    _read_calls(exp, part, at)


def _read_calls(exp: Any, part: Any, at: Callable[[Any], _Wanted]) -> None:
    """Read what functions ask: types of values and lengths of arrays."""
    for node in part.find_all(exp.Anonymous, exp.JSONType):
        name = str(node.name if isinstance(node, exp.Anonymous) else "json_type").lower()
        arguments = node.expressions if isinstance(node, exp.Anonymous) else [node.this]
        if name not in (*_TYPE_OF, *_LENGTH_OF, "json_valid") or not arguments:
            continue
        found = at(arguments[0])
        if name in _LENGTH_OF:
            found.kind, found.least = "array", _least(exp, node)
        elif name in _TYPE_OF and isinstance(node.parent, exp.EQ):
            kind = str(node.parent.expression.name).lower()
            found.kind = kind if kind in (*_LEAVES, "object", "array") else found.kind


def _demand(found: _Wanted, said: Any) -> None:
    """Want a value that holds a given one."""
    if isinstance(said, Mapping):
        found.kind = "object"
        for key, value in said.items():
            _demand(found.at([str(key)]), value)
    else:
        found.text = re.escape(json.dumps(said))


def _least(exp: Any, node: Any) -> int:
    """Return how many elements an array has, by the comparison around the call."""
    outer = node.parent
    number = outer.expression.name if isinstance(outer, exp.Binary) else ""
    least = int(number) if str(number).isdigit() else 1
    least += isinstance(outer, exp.GT)
    return least if 1 <= least <= _MANY and not isinstance(outer, (exp.LT, exp.LTE)) else 1


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
    bounds = [outer.args.get(side) for side in ("low", "high")]
    if isinstance(outer, exp.Between) and all(b is not None and b.is_int for b in bounds):
        low, high = (int(bound.name) for bound in bounds)
        return f"({'|'.join(map(str, range(low, min(high, low + _MANY) + 1)))})"
    return _LEAVES["number"] if numeric else None
