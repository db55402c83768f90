"""What a measure is: what it compares, the figures it gives and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from relsynth.evaluate.database import Database
from relsynth.seeding import Seed, integer_seed, stream
from relsynth.typing import Integers, Tables

if TYPE_CHECKING:
    from relsynth.metadata import ForeignKey
    from relsynth.warehouse import BrokenKey

Better = Literal["higher", "lower", "near"]
Scores = dict[str, Any]
BOTH = frozenset({"ceiling", "floor"})
CEILING = frozenset({"ceiling"})
NEITHER: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows and pairs used at most, so that cost stays linear; stated in every report.

    Attributes
    ----------
    detection_rows : int
        Rows a side for every classifier of one table or of families.
    joined_rows : int
        Rows a side for the classifiers of child rows joined to their parent.
    pair_rows : int
        Rows a side for pairs of columns and joined tables.
    trivariates : int
        Triples of columns per table, drawn at random beyond.
    sequence_rows : int
        Rows a group that coherence looks at.
    distance_rows : int
        Rows whose nearest neighbours are looked for.
    neighbour_rows : int
        Rows among which they are looked for; fewer would hide copies.
    utility_rows : int
        Rows a side to train and test on.
    """

    detection_rows: int = 20_000
    joined_rows: int = 10_000
    pair_rows: int = 100_000
    trivariates: int = 10_000
    sequence_rows: int = 100
    distance_rows: int = 2_000
    neighbour_rows: int = 50_000
    utility_rows: int = 10_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run of the measures: two databases and what belongs to them.

    Attributes
    ----------
    holdout : Database, optional
        Real data the synthesizer has not seen.
    tables : mapping of str to Tables
        The tables as given, ``"real"`` and ``"synthetic"``; empty for ceiling and floor.
    contexts : mapping of str to ForeignKey or None
        Per table, parents before children, the key through which its rows belong to a
        parent.
    targets : mapping of str to str
        Columns to predict, by table.
    counted : tuple of BrokenKey, optional
        Broken keys of the synthetic data over all rows, where only a part of them was read.
    """

    real: Database
    synthetic: Database
    holdout: Database | None = None
    tables: dict[str, Tables] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    seed: Seed = 0
    contexts: Mapping[str, ForeignKey | None] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    counted: tuple[BrokenKey, ...] | None = None

    @property
    def classifier_seed(self) -> int:
        """A whole number for classifiers and their folds; 0 is the published protocol."""
        return self.seed if isinstance(self.seed, int) else integer_seed(self.seed, "folds") % 2**20

    def sample(self, rows: int, limit: int, *names: object) -> Integers:
        """Return at most `limit` of `rows` row numbers, ascending, by a named stream."""
        if rows <= limit:
            return np.arange(rows)
        return np.sort(stream(self.seed, *names).choice(rows, limit, replace=False))


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report.

    Attributes
    ----------
    says : str
        One line for a reader who does not know the term: what it means, what is good.
    better : {"higher", "lower", "near"}
        ``"near"`` means near `ideal`, from either side.
    """

    name: str
    title: str
    says: str
    better: Better = "higher"
    ideal: float = 1.0


@dataclass(frozen=True, slots=True)
class Measure:
    """A way to compare two databases.

    Attributes
    ----------
    says : str
        What is compared, in plain words.
    figures : tuple of Figure
        The numbers it gives; the first stands for the measure.
    run : callable
        Takes a `Comparison` and returns the figures by name, and details.
    lines : frozenset of str
        Which of ``"ceiling"`` and ``"floor"`` can be measured: a measure that never looks
        at links has no floor.
    """

    name: str
    title: str
    says: str
    figures: tuple[Figure, ...]
    run: Callable[[Comparison], Scores]
    lines: frozenset[str] = BOTH


def mean_of(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that exist, ``None`` where there is none."""
    known = [value for value in values if value is not None and not np.isnan(value)]
    return float(np.mean(known)) if known else None


def max_of(values: Iterable[float | None]) -> float | None:
    """Return the largest of the values that exist, ``None`` where there is none."""
    known = [value for value in values if value is not None and not np.isnan(value)]
    return float(max(known)) if known else None
