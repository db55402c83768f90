"""What conditions say about single columns, so that values meet them by construction."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from relsynth.constraints.expression import evaluate, parse_expression, similar_form
from relsynth.constraints.json_columns import json_columns
from relsynth.constraints.meant import as_meant
from relsynth.errors import ConstraintError, RelsynthError
from relsynth.schema import Column, Table
from relsynth.schema.date_text import utc_moment
from relsynth.schema.native import parse_native
from relsynth.schema.spellings import sized_array, spelled_array, spelling

_MOST_ELEMENTS = 50  # of an array; a condition that asks for more is left to chance
_FLIPPED = {"GT": "LT", "GTE": "LTE", "LT": "GT", "LTE": "GTE", "EQ": "EQ"}


Words = Callable[[str, int | None], list[str]]
"""Gives words that follow a pattern within a length."""


def narrowed_columns(table: Table, words: Words | None = None) -> dict[str, Column]:
    """Return the columns with the bounds, values and patterns that the checks imply.

    Parameters
    ----------
    words : callable, optional
        Gives words that follow a pattern, to prove that they meet a condition.

    Returns
    -------
    dict of str to Column
        What the columns say themselves is only ever tightened.
    """
    columns = {name.lower(): column for name, column in table.columns.items()}
    parts = []
    for check in table.checks:
        try:
            parts += list(conjuncts(parse_expression(check)))
        except ConstraintError:
            continue  # what nobody can read says nothing of columns
    for name, column in json_columns(columns, parts).items():
        named = [p for p in parts if {c.name.lower() for c in p.find_all(_column())} == {name}]
        if all(_is_true(part, column, columns[name], words) for part in named):
            columns[name] = column
    parts.sort(key=lambda part: _sized(part) is not None)  # what form it has comes first
    for part in parts:
        narrowed = dict(columns)
        _narrow(narrowed, part)
        for name, column in narrowed.items():
            if column is not columns[name] and _is_true(part, column, columns[name], words):
                columns[name] = column
    return {column.name: column for column in columns.values()}


def _column() -> Any:
    from sqlglot import exp

    return exp.Column


def _is_true(part: Any, column: Column, before: Column, words: Words | None) -> bool:
    """Return whether values that the narrowed column allows meet the condition.

    A proof by evaluation: how a parser marks that something is negated is not relied on.
    """
    shown: list[Any] = list(column.values or ())
    if column.pattern is not None and column.values is None:
        if words is None:
            return True
        try:
            shown = list(words(column.pattern, column.max_length))
        except RelsynthError:
            return False
    elif column.values is None:
        new = [column.low] if column.low != before.low else []
        new += [column.high] if column.high != before.high else []
        shown = [bound for bound in new if bound is not None]
        if column.kind == "datetime":
            shown = [utc_moment(bound, column.format) for bound in shown]
    if not shown:
        return True
    try:
        values = as_meant(pd.Series(shown), column)
        holds = evaluate(part.sql(dialect="postgres"), lambda _, __: values)
    except ConstraintError:
        return True  # what cannot be evaluated cannot be refuted
    return not isinstance(holds, pd.Series) or bool(holds.astype("boolean").fillna(True).all())


def inequalities(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield low column, high column and strictness of the comparisons a check demands.

    Examples
    --------
    >>> list(inequalities("ended IS NULL OR ended > started"))
    [('started', 'ended', True)]
    """
    for part in conjuncts(parse_expression(text)):
        rest = [side for side in _disjuncts(part) if not _is_null(side)]
        kind = type(rest[0]).__name__ if rest else ""
        if len(rest) != 1 or kind not in ("GT", "GTE", "LT", "LTE"):
            continue
        left, right = _column_name(_plain(rest[0].this)), _column_name(_plain(rest[0].expression))
        if left is not None and right is not None:
            low, high = (left, right) if kind in ("LT", "LTE") else (right, left)
            yield low, high, kind in ("LT", "GT")


def conjuncts(node: Any) -> Iterator[Any]:
    """Yield the conditions that must all hold."""
    kind = type(node).__name__
    if kind == "Paren":
        yield from conjuncts(node.this)
    elif kind == "And":
        yield from conjuncts(node.this)
        yield from conjuncts(node.expression)
    else:
        yield node


