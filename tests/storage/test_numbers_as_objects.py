"""Whole numbers, flags and numbers stored as objects or levels reach a database as such."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.metadata import Column, ForeignKey, Metadata, Table

BIG = 2**62 + 1


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/x.db"
    return request.getfixturevalue("postgres_url")


def test_objects_and_levels_keep_their_numbers(url):
    frame = pd.DataFrame(
        {
            "id": np.arange(3),
            "whole": pd.Series([BIG, None, 3], dtype=object),
            "of_numpy": pd.Series([np.int64(BIG), np.int64(2), np.int64(3)], dtype=object),
            "level": pd.Categorical([BIG, 5, BIG]),
            "flag": pd.Series([True, None, False], dtype=object),
            "part": pd.Series([0.5, 2, None], dtype=object),
        }
    )
    rs.write_tables({"t": frame}, url)
    back = rs.read_tables(url)["t"]
    assert back["whole"].dropna().tolist() == [BIG, 3]
    assert back["of_numpy"].tolist() == [BIG, 2, 3]
    assert back["level"].tolist() == [BIG, 5, BIG]
    assert back["flag"].dropna().tolist() == [True, False]
    assert back["part"].dropna().tolist() == [0.5, 2.0]


def test_a_reference_without_values_takes_the_type_of_its_target(url):
    tables = {
        "a": pd.DataFrame({"id": pd.Series([], dtype=float)}),
        "b": pd.DataFrame({"id": [1, 2], "a_id": pd.Series([None, None], dtype=object)}),
    }
    keys = {"id": Column("id", "key")}
    metadata = Metadata(
        [
            Table("a", keys, primary_key=("id",)),
            Table("b", {**keys, "a_id": Column("a_id", "key")}, primary_key=("id",)),
        ],
        [ForeignKey("b", ("a_id",), "a", ("id",))],
    )
    rs.write_tables(tables, url, metadata=metadata)
    assert len(rs.read_tables(url, metadata)["b"]) == 2


def test_what_a_database_refuses_is_told_by_table_and_column(postgres_url):
    frame = pd.DataFrame({"id": [1, 2], "note": ["fine", "x\x00y"]})
    with pytest.raises(rs.DataError, match=r"table 't'.*NUL characters are in 'note'"):
        rs.write_tables({"t": frame}, postgres_url)
