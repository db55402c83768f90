"""The tables to learn from: what only few subjects have is taken out of the categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from relsynth.columns.places import invented_places
from relsynth.columns.protection import Holders, find_holders
from relsynth.columns.providers import usual_locale
from relsynth.columns.rare import LEVELS as FEW_LEVELS
from relsynth.columns.rare import without_rare
from relsynth.metadata import Metadata, Plan
from relsynth.metadata.subjects import belongs_to
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
        name: tuple(
            (key.parent, links[key.name])
            for key in metadata.parents_of(name)
            if belongs_to(metadata, key)
        )
        for name in plan.order
    }
    sizes = {name: len(tables[name]) for name in plan.order}
    found = find_holders(keys, sizes, dict.fromkeys(subjects, ""), k)
    locales = {n: usual_locale(tables[n], metadata.tables[n].columns) for n in plan.order}
    usual = Counter(filter(None, locales.values())).most_common(1)
    return {
        name: replace(
            one,
            unprotected=_kept(metadata, name),
            locale=locales[name] or (usual[0][0] if usual else ""),
        )
        for name, one in found.items()
    }


def parent_holders(holders: Mapping[str, Holders], table: str, parent: str) -> Holders:
    """Return whose the rows of a parent are; nobody's, each of its own for its children's."""
    found = holders[parent]
    if found.paths or not holders[table].paths:
        return found
    return Holders.rows(len(found), max(holders[table].least))


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
) -> tuple[dict[str, pd.DataFrame], dict[str, Holders]]:
    """Return the tables with other levels in place of rare ones, and whose the rows are then.

    Parameters
    ----------
    plan : Plan
        Kept tables are left as they are.
    links : mapping of str to ndarray of int
        Parent row of each row by key name.

    Notes
    -----
    A row that repeats a value of a parent repeats what stands there instead. Columns of places
    of which all rare ones were replaced need no more protection.
    """
    names = {step.table: () if step.kept else _levels(metadata, step.table) for step in plan.steps}
    whose = frozenset(plan.subjects)
    places = invented_places(
        metadata.tables,
        tables,
        {name: names[name] for name, one in holders.items() if one.paths},
        holders,
        {name for name in whose if not _belongs(metadata, name, whose)},
        integer_seed(seed, "places"),
    )
    made = {name: places.columns.get(name, {}) for name in tables}
    safe = {
        name: replace(
            one, unprotected=one.unprotected | made[name].keys(), within=places.within.get(name, ())
        )
        for name, one in holders.items()
    }
    tables = {n: frame.assign(**made[n]) if made[n] else frame for n, frame in tables.items()}
    done = dict(tables)
    for step in plan.steps:
        name = step.table
        if step.kept or not holders[name].paths:
            continue
        table = metadata.tables[name]
        keys = metadata.key_columns(name).union(*table.candidate_keys, _kept(metadata, name))
        frame, listed = without_rare(
            tables[name],
            table.columns,
            names[name],
            keys,
            safe[name],
            integer_seed(seed, "protected", name),
            _levels_above(metadata, name, done, links, names),
        )
        safe[name] = replace(safe[name], unprotected=safe[name].unprotected | listed)
        for key in metadata.parents_of(name):
            parent, rows = tables[key.parent], links[key.name]
            if done[key.parent] is parent or key.is_self_reference:
                continue
            for repeat in find_repeats(key.name, tables[name], parent, rows, names[name]):
                same = repeating(tables[name][repeat.column], parent[repeat.source], rows)
                same &= rows >= 0
                column = frame[repeat.column].astype(tables[name][repeat.column].dtype)
                column[same] = done[key.parent][repeat.source].iloc[rows[same]].to_numpy()
                if isinstance(column.dtype, pd.CategoricalDtype):
                    column = column.cat.remove_unused_categories()
                frame = frame.assign(**{repeat.column: column})
        done[name] = frame
    return done, safe


def _levels(metadata: Metadata, table: str) -> tuple[str, ...]:
    """Return the categories of a table that protection may change."""
    found = metadata.tables[table]
    keys = metadata.key_columns(table).union(*found.candidate_keys, _kept(metadata, table))
    return tuple(
        column.name
        for column in found.columns.values()
        if column.kind in LEVELS and column.name not in keys and not column.pii
    )


def _levels_above(
    metadata: Metadata,
    table: str,
    done: Tables,
    links: Mapping[str, Integers],
    names: Mapping[str, tuple[str, ...]],
) -> dict[str, pd.Series]:
    """Return the categories of the parents of each row, for few levels."""
    found = {}
    for key in metadata.parents_of(table):
        parent, rows = done[key.parent], links[key.name]
        for name in () if key.is_self_reference else names[key.parent]:
            if 2 <= parent[name].nunique() <= FEW_LEVELS:
                column = parent[name].astype(object).to_numpy()
                values = np.where(rows >= 0, column[np.maximum(rows, 0)], None)
                found[f"{key.name}.{name}"] = pd.Series(values, dtype=object)
    return found


def _belongs(metadata: Metadata, table: str, subjects: frozenset[str]) -> bool:
    """Return whether the rows of a table of subjects belong to other subjects."""
    above, waiting = set[str](), [table]
    while waiting:
        for key in metadata.parents_of(waiting.pop()):
            if key.parent not in above and key.parent != table:
                above.add(key.parent)
                waiting.append(key.parent)
    return not above.isdisjoint(subjects)
