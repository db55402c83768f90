"""How far a score may be off by chance: what further halves of the real data differ by."""

from __future__ import annotations

from typing import Final

import numpy as np

from relsynth.evaluate.baselines import real_halves
from relsynth.evaluate.measure import Comparison, Measure, Scores
from relsynth.evaluate.report import plain
from relsynth.seeding import spawn

# further halves; the standard deviation of twenty is known to a sixth
SPLITS: Final = 19
# a likeness of so many rows is known to .01, less than verdicts tell apart; beyond, splits are dear
ROWS: Final = 20_000


def grant_spread(scores: Scores, measure: Measure, comparison: Comparison) -> None:
    """Give the figures of a measure that has no tests of its own their standard errors.

    Parameters
    ----------
    scores : dict
        Of the run. The measure gets ``"tests"`` as `judge` reads them, its ceilings become
        the means over all splits, and its floors move along.

    Notes
    -----
    A likeness of few rows varies with the rows. By how much, shows where the real data are
    split into other halves: the standard deviation of the ceiling, by the square root of two,
    because halves have half the rows. Looked at is only what falls short of its ceiling, in
    small databases; elsewhere chance explains nothing.
    """
    own, ceiling = scores[measure.name], scores["ceiling"].get(measure.name)
    floor = scores["floor"].get(measure.name, {})
    if not ceiling or "tests" in own or max(comparison.real.rows.values()) > ROWS:
        return
    short = [
        figure.name
        for figure in measure.figures
        if None not in (own[figure.name], ceiling[figure.name])
        and figure.better != "near"
        and (own[figure.name] - ceiling[figure.name]) * (1 if figure.better == "lower" else -1) > 0
    ]
    if not short:
        return
    further = [
        plain(measure.run(real_halves(comparison, spawn(comparison.seed, "split", number))))
        for number in range(SPLITS)
    ]
    own["tests"] = {}
    for name in short:
        known = [found[name] for found in (ceiling, *further) if found[name] is not None]
        mean = float(np.mean(known))
        if floor.get(name) is not None:
            floor[name] += mean - ceiling[name]
        ceiling[name] = mean
        error = float(np.std(known, ddof=1) / np.sqrt(2)) if len(known) > 1 else 0.0
        own["tests"][name] = [[own[name], error]]
