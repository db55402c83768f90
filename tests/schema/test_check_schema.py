"""Contradictions inside a schema, each named, all at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

import relsynth as rs
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.schema.expressions import column_names


def column(name="x", kind="numeric", **said):
    return Column(name, kind, **said)


def table(name, *columns, key=("id",), **said):
    listed = (Column("id", "key"), *columns)
    return Table(name, {one.name: one for one in listed}, key, **said)


CUSTOMERS = table("customers")
ORDERS = table("orders", Column("customer", "key"))
BUYER = ForeignKey("orders", ("customer",), "customers", ("id",))


def faults_of(tables, keys=()):
    with pytest.raises(rs.SchemaError) as caught:
        Metadata(tables, keys, source="shop")
    assert str(caught.value).startswith("shop: ")
    return caught.value.faults


def test_sound_schema_passes():
    assert Metadata([CUSTOMERS, ORDERS], [BUYER]).foreign_keys == (BUYER,)


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        (column(kind="nummer"), ["'nummer'", "did you mean 'numeric'?"]),
        (column(low=3, high=2), ["min 3", "greater than max 2"]),
        (column(low="three"), ["min", "'three'", "finite number"]),
        (column(high=float("inf")), ["max", "finite number"]),
        (column(high=float("nan")), ["max", "finite number"]),
        (column(kind="datetime", low="2020-13-01"), ["min", "ISO 8601"]),
        (
            column(kind="datetime", format="%d.%m.%Y", low="02.01.2020", high="01.01.2020"),
            ["02.01.2020", "greater than"],
        ),
        (column(kind="datetime", format="%d.%m.%Y", low="2020-01-02"), ["'%d.%m.%Y'"]),
        (column(kind="datetime", low=5), ["5", "ISO 8601"]),
        (column(kind="timedelta", low="2 days", high="1 days"), ["2 days", "greater"]),
        (column(kind="timedelta", low="long"), ["'long'", "duration"]),
        (column(kind="key", low="a", high=3), ["differ in type"]),
        (column(values=()), ["list of values is empty"]),
        (column(values=(1, None)), ["null"]),
        (column(values=(1, 2, 1)), ["more than once", "'1'"]),
        (column(values=(1, 2), weights=(1,)), ["1 weights for 2 values"]),
        (column(weights=(1,)), ["1 weights for 0 values"]),
        (column(values=(1, 2), weights=(1, -1)), ["0 or more"]),
        (column(values=(1, 2), weights=(0, 0)), ["not all 0"]),
        (column(kind="text", pattern="[a-"), ["'[a-'", "regular expression"]),
        (column(kind="datetime", format="YYYY"), ["'YYYY'", "strftime"]),
        (column(null_share=1.5), ["null_share is 1.5", "between 0 and 1"]),
        (column(null_share=0.1, nullable=False), ["not nullable"]),
        (column(decimals=-1), ["decimals is -1"]),
        (column(kind="text", max_length=0), ["max_length is 0"]),
    ],
)
def test_column_faults(said, parts):
    (fault,) = faults_of([table("t", said)])
    assert fault.startswith("t.x")
    for part in parts:
        assert part in fault


def test_date_bounds_far_away_are_dates():
    far = column(kind="datetime", low="0001-01-01", high="9999-12-31")
    assert Metadata([table("t", far)]).tables["t"].columns["x"] == far


@pytest.mark.parametrize(
    ("tables", "parts"),
    [
        ([], ["no tables"]),
        ([CUSTOMERS, CUSTOMERS], ["2 tables are named 'customers'"]),
        ([Table("t", {})], ["'t' has no columns"]),
        ([Table("t", {"a": Column("b", "key")})], ["'b'", "under the name 'a'"]),
        ([table("t", key=("idd",))], ["primary key", "'idd'", "did you mean 'id'?"]),
        ([table("t", key=("id", "id"))], ["'id' 2 times"]),
        ([table("t", unique=(("name",),))], ["unique set", "'name'"]),
        ([table("t", unique=((),))], ["unique set names no columns"]),
        ([table("t", role="lookup")], ["'lookup'", "reference"]),
        ([table("t", rows=-1)], ["-1 rows"]),
        ([table("t", constraints=({"columns": ["id"]},))], ["no 'type'"]),
        ([table("t", column(), checks=("y > 0",))], ["'y > 0'", "'y'"]),
        ([table("t", column(), checks=("t.y > 0",))], ["'y'"]),
        ([Table("t", {"a": column("a", nullable=True)}, ("a",))], ["t.a", "never null"]),
    ],
)
def test_table_faults(tables, parts):
    (fault,) = faults_of(tables)
    for part in parts:
        assert part in fault


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        (replace(BUYER, parent="costumers"), ["parent table 'costumers'", "mean 'customers'?"]),
        (replace(BUYER, child="order"), ["child table 'order'", "did you mean 'orders'?"]),
        (replace(BUYER, columns=("custmer",)), ["'custmer'", "did you mean 'customer'?"]),
        (replace(BUYER, parent_columns=("idx",)), ["'idx'", "did you mean 'id'?"]),
        (replace(BUYER, columns=("customer", "id")), ["maps 2 columns", "to 1"]),
        (replace(BUYER, columns=(), parent_columns=()), ["names no columns"]),
        (replace(BUYER, when={"kind": "a"}), ["'when'", "'kind'"]),
        (
            ForeignKey("customers", ("id",), "orders", ("customer",)),
            ["orders(customer)", "neither the primary key nor a unique set", "(id)"],
        ),
    ],
)
def test_foreign_key_faults(key, parts):
    fault = faults_of([CUSTOMERS, ORDERS], [key])[0]
    assert repr(key.name) in fault
    for part in parts:
        assert part in fault


@pytest.mark.parametrize(
    ("here", "there", "fits"),
    [
        ("key", "key", True),
        ("key", "integer", True),
        ("numeric", "integer", True),
        ("text", "integer", False),
        ("datetime", "integer", False),
        ("boolean", "numeric", False),
        ("categorical", "text", True),
    ],
)
def test_both_ends_need_one_type(here, there, fits):
    parent = Table("p", {"id": Column("id", there)}, ("id",))
    child = Table("c", {"p": Column("p", here)})
    key = ForeignKey("c", ("p",), "p", ("id",))
    if fits:
        assert Metadata([parent, child], [key]).foreign_keys == (key,)
        return
    (fault,) = faults_of([parent, child], [key])
    assert f"c.p is {here} but p.id is {there}" in fault


def test_native_types_tell_keys_apart():
    parent = Table("p", {"id": Column("id", "key", native="INTEGER")}, ("id",))
    child = Table("c", {"p": Column("p", "key", native="VARCHAR(9)")})
    (fault,) = faults_of([parent, child], [ForeignKey("c", ("p",), "p", ("id",))])
    assert "VARCHAR(9)" in fault
    assert "INTEGER" in fault


def test_reference_to_an_alternate_key_in_another_order():
    parent = table("p", column("a"), column("b"), unique=(("a", "b"),))
    child = table("c", column("x"), column("y"))
    key = ForeignKey("c", ("x", "y"), "p", ("b", "a"))
    assert Metadata([parent, child], [key]).foreign_keys == (key,)


def test_names_of_foreign_keys_are_unique():
    keys = [
        replace(BUYER, name="same"),
        ForeignKey("orders", ("id",), "customers", ("id",), name="same"),
    ]
    (fault,) = faults_of([CUSTOMERS, ORDERS], keys)
    assert "2 foreign keys are named 'same'" in fault


def test_one_reference_said_twice():
    (fault,) = faults_of([CUSTOMERS, ORDERS], [BUYER, replace(BUYER, name="again")])
    assert "the same thing twice" in fault


def test_polymorphic_references_may_share_a_column():
    notes = table("notes", Column("about", "key"), Column("what"))
    keys = [
        ForeignKey("notes", ("about",), parent, ("id",), when={"what": parent})
        for parent in ("customers", "orders")
    ]
    assert len(Metadata([CUSTOMERS, ORDERS, notes], keys).foreign_keys) == 2


def test_nullable_key_of_required_columns():
    orders = table("orders", Column("customer", "key", nullable=False))
    (fault,) = faults_of([CUSTOMERS, orders], [replace(BUYER, nullable=True)])
    assert "nullable but none of its columns may be null" in fault


def test_cycle_of_required_keys_is_spelled_out():
    shops = table("shops", Column("manager", "key"))
    staff = table("staff", Column("shop", "key"))
    keys = [
        ForeignKey("shops", ("manager",), "staff", ("id",), nullable=False),
        ForeignKey("staff", ("shop",), "shops", ("id",), nullable=False),
    ]
    (fault,) = faults_of([shops, staff], keys)
    assert "shops -> staff -> shops" in fault or "staff -> shops -> staff" in fault
    assert "shops.manager" in fault
    assert "staff.shop" in fault
    assert Metadata([shops, staff], [keys[0], replace(keys[1], nullable=True)])


def test_all_faults_at_once():
    tables = [table("a", column(low=2, high=1)), table("b", key=("no",))]
    keys = [ForeignKey("a", ("x",), "c", ("id",)), ForeignKey("b", ("y",), "a", ("id",))]
    assert len(faults_of(tables, keys)) == 4


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("a > 1e5 AND b IN ('x', 'it''s y')", ["a", "b"]),
        ('"Unit Price" * qty <= 100', ["Unit Price", "qty"]),
        ("[order date] < `ship date`", ["order date", "ship date"]),
        ("lower(name) LIKE 'a%' OR name IS NULL", ["name", "name"]),
        ("CAST(total AS numeric) >= 0 AND kind::text <> ''", ["total", "kind"]),
        ("CASE WHEN a THEN b ELSE c END", ["a", "b", "c"]),
        ("(a)::text = ANY (ARRAY['x'::text, 'y'::text])", ["a"]),
        ("a IN (ARRAY[1, 2]) AND b ~ E'^[a-z]+$' COLLATE \"C\"", ["a", "b"]),
        ("EXTRACT(year FROM born) > 1900", ["born"]),
    ],
)
def test_names_in_conditions(condition, names):
    assert [name for _, name in column_names(condition)] == names
