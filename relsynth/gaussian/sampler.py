"""Rows of a normal distribution or a Gaussian copula, free or with given values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from relsynth.arguments import number_fault, refuse
from relsynth.arrays import FrameMixin, generator_of, read_numbers
from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.gaussian.conditional import Conditional, condition
from relsynth.gaussian.matching import hermite_coefficients, latent_grid, match_correlation
from relsynth.hvrt.scores import NormalScores
from relsynth.typing import Flags, Floats, Integers

KINDS = ("normal", "copula")
CORRELATIONS = ("scores", "values")
# in deviations: far above rounding errors of a template, far below what a reader would notice
CONTRADICTION = 1e-4
NAMED = 10  # rows or columns that a message names


class GaussianSampler(FrameMixin, BaseEstimator):
    """Learn means and covariances, draw rows, all of them or given some of their values.

    Parameters
    ----------
    kind : {"normal", "copula"}, default "normal"
        A multivariate normal distribution; or the values' own distributions joined by
        one, which keeps skewed and discrete columns as they are.
    correlation : {"scores", "values"}, default "scores"
        For ``"copula"``, what correlates in the draws as in the data: normal scores, which
        suits conditional draws, or the values, which keeps covariances also of columns that
        fall into groups but makes columns of such groups tell too much of each other.
    ridge : float, default 1e-9
        Added to each variance, as a part of it: keeps the draws of dependent columns
        well-defined at any scale of the data.
    random_state : int, RandomState, Generator or None, default None
        For calls that are given none of their own.

    Attributes
    ----------
    mean_ : ndarray, shape (n_columns,)
    covariance_ : ndarray, shape (n_columns, n_columns)
        Of the values (``"normal"``), or of their normal scores (``"copula"``).
    scale_ : ndarray, shape (n_columns,)
        Deviations in the same units; 0 for a constant column.
    n_samples_seen_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where `fit` was given a frame.

    Notes
    -----
    Fitting costs O(n d^2) time (``"copula"``: a sort per column in addition), a draw O(d^2)
    per row, and each pattern of known columns one O(d^3) solve. Draws are in the units of
    the data.

    References
    ----------
    Anderson (2003), An Introduction to Multivariate Statistical Analysis, section 2.5.
    Song (2000), Multivariate dispersion models generated from Gaussian copula.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> model = GaussianSampler().fit(load_iris().data)
    >>> drawn = model.conditional_sample([5.1, None, 1.4, None], n=1000, random_state=0)
    >>> drawn.shape, drawn[:, [0, 2]].std(axis=0).tolist()
    ((1000, 4), [0.0, 0.0])
    >>> drawn.mean(axis=0).round(1).tolist()
    [5.1, 3.4, 1.4, 0.2]
    """

    def __init__(
        self,
        kind: str = "normal",
        correlation: str = "scores",
        ridge: float = 1e-9,
        random_state: Any = None,
    ) -> None:
        self.kind = kind
        self.correlation = correlation
        self.ridge = ridge
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from rows.

        Parameters
        ----------
        X : array-like or frame, shape (n_rows, n_columns)
            Finite numbers; at least 2 rows.
        y : None
            Ignored.

        Raises
        ------
        DataError
            Listing every column that is not numeric or not finite; for fewer than 2 rows.
        ValueError
            For an unknown `kind` or a negative `ridge`.
        """
        if self.kind not in KINDS:
            raise ValueError(f"kind={self.kind!r} is not known; {did_you_mean(self.kind, KINDS)}")
        if self.correlation not in CORRELATIONS:
            hint = did_you_mean(self.correlation, CORRELATIONS)
            raise ValueError(f"correlation={self.correlation!r} is not known; {hint}")
        refuse("GaussianSampler", number_fault("ridge", self.ridge, least=0))
        values, names = read_numbers(X, least_rows=2)
        given = values
        self._take_in(values, names)
        self.n_samples_seen_ = len(values)
        self.marginals_: NormalScores | None = None
        self.known_values_ = values[0]
        if self.kind == "copula":
            # between whole numbers there is none
            smooth = (values != np.round(values)).any(axis=0)
            self.marginals_ = NormalScores.of(values, smooth)
            given, values = values, self.marginals_.middle(values)
        self.mean_ = values.mean(axis=0)
        centred = values - self.mean_
        # what rounding leaves of the deviation of a constant column is none
        deep = np.abs(values).max(axis=0) * np.finfo(float).eps * 8
        scale = np.sqrt((centred**2).sum(axis=0) / (len(values) - 1))
        self.scale_ = np.where(scale <= deep, 0.0, scale)
        unit = centred / np.where(self.scale_ > 0, self.scale_, np.inf)
        self.correlation_ = unit.T @ unit / (len(values) - 1)
        if self.marginals_ is not None and self.correlation == "values":
            self.correlation_ = self._matched(given, self.correlation_)
        self.covariance_ = self.correlation_ * self.scale_[:, None] * self.scale_
        everything = np.zeros(values.shape[1], dtype=bool)
        self._solved: dict[bytes, tuple[Integers, Integers, Conditional]] = {}
        self._conditional(everything)
        return self

    def sample(self, n: int = 1, random_state: Any = None) -> Any:
        """Draw rows.

        Parameters
        ----------
        n : int, default 1
            At least 1.
        random_state : int, RandomState, Generator or None

        Returns
        -------
        ndarray or frame, shape (n, n_columns)
        """
        check_is_fitted(self, "covariance_")
        return self.conditional_sample(np.full((1, self.n_features_in_), np.nan), n, random_state)

    def conditional_sample(self, template: Any, n: int = 1, random_state: Any = None) -> Any:
        """Draw rows that hold the known values of a template.

        Parameters
        ----------
        template : sequence, mapping, or array-like of shape (n_templates, n_columns)
            Values in the order of the columns, ``None`` or ``NaN`` where unknown; or
            ``{column: value}``; or several rows of the former, also a frame.
        n : int, default 1
            Rows per template.
        random_state : int, RandomState, Generator or None

        Returns
        -------
        ndarray or frame, shape (n_templates * n, n_columns)
            The rows of one template one after the other. Known values exactly as given.

        Raises
        ------
        DataError
            For a template of another length, with infinite values, with unknown column
            names (listed), or whose known values contradict each other: where columns
            determine each other in the fitted rows, or are constant.
        """
        check_is_fitted(self, "covariance_")
        refuse("", number_fault("n", n, least=1, whole=True))
        given = self._template(template)
        rng = generator_of(self.random_state if random_state is None else random_state)
        known = ~np.isnan(given)
        scores = self._scores(given)
        patterns, pattern = np.unique(known, axis=0, return_inverse=True)
        pattern = pattern.reshape(-1)
        drawn = np.repeat(given, n, axis=0)
        noise = rng.standard_normal((len(given), n, int((~patterns).sum(axis=1).max())))
        self._refuse_contradictions(scores, given, patterns, pattern)
        for number, one in enumerate(patterns):
            rows = np.flatnonzero(pattern == number)
            held, free, found = self._conditional(one)
            if not len(free):
                continue
            part = noise[rows][:, :, : len(free)] @ found.factor.T
            part += (scores[np.ix_(rows, held)] @ found.slope.T)[:, None, :]
            values = self._values(part.reshape(-1, len(free)), free)
            if len(free) == drawn.shape[1]:
                # nothing is known in these rows, and so in none of another pattern's
                drawn.reshape(len(given), n, -1)[rows] = values.reshape(len(rows), n, -1)
                continue
            at = (rows[:, None] * n + np.arange(n)).ravel()
            drawn[np.ix_(at, free)] = values
        return self._wrap(drawn)

    def _matched(self, values: Floats, of_scores: Floats) -> Floats:
        """Return correlations of scores under which the values correlate as the given ones."""
        shares = latent_grid()
        hermite = np.array(
            [
                hermite_coefficients(np.quantile(column, shares, method="hazen"))
                for column in values.T
            ]
        )
        # what sixteen terms miss of a column in lumps, as one more term
        rest = np.sqrt(np.maximum(1.0 - (hermite**2).sum(axis=1, keepdims=True), 0.0))
        hermite = np.hstack([hermite, rest])
        spread = values.std(axis=0)
        unit = (values - values.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
        observed = unit.T @ unit / len(values)
        # of columns that determine each other the scores do so as well
        settled = np.abs(of_scores) > 1 - 1e-9
        matched = np.where(settled, of_scores, match_correlation(observed, hermite))
        matched[self.scale_ == 0] = matched[:, self.scale_ == 0] = 0.0
        np.fill_diagonal(matched, (self.scale_ > 0).astype(float))
        roots, axes = np.linalg.eigh((matched + matched.T) / 2)
        if roots[0] >= 0:
            return matched
        positive = (axes * np.maximum(roots, 0.0)) @ axes.T
        width = np.sqrt(np.diag(positive))
        width = np.where(width > 0, width, 1.0)
        return np.asarray(positive / width[:, None] / width)

    def _conditional(self, known: Flags) -> tuple[Integers, Integers, Conditional]:
        key = known.tobytes()
        if key not in self._solved:
            held, free = np.flatnonzero(known), np.flatnonzero(~known)
            rest = self.correlation_[np.ix_(free, free)].copy()
            rest[np.diag_indices(len(free))] += self.ridge * (self.scale_[free] > 0)
            self._solved[key] = (
                held,
                free,
                condition(
                    self.correlation_[np.ix_(held, held)],
                    self.correlation_[np.ix_(free, held)],
                    rest,
                ),
            )
        return self._solved[key]

    def _template(self, template: Any) -> Floats:
        """Return templates as rows of numbers, or say what is wrong with them."""
        if isinstance(template, Mapping):
            template = [self._in_order(template)]
        elif hasattr(template, "columns"):
            values, names = read_numbers(template, missing=True)
            self._check_columns(values, names)
            return values
        try:
            rows = np.asarray(template, dtype=float)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"template: only numbers, None and NaN are allowed ({error})"
            ) from error
        if rows.ndim == 1:
            rows = rows[None, :]
        if rows.ndim != 2 or rows.shape[1] != self.n_features_in_:
            raise DataError(
                f"template of shape {np.shape(template)}: {self.n_features_in_} values are needed, "
                "one per column, None where unknown"
            )
        if not len(rows):
            raise DataError("template: there is none; give one row at least")
        if np.isinf(rows).any():
            raise DataError(
                f"template: infinite values in row(s) {_few(np.isinf(rows).any(axis=1))}"
            )
        return rows

    def _in_order(self, template: Mapping[Any, Any]) -> Sequence[Any]:
        names = [str(name) for name in self.get_feature_names_out()]
        with Faults("template", DataError) as faults:
            for name in template:
                if name not in names:
                    faults.add(f"no column {name!r}; {did_you_mean(str(name), names)}")
        return [template.get(name) for name in names]

    def _scores(self, given: Floats) -> Floats:
        """Return known values in deviations from the mean."""
        values = given if self.marginals_ is None else self.marginals_.middle(given)
        return (values - self.mean_) / np.where(self.scale_ > 0, self.scale_, 1.0)

    def _values(self, scores: Floats, columns: Integers) -> Floats:
        values = scores * self.scale_[columns] + self.mean_[columns]
        if self.marginals_ is None:
            return values
        own = NormalScores(self.marginals_.sorted[:, columns], self.marginals_.smooth[columns])
        # scores of few rows vary less than normal ones: in their own units the ranks are even
        unit = np.where(
            self.scale_[columns] > 0, values / np.maximum(self.scale_[columns], 1e-300), 0
        )
        return own.inverse(unit)

    def _refuse_contradictions(
        self, scores: Floats, given: Floats, patterns: Flags, pattern: Integers
    ) -> None:
        names = [str(name) for name in self.get_feature_names_out()]
        with Faults("template", DataError) as faults:
            constant = (self.scale_ == 0) & ~np.isnan(given) & (given != self.known_values_)
            for row, column in np.argwhere(constant)[:NAMED]:
                faults.add(
                    f"row {row}: {names[column]} = {given[row, column]:g}, but it is always "
                    f"{self.known_values_[column]:g}"
                )
            for number, one in enumerate(patterns):
                held, _, found = self._conditional(one)
                varied = self.scale_[held] > 0
                for direction in found.dependent.T:
                    if not (np.abs(direction[varied]) > CONTRADICTION).any():
                        continue
                    rows = np.flatnonzero(pattern == number)
                    off = np.abs(scores[np.ix_(rows, held)] @ direction)
                    size = np.abs(scores[np.ix_(rows, held)]).max(axis=1, initial=1.0)
                    involved = [names[c] for c in held[np.abs(direction) > 1e-6]]
                    for row in rows[off > CONTRADICTION * size][:NAMED]:
                        faults.add(
                            f"row {row}: {', '.join(involved)} determine each other in the fitted "
                            "rows, and these values contradict each other; leave one unknown"
                        )


def _few(flags: Flags) -> str:
    rows = np.flatnonzero(flags)
    return ", ".join(map(str, rows[:NAMED])) + (" ..." if len(rows) > NAMED else "")
