"""Selection: of five times as many rows, keep those that are together most like the real ones.

python examples/07_selection.py
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd

import relsynth as rs

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
    real, unseen = people(2_000, 1), people(2_000, 2)
    metadata = rs.Metadata.detect({"people": real})
    synthesizer = rs.RelationalSynthesizer(metadata, model="gaussian_copula", seed=0)
    pool = synthesizer.fit({"people": real}).sample(5.0)["people"]
    better = rs.refine(pool, real, holdout=unseen)
    (choice,) = better.attrs["refined"]
    names, here, there = ["random"], [choice["before"]], [choice["held_before"]]
    for stage in choice["stages"]:
        print(
            f"{stage['name']}: {stage['distance']:.4f}, unseen {stage['held']:.4f}, {stage['seconds']:.1f} s"
        )
        names.append(stage["name"])
        here.append(stage["distance"])
        there.append(stage["held"])

    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    axis.plot(names, here, marker="o", label="to the real rows")
    axis.plot(names, there, marker="o", label="to rows never seen")
    axis.set(ylabel="mean total variation distance", ylim=(0, None))
    axis.legend()
    figure.savefig("07_selection.png", dpi=110)


if __name__ == "__main__":
    main()
