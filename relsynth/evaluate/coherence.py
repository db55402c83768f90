"""Coherence of sequences: how varied a parent's rows are, and how many parents have a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from relsynth.distance import accuracy_of_counts
from relsynth.evaluate.binning import Bins, fit_bins
from relsynth.evaluate.database import Database
from relsynth.evaluate.grouping import Groups
from relsynth.evaluate.measure import Comparison
from relsynth.evaluate.sequences import runs
from relsynth.seeding import stream
from relsynth.typing import Array, Integers

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey

FINE = 30  # cells of a number that follows another row: steps are small
TOP = 9  # cells that most parents have; the others are one more, ten in all
Part = list[tuple[float, float]]


def coherence_parts(comparison: Comparison, table: str, key: ForeignKey) -> list[Part]:
    """Return accuracy and maximum of distinct values per sequence, and sequences per value.

    Columns are cut into thirty bins; at most 100 random rows of a parent are looked at.
    """
    varied: Part = []
    spread: Part = []
    held = [] if comparison.holdout is None else [comparison.holdout]
    sides = [
        _sequences(comparison, databases, table, key)
        for databases in ([comparison.real, *held], [comparison.synthetic])
    ]
    links = [link for _, link in sides]
    for column, kind in comparison.real.kinds[table].items():
        fine = fit_bins(sides[0][0][column], kind, FINE)
        binned = [fine.apply(columns[column]) for columns, _ in sides]
        distinct = [_distinct(codes, link) for codes, link in zip(binned, links, strict=True)]
        bins = fit_bins(distinct[0], "number")
        varied.append(_compare(bins, distinct[0], distinct[1]))
        spread.append(_sequences_per_value(binned, links, fine.size))
    return [varied, spread]


def _sequences(
    comparison: Comparison, databases: Sequence[Database], table: str, key: ForeignKey
) -> tuple[dict[str, Array], Integers]:
    """Return the columns and the parents of at most the allowed rows per parent."""
    columns: dict[str, list[Array]] = {name: [] for name in databases[0].kinds[table]}
    links: list[Integers] = []
    offset = 0
    for database in databases:
        rows = _some_rows(comparison, database, table, key)
        links.append(database.links[key.name][rows] + offset)
        offset += database.rows[key.parent]
        for name, parts in columns.items():
            parts.append(database.values[table][name][rows])
    return {name: np.concatenate(parts) for name, parts in columns.items()}, np.concatenate(links)


def _some_rows(comparison: Comparison, side: Database, table: str, key: ForeignKey) -> Integers:
    """Return at most the allowed number of random rows per parent."""
    link = side.links[key.name]
    shuffled = stream(comparison.seed, "coherence", table).permutation(len(link))
    order, starts, lengths = runs(link[shuffled])
    position = np.arange(len(order)) - np.repeat(starts, lengths)
    return shuffled[order[position < comparison.limits.sequence_rows]]


def _distinct(codes: Integers, link: Integers) -> np.ndarray:
    _, group = np.unique(link, return_inverse=True)
    return Groups(group, int(group.max(initial=-1)) + 1).distinct(codes)


def _compare(bins: Bins, real: np.ndarray, synthetic: np.ndarray) -> tuple[float, float]:
    size = bins.size
    return accuracy_of_counts(
        np.bincount(bins.apply(real), minlength=size),
        np.bincount(bins.apply(synthetic), minlength=size),
    )


def _sequences_per_value(
    binned: list[Integers], links: list[Integers], size: int
) -> tuple[float, float]:
    holding = _parents_per_bin(binned[0], links[0], size)
    top = np.argsort(-holding, kind="stable")[:TOP]
    place = np.full(size, TOP)
    place[top] = np.arange(len(top))
    return accuracy_of_counts(
        *(
            _parents_per_bin(place[codes], link, TOP + 1)
            for codes, link in zip(binned, links, strict=True)
        )
    )


def _parents_per_bin(codes: Integers, link: Integers, size: int) -> Integers:
    cells = np.unique(link.astype(np.int64) * size + codes)
    return np.bincount(cells % size, minlength=size)
