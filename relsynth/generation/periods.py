"""Moments within the time of what a row belongs to: a scan during a concert, a sale before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from relsynth.constraints.meant import as_moments
from relsynth.constraints.narrowing import inequalities
from relsynth.errors import ConstraintError
from relsynth.schema import Column, ForeignKey, Note, Table
from relsynth.schema.hints import (
    Stage,
    hint_of,
    hint_table,
    singular,
    stage_of,
    words_of_name,
)
from relsynth.typing import Flags, Integers

if TYPE_CHECKING:
    from relsynth.metadata.metadata import Metadata

CREATED = 1  # the first stage of a life, before all others
UNTOLD = Stage(CREATED, "", 20, second=True)
"""Of a moment whose name is not known: something that happened while the row was there."""
_LAST, _NEXT = frozenset({"last", "latest", "recent"}), frozenset({"next", "upcoming"})
LENGTH = pd.Timedelta(3, "h")  # of a period that has no end: as long as an evening
_OPEN = pd.Timedelta(1, "D")  # the same where moments are days


def stage_in(name: str, column: Column, table: str) -> Stage | None:
    """Return the stage of a moment of a table, by its name; ``None`` for no moment.

    Examples
    --------
    >>> stage_in("scored_at", Column("scored_at", "datetime"), "games") is UNTOLD
    True
    """
    if column.kind != "datetime":
        return None
    stage = stage_of(name, table)
    if stage is not None:
        return stage
    hint = hint_of(name, table)
    if hint is not None and hint.meaning == "date_of_birth":
        return Stage(0, "birth", 0)
    words = set(words_of_name(name))
    if words & _LAST:
        return replace(UNTOLD, number=6, second=False)
    return replace(UNTOLD, number=5, future=True, days=30) if words & _NEXT else UNTOLD


@dataclass(frozen=True)
class Period:
    """When what rows belong to takes place.

    Attributes
    ----------
    start, end : Series of datetime64, shape (n_rows,)
        ``NaT`` where a row belongs to nothing.
    is_short : bool
        Whether what concerns it follows it soon, as a review a stay.
    """

    start: pd.Series
    end: pd.Series
    is_short: bool = True

    def take(self, positions: Integers) -> Period:
        """Return the period of the rows at these positions; none at ``-1``."""
        start, end = (_taken(side, positions) for side in (self.start, self.end))
        return Period(start, end, self.is_short)

    def behind(self, rows: int) -> Period:
        """Return the period with none of some rows put in front."""
        none = np.full(rows, np.datetime64("NaT", "us"))
        start, end = (pd.Series(np.r_[none, s.to_numpy()]) for s in (self.start, self.end))
        return Period(start, end, is_short=False)  # what is further away concerns it less


def sides_of(table: Table) -> tuple[str, str | None] | None:
    """Return the columns with the start and the end of what a table's rows are, if any."""
    stages = {n: stage_in(n, c, table.name) for n, c in table.columns.items()}
    starts = [n for n, s in stages.items() if s is not None and s.second and s.word]
    if not starts:
        return None
    ends = [n for n, s in stages.items()
            if s is not None and s.number == 5 and s.word and not (s.ends or s.beside)]  # fmt: skip
    return starts[0], (ends[0] if ends else None)


def period_of(frame: pd.DataFrame, table: Table) -> Period | None:
    """Return when the rows of a frame take place, ``None`` where its columns do not tell."""
    sides = sides_of(table)
    if sides is None or not set(filter(None, sides)) <= set(frame):
        return None
    start = plain_moments(frame[sides[0]], table.columns[sides[0]])
    daily = bool((start.dt.floor("D") == start).where(start.notna(), True).all())
    open_end = start + (_OPEN if daily else LENGTH)
    if sides[1] is None:
        return Period(start, open_end)
    end = plain_moments(frame[sides[1]], table.columns[sides[1]])
    return Period(start, end.where(end > start, open_end))


