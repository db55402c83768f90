"""How many clusters: seven criteria on iris, and where they disagree.

python examples/10_how_many_clusters.py
"""

from __future__ import annotations

import matplotlib as mpl
from sklearn.datasets import load_iris

from relsynth.clustering import choose_k

mpl.use("Agg")
import matplotlib.pyplot as plt


def main() -> None:
    X = load_iris().data
    for name, rows in (("raw", X), ("standardised", (X - X.mean(axis=0)) / X.std(axis=0))):
        found = choose_k(rows, range(1, 9), method="all", random_state=0)
        print(f"{name}\n{found}\n")
    found.plot("10_how_many_clusters.png")
    plt.close("all")


if __name__ == "__main__":
    main()
