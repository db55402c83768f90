"""Ranges that never meet, for constraints that exclude rows whose ranges do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relsynth.formats.sql_items import Reader
from relsynth.formats.sql_text import Word
from relsynth.formats.typed import Declared, Unique
from relsynth.schema.native import parse_native

SLOTS = 1_000  # ranges that are listed: as many rows as tests need
_FIRST = datetime(2024, 1, 1, 8)  # a Monday morning of the years that dates are drawn from
_STEPS = {
    "daterange": timedelta(days=3),
    "tsrange": timedelta(hours=3),
    "tstzrange": timedelta(hours=3),
}
_NUMBERS = ("int4range", "int8range", "numrange")


def keep_apart(table: Declared, part: Reader, text: str) -> bool:
    """Let the ranges of a column, or of two days, differ so that none meets another.

    Parameters
    ----------
    table : Declared
    part : Reader
        What is compared by ``&&``: a column of ranges, or ``daterange(first, last)``.
    text : str
        The same as written.

    Returns
    -------
    bool
        Whether that can be said.
    """
    if len(part.words) == 1:
        name = table.spelled(part.part())
        column = table.columns.get(name)
        listed = [] if column is None else _slots(parse_native(column.native).base)
        if column is None or not listed:
            return False
        table.columns[name] = replace(column, values=tuple(listed))
        table.unique.append(Unique((name,)))
        return True
    names = [table.spelled(word.text) for word in part.words if _is_column(table, word)]
    if part.peek() != "DATERANGE" or len(names) != 2 or "[]" in text:
        return False
    first, last = names
    quoted = '"' + first.replace('"', '""') + '"'
    table.unique.append(Unique((first,)))
    table.columns[last] = replace(table.columns[last], derived=f"{quoted} + 1")
    return True


def _is_column(table: Declared, word: Word) -> bool:
    return table.spelled(word.text) in table.columns


def _slots(base: str) -> list[str]:
    """Return ranges of a type, each behind the one before."""
    if base in _NUMBERS:
        return [f"[{10 * number},{10 * number + 5})" for number in range(1, SLOTS + 1)]
    step = _STEPS.get(base)
    if step is None:
        return []
    starts = [_FIRST + number * step for number in range(SLOTS)]
    if base == "daterange":
        return [f"[{at:%Y-%m-%d},{at + step * 2 / 3:%Y-%m-%d})" for at in starts]
    zone = "+00" if base == "tstzrange" else ""
    return [
        f'["{at:%Y-%m-%d %H:%M:%S}{zone}","{at + step * 2 / 3:%Y-%m-%d %H:%M:%S}{zone}")'
        for at in starts
    ]
