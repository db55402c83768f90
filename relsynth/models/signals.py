"""Columns as the signals of a Gaussian copula: values, missingness and level axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

import numpy as np
from scipy.special import ndtri

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.gaussian.matching import hermite_coefficients, latent_grid
from relsynth.models.empirical import Empirical
from relsynth.models.levels import indicators, level_axes, level_codes
from relsynth.sorting import lexical_order
from relsynth.typing import Flags, Floats, Integers

Role = Literal["missing", "number", "order", "axis"]


class Marginal(Protocol):
    """A fitted distribution of one column; the marginals of `copulas` are such."""

    def cumulative_distribution(self, column: Floats) -> Floats:
        """Return the share below each value."""
        ...

    def percent_point(self, shares: Floats) -> Floats:
        """Return the quantiles of shares between 0 and 1."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return what was fitted as arrays and JSON values."""
        ...


@dataclass(frozen=True, slots=True)
class Signal:
    """One dimension of the copula.

    Attributes
    ----------
    role : {"missing", "number", "order", "axis"}
        Whether the column is missing; its value; the place of its level in an order,
        which is drawn and never known; its level on an axis, which is known and never
        drawn.
    columns : tuple of int
        Positions of the columns it speaks of; several where they are missing together.
    marginal : Marginal or None
        ``None`` for an axis, whose numbers are scores already.
    levels : ndarray of float, shape (n_levels + 1,), optional
        Number that stands for each level, the last one for missing values.
    reach : float
        Scores stay within ``-reach`` and ``reach``.
    """

    role: Role
    columns: tuple[int, ...]
    marginal: Marginal | None
    levels: Floats | None
    reach: float

    def score(self, numbers: Floats) -> Floats:
        """Return the normal scores of numbers; ``NaN`` stays ``NaN``."""
        if self.marginal is None:
            return numbers
        scores = np.full(len(numbers), np.nan)
        known = ~np.isnan(numbers)
        share = self.marginal.cumulative_distribution(numbers[known])
        with np.errstate(divide="ignore"):
            scores[known] = np.clip(ndtri(share), -self.reach, self.reach)
        return scores

    def read(self, values: Floats, unknown: Flags) -> Floats:
        """Return the scores of rows in which some cells are unknown."""
        if self.role == "missing":
            return self.score(self._missing(values, unknown))
        column = values[:, self.columns[0]]
        if self.levels is None:
            return self.score(column)
        numbers = self.levels[level_codes(column, len(self.levels) - 1)]
        return self.score(np.where(unknown[:, self.columns[0]], np.nan, numbers))

    def _missing(self, values: Floats, unknown: Flags) -> Floats:
        numbers = np.full(len(values), np.nan)
        for column in reversed(self.columns):
            is_known = ~unknown[:, column]
            numbers[is_known] = np.isnan(values[is_known, column])
        return numbers

    def hermite(self) -> Floats:
        """Return the Hermite coefficients of the score; see `latent`."""
        scores = np.asarray(ndtri(latent_grid()))
        if self.marginal is not None:
            scores = self.score(self.marginal.percent_point(latent_grid()))
        return hermite_coefficients(scores)

    def at_share(self, shares: Floats) -> Floats:
        """Return the numbers, or for an order the level codes, at shares between 0 and 1."""
        if self.marginal is None:
            raise TypeError("an axis is known and never drawn")
        numbers = self.marginal.percent_point(shares)
        if self.levels is None:
            return numbers
        by_place = np.argsort(self.levels, kind="stable")
        codes = by_place[np.searchsorted(self.levels[by_place], numbers)].astype(float)
        return np.where(codes == len(self.levels) - 1, np.nan, codes)


MarginalOf = Callable[[str, ColumnKind, Floats], Marginal]