def plain_moments(values: pd.Series, column: Column) -> pd.Series:
    """Return moments without a time zone."""
    moments = as_moments(values.reset_index(drop=True), column)
    if isinstance(moments.dtype, pd.DatetimeTZDtype):
        moments = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    return moments.astype("datetime64[us]")


def place_in(name: str) -> str:
    """Return whether a moment lies before or inside the time of what it belongs to.

    Examples
    --------
    >>> place_in("purchased_at"), place_in("scanned_at"), place_in("reviewed_at")
    ('before', 'inside', '')
    """
    words = words_of_name(name)
    known = {*words, *("".join(pair) for pair in pairwise(words))}
    said = hint_table()["periods"]
    return next((place for place in ("before", "inside") if known & set(said[place])), "")


def is_about(table: str, what: str) -> bool:
    """Return whether a table's name is listed, as one of things that run or of evenings."""
    return bool(
        {singular(word) for word in words_of_name(table)} & set(hint_table()["periods"][what])
    )


def is_called_off(stage: Stage) -> bool:
    """Return whether a stage is that of something which did not take place."""
    return stage.word in hint_table()["periods"]["called off"]


def started(
    frame: pd.DataFrame, table: Table, positions: Integers, *, planned: bool = True
) -> pd.Series | None:
    """Return when the rows that are referred to began; ``None`` where nothing tells it.

    Parameters
    ----------
    planned : bool
        Whether the start of something planned counts; it is booked before.
    """
    stages = {n: stage_in(n, c, table.name) for n, c in table.columns.items() if n in frame}
    named = [(s.second, n) for n, s in stages.items()
             if s is not None and s.number == CREATED and (planned or not s.second)]  # fmt: skip
    if not named or not len(frame):
        return None
    first = min(named, key=lambda found: found[0])[1]
    return _taken(plain_moments(frame[first], table.columns[first]), positions)


def _taken(moments: pd.Series, positions: Integers) -> pd.Series:
    inside: Flags = positions >= 0
    if not len(moments):
        return pd.Series(np.full(len(positions), np.datetime64("NaT", "us")))
    return moments.take(np.maximum(positions, 0)).reset_index(drop=True).where(inside)


def declared_order(table: Table) -> list[tuple[str, str]]:
    """Return the pairs of moments that conditions put in order, the earlier one first."""
    spelled = {name.lower(): name for name in table.columns}
    found = []
    for check in table.checks:
        try:
            pairs = list(inequalities(check))
        except ConstraintError:
            continue  # what nobody can read is left to the database
        found += [(spelled.get(a.lower(), ""), spelled.get(b.lower(), "")) for a, b, _ in pairs]
    return [pair for pair in found
            if all(n and table.columns[n].kind == "datetime" for n in pair)]  # fmt: skip


def natural_moments(table: Table) -> frozenset[str]:
    """Return the moments that must differ beside other columns and are left as they come.

    A room has one booking a day, yet its bookings do not follow each other day by day.
    """
    return frozenset(
        name
        for group in table.candidate_keys
        if len(group) > 1
        for name in group
        if (column := table.columns[name]).kind == "datetime"
        and column.low is None
        and column.high is None
        and column.values is None
        and column.derived is None
    )


def period_notes(metadata: Metadata) -> Iterator[Note]:
    """Yield what is assumed of moments by the time of what their rows belong to."""
    for name, table in metadata.tables.items():
        for key in metadata.parents_of(name):
            sides = sides_of(metadata.tables[key.parent])
            if sides is None or key.is_self_reference:
                continue
            for column in table.columns.values():
                place = place_in(column.name) if column.kind == "datetime" else ""
                if place:
                    where = "before the start" if place == "before" else "within the time"
                    decision = f"{column.name} {where} of {key.parent} ({sides[0]}) is assumed"
                    yield Note(name, decision, "the names of the moments")


def is_free(key: ForeignKey, table: Table, unique: frozenset[str]) -> bool:
    """Return whether rows may refer to others than they were given, for the time to agree."""
    plain = key.when is None and key.children is None and len(key.columns) == 1
    return plain and not key.is_self_reference and key.columns[0] not in unique
