"""Lengths of time that agree with the moments beside them, and moments that are kept as text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import pandas as pd

from relsynth.constraints.meant import as_moments
from relsynth.generation.makers import Maker
from relsynth.metadata.metadata import Metadata
from relsynth.schema import Column, Table
from relsynth.schema.expressions import column_names
from relsynth.schema.hints import Stage, words_of_name
from relsynth.schema.native import parse_native

_UNITS = {
    "ms": 0.001, "milliseconds": 0.001, "millis": 0.001, "s": 1, "sec": 1, "seconds": 1,
    "secs": 1, "min": 60, "mins": 60, "minutes": 60, "hours": 3_600, "hrs": 3_600, "days": 86_400,
    "nights": 86_400,
}  # fmt: skip
_LENGTHS = ("duration", "length", "elapsed", "took", "runtime", "stay", "time", "worked")
_STARTS = (
    "start",
    "started",
    "starts",
    "begin",
    "begins",
    "began",
    "admitted",
    "checkin",
    "from",
    "pickup",
    "departed",
)
_ENDS = ("end", "ended", "ends", "finished", "finish", "completed", "stopped", "discharged",
         "checkout", "to", "restored", "dropoff",
         "arrived", "arrival")  # fmt: skip
_PLAIN_ENDS = ("end", "ended", "ends", "finished", "checkout", "to", "arrived", "arrival")
_DATES = ("at", "on", "date", "datetime", "timestamp", "birthday", "dob", "birthdate")
_DAY, _SECOND = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"


def arrange_durations(
    columns: dict[str, pd.Series],
    table: Table,
    stages: Mapping[str, Stage],
    makers: Mapping[str, Maker],
) -> None:
    """Let a duration be the time between the start and the end beside it, in place."""
    starts = [name for name, stage in stages.items() if stage.word in _STARTS]
    ends = [name for name, stage in stages.items() if stage.word in _ENDS]
    ends = ends or [name for name, stage in stages.items() if stage.word == "due"]
    if len(starts) > 1 or len(ends) > 1:
        pairs = [(a, b) for a in starts for b in ends if _are_sides(a, b, stages)]
        starts, ends = ([pairs[0][n]] if len(pairs) == 1 else [] for n in (0, 1))
    if len(starts) != 1 or len(ends) != 1:
        return
    unique = {name for group in table.candidate_keys for name in group}
    checked = {name for check in table.checks for _, name in column_names(check)}
    moments = [
        as_moments(columns[name].reset_index(drop=True), makers[name].column)
        for name in (*starts, *ends)
    ]
    seconds = (moments[1] - moments[0]).dt.total_seconds()
    for name, column in table.columns.items():
        words = words_of_name(name)
        unit = _UNITS.get(words[-1]) if words else None
        is_length = unit is not None and (len(words) == 1 or words[-2] in _LENGTHS)
        free = column.low is None and column.high is None and column.derived is None
        if not is_length or not free or name in unique or name in checked or name not in columns:
            continue
        if column.kind in ("integer", "numeric"):
            places = 0 if column.kind == "integer" else column.decimals or 0
            made = (seconds / (unit or 1)).round(places)
            fine = columns[name].notna().to_numpy() & made.notna().to_numpy()
            whole = made.where(pd.Series(fine), 0).astype(columns[name].dtype)
            columns[name] = columns[name].where(~fine, whole)


def _are_sides(start: str, end: str, stages: Mapping[str, Stage]) -> bool:
    """Return whether two moments are the sides of one thing: scheduled start and end."""
    rests = [[word for word in words_of_name(name) if word != stages[name].word
              and word not in _DATES] for name in (start, end)]  # fmt: skip
    return rests[0] == rests[1] and stages[end].word in _PLAIN_ENDS


def with_written_moments(metadata: Metadata) -> Metadata:
    """Let texts that are called like moments be moments that are written, as in SQLite."""
    changed = []
    for name, table in metadata.tables.items():
        keyed = metadata.key_columns(name) | {n for group in table.unique for n in group}
        keyed |= {found for check in table.checks for _, found in column_names(check)}
        columns = {
            n: replace(column, kind="datetime", format=form)
            for n, column in table.columns.items()
            if n not in keyed and (form := _form(column, table.columns)) is not None
        }
        if columns:
            changed.append(replace(table, columns={**table.columns, **columns}))
    return metadata.replace_tables(changed) if changed else metadata


def _form(column: Column, beside: Collection[str]) -> str | None:
    """Return how the moments of a column of texts are written, ``None`` for other texts."""
    said = (column.values, column.pattern, column.provider, column.format, column.derived)
    native = parse_native(column.native)
    if column.kind != "text" or any(part is not None for part in said) or len(beside) < 2:
        return None
    if native.family not in (None, "text") or native.is_array or native.is_binary:
        return None
    words = words_of_name(column.name)
    if not words or words[-1] not in _DATES or (len(words) == 1 and words[0] in ("at", "on")):
        return None
    form = _SECOND if words[-1] in ("at", "datetime", "timestamp") else _DAY
    longest = column.max_length
    return None if longest is not None and longest < len("2000-01-01 00:00:00") else form
