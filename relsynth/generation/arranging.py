"""Moments in the order of their names, states that agree with them, slugs of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from relsynth.constraints import now
from relsynth.constraints.positions import rank_within
from relsynth.constraints.rows import as_moments
from relsynth.generation.makers import Maker
from relsynth.schema import Column, Table
from relsynth.schema.hints import Stage, hint_of, stage_of, words_of_name
from relsynth.schema.native import parse_native
from relsynth.typing import Flags, Integers

if TYPE_CHECKING:
    from relsynth.metadata.metadata import Metadata

USUAL_DAYS = 2  # between two beginnings, such as an order and its booking
_CREATION = ("created", "create", "creation", "inserted")
CREATED = 1  # the first stage of a life, before all others


def staged(metadata: Metadata, table: Table) -> dict[str, Stage]:
    """Return the moments of a table whose stage is given by their names and by nothing else."""
    keyed = metadata.key_columns(table.name) | {n for group in table.unique for n in group}
    ruled = {
        str(given.get(word))
        for given in table.constraints
        for word in ("column", "low", "high")
        if word in given
    }
    found = {}
    for name, column in table.columns.items():
        stage = stage_of(name) if column.kind == "datetime" else None
        said = (column.low, column.high, column.distribution, column.derived, column.values)
        free = name not in keyed and name not in ruled and not column.generated
        if stage is not None and stage.number and free and all(part is None for part in said):
            found[name] = stage
    return found


def arrange_moments(
    columns: dict[str, pd.Series],
    stages: Mapping[str, Stage],
    makers: Mapping[str, Maker],
    earliest: pd.Series | None,
    rng: np.random.Generator,
) -> None:
    """Rewrite the moments of new rows so that a later stage is never earlier, in place.

    Parameters
    ----------
    columns : dict of str to Series
    stages : mapping of str to Stage
    makers : mapping of str to Maker
    earliest : Series of datetime64, optional
        When the rows they refer to began.
    rng : numpy.random.Generator
    """
    present = now()
    places = list(columns)
    order = sorted(stages, key=lambda n: (*_place(stages[n]), places.index(n)))
    last, number = earliest, (0, False, False)
    reached, begun = last, False
    for name in order:
        stage, column = stages[name], makers[name].column
        if _place(stage) != number or (stage.number == CREATED and begun):
            last, number = reached, _place(stage)
        drawn = as_moments(columns[name].reset_index(drop=True), column)
        daily = parse_native(column.native).family == "date"
        days = stage.days if daily or stage.hours is None else stage.hours / 24
        first = stage.number == CREATED and not begun
        span = _Span(days or USUAL_DAYS, stage.future, anywhere=first)
        made = drawn if last is None else _after(drawn, last, span, present, rng)
        begun = True
        if daily:
            made = made.dt.ceil("D") if last is not None else made.dt.floor("D")
        made = made.astype("datetime64[us]")
        columns[name] = makers[name].dressed(made).where(drawn.notna(), None)
        if stage.future:
            continue
        known = made.where(drawn.notna())
        reached = known if reached is None else reached.where(~(known > reached), known)
        reached = reached.fillna(known)


def _place(stage: Stage) -> tuple[int, bool, bool]:
    """Return where a moment stands in the life of a row: what created it comes first."""
    return stage.number, stage.second, stage.word not in _CREATION


@dataclass(frozen=True)
class _Span:
    """How far behind others a moment lies: some days, or anywhere up to the present."""

    days: float
    future: bool
    anywhere: bool


def _after(
    drawn: pd.Series, last: pd.Series, span: _Span, present: pd.Timestamp, rng: np.random.Generator
) -> pd.Series:
    """Return moments behind others, at the distance that is usual for the stage."""
    size = len(drawn)
    if span.anywhere:  # any moment of the life of what it belongs to
        late = (present - last).dt.total_seconds().clip(lower=0) * rng.random(size)
        moved = last + pd.to_timedelta(late.round(), unit="s")
        return drawn.where((drawn >= last) | last.isna(), moved)
    gap = rng.exponential(span.days * 86_400, size)
    left = (present - last).dt.total_seconds()
    within = np.where(gap < left, gap, left.clip(lower=0) * rng.random(size))
    gap = gap if span.future else within
    moved = last + pd.to_timedelta(pd.Series(gap).round(), unit="s")
    return moved.fillna(drawn)


_PLANNED = ("scheduled", "planned", "estimated", "expected", "promised", "target")


def plans_of(stages: Mapping[str, Stage]) -> dict[str, str]:
    """Return the moments that were planned, by those that tell what happened.

    Examples
    --------
    >>> plans_of(dict.fromkeys(("planned_start", "actual_start"), stage_of("start")))
    {'actual_start': 'planned_start'}
    """
    words = {name: words_of_name(name) for name in stages}
    found: dict[str, str] = {}
    for name in stages:
        rest = [word for word in words[name] if word != "actual"]
        for other in stages:
            planned = [word for word in words[other] if word not in _PLANNED]
            if (
                len(rest) < len(words[name])
                and planned == rest
                and len(planned) < len(words[other])
            ):
                found.setdefault(name, other)
    return found


def arrange_plans(
    columns: dict[str, pd.Series],
    plans: Mapping[str, str],
    makers: Mapping[str, Maker],
    rng: np.random.Generator,
) -> None:
    """Let what happened lie near what was planned, as an actual departure the scheduled one."""
    for name, plan in plans.items():
        daily = parse_native(makers[name].column.native).family == "date"
        late = rng.exponential(1 if daily else 1_200, len(columns[plan])).round()
        planned = as_moments(columns[plan].reset_index(drop=True), makers[plan].column)
        moved = planned + pd.to_timedelta(pd.Series(late), unit="D" if daily else "s")
        fine = columns[name].notna().to_numpy() & moved.notna().to_numpy()
        made = makers[name].dressed(moved.astype("datetime64[us]"))
        columns[name] = columns[name].where(~fine, made)


def arrange_states(
    columns: dict[str, pd.Series],
    table: Table,
    stages: Mapping[str, Stage],
    makers: Mapping[str, Maker],
) -> None:
    """Let a row have the moments that its state tells of, and no others, in place."""
    for name in table.columns:
        levels = makers[name].column.values
        if levels is None or name not in columns or not all(isinstance(v, str) for v in levels):
            continue
        reached = {level: stage_of(level) for level in levels}
        if not any(reached.values()):
            continue
        for moment, stage in stages.items():
            same = [v for v, s in reached.items() if s is not None and s.word == stage.word]
            if not same or table.columns[moment].nullable is False:
                continue
            holds = {
                level: level in same or (not stage.ends and _is_past(found, stage))
                for level, found in reached.items()
            }
            _set_presence(columns, moment, columns[name].map(holds).eq(True), makers[moment])


def _is_past(found: Stage | None, stage: Stage) -> bool:
    """Return whether a state lies behind a stage; what is refunded was paid before."""
    if found is None or (found.ends and found.word != "refunded"):
        return False
    return found.number >= stage.number


def _set_presence(
    columns: dict[str, pd.Series], name: str, wanted: pd.Series, maker: Maker
) -> None:
    values, holds = columns[name], wanted.to_numpy(dtype=bool)
    lacking = holds & values.isna().to_numpy()
    if lacking.any():
        drawn = maker.draw(int(lacking.sum()), np.random.default_rng(len(values)))
        values = values.copy()
        values[lacking] = drawn.to_numpy()
    columns[name] = values.where(holds, None)


def write_slugs(
    columns: dict[str, pd.Series], table: Table, makers: Mapping[str, Maker], present: pd.DataFrame
) -> None:
    """Let a slug spell the name or title of its row, numbered where one comes again, in place."""
    slugs = [n for n in table.columns if _is_slug(n, table) and makers[n].column.pattern is None]
    source = next((n for n in table.columns if n.lower() in ("name", "title", "headline")), None)
    for name in slugs:
        if name not in columns or makers[name].column.values is not None:
            continue
        text = columns[source or name].astype("string").str.normalize("NFKD")
        text = text.str.replace(r"[\u0300-\u036f]", "", regex=True).str.lower()
        text = text.str.replace(r"[^a-z0-9]+", "-", regex=True).str.strip("-")
        longest = makers[name].column.max_length
        numbers = rank_within(pd.factorize(text)[0])
        taken = set(present[name].dropna()) if len(present) else set[Any]()
        suffix = pd.Series(np.where(numbers > 0, [f"-{n + 1}" for n in numbers], ""))
        if longest is not None:
            text = text.str[: max(1, longest - int(suffix.str.len().max()))]
        made = (text.reset_index(drop=True) + suffix).astype(object)
        fine = made.notna() & columns[name].notna() & ~made.isin(taken)
        if made[fine].is_unique and len(made):
            columns[name] = columns[name].where(~fine.to_numpy(dtype=bool), made)


def _is_slug(name: str, table: Table) -> bool:
    hint = hint_of(name, table.name)
    return hint is not None and hint.meaning == "slug" and table.columns[name].kind == "text"


def started(
    frame: pd.DataFrame, columns: Mapping[str, Column], positions: Integers
) -> pd.Series | None:
    """Return when the rows that are referred to began; ``None`` where nothing tells it."""
    named = [
        name
        for name, column in columns.items()
        if column.kind == "datetime"
        and (stage := stage_of(name)) is not None
        and stage.number == CREATED
    ]
    if not named or not len(frame):
        return None
    moments = as_moments(frame[named[0]].reset_index(drop=True), columns[named[0]])
    if isinstance(moments.dtype, pd.DatetimeTZDtype):
        moments = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    inside: Flags = positions >= 0
    return moments.take(np.maximum(positions, 0)).reset_index(drop=True).where(inside)
