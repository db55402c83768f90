"""Stretches of time: rows of one series are no independent witnesses of how real a table is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import Comparison
from relsynth.evaluate.time import moment_of, moments
from relsynth.typing import Floats, Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey

SERIES = 20  # with as many families or more a classifier cannot learn the path of each
STRETCHES = 50  # ten a fold; each is long beside the time that one row still tells of the next
MEMORY = 0.5  # correlation of neighbours; half of it is left two rows on, of .3 nothing


def find_stretches(
    comparison: Comparison, table: str, real: Integers, synthetic: Integers
) -> Integers | None:
    """Return the stretch of time each row lies in, where a table is one or few series.

    Parameters
    ----------
    real, synthetic : ndarray of int, shape (n_real,) and (n_synthetic,)
        Numbers of the rows asked for.

    Returns
    -------
    ndarray of int, shape (n_real + n_synthetic,), or None
        ``None`` where rows are independent of their neighbours in time, or belong to
        ``SERIES`` parents or more.

    Notes
    -----
    The weather of three stations is three paths. Whoever knows the rows before and after knows
    a row, so that a classifier which is trained on every second hour recognises the others by
    the path alone: it would call another year of the same stations made up. Tested on
    stretches it has not seen, it must know what weather is like. The idea is that of the block
    bootstrap (Künsch, "The jackknife and the bootstrap for general stationary observations",
    Annals of Statistics, 1989). Linear in rows but for one sort.
    """
    series = _series(comparison.real, table, comparison.contexts.get(table))
    if series is None:
        return None
    columns, parts = series
    at = [
        moment_of(side, table, columns, parts)[rows]
        for side, rows in ((comparison.real, real), (comparison.synthetic, synthetic))
    ]
    edges = np.unique(np.nanquantile(at[0], np.arange(1, STRETCHES) / STRETCHES))
    # rows without a moment come last and together
    return np.searchsorted(edges, np.concatenate(at), side="right")


def _series(
    database: Database, table: str, key: ForeignKey | None
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the columns that say when a row of a series was, and which parts of it."""
    group = np.zeros(database.rows[table], np.int64) if key is None else database.links[key.name]
    if len(np.unique(group)) >= SERIES:
        return None
    found = moments(database, table)
    said = {name for columns in found for name in columns}
    numbers = [
        database.values[table][name]
        for name, kind in database.kinds[table].items()
        if kind == "number" and name not in said
    ]
    for columns, parts in found.items():
        at = moment_of(database, table, columns, parts)
        order = np.lexsort((at, group))
        order = order[~np.isnan(at[order])]
        if len(np.unique(at[order])) >= 2 * STRETCHES and any(
            _memory(values[order]) > MEMORY for values in numbers
        ):
            return columns, parts
    return None


def _memory(values: Floats) -> float:
    """Return the correlation of each value with the next; few ends of series do not count."""
    one, two = values[:-1], values[1:]
    known = ~np.isnan(one) & ~np.isnan(two)
    one, two = one[known], two[known]
    if len(one) < STRETCHES or one.std() == 0 or two.std() == 0:
        return 0.0
    return float(np.corrcoef(one, two)[0, 1])
