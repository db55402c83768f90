"""Values that may let a row keep its conditions: drawn anew, or hinted at by the conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from relsynth.constraints.expression import parse_expression
from relsynth.constraints.meant import as_moments, is_range, range_ends, written_ranges
from relsynth.generation.makers import Maker
from relsynth.schema import Column
from relsynth.schema.date_text import utc_moments
from relsynth.schema.native import parse_native
from relsynth.typing import Array, Integers

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ALPHABETS = (
    _LETTERS,
    _LETTERS.upper(),
    "0123456789",
    "0123456789abcdef",
    _LETTERS + "0123456789-",
)
_SPELLED = ("json", "jsonb", "xml", "inet", "cidr")  # texts that are not free
_SPANS = (1, 3_600, 86_400, 30 * 86_400, 365 * 86_400, 7_300 * 86_400)
"""Seconds between two moments that conditions speak of: from a second to a grown person."""


@dataclass
class Clues:
    """What the conditions that name a column say besides.

    Attributes
    ----------
    numbers, texts : list
        Constants in the conditions.
    others : list of str
        Other columns of them.
    missing : bool
        Whether a condition asks if the column is missing.
    formulas : list of str
        Expressions that an equation sets the column equal to.
    """

    numbers: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    missing: bool = False
    formulas: list[str] = field(default_factory=list)


def clues_of(texts: Sequence[str]) -> dict[str, Clues]:
    """Return per column, in lower case, what the conditions that name it say."""
    from sqlglot import exp

    found: dict[str, Clues] = {}
    for text in texts:
        node = parse_expression(text)
        names = list(dict.fromkeys(column.name.lower() for column in node.find_all(exp.Column)))
        literals = list(node.find_all(exp.Literal))
        numbers = [float(item.this) for item in literals if not item.is_string]
        numbers += [-number for number in numbers]
        words = [str(item.this) for item in literals if item.is_string]
        asked = any(isinstance(i.expression, exp.Null) for i in node.find_all(exp.Is)) or any(
            name in text.lower() for name in ("num_nulls", "num_nonnulls", "coalesce")
        )
        for name in names:
            clues = found.setdefault(name, Clues())
            clues.numbers += [n for n in numbers if n not in clues.numbers]
            clues.texts += [w for w in words if w not in clues.texts]
            clues.others += [n for n in names if n != name and n not in clues.others]
            clues.missing |= asked
        if isinstance(node, exp.EQ):
            for name in names:
                formula = isolated(node, name)
                if formula is not None:
                    found[name].formulas.append(formula)
    return found


def isolated(equation: Any, name: str) -> str | None:
    """Return what an equation sets a column equal to, where arithmetic can free it.

    Examples
    --------
    >>> isolated(parse_expression("a + b = 100"), "b")
    '(100) - (a)'
    """
    from sqlglot import exp

    def is_it(node: Any) -> bool:
        return isinstance(node, exp.Column) and node.name.lower() == name

    def holds(node: Any) -> bool:
        return any(is_it(column) for column in node.find_all(exp.Column))

    def plain(node: Any) -> Any:
        while isinstance(node, (exp.Paren, exp.Cast)):
            node = node.this
        return node

    left, right = plain(equation.this), plain(equation.expression)
    if is_it(right) and not is_it(left):
        left, right = right, left
    if is_it(left):
        return str(right.sql(dialect="postgres"))  # it may stand there itself: s = lower(s)
    if holds(left) == holds(right):
        return None
    node, text = (left, right) if holds(left) else (right, left)
    written = text.sql(dialect="postgres")
    while not is_it(node):
        kind = type(node).__name__
        if kind not in ("Add", "Sub", "Mul", "Div"):
            return None
        here, there = plain(node.this), plain(node.expression)
        if holds(here) == holds(there):
            return None
        first = holds(here)
        other = (there if first else here).sql(dialect="postgres")
        undone = {"Add": "({0}) - ({1})", "Mul": "({0}) / ({1})"}
        undone |= {
            "Sub": "({0}) + ({1})" if first else "({1}) - ({0})",
            "Div": "({0}) * ({1})" if first else "({1}) / ({0})",
        }
        written = undone[kind].format(written, other)
        node = here if first else there
    return written


class Proposer:
    """Proposes values of one column.

    Parameters
    ----------
    declared : Column, optional
        The column as the schema has it. A pattern that one of its conditions implied may be
        left where another condition wants more of the text.
    """

    def __init__(self, maker: Maker, clues: Clues, declared: Column | None = None) -> None:
        self.maker, self.clues, self.column = maker, clues, maker.column
        native = parse_native(self.column.native)
        implied = declared is not None and declared.pattern is None and not native.is_array
        plain = native.family == "text" and native.base not in _SPELLED
        self.loose = implied and (plain or native.is_binary)

    def draw(self, frame: pd.DataFrame, columns: Any, rng: np.random.Generator) -> pd.Series:
        """Return a value for every row of a frame.

        Parameters
        ----------
        frame : DataFrame
            Candidates as they are.
        columns : mapping of str to Column
            Of the table.
        """
        size = len(frame)
        drawn = self.maker.draw(size, rng)
        if is_range(self.column) and self.column.values is None:
            return _mixed([drawn, self._ranges(drawn, rng), self._between(drawn, rng)], rng)
        if parse_native(self.column.native).base == "inet":
            return _mixed([drawn, *self._addresses(frame, columns, rng)], rng)
        if self.column.values is not None or (self.column.pattern is not None and not self.loose):
            return drawn
        kind = self.column.kind
        if kind == "datetime":
            made = self._moments(frame, columns, rng)
        elif kind in ("numeric", "integer", "key") and pd.api.types.is_numeric_dtype(drawn.dtype):
            made = self._numbers(frame, columns, rng)
        elif kind in ("text", "categorical", "ordinal", "key"):
            made = self._texts(frame, columns, rng)
        else:
            return drawn
        return _mixed([drawn, *made], rng)

    def _ranges(self, drawn: pd.Series, rng: np.random.Generator) -> pd.Series:
        """Return ranges that begin where those drawn do and are as long as conditions may want."""
        low = range_ends(drawn, self.column)["low"]
        if low.dtype.kind == "M":
            low = low.mask(pd.Series(rng.random(len(low)) < 0.5), low.dt.floor("D"))
            width = _spans(len(low), rng, daily=parse_native(self.column.native).base[0] == "d")
            return written_ranges(low, low + width.astype("timedelta64[us]"), self.column)
        listed = np.array([*(n for n in self.clues.numbers if n > 0), 1.0, 10.0])
        width = listed[rng.integers(len(listed), size=len(low))]
        return written_ranges(low, low + width, self.column)

    def _between(self, drawn: pd.Series, rng: np.random.Generator) -> pd.Series:
        """Return ranges between two constants of the conditions."""
        size = len(drawn)
        if range_ends(drawn, self.column)["low"].dtype.kind == "M":
            said = utc_moments(pd.Series(self.clues.texts, dtype=object), None).dropna()
            if len(said) < 2:
                return drawn
            first, last = said.min(), said.max()
            days = max(int((last - first).days), 1)
            ends = np.sort(rng.integers(0, days + 1, size=(size, 2)), axis=1)
            sides = [first + pd.to_timedelta(pd.Series(ends[:, n]), unit="D") for n in (0, 1)]
            early, late = (side.astype("datetime64[us]") for side in sides)
            return written_ranges(early, late, self.column)
        named = [number for number in self.clues.numbers if number >= 0]
        if not named:
            return drawn
        ends = np.sort(rng.integers(int(min(named)), int(max(named)) + 2, size=(size, 2)), axis=1)
        lows, highs = (pd.Series(ends[:, n], dtype=float) for n in (0, 1))
        return written_ranges(lows, highs.where(highs > lows, lows + 1), self.column)

    def _addresses(
        self, frame: pd.DataFrame, columns: Any, rng: np.random.Generator
    ) -> list[pd.Series]:
        """Return addresses of the networks beside them."""
        last = pd.Series(rng.integers(1, 255, size=len(frame))).astype(str)
        return [
            values.astype(object).str.extract(r"^([\d.]+\.)", expand=False) + last
            for values in self._beside(frame, columns, ("text", "categorical"))
        ]

    def _beside(self, frame: pd.DataFrame, columns: Any, kinds: tuple[str, ...]) -> list[pd.Series]:
        named = {name.lower(): name for name in columns}
        return [
            as_moments(frame[named[name]].reset_index(drop=True), columns[named[name]])
            for name in self.clues.others
            if name in named and columns[named[name]].kind in kinds
        ]

    def _moments(
        self, frame: pd.DataFrame, columns: Any, rng: np.random.Generator
    ) -> list[pd.Series]:
        out = []
        first, last = self.maker.moment_bounds()
        low = first if self.column.low is not None else None
        high = last if self.column.high is not None else None
        moments = utc_moments(pd.Series(self.clues.texts, dtype=object), None)
        moments = moments.dropna().reset_index(drop=True)
        if len(moments):  # a moment that a condition names, or up to a month behind it
            chosen = moments.take(rng.integers(len(moments), size=len(frame))).reset_index(
                drop=True
            )
            days = pd.to_timedelta(pd.Series(rng.integers(0, 31, size=len(frame))), unit="D")
            moved = (chosen + days).astype("datetime64[us]").clip(low, high)
            out.append(self.maker.dressed(moved))
        for values in self._beside(frame, columns, ("datetime",)):
            daily = parse_native(self.column.native).family == "date"
            size = _spans(len(values), rng, daily=daily)
            size = size * np.where(rng.random(len(values)) < 0.7, 1, -1)  # later more often
            moved = values + pd.Series(size)
            out.append(self.maker.dressed(moved.astype("datetime64[us]").clip(low, high)))
        return out

    def _numbers(
        self, frame: pd.DataFrame, columns: Any, rng: np.random.Generator
    ) -> list[pd.Series]:
        size, out = len(frame), list[pd.Series]()
        places = self.column.decimals or 0
        step = 10.0**-places
        shift = rng.integers(-2, 3, size=size) * step
        if self.clues.numbers:
            listed = np.array(self.clues.numbers)
            out.append(pd.Series(listed[rng.integers(len(listed), size=size)] + shift))
            out.append(pd.Series(rng.random(size) * listed[rng.integers(len(listed), size=size)]))
        for values in self._beside(frame, columns, ("numeric", "integer", "key")):
            if pd.api.types.is_numeric_dtype(values.dtype):
                near = values.astype("Float64") + np.round(rng.exponential(20, size)) * step
                out += [values.astype("Float64") + shift, near]
        out.append(pd.Series(-rng.random(size) * 100))
        low, high = self._limits()
        return [self._rounded(values.clip(low, high), places) for values in out]

    def _limits(self) -> tuple[float | None, float | None]:
        native = parse_native(self.column.native)
        low, high = self.column.low, self.column.high
        return (
            float(native.lowest) if low is None and native.lowest is not None else _float(low),
            float(native.limit) if high is None and native.limit is not None else _float(high),
        )

    def _rounded(self, values: pd.Series, places: int) -> pd.Series:
        native = parse_native(self.column.native)
        if self.column.kind in ("integer", "key") or native.family == "integer":
            return values.round().astype("Int64")
        return values.astype(float).round(places if places else 2)

    def _texts(
        self, frame: pd.DataFrame, columns: Any, rng: np.random.Generator
    ) -> list[pd.Series]:
        size = len(frame)
        lengths = [int(n) for n in self.clues.numbers if 1 <= n <= 4_000 and n == int(n)] or [6]
        now = frame[self.column.name].reset_index(drop=True).astype(object)
        words = _words(rng, rng.choice(lengths, size=size))
        out = [words, now.str.lower(), now.str.upper(), now.str.strip(), now.str.replace(" ", "-")]
        for text in self.clues.texts:
            bare = text.replace("%", "").replace("_", "a")
            out += [
                pd.Series([bare] * size, dtype=object),
                bare + _words(rng, np.full(size, 4)),
                _words(rng, np.full(size, 4)) + bare + _words(rng, np.full(size, 3)),
                _words(rng, np.full(size, 4)) + bare,
            ]
        out += self._beside(frame, columns, ("text", "categorical"))
        longest = self.column.max_length
        return [values.str[:longest] if longest else values for values in out]


def _spans(size: int, rng: np.random.Generator, *, daily: bool) -> Array:
    """Return distances between moments, whole days where moments are days."""
    spans = np.array(_SPANS, float)
    drawn = spans[rng.integers(len(spans), size=size)] * rng.random(size) * 2
    drawn = np.round(drawn / 86_400) * 86_400 if daily else np.round(drawn)
    return drawn.astype("timedelta64[s]")


def _words(rng: np.random.Generator, lengths: Integers) -> pd.Series:
    """Return words of these lengths, each of one alphabet."""
    size, longest = len(lengths), int(lengths.max(initial=1))
    alphabets = rng.integers(len(_ALPHABETS), size=size)
    out = np.empty(size, dtype=object)
    for number, alphabet in enumerate(_ALPHABETS):
        rows = np.flatnonzero(alphabets == number)
        letters = np.array(list(alphabet))[rng.integers(len(alphabet), size=(len(rows), longest))]
        joined = np.array(["".join(row) for row in letters], dtype=object)
        out[rows] = [word[:length] for word, length in zip(joined, lengths[rows], strict=True)]
    return pd.Series(out, dtype=object)


def _mixed(pools: list[pd.Series], rng: np.random.Generator) -> pd.Series:
    """Return for every row the value of one of the pools."""
    chosen = rng.integers(len(pools), size=len(pools[0]))
    out = pools[0].astype(object).to_numpy(copy=True)
    for number, pool in enumerate(pools[1:], start=1):
        rows = chosen == number
        values = pool.astype(object).to_numpy()
        rows &= ~pd.isna(values)
        out[rows] = values[rows]
    return pd.Series(out, dtype=object)


def _float(value: Any) -> float | None:
    return None if value is None or isinstance(value, str) else float(value)
