"""What only some rows have: a reason where something was cancelled, an approver where approved."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from relsynth.generation.arranging import LEAST_STEM, has_ended, stem_of
from relsynth.generation.makers import Maker
from relsynth.schema import Column, Table
from relsynth.schema.hints import hint_table, stage_of, words_of_name

_OF_EVENTS = ("by", "reason", "note", "notes", "comment", "message", "code", "description")
"""Words behind which a column tells of an event: ``approved_by``, ``cancel_reason``."""


def arrange_consequences(
    columns: dict[str, pd.Series],
    table: Table,
    makers: Mapping[str, Maker],
    keys: Collection[str] = (),
) -> None:
    """Let columns that tell of an event be filled where it took place, and only there, in place.

    Parameters
    ----------
    keys : collection of str
        Columns of references that may be taken away from a row.
    """
    unique = {name for group in table.candidate_keys for name in group}
    for name, column in table.columns.items():
        event = event_of(name) or _flag(name, column)
        if event is None and column.nullable is not False and name not in unique:
            told = _told_by_state(columns, table, makers, name)
            if told is not None and name in columns and column.derived is None:
                _keep(columns, name, told, None if name in keys else makers[name])
            continue
        if event is None or name in unique or name not in columns or column.derived is not None:
            continue
        happened = _happened(columns, table, makers, event, name)
        if happened is None:
            continue
        if column.kind == "boolean" and words_of_name(name)[-1] in event:
            columns[name] = pd.Series(happened).astype(columns[name].dtype)
        elif column.nullable is not False and column.kind != "datetime":
            _keep(columns, name, happened, None if name in keys else makers[name])

    _comment_on_ratings(columns, table)


def _told_by_state(
    columns: Mapping[str, pd.Series], table: Table, makers: Mapping[str, Maker], name: str
) -> np.ndarray | None:
    """Return the rows whose state a column is named after: of denied ones, the denial reason."""
    words = words_of_name(name)
    if len(words) < 2 or words[-1] not in (*_OF_EVENTS, "amount"):
        return None
    stem = stem_of(words[0])
    for other in table.columns:
        levels = makers[other].column.values
        if levels is None or other not in columns or not all(isinstance(v, str) for v in levels):
            continue
        same = [v for v in levels if stem_of("".join(words_of_name(v))) == stem]
        if same and len(stem) > 2:
            later = levels[levels.index(same[0]) :] if words[-1] != "reason" else ()
            ended = has_ended(same[0])
            wanted = [*same, *(v for v in later if not ended and not has_ended(v))]
            return columns[other].isin(wanted).to_numpy(dtype=bool)
    return None


def _flag(name: str, column: Column) -> frozenset[str] | None:
    """Return the event that a flag of one word tells of: revoked, as ``revoked_at`` does."""
    words = words_of_name(name)
    plain = column.kind == "boolean" and len(words) == 1 and len(words[0]) >= LEAST_STEM
    return frozenset(words) if plain else None


_ALONE = ("feedback", "review")
_RATINGS, _COMMENTS = ("rating", "stars", "score"), ("comment", "feedback", "review", "text")


def _comment_on_ratings(columns: dict[str, pd.Series], table: Table) -> None:
    """Let a comment that belongs to a rating be missing where the rating is, in place."""
    for name, column in table.columns.items():
        words = words_of_name(name)
        if column.nullable is False or name not in columns:
            continue
        if not words or words[-1] not in (_COMMENTS if len(words) > 1 else _ALONE):
            continue
        for other, rating in table.columns.items():
            said = words_of_name(other)
            near = set(said) & {*words[:-1]} or len(words) == 1
            if near and said[-1:] and said[-1] in _RATINGS and rating.nullable is not False:
                if other in columns:
                    lacking = columns[other].isna().to_numpy()
                    columns[name] = columns[name].mask(lacking, None)
                break


_OUTCOMES = (("succeeded", "failed"), ("approved", "rejected"), ("accepted", "declined"),
             ("accepted", "rejected"), ("delivered", "bounced"), ("completed", "failed"),
             ("confirmed", "declined"), ("won", "lost"), ("granted", "denied"))  # fmt: skip
"""What ends well and badly; not both."""
_SELDOM = 5  # of so many rows one ends badly


def keep_one_outcome(columns: dict[str, pd.Series], table: Table) -> None:
    """Let what succeeded have failed not as well, where both moments may be missing, in place."""
    free = {
        word: name
        for name, column in table.columns.items()
        if column.kind == "datetime" and column.nullable is not False and name in columns
        for word in words_of_name(name)
    }
    for good, bad in _OUTCOMES:
        if good in free and bad in free:
            both = columns[free[good]].notna().to_numpy() & columns[free[bad]].notna().to_numpy()
            failed = np.arange(len(both)) % _SELDOM == _SELDOM - 1
            for name, gone in ((free[bad], both & ~failed), (free[good], both & failed)):
                values = columns[name].reset_index(drop=True)
                columns[name] = values.mask(gone, None if values.dtype == object else pd.NaT)


def event_of(name: str) -> frozenset[str] | None:
    """Return the words of the event that a column tells of, ``None`` for none.

    Examples
    --------
    >>> "cancelled" in event_of("cancel_reason"), event_of("reason"), event_of("ship_city")
    (True, None, None)
    """
    words = words_of_name(name)
    for said in hint_table()["events"]:
        if set(words) & set(said["words"]) and set(words[-1:]) & {*said["words"], *said["tells"]}:
            return frozenset([*said["words"], *said["states"]])
    behind = words[:-1] if words[-1:] == ("id",) else words
    if behind[-1:] and behind[-1] in _OF_EVENTS and len(behind) > 1:
        stage = stage_of(behind[-2])
        if stage is not None and stage.number > 1 and behind[-2].endswith(("ed", "paid", "sent")):
            return frozenset([behind[-2]])
    if len(words) == 2 and words[0] in ("is", "was", "has", "been"):
        return frozenset([words[1]]) if stage_of(words[1]) is not None else None
    return None


def _happened(
    columns: Mapping[str, pd.Series],
    table: Table,
    makers: Mapping[str, Maker],
    event: frozenset[str],
    name: str,
) -> np.ndarray | None:
    """Return in which rows an event took place: by its moment, else by the state of the row."""
    for other, column in table.columns.items():
        may_lack = column.kind == "datetime" and column.nullable is not False
        if may_lack and other in columns and event & set(words_of_name(other)):
            return columns[other].notna().to_numpy(dtype=bool)
    for other in table.columns:
        levels = makers[other].column.values
        if levels is None or other not in columns or other == name:
            continue
        meant = [v for v in levels if isinstance(v, str) and event & set(words_of_name(v))]
        if meant and len(meant) < len(levels):
            return columns[other].isin(meant).to_numpy(dtype=bool)
    return None


def _keep(
    columns: dict[str, pd.Series], name: str, wanted: np.ndarray, maker: Maker | None
) -> None:
    values = columns[name]
    lacking = wanted & values.isna().to_numpy()
    if lacking.any() and maker is not None:
        values = values.copy()
        drawn = maker.draw(int(lacking.sum()), np.random.default_rng(len(values)))
        values[lacking] = drawn.to_numpy()
    columns[name] = values.where(wanted, None if values.dtype == object else pd.NA)
