"""Choose the number of clusters of a table by one criterion or by all of them."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from relsynth.arrays import generator_of, read_numbers
from relsynth.clustering.criteria import METHODS, QUOTED, Data, choice_of, partition, scores_of
from relsynth.errors import DataError, Faults, did_you_mean
from relsynth.optional import require
from relsynth.typing import Floats


@dataclass(frozen=True)
class ClusterCount:
    """The chosen number of clusters and what led to it.

    Attributes
    ----------
    k : int
        By the criterion asked for; of several, the number most of them chose (of equally
        frequent ones the smallest).
    choices : dict of str to int
        By criterion.
    rules : dict of str to str
        Why each criterion chose its number.
    scores : DataFrame
        One row per number of clusters, one column per criterion, and ``gap_error``.
    seconds : dict of str to float
        Wall time per criterion; ``"partitions"`` is the k-means that several share.
    peak_bytes : dict of str to int
        Largest extra memory that Python objects and arrays took.
    labels : ndarray of int, shape (n_rows,)
        The k-means partition into `k` clusters.
    """

    k: int
    choices: Mapping[str, int]
    rules: Mapping[str, str]
    scores: pd.DataFrame
    seconds: Mapping[str, float]
    peak_bytes: Mapping[str, int]
    labels: Any = field(repr=False)

    def __str__(self) -> str:
        lines = [f"k = {self.k}"]
        lines += [
            f"{name}: {k} ({self.rules[name]}); {self.seconds[name]:.3f} s, quoted {QUOTED[name]}"
            for name, k in self.choices.items()
        ]
        return "\n".join(lines)

    def plot(self, path: Any = None) -> Any:
        """Draw a curve per criterion with the chosen number marked.

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
        require("matplotlib", "report", "a plot of cluster counts")
        from matplotlib.figure import Figure

        names = list(self.choices)
        columns = min(len(names), 4)
        rows = -(-len(names) // columns)
        figure = Figure(figsize=(3.2 * columns, 2.6 * rows), layout="constrained")
        axes = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
        for axis, name in zip(axes, names, strict=False):
            axis.plot(
                self.scores.index, self.scores[name], marker="o", markersize=3, color="#2b6cb0"
            )
            if name == "gap":
                axis.errorbar(
                    self.scores.index, self.scores[name], self.scores["gap_error"], color="#2b6cb0"
                )
            axis.axvline(self.choices[name], color="#c05621", linestyle="--", linewidth=1)
            axis.set_title(f"{name}: {self.choices[name]}", fontsize=9)
            axis.set_xlabel("clusters", fontsize=8)
            axis.tick_params(labelsize=7)
        for axis in axes[len(names) :]:
            axis.set_visible(False)
        if path is not None:
            figure.savefig(path, dpi=120)
        return figure


def choose_k(
    X: Any,
    k_range: Iterable[int] = range(2, 11),
    method: str = "elbow",
    *,
    random_state: Any = 0,
    measure_memory: bool = False,
) -> ClusterCount:
    """Choose how many clusters rows fall into.

    Parameters
    ----------
    X : array-like or frame, shape (n_rows, n_columns)
        Finite numbers. Distances count in the units given: standardise first where columns
        are not alike.
    k_range : iterable of int, default range(2, 11)
        Numbers to try, at least 1 and at most the distinct rows. One cluster is found by
        ``"gap"``, ``"bic"`` and ``"aic"`` only; the others compare at least two.
    method : str, default "elbow"
        ``"elbow"`` (k-means inertia, largest distance below the line through the ends),
        ``"silhouette"`` (mean over at most 2,000 rows), ``"gap"`` (20 uniform references in
        the box of the principal axes, one-standard-error rule), ``"calinski_harabasz"``,
        ``"davies_bouldin"``, ``"bic"`` or ``"aic"`` (Gaussian mixtures of standardised
        columns), or ``"all"``.
    random_state : int, RandomState, Generator or None, default 0
    measure_memory : bool, default False
        Trace allocations; makes the times larger.

    Returns
    -------
    ClusterCount

    Raises
    ------
    DataError
        For gaps or infinite values (columns listed), numbers of clusters below 1 or above the
        distinct rows (all listed).
    ValueError
        For an unknown method.

    Notes
    -----
    k-means with 10 starts for each k is shared by the criteria; see ``QUOTED`` in
    `relsynth.clustering.criteria` for what each adds, and the table of measured exponents
    in the documentation.

    References
    ----------
    Rousseeuw (1987), silhouettes. Tibshirani, Walther and Hastie (2001), the gap statistic.
    Calinski and Harabasz (1974). Davies and Bouldin (1979). Schwarz (1978), BIC.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> centres = np.array([[0, 0], [9, 0], [0, 9]])
    >>> X = centres[rng.integers(3, size=300)] + rng.normal(size=(300, 2))
    >>> found = choose_k(X, range(1, 7), method="all")
    >>> found.k, found.choices["gap"], found.choices["bic"]
    (3, 3, 3)
    """
    if method not in (*METHODS, "all"):
        raise ValueError(
            f"method={method!r} is not known; {did_you_mean(method, (*METHODS, 'all'))}"
        )
    names = METHODS if method == "all" else (method,)
    values, _ = read_numbers(X, least_rows=1)
    ks = _numbers(k_range, values)
    seed = int(generator_of(random_state).integers(2**31 - 1))
    seconds, peaks = dict[str, float](), dict[str, int]()

    def timed(name: str, work: Any) -> Any:
        if measure_memory:
            tracemalloc.start()
        start = time.perf_counter()
        result = work()
        seconds[name] = time.perf_counter() - start
        peaks[name] = 0
        if measure_memory:
            peaks[name] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return result

    found = timed("partitions", lambda: {k: partition(values, k, seed) for k in ks})
    data = Data(
        values,
        ks,
        {k: labels for k, (labels, _) in found.items()},
        {k: inertia for k, (_, inertia) in found.items()},
        seed,
    )
    columns: dict[str, Floats] = {}
    total = float(((values - values.mean(axis=0)) ** 2).sum())
    choices, rules = dict[str, int](), dict[str, str]()
    for name in names:
        scores, errors = timed(name, lambda name=name: scores_of(name, data))
        if not np.isfinite(scores).any():
            if method != "all":
                raise DataError(
                    f"{name}: no number of {ks} can be judged on {len(values)} rows; it compares "
                    f"numbers from {1 if name in ('bic', 'aic') else 2} to one below the rows"
                )
            continue
        columns[name] = scores
        if errors is not None:
            columns[f"{name}_error"] = errors
        choices[name], rules[name] = choice_of(name, ks, scores, errors, total)
    votes = pd.Series(choices).value_counts()
    k = int(min(votes[votes == votes.max()].index))
    table = pd.DataFrame(columns, index=pd.Index(ks, name="k"))
    return ClusterCount(k, choices, rules, table, seconds, peaks, data.labels[k])


def _numbers(k_range: Iterable[int], values: Floats) -> list[int]:
    if isinstance(k_range, str) or not isinstance(k_range, Iterable):
        raise TypeError(
            f"k_range: give numbers of clusters, such as range(2, 11) or [{k_range!r}], "
            f"not {k_range!r}"
        )
    given = list(k_range)
    distinct = len(np.unique(values, axis=0))
    ks = set[int]()
    with Faults("k_range", DataError) as faults:
        if not given:
            faults.add("is empty; give numbers of clusters, such as range(2, 11)")
        for k in given:
            number = isinstance(k, Real) and not isinstance(k, (bool, np.bool_))
            if not number or k < 1 or k % 1:  # also NaN and infinity, whose remainder is NaN
                faults.add(f"{k!r} is not a whole number from 1")
            elif k > distinct:
                faults.add(f"{k} clusters need as many distinct rows; there are {distinct}")
            else:
                ks.add(int(k))
    return sorted(ks)
