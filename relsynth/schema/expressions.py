"""Find the columns that an SQL-like condition names."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAME = r'(?:"[^"]+"|`[^`]+`|(?<!\w)\[[^\]\'"]+\]|[^\W\d]\w*)'
_TOKEN = re.compile(
    rf"""
      (?P<text>[enxb]?'(?:[^']++|'')*+')
    | (?P<cast>(?:::\s*|\bas\s+){_NAME}(?:\.{_NAME})*)
    | (?P<collation>\bcollate\s+(?:"[^"]+"|\w+))
    | (?P<part>\bextract\s*\(\s*\w+\s+from\b)
    | (?P<zone>\bat\s+time\s+zone\b)
    | (?P<unknown>\bis\s+(?:not\s+)?unknown\b)
    | (?P<number>\d[\w.]*)
    | (?P<name>{_NAME}(?:\.{_NAME})*) (?P<call>\s*\()?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PART = re.compile(r'"([^"]+)"|`([^`]+)`|\[([^\]]+)\]|(\w+)')
_SQL = (
    "all and any array as asc asymmetric between bigint binary bit boolean both by bytea case "
    "cast char character collate current_date current_time current_timestamp date day decimal "
    "desc distinct div double dow else end epoch escape exists false float for from glob hour "
    "ilike in int integer interval is isnull json jsonb leading like match minute mod month not "
    "notnull null number numeric nvarchar on or overlaps placing precision quarter real regexp "
    "rlike second similar smallint some symmetric text then time timestamp timestamptz tinyint "
    "to trailing true using uuid varchar varying week when with without xor year zone"
)
_WORDS = frozenset(_SQL.split())


def column_names(condition: str) -> Iterator[tuple[str, str]]:
    """Yield the ``(table, column)`` names of a condition; the table is empty where not named.

    Text literals, numbers, functions, types and the words of SQL are left out.

    Examples
    --------
    >>> list(column_names("total >= 0 AND upper(state) <> 'x' AND orders.day IS NOT NULL"))
    [('', 'total'), ('', 'state'), ('orders', 'day')]
    """
    for token in _TOKEN.finditer(condition):
        name = token["name"]
        if name is None:
            continue
        parts = ["".join(found) for found in _PART.findall(name)]
        plain = name == parts[0]
        if plain and (token["call"] or name.lower() in _WORDS):
            continue
        yield (parts[-2] if len(parts) > 1 else "", parts[-1])
