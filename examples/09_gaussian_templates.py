"""Gaussian templates: flowers with a given sepal and petal length, everything else drawn.

python examples/09_gaussian_templates.py
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from sklearn.datasets import load_iris

from relsynth.gaussian import GaussianSampler

mpl.use("Agg")
import matplotlib.pyplot as plt


def main() -> None:
    iris = load_iris()
    model = GaussianSampler().fit(iris.data)
    template = [5.1, None, 1.4, None]
    free = model.sample(1_000, random_state=0)
    held = model.conditional_sample(template, 1_000, random_state=0)
    print("mean of the free columns:", held.mean(axis=0).round(2)[[1, 3]])
    off = np.abs(np.cov(model.sample(10_000, random_state=1).T) - np.cov(iris.data.T)).max()
    print(f"largest error of a covariance over 10,000 rows: {off:.4f}")

    figure, axis = plt.subplots(figsize=(5, 3.6), layout="constrained")
    for label, rows, colour in (
        ("drawn", free, "#90b4d8"),
        ("drawn for the template", held, "#e8a27c"),
        ("real", iris.data, "black"),
    ):
        axis.scatter(rows[:, 1], rows[:, 3], s=6, color=colour, label=label)
    axis.set(xlabel=iris.feature_names[1], ylabel=iris.feature_names[3])
    axis.legend()
    figure.savefig("09_gaussian_templates.png", dpi=110)


if __name__ == "__main__":
    main()
