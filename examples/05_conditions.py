"""Conditions: draw rows that have certain values, and everything else as it goes with them.

python examples/05_conditions.py
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
    real = rs.generate(metadata, rows={"customers": 400}, seed=1)
    synthesizer = rs.RelationalSynthesizer(metadata, model="cart", seed=0).fit(real)
    status = real["orders"]["status"].value_counts().index[-1]
    wanted = {"orders": {"status": status}}
    fake = synthesizer.sample(rows={"customers": 150}, where=wanted)
    assert (fake["orders"]["status"] == status).all()
    print(
        f"{len(fake['orders'])} orders, all {status!r}; {len(fake['order_lines'])} lines of theirs"
    )

    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    same = real["orders"]["status"] == status
    for label, values in (
        ("all real orders", real["orders"]["total"]),
        (f"real, {status}", real["orders"].loc[same, "total"]),
        (f"drawn, {status}", fake["orders"]["total"]),
    ):
        axis.plot(
            values.sort_values().to_numpy(),
            [i / len(values) for i in range(len(values))],
            label=label,
        )
    axis.set(xlabel="total", ylabel="share of orders below")
    axis.legend()
    figure.savefig("05_conditions.png", dpi=110)


if __name__ == "__main__":
    main()
