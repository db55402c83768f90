"""Text that a spreadsheet would run as a formula, marked so that it is shown instead."""

from __future__ import annotations

import pandas as pd

from relsynth.typing import Tables

_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that spreadsheets run; tab and return are skipped by some of them."""


def escaped_formulas(tables: Tables) -> dict[str, pd.DataFrame]:
    """Return tables in which text that begins like a formula has an apostrophe before it.

    Names of columns are escaped too. Numbers are left: they are no text, also negative ones.

    Examples
    --------
    >>> escaped_formulas({"t": pd.DataFrame({"a": ["=1+1", "b"], "n": [-1, 2]})})["t"]
           a  n
    0  '=1+1 -1
    1      b  2
    """
    return {
        name: pd.DataFrame(
            {_escaped(column): _column(table[column]) for column in table}, copy=False
        )
        for name, table in tables.items()
    }


def _column(values: pd.Series) -> pd.Series:
    text = isinstance(values.dtype, (pd.StringDtype, pd.CategoricalDtype))
    if not text and values.dtype != object and not pd.api.types.is_string_dtype(values.dtype):
        return values
    return values.astype(object).map(_escaped, na_action="ignore")


def _escaped(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS) else value
