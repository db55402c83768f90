"""Columns that never fall, or never rise, along another one inside one parent: a meter reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from relsynth.evidence import EXPECTED, FEW, LARGE_SAMPLE, LARGELY
from relsynth.groups import places, unique_values
from relsynth.packing import packable
from relsynth.relational.rules.rule import CLEARER, HOLDS, LEAST_ROWS, ColumnRule
from relsynth.relational.rules.view import TableView, shown_key
from relsynth.sorting import lexical_order, stable_order
from relsynth.typing import Flags, Floats, Integers

LEAST_PERIODS = 2  # of a whole table: that it begins anew is seen once
PERIODS = {"": "", "year": "Y", "month": "M"}  # after which counters begin anew, longest first


@packable
@dataclass(frozen=True, slots=True)
class Monotone(ColumnRule):
    """The column never falls, or never rises, along another one in the rows of one parent.

    Attributes
    ----------
    key : str
        Name of the key to the parent; empty for all rows of the table.
    along : str or None
        The column whose order it follows; ``None`` for the order in which the rows lie.
    period : str
        Of `PERIODS`: in which part of the calendar of `along` it holds, where it begins anew.
    falls : bool
        Whether it never rises instead.
    step : float or None
        Least distance of neighbours where no two are equal.
    start : float or None
        From which it counts one by one, if it does.
    share : float
        Of parents, or of their periods, in which this holds.
    """

    key: str
    column: str
    along: str | None
    period: str
    falls: bool
    step: float | None
    start: float | None
    share: float
    families: int

    @property
    def note(self) -> str:
        """One sentence with the evidence."""
        along = f"along {self.along}" if self.along else "in the order of the rows"
        parent = f"parent by {shown_key(self.key)}" if self.key else ""
        within = f"inside one {' and '.join(part for part in (parent, self.period) if part)}"
        does = f"never {'rises' if self.falls else 'falls'}"
        if self.start is not None:
            does = f"counts from {self.start:g}"
        return f"{self.column} {does} {along} {within} in {self.often} {self.families}"

    def usable(self, view: TableView) -> bool:
        """Return whether the key is there."""
        return not self.key or self.key in view.keys

    def settle(
        self, view: TableView, groups: Integers, rng: np.random.Generator
    ) -> dict[str, Floats]:
        """Return the values of every parent sorted, those of exceptions as they are."""
        links = _families(view, self.key)
        values, place = view.column(self.column), _place(view, self.along)
        rows = np.flatnonzero((links >= 0) & ~np.isnan(values) & ~np.isnan(place))
        parts = np.unique(_parts(links[rows], place[rows], self.period), return_inverse=True)[1]
        kept = rng.random(parts.max(initial=-1) + 1) < self.share
        rows, parts = rows[kept[parts]], parts[kept[parts]]
        signed = -values[rows] if self.falls else values[rows]
        there = rows[lexical_order((signed, place[rows], parts))]
        risen = np.sort(parts), signed[lexical_order((signed, parts))]
        made = values.copy()
        made[there] = self._apart(*risen) * (-1.0 if self.falls else 1.0)
        if self.start is not None:
            made[there] = self.start + places(np.bincount(parts))
        return {self.column: made}

    def _apart(self, parts: Integers, risen: Floats) -> Floats:
        """Return sorted values of which no two of one part are equal, if none may be."""
        if self.step is None:
            return risen
        ramp = places(np.bincount(parts)) * self.step
        jump = parts * (float(np.ptp(risen)) + ramp.max(initial=0.0) + 1.0)
        apart: Floats = np.maximum.accumulate(risen - ramp + jump) - jump + ramp
        return apart


def find_monotone(
    view: TableView,
    columns: Sequence[str],
    fixed: Mapping[str, str | None],
    orders: Mapping[str, str | None],
    rng: np.random.Generator,
) -> Iterator[Monotone]:
    """Yield the columns that go one way along another one in the rows of every parent.

    Parameters
    ----------
    columns : sequence of str
        Columns that may be changed.
    fixed : mapping of str to (str or None)
        Columns that may be changed inside the parents by one key only; by none where ``None``.
    orders : mapping of str to (str or None)
        The column in whose order rows of one parent happen, by the name of the key; ``None``
        where they lie in order.

    Notes
    -----
    Only moves count: a column that is mostly the same falls seldom by chance, too. It must
    hold in ``HOLDS`` of them; with the rows dealt out anew to the parents ``EXPECTED`` moves
    would go the other way, and ``CLEARER`` times as many as do. What holds in any rows
    follows from the two columns alone and is learned with the row.
    """
    settled: set[str] = set()
    leading: set[str] = set()
    keys = [name for name, (key, _, _) in view.keys.items() if not key.is_self_reference]
    for name in (*keys, ""):
        links = _families(view, name)
        rows = _glance(links)
        for along in _alongs(view, links[rows], rows, name, orders):
            if along in settled:
                continue
            free = [
                column
                for column in columns
                if column not in settled | leading | {along, *orders.values()}
                if fixed.get(column, name) == name
            ]
            for column in free:
                rule = _found(view, name, column, along, rows, rng)
                if rule is not None:
                    settled.add(column)
                    leading.update(() if along is None else (along,))
                    yield rule


def _found(
    view: TableView,
    key: str,
    column: str,
    along: str | None,
    glance: Integers,
    rng: np.random.Generator,
) -> Monotone | None:
    links, place, own = _families(view, key), _place(view, along), view.column(column)
    every = np.flatnonzero(links >= 0)
    is_date = along is not None and along in view.dates
    for period in PERIODS if is_date else ("",):
        if not key and not period:
            continue  # what rises along all rows follows from the two columns
        for falls in (False, True):
            values = -own if falls else own
            if not _holds(_moves(links, values, place, period, glance)[1]):
                continue
            parts, move = _moves(links, values, place, period, every)
            dealt, given = links.copy(), values
            if key:
                dealt[every] = rng.permutation(links[every])
            else:
                given = rng.permutation(values)
            wrong = int(np.count_nonzero(move < 0))
            by_chance = int(np.count_nonzero(_moves(dealt, given, place, period, every)[1] < 0))
            families = len(unique_values(parts[move != 0]))
            seen = _holds(move) and families >= (FEW if key else LEAST_PERIODS)
            if seen and by_chance >= max(EXPECTED, CLEARER * wrong):
                share = 1 - len(unique_values(parts[move < 0])) / families
                step = view.precision(column).step if (move > 0).all() else None
                start = None if falls else _start(parts, move, own[every])
                return Monotone(key, column, along, period, falls, step, start, share, families)
    return None


def _start(parts: Integers, move: Floats, values: Floats) -> float | None:
    """Return from where every part counts by one, if all do."""
    least = float(np.nanmin(values))
    if (move != 1).any() or least not in (0.0, 1.0):
        return None
    steps = np.bincount(np.unique(parts, return_inverse=True)[1])
    firsts = np.count_nonzero(values == least)
    return least if firsts >= len(steps) else None


def _holds(move: Floats) -> bool:
    moves, right = int(np.count_nonzero(move)), int(np.count_nonzero(move > 0))
    return moves >= LEAST_ROWS and right >= HOLDS * moves


def _moves(
    links: Integers, values: Floats, place: Floats, period: str, rows: Integers
) -> tuple[Integers, Floats]:
    """Return the part and the size of every step from row to row inside one part."""
    rows = rows[~np.isnan(values[rows]) & ~np.isnan(place[rows])]
    parts = _parts(links[rows], place[rows], period)
    at = lexical_order((values[rows], place[rows], parts))
    inside = np.flatnonzero(parts[at][1:] == parts[at][:-1]) + 1
    return parts[at][inside], np.diff(values[rows][at], prepend=0.0)[inside]


def _parts(links: Integers, place: Floats, period: str) -> Integers:
    """Return codes of the parents, or of the parents in every period."""
    if not period:
        return links
    moments = np.floor(place).astype("datetime64[s]").astype(f"datetime64[{PERIODS[period]}]")
    number = moments.astype(np.int64)
    number -= number.min(initial=0)
    return links * (number.max(initial=0) + 1) + number


def _families(view: TableView, key: str) -> Integers:
    """Return the parent row of each row by a key, or one and the same without a key."""
    return view.keys[key][1] if key else np.zeros(view.n_rows, np.int64)


def _place(view: TableView, along: str | None) -> Floats:
    return np.arange(view.n_rows, dtype=float) if along is None else view.column(along)


def _alongs(
    view: TableView, links: Integers, rows: Integers, key: str, orders: Mapping[str, str | None]
) -> Iterator[str | None]:
    """Yield the columns that put the rows of a parent in order: few of them are alike."""
    if key in orders:
        yield orders[key]
    for name in (*view.dates, *(view.numbers if key else ())):
        place = view.column(name)[rows]
        known = ~np.isnan(place)
        if name == orders.get(key) or not known.any():
            continue
        at = lexical_order((place[known], links[known]))
        family, value = links[known][at], place[known][at]
        same = (family[1:] == family[:-1]) & (value[1:] == value[:-1])
        if np.count_nonzero(same) <= (1 - LARGELY) * len(same):
            yield name


def _glance(links: Integers) -> Integers:
    """Return the rows of the first parents, as many as are needed to see what is there."""
    rows = np.flatnonzero(links >= 0)
    rows = rows[stable_order(links[rows])]
    if len(rows) <= LARGE_SAMPLE:
        return rows
    number = np.bincount(links[rows])
    first: Flags = np.cumsum(number) <= max(LARGE_SAMPLE, number[number > 0][0])
    return rows[first[links[rows]]]