def _narrow(columns: dict[str, Column], node: Any) -> None:
    kind = type(node).__name__
    if _narrow_whole(columns, node):
        return
    if kind == "Or":
        rest = [part for part in _disjuncts(node) if not _is_null(part)]
        if len(rest) == 1:
            _narrow(columns, rest[0])
        return
    subject, said = _subject(node), None
    name = _column_name(subject)
    if name is None or name.lower() not in columns:
        _narrow_length(columns, node)
        return
    column = columns[name.lower()]
    if kind in _FLIPPED:
        flipped = _column_name(_plain(node.this)) is None
        said = _bounded(column, _FLIPPED[kind] if flipped else kind, _other(node))
    elif kind == "Between":
        low, high = _literal(node.args["low"]), _literal(node.args["high"])
        if node.args.get("symmetric") and None not in (low, high):
            low, high = sorted((low, high))
        said = _bounded(_bounded(column, "GTE", low), "LTE", high)
    elif kind == "In" and column.values is None:
        values = [_literal(item) for item in node.expressions]
        said = replace(column, values=tuple(values)) if values and None not in values else None
    elif (
        kind in ("Like", "ILike", "RegexpLike", "RegexpILike", "SimilarTo", "Glob", "StartsWith")
        and column.pattern is None
        and column.values is None
    ):
        text = _literal(node.expression)
        made = _SPELLED[kind](text) if kind in _SPELLED else text
        said = replace(column, pattern=made) if isinstance(text, str) else None
    if said is not None:
        columns[name.lower()] = said


def _narrow_whole(columns: dict[str, Column], node: Any) -> bool:
    """Read conditions that say all that is to be said of a column."""
    name, form = _dated(node)
    column = columns.get((name or "").lower())
    if column is not None:
        if column.kind == "text" and column.format is None and column.values is None:
            columns[column.name.lower()] = replace(column, kind="datetime", format=form)
        return True
    name, pattern = _elements(node)
    column = columns.get((name or "").lower())
    if column is not None and column.pattern is None and parse_native(column.native).is_array:
        columns[column.name.lower()] = replace(column, pattern=pattern)
        return True
    name, values = _listed(node)
    column = columns.get((name or "").lower())
    if column is not None and column.values is None:
        columns[column.name.lower()] = replace(column, values=tuple(values))
        return True
    return False


def _dated(node: Any) -> tuple[str | None, str]:
    """Read ``day = date(day)`` and the like, by which SQLite holds texts to dates."""
    node = node.this if type(node).__name__ == "Not" else node  # date(day) IS NOT NULL
    if type(node).__name__ not in ("EQ", "Is", "NullSafeEQ"):
        return None, ""
    for call, other in ((node.this, node.expression), (node.expression, node.this)):
        kind, form, inner = type(call).__name__, "", None
        if kind in ("Date", "Datetime"):
            inner = call.this
            form = "%Y-%m-%d" if kind == "Date" else "%Y-%m-%d %H:%M:%S"
        elif kind == "Anonymous" and call.name.lower() == "strftime" and len(call.expressions) == 2:
            form, inner = str(call.expressions[0].this), call.expressions[1]
        elif kind == "TimeToStr":
            form, inner = str(call.args["format"].this), call.this
        name = _column_name(_plain(inner))
        if name is not None and "%" in form and (_column_name(other) == name or _is_null(node)):
            return name, form
    return None, ""


def _elements(node: Any) -> tuple[str | None, str]:
    """Read ``tags <@ ARRAY['a', 'b']``, ``tags @> ARRAY['a']`` and ``'a' = ANY (tags)``."""
    kind = type(node).__name__
    if kind == "EQ" and type(node.expression).__name__ == "Any":
        first, name = _literal(node.this), _column_name(_plain(node.expression.this))
        whole = None if first is None else rf"\{{{re.escape(str(first))}\}}"
        return (None, "") if whole is None else (name, whole)
    if kind not in ("ArrayContainedBy", "ArrayContainsAll", "ArrayOverlaps"):
        return None, ""
    inside = kind == "ArrayContainedBy"
    for named, listed in ((node.this, node.expression), (node.expression, node.this)):
        name, array = _column_name(_plain(named)), _plain(listed)
        if name is None or type(array).__name__ != "Array":
            inside = not inside and kind != "ArrayOverlaps"
            continue
        values = [_literal(item) for item in array.expressions]
        if not values or None in values:
            return None, ""
        texts = [re.escape(str(value)) for value in values]
        anyone = inside or kind == "ArrayOverlaps"
        return name, spelled_array("|".join(texts)) if anyone else rf"\{{{','.join(texts)}\}}"
    return None, ""


