"""Declared conditions hold in every generated row, by construction or bounded repair."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.constraints import enforce_constraints, narrowed_columns
from relsynth.constraints.expression import evaluate
from relsynth.metadata import Column, ForeignKey, Metadata, Table

ID = Column("id", "key")


def one_table(*columns: Column, **rest) -> Metadata:
    named = {column.name: column for column in (ID, *columns)}
    return Metadata([Table("t", named, primary_key=("id",), **rest)])


def made(metadata: Metadata, rows: int = 500, **options) -> pd.DataFrame:
    return rs.generate(metadata, {"t": rows}, seed=3, **options)["t"]


@pytest.mark.parametrize("profile", ["realistic", "edge"])
@pytest.mark.parametrize(
    ("columns", "check"),
    [
        ([Column("a", "integer")], "a > 10 AND a <= 12"),
        ([Column("a", "numeric", decimals=2)], "a BETWEEN -1 AND 1"),
        ([Column("a", "numeric", decimals=1)], "0 < a"),
        ([Column("a", "text")], "a IN ('x', 'y')"),
        ([Column("a", "text")], "LENGTH(a) <= 5"),
        ([Column("a", "text")], "length(a) = 3"),
        ([Column("a", "text")], "a LIKE 'AB_%'"),
        ([Column("a", "integer", nullable=True)], "a IS NULL OR a >= 7"),
        ([Column("a", "integer"), Column("b", "integer")], "a < b"),
        ([Column("a", "integer"), Column("b", "integer")], "a + b < 150 OR a = 0"),
        ([Column("a", "datetime"), Column("b", "datetime")], "a <= b"),
        ([Column("a", "datetime", native="DATE")], "a >= '2021-05-01'"),
        ([Column("a", "integer"), Column("b", "boolean")], "CASE WHEN b THEN a > 50 ELSE TRUE END"),
    ],
)
def test_checks_hold(columns, check, profile):
    frame = made(one_table(*columns, checks=(check,)), profile=profile)
    holds = evaluate(check, lambda _, name: frame[name])
    assert holds.fillna(True).all()
    assert len(frame) == 500


def test_single_column_checks_narrow_the_column():
    table = one_table(
        Column("a", "integer", low=0),
        Column("d", "datetime"),
        checks=("a >= 5 AND 9 > a", "d > '2024-02-28'"),
    ).tables["t"]
    narrowed = narrowed_columns(table)
    assert (narrowed["a"].low, narrowed["a"].high) == (5, 8)
    assert narrowed["d"].low == "2024-02-29"


def test_impossible_checks_are_refused_with_the_condition():
    metadata = one_table(
        Column("a", "integer"), Column("b", "integer"), checks=("a + b < a + b - 1",)
    )
    with pytest.raises(rs.ConstraintError, match=r"a \+ b < a \+ b - 1.*60 of 60 rows"):
        made(metadata, 60)


def test_syntax_error_in_a_check_names_the_place():
    schema = one_table(Column("a", "integer"), checks=("a >= ) 3",))
    with pytest.raises(rs.RelsynthError, match="line 1, column"):
        rs.generate(schema, unreadable="error")
    with pytest.warns(UserWarning, match="t: the check 'a >= \\) 3' is not enforced"):
        rs.generate(schema)


def test_contradicting_bounds_are_refused():
    with pytest.raises(rs.SchemaError, match=r"t\.a"):
        made(one_table(Column("a", "integer"), checks=("a > 10", "a < 5")))


@pytest.mark.parametrize("strict", [False, True])
def test_inequality_by_swapping_keeps_the_values(strict):
    columns = (Column("a", "integer", low=0, high=9), Column("b", "integer", low=0, high=9))
    rule = {"type": "inequality", "low": "a", "high": "b", "strict": strict}
    frame = made(one_table(*columns, constraints=(rule,)))
    assert (frame["a"] < frame["b"]).all() if strict else (frame["a"] <= frame["b"]).all()
    assert frame[["a", "b"]].isin(range(10)).all(axis=None)


def test_range_and_fixed_combinations():
    columns = [Column(n, "numeric", low=0, high=50) for n in ("low", "x", "high")]
    listed = [["DE", "EUR"], ["CH", "CHF"], ["FR", "EUR"]]
    metadata = one_table(
        *columns,
        Column("country", "text"),
        Column("currency", "text"),
        constraints=(
            {"type": "range", "low": "low", "column": "x", "high": "high"},
            {"type": "fixed_combinations", "columns": ["country", "currency"], "values": listed},
        ),
    )
    frame = made(metadata)
    assert ((frame["low"] <= frame["x"]) & (frame["x"] <= frame["high"])).all()
    found = set(frame[["country", "currency"]].itertuples(index=False, name=None))
    assert found == {tuple(combination) for combination in listed}


def test_conditional_nulls():
    metadata = one_table(
        Column("status", "categorical", values=("open", "closed")),
        Column("closed_on", "datetime", nullable=True, null_share=0.5),
        constraints=(
            {"type": "null_when", "column": "closed_on", "when": {"status": ["open"]}},
            {"type": "required_when", "column": "closed_on", "when": {"status": "closed"}},
        ),
    )
    frame = made(metadata)
    assert (frame["closed_on"].isna() == (frame["status"] == "open")).all()


def orders(**line) -> Metadata:
    order = Table(
        "orders",
        {
            "id": ID,
            "day": Column("day", "datetime", native="DATE", low="2024-01-01", high="2024-06-30"),
            "total": Column("total", "numeric", decimals=2),
            "gross": Column("gross", "numeric", decimals=2, derived="total * 1.19"),
        },
        primary_key=("id",),
        constraints=({"type": "sum", "column": "total", "of": "lines.amount"},),
    )
    lines = Table(
        "lines",
        {
            "order_id": Column("order_id", "key"),
            "line": Column("line", "integer"),
            "quantity": Column("quantity", "integer", low=1, high=5),
            "price": Column("price", "numeric", low=1, high=20, decimals=2),
            "amount": Column("amount", "numeric", decimals=2, derived="quantity * price"),
            "shipped": Column("shipped", "datetime", native="DATE", high="2024-12-31"),
            "ordered": Column("ordered", "datetime", derived="orders.day"),
        },
        primary_key=("order_id", "line"),
        constraints=(
            {"type": "after_parent", "column": "shipped", "parent": "orders",
             "parent_column": "day", **line},
        ),
    )  # fmt: skip
    return Metadata([order, lines], [ForeignKey("lines", ("order_id",), "orders", ("id",))])


@pytest.mark.parametrize("line", [{}, {"strict": True}, {"within": 14}])
def test_sums_derived_columns_and_dates_after_the_parent(line):
    tables = rs.generate(orders(**line), {"orders": 100, "lines": 400}, seed=1)
    order, lines = tables["orders"].set_index("id"), tables["lines"]
    assert np.allclose(lines["amount"], lines["quantity"] * lines["price"])
    sums = lines.groupby("order_id")["amount"].sum().reindex(order.index, fill_value=0)
    assert np.allclose(order["total"], sums)
    assert np.allclose(order["gross"], (sums * 1.19).round(2), atol=0.0101)
    day = lines["order_id"].map(order["day"])
    assert (lines["ordered"] == day).all()
    gap = (lines["shipped"] - day).dt.days
    assert gap.min() >= (1 if line.get("strict") else 0)
    if "within" in line:
        assert gap.max() <= 14


def test_circular_formulas_are_refused():
    metadata = one_table(
        Column("a", "integer", derived="b + 1"), Column("b", "integer", derived="a + 1")
    )
    with pytest.raises(rs.SchemaError, match="need each other"):
        made(metadata)


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ({"type": "inequalty", "low": "a", "high": "b"}, "did you mean 'inequality'"),
        ({"type": "inequality", "low": "a"}, "missing high"),
        ({"type": "inequality", "low": "a", "high": "c"}, "column 'c'"),
    ],
)
def test_bad_constraints_are_named(constraint, message):
    metadata = one_table(Column("a", "integer"), Column("b", "integer"), constraints=(constraint,))
    with pytest.raises(rs.SchemaError, match=message):
        made(metadata)


def test_constraints_hold_on_tables_from_elsewhere_and_keys_stay():
    metadata = orders()
    tables = rs.generate(metadata, {"orders": 50, "lines": 200}, seed=1)
    shuffled = {
        **tables,
        "orders": tables["orders"].assign(total=0.0, day=pd.Timestamp("2024-06-30")),
    }
    mended = enforce_constraints(metadata, shuffled, seed=2)
    sums = mended["lines"].groupby("order_id")["amount"].sum()
    order = mended["orders"].set_index("id")
    assert np.allclose(order["total"], sums.reindex(order.index, fill_value=0))
    assert (mended["lines"]["shipped"] >= pd.Timestamp("2024-06-30")).all()
    assert mended["lines"][["order_id", "line"]].equals(tables["lines"][["order_id", "line"]])


def test_unique_within_the_parent():
    parent = Table("p", {"id": ID}, primary_key=("id",))
    child = Table(
        "t",
        {"id": ID, "p": Column("p", "key"), "slot": Column("slot", "integer", low=1, high=4)},
        primary_key=("id",),
        constraints=({"type": "unique_within", "columns": ["slot"], "parent": "p"},),
    )
    metadata = Metadata([parent, child], [ForeignKey("t", ("p",), "p", ("id",))])
    frame = rs.generate(metadata, {"p": 10, "t": 40})["t"]
    assert not frame.duplicated(["p", "slot"]).any()
    with pytest.raises(rs.CapacityError, match=r"10 \* 4 = 40"):
        rs.generate(metadata, {"p": 10, "t": 41})


def test_samples_of_a_fitted_model_keep_the_constraints():
    metadata = orders()
    real = rs.generate(metadata, {"orders": 150, "lines": 500}, seed=1)
    synth = rs.RelationalSynthesizer(metadata, model="cart", seed=0).fit(real)
    tables = synth.sample()
    metadata.check(tables)
    order, lines = tables["orders"].set_index("id"), tables["lines"]
    assert np.allclose(lines["amount"], (lines["quantity"] * lines["price"]).round(2))
    sums = lines.groupby("order_id")["amount"].sum().reindex(order.index, fill_value=0)
    assert np.allclose(order["total"], sums, atol=0.006)
    assert (lines["shipped"] >= lines["order_id"].map(order["day"])).all()


def test_checks_of_the_database_that_cannot_be_read_are_left_out_with_a_warning():
    metadata = one_table(Column("a", "integer", low=0, high=9), checks=("my_function(a) > 3",))
    tables = {"t": pd.DataFrame({"id": [1, 2], "a": [3, 4]})}
    with pytest.warns(UserWarning, match="my_function"):
        enforce_constraints(metadata, tables, unreadable="warn")
    with pytest.raises(rs.ConstraintError, match="cannot be evaluated"):
        enforce_constraints(metadata, tables)
