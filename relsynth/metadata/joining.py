"""What a database declares, and what its data say where it is silent: one schema."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from pandas.api.types import infer_dtype

from relsynth.metadata.detection import detect_schema
from relsynth.schema import Column, ForeignKey, Note, Schema, Table

if TYPE_CHECKING:
    import pandas as pd

    from relsynth.typing import Tables

_LOOSE = ("text", "numeric", "integer", "categorical")
_NUMBERS = ("numeric", "integer", "boolean")


def fill_in(declared: Schema, tables: Tables, partial: Collection[str] = ()) -> Schema:
    """Return a declared schema with what detection finds where it says nothing.

    Parameters
    ----------
    partial : collection of str
        Tables of which only some rows were read: nothing is said of their keys.

    Returns
    -------
    Schema
        Declared keys, types, values and rules stay. A table without a primary key takes the
        detected one, and its unique columns; references are added where no declared one leaves
        from the column; numbers and texts take the kind, format and provider that their values
        and names tell. Every guess is in ``notes`` with its evidence.

    Notes
    -----
    Tables written by tools that declare nothing (``DataFrame.to_sql``, dumps) come out as the
    same data would from files.
    """
    found = detect_schema(tables)
    keys = [*declared.foreign_keys, *_further_keys(declared, found, partial)]
    made = {
        name: _table(_fitting(declared.tables[name], frame), found.tables[name], keys, partial)
        for name, frame in tables.items()
    }
    notes = [note for note in found.notes if _is_news(note, declared, made, keys)]
    return Schema(
        made, keys, notes=[*declared.notes, *notes, *_skipped(partial)], source=declared.source
    )


def _fitting(own: Table, frame: pd.DataFrame) -> Table:
    """Return a table whose numbers are none where they are read as text: money, bits."""
    spelled = {
        name: replace(column, kind="text", decimals=None)
        for name, column in own.columns.items()
        if column.kind in _NUMBERS and infer_dtype(frame[name].astype(object)) == "string"
    }
    return own.with_columns(spelled)


def _further_keys(declared: Schema, found: Schema, partial: Collection[str]) -> list[ForeignKey]:
    taken = {(key.child, name) for key in declared.foreign_keys for name in key.columns}
    complete = [k for k in found.foreign_keys if not {k.child, k.parent} & set(partial)]
    return [key for key in complete if not any((key.child, name) in taken for name in key.columns)]


def _table(
    own: Table, found: Table, keys: Collection[ForeignKey], partial: Collection[str]
) -> Table:
    silent = not own.primary_key and own.name not in partial
    primary = found.primary_key if silent else own.primary_key
    unique = own.unique + tuple(
        names for names in found.unique if silent and names not in own.candidate_keys
    )
    single = {primary[0]} if len(primary) == 1 else set()
    single |= {name for key in keys if key.child == own.name for name in key.columns}
    columns = {
        name: _key(column, found.columns[name])
        if name in single
        else _column(column, found.columns[name])
        for name, column in own.columns.items()
    }
    if primary != own.primary_key:
        columns |= {name: replace(columns[name], nullable=False) for name in primary}
    return replace(own, primary_key=primary, unique=unique, columns=columns)


def _key(own: Column, found: Column) -> Column:
    if own.kind in ("key", "datetime"):
        return own
    return replace(own, kind="datetime" if found.kind == "datetime" else "key", format=found.format)


def _column(own: Column, found: Column) -> Column:
    """Return a declared column as its values and its name tell it."""
    if own.kind not in _LOOSE or own.values is not None or own.derived is not None:
        return own
    if own.kind in ("numeric", "integer") and found.kind not in ("categorical", "datetime", "key"):
        return replace(own, provider=found.provider, pii=own.pii or found.pii)
    decimals = own.decimals if own.decimals is not None else found.decimals
    return replace(
        own,
        kind=found.kind,
        format=own.format or found.format,
        decimals=decimals,
        provider=own.provider or found.provider,
        pii=own.pii or found.pii,
    )


def _is_news(
    note: Note, declared: Schema, made: dict[str, Table], keys: Collection[ForeignKey]
) -> bool:
    """Return whether a guess of detection went into the schema."""
    if note.advice or note.decision == "subject":
        return True
    table = max((n for n in made if (note.where + ".").startswith(n + ".")), key=len, default=None)
    if table is None:
        return False
    own, column = declared.tables[table], note.where[len(table) + 1 :]
    if note.decision.startswith("refers to"):
        new = [key for key in keys if key not in declared.foreign_keys and key.child == table]
        return any("+".join(key.columns) == column for key in new)
    if column in own.columns:
        return note.decision != "unique" and own.columns[column] != made[table].columns[column]
    return made[table].primary_key != own.primary_key


def _skipped(partial: Collection[str]) -> list[Note]:
    return [
        Note(name, "only the keys that are declared", "too large to look for others")
        for name in sorted(partial)
    ]
