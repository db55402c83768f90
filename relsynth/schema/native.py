"""Read the type names of databases: ``NUMERIC(10, 2)``, ``character varying(20)``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

Family = Literal[
    "integer", "decimal", "float", "boolean", "text", "uuid", "date", "datetime", "time", "interval"
]

# by bytes
MOST_DIGITS = 300  # before and after the point: a float has no more
INTEGER_LIMITS = {1: 127, 2: 32_767, 3: 8_388_607, 4: 2_147_483_647, 8: 9_223_372_036_854_775_807}
_FAMILIES: tuple[tuple[Family, str], ...] = (
    ("interval", r"interval( (year|month|day|hour|minute|second)( to \w+)?)?|timedelta"),
    ("integer", r"(tiny|small|medium|big |big)?(int|integer|serial)\d*|u?int\d+|year|oid"),
    ("decimal", r"numeric|decimal|dec|number|(small)?money"),
    ("float", r"float\d*|real|double|double precision|binary_(float|double)"),
    ("boolean", r"bool|boolean|bit"),
    ("uuid", r"uuid|uniqueidentifier"),
    (
        "datetime",
        (
            r"timestamp(tz|ltz|ntz|_ntz|_ltz|_tz|_s|_ms|_ns)?|datetime\d?|smalldatetime|"
            r"datetimeoffset"
        ),
    ),
    ("date", r"date\d*"),
    ("time", r"time(tz)?"),
    (
        "text",
        (
            r"(n|b)?p?char\d?|n?varchar\d?|character|(national )?(character|char) varying|"
            r"(n|tiny|medium|long)?text|n?clob|string|citext|name|enum|set|jsonb?|xml|inet|cidr|"
            r"national (character|char|varchar)|nchar varying|native character|varying character|"
            r"single char|sysname|"
            r"character large object"
        ),
    ),
)
KIND_OF_FAMILY = {
    "integer": "integer",
    "decimal": "numeric",
    "float": "numeric",
    "boolean": "boolean",
    "date": "datetime",
    "datetime": "datetime",
    "time": "timedelta",
    "interval": "timedelta",
}
# in bytes, by the beginning of the name
_SIZES = {"tiny": 1, "small": 2, "int2": 2, "medium": 3, "big": 8, "int8": 8, "int64": 8}
_FORM = re.compile(r"\s*(?P<base>[a-z_][a-z_0-9 ]*)(\((?P<arguments>[^)]*)\).*)?", re.I | re.S)


@dataclass(frozen=True, slots=True)
class NativeType:
    """A type of a database, taken apart.

    Attributes
    ----------
    base : str
        Lower-case name without arguments.
    family : str or None
        What kind of value it holds; ``None`` for a type that is not known.
    arguments : tuple of int
        Length, or precision and scale.
    has_zone : bool
        Whether moments carry a time zone.
    is_unsigned : bool
        Whether numbers are 0 or more.
    element : str
        Type of an array's elements.
    """

    base: str
    family: Family | None
    arguments: tuple[int, ...] = ()
    has_zone: bool = False
    is_array: bool = False
    is_unsigned: bool = False
    element: str = ""

    @property
    def lowest(self) -> int | None:
        """Smallest whole number of an integer or decimal type, where it has one."""
        limit = self.limit
        return 0 if self.is_unsigned else None if limit is None else -limit

    @property
    def limit(self) -> int | None:
        """Largest whole number of an integer or decimal type, where it has one."""
        if self.family == "integer":
            size = next((n for word, n in _SIZES.items() if self.base.startswith(word)), 4)
            limit = INTEGER_LIMITS[size]
            return 2 * limit + 1 if self.is_unsigned else limit
        if self.family == "decimal" and self.arguments:
            coarse = -min(self._stated_scale, 0)  # numeric(2, -3) holds thousands
            digits = self.arguments[0] - self._stated_scale
            if max(digits, coarse) > MOST_DIGITS:
                return None
            return int(10**digits) - int(10**coarse)
        return None

    @property
    def scale(self) -> int | None:
        """Digits after the decimal point of a decimal type, where it says so."""
        if self.family != "decimal" or not self.arguments:
            return None
        return min(max(self._stated_scale, 0), MOST_DIGITS)

    @property
    def _stated_scale(self) -> int:
        return self.arguments[1] if len(self.arguments) > 1 else 0

    @property
    def length(self) -> int | None:
        """Longest text, where the type says so."""
        if self.family != "text" or not self.arguments:
            return 1 if self.base in ("char", "character", "nchar", "single char") else None
        return self.arguments[0]

    @property
    def is_binary(self) -> bool:
        """Whether values are bytes."""
        return (
            re.fullmatch(r"bytea|(var)?binary|(tiny|medium|long)?blob|image|(long )?raw", self.base)
            is not None
        )

    @property
    def is_fixed_length(self) -> bool:
        """Whether texts are padded to their length."""
        return self.base in ("char", "character", "nchar", "bpchar")


@cache
def parse_native(native: str | None) -> NativeType:
    """Take the type name of a database apart.

    Examples
    --------
    >>> parse_native("NUMERIC(10, 2)").limit
    99999999
    >>> parse_native("character varying(20)").length
    20
    """
    if native is not None and re.search(r"\[\d*\]\s*$|^\s*array\b", native, re.I):
        element = re.sub(r"(\[\d*\]\s*)+$|^\s*array\b|\barray\s*$", "", native, flags=re.I)
        inner = re.fullmatch(r"\s*[<(](.*)[>)]\s*", element, re.S)  # ARRAY<INT>
        element = (inner[1] if inner else element).strip()
        return NativeType(native.lower(), None, is_array=True, element=element)
    found = _FORM.fullmatch(native or "")
    if found is None:
        return NativeType((native or "").lower(), None)
    base = re.sub(r"\s+", " ", found["base"].lower().strip())
    unsigned = "unsigned" in (native or "").lower()
    base = re.sub(r"^unsigned ", "", base)
    base = re.sub(
        r" (unsigned|signed|zerofill|identity|with.*|without.*|character set.*)$", "", base
    )
    numbers = tuple(int(n) for n in re.findall(r"-?\d+", found["arguments"] or ""))
    if base in ("enum", "set"):
        numbers = ()
    if base == "bit" and numbers:
        return NativeType(base, None, numbers)
    family = next((name for name, form in _FAMILIES if re.fullmatch(form, base)), None)
    zoned = base.endswith("tz") or "with time zone" in (native or "").lower()
    return NativeType(base, family, numbers, has_zone=zoned, is_unsigned=unsigned)
