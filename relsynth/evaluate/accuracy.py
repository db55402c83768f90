"""Univariate, bivariate and trivariate accuracy and coherence, with the expected maximum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from relsynth.distance import accuracy_of_counts
from relsynth.evaluate.binning import fit_bins
from relsynth.evaluate.coherence import coherence_parts
from relsynth.evaluate.database import Database
from relsynth.evaluate.measure import Comparison, Figure, Measure, Scores, mean_of
from relsynth.evaluate.sequences import View, view_table
from relsynth.seeding import stream
from relsynth.typing import Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey

Sides = tuple[Integers, Integers, int]


def measure_accuracy(comparison: Comparison) -> Scores:
    """Return the accuracy of every table with its context parent, and the expected maximum.

    The reference is the real data together with the holdout where there is one. A table
    with several rows per parent is seen through one random pair of consecutive rows per
    parent, its length and the parent's columns.

    References
    ----------
    MOSTLY AI quality assurance (mostlyai-qa 1.10), arXiv 2504.01908; Platzer and Reutterer,
    "Holdout-based empirical assessment of mixed-type synthetic data", Frontiers 2021.
    """
    tables = {}
    for name, key in comparison.contexts.items():
        found = table_accuracy(comparison, name, key)
        if found:
            tables[name] = found
    names = ("accuracy", "univariate", "bivariate", "trivariate", "coherence", "maximum")
    means = {name: mean_of(found[name] for found in tables.values()) for name in names}
    means["accuracy_maximum"] = means.pop("maximum")
    return {**means, "tables": tables}


def table_accuracy(comparison: Comparison, table: str, key: ForeignKey | None) -> Scores | None:
    """Return the accuracy of one table at every level that exists for it."""
    sides = [comparison.real, comparison.synthetic]
    held = comparison.holdout
    views = [_view(comparison, side, table, key) for side in sides]
    if held is not None:
        views[0] = View.join(views[0], _view(comparison, held, table, key))
    if key is not None and views[0].following and not views[1].following:
        views[1] = views[1].as_runs_of_one()
    reference, synthetic = views
    if not reference.target or not len(reference) or not len(synthetic):
        return None
    target = _binned(reference.target, synthetic.target, reference)
    context = _binned(reference.context, synthetic.context, reference)
    after = _binned(reference.following, synthetic.following, reference)
    bivariate = [(target[a], target[b]) for a, b in combinations(target, 2)]
    bivariate += [(mine, theirs) for mine in target.values() for theirs in context.values()]
    triples = _triples(comparison, table, list(target))
    levels = {
        "univariate": [_accuracy([column]) for column in target.values()],
        "bivariate": [_accuracy(pair) for pair in bivariate],
        "trivariate": [_accuracy([target[name] for name in triple]) for triple in triples],
    }
    parts = [[_accuracy((target[name], after[name])) for name in after]] if after else []
    if after and key is not None:
        parts += coherence_parts(comparison, table, key)
    return _summary(levels, parts, list(target))


def _view(comparison: Comparison, side: Database, table: str, key: ForeignKey | None) -> View:
    return view_table(side, table, key, comparison.limits.pair_rows, comparison.seed)


def _binned(
    reference: Mapping[str, np.ndarray], synthetic: Mapping[str, np.ndarray], view: View
) -> dict[str, Sides]:
    found = {}
    for name in sorted(reference):
        bins = fit_bins(reference[name], view.kinds[name])
        found[name] = bins.apply(reference[name]), bins.apply(synthetic[name]), bins.size
    return found


def _accuracy(columns: Sequence[Sides]) -> tuple[float, float]:
    cells = 1
    joint = [np.zeros(len(side), dtype=np.int64) for side in columns[0][:2]]
    for real, synthetic, size in columns:
        joint = [joint[0] * size + real, joint[1] * size + synthetic]
        cells *= size
    return accuracy_of_counts(*(np.bincount(side, minlength=cells) for side in joint))


def _triples(comparison: Comparison, table: str, names: list[str]) -> list[tuple[str, ...]]:
    every: list[tuple[str, ...]] = list(combinations(names, 3))
    limit = comparison.limits.trivariates
    if len(every) <= limit:
        return every
    rng = stream(comparison.seed, "trivariates", table)
    return [every[i] for i in np.sort(rng.choice(len(every), limit, replace=False))]


def _summary(
    levels: Mapping[str, Sequence[tuple[float, float]]],
    parts: Sequence[Sequence[tuple[float, float]]],
    names: Iterable[str],
) -> Scores:
    reached = {name: mean_of(pair[0] for pair in found) for name, found in levels.items()}
    limits = {name: mean_of(pair[1] for pair in found) for name, found in levels.items()}
    reached["coherence"] = mean_of(mean_of(pair[0] for pair in part) for part in parts)
    limits["coherence"] = mean_of(mean_of(pair[1] for pair in part) for part in parts)
    univariate = [pair[0] for pair in levels["univariate"]]
    return {
        "accuracy": mean_of(reached.values()),
        "maximum": mean_of(limits.values()),
        **reached,
        "maxima": limits,
        "columns": dict(zip(names, univariate, strict=True)),
    }


ACCURACY = Measure(
    "accuracy",
    "Accuracy of one, two and three columns",
    "Columns cut into ten bins: are single bins, pairs and triples as full as in the real data?",
    (
        Figure(
            "accuracy",
            "Accuracy",
            "Mean of the levels below. Good is near the expected maximum; beyond it is not better.",
        ),
        Figure("univariate", "Univariate accuracy", "One column at a time. 1 is identical."),
        Figure("bivariate", "Bivariate accuracy", "Two columns at a time, the parent's included."),
        Figure("trivariate", "Trivariate accuracy", "Three columns of a table at a time."),
        Figure(
            "coherence",
            "Coherence",
            "Rows of one parent: does the next follow from the last, do they vary as much?",
        ),
    ),
    measure_accuracy,
)
