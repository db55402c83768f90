"""Check that references have targets, and set those without one to null where asked to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api import types

from relsynth.errors import Faults, examples_of
from relsynth.groups import unique_values
from relsynth.metadata.faulty import rows_of, values_of
from relsynth.metadata.references import ORPHAN, referenced_rows
from relsynth.schema import ForeignKey

if TYPE_CHECKING:
    from relsynth.schema import Schema
    from relsynth.typing import Flags


def check_references(
    metadata: Schema,
    tables: dict[str, pd.DataFrame],
    usable: Mapping[str, set[str]],
    orphans: str,
    faults: Faults,
) -> dict[str, pd.DataFrame]:
    """Add every fault of the references and return the tables.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Those of the schema that are there.
    usable : mapping of str to set of str
        Per table the columns that can be compared.
    orphans : {"error", "null"}

    Returns
    -------
    dict of str to DataFrame
        The same tables; with ``orphans="null"`` those that had orphans are copies.
    """
    result = dict(tables)
    waiting = [key for key in metadata.foreign_keys if _is_usable(key, usable)]
    waiting = [key for key in waiting if _check_types(key, tables, faults)]
    for key in waiting:
        _check_required(key, tables[key.child], faults)
    while waiting:
        key = waiting.pop(0)
        child = result[key.child]
        orphan = referenced_rows(child, result[key.parent], key) == ORPHAN
        if not orphan.any():
            continue
        if orphans == "error":
            faults.add(f"{_described(key, child, orphan)}; {_cure(key)}")
            continue
        columns = _columns_to_clear(metadata, key)
        if not columns:
            faults.add(f"{_described(key, child, orphan)}; {_obstacle(metadata, key)}")
            continue
        result[key.child] = child.assign(
            **{name: _cleared(child[name], orphan) for name in columns}
        )
        waiting += [
            other
            for other in metadata.foreign_keys
            if other.parent == key.child
            and other not in waiting
            and not columns.isdisjoint(other.parent_columns)
            and _is_usable(other, usable)
        ]
    return result


def _is_usable(key: ForeignKey, usable: Mapping[str, set[str]]) -> bool:
    return usable.get(key.child, set()).issuperset(key.columns) and usable.get(
        key.parent, set()
    ).issuperset(key.parent_columns)


def _check_types(key: ForeignKey, tables: Mapping[str, pd.DataFrame], faults: Faults) -> bool:
    fits = True
    for name, target in zip(key.columns, key.parent_columns, strict=True):
        here, there = tables[key.child][name], tables[key.parent][target]
        kinds = value_family(here), value_family(there)
        if None not in kinds and kinds[0] != kinds[1]:
            fits = False
            faults.add(
                f"{key.child}.{name} holds {kinds[0]} such as {examples_of(here.dropna()[:1])} but "
                f"{key.parent}.{target}, to which it refers, holds {kinds[1]} such as "
                f"{examples_of(there.dropna()[:1])}; give both columns one type"
            )
    return fits


def value_family(values: pd.Series) -> str | None:
    """Return what the values of a column can be compared with; ``None`` without a value."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = pd.Series(
            values.cat.categories[unique_values(values.cat.codes[values.cat.codes >= 0])]
        )
    if values.isna().all():
        return None
    if types.is_bool_dtype(values.dtype):
        return "flags"
    if types.is_numeric_dtype(values.dtype):
        return "numbers"
    if types.is_datetime64_any_dtype(values.dtype):
        return "dates"
    kind = types.infer_dtype(values, skipna=True)
    numbers = ("integer", "floating", "decimal", "mixed-integer-float")
    named = {"string": "text", "boolean": "flags", "datetime": "dates"}
    named |= dict.fromkeys(("time", "timedelta", "timedelta64"), "durations")
    return "numbers" if kind in numbers else named.get(kind, kind)


def _check_required(key: ForeignKey, child: pd.DataFrame, faults: Faults) -> None:
    if key.nullable is not False or key.when:
        return
    null = child[list(key.columns)].isna().any(axis=1).to_numpy()
    if null.any():
        faults.add(
            f"{key.child}.{'+'.join(key.columns)} must refer to {key.parent!r} but is null in "
            f"{null.sum()} of {len(child)} rows ({rows_of(child, null)}); fill them or declare "
            "the key nullable"
        )


def _described(key: ForeignKey, child: pd.DataFrame, orphan: Flags) -> str:
    target = f"{key.parent}.{'+'.join(key.parent_columns)}"
    return (
        f"{key.child}.{'+'.join(key.columns)}: {orphan.sum()} of {len(child)} rows refer to rows "
        f"that {target} does not have: {values_of(child, key.columns, orphan)}"
    )


def _cure(key: ForeignKey) -> str:
    return (
        f"add the missing rows to {key.parent!r}, mend them, or treat them as null (orphans='null')"
    )


def _columns_to_clear(metadata: Schema, key: ForeignKey) -> set[str]:
    """Return the columns that make a reference null and mean nothing else, as far as possible."""
    table = metadata.tables[key.child]
    if key.nullable is False:
        return set()
    free = {
        name
        for name in key.columns
        if name not in table.primary_key and table.columns[name].nullable is not False
    }
    shared = {
        name
        for other in metadata.parents_of(key.child)
        if other.name != key.name
        for name in other.columns
    }
    return (free - shared) or free


def _obstacle(metadata: Schema, key: ForeignKey) -> str:
    primary = set(metadata.tables[key.child].primary_key)
    why = (
        "the key is part of the primary key"
        if primary.intersection(key.columns)
        else "the key is declared as required"
    )
    return f"they cannot be set to null, because {why}; add the missing rows to {key.parent!r}"


def _cleared(values: pd.Series, orphan: Flags) -> pd.Series:
    nullable = {"i": "Int64", "u": "UInt64", "b": "boolean"}
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in nullable:
        values = values.astype(nullable[values.dtype.kind])
    return values.mask(orphan)
