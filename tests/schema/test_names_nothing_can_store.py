"""Names, digits and widths that no file or database can have are told as faults of a schema."""

from __future__ import annotations

import json

import pytest

import relsynth as rs
from relsynth.metadata import Column, Metadata, Table


@pytest.mark.parametrize(("name", "said"), [("a\0b", "NUL"), ("a\ud800", "half of a character")])
def test_names(name, said):
    for table in (
        Table(name, {"x": Column("x", "integer")}),
        Table("t", {name: Column(name, "integer")}),
    ):
        with pytest.raises(rs.SchemaError, match=said):
            Metadata([table])


def test_numbers_of_thousands_of_digits(tmp_path):
    body = {"relsynth": 1, "tables": {"t": {"columns": {"a": {"type": "integer", "low": "LOW"}}}}}
    path = tmp_path / "s.json"
    path.write_text(json.dumps(body).replace('"LOW"', "1" + "0" * 5_000))
    with pytest.raises(rs.SchemaError, match="too many digits"):
        rs.Metadata.load(path)


def test_types_beyond_all_floats_are_generated(tmp_path):
    path = tmp_path / "s.sql"
    path.write_text(
        "CREATE TABLE t (a NUMERIC(900, 500), b NUMERIC(900, 2), c INT CHECK (c < 1e999));"
    )
    assert len(rs.generate(path, 3)["t"]) == 3


def test_too_many_columns():
    columns = {f"c{at}": Column(f"c{at}", "integer") for at in range(20_001)}
    with pytest.raises(rs.SchemaError, match="20,001 columns, at most 20,000"):
        Metadata([Table("t", columns)])
