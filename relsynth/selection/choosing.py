"""How the units of one family are chosen: by weights, less the worst, then exchanged."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from relsynth.schema import ForeignKey
from relsynth.seeding import Seed, stream
from relsynth.selection.cells import count_cells
from relsynth.selection.margins import Binned, views_of
from relsynth.selection.propensity import describe, score, score_view, separation
from relsynth.selection.raking import draw, rake
from relsynth.selection.swaps import ROUNDS, improve, trim
from relsynth.selection.units import Family
from relsynth.typing import Integers

SEPARABLE = 0.55  # AUC: below it there is nothing that odds could mend
ODDS = 3.0  # of the logarithm: no unit is wanted more than 20 times as much as another
# drawn by weight before the worst leave; more cost time and leave no better ones
SURPLUS = 1.25


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a selection stands after one stage.

    Attributes
    ----------
    name : {"ipf", "trim", "refine"}
    distance : float
        To the real margins, at the size of the selection.
    held : float or None
        To those of the holdout.
    """

    name: str
    units: int
    distance: float
    held: float | None
    seconds: float

    def __str__(self) -> str:
        held = "" if self.held is None else f", to the holdout {self.held:.4f}"
        return f"{self.name}: {self.units:,}, {self.distance:.4f}{held}, {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Choice:
    """How one family was chosen.

    Attributes
    ----------
    family : str
        Its root table.
    chosen, available : int
        Units, that is root rows with all their descendants.
    before, after : float
        Mean total variation distance between the margins of the selection and the real
        ones, for a random selection and for the one returned; 0 is identical.
    held_before, held_after : float or None
        The same against the holdout.
    separation : float or None
        How well a classifier tells pool and real units apart (AUC); ``None`` for too few.
    swaps : int
        Units exchanged.
    stages : tuple of Stage
        Drawn by weights (``"ipf"``), less those that fit worst (``"trim"``), after exchanges
        (``"refine"``).
    """

    family: str
    chosen: int
    available: int
    before: float
    after: float
    held_before: float | None = None
    held_after: float | None = None
    separation: float | None = None
    swaps: int = 0
    stages: tuple[Stage, ...] = ()

    def __str__(self) -> str:
        held = (
            ""
            if self.held_before is None or self.held_after is None
            else f", to the holdout {self.held_before:.4f} -> {self.held_after:.4f}"
        )
        return (
            f"{self.family}: {self.chosen:,} of {self.available:,}, distance "
            f"{self.before:.4f} -> {self.after:.4f}{held}"
            + "".join(f"\n  {stage}" for stage in self.stages)
        )


def choose(
    binned: Binned,
    sides: Sequence[Family],
    contexts: Mapping[str, ForeignKey | None],
    wanted: int,
    seed: Seed,
    *,
    swaps: int | None = None,
    trimmed: bool = True,
) -> tuple[Choice | None, Integers]:
    """Return the units of the pool to take, and how they were found.

    Parameters
    ----------
    sides : sequence of Family
        Of the real database, the pool and, where there is one, the holdout.
    swaps : int, optional
        Rounds of exchanges; as many as pay by default.
    trimmed : bool, default True
        Draw a quarter more by weight and leave out those that fit worst.
    """
    real, pool = sides[:2]
    if wanted in (0, len(pool)):
        return None, np.arange(wanted)
    random = np.sort(stream(seed, "random", pool.name).permutation(len(pool))[:wanted])
    if not len(real):
        return None, random
    views = views_of(binned, sides, contexts, seed)
    if not views:
        return None, random
    features = describe(binned.databases, sides)
    scores = score(features, np.arange(len(pool)), stream(seed, "score", pool.name))
    auc = None if scores is None else separation(scores[0], scores[1])
    odds = None
    if scores is not None and auc is not None and auc > SEPARABLE:
        views.append(score_view(scores))
        odds = np.exp(np.clip(scores[1], -ODDS, ODDS))
    cells = count_cells(views, [len(side) for side in sides], wanted)
    stages = list[Stage]()
    start = time.perf_counter()

    def done(name: str, units: Integers) -> Integers:
        nonlocal start
        total = cells.total(units) * np.float32(wanted / max(len(units), 1))
        held = cells.distance(total, 1) if len(cells.targets) > 1 else None
        stages.append(
            Stage(name, len(units), cells.distance(total), held, time.perf_counter() - start)
        )
        start = time.perf_counter()
        return units

    surplus = min(len(pool), round(wanted * SURPLUS)) if trimmed else wanted
    weights = rake(cells if surplus == wanted else cells.scaled(surplus / wanted), surplus, odds)
    units = done("ipf", draw(weights, surplus, stream(seed, "draw", pool.name)))
    if surplus > wanted:
        units = done("trim", trim(cells, units, wanted))
    rng = stream(seed, "swaps", pool.name)
    units, steps = improve(cells, units, rng, ROUNDS if swaps is None else swaps)
    if swaps != 0:
        done("refine", units)
    totals = [cells.total(part) for part in (random, units)]
    before, after = ([cells.distance(t, k) for k in range(len(cells.targets))] for t in totals)
    choice = Choice(
        family=pool.name,
        chosen=wanted,
        available=len(pool),
        before=before[0],
        after=after[0],
        held_before=before[1] if len(before) > 1 else None,
        held_after=after[1] if len(after) > 1 else None,
        separation=auc,
        swaps=sum(step.swaps for step in steps),
        stages=tuple(stages),
    )
    return choice, units
