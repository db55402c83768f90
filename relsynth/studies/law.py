"""Power laws with a floor: how an error falls with rows, parameters or compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import nnls

from relsynth.arrays import generator_of
from relsynth.errors import DataError, Faults
from relsynth.optional import require
from relsynth.typing import Floats

# exponents looked at; the best is then found to a thousandth
EXPONENTS = np.linspace(0.01, 3.0, 300)
# resamples behind an interval
RESAMPLES = 400
# points on either side of a break: fewer bend a law to noise
LEAST_SIDE = 3
LEAST_POINTS = 4  # a law of three numbers fits three points always
# difference of the criterion that counts as strong evidence (Kass and Raftery 1995)
STRONG = 6.0


@dataclass(frozen=True)
class Law:
    """``error = a x^-b + c`` and how sure it is.

    Attributes
    ----------
    a, b, c : float
        Factor, exponent and floor; `c` is at least 0.
    intervals : dict of str to (float, float)
        95 % bootstrap intervals of the three.
    r2 : float
        Explained share of the variance of the logarithm of the error.
    break_point : float or None
        Where two straight lines in logarithms fit better than the law, the `x` at which they
        meet; ``None`` where they do not by the Bayesian information criterion.
    x, error : ndarray
        What the law was fitted to.

    Examples
    --------
    >>> x = np.array([100, 200, 400, 800, 1600, 3200])
    >>> law = fit_law(x, 2.0 / x)
    >>> float(law([1000.0])[0].round(4))
    0.002
    """

    a: float
    b: float
    c: float
    intervals: dict[str, tuple[float, float]]
    r2: float
    break_point: float | None
    x: Floats
    error: Floats

    def __call__(self, x: Any) -> Floats:
        """Return the errors that the law predicts."""
        return self.a * np.asarray(x, dtype=float) ** -self.b + self.c

    def __str__(self) -> str:
        parts = (f"{name} = {getattr(self, name):.4g} ({low:.4g} to {high:.4g})"
                 for name, (low, high) in self.intervals.items())  # fmt: skip
        bend = "" if self.break_point is None else f"; bends at x = {self.break_point:.4g}"
        return f"error = a x^-b + c: {', '.join(parts)}; R2 of log error {self.r2:.3f}{bend}"

    def plot(self, path: Any = None) -> Any:
        """Draw points and law with logarithmic axes.

        Parameters
        ----------
        path : str or Path, optional
            Write a picture there.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            Without matplotlib, with the command that installs it.
        """
        require("matplotlib", "report", "a plot of a law")
        from matplotlib.figure import Figure

        figure = Figure(figsize=(5, 3.6), layout="constrained")
        axis = figure.subplots()
        axis.scatter(self.x, self.error, s=14, color="#2b6cb0", label="measured")
        grid = np.geomspace(self.x.min(), self.x.max(), 200)
        axis.plot(
            grid, self(grid), color="#c05621", label=f"{self.a:.3g} x^-{self.b:.3g} + {self.c:.3g}"
        )
        if self.break_point is not None:
            axis.axvline(self.break_point, color="grey", linestyle=":", label="bend")
        axis.set(xscale="log", yscale="log", xlabel="x", ylabel="error")
        axis.legend(fontsize=8)
        if path is not None:
            figure.savefig(path, dpi=120)
        return figure


def fit_law(x: Any, error: Any, *, random_state: Any = 0) -> Law:
    """Fit ``error = a x^-b + c``.

    Parameters
    ----------
    x : array-like, shape (n_points,)
        Rows, parameters or operations, above 0; at least four different ones. Measure all
        points on one fixed test set, and each `x` with several seeds: repeated `x` are points
        of their own.
    error : array-like, shape (n_points,)
        Above 0.
    random_state : int, RandomState, Generator or None, default 0
        Of the bootstrap.

    Returns
    -------
    Law

    Raises
    ------
    DataError
        For missing, infinite or non-positive values, different lengths, or fewer than four
        different `x`.

    Notes
    -----
    Squared relative errors are least, so that small errors count as much as large ones. For
    each of 300 exponents `a` and `c` follow by non-negative least squares; the interval comes
    from 400 resamples of the points. A few milliseconds a fit, about a second in all.

    References
    ----------
    Hestness et al. (2017), Deep learning scaling is predictable, empirically. Efron (1979).

    Examples
    --------
    >>> x = np.array([100, 200, 400, 800, 1600, 3200, 6400])
    >>> law = fit_law(x, 3.0 * x**-0.5 + 0.02)
    >>> round(law.a, 2), round(law.b, 2), round(law.c, 3), law.break_point
    (3.0, 0.5, 0.02, None)
    """
    xs, errors = _numbers("x", x), _numbers("error", error)
    with Faults("fit_law", DataError) as faults:
        if len(xs) != len(errors):
            faults.add(f"x has {len(xs)} values, error {len(errors)}")
        for name, values in (("x", xs), ("error", errors)):
            wrong = int((~np.isfinite(values) | (values <= 0)).sum())
            if wrong:
                faults.add(f"{name}: {wrong} values are missing, infinite or not above 0")
        if len(np.unique(xs)) < LEAST_POINTS:
            faults.add(f"{len(np.unique(xs))} different x; at least {LEAST_POINTS} are needed")
    a, b, c = _least(xs, errors)
    rng = generator_of(random_state)
    draws = []
    for _ in range(RESAMPLES):
        at = rng.integers(len(xs), size=len(xs))
        if len(np.unique(xs[at])) >= 3:
            draws.append(_least(xs[at], errors[at], EXPONENTS[::5]))
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    logs = np.log(errors)
    predicted = np.log(a * xs**-b + c)
    spread = float(((logs - logs.mean()) ** 2).sum())
    left = float(((logs - predicted) ** 2).sum())
    return Law(
        a,
        b,
        c,
        {name: (float(low[i]), float(high[i])) for i, name in enumerate("abc")},
        1.0 - left / spread if spread > 0 else 0.0,
        _bend(np.log(xs), logs, left),
        xs,
        errors,
    )


def _numbers(name: str, values: Any) -> Floats:
    try:
        return np.asarray(values, dtype=float).ravel()
    except (TypeError, ValueError) as error:
        raise DataError(f"fit_law: {name}: only numbers are allowed ({error})") from error


def _least(x: Floats, error: Floats, exponents: Floats = EXPONENTS) -> tuple[float, float, float]:
    """Return factor, exponent and floor of least squared relative error."""
    unit = np.exp(np.log(x).mean())
    scale = error

    def solve(b: float) -> tuple[float, Floats]:
        columns = np.column_stack([(x / unit) ** -b, np.ones(len(x))]) / scale[:, None]
        found, left = nnls(columns, error / scale)
        return left, found

    step = exponents[1] - exponents[0]
    b, found = 1.0, np.ones(2)
    # relative to what the law says and not to what was measured, which favours low points
    for candidates in (exponents, exponents, None):
        if candidates is None:
            candidates = np.linspace(max(b - step, 1e-3), b + step, 41)
        b = float(min(candidates, key=lambda b: solve(b)[0]))
        found = solve(b)[1]
        scale = np.maximum(found[0] * (x / unit) ** -b + found[1], error.min() * 1e-3)
    return float(found[0] * unit**b), b, float(found[1])


def _bend(x: Floats, y: Floats, left: float) -> float | None:
    """Return where two straight lines meet, if they fit better than the law."""
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    best = np.inf, 0.0
    for knot in np.unique(x)[1:-1]:
        if min((x <= knot).sum(), (x >= knot).sum()) < LEAST_SIDE:
            continue
        columns = np.column_stack([np.ones(len(x)), x, np.maximum(x - knot, 0.0)])
        solved = np.linalg.lstsq(columns, y, rcond=None)[0]
        error = float(((y - columns @ solved) ** 2).sum())
        best = min(best, (error, float(knot)))
    n = len(x)
    if not np.isfinite(best[0]):
        return None
    # a place that was searched for costs as much as two parameters; a floor for exact fits
    floor = 1e-8 * n
    bent = n * np.log(max(best[0], floor) / n) + 5 * np.log(n)
    plain = n * np.log(max(left, floor) / n) + 3 * np.log(n)
    return float(np.exp(best[1])) if bent < plain - STRONG else None
