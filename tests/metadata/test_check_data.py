"""Contradictions between data and schema, each named with its place, count and cure."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import relsynth as rs
from relsynth.metadata import KINDS, Column, ForeignKey, Metadata, Table

SHOP = Metadata(
    [
        Table("customers", {"id": Column("id", "key"), "age": Column("age", "integer")}, ("id",)),
        Table(
            "orders",
            {
                "id": Column("id", "key"),
                "customer": Column("customer", "key"),
                "total": Column("total", "numeric"),
            },
            ("id",),
        ),
    ],
    [ForeignKey("orders", ("customer",), "customers", ("id",))],
)


def shop(**changes):
    tables = {
        "customers": pd.DataFrame({"id": [1, 2, 3], "age": [30, 40, 50]}),
        "orders": pd.DataFrame({"id": [1, 2], "customer": [1, 3], "total": [1.5, 2.0]}),
    }
    for path, values in changes.items():
        table, _, column = path.partition("__")
        tables[table] = tables[table].assign(**{column: values})
    return tables


def faults_of(metadata, tables, **options):
    with pytest.raises(rs.DataError) as caught:
        metadata.check(tables, **options)
    return caught.value.faults


def one_column(said, values):
    metadata = Metadata([Table("t", {"x": said})])
    return metadata, {"t": pd.DataFrame({"x": values})}


def test_sound_data_come_back_as_they_are():
    tables = shop()
    checked = SHOP.check(tables)
    assert list(checked) == ["customers", "orders"]
    assert all(checked[name] is tables[name] for name in tables)


def test_order_of_tables_and_columns_does_not_matter():
    tables = shop()
    turned = {
        "orders": tables["orders"][["total", "id", "customer"]],
        "customers": tables["customers"],
    }
    assert list(SHOP.check(turned)) == ["customers", "orders"]


def test_missing_misspelt_and_unknown_names():
    tables = shop()
    tables["order"] = tables.pop("orders")
    tables["customers"] = tables["customers"].rename(columns={"age": "agee"})
    missing, unknown, misspelt, extra = faults_of(SHOP, tables)
    assert missing == "the table 'orders' is missing; did you mean 'order'?"
    assert unknown.startswith("the table 'order' is not in the schema; did you mean 'orders'? Add")
    assert misspelt == "customers.age is missing from the data; did you mean 'agee'?"
    assert extra.startswith("customers.agee is not in the schema; did you mean 'age'? Add")


def test_table_that_is_no_frame():
    (fault,) = faults_of(SHOP, shop() | {"orders": [1, 2]})
    assert "'orders' is of type list" in fault


def test_column_that_is_there_twice():
    tables = shop()
    tables["customers"].columns = ["id", "id"]
    faults = faults_of(SHOP, tables)
    assert any("customers.id is there 2 times" in fault for fault in faults)


def test_null_and_repeated_primary_keys():
    (null,) = faults_of(SHOP, shop(orders__id=[None, 1.0]))
    (repeated,) = faults_of(SHOP, shop(customers__id=[1, 3, 3]))
    assert "orders.id is the primary key but null in 1 of 2 rows (row 0)" in null
    assert "customers.id is the primary key but 1 of 3 rows repeat an earlier row (3)" in repeated


def test_composite_keys_and_unique_sets():
    metadata = Metadata(
        [
            Table(
                "lines",
                {name: Column(name, "integer") for name in ("order", "no", "code")},
                ("order", "no"),
                (("code",),),
            )
        ]
    )
    lines = pd.DataFrame({"order": [1, 1, 1], "no": [1, 2, 2], "code": [7.0, np.nan, np.nan]})
    (fault,) = faults_of(metadata, {"lines": lines})
    assert "lines.order+no is the primary key" in fault
    assert "(1, 2)" in fault
    (fault,) = faults_of(metadata, {"lines": lines.assign(no=[1, 2, 3], code=[7, 7, 8])})
    assert "lines.code is unique but 1 of 3 rows" in fault


def test_orphans_are_listed():
    (fault,) = faults_of(SHOP, shop(orders__customer=[9, 1]))
    assert fault.startswith(
        "orders.customer: 1 of 2 rows refer to rows that customers.id does not have: 9"
    )
    assert "orphans='null'" in fault


def test_orphans_become_null_in_a_copy():
    tables = shop(orders__customer=[9, 1])
    checked = SHOP.check(tables, orphans="null")
    assert checked["orders"]["customer"].tolist() == [pd.NA, 1]
    assert str(checked["orders"]["customer"].dtype) == "Int64"
    assert tables["orders"]["customer"].tolist() == [9, 1]
    assert checked["customers"] is tables["customers"]
    assert SHOP.check(checked)


def test_missing_references_are_no_orphans():
    assert SHOP.check(shop(orders__customer=[None, 1.0]))


def test_required_reference():
    required = Metadata(
        SHOP.tables, [ForeignKey("orders", ("customer",), "customers", ("id",), nullable=False)]
    )
    (fault,) = faults_of(required, shop(orders__customer=[None, 1.0]))
    assert "must refer to 'customers' but is null in 1 of 2 rows" in fault
    (fault,) = faults_of(required, shop(orders__customer=[9, 1]), orphans="null")
    assert "declared as required" in fault


def test_orphans_in_a_primary_key_are_never_cleared():
    metadata = Metadata(
        [SHOP.tables["customers"], Table("cards", {"id": Column("id", "key")}, ("id",))],
        [ForeignKey("cards", ("id",), "customers", ("id",))],
    )
    tables = {"customers": shop()["customers"], "cards": pd.DataFrame({"id": [1, 8]})}
    (fault,) = faults_of(metadata, tables, orphans="null")
    assert "part of the primary key" in fault


def test_clearing_spares_columns_of_other_keys_and_follows_consequences():
    a = Table("a", {"k": Column("k", "key")}, ("k",))
    b = Table(
        "b",
        {name: Column(name, "key") for name in ("k", "n", "alias")},
        ("k", "n"),
        (("alias",),),
    )
    c = Table("c", {name: Column(name, "key") for name in ("k", "n", "alias")}, ())
    keys = [
        ForeignKey("b", ("k",), "a", ("k",)),
        ForeignKey("c", ("k",), "a", ("k",)),
        ForeignKey("c", ("k", "n"), "b", ("k", "n")),
        ForeignKey("c", ("alias",), "b", ("alias",)),
        ForeignKey("b", ("alias",), "a", ("k",)),
    ]
    tables = {
        "a": pd.DataFrame({"k": ["x", "y"]}),
        "b": pd.DataFrame({"k": ["x", "y"], "n": [1, 1], "alias": ["x", "gone"]}),
        "c": pd.DataFrame({"k": ["x", "y"], "n": [1, 5], "alias": ["x", "gone"]}),
    }
    checked = Metadata([a, b, c], keys).check(tables, orphans="null")
    assert checked["b"]["alias"].isna().tolist() == [False, True]
    assert checked["c"]["k"].tolist() == ["x", "y"]
    assert checked["c"]["n"].isna().tolist() == [False, True]
    assert checked["c"]["alias"].isna().tolist() == [False, True]


def test_ends_of_different_types():
    (fault,) = faults_of(SHOP, shop(orders__customer=["1", "3"]))
    assert "orders.customer holds text such as '1'" in fault
    assert "customers.id, to which it refers, holds numbers such as 1" in fault


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        (pd.Series([1.0, np.nan]), pd.Series([1, 2])),
        (pd.Series([1, None], dtype="Int64"), pd.Series([1.0, 2.0])),
        (pd.Series(["a", None], dtype="category"), pd.Series(["a", "b"])),
        (pd.Series(["a", None], dtype="string"), pd.Series(["a", "b"], dtype=object)),
        (
            pd.Series(pd.to_datetime(["2020-01-01", None])).astype("datetime64[us]"),
            pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])).astype("datetime64[ns]"),
        ),
    ],
)
def test_equal_keys_of_different_dtypes_match(child, parent):
    kind = "datetime" if parent.dtype.kind == "M" else "key"
    metadata = Metadata(
        [Table("p", {"id": Column("id", kind)}, ("id",)), Table("c", {"p": Column("p", kind)})],
        [ForeignKey("c", ("p",), "p", ("id",))],
    )
    assert metadata.check({"p": pd.DataFrame({"id": parent}), "c": pd.DataFrame({"p": child})})


@pytest.mark.parametrize(
    ("said", "values", "parts"),
    [
        (
            Column("x", "numeric", nullable=False),
            [1, None],
            ["not nullable", "1 of 2 rows", "row 1"],
        ),
        (Column("x", "numeric"), [1, "a"], ["mixes types", "1 int", "1 str"]),
        (Column("x"), ["a", 1.5, dt.date(2020, 1, 1)], ["mixes types", "1 date"]),
        (Column("x"), [[1], [2]], ["objects of type list", "cannot be learned"]),
        (Column("x", "numeric"), ["1", "two"], ["no numbers", "'two'", "1 of 2 rows"]),
        (Column("x", "numeric"), [1.0, np.inf, -np.inf], ["2 of 3 rows", "infinite"]),
        (Column("x", "numeric"), ["1", "inf"], ["infinite", "'inf'"]),
        (Column("x"), [1.0, np.inf], ["infinite"]),
        (Column("x", "integer"), [1.0, 2.5], ["no whole numbers", "2.5"]),
        (Column("x", "numeric"), pd.to_datetime(["2020-01-01"]), ["datetime64", "'datetime'"]),
        (Column("x", "boolean"), [0, 1, 2], ["boolean", "3 distinct values"]),
        (Column("x", "datetime", format="%d.%m.%Y"), ["01.02.2020", "2020-02-01"], ["%d.%m.%Y"]),
        (Column("x", "datetime"), ["2020-01-01", "soon"], ["one date format", "'soon'"]),
        (
            Column("x", "datetime"),
            ["2020-01-01", "2020-01-01 10:00"],
            ["2 of 2", "one date format"],
        ),
        (Column("x", "datetime"), [1.5, 2.5], ["datetime", "float64"]),
        (Column("x", "timedelta"), ["1 days", "much"], ["durations", "'much'"]),
        (Column("x", values=("a", "b")), ["a", "c"], ["not declared", "'c'", "'a', 'b'"]),
        (Column("x", "ordinal", values=(1, 2)), [1, 2, 3], ["3"]),
        (Column("x", "numeric", low=0), [1, -2], ["outside", "-2", "∞"]),
        (Column("x", "numeric", low=0, high=5), [1, 7], ["0 to 5", "7"]),
        (
            Column("x", "datetime", format="%d.%m.%Y", high="31.12.2020"),
            ["01.01.2020", "01.01.2021"],
            ["outside", "'01.01.2021'"],
        ),
        (Column("x", "timedelta", high="1 days"), pd.to_timedelta(["1h", "2 days"]), ["outside"]),
        (Column("x", "text", pattern="[A-Z]{2}"), ["AB", "ABC", "a"], ["2 of 3", "[A-Z]{2}"]),
        (Column("x", "text", max_length=2), ["ab", "abc"], ["longer than 2", "'abc'"]),
    ],
)
def test_value_faults(said, values, parts):
    metadata, tables = one_column(said, values)
    (fault,) = faults_of(metadata, tables)
    assert fault.startswith("t.x")
    for part in parts:
        assert part in fault


@pytest.mark.parametrize(
    ("said", "values"),
    [
        (Column("x", "numeric"), ["1", "2.50", None]),
        (Column("x", "numeric"), [Decimal("1.5"), Decimal(2), None]),
        (Column("x", "numeric"), pd.Series([1, None], dtype="Int64")),
        (Column("x", "integer"), [1.0, np.nan, 3.0]),
        (Column("x", "boolean"), ["t", "f", None]),
        (Column("x", "boolean"), pd.Series([True, None], dtype="boolean")),
        (Column("x", "datetime", format="%Y-%m-%d"), ["2020-01-01", "9999-12-31", "0001-01-01"]),
        (Column("x", "datetime", format="%Y%m%d"), [20200101, 20200102]),
        (Column("x", "datetime"), ["2020-01-01 10:00:00", None]),
        (Column("x", "datetime"), ["2020-01-01", "9999-12-31"]),
        (Column("x", "datetime"), pd.to_datetime(["2020-01-01"]).tz_localize("Europe/Berlin")),
        (Column("x", values=(1, 2, 2.5)), [1.0, 2.5, None]),
        (Column("x", values=("a", "b")), pd.Categorical(["a", None], categories=["a", "z"])),
        (Column("x", "key", pattern="[0-9]+"), [1.0, np.nan]),
        (Column("x"), [None, None]),
        (Column("x", "numeric"), []),
        (Column("x", "numeric"), pd.Series([1, 2], dtype="category")),
    ],
)
def test_sound_values(said, values):
    metadata, tables = one_column(said, values)
    assert metadata.check(tables)["t"] is tables["t"]


def test_faults_of_all_tables_are_collected():
    tables = shop(customers__age=[1, np.inf, 3], orders__customer=[1, 9], orders__id=[5, 5])
    assert len(faults_of(SHOP, tables)) == 3


def test_unknown_option():
    with pytest.raises(ValueError, match="'drop'"):
        SHOP.check(shop(), orphans="drop")


@settings(deadline=None)
@given(
    st.lists(st.none() | st.integers(0, 5), max_size=20),
    st.lists(st.integers(0, 5), unique=True, max_size=5),
)
def test_number_of_orphans(children, parents):
    metadata = Metadata(
        [Table("p", {"id": Column("id", "key")}, ("id",)), Table("c", {"p": Column("p", "key")})],
        [ForeignKey("c", ("p",), "p", ("id",))],
    )
    tables = {
        "p": pd.DataFrame({"id": pd.Series(parents, dtype="int64")}),
        "c": pd.DataFrame({"p": pd.Series(children, dtype="Int64")}),
    }
    orphans = sum(child is not None and child not in parents for child in children)
    if orphans and parents:
        (fault,) = faults_of(metadata, tables)
        assert f": {orphans} of {len(children)} rows refer" in fault
    checked = metadata.check(tables, orphans="null")
    kept = [child if child in parents else None for child in children]
    assert [None if pd.isna(value) else value for value in checked["c"]["p"]] == kept


@pytest.mark.slow
def test_a_million_rows_take_about_a_second():
    rng = np.random.default_rng(0)
    rows = 1_000_000
    tables = {
        "customers": pd.DataFrame({"id": np.arange(1000), "age": rng.integers(18, 90, 1000)}),
        "orders": pd.DataFrame(
            {
                "id": np.arange(rows),
                "customer": rng.integers(0, 1000, rows),
                "total": rng.random(rows),
            }
        ),
    }
    start = time.perf_counter()
    SHOP.check(tables)
    assert time.perf_counter() - start < 3


ODD = [
    pd.Series([1, 2**63], dtype="uint64"),
    pd.Series([1, None], dtype="Int64"),
    pd.Series([1, None], dtype="int64[pyarrow]"),
    pd.Series([1.5, None], dtype="Float64"),
    pd.Series([1.5, np.inf]),
    pd.Series([True, None], dtype=object),
    pd.Series(["a", None], dtype="string"),
    pd.Series(["a", pd.NA], dtype=object),
    pd.Series([b"a", None]),
    pd.Series(["a", None], dtype="category"),
    pd.Series([1, None]).astype("category"),
    pd.Series(pd.to_datetime(["2020-01-01", None])).dt.tz_localize("UTC"),
    pd.Series(pd.to_datetime(["2020-01-01", None])).astype("timestamp[us][pyarrow]"),
    pd.Series([dt.date(2020, 1, 1), None]).astype("date32[day][pyarrow]"),
    pd.Series([dt.datetime(2020, 1, 1), None], dtype=object),
    pd.Series([dt.timedelta(1), None], dtype=object),
    pd.Series([dt.time(1), None]),
    pd.Series([Decimal("NaN"), Decimal(1)]),
    pd.Series([uuid.UUID(int=1), None]),
    pd.Series([(1, 2), None]),
    pd.Series([{}, None]),
    pd.Series([1, "a"]),
    pd.Series([1 + 2j, 2]),
    pd.Series(pd.period_range("2020-01", periods=2, freq="M")),
    pd.Series(pd.interval_range(0, 2)),
    pd.Series(pd.arrays.SparseArray([1, 0])),
    pd.Series([None, None], dtype=object),
    pd.Series([], dtype=object),
]


@pytest.mark.parametrize("values", ODD, ids=lambda values: str(values.dtype))
def test_any_type_of_value_passes_or_is_a_data_error(values):
    low = {"datetime": "2020-01-01", "timedelta": "1h", "text": "a", "key": "a"}
    for kind in KINDS:
        for said in ({}, {"low": low.get(kind, 0)}, {"values": (1, "a")}, {"pattern": "a+"}):
            column = Column("x", kind, nullable=False, max_length=1, **said)
            metadata = Metadata([Table("t", {"x": column}, (), (("x",),))])
            with contextlib.suppress(rs.DataError):
                metadata.check({"t": pd.DataFrame({"x": values})})
    with contextlib.suppress(rs.DataError):
        Metadata.detect({"t": pd.DataFrame({"x": values})})


@pytest.mark.parametrize("values", ODD, ids=lambda values: str(values.dtype))
def test_any_two_types_compare_or_are_a_data_error(values):
    metadata = Metadata(
        [Table("p", {"id": Column("id", "key")}, ("id",)), Table("c", {"p": Column("p", "key")})],
        [ForeignKey("c", ("p",), "p", ("id",))],
    )
    for other in ODD:
        with contextlib.suppress(rs.DataError):
            tables = {"p": pd.DataFrame({"id": other}), "c": pd.DataFrame({"p": values})}
            metadata.check(tables, orphans="null")


def test_types_that_cannot_be_learned():
    for values in (pd.Series([1j]), pd.Series([1 + 2j, 3j])):
        (fault,) = faults_of(*one_column(Column("x"), values))
        assert f"t.x has the dtype {values.dtype}" in fault
        with pytest.raises(rs.DataError, match=r"t\.x holds values of dtype"):
            Metadata.detect({"t": pd.DataFrame({"x": values})})
