"""Real databases go through one command unattended and come back without a fault."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import relsynth as rs
from relsynth.cli import main

DATA = os.environ.get("RELSYNTH_DATA")
DATABASES = ("walmart", "northwind", "sakila_pagila", "chinook")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(DATA is None, reason="RELSYNTH_DATA names no folder of databases"),
]


@pytest.mark.parametrize("name", DATABASES)
def test_a_real_database_comes_back_without_a_fault(name, tmp_path, capsys, monkeypatch):
    source = Path(str(DATA)) / name
    arguments = [str(source), "-o", str(tmp_path / "out"), "--orphans", "null", "--json"]
    monkeypatch.setattr("sys.argv", ["relsynth", "synth", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    told = json.loads(capsys.readouterr().out)
    found = told["scores"]["validity"]["found"]
    assert told["scores"]["validity"]["validity"] == 0, found
    assert stop.value.code == 0
    assert any((tmp_path / "out").iterdir())


def test_frames_of_every_library_give_the_bytes_that_pandas_gives(tmp_path):
    pl, pa, duckdb = map(pytest.importorskip, ("polars", "pyarrow", "duckdb"))
    connection = duckdb.connect()
    real = rs.read_tables(Path(str(DATA)) / "chinook")
    kinds = {
        "pandas": lambda table: table,
        "pandas with Arrow types": lambda table: table.convert_dtypes(dtype_backend="pyarrow"),
        "polars": pl.from_pandas,
        "arrow": lambda table: pa.Table.from_pandas(table, preserve_index=False),
        "duckdb": connection.from_df,
    }
    written = {}
    for kind, turned in kinds.items():
        tables = {name: turned(table) for name, table in real.items()}
        metadata = rs.Metadata.detect(tables)
        synthesizer = rs.RelationalSynthesizer(metadata, model="cart", seed=0).fit(tables)
        rs.write_tables(synthesizer.sample(), tmp_path / kind)
        files = sorted((tmp_path / kind).iterdir())
        written[kind] = [(path.name, path.read_bytes()) for path in files]
    assert [kind for kind in kinds if written[kind] != written["pandas"]] == []
