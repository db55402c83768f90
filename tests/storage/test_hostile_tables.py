"""Tables that never end or unpack to far more than they are: refused at once and by name."""

from __future__ import annotations

import gzip
import os

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
