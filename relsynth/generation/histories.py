"""Changes of a state in their order: what one row says it became, the next one says it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from relsynth.constraints.meant import as_moments
from relsynth.constraints.narrowing import narrowed_columns
from relsynth.constraints.positions import rank_within
from relsynth.generation.makers import Maker
from relsynth.schema import Table
from relsynth.schema.hints import stage_of, words_of_name
from relsynth.typing import Array, Integers

_BEFORE = ("from", "old", "previous", "prior", "before", "prev")
_AFTER = ("to", "new", "current", "next", "after")
_HISTORIES = {"history", "histories", "change", "changes", "transition", "transitions", "event",
              "events", "log", "logs", "update", "updates", "tracking"}  # fmt: skip
_STEPS = {"scan", "scans", "milestone", "milestones", "checkpoint", "checkpoints", "step", "steps",
          "activity", "activities", "movement", "movements"}  # fmt: skip
_EVENTS = (("event", "type"), ("event", "name"), ("event", "code"), ("event", "kind"))
_HAPPENED = ("type", "kind", "action", "activity", "milestone", "checkpoint", "step", "code")
_STATES = ("status", "state", "stage", "phase", "step", "level")


def changes_of(table: Table) -> tuple[str | None, str] | None:
    """Return the columns that tell what a row changed, before and after; ``None`` for none.

    A history may tell but what came of a change.

    Examples
    --------
    >>> from relsynth.schema import Column
    >>> columns = {n: Column(n, "text") for n in ("from_status", "to_status", "changed_at")}
    >>> changes_of(Table("changes", columns))
    ('from_status', 'to_status')
    """
    words = {name: words_of_name(name) for name in table.columns}
    for before, said in words.items():
        if len(said) > 1 and said[0] in _BEFORE and said[-1] in _STATES:
            for after, other in words.items():
                if other[1:] == said[1:] and other[0] in _AFTER:
                    return before, after
    if set(words_of_name(table.name)) & _HISTORIES:
        state = next((n for n, said in words.items() if said[-1:] and said[-1] in _STATES), None)
        if state is not None:
            return None, state
    event = event_column(table)
    return None if event is None else (None, event)


def event_column(table: Table) -> str | None:
    """Return the column that tells what happened, in a table of the steps of something.

    Examples
    --------
    >>> from relsynth.schema import Column
    >>> levels = ("opened", "assigned", "closed")
    >>> columns = {"event_type": Column("event_type", "categorical", values=levels)}
    >>> event_column(Table("ticket_events", columns))
    'event_type'
    """
    for name, column in table.columns.items():
        words = words_of_name(name)
        called = words[-1:] == ("event",) or words[-2:] in _EVENTS
        if not called and not set(words_of_name(table.name)) & (_HISTORIES | _STEPS):
            continue
        if called or (words[-1:] and words[-1] in _HAPPENED):
            levels = column.values or _levels_in_checks(table, name)
            texts = [level for level in levels if isinstance(level, str)]
            known = [level for level in texts if stage_of(level) is not None]
            if len(texts) > 2 and len(known) * 2 >= len(texts):
                return name
    return None


def _levels_in_checks(table: Table, name: str) -> tuple[object, ...]:
    return narrowed_columns(table)[name].values or () if table.checks else ()


def arrange_changes(
    columns: dict[str, pd.Series],
    table: Table,
    makers: Mapping[str, Maker],
    groups: Integers,
    now_in: pd.Series | None,
    states: Sequence[object] = (),
) -> None:
    """Let changes of one thing follow on each other by time, in new rows, in place.

    Parameters
    ----------
    groups : ndarray of int64, shape (n_rows,)
        What each row changes; -1 for nothing.
    now_in : Series, optional
        In which state what a row changes is now.
    states : sequence of object, optional
        The states there are, in their order.
    """
    found = changes_of(table)
    if found is None or (found[0] is None and now_in is None):
        return
    before, after = found
    names = [after] if before is None else [before, after]
    told = [n for n, c in table.columns.items() if c.kind == "datetime" and n in columns]
    unique = {name for group in table.candidate_keys for name in group}
    if not told or set(names) & unique or not set(names) <= set(columns):
        return
    listed = [makers[name].column.values or () for name in names]
    known = [level for level in listed[0] if level in listed[-1]]
    usual = [level for level in known if not _ends(level)]
    if len(usual) < 2:
        return
    moments = as_moments(columns[told[0]].reset_index(drop=True), makers[told[0]].column)
    if before is None and words_of_name(after)[-1:] not in {(word,) for word in _STATES}:
        _arrange_events(columns, after, known, moments, groups, now_in, states)
        return
    order = np.lexsort((moments.to_numpy(), groups))
    order = order[groups[order] >= 0]
    inside = groups[order]
    count = np.bincount(inside)[inside] if len(order) else inside
    behind = count - 1 - rank_within(inside)  # changes that follow
    place = {level: number for number, level in enumerate(usual)}
    end = np.minimum(count, len(usual) - 1)
    shown = np.array(usual, dtype=object)[end]
    if now_in is not None:
        present = pd.Series(now_in.to_numpy(dtype=object)[order])
        fits = present.isin(known).to_numpy()
        shown = np.where(fits, present.to_numpy(dtype=object), shown)
        # what ended early did so from the second state
        index = present.map(place).fillna(2).to_numpy(dtype=np.int64)
        end = np.where(fits, index, end)
    became = np.where(behind == 0, shown, _walked(usual, end, behind))
    was = _walked(usual, end, behind + 1)
    for name, values in zip(names, [became] if before is None else [was, became], strict=True):
        if name == before and table.columns[name].nullable is not False:
            values[(behind == count - 1) & (behind + 1 > end)] = None  # nothing went before
        made = columns[name].reset_index(drop=True).astype(object)
        made.iloc[order] = values
        columns[name] = made


def _arrange_events(
    columns: dict[str, pd.Series],
    name: str,
    events: Sequence[object],
    moments: pd.Series,
    groups: Integers,
    now_in: pd.Series | None,
    states: Sequence[object],
) -> None:
    """Let the steps of one thing come in their order, from the first to where it is now."""
    order = np.lexsort((moments.to_numpy(), groups))
    order = order[groups[order] >= 0]
    inside = groups[order]
    if not len(order):
        return
    count = np.bincount(inside)[inside]
    rank = rank_within(inside)
    last = np.minimum(count, len(events)) - 1
    if now_in is not None and states:
        furthest = _furthest(events, states)
        last = pd.Series(now_in.to_numpy(dtype=object)[order]).map(furthest)
        last = last.fillna(len(events) - 1).to_numpy(dtype=np.int64)
    index = (rank * last) // np.maximum(count - 1, 1)
    made = columns[name].reset_index(drop=True).astype(object)
    made.iloc[order] = np.array(list(events), dtype=object)[index]
    columns[name] = made


def _furthest(events: Sequence[object], states: Sequence[object]) -> dict[object, int]:
    """Return the last event that may have happened in each state.

    A state that no event is called like lies between the events of the states beside it.
    """
    own = {_said(event): place for place, event in enumerate(events)}
    places = [own.get(_said(state)) for state in states]
    found, known = {}, -1
    for number, state in enumerate(states):
        place = places[number]
        behind = [p for p in places[number + 1 :] if p is not None]
        if place is not None:
            known = max(known, place)
            found[state] = place
        elif (stage := stage_of(str(state))) is not None and stage.ends:
            found[state] = min(1, len(events) - 1)  # it was called off early
        else:  # up to the event before the one of the next state
            found[state] = max(known, behind[0] - 1, 0) if behind else max(known, 0)
    return found


def _said(level: object) -> str:
    """Return a state or an event without what tells a verb from its participle."""
    return re.sub(r"(ed|s)$", "", "".join(words_of_name(str(level))))


def _walked(usual: list[object], end: Integers, back: Integers) -> Array:
    """Return the state some changes before the last one; to and fro where the first is passed."""
    left = end - back
    index = np.where(left >= 0, left, -left % 2)
    return np.array(usual, dtype=object)[np.minimum(index, len(usual) - 1)]


def _ends(level: object) -> bool:
    stage = stage_of(str(level))
    return stage is not None and stage.ends
