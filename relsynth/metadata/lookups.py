"""Find lookup tables: few rows with a label of their own that many other rows refer to."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from relsynth.metadata.naming import is_about_parties
from relsynth.schema import ForeignKey, Table
from relsynth.typing import Tables

_ROWS = 200
_COLUMNS = 8
_RATIO = 5
_NEARLY = 0.9


def find_lookups(
    described: Iterable[Table], tables: Tables, references: Iterable[ForeignKey]
) -> dict[str, str]:
    """Return the tables that had better be kept as they are, and why.

    Parameters
    ----------
    described : iterable of Table
    tables : mapping of str to DataFrame
    references : iterable of ForeignKey

    Returns
    -------
    dict of str to str
        The evidence by table: genres, categories, regions, whose labels mean something that
        invented ones would not. Tables about people or firms, or with personal columns, never are.

    Notes
    -----
    Such a table has at most 200 rows, refers to nothing, is referred to by five times as many
    rows, and has a text, or a key that is mostly letters, that nearly tells its rows apart.
    """
    keys = list(references)
    found = {}
    for table in described:
        rows = len(tables[table.name])
        referring = sum(len(tables[key.child]) for key in keys if key.parent == table.name)
        alone = all(key.child != table.name for key in keys)
        if rows > _ROWS or referring < _RATIO * rows or not alone or not _may_be_kept(table):
            continue
        label = _label(table, tables[table.name])
        if label is not None:
            found[table.name] = (
                f"{rows} rows with the label {label}; {referring:,} rows refer to them"
            )
    return found


def _may_be_kept(table: Table) -> bool:
    return (
        len(table.primary_key) == 1
        and len(table.columns) <= _COLUMNS
        and not is_about_parties(table.name)
        and not any(column.pii for column in table.columns.values())
    )


def _label(table: Table, frame: pd.DataFrame) -> str | None:
    for name, column in table.columns.items():
        present = frame[name].dropna().astype(object)
        if not len(present) or pd.api.types.infer_dtype(present) != "string":
            continue
        if present.nunique() < _NEARLY * len(frame):
            continue
        words = column.kind in ("text", "categorical") and name not in table.primary_key
        letters = present.astype(str).str.fullmatch(r"\D+")
        if words or letters.mean() >= _NEARLY:
            return name
    return None
