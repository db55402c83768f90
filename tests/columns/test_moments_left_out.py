"""Moments kept as text that a row has not reached."""

from __future__ import annotations

import pandas as pd

import relsynth as rs
from relsynth.metadata import Column, Metadata, Table


def test_dates_as_text_may_be_missing_among_stages():
    stamp = {"kind": "datetime", "format": "%Y-%m-%dT%H:%M:%S", "nullable": True}
    columns = {
        "id": Column("id", "key"),
        "created_at": Column("created_at", **{**stamp, "nullable": False}),
        "shipped_at": Column("shipped_at", null_share=0.5, **stamp),
    }
    orders = rs.generate(Metadata([Table("orders", columns, primary_key=("id",))]), rows=60)[
        "orders"
    ]
    assert 0 < orders["shipped_at"].isna().sum() < 60
    known = orders.dropna()
    assert (pd.to_datetime(known["created_at"]) <= pd.to_datetime(known["shipped_at"])).all()
