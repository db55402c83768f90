"""Values at the ends of what a type can hold, keys beyond 2**53, and parts of kept tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_databases import cart, link, table

import relsynth as rs

BIG = 2**62


@pytest.mark.parametrize("dtype", ["int64", "Int64", "uint64", "UInt64"])
def test_references_beyond_2_to_53_are_exact(dtype):
    base = 2**63 + 1 if dtype.lower().startswith("u") else BIG
    keys = pd.array([base + k for k in range(40)], dtype=dtype)
    named = "UInt64" if dtype.lower().startswith("u") else "Int64"
    boss = pd.array([None] + [base + k // 2 for k in range(39)], dtype=named)
    staff = pd.DataFrame({"id": keys, "boss": boss})
    metadata = rs.Metadata(
        [table("staff", {"id": "key", "boss": "key"}, "id")], [link("staff", "boss", "staff")]
    )
    part = rs.subset({"staff": staff}, metadata, {"staff": 3})["staff"]
    assert set(part["boss"].dropna().tolist()) <= set(part["id"].tolist())
    score = rs.evaluate(
        {"staff": staff}, {"staff": staff}, metadata, measures=["validity"], baselines=False
    ).scores["validity"]
    assert score["validity"] == 0


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(pd.array([2**63 - 1, -(2**63), None] * 20, dtype="Int64")),
        pd.Series([255, 0] * 30, dtype="uint8"),
        pd.Series([1e308, -1e308, 3.0] * 20),
        pd.Series([1e39, 2e39, 3e39, 4e39] * 15),
        pd.Series([pd.Timestamp.max, pd.Timestamp("2020-01-01")] * 30),
    ],
    ids=["int64", "uint8", "largest", "beyond float32", "last moment"],
)
@pytest.mark.parametrize("model", ["cart", "auto", "gaussian_copula"])
def test_values_stay_in_their_range(values, model, tmp_path):
    tables = {"shop": pd.DataFrame({"id": range(60), "v": values, "w": np.arange(60.0)})}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), model=model).fit(tables)
    made = synth.sample(scale=10)["shop"]["v"]
    assert made.dtype == values.dtype
    assert made.min() >= values.min()
    assert made.max() <= values.max()
    assert made.isna().any() == values.isna().any()
    for form in ("csv", "parquet"):
        assert synth.sample_to(tmp_path / form, format=form)["shop"] == 60


def test_children_of_some_rows_of_a_kept_table_are_theirs():
    rng = np.random.default_rng(0)
    shop = pd.DataFrame({"id": np.arange(40) + 100, "x": rng.normal(size=40)})
    sale = pd.DataFrame({"shop": rng.integers(100, 140, 400), "v": rng.normal(size=400)})
    metadata = rs.Metadata(
        [
            table("shop", {"id": "key", "x": "numeric"}, "id"),
            table("sale", {"shop": "key", "v": "numeric"}),
        ],
        [link("sale", "shop", "shop")],
    )
    synth = cart(metadata, {"shop": shop, "sale": sale}, keep=["shop"])
    given = shop.iloc[[30, 3, 7, 9]]
    made = synth.sample_children(of={"shop": given})
    assert made["shop"]["id"].tolist() == given["id"].tolist()
    assert set(made["sale"]["shop"]) <= set(given["id"])
    assert 10 < len(made["sale"]) < 90


def test_a_kept_table_keeps_its_dtypes_in_a_file(tmp_path):
    lookup = pd.DataFrame(
        {
            "id": range(3),
            "numbers": pd.Categorical([3, 1, 1], ordered=True),
            "moments": pd.to_datetime(["2020-01-01"] * 3).astype("datetime64[s]"),
        }
    )
    tables = {"lookup": lookup}
    synth = cart(rs.Metadata.detect(tables), tables, keep=["lookup"])
    synth.save(tmp_path / "m")
    again = rs.RelationalSynthesizer.load(tmp_path / "m").sample()["lookup"]
    pd.testing.assert_frame_equal(again, lookup)


def test_rows_of_a_table_that_was_empty_are_refused():
    shop = pd.DataFrame({"id": range(30), "x": np.arange(30.0)})
    empty = pd.DataFrame({"shop_id": pd.Series([], dtype="int64")})
    tables = {"shop": shop, "sale": empty}
    synth = cart(rs.Metadata.detect(tables), tables)
    assert not len(synth.sample()["sale"])
    with pytest.raises(rs.CapacityError, match="'sale' was empty"):
        synth.sample(rows={"sale": 5})


@pytest.mark.parametrize("values", [["x", "", "y"], ["", ""], [None, "", "a"]])
def test_a_single_column_of_texts_keeps_its_rows(tmp_path, values):
    rs.write_tables({"word": pd.DataFrame({"a": values})}, tmp_path)
    assert len(rs.read_tables(tmp_path)["word"]) == len(values)


def test_half_a_character_is_refused_by_the_name_of_its_column(tmp_path):
    note = pd.Series(["a", "b \ud800"], dtype=object)  # the text type of pandas 3 cannot hold it
    with pytest.raises(rs.DataError, match=r"'t'.*'note'"):
        rs.write_tables({"t": pd.DataFrame({"note": note})}, tmp_path / "out")
