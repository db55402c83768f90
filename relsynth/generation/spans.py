"""How far moments lie behind others, between others, and apart from each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsynth.constraints.positions import rank_within, tuple_codes
from relsynth.generation.makers import Maker
from relsynth.generation.periods import plain_moments
from relsynth.schema.hints import Stage
from relsynth.typing import Integers

USUAL_DAYS = 2  # between two beginnings, such as an order and its booking
MOST_DAYS = 60  # that something planned waits for a day of its own; then for a second
QUARTER = 900  # seconds: what is planned begins on the quarter of an hour
_CREATION = ("created", "create", "creation", "inserted")
_CLOSING = ("closed", "paid")  # what is resolved is closed afterwards, what is served paid for
_CAUSES = ("incident", "accident", "injury")  # what is filed or reported afterwards
_BY_DAY, _BY_NIGHT = (8, 18), (18, 22)  # hours between which something begins


def place_of(stage: Stage) -> tuple[int, bool, int]:
    """Return where a moment stands in the life of a row: what created it comes first."""
    last = (stage.word not in _CREATION) + (stage.word in _CLOSING)
    return stage.number, stage.second, -1 if stage.word in _CAUSES else last


@dataclass(frozen=True)
class Span:
    """How far behind others a moment lies.

    Attributes
    ----------
    future : bool
        Whether it may lie ahead.
    anywhere : bool
        Whether it lies anywhere up to the present.
    even : bool
        Whether the distance is much the same in all rows.
    """

    days: float
    future: bool
    anywhere: bool
    even: bool = False


def span(stage: Stage, *, daily: bool, anywhere: bool, begins: bool) -> Span:
    """Return how far a moment lies behind the stage before; nearer where a start is beside."""
    hours = stage.beside if stage.beside is not None and begins else stage.hours
    days = stage.days if daily or hours is None else hours / 24
    return Span(days or USUAL_DAYS, stage.future, anywhere, stage.even)


def after(
    drawn: pd.Series, last: pd.Series, span: Span, present: pd.Timestamp, rng: np.random.Generator
) -> pd.Series:
    """Return moments behind others, at the distance that is usual for the stage."""
    size = len(drawn)
    if span.anywhere:  # any moment of the life of what it belongs to
        late = (present - last).dt.total_seconds().clip(lower=0) * rng.random(size)
        moved = last + pd.to_timedelta(late.round(), unit="s")
        return drawn.where((drawn >= last) | last.isna(), moved)
    if span.even:
        gap = span.days * 86_400 * rng.uniform(0.9, 1.1, size)
    elif span.days < 1:  # what takes hours takes about as long each time
        gap = rng.gamma(4, span.days * 86_400 / 4, size)
    else:
        gap = rng.exponential(span.days * 86_400, size)
    left = (present - last).dt.total_seconds()
    within = np.where(gap < left, gap, left.clip(lower=0) * rng.random(size))
    gap = gap if span.future or span.even else within
    moved = last + pd.to_timedelta(pd.Series(gap).round(), unit="s")
    return moved.fillna(drawn)


def between(
    made: pd.Series,
    earliest: pd.Series | None,
    low: pd.Series | None,
    high: pd.Series,
    rng: np.random.Generator,
) -> pd.Series:
    """Return moments between others; shortly before where one side is open."""
    share = rng.random(len(made))
    if low is None:  # most buy late
        before = pd.to_timedelta(pd.Series(rng.exponential(20 * 86_400, len(made)).round()), "s")
        moved = high - before
        if earliest is not None:
            room = (high - earliest).dt.total_seconds().clip(lower=0)
            least = pd.Series(rng.exponential(3_600, len(made)))
            wait = pd.to_timedelta(np.maximum(room * share, least.where(room == 0, 0)).round(), "s")
            moved = moved.where(~(moved < earliest), earliest + wait)
    else:
        room = (high - low).dt.total_seconds().clip(lower=0)
        moved = low + pd.to_timedelta((room * share).round(), "s")
    return moved.fillna(made)


def on_the_clock(
    made: pd.Series, last: pd.Series | None, *, evening: bool, rng: np.random.Generator
) -> pd.Series:
    """Return moments at an hour at which something begins, on the quarter of an hour."""
    low, high = _BY_NIGHT if evening else _BY_DAY
    quarters = rng.integers(low * 4, high * 4, len(made))
    moved = made.dt.floor("D") + pd.to_timedelta(pd.Series(quarters * QUARTER), "s")
    if last is not None:
        moved = moved.where(~(moved < last), moved + pd.Timedelta(1, "D"))
    return moved


def keep_apart(
    columns: dict[str, pd.Series],
    name: str,
    rest: Sequence[str],
    stages: Mapping[str, Stage],
    makers: Mapping[str, Maker],
) -> None:
    """Move moments that must differ beside other columns apart, and what follows with them.

    Each waits until the one before it, of the same rest, is over; linear in the rows.
    """
    column = makers[name].column
    moments = plain_moments(columns[name], column)
    own = stages.get(name)
    (groups,), _ = tuple_codes([columns[n] for n in rest])
    rows = np.flatnonzero(moments.notna().to_numpy() & (groups >= 0))
    seconds = moments.to_numpy()[rows].astype("datetime64[s]").astype(np.int64)
    daily = makers[name].is_daily
    late = np.zeros(len(moments), dtype=np.int64)
    timed = column.format is None or any(f"%{sign}" in column.format for sign in "SXcsT")
    step = 1 if timed else 60  # a form without seconds tells minutes apart
    late[rows] = _waits(groups[rows], seconds, 86_400 if daily or (own and own.planned) else step)
    if not daily and late.max(initial=0) > MOST_DAYS * 86_400:
        late[rows] = _waits(groups[rows], seconds, step)
    if not late.any():
        return
    shift = pd.to_timedelta(pd.Series(late), unit="s")
    following = [n for n, s in stages.items() if own is not None and place_of(s) > place_of(own)]
    for moved in dict.fromkeys((name, *following)):
        old = plain_moments(columns[moved], makers[moved].column)
        made = makers[moved].dressed((old + shift).astype("datetime64[us]"))
        touched = (late != 0) & old.notna().to_numpy()
        columns[moved] = columns[moved].where(~touched, made)


def _waits(groups: Integers, seconds: Integers, unit: int) -> Integers:
    """Return the seconds each moment of a group waits so that all lie in different units."""
    steps = seconds // unit
    order = np.lexsort((steps, groups))
    rank = rank_within(groups[order])
    free = pd.Series(steps[order] - rank).groupby(groups[order]).cummax().to_numpy() + rank
    out = np.empty(len(steps), dtype=np.int64)
    out[order] = (free - steps[order]) * unit
    return out
