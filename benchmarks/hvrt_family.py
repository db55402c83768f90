"""The classification sets of the reduction experiment: one family for each published row.

The published sets are described by their names only: Gaussian, noisy labels, heavy tail,
rare class. The natural reading is one family. Columns are normal; the class says on which
side of a boundary a row lies. Noisy labels are the same with labels flipped, a rare class
the same with the boundary at the 95 % quantile, heavy tails the same with t or log-normal
columns. What is left open (correlation, boundary, columns, share of flipped labels) is
varied one at a time, with scikit-learn's ``make_classification`` beside it.

The number of rows is the only figure that is calibrated, and by *random* rows only: such
that they keep what was published for random rows, or as near as can be. Nothing is chosen
by what HVRT keeps. ``python benchmarks/hvrt_reduction.py --calibrate`` repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from hvrt_measures import Task
from sklearn.datasets import make_classification

FEWEST_TESTED = 1000


@dataclass(frozen=True)
class Generator:
    """One member of the family.

    Attributes
    ----------
    published : str
        The published row it may stand for.
    name : str
        What distinguishes it from the other members.
    rows : int
        Training rows, by calibration; as many are held out, at least `FEWEST_TESTED`.
    columns : int
    features : {"normal", "correlated", "t3", "lognormal", "clusters", "cluster"}
        Neighbouring columns of ``"correlated"`` correlate with 0.5; the last two are
        ``make_classification`` with two clusters a class and with one.
    boundary : {"linear", "interaction", "radial"}
        Its latent variable has random weights for each seed, and 0.3 noise.
    share : float
        Part of the class "yes".
    flipped : float
        Part of wrong labels.
    tested_clean : bool
        Leave the labels that are held out as they are.
    """

    published: str
    name: str
    rows: int
    columns: int = 10
    features: str = "normal"
    boundary: str = "linear"
    share: float = 0.5
    flipped: float = 0.0
    tested_clean: bool = False

    def task(self, seed: int, rows: int | None = None, tested: int | None = None) -> Task:
        """Draw training rows and holdout."""
        rows = rows or self.rows
        count = rows + (tested or max(rows, FEWEST_TESTED))
        rng = np.random.default_rng([2000, seed])
        if self.features in CLUSTERS:
            x, y = self._clusters(count, seed)
        else:
            x = FEATURES[self.features](rng, count, self.columns)
            latent = BOUNDARIES[self.boundary](rng, x)
            width = np.subtract(*np.quantile(latent, [0.75, 0.25])) / 1.349
            latent += 0.3 * width * rng.standard_normal(count)
            y = latent > np.quantile(latent, 1 - self.share)
        wrong = rng.random(count) < self.flipped
        if self.tested_clean:
            wrong[rows:] = False
        frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(self.columns)])
        frame["y"] = np.where(y ^ wrong, "yes", "no")
        held_out = frame.iloc[rows:].reset_index(drop=True)
        return Task(self.published, frame.iloc[:rows], held_out, classification=True)

    def _clusters(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = make_classification(
            count,
            n_features=self.columns,
            n_informative=self.columns // 2,
            n_redundant=self.columns // 4,
            n_clusters_per_class=CLUSTERS[self.features],
            weights=[1 - self.share],
            flip_y=0.0,
            random_state=3000 + seed,
        )
        return x, y.astype(bool)


CLUSTERS = {"clusters": 2, "cluster": 1}


def _correlated(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    apart = np.abs(np.subtract.outer(np.arange(columns), np.arange(columns)))
    return rng.standard_normal((rows, columns)) @ np.linalg.cholesky(0.5**apart).T


FEATURES: Mapping[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "normal": lambda rng, rows, columns: rng.standard_normal((rows, columns)),
    "correlated": _correlated,
    "t3": lambda rng, rows, columns: rng.standard_t(3, (rows, columns)),
    "lognormal": lambda rng, rows, columns: rng.lognormal(0.0, 1.0, (rows, columns)),
}


def _linear(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    weights = rng.standard_normal(x.shape[1])
    return x @ (weights / np.linalg.norm(weights))


BOUNDARIES: Mapping[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "linear": _linear,
    "interaction": lambda rng, x: _linear(rng, x) + x[:, 0] * x[:, 1],
    "radial": lambda rng, x: (x[:, :3] ** 2).sum(axis=1),
}

MEMBERS = (
    Generator("Gaussian", "linear", 3300),
    Generator("Gaussian", "correlated", 3200, features="correlated"),
    Generator("Gaussian", "interaction", 8800, boundary="interaction"),
    Generator("Gaussian", "radial", 3100, boundary="radial"),
    Generator("Gaussian", "make_classification", 3300, features="clusters"),
    Generator("Gaussian", "5 columns", 1200, columns=5),
    Generator("Gaussian", "20 columns", 8600, columns=20),
    Generator("noisy labels", "linear, 20 % flipped", 1150, flipped=0.2),
    Generator("noisy labels", "tested on right ones", 2500, flipped=0.2, tested_clean=True),
    Generator("noisy labels", "correlated", 900, features="correlated", flipped=0.2),
    Generator("noisy labels", "interaction", 3400, boundary="interaction", flipped=0.2),
    Generator("noisy labels", "radial", 3000, boundary="radial", flipped=0.2),
    Generator("noisy labels", "make_classification", 2200, features="clusters", flipped=0.2),
    Generator("noisy labels", "10 % flipped", 1100, flipped=0.1),
    Generator("noisy labels", "30 % flipped", 270, flipped=0.3),
    Generator("noisy labels", "5 columns", 450, columns=5, flipped=0.2),
    Generator("noisy labels", "20 columns", 2400, columns=20, flipped=0.2),
    Generator("heavy tail", "t3, linear", 320, features="t3"),
    Generator("heavy tail", "t3, interaction", 940, features="t3", boundary="interaction"),
    Generator("heavy tail", "t3, radial", 470, features="t3", boundary="radial"),
    Generator("heavy tail", "t3, outer tenth", 1070, features="t3", boundary="radial", share=0.1),
    Generator("heavy tail", "log-normal, linear", 370, features="lognormal"),
    Generator(
        "heavy tail", "log-normal, interaction", 330, features="lognormal", boundary="interaction"
    ),
    Generator("heavy tail", "t3, 5 columns", 130, columns=5, features="t3"),
    Generator("heavy tail", "t3, 20 columns", 800, columns=20, features="t3"),
    Generator("rare class", "linear", 1100, share=0.05),
    Generator("rare class", "correlated", 1000, features="correlated", share=0.05),
    Generator("rare class", "interaction", 1900, boundary="interaction", share=0.05),
    Generator("rare class", "radial", 3400, boundary="radial", share=0.05),
    Generator("rare class", "make_classification", 1800, features="clusters", share=0.05),
    Generator("rare class", "one cluster a class", 950, features="cluster", share=0.05),
    Generator("rare class", "5 columns", 900, columns=5, share=0.05),
    Generator("rare class", "20 columns", 1400, columns=20, share=0.05),
)
