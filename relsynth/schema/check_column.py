"""Check what a schema says about one column."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from relsynth.errors import Faults, did_you_mean, examples_of
from relsynth.schema.date_text import utc_moment
from relsynth.schema.durations import durations_of
from relsynth.schema.words import KINDS, TREATMENTS, Column


def check_column(where: str, column: Column, faults: Faults) -> None:
    """Add every contradiction in the description of one column.

    Parameters
    ----------
    where : str
        ``table.column``; opens every fault.
    """
    if column.kind not in KINDS:
        faults.add(
            f"{where} has the unknown type {column.kind!r}; {did_you_mean(column.kind, KINDS)}"
        )
    if column.treatment is not None and column.treatment not in TREATMENTS:
        faults.add(
            f"{where} has the unknown treatment {column.treatment!r}; "
            f"{did_you_mean(column.treatment, TREATMENTS)}"
        )
    _check_bounds(where, column, faults)
    _check_values(where, column, faults)
    _check_sizes(where, column, faults)
    if column.pattern is not None:
        try:
            re.compile(column.pattern)
        except re.error as error:
            faults.add(f"{where}: the pattern {column.pattern!r} is no regular expression: {error}")
    if column.format is not None and "%" not in column.format:
        faults.add(
            f"{where}: the format {column.format!r} has no directive; "
            "write it for strftime, e.g. '%Y-%m-%d'"
        )


def _check_bounds(where: str, column: Column, faults: Faults) -> None:
    bounds = {"min": column.low, "max": column.high}
    given = {side: bound for side, bound in bounds.items() if bound is not None}
    read = {}
    for side, bound in given.items():
        if column.kind == "datetime":
            read[side] = _moment(bound, column.format)
        elif column.kind == "timedelta":
            read[side] = durations_of(pd.Series([bound], dtype=object)).iloc[0]
        elif isinstance(bound, (int, float)) and not isinstance(bound, bool):
            read[side] = bound if math.isfinite(bound) else None
        elif column.kind in ("numeric", "integer"):
            read[side] = None
        else:
            read[side] = bound
        if read[side] is None or pd.isna(read[side]):
            faults.add(f"{where}: {side} is {bound!r}, which is no {_wanted(column)}")
    if len(read) == 2 and not any(pd.isna(bound) for bound in read.values()):
        try:
            crossed = read["min"] > read["max"]
        except TypeError:
            faults.add(f"{where}: min {column.low!r} and max {column.high!r} differ in type")
            return
        if crossed:
            faults.add(f"{where}: min {column.low!r} is greater than max {column.high!r}")


def _moment(bound: Any, form: str | None) -> Any:
    return utc_moment(bound, form) if isinstance(bound, str) else None


def _wanted(column: Column) -> str:
    if column.kind == "datetime":
        return f"date in the format {column.format!r}" if column.format else "ISO 8601 date"
    return "duration" if column.kind == "timedelta" else "finite number"


def _check_values(where: str, column: Column, faults: Faults) -> None:
    values, weights = column.values, column.weights
    if values is not None:
        if not values:
            faults.add(f"{where}: the list of values is empty; leave it out or name the values")
        if any(value is None for value in values):
            faults.add(f"{where}: null is among the values; say it with 'nullable'")
        twice = _repeated(values)
        if twice:
            faults.add(f"{where}: values are listed more than once: {examples_of(twice)}")
    if weights is None:
        return
    if values is None or len(values) != len(weights):
        count = 0 if values is None else len(values)
        faults.add(f"{where}: {len(weights)} weights for {count} values; give one to each value")
    if any(not weight >= 0 for weight in weights) or not sum(weights) > 0:
        faults.add(f"{where}: weights must be 0 or more and not all 0")


def _repeated(values: Sequence[Any]) -> list[Any]:
    counts = Counter((type(value), str(value)) for value in values)
    return [text for (_, text), count in counts.items() if count > 1]


def _check_sizes(where: str, column: Column, faults: Faults) -> None:
    share = column.null_share
    if share is not None and not 0 <= share <= 1:
        faults.add(f"{where}: null_share is {share}; it must lie between 0 and 1")
    elif share and column.nullable is False:
        faults.add(f"{where}: null_share is {share} but the column is not nullable")
    if column.decimals is not None and column.decimals < 0:
        faults.add(f"{where}: decimals is {column.decimals}; 0 or more are possible")
    if column.max_length is not None and column.max_length < 1:
        faults.add(f"{where}: max_length is {column.max_length}; 1 or more are possible")
