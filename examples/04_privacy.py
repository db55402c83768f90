"""Privacy: do drawn rows lie nearer to those learned from than to rows never seen?

python examples/04_privacy.py
"""

from __future__ import annotations

import matplotlib as mpl
from made_up.people import people

import relsynth as rs

mpl.use("Agg")
import matplotlib.pyplot as plt


def main() -> None:
    learned, unseen = ({"people": people(1_500, seed)} for seed in (1, 2))
    metadata = rs.Metadata.detect(learned)
    shares = {}
    for model in ("cart", "hvrt", "gaussian_copula"):
        fake = rs.RelationalSynthesizer(metadata, model=model, seed=0).fit(learned).sample()
        report = rs.evaluate(learned, fake, metadata, unseen, measures=["privacy"], baselines=False)
        shares[model] = report.scores["summary"]["dcr_share"]["score"]
        rare = set(fake["people"]["job"]) & {f"rare {i}" for i in range(40)}
        print(
            f"{model}: {shares[model]:.3f} nearer to training; {len(rare)} of 40 rare jobs come back"
        )
    shares["a copy"] = 1.0

    figure, axis = plt.subplots(figsize=(5, 3), layout="constrained")
    axis.barh(list(shares), list(shares.values()), color="#2b6cb0")
    axis.axvline(0.5, color="#c05621", linestyle="--", label="ideal")
    axis.set(xlabel="share of rows nearer to a training row", xlim=(0, 1))
    axis.legend()
    figure.savefig("04_privacy.png", dpi=110)


if __name__ == "__main__":
    main()
