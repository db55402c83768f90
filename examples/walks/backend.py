"""A test database from DDL: tables made, filled and asked."""

import sqlite3
from pathlib import Path

import relsynth as rs

DDL = Path(__file__).parents[2] / "schemas" / "shop.sql"

metadata = rs.Metadata.load(DDL)
rows = rs.generate(metadata, rows={"customers": 50}, seed=7)
rs.write_tables(rows, "test.db", metadata=metadata)
(orders,) = sqlite3.connect("test.db").execute("SELECT count(*) FROM orders").fetchone()
print(f"{orders} orders of {len(rows['customers'])} customers")
