"""A folder of CSV files becomes a synthetic one of the same size, with a report."""

from pathlib import Path

import relsynth as rs

SHOP = Path(__file__).parents[2] / "schemas" / "shop.json"
rs.write_tables(
    rs.generate(SHOP, rows={"customers": 150}, seed=1), "folder"
)  # yours is there already

metadata = rs.Metadata.detect("folder")
synth = rs.RelationalSynthesizer(metadata, seed=0).fit("folder")
rs.write_tables(synth.sample(), "out")
report = rs.evaluate("folder", "out", metadata, measures=["validity", "shapes", "cardinality"])
print(report, report.save("report.html"))
