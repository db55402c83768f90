"""Frames of any library, paths and single frames stand wherever tables are taken."""

from __future__ import annotations

import pandas as pd
import pytest
from evaluate_shop import make_shop, shop_schema

import relsynth as rs
from relsynth.evaluate import check_validity
from relsynth.storage import tables_of

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")

SCHEMA = shop_schema()
SHOP = make_shop(60)


def as_arrow(tables):
    return {name: pa.Table.from_pandas(t, preserve_index=False) for name, t in tables.items()}


def as_polars(tables):
    return {name: pl.from_arrow(table) for name, table in as_arrow(tables).items()}


def as_lazy(tables):
    return {name: frame.lazy() for name, frame in as_polars(tables).items()}


def as_arrow_types(tables):
    return {name: t.convert_dtypes(dtype_backend="pyarrow") for name, t in tables.items()}


CONNECTION = duckdb.connect()  # earlier versions of DuckDB end relations with their connection


def as_relations(tables):
    return {name: CONNECTION.from_arrow(table) for name, table in as_arrow(tables).items()}


KINDS = {
    "arrow": as_arrow,
    "polars": as_polars,
    "lazy": as_lazy,
    "duckdb": as_relations,
    "pandas with Arrow types": as_arrow_types,
}


def in_files(tables, folder):
    rs.write_tables(tables, folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def drawn(tables):
    return rs.RelationalSynthesizer(SCHEMA, model="cart", seed=3).fit(tables).sample()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return in_files(drawn(SHOP), tmp_path_factory.mktemp("shop") / "out")


@pytest.mark.parametrize("kind", KINDS)
def test_frames_of_another_library_give_the_same_synthetic_bytes(kind, expected, tmp_path):
    assert in_files(drawn(KINDS[kind](SHOP)), tmp_path / "out") == expected


@pytest.mark.parametrize("kind", KINDS)
def test_every_door_takes_frames_of_another_library(kind):
    told = KINDS[kind](SHOP)
    found = rs.Metadata.detect(told)
    assert found == rs.Metadata.detect(tables_of(told))
    assert found.plan(told).order == found.plan().order
    assert list(SCHEMA.check(told)) == list(SHOP)
    assert check_validity(told, told, SCHEMA).violations == 0
    report = rs.evaluate(told, SHOP, SCHEMA, told, measures=["shapes"], baselines=False)
    assert report.scores["shapes"]["shapes"] == 1.0
    small = rs.subset(told, SCHEMA, {"shops": 2})
    assert len(small["shops"]) == 2
    better = rs.refine(told, told, SCHEMA)
    assert {name: len(table) for name, table in better.items()} == {
        name: len(table) for name, table in SHOP.items()
    }


def test_children_of_given_rows_and_the_kind_of_frames_that_comes_out():
    synthesizer = rs.RelationalSynthesizer(SCHEMA, model="cart").fit(SHOP)
    plain = synthesizer.sample()
    arrow, polars = (synthesizer.sample(output=kind) for kind in ("arrow", "polars"))
    assert all(isinstance(table, pa.Table) for table in arrow.values())
    assert all(isinstance(table, pl.DataFrame) for table in polars.values())
    assert polars["orders"].columns == list(plain["orders"].columns)
    assert polars["orders"]["total"].to_list() == plain["orders"]["total"].to_list()
    given = as_polars({"customers": plain["customers"].head(5)})
    below = synthesizer.sample_children(of=given, output="polars")
    assert below["customers"].equals(given["customers"].cast(below["customers"].schema))
    small = rs.subset(SHOP, SCHEMA, {"shops": 2}, output="polars")
    assert isinstance(small["shops"], pl.DataFrame)
    assert isinstance(rs.refine(SHOP, SHOP, SCHEMA, output="arrow")["shops"], pa.Table)
    with pytest.raises(rs.DataError, match="did you mean 'polars'"):
        synthesizer.sample(output="polar")


def test_generated_tables_come_out_as_asked_and_existing_rows_go_in():
    first = rs.generate(SCHEMA, rows={"customers": 10}, seed=1, output="polars")
    assert all(isinstance(table, pl.DataFrame) for table in first.values())
    more = rs.generate(SCHEMA, rows={"customers": 5}, seed=2, existing=first)
    assert set(more["customers"]["id"]).isdisjoint(first["customers"]["id"].to_list())


def test_a_path_stands_for_tables_and_for_a_schema(tmp_path):
    rs.write_tables(as_polars(SHOP), tmp_path / "csv")
    rs.write_tables(SHOP, f"sqlite:///{tmp_path / 'shop.db'}", metadata=SCHEMA)
    SCHEMA.save(tmp_path / "schema.json")
    folder, database = str(tmp_path / "csv"), tmp_path / "shop.db"
    assert len(rs.Metadata.detect(folder).tables) == 4
    assert rs.Metadata.detect(database).foreign_keys
    report = rs.evaluate(
        folder, database, tmp_path / "schema.json", measures=["cardinality"], baselines=False
    )
    assert report.scores["cardinality"]["cardinality"] == 1.0
    synthesizer = rs.RelationalSynthesizer(str(tmp_path / "schema.json"), model="cart")
    assert len(synthesizer.fit(folder).sample()["orders"])
    files = {name: tmp_path / "csv" / f"{name}.csv" for name in SHOP}
    assert list(SCHEMA.check(files)) == list(SHOP)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_a_single_frame_is_a_database_of_one_table(kind):
    frame = kind({"age": [20, 30, 40] * 20, "town": ["A", "B", "B"] * 20})
    metadata = rs.Metadata.detect(frame)
    assert list(metadata.tables) == ["table"]
    fake = rs.RelationalSynthesizer(metadata, model="cart").fit(frame).sample(output="polars")
    assert fake["table"].shape == (60, 2)
    with pytest.raises(rs.DataError, match="one frame is given for a schema of 4 tables"):
        SCHEMA.check(frame)


def test_types_survive_the_way_in_and_out():
    table = pa.table(
        {
            "whole": pa.array([1, None, 3], pa.int32()),
            "flag": pa.array([True, None, False]),
            "text": pa.array(["a", None, "c"], pa.large_string()),
            "level": pa.array(["x", "y", "x"]).dictionary_encode(),
            "day": pa.array([0, 1, None], pa.date32()),
        }
    )
    frame = tables_of(table)["table"]
    assert str(frame["whole"].dtype) == "Int32"
    assert str(frame["flag"].dtype) == "boolean"
    assert isinstance(frame["level"].dtype, pd.CategoricalDtype)
    assert str(frame["day"].iloc[1]) == "1970-01-02"
    assert frame["text"].isna().tolist() == [False, True, False]
    assert tables_of(table.slice(0, 0))["table"].shape == (0, 5)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([1], "a list has no table names"),
        (None, "a NoneType has no table names"),
        (SCHEMA, "this is a schema, not tables; swap the arguments"),
        ({1: SHOP["shops"]}, "the table name 1 is no text"),
        ({"shops": [1, 2]}, "the table 'shops' is of type list; a frame of pandas, polars"),
        (3, "is of type int; a frame of"),
    ],
)
def test_what_is_no_table_is_refused_by_name(data, said):
    with pytest.raises(rs.DataError, match=said):
        rs.Metadata.detect(data)


def test_swapped_arguments_are_told():
    with pytest.raises(rs.SchemaError, match="stands where the schema is expected"):
        rs.evaluate(SCHEMA, SHOP, SHOP)
    with pytest.raises(rs.DataError, match="this is a schema, not tables"):
        rs.evaluate(SCHEMA, SHOP, SCHEMA)
    with pytest.raises(rs.SchemaError, match="mind the order"):
        rs.RelationalSynthesizer(SHOP)
