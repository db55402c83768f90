"""What never meets, for constraints that exclude rows whose ranges or places do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from relsynth.formats.sql_items import Reader, split
from relsynth.formats.typed import Declared, Unique
from relsynth.schema.native import parse_native

_RANGES = ("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange")
_PLACES = {"circle": "<({0}5,5),3>", "box": "({0}6,6),({0}2,2)"}
"""Places in a row, none of which meets another."""
_SLOTS = 1_000  # places that are listed: as many rows as tests need


def keep_apart(table: Declared, part: Reader, said: Mapping[str, Any]) -> bool:
    """Let a table keep what is compared by ``&&`` apart.

    Parameters
    ----------
    part : Reader
        A column of ranges or places, or ``tstzrange(first, last)``.
    said : mapping
        ``equal`` and ``where`` of the constraint.

    Returns
    -------
    bool
        Whether that can be said.
    """
    base = part.peek().lower()
    if base in _RANGES and part.peek(1) == "(":
        part.at += 1
        sides = split(part.inside())
        named = [
            [name for word in side if (name := table.spelled(word.text)) in table.columns]
            for side in sides
        ]
        if len(sides) < 2 or any(len(names) != 1 for names in named[:2]):
            return False
        closed = "]" in part.text(sides[2]) if len(sides) > 2 else False
        table.apart.append({"type": "no_overlap", "low": named[0][0], "high": named[1][0],
                            **said, "closed": closed})  # fmt: skip
        first, last = ('"' + names[0].replace('"', '""') + '"' for names in named[:2])
        table.add_check(f"{first} <= {last}", None)  # a range never ends before it begins
        return True
    name = table.spelled(part.words[0].text)
    if len(part.words) != 1 or name not in table.columns:
        return False
    column = table.columns[name]
    kind = parse_native(column.native).base
    if kind in _RANGES:
        table.apart.append({"type": "no_overlap", "low": name, "high": name, **said})
    elif kind in _PLACES:
        listed = tuple(_PLACES[kind].format(number) for number in range(1, _SLOTS + 1))
        table.columns[name] = replace(column, values=listed)
        table.unique.append(Unique((name,)))
    return kind in (*_RANGES, *_PLACES)