def signals_of(table: Matrix, known: int, rows: Integers, marginal_of: MarginalOf) -> list[Signal]:
    """Return the signals of a table.

    Parameters
    ----------
    table : Matrix
        Context columns first.
    known : int
        Number of context columns.
    rows : ndarray of int
        Rows on which the levels of categories are compared.
    marginal_of : callable
        Fits the marginal of a column's known values.
    """
    missing = np.isnan(table.values)
    signals = _missing_signals(table, missing)
    features: dict[int, Floats] = {}
    for at, (name, kind) in enumerate(zip(table.names, table.kinds, strict=True)):
        column, present = table.values[:, at], table.values[~missing[:, at], at]
        if not len(present) or (len(present) == len(column) and (column == column[0]).all()):
            continue
        if kind == "category":
            features[at] = indicators(level_codes(column[rows], _n_levels(column)))
            continue
        signal = Signal("number", (at,), marginal_of(name, kind, present), None, _reach(present))
        signals.append(signal)
        features[at] = _standardised(signal.score(column[rows]))
    for at in features:
        if table.kinds[at] == "category":
            others = [features[i] for i in features if i != at and (at >= known or i >= known)]
            signals += _level_signals(table.values[:, at], at, rows, others, at >= known)
    return signals


def _missing_signals(table: Matrix, missing: Flags) -> list[Signal]:
    """Return one signal per set of number columns that are missing in the same rows."""
    together: dict[bytes, list[int]] = {}
    for at in np.flatnonzero(missing.any(0) & ~missing.all(0)):
        if table.kinds[at] != "category":
            together.setdefault(np.packbits(missing[:, at]).tobytes(), []).append(int(at))
    return [
        Signal(
            "missing",
            tuple(columns),
            Empirical.of(missing[:, columns[0]].astype(float), "category"),
            None,
            _reach(missing),
        )
        for columns in together.values()
    ]


def _level_signals(
    column: Floats, at: int, rows: Integers, others: list[Floats], is_drawn: bool
) -> list[Signal]:
    n_levels = _n_levels(column)
    codes = level_codes(column, n_levels)
    width = sum(part.shape[1] for part in others)
    features = np.column_stack(others) if width else np.empty((len(rows), 0))
    axes = level_axes(codes[rows], n_levels, features)
    signals = [Signal("axis", (at,), None, axis, np.inf) for axis in axes.T]
    if is_drawn:
        counts = np.bincount(codes, minlength=n_levels + 1)
        first = np.nan_to_num(axes[:, 0]) if axes.shape[1] else np.zeros(n_levels + 1)
        levels = np.empty(n_levels + 1)
        levels[lexical_order((-counts, first))] = np.arange(n_levels + 1)
        marginal = Empirical.of(levels[codes], "category")
        signals.append(Signal("order", (at,), marginal, levels, _reach(codes)))
    return signals


def _n_levels(column: Floats) -> int:
    return int(np.nanmax(column)) + 1 if not np.isnan(column).all() else 0


def _reach(column: Any) -> float:
    return float(-ndtri(0.5 / (len(column) + 1.0)))


def _standardised(scores: Floats) -> Floats:
    known = np.nan_to_num(scores - np.nanmean(scores)) if not np.isnan(scores).all() else scores * 0
    spread = known.std()
    return (known / spread if spread > 0 else np.zeros(len(known)))[:, None]


def signal_state(signal: Signal) -> dict[str, Any]:
    """Return a signal as arrays and JSON values."""
    return {
        "role": signal.role,
        "columns": list(signal.columns),
        "marginal": None if signal.marginal is None else signal.marginal.to_dict(),
        "levels": signal.levels,
        "reach": signal.reach,
    }


def signal_from(state: Mapping[str, Any], marginal: Marginal | None) -> Signal:
    """Rebuild from `signal_state` and a rebuilt marginal."""
    levels = None if state["levels"] is None else np.asarray(state["levels"], float)
    if state["role"] not in get_args(Role):
        raise ValueError(f"unknown role {state['role']!r} of a signal")
    return Signal(state["role"], tuple(state["columns"]), marginal, levels, float(state["reach"]))
