"""The two lines every score stands between: a real half (ceiling) and broken links (floor)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import Comparison
from relsynth.seeding import Seed, stream
from relsynth.typing import Flags, Integers

BOTH, NEITHER = 2, -1

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey


def split_by_root(
    database: Database, contexts: Mapping[str, ForeignKey | None], seed: Seed = 0
) -> tuple[Database, Database]:
    """Split a database into two halves that have no row in common, parents included.

    Notes
    -----
    A synthetic database invents all its parents, so that a child never refers to a real one.
    For a fair line neither do the halves share any: a row whose parents lie in different
    halves is left out, with all that hangs below it. Reference tables are whole in both.
    Keys that close a cycle or refer to their own table are cut instead. Linear in rows.
    """
    sides = _sides(database, contexts, seed, strict=True)
    first, second = (
        {name: np.flatnonzero((side == half) | (side == BOTH)) for name, side in sides.items()}
        for half in (0, 1)
    )
    return database.take(first), database.take(second)


def real_halves(comparison: Comparison, seed: Seed) -> Comparison:
    """Return the comparison of one half of the real data with the other, for a ceiling."""
    first, second = split_by_root(comparison.real, comparison.contexts, seed)
    return replace(comparison, tables={}, holdout=None, real=first, synthetic=second)


def halves_by_root(
    database: Database, contexts: Mapping[str, ForeignKey | None], seed: Seed = 0
) -> tuple[dict[str, Integers], dict[str, Integers]]:
    """Return the row numbers of two disjoint halves per table, whole families to one side.

    Parameters
    ----------
    contexts : mapping of str to ForeignKey or None
        Per table, parents before children, the key through which its rows belong to a
        parent's half; ``None`` for a root, whose rows are dealt at random.

    Notes
    -----
    A link into the other half, through a key that is not a table's context, is cut; both
    halves are treated alike. Linear in rows.
    """
    sides = _sides(database, contexts, seed, strict=False)
    first, second = (
        {name: np.flatnonzero(sides[name] == half) for name in database.rows} for half in (0, 1)
    )
    return first, second


def _sides(
    database: Database, contexts: Mapping[str, ForeignKey | None], seed: Seed, *, strict: bool
) -> dict[str, Integers]:
    """Return the half of every row: 0, 1, `BOTH`, or `NEITHER` where its parents disagree."""
    sides: dict[str, Integers] = {}
    for table, key in contexts.items():
        if strict and table not in database.learned:
            sides[table] = np.full(database.rows[table], BOTH)
            continue
        side = _dealt(database.rows[table], seed, table).astype(np.int64)
        if key is not None and key.parent in sides:
            side = _with_parent(side, sides[key.parent], database.links[key.name])
        if strict:
            for other in database.metadata.parents_of(table):
                if other != key and other.parent in sides:
                    above = _with_parent(side, sides[other.parent], database.links[other.name])
                    side = np.where(above == side, side, NEITHER)
        sides[table] = side
    return sides


def _with_parent(side: Integers, parents: Integers, link: Integers) -> Integers:
    """Return the half of every row's parent; its own where it has none, or one of both."""
    above = np.append(parents, BOTH)[link]
    return np.where(above == BOTH, side, above)


def permute_links(database: Database, seed: Seed = 0) -> Database:
    """Return the database with the values of every foreign key dealt to other child rows."""
    links: dict[str, Integers] = {
        name: stream(seed, "floor", name).permutation(link) for name, link in database.links.items()
    }
    return replace(database, links=links)


def context_keys(database: Database) -> dict[str, ForeignKey | None]:
    """Return the context key of every table in generation order.

    The key that accounts for most of a child's rows is chosen, then the parent with the
    most rows, so that halves are dealt by the smallest entity that has children.
    """
    metadata = database.metadata
    plan = metadata.plan()
    found: dict[str, ForeignKey | None] = {}
    for step in plan.steps:
        deferred = {key.name for key in step.deferred}
        keys = [key for key in metadata.parents_of(step.table) if key.name not in deferred]
        keys = [key for key in keys if key.parent in database.learned] or keys
        found[step.table] = max(keys, key=lambda key: _claim(database, key), default=None)
    return found


def _claim(database: Database, key: ForeignKey) -> tuple[float, int, str]:
    link = database.links[key.name]
    covered = round(float((link >= 0).mean()), 2) if len(link) else 0.0
    return covered, database.rows[key.parent], key.name


def _dealt(rows: int, seed: Seed, table: str) -> Flags:
    """Return a random half of the rows as flags."""
    flags = np.zeros(rows, dtype=bool)
    flags[: rows // 2] = True
    return stream(seed, "ceiling", table).permutation(flags)
