"""A series as features: normal scores of the last rows, and smooth functions of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd
from scipy.special import ndtri

from relsynth.typing import Flags, Floats

# points at which a column's scores are kept; finer than the bins of a tokenizer
KNOTS = 1_000
# the fourth moment of a standardised normal column
NORMAL = 3.0
# functions of the context: more cost time and bring no lower error on 5,000 rows
WAVES = 256
# scores beyond are of values never seen: functions of them would be anything
FARTHEST = 4.0


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one column's values.

    They are standardised values where the tails are no heavier than normal ones, so that what
    depends on the values in a straight line goes on to do so, and normal scores elsewhere.

    Attributes
    ----------
    values, scores : ndarray, shape (n_knots,)
        Rising values and their scores; in between lies what lies in between.
    """

    values: Floats
    scores: Floats

    @classmethod
    def of(cls, column: Floats) -> Self:
        """Learn from a column; missing values are left out."""
        levels, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        if not len(levels):
            return cls(np.zeros(1), np.zeros(1))
        mean = float(levels @ counts / counts.sum())
        spread = float(np.sqrt((levels - mean) ** 2 @ counts / counts.sum()))
        unit = (levels - mean) / (spread or 1.0)
        if unit**4 @ counts / counts.sum() <= NORMAL:
            return cls(levels[[0, -1]], unit[[0, -1]])
        middle = np.cumsum(counts) - counts / 2
        kept = np.unique(np.linspace(0, len(levels) - 1, min(len(levels), KNOTS)).astype(int))
        return cls(levels[kept], ndtri(middle[kept] / counts.sum()))


def normal_scores(rows: Floats) -> Floats:
    """Return the normal scores of every column, ``NaN`` where missing; ties have one score."""
    frame = pd.DataFrame(rows)
    scores: Floats = ndtri(((frame.rank() - 0.5) / frame.notna().sum()).to_numpy())
    return scores


@dataclass(frozen=True, slots=True)
class Lags:
    """Features of the rows before a step.

    Attributes
    ----------
    context : int
        Rows looked at.
    columns : list of Scores
    gaps : ndarray of bool, shape (n_columns,)
        Columns with missing values, which get a flag per row.
    waves : ndarray, shape (n_linear, WAVES)
        Random directions of cosines (random Fourier features, Rahimi and Recht 2007).
    phases : ndarray, shape (WAVES,)
    """

    context: int
    columns: list[Scores]
    gaps: Flags
    waves: Floats
    phases: Floats
    cache: dict[str, tuple[Floats, Floats]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, series: list[Floats], context: int, rng: np.random.Generator) -> Self:
        """Learn scores from series and draw directions."""
        joined = np.concatenate(series)
        columns = [Scores.of(column) for column in joined.T]
        gaps: Flags = np.asarray(np.isnan(joined).any(axis=0))
        width = context * (joined.shape[1] + int(gaps.sum()))
        # a wave sees a few columns of the last row mostly: far lags tell less
        reach = np.repeat(0.5 ** np.arange(context)[::-1], width // context)
        waves = rng.standard_normal((width, WAVES)) * reach[:, None] / np.sqrt(width / context)
        return cls(context, columns, gaps, waves, rng.uniform(0, 2 * np.pi, WAVES))

    def scores(self, rows: Floats) -> Floats:
        """Return the scores of rows and their flags, shape (n_rows, n_columns + n_gaps)."""
        low = np.array([own.values[0] for own in self.columns])
        span = np.array([own.values[-1] - own.values[0] for own in self.columns])
        unit = np.clip((rows - low) / np.where(span > 0, span, 1.0), 0.0, 1.0)
        # one look-up for all columns, which are laid side by side
        side = 2.0 * np.arange(len(self.columns))
        found = np.interp(unit + side, *self._table())
        found = np.where(np.isnan(rows), 0.0, found)
        missing = np.isnan(rows[:, self.gaps]).astype(float)
        return np.clip(np.hstack([found, missing]), -FARTHEST, FARTHEST)

    def _table(self) -> tuple[Floats, Floats]:
        if "table" not in self.cache:
            places = []
            for side, own in enumerate(self.columns):
                span = own.values[-1] - own.values[0]
                places.append((own.values - own.values[0]) / (span or 1.0) + 2.0 * side)
            scores = [own.scores for own in self.columns]
            self.cache["table"] = np.concatenate(places), np.concatenate(scores)
        return self.cache["table"]

    def windows(self, rows: Floats) -> Floats:
        """Return the features of every step that has enough rows before it.

        Parameters
        ----------
        rows : ndarray, shape (n_steps, n_columns)

        Returns
        -------
        ndarray, shape (n_steps - context + 1, n_features)
            The last one for the step after the series.
        """
        scores = self.scores(rows)
        count = len(rows) - self.context + 1
        at = np.arange(count)[:, None] + np.arange(self.context)
        return self.expand(scores[at].reshape(count, -1))

    def expand(self, linear: Floats) -> Floats:
        """Return linear features, cosines of their combinations and a constant."""
        cosines = np.cos(linear @ self.waves + self.phases)
        return np.hstack([linear, cosines, np.ones((len(linear), 1))])
