"""How the values of types beside numbers, words and dates are spelled, as regular expressions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from relsynth.schema.native import NativeType, parse_native

_DAY = "20(1[5-9]|2[0-4])-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_SPAN = (r"202[0-2]-0[1-9]-1[0-9]", r"202[3-5]-0[1-9]-2[0-8]")
JSON_PAIRS = '"source": "(web|mail|store|partner)", "ref": "[a-z0-9]{8}"'
"""What an object of JSON holds where nothing is said of it."""
_JSON = rf"\{{{JSON_PAIRS}\}}"
_INET = r"10\.[1-9][0-9]?\.[1-9][0-9]?\.[1-9][0-9]?"
_PLACE = r"[1-9][0-9]?\.[0-9],[1-9][0-9]?\.[0-9]"
_SPELLINGS: dict[str, str] = {
    "json": _JSON,
    "jsonb": _JSON,
    "xml": r"<[a-z]{3,6}/>",
    "inet": _INET,
    "inet6": r"2001:db8(:[1-9a-f][0-9a-f]{2}){2}::[1-9a-f]",
    "inet4": _INET,
    "cidr": r"10\.[1-9][0-9]?\.[1-9][0-9]?\.0/24",
    "macaddr": r"08:00:2b(:[0-9a-f]{2}){3}",
    "macaddr8": r"08:00:2b:01(:[0-9a-f]{2}){4}",
    "bytea": r"[a-z]{8,16}",
    "point": rf"\({_PLACE}\)",
    "lseg": rf"\[\({_PLACE}\),\({_PLACE}\)\]",
    "box": r"\(9[0-9],9[0-9]\),\([1-8][0-9],[1-8][0-9]\)",
    "path": rf"\[\({_PLACE}\),\({_PLACE}\)\]",
    "polygon": rf"\(\({_PLACE}\),\({_PLACE}\),\({_PLACE}\)\)",
    "line": r"\{[1-9],[1-9],[0-9]\}",
    "circle": r"<\([1-9][0-9]?,[1-9][0-9]?\),[1-9][0-9]?>",
    "tsvector": r"[a-z]{3,8} [a-z]{3,8}",
    "tsquery": r"[a-z]{4,8} & [a-z]{4,8}",
    "hstore": r'"[a-z]{3,6}"=>"[a-z0-9]{1,8}"',
    "ltree": r"[a-z]{3,8}\.[a-z]{3,8}\.[a-z]{3,8}",
    "int2vector": "[1-9]( [1-9])?",
    "oidvector": "[1-9][0-9]( [1-9][0-9])?",
    "cube": r"\([1-9][0-9]?, [1-9][0-9]?\)",
    "pg_lsn": "[0-9A-F]/[1-9A-F][0-9A-F]{6}",
    "regclass": "pg_(class|type|proc|attribute|index|constraint|namespace)",
    "regtype": "(integer|bigint|text|date|uuid|boolean)",
    "regproc": "(version|pg_backend_pid|pg_postmaster_start_time)",
    "regrole": "(pg_monitor|pg_read_all_data|pg_write_all_data)",
    "regnamespace": "(pg_catalog|information_schema|public)",
    "tid": r"\([0-9]{1,4},[1-9][0-9]?\)",
    "jsonpath": r"\$\.[a-z]{3,6}",
    "txid_snapshot": "[1-9][0-9]:[1-9][0-9]{2}:",
    "pg_snapshot": "[1-9][0-9]:[1-9][0-9]{2}:",
    "int4range": r"\[[1-4][0-9]{2},[5-9][0-9]{2}\)",
    "int8range": r"\[[1-4][0-9]{2},[5-9][0-9]{2}\)",
    "numrange": r"\[[1-4][0-9]\.[0-9],[5-9][0-9]\.[0-9]\)",
    "daterange": rf"\[{_SPAN[0]},{_SPAN[1]}\)",
    "tsrange": rf"\[{_SPAN[0]} {_CLOCK},{_SPAN[1]} {_CLOCK}\)",
    "tstzrange": rf'\["{_SPAN[0]} {_CLOCK}\+00","{_SPAN[1]} {_CLOCK}\+00"\)',
    "geometry": r"POINT\([1-9][0-9]?\.[0-9]{3} [1-9][0-9]?\.[0-9]{3}\)",
    "geography": r"POINT\([1-9][0-9]?\.[0-9]{3} [1-9][0-9]?\.[0-9]{3}\)",
    "binary": r"[a-z]{8,16}",
    "varbinary": r"[a-z]{8,16}",
    "blob": r"[a-z]{8,16}",
    "image": r"[a-z]{8,16}",
    "raw": r"[a-z]{8,16}",
}
_AT = r"[1-8][0-9]\.[0-9]{4} [1-8][0-9]\.[0-9]{4}"
WELL_KNOWN_TEXT: dict[str, str] = {
    "geometry": rf"POINT\({_AT}\)",
    "point": rf"POINT\({_AT}\)",
    "multipoint": rf"MULTIPOINT\({_AT}, {_AT}\)",
    "linestring": rf"LINESTRING\({_AT}, {_AT}, {_AT}\)",
    "polygon": r"POLYGON\(\(10 10, 8[0-9] 1[0-9], 5[0-9] 8[0-9], 10 10\)\)",
}
"""How MySQL's geometric types are written for ST_GeomFromText."""
_WORDS = (
    "new|sale|urgent|archive|draft|summer|winter|north|south|east|west|red|blue|green|small|large|"
    "basic|extra|public|internal|review|weekly|monthly|popular|limited|support|billing|mobile"
)
"""What texts in arrays, such as tags, are."""
_OF_FAMILY: dict[str, str] = {
    "integer": "[1-9][0-9]{0,2}",
    "decimal": r"[1-9][0-9]{0,2}",
    "float": r"[1-9][0-9]{0,2}\.[0-9]{2}",
    "boolean": "(true|false)",
    "uuid": _UUID,
    "date": _DAY,
    "datetime": f"{_DAY} {_CLOCK}",
    "time": _CLOCK,
    "interval": f"[0-9]{{1,2}} days {_CLOCK}",
    "text": "[a-z]{3,8}",
}


