"""Questions that conditions ask about ranges, in the words of DuckDB."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from relsynth.constraints.arrays import comparisons

_CONSTRUCTORS = ("daterange", "tsrange", "tstzrange", "int4range", "int8range", "numrange")
_INFINITE = {"lower_inf": 0, "upper_inf": 1}  # the end each asks for, as in a pair


def translate_ranges(exp: Any, tree: Any, ranges: Collection[tuple[str, str]]) -> None:
    """Let conditions read the ends of ranges, which are structs of text, low and high.

    Parameters
    ----------
    exp : module
        ``sqlglot.exp``.
    tree : syntax tree
        Changed in place.
    ranges : collection of tuple
        Tables and names of the columns that are ranges.
    """
    for node in list(tree.find_all(*comparisons(exp))):
        said = _compared(exp, node, ranges)
        if said is not None:
            node.replace(exp.paren(exp.and_(*said), copy=False))
    for node in list(tree.find_all(exp.Lower, exp.Upper)):
        found = _ends(exp, node.this, ranges)
        if found is not None:
            node.replace(found[isinstance(node, exp.Upper)])
    for node in list(tree.find_all(exp.Anonymous)):
        side = _INFINITE.get(str(node.name).lower())
        found = None if side is None else _ends(exp, node.expressions[0], ranges)
        if side is not None and found is not None:
            node.replace(exp.Is(this=found[side], expression=exp.Null()))
    for node in list(tree.find_all(exp.Column)):
        held = isinstance(node.parent, exp.Anonymous) and node.parent.name == "struct_extract"
        if (node.table, node.name) in ranges and not held:
            node.replace(_field(exp, node, "text"))


def _field(exp: Any, node: Any, name: str) -> Any:
    named = [node.copy(), exp.Literal.string(name)]
    return exp.Anonymous(this="struct_extract", expressions=named)


def _ends(exp: Any, node: Any, ranges: Collection[tuple[str, str]]) -> tuple[Any, Any] | None:
    """Return the two ends of a column of ranges, or of a range made on the spot."""
    node = node.unnest()
    node = node.this if isinstance(node, exp.Cast) else node
    if isinstance(node, exp.Column) and (node.table, node.name) in ranges:
        return _field(exp, node, "low"), _field(exp, node, "high")
    made = str(node.name).lower() if isinstance(node, exp.Anonymous) else ""
    if made in _CONSTRUCTORS and len(node.expressions) >= 2:
        return node.expressions[0].copy(), node.expressions[1].copy()
    return None


def _compared(exp: Any, node: Any, ranges: Collection[tuple[str, str]]) -> list[Any] | None:
    """Return what ``&&``, ``@>`` or ``<@`` says of the ends, ``None`` where it is of no ranges."""
    turned = type(node).__name__ == "ArrayContainedBy"
    held, other = (node.expression, node.this) if turned else (node.this, node.expression)
    outer, inner = _ends(exp, held, ranges), _ends(exp, other, ranges)
    meets = isinstance(node, exp.ArrayOverlaps)
    if outer is None or (inner is None and meets):
        return None
    if inner is None:
        return [_orders(exp, exp.LTE, outer[0], other), _orders(exp, exp.LT, other, outer[1])]
    kind, first, last = (exp.LT, inner[1], inner[0]) if meets else (exp.LTE, inner[0], inner[1])
    return [_orders(exp, kind, outer[0], first), _orders(exp, kind, last, outer[1])]


def _orders(exp: Any, kind: Any, first: Any, second: Any) -> Any:
    """Return that one end lies before another; one that is open does."""
    compared = kind(this=first.copy(), expression=second.copy())
    return exp.func("COALESCE", compared, exp.true())
