"""Which parts of texts enough subjects share to be shown, and what stands for the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from relsynth.columns.protection import Holders, rare_levels, shared_range
from relsynth.groups import places, starts_of
from relsynth.typing import Floats, Integers

KNOTS = 41  # numbers are drawn between this many quantiles of the real ones
_ROWS_OF_A_KNOT = 3  # no quantile stands for fewer rows


@dataclass(frozen=True)
class TextRows:
    """The rows of some distinct texts, and whose they are.

    Attributes
    ----------
    texts : ndarray of int, shape (n_rows,)
        Number of the text of every row.
    entities : Holders
        Whose the rows are.
    personal : bool
        Whether no word of the texts is to be shown, however many share it.
    """

    texts: Integers
    entities: Holders
    n_texts: int
    personal: bool = False

    def of(self, some: Integers) -> TextRows:
        """Return the holders of some of the texts, in their order."""
        place = np.full(self.n_texts, -1)
        place[some] = np.arange(len(some))
        rows = np.flatnonzero(place[self.texts] >= 0)
        return TextRows(place[self.texts[rows]], self.entities[rows], len(some), self.personal)

    @cached_property
    def weights(self) -> Integers:
        """Rows of every text."""
        return np.bincount(self.texts, minlength=self.n_texts)

    def shared(self, tokens: Sequence[str]) -> tuple[list[str], Floats, float]:
        """Return the tokens that enough entities have, their weights, and their share of the rows.

        Parameters
        ----------
        tokens : sequence of str, shape (n_texts,)
            One part of every text.
        """
        codes, found = pd.factorize(np.array([*tokens], dtype=object))
        codes = codes[self.texts]
        common = ~rare_levels(codes, self.entities, len(found))
        counts = np.bincount(codes, minlength=len(found)).astype(float)
        order = np.flatnonzero(common)[np.argsort(-counts[common], kind="stable")]
        covered = counts[order].sum() / max(counts.sum(), 1.0)
        return [str(found[code]) for code in order], counts[order], float(covered)

    def knots(self, numbers: Sequence[int]) -> list[float]:
        """Return quantiles of numbers inside the range that enough entities reach.

        Between the ends each is the mean of its neighbours, not the number of one entity.
        """
        values = np.array(numbers, dtype=float)[self.texts]
        low, high = shared_range(values, self.entities)
        count = int(np.clip(len(values) // _ROWS_OF_A_KNOT, 2, KNOTS))
        shares = np.linspace(0, 1, count)
        apart = np.r_[0, np.full(count - 2, 1 / len(values)), 0][:count]
        clipped = np.clip(values, low, high)
        found = np.mean([np.quantile(clipped, shares + s * apart) for s in (-1, 1)], axis=0)
        return [float(knot) for knot in found]


def distinct_words(texts: Iterable[str], holders: TextRows) -> list[str]:
    """Return the words without digits that enough entities use, most frequent first."""
    words = [[w for w in dict.fromkeys(text.split()) if not any(map(str.isdigit, w))]
             for text in texts]  # fmt: skip
    sizes = np.array([len(some) for some in words], dtype=np.int64)
    codes, found = pd.factorize(np.array([w for some in words for w in some], dtype=object))
    rows = holders.texts
    begins = starts_of(sizes)[rows]
    repeated = np.repeat(np.arange(len(rows)), sizes[rows])
    within = places(sizes[rows])
    used = codes[begins[repeated] + within]
    common = ~rare_levels(used, holders.entities[repeated], len(found))
    order = np.argsort(-np.bincount(codes, minlength=len(found)), kind="stable")
    return [str(found[code]) for code in order if common[code]]


def draw(weights: Sequence[float], count: int, rng: np.random.Generator) -> Integers:
    """Return places drawn in proportion to weights."""
    total = np.cumsum(np.asarray(weights, float))
    chosen: Integers = np.searchsorted(total, rng.random(count) * total[-1], side="right")
    return np.minimum(chosen, len(total) - 1)