def spelling(native: NativeType) -> str | None:
    """Return the regular expression of values of a type that is not a plain one.

    Returns
    -------
    str or None
        ``None`` where values are numbers, words or dates.
    """
    if (
        native.is_array
        and parse_native(native.element).family == "text"
        and not (
            parse_native(native.element).base in _SPELLINGS
            or (parse_native(native.element).length or 9) < 9
        )
    ):
        return spelled_array(_WORDS)
    if native.is_array:
        return spelled_array(_element(native.element), quoted=_needs_quotes(native.element))
    if native.base in ("bit", "varbit", "bit varying") and native.family is None:
        length = native.arguments[0] if native.arguments else 1
        if native.base == "bit":
            return f"[01]{{{length}}}"
        return f"[01]{{1,{length if native.arguments else 8}}}"
    if native.base in ("vector", "halfvec"):  # of pgvector
        length = native.arguments[0] if native.arguments else 3
        return rf"\[0\.[0-9]{{3}}(,0\.[0-9]{{3}}){{{length - 1}}}\]"
    if native.base.endswith("multirange"):
        found = _SPELLINGS.get(native.base.replace("multirange", "range"))
        return None if found is None else rf"\{{{found}\}}"
    found = _SPELLINGS.get(native.base)
    if found is None and native.base in ("long raw", "longblob", "mediumblob", "tinyblob"):
        return _SPELLINGS["blob"]
    if native.base in ("binary", "varbinary", "raw") and native.arguments:
        length = native.arguments[0]
        return f"[a-z]{{{min(8, length)},{min(16, length)}}}"
    return found


def spelled_array(element: str, *, quoted: bool = False) -> str:
    r"""Return the expression of PostgreSQL arrays of one or two elements.

    Examples
    --------
    >>> spelled_array("sad|ok")
    '\\{(sad|ok)(,(sad|ok))?\\}'
    """
    if quoted:
        inner = element.replace('\\"', '"').replace('"', r'\\"')
        return rf'\{{"{inner}"(,"{inner}")?\}}'
    return rf"\{{({element})(,({element}))?\}}"


def sized_array(pattern: str, low: int, high: int) -> str | None:
    r"""Return the expression of arrays of so many elements, made of one of `spelled_array`.

    Examples
    --------
    >>> sized_array(spelled_array("a|b"), 3, 3)
    '\\{(a|b)(,(a|b)){2,2}\\}'
    """
    if not pattern.endswith(r")?\}"):
        return None
    return pattern[:-3] + f"{{{max(low, 1) - 1},{max(high, low, 1) - 1}}}" + r"\}"


def spelled_levels(levels: Sequence[str]) -> str:
    r"""Return the expression of arrays of the values of an enumeration.

    Examples
    --------
    >>> spelled_levels(["a,b", "c"])
    '\\{("a,b"|c)(,("a,b"|c))?\\}'
    """
    plain = re.compile(r"[^\s,{}\"\\]+")
    written = [
        text
        if plain.fullmatch(text) and text.lower() != "null"
        else '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
        for text in levels
    ]
    return spelled_array("|".join(map(re.escape, written)))


def spelled_composite(types: Sequence[str], known: Mapping[str, str] | None = None) -> str:
    r"""Return the expression of rows of a composite type.

    Parameters
    ----------
    types : sequence of str
    known : mapping of str to str, optional
        Expressions of other composite types, by their names in lower case.

    Examples
    --------
    >>> spelled_composite(["pair"], {"pair": r"\((true|false),(true|false)\)"})
    '\("\((true|false),(true|false)\)"\)'
    """
    fields = []
    for kind in types:
        inner = (known or {}).get(kind.lower())
        made = _element(kind) if inner is None else inner
        apart = inner is not None or _needs_quotes(kind)
        fields.append('"' + made.replace('"', '""') + '"' if apart else made)
    return r"\(" + ",".join(fields) + r"\)"


def _element(kind: str) -> str:
    native = parse_native(kind)
    found = spelling(native)
    if found is not None:
        return found
    length = native.length
    if native.family == "text" and length is not None:
        return f"[a-z]{{{min(3, length)},{min(8, length)}}}"
    if native.family == "decimal" and native.limit is not None:
        return "[1-9]" if native.limit > 0 else "0"
    return _OF_FAMILY.get(native.family or "", "[a-z]{3,8}")


def _needs_quotes(kind: str) -> bool:
    return bool(re.search(r'[,"{} ]', _element(kind))) or parse_native(kind).family in (
        "datetime",
        "interval",
    )
