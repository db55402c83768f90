"""How much of a child table's variation each of its foreign keys explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from relsynth.seeding import stream

if TYPE_CHECKING:
    from relsynth.schema import ForeignKey, Schema
    from relsynth.typing import Floats, Integers, Tables

ROWS = 20_000  # of a child table: a correlation is known to .007
LEVELS = 8  # of a category that are compared


@dataclass(frozen=True, slots=True)
class Association:
    """What the data say about one foreign key.

    Attributes
    ----------
    association : float
        Mean share of variation that lies between the parents' groups, 0 to 1,
        corrected for the number of groups.
    children_per_parent : float
        Mean number of child rows per referenced parent row.
    null_share : float
        Share of child rows without a reference.
    """

    association: float
    children_per_parent: float
    null_share: float


def measure_associations(metadata: Schema, tables: Tables) -> dict[str, Association]:
    """Return the evidence for every foreign key by its name.

    Notes
    -----
    Uses at most ``ROWS`` rows per child table; linear in rows and columns.
    """
    found = {}
    for name in metadata.tables:
        keys = metadata.parents_of(name)
        if not keys:
            continue
        rivals = [key for key in keys if not key.is_self_reference]
        frame = tables[name]
        targets = _targets(metadata, name, frame) if len(rivals) > 1 else None
        for key in keys:
            found[key.name] = _evidence(frame, key, targets)
    return found


def _evidence(frame: pd.DataFrame, key: ForeignKey, targets: Floats | None) -> Association:
    columns = frame[list(key.columns)]
    null = columns.isna().any(axis=1).to_numpy()
    if null.all():
        return Association(0.0, 0.0, float(len(frame) > 0))
    groups = (
        columns[~null].groupby(list(key.columns), sort=False, observed=True).ngroup().to_numpy()
    )
    share = 0.0 if targets is None else _between_share(groups, targets[~null])
    return Association(share, len(groups) / (groups.max() + 1), float(null.mean()))


def _targets(metadata: Schema, name: str, frame: pd.DataFrame) -> Floats:
    """Return ranks of numbers and indicators of frequent categories, standardised."""
    keys = metadata.key_columns(name)
    parts = []
    for column in metadata.tables[name].columns.values():
        if column.name in keys or column.kind in ("key", "text"):
            continue
        values = frame[column.name]
        if column.kind in ("numeric", "integer", "datetime", "timedelta"):
            parts.append(values.rank(pct=True).fillna(0.0).to_numpy(float))
        else:
            top = values.value_counts().index[:LEVELS]
            parts.extend((values == level).to_numpy(float) for level in top)
    return np.column_stack(parts) if parts else np.empty((len(frame), 0))


def _between_share(groups: Integers, targets: Floats) -> float:
    if len(groups) > ROWS:
        kept = stream(0, "association").permutation(groups.max() + 1)
        order = np.argsort(kept[groups], kind="stable")[:ROWS]
        groups, targets = groups[order], targets[order]
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    rows, between = len(groups), len(sizes) - 1
    within = rows - len(sizes)
    total = ((targets - targets.mean(0)) ** 2).sum(0)
    varies = total > 0
    if within <= 0 or between <= 0 or not varies.any():
        return 0.0
    sums = np.column_stack([np.bincount(codes, column) for column in targets.T[varies]])
    explained = (sums**2 / sizes[:, None]).sum(0) - targets[:, varies].sum(0) ** 2 / rows
    unexplained = np.maximum(total[varies] - explained, 0.0)
    share = 1.0 - (unexplained / within) / (total[varies] / (rows - 1))
    return float(np.clip(share, 0.0, 1.0).mean())
