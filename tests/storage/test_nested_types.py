"""Lists, structs, maps and large texts of Arrow come back in their types."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import relsynth as rs
from relsynth.storage.folder import left_out

ROWS = 120


@pytest.fixture
def nested() -> pa.Table:
    rng = np.random.default_rng(3)
    place = pa.struct([("lat", pa.float64()), ("city", pa.string())])
    return pa.table(
        {
            "id": pa.array(range(ROWS)),
            "tags": pa.array(
                [rng.choice(["red", "big"], size).tolist() for size in rng.integers(0, 3, ROWS)],
                pa.list_(pa.string()),
            ),
            "marks": pa.array(rng.integers(0, 9, (ROWS, 2)).tolist(), pa.list_(pa.int32())),
            "place": pa.array(
                [{"lat": round(float(x), 3), "city": "Ulm"} for x in rng.normal(48, 1, ROWS)], place
            ),
            "sizes": pa.array(
                [[("a", int(x)), ("b", 1)] for x in rng.integers(0, 9, ROWS)],
                pa.map_(pa.string(), pa.int64()),
            ),
            "word": pa.array(rng.choice(["x", "y"], ROWS).tolist(), pa.large_string()),
        }
    )


def test_parquet_keeps_nested_types(nested, tmp_path):
    pq.write_table(nested, tmp_path / "thing.parquet")
    tables = rs.read_tables(tmp_path)
    made = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables).sample()
    rs.write_tables(made, tmp_path / "out", format="parquet")
    back = pq.read_table(tmp_path / "out" / "thing.parquet")
    assert back.schema.types == nested.schema.types
    assert {tag for tags in back["tags"].to_pylist() for tag in tags} <= {"red", "big"}
    assert {len(marks) for marks in back["marks"].to_pylist()} == {2}
    assert {place["city"] for place in back["place"].to_pylist()} == {"Ulm"}


def test_arrow_tables_keep_nested_types(nested):
    tables = {"thing": nested.drop_columns(["sizes"])}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables)
    made = synth.sample(output="arrow")["thing"]
    for name in ("tags", "marks", "place"):
        assert made.schema.field(name).type == nested.schema.field(name).type


def test_files_without_tables_are_named(tmp_path):
    for name in ("shop.csv", "notes.txt", "rows.jsonl", ".hidden"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    assert left_out(tmp_path) == ["notes.txt", "rows.jsonl"]
