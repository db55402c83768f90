"""Scaling laws: how the error of a regression falls with rows, on one fixed test set and three seeds.

python examples/12_scaling_laws.py
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from sklearn.ensemble import RandomForestRegressor

from relsynth.studies import fit_law

mpl.use("Agg")
import matplotlib.pyplot as plt


def rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(seed).uniform(size=(n, 5))
    return X, 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + 10 * X[:, 3]


def main() -> None:
    X_test, y_test = rows(4_000, 999)
    sizes, errors = [], []
    for n in (50, 100, 200, 400, 800, 1_600, 3_200, 6_400):
        for seed in range(3):
            learner = RandomForestRegressor(50, random_state=seed).fit(*rows(n, seed))
            sizes.append(n)
            errors.append(float(((learner.predict(X_test) - y_test) ** 2).mean()))
    law = fit_law(sizes, errors)
    print(law)
    print("at 100,000 rows it predicts", law([100_000]).round(4))
    law.plot("12_scaling_laws.png")
    plt.close("all")


if __name__ == "__main__":
    main()
