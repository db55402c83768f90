"""Selection: of five times as many rows, keep those that are together most like the real ones.

python examples/07_selection.py
"""

from __future__ import annotations

import matplotlib as mpl
from made_up.people import people

import relsynth as rs

mpl.use("Agg")
import matplotlib.pyplot as plt


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
