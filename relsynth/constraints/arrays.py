"""Conditions on arrays, whose values are kept as PostgreSQL writes them: ``{a,b}``."""

from __future__ import annotations

from typing import Any


def compare_as_lists(exp: Any, tree: Any) -> None:
    """Let columns of arrays be compared as lists; they are kept as ``{a,b}``."""

    def elements(node: Any) -> Any:
        node = node.unnest()
        if isinstance(node, exp.Cast):
            node = node.this
        if isinstance(node, exp.Column):
            return exp.Anonymous(this="relsynth_elements", expressions=[node.copy()])
        return node.copy()

    for quantified in list(tree.find_all(exp.Any, exp.All)):
        if isinstance(quantified.this.unnest(), exp.Column):
            quantified.set("this", exp.paren(elements(quantified.this), copy=False))
    for node in list(tree.find_all(*comparisons(exp))):
        sides = [elements(side) for side in (node.this, node.expression)]
        if any(isinstance(side, exp.Array) for side in sides):
            name = "list_has_any" if isinstance(node, exp.ArrayOverlaps) else "list_has_all"
            turned = type(node).__name__ == "ArrayContainedBy"
            listed = sides[::-1] if turned else sides
            node.replace(exp.Anonymous(this=name, expressions=listed))


def comparisons(exp: Any) -> list[Any]:
    """Return the kinds of nodes of ``@>``, ``<@`` and ``&&``, as any parser calls them."""
    names = ("ArrayContainedBy", "ArrayContainsAll", "ArrayOverlaps")
    return [kind for name in names if (kind := getattr(exp, name, None)) is not None]
