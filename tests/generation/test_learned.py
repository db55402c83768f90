"""A schema learned from data generates data of its shape and copies no value."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import relsynth as rs
from relsynth.cli.inspect import inspect
from relsynth.generation.learned import learned_schema
from relsynth.storage.load import load_tables

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.mark.parametrize("name", ["shop", "org", "clinic", "school"])
def test_ranges_and_cardinalities_but_no_values(name):
    metadata = rs.Metadata.load(SCHEMAS / f"{name}.json")
    real = rs.generate(metadata, seed=3)
    bare = rs.Metadata.load(SCHEMAS / f"{name}.sql")
    schema = learned_schema(bare, real)
    text = json.dumps(schema.to_dict())
    for table in metadata.tables.values():
        for column in table.columns.values():
            if column.pii:
                assert not [v for v in real[table.name][column.name].dropna() if f'"{v}"' in text]
    made = rs.generate(schema, seed=4)
    schema.check(made)
    for table, frame in real.items():
        assert schema.tables[table].rows == len(frame)
        assert len(made[table]) == pytest.approx(len(frame), abs=1)
        for column in frame.select_dtypes("number"):
            known = schema.tables[table].columns[column]
            if known.low is not None and known.kind in ("numeric", "integer"):
                assert float(known.low) <= frame[column].min()
                assert frame[column].max() <= float(known.high)


def test_levels_are_taken_only_where_they_are_common():
    frame = pd.DataFrame(
        {"id": range(100), "common": ["a", "b"] * 50, "rare": ["x"] * 99 + ["only one"]}
    )
    columns = {n: rs.metadata.Column(n, "categorical") for n in ("common", "rare")}
    table = rs.metadata.Table("t", {"id": rs.metadata.Column("id", "key"), **columns}, ("id",))
    schema = learned_schema(rs.Metadata([table]), {"t": frame})
    assert schema.tables["t"].columns["common"].values == ("a", "b")
    assert schema.tables["t"].columns["rare"].values is None


def test_inspect_writes_a_schema_ready_to_edit(tmp_path):
    metadata = rs.Metadata.load(SCHEMAS / "shop.json")
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    load_tables(rs.generate(metadata), url, metadata)
    target = tmp_path / "learned.json"
    done = CliRunner().invoke(inspect, [url, "--save-learned", str(target)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "order_lines" in done.output
    learned = rs.Metadata.load(target)
    assert learned.tables["customers"].rows == 100
    learned.check(rs.generate(learned))
