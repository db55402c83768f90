"""Tables that are taken as they are, and the summaries that tables give their parents."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relsynth.columns.matrix import Matrix
from relsynth.metadata import Metadata, TablePlan
from relsynth.metadata.references import referenced_rows
from relsynth.relational.drawing.drawn import DrawnDatabase
from relsynth.relational.fitting.fitted import FittedTable
from relsynth.relational.fitting.prepared import lookup_name
from relsynth.schema import ForeignKey
from relsynth.typing import Integers


def take_over(
    drawn: DrawnDatabase,
    metadata: Metadata,
    table: FittedTable,
    step: TablePlan,
    frame: pd.DataFrame,
) -> None:
    """Use a table as it is, as far as its parents are there."""
    drawn.given[step.table] = frame
    database = drawn.database
    for key in metadata.parents_of(step.table):
        if key.parent in drawn.given:
            found = referenced_rows(frame, drawn.given[key.parent], key)
            database.links[key.name] = np.maximum(found, -1)
        else:
            database.links[key.name] = np.full(len(frame), -1)
    encoded = table.encoding.encode(frame)
    if table.rows is None:
        database.own[step.table] = encoded
        return
    values = np.full((len(frame), len(table.rows.names)), np.nan)
    for at, name in enumerate(table.rows.names):
        if name in encoded.names:
            values[:, at] = encoded[name]
    for key in step.lookups:
        links = database.links[key.name]
        at = table.rows.names.index(lookup_name(key))
        values[:, at] = np.where(links >= 0, links, np.nan)
    database.own[step.table] = Matrix(table.rows.names, table.rows.kinds, values)
    database.note_parent_values(step.table, table.rows.parent_values)
    if step.context is not None and step.context.parent in database.own:
        summarise_for_parent(drawn, table, step.context)
    summarise_for_linked(drawn, table, step)


def is_kept(table: str, drawn: DrawnDatabase) -> bool:
    """Return whether a table stands there as it was learned, and not as a caller gave it."""
    kept = drawn.fitted[table].kept
    return kept is not None and drawn.given.get(table) is kept.frame


def among_given(
    key: ForeignKey, rows: Integers, drawn: DrawnDatabase, rng: np.random.Generator
) -> Integers:
    """Return for rows of a kept table, as learned, the same rows among those a caller gave.

    Parameters
    ----------
    key : ForeignKey
        To the kept table.
    rows : ndarray of int
        -1 for none.
    rng : numpy.random.Generator
        Chooses another row where the caller left one out.
    """
    place = _places_given(key, drawn)
    if place is None or not len(rows):
        return rows
    count = len(drawn.given[key.parent])
    if not count:
        return np.full(len(rows), -1)
    found = place[np.maximum(rows, 0)]
    found = np.where(found < 0, rng.integers(count, size=len(rows)), found)
    return np.where(rows < 0, -1, found)


def below_given(step: TablePlan, own: Matrix, drawn: DrawnDatabase) -> Matrix:
    """Return those rows of a root that refer to rows a caller gave and to no others.

    All of them where every kept table stands as it was learned.
    """
    inside, outside, asked = np.zeros(len(own), bool), np.zeros(len(own), bool), False
    for key in step.lookups:
        place = _places_given(key, drawn)
        if place is not None:
            codes = own[lookup_name(key)]
            known = ~np.isnan(codes)
            found = np.zeros(len(own), bool)
            found[known] = place[codes[known].astype(np.int64)] >= 0
            inside, outside, asked = inside | found, outside | (known & ~found), True
    return own.take(np.flatnonzero(inside & ~outside)) if asked else own


def _places_given(key: ForeignKey, drawn: DrawnDatabase) -> Integers | None:
    """Return where each row of a kept table is among those given; None where it stands as is."""
    kept = drawn.fitted[key.parent].kept
    if kept is None or is_kept(key.parent, drawn):
        return None
    same = ForeignKey(key.parent, key.parent_columns, key.parent, key.parent_columns)
    return referenced_rows(kept.frame, drawn.given[key.parent], same)


def summarise_for_parent(drawn: DrawnDatabase, table: FittedTable, key: ForeignKey) -> None:
    """Let later siblings know what the rows of a table turned out to be."""
    database = drawn.database
    if not _is_asked_for(key, drawn):
        return
    summary = table.summaries.layout.summarise(
        database.own[table.name], database.links[key.name], drawn.rows(key.parent)
    )
    database.add_summary(key.parent, table.name, summary)


def summarise_for_linked(drawn: DrawnDatabase, table: FittedTable, step: TablePlan) -> None:
    """Let later children of linked parents know what the rows of a table turned out to be."""
    layouts = {link.key: link.extension for link in table.links}
    for key in step.linked:
        extension = layouts.get(key.name)
        asked = key.parent in drawn.database.own and _is_asked_for(key, drawn)
        if extension is not None and asked:
            drawn.database.add_linked_summary(key, extension.layout)


def _is_asked_for(key: ForeignKey, drawn: DrawnDatabase) -> bool:
    """Return whether rows are still to be linked to the parents of a key by another one."""
    plan = drawn.database.plan
    order = list(plan.order)
    open_tables = order[order.index(key.child) :]
    others = (one for name in open_tables for one in plan[name].keys)
    return any(one.parent == key.parent and one != key for one in others)


def leave_out(drawn: DrawnDatabase, table: FittedTable, step: TablePlan) -> None:
    """Let others know that the rows of a table are not made: one stands for all, all unknown."""
    names, kinds = tuple(table.encoding.encoders), table.encoding.kinds
    if table.rows is not None:
        names, kinds = table.rows.names, table.rows.kinds
    unknown = np.full((1, len(names)), np.nan)
    drawn.database.own[step.table] = Matrix(names, kinds, unknown)
    for key in step.early:
        drawn.database.links[key.name] = np.full(1, -1)
    _summarise_unknown(drawn, table, step)


def _summarise_unknown(drawn: DrawnDatabase, table: FittedTable, step: TablePlan) -> None:
    layouts = {
        key.name: link.extension.layout.own(f"{table.name}.")
        for link in table.links
        for key in step.linked
        if link.key == key.name and link.extension is not None
    }
    names = {key.name: key.name for key in step.linked}
    if step.context is not None and table.extension is not None:
        layouts[step.context.name] = table.extension.layout
        names[step.context.name] = table.name
    for key in step.early:
        if key.name in layouts and key.parent in drawn.database.own:
            layout = layouts[key.name]
            unknown = np.full((drawn.rows(key.parent), len(layout.names)), np.nan)
            summary = Matrix(layout.names, layout.kinds, unknown)
            drawn.database.add_summary(key.parent, names[key.name], summary)
