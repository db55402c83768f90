"""Test fixtures: rows from a schema alone, with what a test needs fixed by hand.

python examples/03_fixtures.py
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
    made = rs.generate(metadata, rows={"customers": 40, "orders": 400}, seed=7)
    again = rs.generate(metadata, rows={"customers": 40, "orders": 400}, seed=7)
    assert all(made[name].equals(again[name]) for name in made)
    metadata.check(made)
    print(made["order_lines"].head(3).to_string(index=False))

    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    counts = (
        made["orders"]["customer_id"].value_counts().reindex(made["customers"]["id"], fill_value=0)
    )
    axis.bar(range(len(counts)), counts.sort_values(ascending=False), color="#2b6cb0")
    axis.set(xlabel="customers, by orders", ylabel="orders", title="400 orders for 40 customers")
    figure.savefig("03_fixtures.png", dpi=110)


if __name__ == "__main__":
    main()
