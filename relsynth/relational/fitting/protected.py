"""The tables to learn from: what only few subjects have is taken out of the categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from relsynth.columns.protection import Holders, find_holders
from relsynth.columns.rare import without_rare
from relsynth.metadata import Metadata, Plan
from relsynth.relational.sources.repeats import find_repeats, repeating
from relsynth.seeding import Seed, integer_seed
from relsynth.typing import Integers, Tables

LEVELS = ("categorical", "ordinal", "key")


def holders_of(
    metadata: Metadata,
    plan: Plan,
    tables: Tables,
    links: Mapping[str, Integers],
    subjects: Iterable[str],
    k: int,
) -> dict[str, Holders]:
    """Return whose the rows of every table are; see `find_holders`."""
    keys = {
        name: tuple((key.parent, links[key.name]) for key in metadata.parents_of(name))
        for name in plan.order
    }
    sizes = {name: len(tables[name]) for name in plan.order}
    found = find_holders(keys, sizes, dict.fromkeys(subjects, ""), k)
    return {name: replace(one, unprotected=_kept(metadata, name)) for name, one in found.items()}


def _kept(metadata: Metadata, table: str) -> frozenset[str]:
    """Return the columns of a table whose values the schema wants kept."""
    columns = metadata.tables[table].columns.values()
    return frozenset(column.name for column in columns if column.treatment == "keep")


def protected_tables(
    metadata: Metadata,
    plan: Plan,
    tables: Tables,
    links: Mapping[str, Integers],
    holders: Mapping[str, Holders],
    seed: Seed,
) -> dict[str, pd.DataFrame]:
    """Return the tables with other levels in place of rare ones.

    Parameters
    ----------
    metadata : Metadata
    plan : Plan
        Kept tables are left as they are.
    tables : mapping of str to DataFrame
    links : mapping of str to ndarray of int
        Parent row of each row by key name.
    holders : mapping of str to Holders
    seed : int, SeedSequence or None

    Notes
    -----
    A row that repeats a value of a parent repeats what stands there instead.
    """
    done = dict(tables)
    for step in plan.steps:
        name = step.table
        if step.kept or not holders[name].paths:
            continue
        table = metadata.tables[name]
        keys = metadata.key_columns(name).union(*table.candidate_keys, _kept(metadata, name))
        names = tuple(
            column.name
            for column in table.columns.values()
            if column.kind in LEVELS and column.name not in keys and not column.pii
        )
        frame = without_rare(
            tables[name],
            table.columns,
            names,
            keys,
            holders[name],
            integer_seed(seed, "protected", name),
        )
        for key in metadata.parents_of(name):
            parent, rows = tables[key.parent], links[key.name]
            if done[key.parent] is parent or key.is_self_reference:
                continue
            for repeat in find_repeats(key.name, tables[name], parent, rows, names):
                same = repeating(tables[name][repeat.column], parent[repeat.source], rows)
                same &= rows >= 0
                column = frame[repeat.column].astype(tables[name][repeat.column].dtype)
                column[same] = done[key.parent][repeat.source].iloc[rows[same]].to_numpy()
                if isinstance(column.dtype, pd.CategoricalDtype):
                    column = column.cat.remove_unused_categories()
                frame = frame.assign(**{repeat.column: column})
        done[name] = frame
    return done
