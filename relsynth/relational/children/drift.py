"""How far rows drift when each is drawn after drawn siblings, not after real ones."""

from __future__ import annotations

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.distance import kolmogorov_smirnov, total_variation
from relsynth.evidence import by_halves
from relsynth.relational.children.row_model import RowModel
from relsynth.relational.children.stepwise import sample_siblings
from relsynth.seeding import Seed, stream
from relsynth.typing import Floats, Integers

DRIFT = 0.15  # total variation that shows; at .3 nearly a third of all rows must be wrong


def drifting_column(
    model: RowModel, own: Matrix, groups: Integers, context: Matrix, seed: Seed
) -> str | None:
    """Return the column that drifts furthest, if any drifts far.

    A model that follows real siblings well may feed on itself: one value a little too often
    makes it likelier for the next sibling, and so on.

    Parameters
    ----------
    model : RowModel
        Fitted to the rows.
    own : Matrix, shape (n_rows, n_columns)
    groups : ndarray of int, shape (n_rows,)
        0, 1, 2, …
    context : Matrix, shape (n_groups, n_context)

    Returns
    -------
    str or None
        The column of the greatest distance between real and drawn rows (total variation of
        categories, Kolmogorov-Smirnov of numbers) above ``DRIFT`` and above what halves of the
        real families are apart by chance.
    """
    ends = None
    if model.order is not None:
        parts = (context[f"{model.order.name}.{end}"] for end in ("first", "last"))
        ends = np.column_stack([*parts])
    counts = np.bincount(groups, minlength=len(context))
    drawn = sample_siblings(model, context, counts, ends, seed)
    parent_values = () if model.parent_values is None else tuple(model.parent_values.shared)
    worst, most, splits = None, 0.0, stream(seed, "splits")
    for name, kind in zip(own.names, own.kinds, strict=True):
        if name in parent_values or not len(own):
            continue
        measure = _variation if kind == "category" else _gap
        distance = measure(own[name], drawn[name])
        if distance > max(DRIFT, most) and distance > by_halves(own[name], groups, measure, splits):
            worst, most = name, distance
    return worst


def _variation(real: Floats, drawn: Floats) -> float:
    """Return the distance of the shares of codes, a missing one being one more."""
    return total_variation(*((np.nan_to_num(v, nan=-1.0)).astype(np.int64) for v in (real, drawn)))


def _gap(real: Floats, drawn: Floats) -> float:
    """Return the distance of numbers, missing ones being less than all others."""
    return kolmogorov_smirnov(*(np.nan_to_num(v, nan=-np.inf) for v in (real, drawn)))
