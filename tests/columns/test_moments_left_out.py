"""Moments kept as text that a row has not reached."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

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


@pytest.mark.parametrize("days", [0, 365])
def test_contracts_end_after_a_fixed_time_or_never(days, tmp_path):
    rng = np.random.default_rng(0)
    start = pd.to_datetime("2022-11-01") + pd.to_timedelta(rng.integers(0, 300, 400), "D")
    end = (start + pd.to_timedelta(days, "D")).strftime("%Y-%m-%d")
    end = end.where(rng.random(400) < 0.7, "9999-12-31")
    tables = {"contract": pd.DataFrame({"id": range(400), "start": start, "end": end})}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables)
    synth.save(tmp_path / "m.relsynth")
    fake = rs.RelationalSynthesizer.load(tmp_path / "m.relsynth").sample(seed=1)["contract"]
    never = fake["end"] == "9999-12-31"
    assert never.mean() == pytest.approx((end == "9999-12-31").mean(), abs=0.05)
    ends = pd.to_datetime(fake.loc[~never, "end"])
    assert ((ends - fake.loc[~never, "start"]).dt.days == days).all()
