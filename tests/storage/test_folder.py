"""Folders of tables: what is found, what is refused, and that writing is all or nothing."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import relsynth as rs
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.storage import read_tables, write_tables

TABLES = {
    "parts": pd.DataFrame({"code": ["007", "12"], "weight": [1.5, None]}),
    "stock": pd.DataFrame({"part": ["007", None], "count": pd.array([1, None], dtype="Int64")}),
}


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_tables_come_back(tmp_path, form):
    write_tables(TABLES, tmp_path / "new" / "out", form)
    assert names_in(tmp_path / "new") == ["out"]
    assert names_in(tmp_path / "new" / "out") == [f"parts.{form}", f"stock.{form}"]
    again = read_tables(tmp_path / "new" / "out")
    assert list(again) == ["parts", "stock"]
    for name, table in TABLES.items():
        pd.testing.assert_frame_equal(again[name], table)


def test_other_files_are_ignored(tmp_path):
    write_tables(TABLES, tmp_path)
    for name in ("metadata.json", "schema.sql", "SOURCE.txt", ".hidden.csv", "~lock.csv"):
        (tmp_path / name).write_text("?")
    assert list(read_tables(str(tmp_path))) == ["parts", "stock"]


def test_single_file(tmp_path):
    write_tables(TABLES, tmp_path, "csv.gz")
    assert list(read_tables(tmp_path / "parts.csv.gz")) == ["parts"]


def test_folder_without_tables(tmp_path):
    (tmp_path / "metadata.json").write_text("{}")
    with pytest.raises(rs.DataError, match=r"no tables found \(there is metadata.json\).*\.csv"):
        read_tables(tmp_path)


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_tables(tmp_path / "nowhere")


def test_two_files_for_one_table(tmp_path):
    write_tables(TABLES, tmp_path)
    (tmp_path / "parts.csv.gz").write_bytes(b"")
    with pytest.raises(rs.DataError, match=r"'parts' is there twice, as parts\.csv and as parts"):
        read_tables(tmp_path)


def test_files_are_replaced_but_not_doubled(tmp_path):
    write_tables(TABLES, tmp_path)
    write_tables({"parts": TABLES["parts"].head(1)}, tmp_path)
    assert len(read_tables(tmp_path)["parts"]) == 1
    with pytest.raises(rs.DataError, match=r"parts\.csv is there already"):
        write_tables(TABLES, tmp_path, "parquet")
    assert names_in(tmp_path) == ["parts.csv", "stock.csv"]


class Unwritable:
    def __str__(self):
        raise RuntimeError("cannot be written")


@pytest.mark.parametrize("exists", [True, False])
def test_failure_leaves_everything_as_it_was(tmp_path, exists):
    target = tmp_path / "out"
    if exists:
        write_tables(TABLES, target)
        before = (target / "parts.csv").read_bytes()
    broken = {"parts": TABLES["parts"].head(1), "stock": pd.DataFrame({"x": [Unwritable()]})}
    with pytest.raises(RuntimeError, match="cannot be written"):
        write_tables(broken, target)
    if exists:
        assert names_in(target) == ["parts.csv", "stock.csv"]
        assert (target / "parts.csv").read_bytes() == before
    else:
        assert names_in(tmp_path) == []


def test_refused_targets(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(rs.DataError, match="this is a file"):
        write_tables(TABLES, tmp_path / "file")
    with pytest.raises(rs.DataError, match=r"'a/b' cannot be the name of a file"):
        write_tables({"a/b": TABLES["parts"]}, tmp_path / "out")
    with pytest.raises(rs.DataError, match="'xlsx'"):
        write_tables(TABLES, tmp_path / "out", "xlsx")
    assert names_in(tmp_path) == ["file"]


def test_folder_of_parquet_parts(tmp_path):
    for number in range(3):
        part = pd.DataFrame({"n": [number * 2, number * 2 + 1]})
        write_tables({f"part-{number}": part}, tmp_path / "orders", "parquet")
    assert read_tables(tmp_path)["orders"]["n"].tolist() == [0, 1, 2, 3, 4, 5]


def test_parquet_of_other_writers(tmp_path):
    table = pa.table(
        {
            "n": pa.array([2**60 + 1, None], pa.int64()),
            "flag": pa.array([True, None]),
            "day": pa.array([0, None], pa.date32()),
            "price": pa.array(["1.50", None]).cast(pa.decimal128(5, 2)),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    frame = read_tables(tmp_path)["t"]
    assert frame["n"].tolist() == [2**60 + 1, pd.NA]
    assert str(frame["flag"].dtype) == "boolean"
    assert frame["day"].dtype.kind == "M"
    assert frame["price"].iloc[0] == 1.5


def test_damaged_parquet(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(rs.DataError, match=r"t\.parquet: broken Parquet"):
        read_tables(tmp_path)


def test_parquet_keeps_every_dtype(tmp_path):
    frame = pd.DataFrame(
        {
            "category": pd.Categorical(["a", "b"], categories=["b", "a"], ordered=True),
            "zoned": pd.to_datetime(["2020-01-01", None]).tz_localize("Europe/Berlin"),
            "span": pd.to_timedelta(["1h", None]),
            "small": pd.array([1, None], dtype="Int8"),
            "single": pd.array([1.5, 2.5], dtype="float32"),
            "flag": pd.array([True, None], dtype="boolean"),
        }
    )
    write_tables({"t": frame}, tmp_path, "parquet")
    pd.testing.assert_frame_equal(read_tables(tmp_path)["t"], frame)


def schema():
    return Metadata(
        [
            Table("parts", {"code": Column("code", "key"), "weight": Column("weight")}, ("code",)),
            Table("stock", {"part": Column("part", "key"), "count": Column("count", "integer")}),
        ],
        [ForeignKey("stock", ("part",), "parts", ("code",))],
    )


def test_schema_says_which_tables_to_read(tmp_path):
    write_tables(TABLES | {"extra": TABLES["parts"]}, tmp_path)
    assert list(read_tables(tmp_path, schema())) == ["parts", "stock"]
    (tmp_path / "stock.csv").rename(tmp_path / "stocks.csv")
    with pytest.raises(rs.DataError, match=r"'stock' is missing; did you mean 'stocks'\?"):
        read_tables(tmp_path, schema())


def test_schema_gives_both_ends_of_a_reference_one_type(tmp_path):
    tables = {**TABLES, "stock": pd.DataFrame({"part": ["12", None], "count": [1, 2]})}
    write_tables(tables, tmp_path)
    assert read_tables(tmp_path)["stock"]["part"].iloc[0] == 12
    stock = read_tables(tmp_path, schema())["stock"]
    assert stock["part"].iloc[0] == "12"
    assert stock["part"].isna().tolist() == [False, True]
    schema().check(read_tables(tmp_path, schema()))
