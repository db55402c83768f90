"""Whole numbers that are codes: they determine what other columns say, whatever their size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from relsynth.evidence import SAMPLE
from relsynth.metadata.naming import words_of
from relsynth.schema import Column

if TYPE_CHECKING:
    from collections.abc import Collection

    from relsynth.schema import Schema, Table
    from relsynth.typing import Integers, Tables

_Schema = TypeVar("_Schema", bound="Schema")
FEWEST, MOST = 8, 200  # codes; of fewer the order says little, more are numbers or identifiers
REPEATS = 10  # rows of a code on average: what so many agree on is no chance
VARIED = 0.2  # of the rows have another level than most, or there is nothing to tell
WRONG = 0.1  # of the rows may differ from the usual level of their code
BETTER = 0.2  # of the rows that the usual level of all codes gets wrong
UNORDERED = 0.5  # of the changes from code to code that a random order would make
KINDS = ("integer", "numeric")


def find_codes(table: Table, frame: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of a table that are codes, and why.

    Returns
    -------
    dict of str to str
        By column: whole numbers of which each mostly goes with one level of a category, and
        whose neighbours go with others, as 1 to 148 for actions that are clicks or views.
        Ages and age groups change together and are none; nor are years.

    Examples
    --------
    >>> import pandas as pd
    >>> from relsynth.schema import Column, Table
    >>> columns = {"action": Column("action", "integer"), "type": Column("type", "categorical")}
    >>> kinds = [number * 7 % 3 for number in range(12)]
    >>> frame = pd.DataFrame({"action": [*range(12)] * 20, "type": [*"abc"] * 80})
    >>> find_codes(Table("clicks", columns), frame)
    {'action': '12 codes that tell type, in no order'}
    """
    categories = [n for n, c in table.columns.items() if c.kind == "categorical" and n in frame]
    levels: dict[str, tuple[Integers, pd.Index]] = {}
    found = {}
    for name, column in table.columns.items():
        if column.kind not in KINDS or column.treatment is not None or name not in frame:
            continue
        numbers = _codes(frame[name])
        if numbers is None or "year" in words_of(name):
            continue
        codes, n_codes = numbers
        if not levels:
            levels = {other: pd.factorize(frame[other]) for other in categories}
        found_in = [other for other, (theirs, known) in levels.items()
                if _determines(codes, n_codes, theirs.astype(np.int64), len(known))]  # fmt: skip
        if found_in:
            found[name] = f"{n_codes} codes that tell {' and '.join(found_in)}, in no order"
    return found


def with_codes(schema: _Schema, tables: Tables) -> tuple[_Schema, dict[str, tuple[str, ...]]]:
    """Return a schema in which numbers that are codes are categories, and notes by table."""
    made, notes = dict(schema.tables), {}
    for name, table in schema.tables.items():
        found = find_codes(table, tables[name])
        if found:
            made[name] = table.with_columns(
                {c.name: as_code(c, found) for c in table.columns.values()}
            )
            notes[name] = tuple(
                f"codes: {column} is no number: {why}" for column, why in found.items()
            )
    changed = type(schema)(made, schema.foreign_keys, notes=schema.notes, source=schema.source)
    return (changed if notes else schema), notes


def as_code(column: Column, found: Collection[str]) -> Column:
    """Return a column as a category where it is among those found."""
    if column.name not in found:
        return column
    return replace(column, kind="categorical", low=None, high=None, decimals=None)


def _codes(series: pd.Series) -> tuple[Integers, int] | None:
    """Return whole numbers as ranks, ``-1`` for missing, and how many there are."""
    if not pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype):
        return None
    if series.iloc[:SAMPLE].nunique() > MOST:
        return None
    codes, values = pd.factorize(series, sort=True)
    whole = np.asarray(values, dtype=object)
    if not FEWEST <= len(values) <= MOST or len(series) < REPEATS * len(values):
        return None
    if any(value != int(value) for value in whole):
        return None
    return codes.astype(np.int64), len(values)


def _determines(codes: Integers, n_codes: int, levels: Integers, n_levels: int) -> bool:
    """Return whether codes mostly have one level each, and neighbours have different ones."""
    if not 2 <= n_levels < n_codes:
        return False
    known = (codes >= 0) & (levels >= 0)
    table = np.bincount(codes[known] * n_levels + levels[known], minlength=n_codes * n_levels)
    table = table.reshape(n_codes, n_levels)
    rows, usual = max(int(known.sum()), 1), table.argmax(axis=1)
    wrong, by_mode = 1 - table.max(axis=1).sum() / rows, 1 - table.sum(axis=0).max() / rows
    if by_mode < VARIED or wrong > min(WRONG, BETTER * by_mode):
        return False
    of_codes = np.bincount(usual, minlength=n_levels) / n_codes
    by_chance = (n_codes - 1) * (1 - np.square(of_codes).sum())
    return bool(np.count_nonzero(np.diff(usual)) >= UNORDERED * by_chance > 1)
