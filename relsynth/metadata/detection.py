"""Guess a schema from data, and give the evidence for every guess."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from relsynth.errors import DataError, Faults
from relsynth.metadata.check_values import is_comparable
from relsynth.metadata.codes import as_code, find_codes
from relsynth.metadata.detect_keys import (
    FoundKey,
    common_columns,
    find_composite_key,
    find_primary_keys,
    find_unique,
)
from relsynth.metadata.detect_kinds import column_of_key, column_of_values, complete_names
from relsynth.metadata.detect_references import (
    Candidate,
    find_composite_references,
    find_references,
)
from relsynth.metadata.doubts import doubts_about
from relsynth.metadata.naming import table_words
from relsynth.metadata.profile import Profile, profile_tables
from relsynth.metadata.subjects import find_subjects
from relsynth.schema import ForeignKey, Note, Table

if TYPE_CHECKING:
    from relsynth.schema import Schema
    from relsynth.typing import Tables


def detect_schema(tables: Tables) -> Schema:
    """Guess tables, columns, keys and references from data; see `Metadata.detect`.

    Returns
    -------
    Schema
        One that the data fulfil. Every guess is in ``notes`` with its evidence; what almost
        was a key or a reference is there too.

    Raises
    ------
    DataError
        For a table without columns or with a column name used twice.

    Notes
    -----
    Primary keys are unique columns that are named or formed like keys; references need a
    target for every value, and either a name that speaks for them or values that are not
    contained by chance. Linear in the cells of the tables, and in the number of columns times
    the number of keys.
    """
    from relsynth.schema import Schema

    _check_input(tables)
    profiles = profile_tables(tables)
    vocabulary = frozenset(table_words(name)[-1] for name in tables)
    keys = find_primary_keys(profiles, vocabulary)
    candidates, notes = find_references(profiles, keys, vocabulary)
    evidence = {_foreign_key(one): one.evidence for one in candidates}
    notes += _add_composite_keys(keys, profiles, evidence, vocabulary)
    evidence = _without_implied(evidence, dict(find_composite_references(tables, keys)))
    notes = [*_notes_on_keys(keys, evidence), *notes]
    described = []
    for name, columns in profiles.items():
        said, why = _describe(name, columns, keys.get(name), evidence)
        described.append(said)
        notes.extend(why)
    found = Schema(described, evidence, source="detected schema")
    subjects = find_subjects(found)
    notes = [*(Note(name, "subject", why) for name, why in subjects.items()), *notes]
    return Schema(described, evidence, notes=notes, source="detected schema")


def _check_input(tables: Tables) -> None:
    with Faults("data", DataError) as faults:
        if not tables:
            faults.add("no tables; a mapping of table names to DataFrames is needed")
        for table, frame in tables.items():
            if not len(frame.columns):
                faults.add(f"the table {table!r} has no columns")
            for name in frame.columns:
                if not isinstance(name, str):
                    faults.add(f"{table}: the column name {name!r} is no text; rename the column")
            for name, values in frame.items():
                if not is_comparable(values):
                    faults.add(
                        f"{table}.{name} holds values of dtype {values.dtype} that cannot be "
                        "learned; convert them to numbers, text or dates"
                    )
            for name in frame.columns[frame.columns.duplicated()].unique():
                faults.add(f"{table}.{name} is there more than once; column names must be unique")


def _foreign_key(found: Candidate) -> ForeignKey:
    child, parent = found.child, found.parent
    nullable = True if child.nulls else None
    return ForeignKey(child.table, (child.name,), parent.table, (parent.name,), nullable=nullable)


def _add_composite_keys(
    keys: dict[str, FoundKey],
    profiles: Mapping[str, Mapping[str, Profile]],
    references: Iterable[ForeignKey],
    vocabulary: frozenset[str],
) -> list[Note]:
    """Add keys of several columns; note those with a date, which may be unique by design or not."""
    notes = []
    for table, columns in profiles.items():
        if table in keys:
            continue
        referring = [key.columns[0] for key in references if key.child == table]
        composite = find_composite_key(table, columns, referring, vocabulary)
        if composite is None:
            common = common_columns(table, profiles)
            composite = find_composite_key(table, columns, referring, vocabulary, common=common)
        dated = find_composite_key(table, columns, referring, vocabulary, dated=True)
        if composite is not None:
            keys[table] = composite
        elif dated is not None:
            names = ", ".join(dated.columns)
            advice = f"no primary key; {names} would be one, declare it to keep it"
            notes.append(Note(table, advice, dated.evidence))
    return notes


def _without_implied(
    singles: dict[ForeignKey, str], composites: dict[ForeignKey, str]
) -> dict[ForeignKey, str]:
    """Drop references that follow from one of several columns to a row with the same reference."""
    ends = {(key.child, key.columns[0], key.parent) for key in singles}
    implied = {
        (key.child, column, grandparent)
        for key in composites
        for column, target in zip(key.columns, key.parent_columns, strict=True)
        for table, name, grandparent in ends
        if table == key.parent and name == target
    }
    kept = {
        key: why
        for key, why in singles.items()
        if (key.child, key.columns[0], key.parent) not in implied
    }
    return kept | composites


def _notes_on_keys(
    keys: Mapping[str, FoundKey], references: Mapping[ForeignKey, str]
) -> Iterator[Note]:
    for table, key in keys.items():
        yield Note(table, f"primary key {', '.join(key.columns)}", key.evidence)
    for reference, why in references.items():
        where = f"{reference.child}.{'+'.join(reference.columns)}"
        target = f"{reference.parent}.{'+'.join(reference.parent_columns)}"
        yield Note(where, f"refers to {target}", why)


def _describe(
    name: str,
    profiles: Mapping[str, Profile],
    key: FoundKey | None,
    references: Iterable[ForeignKey],
) -> tuple[Table, list[Note]]:
    primary = key.columns if key else ()
    issued = set(primary if len(primary) == 1 else ())
    issued |= {column for one in references if one.child == name for column in one.columns}
    columns, notes = {}, []
    for column, profile in profiles.items():
        if column in issued:
            columns[column] = column_of_key(profile)
        else:
            columns[column], why = column_of_values(profile)
            notes.append(Note(f"{name}.{column}", columns[column].kind, why))
        notes.extend(doubts_about(profile, columns[column]))
    texts = {c: p.family == "text" and c not in issued for c, p in profiles.items()}
    columns = complete_names(columns, texts)
    codes = find_codes(
        Table(name, columns), pd.DataFrame({c: p.values for c, p in profiles.items()})
    )
    columns = {column: as_code(one, codes) for column, one in columns.items()}
    notes = [note for note in notes if note.where.removeprefix(f"{name}.") not in codes]
    notes.extend(Note(f"{name}.{column}", "categorical", why) for column, why in codes.items())
    unique = find_unique(profiles, primary)
    notes.extend(Note(f"{name}.{column}", "unique", "no value comes twice") for column in unique)
    return Table(name, columns, primary, tuple((column,) for column in unique)), notes
