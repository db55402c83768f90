"""Gaussian copula: marginals and one correlation matrix.

Marginals of whole columns and their correlation are fitted with the package `copulas` of
DataCebo, which is under the Business Source License 1.1 and may be used, also in production,
except in a commercial offering that lets third parties create synthetic data with it. Each
version becomes MIT licensed four years after its release; only this file imports it, and
conditional marginals, the default, work without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd

from relsynth.columns.matrix import ColumnKind, Matrix
from relsynth.errors import did_you_mean
from relsynth.gaussian.matching import TERMS, match_correlation, repair_correlation
from relsynth.models.completion import Completion
from relsynth.models.conditional_copula import ConditionalCopula
from relsynth.models.empirical import Empirical
from relsynth.models.latent import LatentGaussian, shrink_correlation
from relsynth.models.signals import Marginal, Signal, signals_of
from relsynth.optional import require
from relsynth.packing import packable
from relsynth.quiet import quiet
from relsynth.seeding import Seed, stream
from relsynth.typing import Flags, Floats

MARGINALS = ("conditional", "empirical", "parametric")
STRUCTURE_ROWS = 30_000  # a correlation is known to .006 from them, from 60,000 to .004


@packable
class GaussianCopula:
    """Table model with one correlation matrix behind all numbers or all columns.

    Parameters
    ----------
    marginals : "conditional", "empirical", "parametric" or mapping, default "conditional"
        ``"conditional"``: every number has a distribution for itself in each leaf of a tree
        on context, categories, gaps and frequent values, and these are drawn from trees;
        see `ConditionalCopula`. With all others, one matrix is behind all columns and
        their context. ``"empirical"``: values seen often come back exactly, between rare
        ones it is interpolated. ``"parametric"``: every number gets the best fitting family.
        A mapping gives columns the family named, one of ``"normal"``, ``"uniform"``,
        ``"beta"``, ``"gamma"``, ``"truncated normal"``, ``"student t"``,
        ``"log-Laplace"``; other columns are empirical.

    Raises
    ------
    ImportError
        When the package `copulas` is not installed, for marginals that are not conditional.

    Notes
    -----
    Conditional marginals are described in `ConditionalCopula`, all others here. Every column
    becomes one or more signals. A number is a normal score of its
    mid-rank; missingness is a signal of its own, shared by columns that are missing
    together. A category is drawn from an order of its levels along the axis on which they
    differ most in the other columns, and read, where it is known, on up to five such
    axes; a missing category is a level of its own. The correlation of scores with ties is
    corrected to that of the normal variables behind them. Missingness is drawn first,
    then one category after the other, then all numbers given those.

    Fitting sorts every column once and compares at most 30,000 rows: O(n log n) a column
    plus O(d^2) pairs and one O(d^3) repair. Sampling costs one O(d^3) solve per pattern of
    known values and O(d) per cell. What is kept are quantile grids, level frequencies and
    correlations, never rows.

    References
    ----------
    Cario and Nelson (1997), Modeling and generating random vectors with arbitrary marginal
    distributions and correlation matrix. Song (2000), Multivariate dispersion models
    generated from Gaussian copula.

    Examples
    --------
    >>> import numpy as np
    >>> from relsynth.columns.matrix import Matrix
    >>> x = np.random.default_rng(0).normal(size=500)
    >>> rows = Matrix(("x", "twice"), ("number", "number"), np.column_stack([x, 2 * x]))
    >>> model = GaussianCopula(marginals="empirical").fit(rows, Matrix.empty(500), seed=0)
    >>> drawn = model.sample_template(np.array([[1.0, np.nan]]), np.random.default_rng(0))
    >>> bool(abs(drawn[0, 1] - 2) < 0.3)
    True
    """

    name = "gaussian_copula"

    def __init__(self, *, marginals: str | Mapping[str, str] = "conditional") -> None:
        self.marginals = _checked(marginals)
        if self.marginals != "conditional":
            require("copulas", None, f"a Gaussian copula with {marginals!r} marginals")

    def fit(self, rows: Matrix, context: Matrix, *, seed: Seed = None) -> Self:
        """Fit marginals and correlation; see `TableModel.fit`."""
        self.conditional_ = None
        if self.marginals == "conditional":
            self.conditional_ = ConditionalCopula().fit(rows, context, seed=seed)
            return self
        if isinstance(self.marginals, dict):
            for name in self.marginals:
                if name not in rows.names:
                    hint = did_you_mean(name, rows.names)
                    raise ValueError(f"marginals: no column {name!r} in the table; {hint}")
        table = Matrix.join([context, rows])
        self.constants_ = _constants(rows.values)
        some = np.arange(len(table))
        if len(table) > STRUCTURE_ROWS:
            some = np.sort(stream(seed, "structure").permutation(some)[:STRUCTURE_ROWS])
        signals = signals_of(table, len(context.names), some, self._marginal)
        fitted = _fit_latent(signals, table.values[some], len(context.names))
        self.completion_ = fitted.calibrated(table.values[some], stream(seed, "calibration"))
        return self

    @property
    def named_columns(self) -> tuple[str, ...]:
        """Columns that `marginals` gives a family."""
        return () if isinstance(self.marginals, str) else tuple(self.marginals)

    def restricted_to(self, names: Sequence[str]) -> GaussianCopula:
        """Return an unfitted model with the marginals of some columns only.

        A table's model is fitted to its rows and, elsewhere, to summaries of them, which
        have other columns.
        """
        if isinstance(self.marginals, str):
            return GaussianCopula(marginals=self.marginals)
        kept = {name: family for name, family in self.marginals.items() if name in names}
        return GaussianCopula(marginals=kept)

    def _marginal(self, name: str, kind: ColumnKind, column: Floats) -> Marginal:
        if isinstance(self.marginals, str):
            family = "parametric" if self.marginals == "parametric" and kind == "number" else None
        else:
            family = self.marginals.get(name)
        if family is None:
            return Empirical.of(column, kind)
        if family == "parametric":
            return _best_parametric(column)
        try:
            return _Parametric.of(family, column)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"column {name!r}: {family!r} cannot be fitted: {error}") from error

    def sample(self, context: Matrix, rng: np.random.Generator) -> Floats:
        """Draw one row per context row; see `TableModel.sample`."""
        if self.conditional_ is not None:
            return self.conditional_.sample(context, rng)
        template = np.full((len(context), len(self.constants_)), np.nan)
        return self.sample_template(template, rng, context=context)

    def stepwise(self, rng: np.random.Generator) -> Callable[[Matrix], Floats]:
        """Return what draws rows in many calls; see `relsynth.models.protocol.stepwise`."""
        if self.conditional_ is not None:
            return self.conditional_.stepwise(rng)
        return partial(self.sample, rng=rng)

    def sample_template(
        self, template: Floats, rng: np.random.Generator, *, context: Matrix | None = None
    ) -> Floats:
        """Draw the unknown cells of rows given their known ones.

        Parameters
        ----------
        template : ndarray of float, shape (n_samples, n_columns)
            The columns of the fitted rows, ``NaN`` where unknown; every row may know
            other columns.
        context : Matrix, shape (n_samples, n_context), optional
            Needed where the model was fitted with context; ``NaN`` is missing.

        Returns
        -------
        ndarray of float, shape (n_samples, n_columns)
            Known cells as they were given. ``NaN`` where a missing value was drawn.

        Raises
        ------
        ValueError
            For conditional marginals, whose columns are drawn in one order.
        """
        if self.conditional_ is not None:
            raise ValueError(
                "rows with known cells need one matrix behind all columns; use "
                "GaussianCopula(marginals='empirical')"
            )
        given = np.empty((len(template), 0)) if context is None else context.values
        shapes = (given.shape, template.shape)
        expected = (len(template), self.completion_.n_known), (len(given), len(self.constants_))
        if shapes != expected:
            raise ValueError(f"context and template of shapes {shapes}, expected {expected}")
        values = np.column_stack([given, template])
        unknown = np.isnan(values)
        unknown[:, : given.shape[1]] = False
        drawn = self.completion_.complete(values, unknown, rng)[:, given.shape[1] :]
        constant = np.isnan(template) & ~np.isnan(self.constants_)
        return np.where(constant, self.constants_, drawn)

    def to_state(self) -> dict[str, Any]:
        """Return marginals and correlation."""
        if self.conditional_ is not None:
            return {"conditional": self.conditional_.to_state()}
        return {"constants": self.constants_, "completion": self.completion_.to_state()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_state`, refusing what is inconsistent."""
        model = cls()
        model.conditional_ = None
        if "conditional" in state:
            model.conditional_ = ConditionalCopula.from_state(state["conditional"])
            return model
        model.constants_ = np.asarray(state["constants"], float)
        marginals = [_marginal_from(one["marginal"]) for one in state["completion"]["signals"]]
        model.completion_ = Completion.from_state(state["completion"], marginals)
        return model


