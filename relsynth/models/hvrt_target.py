"""What the tree of a block is grown on: the scores of its columns, or how extreme rows are."""

from __future__ import annotations

import numpy as np

from relsynth.columns.matrix import ColumnKind
from relsynth.hvrt.target import pairwise_target
from relsynth.models.target import Target
from relsynth.seeding import Seed, stream
from relsynth.typing import Array, Floats

# more outputs than this are mixed by random projection, so that a tree's cost is bounded
MOST_OUTPUTS = 16
TARGETS = ("columns", "extremeness", "both")


def block_target(
    values: Floats, kinds: tuple[ColumnKind, ...], before: Array, start: int, which: str, seed: Seed
) -> Target:
    """Return the outputs a tree shall predict from the columns before a block.

    Parameters
    ----------
    values : ndarray, shape (n_rows, n_block)
    kinds : tuple of str
        Of the block.
    before : ndarray, shape (n_rows, start)
        Scores and codes of the context and the blocks before, gaps filled.
    start : int
        Place of the block, which names the random streams.
    which : {"columns", "extremeness", "both"}
        Standardised scores of the block's columns; HVRT's target, the sum of the
        standardised products of all pairs of columns, over the columns before and the
        block together; or both.

    Returns
    -------
    Target
        Scores of shape (n_rows, n_outputs).
    """
    parts, leads = [], []
    for j, kind in enumerate(kinds):
        target = Target.of(values[:, j], kind)
        rng = stream(seed, "projection", start + j)
        scores = _few_scores(target, rng) if target.has_many_levels else target.scores
        scores = scores.astype(float)
        centred = scores - scores.mean(axis=0, keepdims=True)
        spread = np.sqrt((centred**2).sum() / max(len(scores), 1))
        if spread == 0:
            continue
        if scores.shape[1] > MOST_OUTPUTS:
            mix = rng.standard_normal((scores.shape[1], MOST_OUTPUTS))
            centred = centred @ mix / np.sqrt(MOST_OUTPUTS)
        parts.append(centred / spread)
        leads.append(standardised(_leading(centred)))
    outputs = parts if which != "extremeness" else []
    if leads and (which != "columns" or len(leads) > 1):
        around = [] if which == "columns" else [standardised(column) for column in before.T]
        extreme = standardised(pairwise_target(np.column_stack([*around, *leads])))
        outputs = [*outputs, extreme[:, None]]
    joined = np.hstack(outputs) if outputs else np.zeros((len(values), 1))
    return Target(joined, is_class=False, has_many_levels=False, freedom=1.0)


def standardised(column: Array) -> Floats:
    """Return a column with mean 0 and deviation 1; a constant one as zeros."""
    centred = column.astype(float) - column.mean(dtype=float)
    spread = centred.std()
    return centred / (spread if spread > 0 else 1.0)


def _leading(centred: Floats) -> Floats:
    """Return the scores on the first principal axis."""
    if centred.shape[1] == 1:
        return centred[:, 0]
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.asarray(centred @ axes[:, -1], dtype=np.float64)


def _few_scores(target: Target, rng: np.random.Generator) -> Floats:
    """Return a random direction for every level of a category that has many."""
    n_levels = int(target.values.max(initial=0)) + 1
    directions: Floats = rng.standard_normal((n_levels, MOST_OUTPUTS)) / np.sqrt(MOST_OUTPUTS)
    return directions[target.values]
