"""Follow foreign keys: which parent row each child row refers to."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from relsynth.schema import ForeignKey
from relsynth.typing import Flags, Integers, Tables

NULL = -1  # the row of a key that is missing
ORPHAN = -2  # the row of a key that leads nowhere


def referenced_rows(child: pd.DataFrame, parent: pd.DataFrame, key: ForeignKey) -> Integers:
    """Return the parent row of every child row.

    Parameters
    ----------
    key : ForeignKey
        Where it has a `when`, child rows that do not meet it count as null.

    Returns
    -------
    ndarray of int, shape (n_child_rows,)
        ``-1`` where any column of the key is missing, ``-2`` where the parent has no such row.

    Notes
    -----
    Values compare by meaning, so that the integers of a parent match the floats that
    missing values made of a child's column. O(rows) time and memory.
    """
    null = ~applies(child, key)
    for own in key.columns:
        null |= child[own].isna().to_numpy()
    codes = np.zeros(len(parent), np.int64), np.zeros(len(child), np.int64)
    for own, other in zip(key.columns, key.parent_columns, strict=True):
        left, right = comparable(parent[other]), comparable(child[own])
        if left.dtype != right.dtype:
            left, right = left.astype(object), right.astype(object)
        part, levels = pd.factorize(pd.concat([left, right], ignore_index=True))
        combined = np.concatenate(codes) * (len(levels) + 1) + part + 1
        if len(key.columns) > 1:
            combined = np.unique(combined, return_inverse=True)[1]
        codes = combined[: len(parent)], combined[len(parent) :]
    rows = np.full(int(max(codes[0].max(initial=0), codes[1].max(initial=0))) + 1, ORPHAN)
    rows[codes[0][::-1]] = np.arange(len(parent))[::-1]
    found = rows[codes[1]]
    found[null] = NULL
    return found


def parent_rows(keys: Iterable[ForeignKey], tables: Tables) -> dict[str, Integers]:
    """Return the parent row of every child row by key name, ``-1`` where there is none."""
    return {
        key.name: np.maximum(referenced_rows(tables[key.child], tables[key.parent], key), NULL)
        for key in keys
    }


def applies(child: pd.DataFrame, key: ForeignKey) -> Flags:
    """Return for which child rows a polymorphic key holds; all rows without `when`."""
    holds = np.ones(len(child), bool)
    for column, value in (key.when or {}).items():
        holds &= (child[column] == value).fillna(False).to_numpy(bool)
    return holds


def comparable(values: pd.Series) -> pd.Series:
    """Return key values in a form in which equal keys are equal whatever their dtype."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = without_categories(values)
    stored = pd.api.types.infer_dtype(values, skipna=True) if values.dtype == object else ""
    if stored == "floating" or (stored == "decimal" and _are_whole(values)):
        values = values.astype(float)
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype(object)
    if pd.api.types.is_numeric_dtype(values.dtype):
        if pd.api.types.is_integer_dtype(values.dtype):
            return _whole_numbers(values)
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        whole = np.isnan(numbers) | ((np.floor(numbers) == numbers) & (np.abs(numbers) < 2**62))
        if whole.all():
            return pd.Series(np.where(np.isnan(numbers), 0, numbers).astype("int64"))
        return pd.Series(numbers)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values.reset_index(drop=True)
    return values.astype(object).reset_index(drop=True)


def _are_whole(values: pd.Series) -> bool:
    """Return whether decimals are whole numbers that floats hold exactly."""
    return all(value == int(value) and abs(value) < 2**53 for value in values.dropna())


def without_categories(values: pd.Series) -> pd.Series:
    """Return a category as the values it holds; whole numbers are nullable beside missing ones."""
    held = values.cat.categories.dtype
    if values.isna().any() and isinstance(held, np.dtype) and held.kind in "iub":
        names = {"i": "Int64", "u": "UInt64", "b": "boolean"}
        return values.astype(object).astype(names[held.kind])
    return values.astype(held)


def _whole_numbers(values: pd.Series) -> pd.Series:
    """Return integers of any size as they are, 0 where missing; never by way of floats."""
    whole = values.to_numpy(dtype=object, na_value=0) if values.hasnans else values.to_numpy()
    try:
        return pd.Series(whole.astype("int64" if whole.dtype.kind != "u" else "uint64"))
    except OverflowError:
        return pd.Series(whole, dtype=object)


def shared_codes(columns: list[pd.Series]) -> list[Integers]:
    """Return codes that are equal for equal values of several columns; -1 for missing.

    Returns
    -------
    list of ndarray of int
        One per column.

    Examples
    --------
    >>> import pandas as pd
    >>> left, right = shared_codes([pd.Series([7, 8]), pd.Series([8.0, None])])
    >>> left.tolist(), right.tolist()
    ([0, 1], [1, -1])
    """
    plain = [comparable(column) for column in columns]
    dtypes = {values.dtype for values in plain}
    if len(dtypes) > 1:
        plain = [values.astype(object) for values in plain]
    codes = pd.factorize(pd.concat(plain, ignore_index=True))[0].astype(np.int64)
    codes[np.concatenate([column.isna().to_numpy() for column in columns])] = -1
    return np.split(codes, np.cumsum([len(column) for column in columns])[:-1])