def _fit_latent(signals: Sequence[Signal], values: Floats, n_known: int) -> Completion:
    """Correlate the scores of the signals on some rows."""
    nowhere = np.zeros(values.shape, bool)
    scores = np.empty((len(values), len(signals)))
    for at, signal in enumerate(signals):
        scores[:, at] = signal.read(values, nowhere)
    known = ~np.isnan(scores)
    count = np.maximum(known.sum(0), 1)
    centre = np.where(known, scores, 0.0).sum(0) / count
    filled = np.where(known, scores - centre, 0.0)
    spread = np.sqrt((filled**2).sum(0) / count)
    scale = np.where(spread > 0, spread, 1.0)
    hermite = np.array([signal.hermite() for signal in signals]).reshape(-1, TERMS)
    hermite[[signal.columns[0] < n_known for signal in signals]] = np.eye(1, TERMS)
    matched = match_correlation(_pairwise_correlation(filled / scale, known), hermite)
    latent = LatentGaussian(repair_correlation(matched), hermite)
    return Completion.of(signals, latent, centre, scale, n_known)


def _marginal_from(state: Mapping[str, Any] | None) -> Marginal | None:
    if state is None:
        return None
    return (_Parametric if "family" in state else Empirical).from_dict(state)


def _checked(marginals: str | Mapping[str, str]) -> str | dict[str, str]:
    if isinstance(marginals, str):
        if marginals not in MARGINALS:
            hint = did_you_mean(marginals, MARGINALS)
            raise ValueError(f"marginals: {marginals!r} is not known; {hint}")
        return marginals
    allowed = (*FAMILIES, "parametric")
    for column, family in marginals.items():
        if family not in allowed:
            hint = did_you_mean(family, allowed)
            raise ValueError(f"marginals[{column!r}]: {family!r} is not known; {hint}")
    return dict(marginals)


