"""Your database: read it where it is, look at what was found, write the synthetic one beside it.

python examples/02_your_database.py
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import matplotlib as mpl

import relsynth as rs

mpl.use("Agg")
import matplotlib.pyplot as plt

SCHEMA = Path(__file__).parents[1] / "schemas" / "shop.json"


def main() -> None:
    # stands for your own file; a folder of CSV or Parquet files or a database URL do as well
    real = rs.generate(rs.Metadata.load(SCHEMA), rows={"customers": 200}, seed=3)
    with sqlite3.connect("yours.db") as connection:
        for name, table in real.items():
            table.to_sql(name, connection, index=False, if_exists="replace")

    tables = rs.read_tables("sqlite:///yours.db")
    metadata = rs.Metadata.detect(tables)
    print("found:", *(str(key.name) for key in metadata.foreign_keys), sep="\n  ")
    synthesizer = rs.RelationalSynthesizer(metadata, seed=0).fit(tables)
    print(synthesizer.extension_columns("customers").head(6).to_string(index=False))
    fake = synthesizer.sample()
    rs.write_tables(fake, "synthetic", metadata=metadata)
    print(*(f"{name}: {len(table):,} rows" for name, table in fake.items()), sep="\n")

    figure, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
    for axis, column in zip(axes, ("unit_price", "quantity"), strict=True):
        for label, source in (("real", tables), ("synthetic", fake)):
            values = source["order_lines"][column].astype(float)
            axis.hist(values, bins=20, density=True, alpha=0.5, label=label)
        axis.set(xlabel=column, yticks=[])
    axes[0].legend()
    figure.savefig("02_your_database.png", dpi=110)


if __name__ == "__main__":
    main()
