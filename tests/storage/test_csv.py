"""CSV: every cell keeps its text, and columns get types only where nothing is lost."""

from __future__ import annotations

import csv
import gzip
import io
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import relsynth as rs
from relsynth.storage import read_tables, write_tables
from relsynth.storage.cells import MARKS, is_text


def read_text(folder, text, name="t.csv"):
    (folder / name).write_bytes(text.encode())
    return read_tables(folder)["t"]


def written(folder, table, form="csv"):
    write_tables({"t": table}, folder / "out", form)
    return (folder / "out" / f"t.{form}").read_bytes()


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        (["1", "-2", "30"], "int64"),
        (["1", "", "30"], "Int64"),
        (["9223372036854775807", "-9223372036854775808"], "int64"),
        (["9223372036854775808", "1"], "text"),
        (["1.0", "2.5", "1e-05"], "float64"),
        (["1.5", "", "2.25"], "float64"),
        (["1e+16", "0.1", "123456789012345.6"], "float64"),
        (["1.0", "-0.0", "5e-324"], "float64"),
        (["True", "False"], "bool"),
        (["True", "", "False"], "boolean"),
        (["", "", ""], "float64"),
        (["007", "12"], "text"),
        (["5.00", "5.50"], "text"),
        (["1.5", "2"], "text"),
        (["1e5", "2.0"], "text"),
        (["+1", "2"], "text"),
        (["-0", "2"], "text"),
        ([" 1", "2"], "text"),
        (["1_000", "2"], "text"),
        (["t", "f"], "text"),
        (["true", "false"], "text"),
        (["nan", "x"], "text"),
        (["NA", "null", "None"], "text"),
        (["2020-01-01", "2020-01-02"], "text"),
        (["1", "x"], "text"),
    ],
)
def test_type_is_taken_only_where_the_text_comes_back(tmp_path, cells, dtype):
    text = "c,d\n" + "".join(f"{cell},z\n" for cell in cells)
    table = read_text(tmp_path, text)
    if dtype == "text":
        assert pd.api.types.is_string_dtype(table["c"].dtype)
        assert table["c"].tolist() == cells
    else:
        assert str(table["c"].dtype) == dtype
    assert written(tmp_path, table) == text.encode()


def test_a_late_cell_decides_too(tmp_path):
    text = "c\n" + "1\n" * 5_000 + "01\n"
    table = read_text(tmp_path, text)
    assert table["c"].iloc[[0, -1]].tolist() == ["1", "01"]
    assert written(tmp_path, table) == text.encode()


def test_quotes_commas_and_line_breaks(tmp_path):
    text = 'a,"b ""c"""\n"x,y","say ""hi"""\n"two\nlines","\r"\n,last\n'
    table = read_text(tmp_path, text)
    assert table.columns.tolist() == ["a", 'b "c"']
    assert table["a"].tolist()[:2] == ["x,y", "two\nlines"]
    assert pd.isna(table["a"].iloc[2])
    assert written(tmp_path, table) == text.encode()


def test_empty_cells_of_a_single_column(tmp_path):
    table = read_text(tmp_path, 'a\n1\n""\n3\n')
    assert table["a"].tolist() == [1, pd.NA, 3]
    assert written(tmp_path, table) == b'a\n1\n""\n3\n'


def test_header_only_and_byte_order_mark(tmp_path):
    table = read_text(tmp_path, "\ufeffa,b\n")
    assert table.columns.tolist() == ["a", "b"]
    assert len(table) == 0
    assert written(tmp_path, table) == b"a,b\n"


def test_carriage_returns_are_line_ends(tmp_path):
    assert read_text(tmp_path, "a,b\r\n1,x\r\n")["b"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ["empty", "header"]),
        (b"a,b\n1,2\n3\n", ["broken CSV", "2 columns, got 1"]),
        (b"a,a\n1,2\n", ["'a'", "more than once"]),
        (b"a,\n1,2\n", ["column 2", "no name"]),
    ],
)
def test_broken_files(tmp_path, content, parts):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(rs.DataError) as caught:
        read_tables(tmp_path)
    for part in ("t.csv", *parts):
        assert part in str(caught.value)


def test_damaged_gzip(tmp_path):
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 1000)
    (tmp_path / "t.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(rs.DataError, match=r"t\.csv\.gz"):
        read_tables(tmp_path)


def test_gzip_has_the_same_bytes_every_time(tmp_path):
    table = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    first = written(tmp_path, table, "csv.gz")
    time.sleep(1.1)
    assert written(tmp_path, table, "csv.gz") == first
    assert gzip.decompress(first) == b"a,b\n1,x\n2,\n"


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        (pd.to_datetime(["2020-01-01", None]), ["2020-01-01", ""]),
        (
            pd.to_datetime(["2020-01-01 00:00:00", "2020-01-02 03:04:05"]),
            ["2020-01-01 00:00:00", "2020-01-02 03:04:05"],
        ),
        (pd.to_datetime(["2020-01-01"]).tz_localize("UTC"), ["2020-01-01 00:00:00+00:00"]),
        (pd.to_timedelta(["1 days 02:00:00", None]), ["1 days 02:00:00", ""]),
        (pd.Categorical([3, None, 1]), ["3", "", "1"]),
        (pd.Categorical(["b", None, "a"]), ["b", "", "a"]),
        (np.array([0.1, 2.0], dtype="float32"), ["0.1", "2.0"]),
        (pd.array([1.5, None], dtype="Float64"), ["1.5", ""]),
        (np.array([1, 2], dtype="uint8"), ["1", "2"]),
        ([True, None], ["True", ""]),
        ([1, "a", None], ["1", "a", ""]),
        ([1e22, 0.1 + 0.2, -1e-7], ["1e+22", "0.30000000000000004", "-1e-07"]),
    ],
)  # fmt: skip
def test_cells_of_other_types(tmp_path, values, cells):
    table = pd.DataFrame({"v": values, "z": 0})
    expected = "v,z\n" + "".join(f"{cell},0\n" for cell in cells)
    assert written(tmp_path, table).decode() == expected


