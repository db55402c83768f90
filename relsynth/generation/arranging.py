"""Moments in the order of their names, states that agree with them, slugs of names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import pandas as pd

from relsynth.constraints import now
from relsynth.constraints.meant import as_moments
from relsynth.constraints.positions import rank_within
from relsynth.generation.makers import Maker
from relsynth.generation.periods import (
    CREATED,
    declared_order,
    is_about,
    is_called_off,
    natural_moments,
    plain_moments,
    stage_in,
)
from relsynth.generation.spans import (
    QUARTER,
    USUAL_DAYS,
    Span,
    after,
    between,
    on_the_clock,
    place_of,
    span,
)
from relsynth.schema import Table
from relsynth.schema.hints import Stage, hint_of, stage_of, words_of_name
from relsynth.schema.native import parse_native
from relsynth.typing import Integers

if TYPE_CHECKING:
    from relsynth.metadata.metadata import Metadata

Bounds = Mapping[str, tuple["pd.Series | None", "pd.Series"]]
"""The earliest and latest values of moments that belong to the time of something else."""


def staged(
    metadata: Metadata, table: Table, natural: Collection[str] | None = None
) -> dict[str, Stage]:
    """Return the moments of a table whose stage is given by their names and by nothing else.

    Parameters
    ----------
    natural : collection of str, optional
        Those that must differ beside other columns and yet come as they do.
    """
    natural = natural_moments(table) if natural is None else frozenset(natural)
    keyed = {n for group in table.candidate_keys for n in group} - natural
    keyed |= metadata.key_columns(table.name) - natural
    keyed |= {n for key in metadata.parents_of(table.name) for n in key.columns}
    ruled = {
        str(given.get(word))
        for given in table.constraints
        for word in ("column", "low", "high")
        if word in given
    }
    found = {}
    for name, column in table.columns.items():
        stage = stage_in(name, column, table.name)
        said = (column.low, column.high, column.distribution, column.derived, column.values)
        free = name not in keyed and name not in ruled and not column.generated
        if stage is not None and stage.number and free and all(part is None for part in said):
            found[name] = stage
    beside = {name for pair in declared_order(table) for name in pair if len(set(pair)) == 2}
    told = {name for name, stage in found.items() if stage.word}
    near = {n for n in beside - told if n in found and _neighbour(table, n, told) is not None}
    return {name: stage for name, stage in found.items() if name not in near}


def _neighbour(table: Table, name: str, told: Collection[str]) -> tuple[str, bool] | None:
    """Return a moment that a condition puts beside another one, and whether it is the later."""
    for low, high in declared_order(table):
        if name == low and high in told:
            return high, True
        if name == high and low in told:
            return low, False
    return None


def arrange_declared(
    columns: dict[str, pd.Series],
    table: Table,
    stages: Mapping[str, Stage],
    makers: Mapping[str, Maker],
    rng: np.random.Generator,
) -> None:
    """Let a moment that a condition alone puts in order lie near the other one, in place."""
    unique = {name for group in table.candidate_keys for name in group}
    for name, column in table.columns.items():
        free = name in columns and name not in stages and name not in unique
        said = (column.low, column.high, column.distribution, column.derived, column.values)
        beside = _neighbour(table, name, stages) if column.kind == "datetime" else None
        if beside is None or not free or any(part is not None for part in said):
            continue
        other, earlier = beside
        given = plain_moments(columns[other], makers[other].column)
        if parse_native(column.native).family == "date":
            gap = np.ceil(rng.exponential(USUAL_DAYS, len(given))) * 86_400
        else:  # doors open half an hour to two hours before
            gap = rng.integers(2, 9, len(given)) * QUARTER
        moved = given + pd.to_timedelta(pd.Series(-gap if earlier else gap), unit="s")
        fine = columns[name].notna().to_numpy() & moved.notna().to_numpy()
        made = makers[name].dressed(moved.astype("datetime64[us]"))
        columns[name] = columns[name].where(~fine, made)


def arrange_moments(
    columns: dict[str, pd.Series],
    stages: Mapping[str, Stage],
    makers: Mapping[str, Maker],
    earliest: pd.Series | None,
    rng: np.random.Generator,
    bounds: Bounds | None = None,
    table: str = "",
    *,
    near: bool = False,
) -> None:
    """Rewrite the moments of new rows so that a later stage is never earlier, in place.

    Parameters
    ----------
    earliest : Series of datetime64, optional
        When the rows they refer to began.
    bounds : mapping of str to (Series or None, Series), optional
        Between which moments some lie: those of what their rows belong to.
    table : str
        Tells whether something takes place in the evening.
    near : bool
        Whether rows come soon behind what they refer to, as the changes of an order.
    """
    present, limits = now(), bounds or {}
    places = list(columns)
    order = sorted(stages, key=lambda n: (*place_of(stages[n]), places.index(n)))
    last, number = earliest, (0, False, 0)
    reached, begun, planned = last, False, False
    begins = any(stage.second and stage.word for stage in stages.values())
    for name in order:
        stage, column = stages[name], makers[name].column
        if place_of(stage) != number or (stage.number == CREATED and begun):
            last, number = reached, place_of(stage)
        drawn = plain_moments(columns[name], column)
        daily = parse_native(column.native).family == "date"
        first = stage.number == CREATED and not begun
        gap = span(stage, daily=daily, anywhere=first, begins=begins)
        gap = Span(USUAL_DAYS, future=False, anywhere=False) if near and last is earliest else gap
        made = drawn if last is None else after(drawn, last, gap, present, rng)
        if name in limits:
            made = between(made, last if first else None, *limits[name], rng)
        if stage.planned and not daily and "period" not in words_of_name(name):
            made = on_the_clock(made, last, evening=is_about(table, "evening"), rng=rng)
            planned = True
        elif planned and not daily and stage.number == 5 and stage.hours is not None:
            made = made.dt.ceil(f"{QUARTER}s")
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
    if begins:
        _call_off(columns, stages, makers, earliest, rng, running=is_about(table, "running"))


def _call_off(
    columns: dict[str, pd.Series],
    stages: Mapping[str, Stage],
    makers: Mapping[str, Maker],
    earliest: pd.Series | None,
    rng: np.random.Generator,
    *,
    running: bool,
) -> None:
    """Let what is called off be so before it starts; what runs, before it ends."""
    moments = {n: plain_moments(columns[n], makers[n].column) for n in stages}
    starts = [n for n, s in stages.items() if s.second and s.word]
    made_by = [n for n, s in stages.items() if s.number == CREATED and not s.second]
    ends = [n for n, s in stages.items() if s.number == 5 and s.word and not (s.ends or s.beside)]
    first = moments[made_by[0]] if made_by else earliest
    start = moments[starts[0]]
    if running:
        first, start = start, moments[ends[0]] if ends else start + pd.Timedelta(30, "D")
    last = start.where(start < now(), now())
    for name, stage in stages.items():
        if not is_called_off(stage):
            continue
        moved = between(moments[name], first, None, last, rng)
        if parse_native(makers[name].column.native).family == "date":
            moved = moved.dt.floor("D")
        if first is not None:
            moved = moved.where(~(moved < first), first)
        shown = moved.where(moments[name].notna()).astype("datetime64[us]")
        columns[name] = makers[name].dressed(shown).where(moments[name].notna(), None)


_SHORT_OF = {"out", "for", "awaiting", "pending", "ready", "to", "not", "un", "waiting", "needs",
             "partially", "in", "being", "under"}  # fmt: skip
"""Words of states that lie before what they name: ready to ship, pending payment."""
_FIRST = frozenset({"new", "draft", "pending", "unconfirmed", "todo", "backlog", "cart"})
"""States in which nothing has happened yet."""
LATER = 6  # the first stage of what goes on all the time, such as an update
_DONE = 5  # the stage in which something is finished, whatever it is called
LEAST_STEM = 4  # letters; fewer are alike by chance
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
        reached = {level: _reached(level, table) for level in levels}
        for moment, stage in stages.items():
            same = [v for v, s in reached.items() if s is not None and _alike(s, stage)]
            same = same or _called_like(moment, stage, reached)
            if table.columns[moment].nullable is False:
                continue
            if not same and words_of_name(name)[-1:] not in (("status",), ("state",)):
                continue
            if not same:  # no state is named like it: rows that are not so far lack it
                _set_by_order(columns, name, moment, stage, reached, makers[moment])
                continue
            listed = list(reached)
            first = min(listed.index(level) for level in same)
            named = not any(s is not None and _alike(s, stage) for s in reached.values())
            ends = stage.ends or all(has_ended(level) for level in same)
            holds = {
                level: level in same
                or (
                    not ends
                    and (listed.index(level) > first or place_of(found or stage) != place_of(stage))
                    and (
                        _is_past(found, stage)
                        or (named and listed.index(level) > first and not has_ended(level))
                    )
                )
                for level, found in reached.items()
            }
            _set_presence(columns, moment, columns[name].map(holds).eq(True), makers[moment])


def _set_by_order(
    columns: dict[str, pd.Series],
    name: str,
    moment: str,
    stage: Stage,
    reached: Mapping[str, Stage | None],
    maker: Maker,
) -> None:
    """Let states before a stage lack its moment, and those that went through it have it."""
    known = {level: found for level, found in reached.items() if found is not None}
    early = [v for v, s in known.items() if place_of(s)[:2] < place_of(stage)[:2]]
    if stage.number == CREATED and not stage.second:
        early = []
    lacking = columns[name].isin(early).to_numpy()
    columns[moment] = columns[moment].mask(pd.Series(lacking))
    step = stage.word and not stage.ends and not stage.future and stage.number < LATER
    past = [v for v, s in known.items() if step and s.word and s.number > stage.number]
    past += [v for v, s in known.items() if step and s.number == stage.number == _DONE]
    through = columns[name].isin([v for v in past if not known[v].ends])
    if through.any() and columns[moment].notna().any():
        _set_presence(columns, moment, through | columns[moment].notna(), maker)


_ENDING = re.compile(r"(at(ed|ion)|ation|ed|ion|al|ing|ment|es|e|s|y)$")
"""What tells a noun from the participle that a state is called by."""


def stem_of(words: str) -> str:
    """Return what the name of an event and the state it leads to have in common.

    Examples
    --------
    >>> stem_of("denial") == stem_of("denied"), stem_of("rejection") == stem_of("rejected")
    (True, True)
    """
    return _ENDING.sub("", words.replace("ll", "l"))


def has_ended(level: str) -> bool:
    """Return whether a state is the end of something, which nothing follows."""
    stage = stage_of(level)
    return stage is not None and stage.ends


_SAME = (frozenset({"done", "completed", "complete", "finished", "closed", "fulfilled"}),
         frozenset({"checkedin", "attended", "seated"}))  # fmt: skip
"""Words that say the same of what was done."""


def _called_like(moment: str, stage: Stage, reached: Mapping[str, Stage | None]) -> list[str]:
    """Return the states that a moment is named after, though no stage is known by the name."""
    ignored = {"at", "on", "date", "time", "datetime", "timestamp"}
    stem = stem_of("".join(word for word in words_of_name(moment) if word not in ignored))
    levels = {level: "".join(words_of_name(level)) for level in reached}
    found = [v for v, said in levels.items() if len(stem) > 2 and stem_of(said) == stem]
    for group in _SAME:
        if not found and stage.word in group:
            found = [level for level, said in levels.items() if said in group]
    return found


def _alike(state: Stage, moment: Stage) -> bool:
    """Return whether a state is called like a moment: terminated like the date of termination."""
    if not state.word or state.word == moment.word:
        return state.word == moment.word
    stems = [stem_of(word) for word in (state.word, moment.word)]
    return stems[0] == stems[1] and len(stems[0]) >= LEAST_STEM


def _reached(level: str, table: Table) -> Stage | None:
    """Return the stage that a state has reached; out for delivery is short of delivered."""
    stage, words = stage_of(level, table.name), words_of_name(level)
    if stage is None:
        return Stage(CREATED, "", 0) if set(words) <= _FIRST and words else None
    joint = [pair for pair in pairwise(words) if "".join(pair) == stage.word]  # checked in
    rest = [word for word in words if not any(word in pair for pair in joint)]
    if set(rest) & _SHORT_OF:
        return replace(stage, number=stage.number - 1, word="", ends=False)
    return stage


def _is_past(found: Stage | None, stage: Stage) -> TypeGuard[Stage]:
    """Return whether a state lies behind a stage; what is refunded was paid before."""
    if found is None or (found.ends and found.word != "refunded"):
        return False
    return found.number > stage.number or place_of(found) >= place_of(stage)


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


def number_in_time(
    columns: dict[str, pd.Series],
    number: str,
    moment: str,
    makers: Mapping[str, Maker],
    positions: Integers,
) -> None:
    """Let the numbers of the rows of each parent rise with their moments, in place.

    Parameters
    ----------
    number : str
        The column that counts.
    moment : str
        The column that decides.
    positions : ndarray of int64, shape (n_rows,)
        Parent of each row.
    """
    counts = columns[number]
    if not pd.api.types.is_integer_dtype(counts.dtype) or counts.isna().any():
        return
    first = plain_moments(columns[moment], makers[moment].column).to_numpy()
    by_count = np.lexsort((counts.to_numpy(np.int64), positions))
    by_time = np.lexsort((by_count.argsort(), first, positions))
    order = np.empty(len(counts), np.int64)
    order[by_time] = by_count
    columns[number] = counts.iloc[order].set_axis(counts.index)
