"""Tables that never end or unpack to far more than they are: refused at once and by name."""

from __future__ import annotations

import gzip
import os
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

import relsynth as rs


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(rs.DataError, match="a pipe"):
        rs.read_tables(tmp_path)
    os.mkfifo(tmp_path / "schema.json")
    with pytest.raises(rs.SchemaError, match="regular file"):
        rs.Metadata.load(tmp_path / "schema.json")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="has no devices")  # noqa: PTH110
def test_a_device_is_not_read(tmp_path):
    (tmp_path / "t.csv").symlink_to("/dev/zero")
    with pytest.raises(rs.DataError, match="device"):
        rs.read_tables(tmp_path)


@pytest.mark.parametrize("where", ["header", "cell"])
def test_a_cell_without_end_is_refused(tmp_path, where):
    start = b"" if where == "header" else b"a\n"
    with gzip.open(tmp_path / "t.csv.gz", "wb", 1) as file:
        file.write(start)
        for _ in range(40):
            file.write(b"x" * (1 << 20))
    with pytest.raises(rs.DataError, match="line of more than"):
        rs.read_tables(tmp_path)


def test_a_file_that_unpacks_to_far_more_is_refused(tmp_path):
    with gzip.open(tmp_path / "t.csv.gz", "wb", 9) as file:
        file.write(b"a\n")
        for _ in range(70):
            file.write(b"0\n" * (1 << 19))
    with pytest.raises(rs.DataError, match="unpacks to more"):
        rs.read_tables(tmp_path)


def test_parquet_with_damaged_notes_of_pandas_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    rs.write_tables(
        {"t": pd.DataFrame({"id": range(3), "v": ["a", "b", None]})}, tmp_path, "parquet"
    )
    whole = path.read_bytes()
    for damaged in (whole.replace(b'"index_columns"', b'"index_col\xe4mns"'), whole[:-20]):
        path.write_bytes(damaged)
        with pytest.raises(rs.DataError, match=r"t\.parquet: broken Parquet"):
            rs.read_tables(tmp_path)


def test_names_in_sqlite_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "t.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE abcdef (id INTEGER)")
        connection.commit()
    path.write_bytes(path.read_bytes().replace(b"abcdef", b"ab\xffdef"[:6]))
    for read in (rs.read_tables, rs.Metadata.from_database):
        with pytest.raises((rs.DataError, ConnectionError), match=r"t\.db: .*UTF-8"):
            read(path)


def test_damaged_gzip_is_refused(tmp_path):
    path = tmp_path / "t.csv.gz"
    whole = bytearray(gzip.compress(b"id,v\n" + b"".join(b"%d,x\n" % i for i in range(500))))
    for at in range(10, 60, 7):
        path.write_bytes(bytes(whole[:at]) + b"\xff\xff\xff" + bytes(whole[at + 3 :]))
        with pytest.raises(rs.DataError, match=r"t\.csv\.gz"):
            rs.read_tables(tmp_path)
