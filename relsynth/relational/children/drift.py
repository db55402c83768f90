"""How far rows drift when each is drawn after drawn siblings, not after real ones."""

from __future__ import annotations

import numpy as np

from relsynth.columns.matrix import Matrix
from relsynth.relational.children.row_model import RowModel
from relsynth.relational.children.stepwise import sample_siblings
from relsynth.seeding import Seed
from relsynth.typing import Floats, Integers

DRIFT = 0.15


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
    seed : int, SeedSequence or None

    Returns
    -------
    str or None
        The column of the greatest distance between real and drawn rows (total variation of
        categories, Kolmogorov-Smirnov of numbers) where it is above ``DRIFT``.
    """
    ends = None
    if model.order is not None:
        parts = (context[f"{model.order.name}.{end}"] for end in ("first", "last"))
        ends = np.column_stack([*parts])
    counts = np.bincount(groups, minlength=len(context))
    drawn = sample_siblings(model, context, counts, ends, seed)
    parent_values = () if model.parent_values is None else tuple(model.parent_values.shared)
    distances = {
        name: _distance(own[name], drawn[name], kind == "category")
        for name, kind in zip(own.names, own.kinds, strict=True)
        if name not in parent_values
    }
    worst = max(distances, key=lambda name: distances[name], default=None)
    return worst if worst is not None and distances[worst] > DRIFT else None


def _distance(real: Floats, drawn: Floats, is_category: bool) -> float:
    """Return the distance of two distributions, missing values being one value more."""
    shown = [np.nan_to_num(part, nan=-np.inf) for part in (real, drawn)]
    values = np.unique(np.concatenate(shown))
    shares = [
        np.bincount(np.searchsorted(values, part), minlength=len(values)) / max(len(part), 1)
        for part in shown
    ]
    apart = shares[0] - shares[1]
    return float(
        np.abs(apart).sum() / 2 if is_category else np.abs(np.cumsum(apart)).max(initial=0.0)
    )
