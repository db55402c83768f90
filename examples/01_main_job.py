"""The main job: learn a database of several tables and write a synthetic one twice as large.

The "real" shop is itself generated from a schema, so that the example runs anywhere:

    python examples/01_main_job.py
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
    real = rs.generate(metadata, rows={"customers": 300}, seed=1)

    synthesizer = rs.RelationalSynthesizer(metadata, seed=0).fit(real)
    print("The plan\n" + str(synthesizer.plan_))
    for table, notes in synthesizer.notes_.items():
        for note in notes:
            print(f"  {table}: {note}")

    fake = synthesizer.sample(scale=2.0)
    for name, table in fake.items():
        print(f"{name}: {len(real[name]):,} real rows, {len(table):,} synthetic ones")
    metadata.check(fake)
    print(rs.evaluate(real, fake, metadata, measures=("validity", "shapes", "cardinality")))

    figure, axis = plt.subplots(figsize=(5, 3.4), layout="constrained")
    for label, tables in (("real", real), ("synthetic", fake)):
        counts = tables["orders"]["customer_id"].value_counts()
        counts = counts.reindex(tables["customers"]["id"], fill_value=0)
        shares = counts.value_counts(normalize=True)
        axis.plot(shares.sort_index(), marker="o", markersize=4, label=label)
    axis.set(xlabel="orders of a customer", ylabel="share of customers")
    axis.legend()
    figure.savefig("01_main_job.png", dpi=110)


if __name__ == "__main__":
    main()
