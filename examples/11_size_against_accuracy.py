"""Size against accuracy: how many rows does a table model need?

python examples/11_size_against_accuracy.py
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd

from relsynth.studies import size_vs_accuracy

mpl.use("Agg")
import matplotlib.pyplot as plt


def people(n: int, seed: int) -> pd.DataFrame:
    """Return people with a rule, a skewed number and rare professions."""
    rng = np.random.default_rng(seed)
    level = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    age = np.clip(rng.gamma(9, 4.5, n).round(), 17, 90)
    income = np.exp(rng.normal(7.2 + 0.35 * level + age / 120, 0.4)).round()
    job = rng.choice(
        ["clerk", "smith", "nurse", "cook", *(f"rare {i}" for i in range(40))],
        n,
        p=[0.4, 0.25, 0.2, 0.11] + [0.001] * 40,
    )
    return pd.DataFrame(
        {
            "school": np.array(["none", "some", "high", "top"])[level],
            "years": level * 4.0,
            "age": age,
            "income": income,
            "job": job,
        }
    )


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
