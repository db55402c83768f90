"""Unsigned numbers, bytes, decimal numbers and signs of drivers in names and values, in SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.formats.tables import write_ddl
from relsynth.metadata import Column, Metadata, Table
from relsynth.storage.load import load_tables
from relsynth.storage.sql_script import write_script

LEVELS = ("%s", "a\tb", "line \n\tend", ":p", 'q"uote', "it's")


def schema(**columns: Column) -> Metadata:
    return Metadata([Table("t", {"id": Column("id", "key"), **columns}, primary_key=("id",))])


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_percent_signs_and_tabs_stay_in_a_script(tmp_path, dialect):
    named = schema(**{"100%": Column("100%", "categorical", values=LEVELS)})
    frame = pd.DataFrame({"id": range(len(LEVELS)), "100%": LEVELS})
    write_script({"t": frame}, tmp_path / "t.sql", named, dialect=dialect)
    with closing(sqlite3.connect(":memory:")) as database, database:
        database.executescript((tmp_path / "t.sql").read_text(encoding="utf-8"))
        found = database.execute('SELECT "100%" FROM t ORDER BY id').fetchall()
    assert [value for (value,) in found] == list(LEVELS)


@pytest.mark.parametrize("dtype", ["uint64", "UInt64", object])
def test_numbers_above_64_signed_bits_come_back(tmp_path, dtype):
    given = [2**63, 2**64 - 1, 5]
    frame = pd.DataFrame({"id": range(3), "v": pd.Series(given, dtype=dtype)})
    rs.write_tables({"t": frame}, tmp_path / "x.db")
    assert [int(v) for v in rs.read_tables(tmp_path / "x.db")["t"]["v"]] == given


def test_numbers_that_do_not_fit_are_named(tmp_path):
    frame = pd.DataFrame({"id": range(2), "v": np.array([1, 2**63], dtype="uint64")})
    with pytest.raises(rs.DataError, match="v: 9223372036854775808"):
        load_tables({"t": frame}, tmp_path / "x.db", schema(v=Column("v", "integer")))


@pytest.mark.parametrize("native", ["BYTEA", "BLOB", "varbinary(20)"])
def test_bytes_are_bytes_in_a_database(tmp_path, native):
    binary = schema(raw=Column("raw", "text", native=native, nullable=False))
    tables = rs.generate(binary, rows={"t": 5})
    load_tables(tables, tmp_path / "x.db", binary)
    write_script(tables, tmp_path / "t.sql", binary, dialect="sqlite")
    for start in ("file", "script"):
        place = tmp_path / "x.db" if start == "file" else ":memory:"
        with closing(sqlite3.connect(place)) as database, database:
            if start == "script":
                database.executescript((tmp_path / "t.sql").read_text(encoding="utf-8"))
            found = [value for (value,) in database.execute("SELECT raw FROM t ORDER BY id")]
        assert found == [value.encode() for value in tables["t"]["raw"]]
    assert "BYTEA" in write_ddl(binary)


def test_exact_numbers_are_decimal(tmp_path):
    exact = schema(price=Column("price", "numeric", decimals=2, exact=True, null_share=0.3))
    assert Metadata.from_dict(exact.to_dict()) == exact
    prices = rs.generate(exact, rows={"t": 40})["t"]["price"]
    assert {type(value) for value in prices.dropna()} == {Decimal}
    assert {value.as_tuple().exponent for value in prices.dropna()} == {-2}
    assert 0 < prices.isna().sum() < 40
