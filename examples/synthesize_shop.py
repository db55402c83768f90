"""Learn a small shop and write a synthetic one twice as large.

The "real" shop is itself generated from a schema, so that the example runs anywhere:

    python examples/synthesize_shop.py
"""

from __future__ import annotations

from pathlib import Path

import relsynth as rs

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


if __name__ == "__main__":
    main()