def test_time_of_day_is_shown_for_all_rows_or_none(tmp_path):
    moments = pd.Series(pd.to_datetime(["2020-01-01"] * 70_000))
    moments.iloc[-1] += pd.Timedelta(hours=1)
    lines = written(tmp_path, pd.DataFrame({"m": moments})).decode().splitlines()
    assert {len(line) for line in lines[1:]} == {19}


@pytest.mark.parametrize(
    ("cells", "dtype", "back"),
    [
        (["1", "NA", "30"], "Int64", ["1", "", "30"]),
        (["1.5", "NaN", "", "2.25"], "float64", ["1.5", "", "", "2.25"]),
        (["5.00", "N/A", "5.50"], "text", ["5.00", "", "5.50"]),
        (["2020-01-31 10:00:00+01:00", "NULL"], "text", ["2020-01-31 10:00:00+01:00", ""]),
        (["31/1/2020", "\\N"], "text", ["31/1/2020", ""]),
        (["NA", "DE", "FR"], "text", ["NA", "DE", "FR"]),
        (["NA", "NA"], "text", ["NA", "NA"]),
        (["NA", "1", "-"], "text", ["NA", "1", "-"]),
    ],
)
def test_marks_of_missing_values_are_missing_among_numbers_and_dates_only(
    tmp_path, cells, dtype, back
):
    table = read_text(tmp_path, "\n".join(["x", *(cell or '""' for cell in cells), ""]))
    assert is_text(table["x"]) if dtype == "text" else table["x"].dtype == dtype
    missing = [cell in MARKS or not cell for cell in cells]
    assert table["x"].isna().tolist() == (missing if "" in back else [False] * len(cells))
    assert list(csv.reader(io.StringIO(written(tmp_path, table).decode()))) == [
        ["x"],
        *([cell] for cell in back),
    ]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6).filter(
    lambda text: text not in MARKS
)
cells = st.one_of(
    texts,
    st.integers(-(10**19), 10**19).map(str),
    st.floats(allow_nan=False).map(repr),
    st.sampled_from(["", "True", "False", "1.50", "01", "inf", '"', ",", "\n", "-0"]),
)


@settings(deadline=None)
@given(st.integers(2, 4).flatmap(lambda n: st.lists(st.tuples(*[cells] * n), min_size=1)))
@example([("1.0", "inf"), ("-inf", "2.0")])
def test_any_cells_come_back(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("csv")
    buffer = io.StringIO()
    names = [f"c{i}" for i in range(len(rows[0]))]
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([names, *rows])
    table = read_text(folder, buffer.getvalue())
    back = written(folder, table).decode()
    assert list(csv.reader(io.StringIO(back, newline=""))) == [names, *map(list, rows)]


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_are_written_as_python_writes_them(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("floats")
    lines = written(folder, pd.DataFrame({"x": values, "y": 0})).decode().splitlines()
    assert lines[1:] == [f"{value!r},0" for value in values]


@pytest.mark.skipif("RELSYNTH_DATA" not in os.environ, reason="RELSYNTH_DATA is not set")
def test_real_files_come_back_byte_by_byte(tmp_path):
    for folder in sorted(Path(os.environ["RELSYNTH_DATA"]).glob("*/")):
        write_tables(read_tables(folder), tmp_path / folder.name)
        for path in folder.glob("*.csv.gz"):
            copy = tmp_path / folder.name / path.name.removesuffix(".gz")
            assert copy.read_bytes() == gzip.decompress(path.read_bytes()), path


@pytest.mark.slow
def test_a_million_rows_are_read_in_seconds(tmp_path):
    rng = np.random.default_rng(0)
    rows = 1_000_000
    table = pd.DataFrame(
        {
            "id": np.arange(rows),
            "day": rng.choice(["2020-01-01", "2020-01-02"], rows),
            "n": rng.integers(0, 9, rows),
            "x": rng.random(rows).round(2),
        }
    )
    write_tables({"t": table}, tmp_path)
    start = time.perf_counter()
    read_tables(tmp_path)
    assert time.perf_counter() - start < 4


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "name;größe;preis\nMüller;1,5;3\nJäger;2,5;4\nÖz;3,5;5\n".encode("latin-1")),
        ("t.csv", "name|größe|preis\nMüller|1,5|3\nJäger|2,5|4\nÖz|3,5|5\n".encode()),
        ("t.tsv", "\ufeffname\tgröße\tpreis\nMüller\t1,5\t3\nJäger\t2,5\t4\nÖz\t3,5\t5\n".encode()),
        ("t.csv", 'name,größe,preis\nMüller,"1,5",3\nJäger,"2,5",4\nÖz,"3,5",5\n'.encode("utf-16")),
    ],
)
def test_separator_and_encoding_are_told_by_the_file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    table = rs.read_tables(tmp_path)["t"]
    assert table.columns.tolist() == ["name", "größe", "preis"]
    assert table.name.tolist() == ["Müller", "Jäger", "Öz"]
    assert table["größe"].tolist() == ["1,5", "2,5", "3,5"]
    assert table.preis.tolist() == [3, 4, 5]
