"""A report of tables without rows."""

from __future__ import annotations

import pandas as pd

import relsynth as rs
from relsynth.metadata import Column, ForeignKey, Metadata, Table


def test_tables_without_rows_are_drawn(tmp_path):
    shop = Table("shop", {"id": Column("id", "key")}, primary_key=("id",))
    columns = {"shop_id": Column("shop_id", "key"), "kind": Column("kind", "categorical")}
    key = ForeignKey("sale", ("shop_id",), "shop", ("id",))
    metadata = Metadata([shop, Table("sale", columns)], [key])
    tables = {
        "shop": pd.DataFrame({"id": range(9)}),
        "sale": pd.DataFrame({"shop_id": pd.Series([], dtype="int64"), "kind": []}),
    }
    rs.evaluate(tables, tables, metadata, baselines=False).save(tmp_path / "r.html")
    assert "kind" in (tmp_path / "r.html").read_text(encoding="utf-8")
