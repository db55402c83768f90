"""The row conditions of a schema, evaluated as SQL."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from relsynth.evaluate.violation import Violation, broken
from relsynth.metadata.expressions import column_names
from relsynth.typing import Flags, Tables

if TYPE_CHECKING:
    from relsynth.metadata import Metadata


def check_violations(metadata: Metadata, real: Tables, synthetic: Tables) -> list[Violation]:
    """Return the rows that break a declared check; what is unknown passes, as in SQL.

    A check that the real data break themselves, or that SQLite cannot read, is reported
    without being counted as an error.
    """
    found: list[Violation] = []
    for name, table in metadata.tables.items():
        for check in table.checks:
            columns = [c for c in table.columns if c in {found for _, found in column_names(check)}]
            try:
                bad = _broken_rows(name, synthetic[name], columns, check)
                strict = not _broken_rows(name, real[name], columns, check).any()
            except sqlite3.Error as error:
                found.append(Violation(name, "check not read", 0, (), f"{check}: {error}", False))
                continue
            found += broken(synthetic[name], bad, name, "check", columns, check, strict=strict)
    return found


def _broken_rows(table: str, frame: pd.DataFrame, columns: list[str], check: str) -> Flags:
    listed = ", ".join(_quoted(column) for column in columns)
    flags = np.zeros(len(frame), dtype=bool)
    with sqlite3.connect(":memory:") as database:
        database.execute(f"CREATE TABLE {_quoted(table)} (row_number INTEGER, {listed})")
        marks = ", ".join("?" * (len(columns) + 1))
        database.executemany(
            f"INSERT INTO {_quoted(table)} VALUES ({marks})",  # noqa: S608
            zip(range(len(frame)), *(_plain(frame[column]) for column in columns), strict=True),
        )
        rows = database.execute(
            f"SELECT row_number FROM {_quoted(table)} WHERE NOT ({check})"  # noqa: S608
        ).fetchall()
    database.close()
    flags[[row for (row,) in rows]] = True
    return flags


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(series: pd.Series) -> list[object]:
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        series = series.astype(str).where(series.notna(), None)
    plain = series.astype(object)
    return plain.where(plain.notna(), None).tolist()
