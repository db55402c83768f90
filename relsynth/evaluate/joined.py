"""Detection of child rows joined to their parent: whether a row fits the parent it hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relsynth.evaluate.database import Database
from relsynth.evaluate.detection import Detection, detect, tests_as_scores
from relsynth.evaluate.features import encode
from relsynth.evaluate.measure import Comparison, Figure, Measure, Scores
from relsynth.evaluate.paths import joined_columns, joined_kinds
from relsynth.evaluate.stretches import find_stretches
from relsynth.seeding import stream
from relsynth.typing import Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey


def measure_joined(comparison: Comparison) -> Scores:
    """Return the detection accuracy of child x parent per foreign key, folds by parent.

    Notes
    -----
    Rows of one parent never sit on both sides of a fold: without that even two real halves
    are distinguished, because a parent's values give its children away. Where parents are
    one or few series it is their stretches of time, see `find_stretches`.
    """
    keys = {
        key.name: detect_joined(comparison, key)
        for key in comparison.real.metadata.foreign_keys
        if comparison.real.kinds[key.parent] and comparison.real.kinds[key.child]
    }
    child = {key.name: key.child for key in comparison.real.metadata.foreign_keys}
    found = {
        name: {"child": child[name], **outcome.as_scores()}
        for name, outcome in keys.items()
        if outcome
    }
    return tests_as_scores("joined", list(keys.values())) | {"tables": found}


def detect_joined(comparison: Comparison, key: ForeignKey) -> Detection | None:
    """Return the two-sample test of one foreign key's joined rows."""
    sides = comparison.real, comparison.synthetic
    rows = [np.flatnonzero(side.links[key.name] >= 0) for side in sides]
    n = min(*(len(found) for found in rows), comparison.limits.joined_rows)
    columns, parents, groups, offset = [], [], [], 0
    for side, found, name in zip(sides, rows, ("real", "synthetic"), strict=True):
        chosen = stream(comparison.seed, "joined", key.name, name).choice(found, n, replace=False)
        columns.append(_columns(side, key, chosen))
        parents.append(side.links[key.name][chosen])
        groups.append(parents[-1] + offset)
        offset += side.rows[key.parent]
    encoded = encode(columns[0], columns[1], joined_kinds(comparison.real, (key,)), "full")
    seed = comparison.classifier_seed
    stretches = find_stretches(comparison, key.parent, *parents)
    apart = np.concatenate(groups) if stretches is None else stretches
    return detect(*encoded, seed, form="full", groups=apart)


def _columns(side: Database, key: ForeignKey, rows: Integers) -> dict[str, np.ndarray]:
    up, down = joined_columns(side, (key,), rows, side.links[key.name][rows])
    return up | down


JOINED = Measure(
    "joined",
    "Detection of joined rows",
    "A classifier sees every child row with its columns of its parent.",
    (
        Figure(
            "joined",
            "Detection of joined rows, mean",
            "Share of child-with-parent rows classified right. .5 is a coin toss; parents are "
            "never seen twice.",
            "near",
            0.5,
        ),
        Figure(
            "joined_max",
            "Detection of joined rows, worst foreign key",
            "The same for the foreign key that is easiest to tell.",
            "near",
            0.5,
        ),
    ),
    measure_joined,
)
