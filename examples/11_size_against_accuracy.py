"""Size against accuracy: how many rows does a table model need?

python examples/11_size_against_accuracy.py
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from made_up.people import people

from relsynth.studies import size_vs_accuracy

mpl.use("Agg")
import matplotlib.pyplot as plt


def main() -> None:
    table = people(4_000, 1).drop(columns="job")
    table["rich"] = np.where(table.pop("income") > 2_500, "yes", "no")
    study = size_vs_accuracy(
        table, sizes=(100, 400, 1_600), models=["cart", "gaussian_copula"], target="rich",
        rules=[("school", "years")], groups=[("age", "rich")], n=2_000, repeats=1,
    )  # fmt: skip
    print(study.summary().round(3).T.to_string())
    study.plot("11_size_against_accuracy.png")
    plt.close("all")


if __name__ == "__main__":
    main()