def _listed(node: Any) -> tuple[str | None, list[Any]]:
    """Read ``a = ANY (ARRAY['x', 'y'])`` and ``a = 'x' OR a = 'y'``."""
    if type(node).__name__ == "EQ" and type(node.expression).__name__ == "Any":
        inner = _plain(node.expression.this)
        if type(inner).__name__ == "Array":
            values = [_literal(item) for item in inner.expressions]
            if values and None not in values:
                return _column_name(_plain(node.this)), values
    if type(node).__name__ == "Or":
        sides = [part for part in _disjuncts(node) if not _is_null(part)]
        names = {_column_name(_subject(side)) for side in sides}
        kinds = {type(side).__name__ for side in sides}
        values = []
        for side in sides if kinds <= {"EQ", "In"} else []:
            one = [_other(side)] if type(side).__name__ == "EQ" else None
            values += [_literal(item) for item in side.expressions] if one is None else one
        if len(sides) > 1 and len(names) == 1 and values and None not in values:
            return names.pop(), values
    return None, []


_COUNTS = ("array_length", "cardinality", "arraysize", "array_size")


def _sized(node: Any) -> tuple[Any, str] | None:
    """Return whose length a comparison is of, and of what kind: a text or an array."""
    call = _plain(getattr(node, "this", None))
    kind = type(call).__name__
    if type(node).__name__ not in (*_FLIPPED, "Between"):
        return None
    if kind == "Length":
        return call.this, "text"
    if kind in ("ArraySize", "ArrayLength", "Cardinality"):
        return call.this, "array"
    if kind == "Anonymous" and call.name.lower() in _COUNTS and call.expressions:
        return call.expressions[0], "array"
    return None


def _sizes(node: Any) -> tuple[int | None, int | None]:
    """Return the least and the largest number a comparison allows."""
    kind = type(node).__name__
    if kind == "Between":
        ends = _literal(node.args["low"]), _literal(node.args["high"])
    else:
        said = _literal(node.expression)
        beyond = said + (1 if kind == "GT" else -1 if kind == "LT" else 0) if isinstance(
            said, int
        ) else None  # fmt: skip
        ends = (beyond if kind in ("EQ", "GT", "GTE") else None,
                beyond if kind in ("EQ", "LT", "LTE") else None)  # fmt: skip
    low, high = (end if isinstance(end, int) else None for end in ends)
    return low, high


def _narrow_length(columns: dict[str, Column], node: Any) -> None:
    """Read ``LENGTH(code) = 5``, ``CARDINALITY(tags) <= 3`` and the like."""
    kind, found = type(node).__name__, _sized(node)
    if found is None:
        return
    name = _column_name(_plain(found[0]))
    column = columns.get((name or "").lower())
    if column is None:
        return
    if found[1] == "array":
        _narrow_count(columns, column, node)
        return
    low, high = _sizes(node)
    if column.pattern is not None and column.values is None and low is not None:
        filled = _filled(column.pattern, low, high)
        if filled is not None:
            columns[column.name.lower()] = replace(column, pattern=filled)
        return
    size = _literal(node.expression) if kind != "Between" else None
    if not isinstance(size, int):
        return
    if kind in ("LTE", "LT"):
        longest = size - (kind == "LT")
        known = column.max_length
        columns[column.name.lower()] = replace(
            column, max_length=longest if known is None else min(known, longest)
        )
    elif kind == "EQ" and column.pattern is None and column.values is None:
        columns[column.name.lower()] = replace(column, pattern=f"[A-Z]{{{size}}}")


def _narrow_count(columns: dict[str, Column], column: Column, node: Any) -> None:
    native = parse_native(column.native)
    made = (column.pattern or spelling(native)) if native.is_array else None
    low, high = _sizes(node)
    if made is None or column.values is not None or (low or 1) > _MOST_ELEMENTS:
        return
    least = low or 1
    most = high if high is not None else max(least, 2)
    sized = sized_array(made, least, max(least, min(most, least + 2)))
    if sized is not None and most >= least:
        columns[column.name.lower()] = replace(column, pattern=sized)


def _filled(pattern: str, low: int, high: int | None) -> str | None:
    """Return a pattern with its last free part so long that the whole has a length in bounds."""
    free = re.compile(r"(\[[^\]]+\])\{1,8\}")
    others = len(free.findall(pattern)) - 1
    pattern = free.sub(r"\1\1\1", pattern, count=others) if others > 0 else pattern
    found = list(free.finditer(pattern))
    rest = re.sub(r"\\(.)", "x", free.sub("", pattern))
    rest = re.sub(r"\[[^\]]+\]", "x", rest)
    if len(found) != 1 or re.search(r"[\[\](){}|*+?]", rest):
        return None
    least = max(low - len(rest), 1)
    most = least if high is None else max(high - len(rest), least)
    start, end = found[0].span()
    return pattern[:start] + found[0][1] + f"{{{least},{most}}}" + pattern[end:]


