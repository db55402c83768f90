"""Outputs in file systems that fsspec reaches."""

from __future__ import annotations

import json

import fsspec
import pandas as pd
import pytest
from small_databases import cart, shop_schema, shop_tables

import relsynth as rs
from relsynth.relational.streaming import Stream

PART = 600


@pytest.fixture(scope="module")
def synthesizer():
    return cart(shop_schema(), shop_tables(), seed=3)


@pytest.fixture
def store():
    files = fsspec.filesystem("memory")
    yield files
    files.store.clear()


def names(files) -> list[str]:
    return sorted(path.lstrip("/") for path in files.find("/"))


def test_parts_are_published_together(synthesizer, store, tmp_path):
    rows = synthesizer.sample_to("memory://lake/shop", scale=6, rows_of_a_part=PART)
    synthesizer.sample_to(tmp_path / "shop", scale=6, rows_of_a_part=PART)
    local, remote = rs.read_tables(tmp_path / "shop"), rs.read_tables("memory://lake/shop")
    for name, table in local.items():
        pd.testing.assert_frame_equal(remote[name], table)
    assert json.loads(store.cat("/lake/shop/_SUCCESS"))["rows"] == rows
    assert not [name for name in names(store) if "_unfinished" in name]
    assert [n for n in names(store) if n.startswith("lake/shop/orders.parquet/part-")]


def test_a_crash_publishes_nothing_and_may_be_resumed(synthesizer, store, monkeypatch):
    part, drawn = Stream.part, []

    def broken(stream, number):
        if number == 2:
            raise KeyboardInterrupt
        return part(stream, number)

    def counted(stream, number):
        drawn.append(number)
        return part(stream, number)

    for kept in (False, True):
        monkeypatch.setattr(Stream, "part", broken)
        with pytest.raises(KeyboardInterrupt):
            synthesizer.sample_to("memory://b/x", scale=6, rows_of_a_part=PART, resume=kept)
        found = [name for name in names(store) if not name.startswith("b/x/_unfinished-")]
        assert not found
        assert bool(names(store)) == kept
    monkeypatch.setattr(Stream, "part", counted)
    synthesizer.sample_to("memory://b/x", scale=6, rows_of_a_part=PART, resume=True)
    synthesizer.sample_to("memory://b/y", scale=6, rows_of_a_part=PART)
    assert drawn[0] == 2
    for name, table in rs.read_tables("memory://b/y").items():
        pd.testing.assert_frame_equal(rs.read_tables("memory://b/x")[name], table)


def test_tables_are_written_and_read(store):
    tables = {"parts": pd.DataFrame({"code": ["007", "12"], "n": [1, 2]})}
    rs.write_tables(tables, "memory://box/a", "parquet")
    pd.testing.assert_frame_equal(rs.read_tables("memory://box/a")["parts"], tables["parts"])
    with pytest.raises(rs.DataError, match="not empty"):
        rs.write_tables(tables, "memory://box/a", "parquet")
    with pytest.raises(rs.DataError, match="takes Parquet"):
        rs.write_tables(tables, "memory://box/b")
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        rs.read_tables("memory://box/nowhere")


def test_what_to_install_is_said(synthesizer):
    with pytest.raises(rs.DataError, match="s3:// needs s3fs: pip install s3fs"):
        synthesizer.sample_to("s3://bucket/shop")
