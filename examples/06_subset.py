"""A subset: real customers that stand for all, with everything that belongs to them.

python examples/06_subset.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

import relsynth as rs

mpl.use("Agg")
import matplotlib.pyplot as plt

SCHEMA = Path(__file__).parents[1] / "schemas" / "shop.json"


def main() -> None:
    metadata = rs.Metadata.load(SCHEMA)
    real = rs.generate(metadata, rows={"customers": 1_000}, seed=1)
    few = rs.subset(real, metadata, rows={"customers": 0.1})
    metadata.check(few)
    random = real["customers"].sample(len(few["customers"]), random_state=0)["id"]
    print(*(f"{name}: {len(few[name]):,} of {len(real[name]):,}" for name in real), sep="\n")

    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    orders = real["orders"]
    sides = {
        "all": orders,
        "chosen": few["orders"],
        "random": orders[orders["customer_id"].isin(random)],
    }
    for label, part in sides.items():
        values = part["total"].sort_values().to_numpy()
        axis.plot(values, [i / len(values) for i in range(len(values))], label=label)
    axis.set(xlabel="total of an order", ylabel="share of orders below")
    axis.legend()
    figure.savefig("06_subset.png", dpi=110)


if __name__ == "__main__":
    main()
