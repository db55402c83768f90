"""Small files that unpack to much, or are wider than any table, are refused at once."""

from __future__ import annotations

import os
import sqlite3

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import relsynth as rs


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_a_long_text_that_stands_in_thousands_of_rows_of_parquet(folder):
    long = pa.array(["x" * 1_000_000]).dictionary_encode()
    pq.write_table(pa.table({"a": long.take(pa.array(np.zeros(3_000, int)))}), folder / "t.parquet")
    assert (folder / "t.parquet").stat().st_size < 100_000
    with pytest.raises(rs.DataError, match="unpacks to more than"):
        rs.read_tables(folder)


def test_parquet_of_many_equal_short_texts_is_read(folder):
    short = pa.array(["abcdef"]).dictionary_encode().take(pa.array(np.zeros(300_000, int)))
    pq.write_table(pa.table({"a": short}), folder / "t.parquet")
    assert len(rs.read_tables(folder)["t"]) == 300_000


def test_a_pipe_behind_a_parquet_name(folder):
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs pipes")
    os.mkfifo(folder / "t.parquet")
    with pytest.raises(rs.DataError, match="this is a pipe"):
        rs.read_tables(folder)


def test_too_many_columns(folder):
    (folder / "t.csv").write_text(",".join(["a"] * 300_000) + "\n")
    with pytest.raises(rs.DataError, match="300,000 columns, at most 20,000"):
        rs.read_tables(folder)


def test_a_cell_that_sqlite_makes_from_nothing(folder):
    path = folder / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b GENERATED ALWAYS AS (hex(zeroblob(a))))"
        )
        connection.execute("INSERT INTO t (a) VALUES (100000000)")
    connection.close()
    with pytest.raises(rs.DataError, match="a cell of more than"):
        rs.read_tables(path)
