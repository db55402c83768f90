"""Where the synthetic values of a table or column come from: one word each, in one place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from relsynth.errors import Faults, SchemaError, did_you_mean
from relsynth.metadata.naming import words_of
from relsynth.metadata.subjects import is_personal, is_unit
from relsynth.schema import Column, ForeignKey, Table

if TYPE_CHECKING:
    from relsynth.schema import Schema
    from relsynth.typing import Tables

ROWS = 1_000  # more rows are data and not a list of labels that people know by heart
MOMENTS = 0.5  # beyond it dates are those of the rows, such as races, not of what they list
_STAMPS = frozenset({"created", "updated", "update", "modified", "inserted", "loaded", "deleted"})
LABELLED = 0.75  # rows that a label tells apart; a line may have one name by day and by night
WORDS = (
    0.8  # labels that are words, such as Zone 7, and no codes, such as C-0417; some titles count
)
_WORDED = r"(?=.*[^\W\d_]{2})(?!.*\d{3}).*|.*[^\W\d_]{3}.*[\W_].*[^\W\d_]{2}.*"  # or two words
_DIGIT = r"\d"
_LETTER = r"[^\W\d_]"
BANDS = 4  # that follow each other: three do by chance one time in 15
RATIO = 5  # rows of a table that others merely extend are referred to about once each
# of units these are no secret: providers of places
_WHERE = frozenset({"street_address", "postcode", "city", "state", "country", "company"})


def find_references(metadata: Schema, tables: Tables, subjects: Collection[str]) -> dict[str, str]:
    """Return the reference tables: those kept as they are by default, and why.

    Parameters
    ----------
    subjects : collection of str
        Tables of people or firms.

    Returns
    -------
    dict of str to str
        The evidence by table: few rows, each with a label of its own, in words, that have
        ``RATIO`` times as many below them, belong to no subject, hold no personal column and are
        neither events nor what other rows are numbered by. Ends of bands that follow each other,
        such as those of salary grades, are labels as well. What they refer to is kept too, and
        so is what links them. A table without labels may be of people whom no column betrays:
        its rows are never copied. Units such as branches may have a telephone and a manager:
        these are replaced, see `replaced_columns`.
    """
    found: dict[str, str] = {}
    grew = True
    while grew:
        before = len(found)
        for name, table in metadata.tables.items():
            rows = len(tables[name])
            if name in found or not 0 < rows <= ROWS or not _may_be_kept(table, subjects):
                continue
            if any(_is_event(column, tables[name]) for column in table.columns.values()):
                continue
            above, below = metadata.parents_of(name), metadata.children_of(name)
            if not all(key.parent in found for key in above):
                continue
            referring = _referring(metadata, name, tables, subjects)
            if _is_link(table, above):
                found[name] = "its rows link reference tables"
                continue
            label = _label(table, tables[name], {c for key in above for c in key.columns})
            label = label or _bands(table, tables[name])
            enough = referring >= RATIO * rows and label is not None
            if enough and not any(_counts(metadata, key) for key in below):
                found[name] = f"{rows:,} rows labelled by {label}; {referring:,} rows refer to them"
        grew = len(found) > before
    return {name: found[name] for name in metadata.tables if name in found}


def choose_kept(
    metadata: Schema,
    tables: Tables | None,
    subjects: Collection[str],
    keep: str | Iterable[str],
    invent: Iterable[str],
) -> dict[str, str]:
    """Return the tables that are kept as they are, with the reason.

    Parameters
    ----------
    tables : mapping of str to DataFrame or None
        Without data only what the schema says can be kept.
    keep : "auto" or iterable of str
        ``"auto"`` finds reference tables, alone or in a list; names are kept besides those
        the schema tells.
    invent : iterable of str
        Tables that are not kept, whatever speaks for it.
    """
    declared = [name for name, table in metadata.tables.items() if table.role == "reference"]
    invented = set(invent)
    asked = [keep] if isinstance(keep, str) else list(keep)
    auto = "auto" in asked
    asked = [name for name in asked if name != "auto"]
    with Faults("keep", SchemaError) as faults:
        for name in [*asked, *sorted(invented)]:
            if name not in metadata.tables:
                faults.add(f"no table {name!r}; {did_you_mean(name, metadata.tables)}")
        for name in sorted(invented.intersection(asked)):
            faults.add(f"{name!r} is both to be kept and to be invented; name it once")
    kept = {**dict.fromkeys(declared, "as the schema says"), **dict.fromkeys(asked, "as asked")}
    if auto and tables is not None:
        found = find_references(metadata, tables, {*subjects, *invented})
        kept = {**found, **kept}
    return {name: why for name, why in kept.items() if name not in invented}


def column_treatments(metadata: Schema, kept: Collection[str]) -> dict[str, dict[str, str]]:
    """Return one word per column: where its synthetic values come from.

    Parameters
    ----------
    kept : collection of str
        Tables kept as they are.

    Returns
    -------
    dict of str to dict of str to str
        By table and column: ``learn`` (modelled), ``keep`` (as they are), ``fake`` (by a
        provider), ``form`` (texts of the same form), ``issue`` (keys), ``inherit`` (follows a
        parent or other columns) or ``drop`` (left out). What a schema says goes first.
    """
    return {
        name: {
            column.name: "keep"
            if name in kept and column.name not in replaced_columns(table)
            else _treatment(metadata, table, column)
            for column in table.columns.values()
        }
        for name, table in metadata.tables.items()
    }


def replaced_columns(table: Table) -> tuple[str, ...]:
    """Return the columns of a kept table that are written anew: those that tell of people.

    Of units such as branches these are e-mail addresses, telephones and names of people; where
    they are and what they are called is known to everybody. What a schema says goes first.
    """
    if not is_unit(table.name) or table.role is not None:
        return ()
    return tuple(
        column.name
        for column in table.columns.values()
        if is_personal(column)
        and column.treatment is None
        and column.provider not in _WHERE
        and column.name not in table.primary_key
    )


def treated(metadata: Schema) -> Schema:
    """Return the schema with what the wished treatments of its columns ask for.

    Notes
    -----
    ``learn`` models a column even if it is text or personal; ``form`` and ``fake`` write every
    value anew; ``issue`` makes it a key; ``drop`` leaves it out. ``keep`` is no change here: such
    a column is not protected.
    """
    tables = {
        name: table.with_columns({c.name: _as_treated(c) for c in table.columns.values()})
        for name, table in metadata.tables.items()
    }
    made = type(metadata)(
        tables, metadata.foreign_keys, notes=metadata.notes, source=metadata.source
    )
    dropped = [
        f"{name}.{column.name}"
        for name, table in tables.items()
        for column in table.columns.values()
        if column.treatment == "drop"
    ]
    return made.without(dropped)


def _as_treated(column: Column) -> Column:
    if column.treatment in ("learn", "keep") and (column.pii or column.kind in ("text", "key")):
        return replace(column, kind="categorical", pii=False)
    if column.treatment == "form":
        return replace(column, kind="text", provider=None, pii=True)
    if column.treatment == "fake":
        return replace(column, kind="text", pii=True)
    return replace(column, kind="key") if column.treatment == "issue" else column


def _treatment(metadata: Schema, table: Table, column: Column) -> str:
    if column.treatment is not None:
        return column.treatment
    if any(column.name in key.columns for key in metadata.parents_of(table.name)):
        return "inherit"
    if column.kind == "key" or (column.name,) == table.primary_key:
        return "issue"
    if column.derived is not None:
        return "inherit"
    if column.pii:
        return "fake" if column.provider else "form"
    return "form" if column.kind == "text" else "learn"


def _is_link(table: Table, keys: Collection[ForeignKey]) -> bool:
    """Return whether a row is nothing but a pair of rows of other tables."""
    referring = {column for key in keys for column in key.columns}
    return len(keys) > 1 and set(table.primary_key) <= referring


def _counts(metadata: Schema, key: ForeignKey) -> bool:
    """Return whether rows are numbered below those they refer to: lines, seats, versions."""
    primary = metadata.tables[key.child].primary_key
    referring = {name for one in metadata.parents_of(key.child) for name in one.columns}
    return set(key.columns) < set(primary) and not set(primary) <= referring


def _is_event(column: Column, frame: pd.DataFrame) -> bool:
    """Return whether rows happen at moments of their own, other than being written."""
    return (
        column.kind == "datetime"
        and _STAMPS.isdisjoint(words_of(column.name))
        and frame[column.name].nunique() > MOMENTS * len(frame)
    )


def _label(table: Table, frame: pd.DataFrame, foreign: Collection[str]) -> str | None:
    """Return the column whose words tell the rows apart: a name, a title, a code of letters."""
    for name, column in table.columns.items():
        texts = frame[name].dropna()
        if column.kind not in ("text", "categorical", "key") or name in foreign or not len(texts):
            continue
        if not all(isinstance(value, str) for value in texts):
            continue
        if texts.nunique() >= LABELLED * len(frame) and _worded(texts.astype(str)) >= WORDS:
            return name
    return None


def _bands(table: Table, frame: pd.DataFrame) -> str | None:
    """Return the two columns that are ends of bands which follow each other, none overlapping.

    Of n bands at random ends one in (2n - 1)!! does: of four one in 105. An open end may be
    missing.
    """
    if len(frame) < BANDS:
        return None
    numbers = [
        c.name
        for c in table.columns.values()
        if c.kind in ("numeric", "integer", "datetime") and c.name not in table.primary_key
    ]
    for low, high in permutations(numbers, 2):
        ends = frame[[low, high]].apply(_as_numbers)
        ends = ends.sort_values(low, na_position="first")
        starts, stops = ends[low].to_numpy(float), ends[high].to_numpy(float)
        between = np.r_[starts[1:], stops[:-1]]
        if np.isnan(between).any() or not (np.diff(starts[1:]) > 0).all():
            continue
        inside = (starts <= stops) | np.isnan(starts) | np.isnan(stops)
        if (starts[1:] >= stops[:-1]).all() and inside.all():
            return f"bands from {low} to {high}"
    return None


def _as_numbers(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return (column - pd.Timestamp(0, tz=column.dt.tz)) / pd.Timedelta("1D")
    return pd.to_numeric(column, errors="coerce").astype(float)


def _worded(texts: pd.Series) -> float:
    """Return the share of texts that are words: fewer than a third are digits."""
    shaped = texts.str.fullmatch(_WORDED, flags=re.DOTALL)
    return float((shaped & (texts.str.count(_LETTER) >= 2 * texts.str.count(_DIGIT))).mean())


def _may_be_kept(table: Table, subjects: Collection[str]) -> bool:
    return (
        table.name not in subjects
        and table.role is None
        and len(table.primary_key) > 0
        and (is_unit(table.name) or not any(map(is_personal, table.columns.values())))
    )


def _referring(metadata: Schema, table: str, tables: Tables, subjects: Collection[str]) -> int:
    """Return how many rows refer to those of a table, by way of others too.

    Where people are below only by way of others, as customers are below cities, it is these that
    count: a list in which hardly anybody is with each row tells where somebody is.
    """
    direct = sum(len(tables[key.child]) for key in metadata.children_of(table))
    below = _descendants(metadata, table)
    people = below.intersection(subjects)
    return max(direct, sum(len(tables[name]) for name in people or below))


def _descendants(metadata: Schema, table: str) -> set[str]:
    """Return the tables whose rows refer to those of a table, by way of others too."""
    found, waiting = set[str](), [table]
    while waiting:
        for key in metadata.children_of(waiting.pop()):
            if key.child not in found:
                found.add(key.child)
                waiting.append(key.child)
    return found - {table}
