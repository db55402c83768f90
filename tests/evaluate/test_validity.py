"""What is wrong with a synthetic database is found, counted and shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evaluate_shop import copy_of, make_shop, shop_schema
from hypothesis import given, settings
from hypothesis import strategies as st

import relsynth as rs
from relsynth.evaluate import check_validity
from relsynth.evaluate.unique_sets import unique_sets
from relsynth.metadata import Column, ForeignKey, Table

REAL = make_shop()
SCHEMA = shop_schema()


def rules(fake, real=None, schema=SCHEMA):
    found = check_validity(real or REAL, fake, schema)
    return {(violation.where, violation.rule): violation for violation in found.found}


def test_the_real_data_break_no_rule():
    found = check_validity(REAL, REAL, SCHEMA)
    assert found.violations == 0
    assert str(found) == "no rule is broken"


def test_keys_that_repeat_or_are_missing_are_counted_with_example_rows():
    fake = copy_of(REAL)
    fake["customers"].loc[3, "id"] = fake["customers"].loc[2, "id"]
    found = rules(fake)[("customers.id", "duplicate primary key")]
    assert found.count == 1
    assert found.examples == ({"row": 3, "id": 102},)


def test_orphans_and_unexpected_nulls_are_told_apart():
    fake = copy_of(REAL)
    fake["orders"]["customer"] = fake["orders"]["customer"].astype("Int64")
    fake["orders"].loc[:4, "customer"] = 999_999
    fake["orders"].loc[7:8, "customer"] = pd.NA
    found = rules(fake)
    assert found[("orders.customer", "orphan")].count == 5
    assert found[("orders.customer", "unexpected null")].count == 2


def test_integer_and_text_keys_are_one_value():
    fake = copy_of(REAL)
    fake["orders"]["customer"] = fake["orders"]["customer"].astype(float).astype(str)
    found = rules(fake)
    assert ("orders.customer", "orphan") not in found
    assert found[("orders.customer", "dtype")].count == 1


def test_column_order_and_dtype_are_compared():
    fake = copy_of(REAL)
    fake["visits"] = fake["visits"][["minutes", "customer"]]
    fake["shops"]["rank"] = fake["shops"]["rank"].astype(float)
    found = rules(fake)
    assert ("visits", "column order") in found
    assert found[("shops.rank", "dtype")].detail == "real int64, synthetic float64"


def test_date_texts_in_another_format_are_found():
    fake = copy_of(REAL)
    fake["orders"].loc[[1, 5], "day"] = ["2020/03/04", "2020-02-30"]
    assert rules(fake)[("orders.day", "date format")].count == 2


def test_number_texts_keep_their_decimals():
    real = copy_of(REAL)
    real["customers"]["income"] = real["customers"]["income"].map("{:.2f}".format)
    fake = copy_of(real)
    fake["customers"].loc[[0, 2], "income"] = ["7.5", "many"]
    assert rules(fake, real)[("customers.income", "number format")].count == 2


def test_infinite_numbers_are_found():
    fake = copy_of(REAL)
    fake["visits"].loc[4, "minutes"] = np.inf
    assert rules(fake)[("visits.minutes", "infinite")].count == 1


def test_declared_bounds_values_patterns_lengths_and_checks_hold():
    table = Table(
        "people",
        {
            "age": Column("age", "integer", low=0, high=120),
            "sex": Column("sex", "categorical", values=("f", "m")),
            "code": Column("code", "text", pattern="[A-Z]{2}", max_length=2),
            "born": Column("born", "datetime", format="%d.%m.%Y", low="01.01.1900"),
        },
        checks=("age < 100 OR sex = 'f'",),
    )
    schema = rs.Metadata([table])
    columns = {"age": [30, 40], "sex": ["f", "m"], "code": ["AB", "CD"]}
    real = {"people": pd.DataFrame(columns | {"born": ["01.02.1990", "03.04.1980"]})}
    bad = {"age": [-1, 110], "sex": ["x", "m"], "code": ["AB", "long"]}
    fake = {"people": pd.DataFrame(bad | {"born": ["31.12.1899", "03.04.1980"]})}
    found = rules(fake, real, schema)
    counts = {key: violation.count for key, violation in found.items()}
    assert counts == {
        ("people.age", "out of range"): 1,
        ("people.sex", "value not allowed"): 1,
        ("people.code", "pattern"): 1,
        ("people.code", "too long"): 1,
        ("people.born", "out of range"): 1,
        ("people", "check"): 1,
    }


def test_structured_constraints_hold_and_those_the_real_data_break_do_not_count():
    day = "%Y-%m-%d"
    table = Table(
        "stays",
        {
            "start": Column("start", "datetime", format=day),
            "end": Column("end", "datetime", format=day),
        },
        constraints=({"type": "inequality", "low": "start", "high": "end"},),
        checks=("start > '2024-01-01'",),
    )
    schema = rs.Metadata([table])
    real = {"stays": pd.DataFrame({"start": ["2023-01-01"], "end": ["2023-01-02"]})}
    fake = {
        "stays": pd.DataFrame({"start": ["2023-02-01", "2024-03-05"], "end": ["2023-01-01"] * 2})
    }
    found = check_validity(real, fake, schema)
    assert [(v.rule, v.count, v.strict) for v in found.found] == [
        ("check", 2, True),
        ("check", 1, False),
    ]
    assert found.violations == 2


def test_pairs_of_foreign_keys_that_repeat_against_the_real_data_are_noted_but_break_no_rule():
    papers = Table("papers", {"id": Column("id", "key")}, ("id",))
    cites = Table("cites", {"a": Column("a", "key"), "b": Column("b", "key")})
    keys = [
        ForeignKey("cites", ("a",), "papers", ("id",)),
        ForeignKey("cites", ("b",), "papers", ("id",)),
    ]
    schema = rs.Metadata([papers, cites], keys)
    real = {
        "papers": pd.DataFrame({"id": [1, 2, 3]}),
        "cites": pd.DataFrame({"a": [1, 1, 2], "b": [2, 3, 3]}),
    }
    fake = {**real, "cites": pd.DataFrame({"a": [1, 1, 2], "b": [2, 2, 3]})}
    found = rules(fake, real, schema)
    assert found[("cites.a+b", "duplicate")].examples == ({"row": 1, "a": 1, "b": 2},)
    assert not found[("cites.a+b", "duplicate")].strict
    assert check_validity(real, fake, schema).violations == 0
    report = str(rs.evaluate(real, fake, schema, measures=["validity"], progress=False))
    assert "broken rules" not in report
    assert "not declared, noted only:\n    cites.a+b: duplicate, 1 rows" in report
    declared = replace(cites, unique=(("a", "b"),))
    assert check_validity(real, fake, rs.Metadata([papers, declared], keys)).violations == 1


@pytest.mark.parametrize(("n_parents", "is_rule"), [(1000, False), (12, True)])
def test_of_three_keys_a_pair_is_a_rule_only_where_chance_would_repeat_it(n_parents, is_rule):
    rng = np.random.default_rng(0)
    names = ("a", "b", "c")
    parents = [Table(name, {"id": Column("id", "key")}, ("id",)) for name in names]
    child = Table("t", {name: Column(name, "key") for name in names})
    keys = [ForeignKey("t", (name,), name, ("id",)) for name in names]
    cells = rng.permutation(n_parents**2)[:60]
    frame = pd.DataFrame({"a": cells // n_parents, "b": cells % n_parents, "c": 0})
    frame.loc[1, ["a", "c"]] = frame.loc[0, ["a", "c"]]
    frame.loc[1, "b"] = (frame.loc[0, "b"] + 1) % n_parents
    frame = frame.drop_duplicates(["a", "b"], ignore_index=True)
    real = {name: pd.DataFrame({"id": range(n_parents)}) for name in names} | {"t": frame}
    found = {unique.columns for unique in unique_sets(rs.Metadata([*parents, child], keys), real)}
    assert (("a", "b") in found) == is_rule


def test_a_set_that_chance_alone_keeps_unique_is_no_rule():
    found = {unique.columns for unique in unique_sets(SCHEMA, REAL) if unique.table == "orders"}
    assert ("customer", "day") in found
    assert not any("total" in columns for columns in found)


def test_missing_tables_and_columns_are_reported_together():
    fake = {"shops": REAL["shops"], "customers": REAL["customers"].drop(columns="region")}
    with pytest.raises(rs.DataError, match="3 faults") as error:
        check_validity(REAL, fake, SCHEMA)
    assert "customers.region" in str(error.value)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 6)), min_size=1, max_size=30))
def test_orphans_are_counted_exactly(references):
    parents = Table("p", {"id": Column("id", "key")}, ("id",))
    children = Table("c", {"p": Column("p", "key")})
    schema = rs.Metadata([parents, children], [ForeignKey("c", ("p",), "p", ("id",))])
    p = pd.DataFrame({"id": [1, 2, 3]})
    real = {"p": p, "c": pd.DataFrame({"p": pd.array([1, None, 1, 1], dtype="Int64")})}
    fake = {"p": p, "c": pd.DataFrame({"p": pd.array(references, dtype="Int64")})}
    found = rules(fake, real, schema)
    expected = sum(value is not None and value not in (1, 2, 3) for value in references)
    orphans = found.get(("c.p", "orphan"))
    assert (orphans.count if orphans else 0) == expected
    assert ("c.p", "unexpected null") not in found


def test_examples_are_json_values():
    fake = copy_of(REAL)
    fake["customers"]["income"] = np.nan
    found = rules(fake)[("customers.income", "unexpected null")]
    assert found.examples[0] == {"row": 0, "income": None}
