"""What relations are looked for, in which order, and on what evidence."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Final

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.columns.protection import Holders
from relsynth.columns.relations.arithmetic import find_arithmetic
from relsynth.columns.relations.bands import Bands, find_bands
from relsynth.columns.relations.conversion import find_conversions
from relsynth.columns.relations.dependency import Lookup, find_dependencies
from relsynth.columns.relations.difference import find_differences
from relsynth.columns.relations.draft import Draft
from relsynth.columns.relations.examined import ExaminedTable
from relsynth.columns.relations.formula import Formula
from relsynth.columns.relations.from_dates import find_from_dates
from relsynth.columns.relations.limited import find_limited
from relsynth.columns.relations.precision import Precision, settle_columns
from relsynth.columns.relations.sums import find_sums
from relsynth.seeding import Seed

# by the name that switches a kind off, in the order in which they are looked for
FINDERS: Final[dict[str, Callable[[ExaminedTable, Draft], None]]] = {
    "limited": find_limited,
    "conversion": find_conversions,
    "from dates": find_from_dates,
    "dependency": find_dependencies,
    "arithmetic": find_arithmetic,
    "sum": find_sums,
    "bands": find_bands,
    "difference": find_differences,
}
KINDS: Final = (*FINDERS, "order", "presence")
FORMULAS: Final = (
    "limited",
    "from dates",
    "arithmetic",
    "sum",
)  # not rising in all that they follow from


def cut_alike(
    cut: Matrix,
    whole: Matrix,
    decimals: Mapping[str, int | None],
    steps: Mapping[str, float],
    seed: Seed,
    kinds: Container[str] = KINDS,
) -> Matrix:
    """Return columns that were cut at their ranges, with what follows from them cut alike.

    A total that is cut at its own range is no longer the sum of terms that are cut at theirs.

    Parameters
    ----------
    cut, whole : Matrix, shape (n_rows, n_columns)
        The columns after and before.
    decimals, steps : mapping
        See `Relations.find`.
    kinds : container of str, optional
        The kinds of relations to look for.
    """
    same = (cut.values == whole.values) | np.isnan(whole.values)
    if same.all():
        return cut
    evidence, _ = examined(whole, decimals, steps, seed, 1, Holders(len(whole)))
    draft = Draft(whole.names)
    for kind in FORMULAS:
        if kind in kinds:
            FINDERS[kind](evidence, draft)
    if "dependency" in kinds:
        find_dependencies(evidence, draft)
    if "bands" in kinds:
        find_bands(evidence, draft)
    values = cut.values.copy()
    for name in draft.order():
        relation = draft.relations.get(name)
        if relation is None or relation.kept:
            continue
        # of lookups only the weekday or month of a date: others would bring back what is cut
        of_date = isinstance(relation, Lookup) and relation.part and relation.kind == "category"
        if isinstance(relation, Formula | Bands) or of_date:
            bases = [values[:, cut.names.index(base)] for base in relation.bases]
            values[:, cut.names.index(name)] = relation.decode(None, bases)
    return Matrix(cut.names, cut.kinds, values)


def examined(
    table: Matrix,
    decimals: Mapping[str, int | None],
    steps: Mapping[str, float],
    seed: Seed,
    least: int,
    holders: Holders,
) -> tuple[ExaminedTable, dict[str, float | None]]:
    """Return a table under examination, and the grid of each column; see `Relations.find`."""
    kinds = zip(table.names, table.kinds, strict=True)
    stated = {name: 1.0 for name, kind in kinds if kind == "count"}
    stated |= {n: 10.0**-digits for n, digits in decimals.items() if digits is not None}
    stated |= steps
    precision = {n: Precision.of(table[n], stated.get(n)) for n in table.names}
    grid = {name: p.step for name, p in precision.items()}
    settled = settle_columns(table, grid)
    return ExaminedTable(settled, precision, frozenset(steps), seed, least, holders), grid