def _constants(values: Floats) -> Floats:
    """Return the value of every column that has one value in all rows, else ``NaN``."""
    if len(values) == 0:
        return np.full(values.shape[1], np.nan)
    return np.where((values == values[0]).all(0), values[0], np.nan)


def _pairwise_correlation(filled: Floats, known: Flags) -> Floats:
    """Return the correlation of standardised scores, each pair over the rows that know both.

    Missing scores are filled with the mean, which dilutes a covariance by the share of
    rows that know both; that is undone, and what is left is shrunk by its own variance.
    """
    n_rows, n = filled.shape
    if n_rows < 2 or n == 0:
        return np.eye(n)
    multivariate = require("copulas.multivariate", None, "the Gaussian-copula model")
    univariate = require("copulas.univariate", None, "the Gaussian-copula model")
    varied = np.flatnonzero((filled != filled[0]).any(0))
    frame = pd.DataFrame(filled[:, varied], columns=[str(at) for at in varied])
    fitted = multivariate.GaussianMultivariate(distribution=univariate.GaussianUnivariate)
    with quiet():
        fitted.fit(frame)
    diluted = np.eye(n)
    diluted[np.ix_(varied, varied)] = np.nan_to_num(np.asarray(fitted.correlation))
    share = known.mean(0)
    both = known.T.astype(float) @ known.astype(float)
    observed = diluted * np.sqrt(share[:, None] * share) / np.maximum(both / n_rows, 1 / n_rows)
    return shrink_correlation(np.clip(observed, -1.0, 1.0), both)


FAMILIES = {
    "normal": "GaussianUnivariate",
    "uniform": "UniformUnivariate",
    "beta": "BetaUnivariate",
    "gamma": "GammaUnivariate",
    "truncated normal": "TruncatedGaussian",
    "student t": "StudentTUnivariate",
    "log-Laplace": "LogLaplace",
}
SELECTION_ROWS = 1_000  # quantiles that stand for a column where distributions are compared


@dataclass(frozen=True, slots=True)
class _Parametric:
    """A distribution of `copulas`, kept within the range it was fitted on."""

    family: str
    fitted: Any
    low: float
    high: float

    @classmethod
    def of(cls, family: str, column: Floats) -> _Parametric:
        fitted = _univariate(family)()
        with quiet(), np.errstate(all="ignore"):
            fitted.fit(column)
        low, high = np.quantile(column, [0.5 / len(column), 1 - 0.5 / len(column)])
        return cls(family, fitted, float(low), float(high))

    def cumulative_distribution(self, column: Floats) -> Floats:
        return np.nan_to_num(np.asarray(self.fitted.cumulative_distribution(column)), nan=0.5)

    def percent_point(self, shares: Floats) -> Floats:
        drawn = np.asarray(self.fitted.percent_point(np.clip(shares, 1e-9, 1 - 1e-9)), float)
        return np.clip(np.nan_to_num(drawn, nan=self.low), self.low, self.high)

    def to_dict(self) -> dict[str, Any]:
        parameters = {k: float(v) for k, v in self.fitted.to_dict().items() if k != "type"}
        return {"family": self.family, "low": self.low, "high": self.high, "fitted": parameters}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> _Parametric:
        family = _univariate(state["family"])
        name = f"{family.__module__}.{family.__qualname__}"
        fitted = family.from_dict({**state["fitted"], "type": name})
        return cls(state["family"], fitted, float(state["low"]), float(state["high"]))


def _univariate(family: str) -> Any:
    if family not in FAMILIES:
        raise ValueError(f"unknown family {family!r}; {did_you_mean(family, FAMILIES)}")
    return getattr(require("copulas.univariate", None, "a parametric marginal"), FAMILIES[family])


def _best_parametric(column: Floats) -> Marginal:
    """Fit every family on a thinned column, then the one of least Kolmogorov distance."""
    ranks = (np.arange(SELECTION_ROWS) + 0.5) / SELECTION_ROWS
    some = np.quantile(column, ranks) if len(column) > SELECTION_ROWS else np.sort(column)
    middle = (np.arange(len(some)) + 0.5) / len(some)
    distance = {}
    for family in FAMILIES:
        try:
            fitted = _Parametric.of(family, some)
        except (ValueError, RuntimeError):
            continue
        with np.errstate(all="ignore"):
            distance[family] = np.abs(fitted.cumulative_distribution(some) - middle).max()
    return _Parametric.of(min(distance, key=lambda family: distance[family]), column)