def _disjuncts(node: Any) -> Iterator[Any]:
    if type(node).__name__ == "Or":
        yield from _disjuncts(node.this)
        yield from _disjuncts(node.expression)
    elif type(node).__name__ == "Paren":
        yield from _disjuncts(node.this)
    else:
        yield node


def _is_null(node: Any) -> bool:
    return type(node).__name__ == "Is" and type(node.expression).__name__ == "Null"


def _subject(node: Any) -> Any:
    """Return the side of a comparison that is a column."""
    left = _plain(getattr(node, "this", None))
    if type(node).__name__ in _FLIPPED and _column_name(left) is None:
        return _plain(node.expression)
    return left


def _other(node: Any) -> Any:
    left = _plain(node.this)
    return _literal(node.expression if _column_name(left) is not None else node.this)


def _plain(node: Any) -> Any:
    while type(node).__name__ in ("Paren", "Cast"):
        node = node.this
    return node


def _column_name(node: Any) -> str | None:
    return str(node.name) if type(node).__name__ == "Column" and not node.table else None


def _literal(node: Any) -> Any:
    node = _plain(node)
    kind = type(node).__name__
    if kind == "Neg":
        value = _literal(node.this)
        return None if value is None or isinstance(value, str) else -value
    if kind == "Boolean":
        return bool(node.this)
    if kind != "Literal":
        return None
    if node.is_string:
        return str(node.this)
    value = float(node.this)
    if not math.isfinite(value):
        return None  # beyond all numbers, so it excludes none
    return int(node.this) if node.this.isdecimal() else value


def _bounded(column: Column, kind: str, value: Any) -> Column:
    """Return the column bounded by a comparison with a constant."""
    worded = isinstance(value, str) and column.kind != "datetime"
    if value is None or worded or column.kind in ("boolean", "categorical", "text", "ordinal"):
        is_level = kind == "EQ" and value is not None and column.values is None
        return replace(column, values=(value,)) if is_level else column
    if kind == "EQ":
        return _bounded(_bounded(column, "GTE", value), "LTE", value)
    rising = kind in ("GT", "GTE")
    bound = _beyond(column, value, 1 if rising else -1) if kind in ("GT", "LT") else value
    known = column.low if rising else column.high
    if known is not None and (_order(column, known) >= _order(column, bound)) == rising:
        return column
    return replace(column, low=bound) if rising else replace(column, high=bound)


def _order(column: Column, value: Any) -> Any:
    return utc_moment(value, column.format) if column.kind == "datetime" else float(value)


def _beyond(column: Column, value: Any, direction: int) -> Any:
    """Return the nearest value that is not equal."""
    if column.kind == "datetime":
        daily = len(str(value)) <= 10
        step = pd.Timedelta(direction, "D" if daily else "s")
        moment = utc_moment(value, column.format) + step
        return moment.strftime(column.format or ("%Y-%m-%d" if daily else "%Y-%m-%dT%H:%M:%S"))
    native = parse_native(column.native)
    places = column.decimals if column.decimals is not None else native.scale
    if column.kind in ("integer", "key") or native.family == "integer":
        return int(value) + direction
    return round(value + direction * 10 ** -(2 if places is None else places), 9)


def _spelled_like(pattern: Any) -> str:
    return "".join(
        {"%": "[a-z]{1,8}", "_": "[a-z]"}.get(character, re.escape(character))
        for character in re.sub("%+", "%", str(pattern))
    )


def _spelled_similar(pattern: Any) -> str:
    return similar_form(str(pattern), {"%": "[a-z]{1,8}", "_": "[a-z]"})


def _spelled_glob(pattern: Any) -> str:
    others = {sign: re.escape(sign) for sign in "+(){}|^$\\"}
    return similar_form(str(pattern), {"*": "[a-z0-9]{1,8}", "?": "[a-z0-9]", **others})


def _spelled_start(text: Any) -> str:
    return re.escape(str(text)) + "[a-z0-9]{1,8}"


_SPELLED = {
    "StartsWith": _spelled_start,
    "Like": _spelled_like,
    "ILike": _spelled_like,
    "SimilarTo": _spelled_similar,
    "Glob": _spelled_glob,
}
