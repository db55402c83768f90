"""Columns cut into about ten bins, as the accuracy of MOSTLY AI's quality report does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsynth.evaluate.database import Kind
from relsynth.typing import Array, Floats, Integers

BINS = 10  # cells a number: pairs have 100, triples 1,000, all with rows
RARE = 5  # rows of a level that has a cell of its own; rarer ones share one
SEARCH = 1000  # quantiles tried at most until as many different edges are found
DIGITS = 20  # more than a double has


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins fitted on the reference data.

    Attributes
    ----------
    kind : {"number", "date", "category"}
    edges : ndarray
        Lower edges of numbers and dates (right-open, values outside go to the outermost
        bin), or the kept category codes.
    """

    kind: Kind
    edges: Array

    @property
    def size(self) -> int:
        """Number of bins, those for missing and other values included."""
        return max(len(self.edges), 1) + 2

    def apply(self, values: Array) -> Integers:
        """Return the bin of every value: 0 is missing, 1 is any other category."""
        if self.kind == "category":
            order = np.argsort(self.edges)
            place = np.searchsorted(self.edges[order], values)
            place = order[np.minimum(place, len(order) - 1)] if len(order) else place * 0
            kept = self.edges[place] == values if len(order) else values < -1
            return np.where(values < 0, 0, np.where(kept, place + 2, 1)).astype(np.int64)
        place = np.searchsorted(self.edges, values, side="right") - 1
        return np.where(np.isnan(values), 0, np.maximum(place, 0) + 2).astype(np.int64)


def fit_bins(values: Array, kind: Kind, bins: int = BINS) -> Bins:
    """Choose bins: about equally full for numbers and dates, the most frequent categories.

    References
    ----------
    mostlyai-qa 1.10: up to `bins` distinct numbers have a bin each; else the number of
    evenly spaced order statistics is raised until `bins` bins are distinct. Categories with
    fewer than five rows never have a bin of their own.
    """
    if kind == "category":
        count = np.bincount(values + 1)
        top = np.argsort(-count, kind="stable")[:bins]
        top = top[count[top] >= RARE] - 1
        return Bins(kind, top[top >= 0])
    known = np.sort(values[~np.isnan(values)])
    if kind == "date":
        return Bins(kind, _lower_edges(_boundaries(known, bins)))
    distinct = np.unique(known)
    breaks = np.append(distinct, np.inf) if len(distinct) <= bins else _boundaries(known, bins)
    return Bins(kind, _shortest(breaks)[:-1])


def _boundaries(ordered: Floats, bins: int) -> Floats:
    """Search for the fewest evenly spaced order statistics with enough distinct values."""
    found: Floats = np.empty(0)
    for count in range(bins, max(bins + 1, min(SEARCH, len(ordered) + 1))):
        if len(ordered):
            found = np.unique(ordered[np.linspace(0, len(ordered) - 1, count).astype(int)])
        if len(found) >= bins + 1:
            break
    return found


def _lower_edges(breaks: Floats) -> Floats:
    return breaks[:-1] if len(breaks) > 1 else breaks


def _shortest(breaks: Floats) -> Floats:
    """Floor breaks to the fewest decimals that keep them apart; the last one stays."""
    if len(breaks) < 2:
        return np.append(breaks, np.inf)
    for digits in range(DIGITS):
        floored = np.floor(breaks * 10.0**digits) / 10.0**digits
        if len(np.unique(floored)) == len(breaks):
            return np.append(floored[:-1], breaks[-1])
    return breaks
