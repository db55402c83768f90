"""Postcodes that come again and again are areas; those of single rows are personal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs


@pytest.mark.parametrize(("areas", "personal"), [(7, False), (300, True)])
def test_postcodes_are_personal_where_rows_have_their_own(areas, personal):
    rng = np.random.default_rng(0)
    codes = rng.choice(90_000, areas, replace=False) + 1_067
    texts = [f"{code:05d}" for code in codes[rng.integers(areas, size=300)]]
    request = pd.DataFrame({"id": range(300), "plz": texts})
    metadata = rs.Metadata.detect({"request": request})
    assert metadata.tables["request"].columns["plz"].pii is personal
    made = rs.RelationalSynthesizer(metadata, seed=0).fit({"request": request}).sample()
    assert made["request"].plz.str.fullmatch(r"\d{5}").all()
    assert personal or set(made["request"].plz) <= set(texts)
