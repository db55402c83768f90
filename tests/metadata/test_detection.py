"""Schemas guessed from data: keys, references, kinds, and the evidence for them."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import relsynth as rs
from relsynth.metadata import Metadata
from relsynth.metadata.check_values import numbers_of
from relsynth.metadata.date_format import guess_format
from relsynth.metadata.naming import reference_name, words_of
from relsynth.storage import read_tables


def references(metadata):
    return {
        (key.child, "+".join(key.columns), key.parent, "+".join(key.parent_columns))
        for key in metadata.foreign_keys
    }


def primary_keys(metadata):
    return {name: table.primary_key for name, table in metadata.tables.items() if table.primary_key}


def kinds(metadata, table):
    return {name: column.kind for name, column in metadata.tables[table].columns.items()}


def notes_on(metadata, where):
    return " ".join(str(note) for note in metadata.notes if note.where == where)


def detect(**tables):
    frames = {name: pd.DataFrame(columns) for name, columns in tables.items()}
    metadata = Metadata.detect(frames)
    metadata.check(frames)
    return metadata


def shop(rows=60):
    rng = np.random.default_rng(0)
    return {
        "customers": {
            "id": np.arange(1, rows + 1),
            "email": [f"p{i}@example.org" for i in range(rows)],
            "first_name": rng.choice(["Ann", "Bo", "Cy"], rows),
            "country_code": rng.choice(["DE", "FR", "IT"], rows),
            "referred_by": [None, *rng.integers(1, 9, rows - 1)],
            "joined": pd.date_range("2020-01-01", periods=rows).strftime("%d.%m.%Y"),
            "age": rng.integers(18, 70, rows),
        },
        "countries": {"code": ["DE", "FR", "IT", "ES"], "name": ["a", "b", "c", "d"]},
        "orders": {
            "order_id": np.arange(1, 3 * rows + 1),
            "customer_id": rng.integers(1, rows + 1, 3 * rows),
            "shipping_country_code": rng.choice(["DE", "FR", "IT"], 3 * rows),
            "total": rng.random(3 * rows).round(2),
            "rating": rng.integers(1, 6, 3 * rows),
            "paid": rng.random(3 * rows) < 0.5,
        },
        "order_lines": {
            "order_id": np.repeat(np.arange(1, 3 * rows + 1), 2),
            "line_no": np.tile([1, 2], 3 * rows),
            "quantity": rng.integers(1, 4, 6 * rows),
        },
        "shipments": {
            "shipment_id": np.arange(10),
            "order_id": np.arange(1, 11),
            "line_no": np.tile([1, 2], 5),
        },
    }


def test_keys_and_references_of_a_shop():
    metadata = detect(**shop())
    assert primary_keys(metadata) == {
        "customers": ("id",),
        "countries": ("code",),
        "orders": ("order_id",),
        "order_lines": ("order_id", "line_no"),
        "shipments": ("shipment_id",),
    }
    assert references(metadata) == {
        ("customers", "country_code", "countries", "code"),
        ("orders", "customer_id", "customers", "id"),
        ("orders", "shipping_country_code", "countries", "code"),
        ("order_lines", "order_id", "orders", "order_id"),
        ("shipments", "order_id+line_no", "order_lines", "order_id+line_no"),
    }


def test_kinds_of_a_shop():
    metadata = detect(**shop())
    assert kinds(metadata, "customers") == {
        "id": "key",
        "email": "text",
        "first_name": "text",
        "country_code": "key",
        "referred_by": "integer",
        "joined": "datetime",
        "age": "integer",
    }
    columns = metadata.tables["customers"].columns
    assert columns["joined"].format == "%d.%m.%Y"
    assert (columns["email"].provider, columns["email"].pii) == ("email", True)
    assert columns["referred_by"].nullable
    assert columns["age"].nullable is False
    assert metadata.tables["customers"].unique == (("email",),)
    assert kinds(metadata, "orders")["paid"] == "boolean"
    assert kinds(metadata, "orders")["total"] == "numeric"
    assert kinds(metadata, "order_lines")["line_no"] == "integer"


def test_every_guess_has_its_evidence():
    metadata = detect(**shop())
    assert "primary key id (unique in 60 rows" in notes_on(metadata, "customers")
    assert "refers to customers.id (all" in notes_on(metadata, "orders.customer_id")
    assert "named after the table" in notes_on(metadata, "orders.customer_id")
    assert "unique together in 360 rows" in notes_on(metadata, "order_lines")
    assert "subject (named after people or firms" in notes_on(metadata, "customers")
    assert "named like one" in notes_on(metadata, "customers.referred_by")
    for name, table in metadata.tables.items():
        for column in table.columns:
            described = notes_on(metadata, f"{name}.{column}") + notes_on(metadata, name)
            assert described, f"{name}.{column}"


def test_order_of_tables_does_not_matter():
    tables = {name: pd.DataFrame(columns) for name, columns in shop().items()}
    turned = dict(reversed(tables.items()))
    assert Metadata.detect(turned) == Metadata.detect(tables)


def test_small_numbers_are_no_references():
    rng = np.random.default_rng(1)
    metadata = detect(
        users={"id": np.arange(1, 101), "age": rng.integers(1, 100, 100)},
        products={"id": np.arange(1, 51), "stock": rng.integers(1, 50, 50)},
        sales={
            "id": np.arange(1, 301),
            "product_id": rng.integers(1, 51, 300),
            "quantity": rng.integers(1, 10, 300),
            "status_id": rng.integers(1, 4, 300),
            "product_rating": rng.integers(1, 6, 300),
            "users": rng.integers(1, 5, 300),
            "user_count": rng.integers(1, 5, 300),
        },
    )
    assert references(metadata) == {("sales", "product_id", "products", "id")}
    assert kinds(metadata, "sales")["status_id"] == "categorical"
    assert "proves nothing" in notes_on(metadata, "sales.status_id")


@pytest.mark.parametrize("column", ["parent_id", "manager", "reports_to", "ManagerId", "boss_id"])
def test_self_references(column):
    metadata = detect(
        employees={"employee_id": range(1, 21), column: [None, *[1] * 9, *[2] * 10], "pay": 1.5}
    )
    assert references(metadata) == {("employees", column, "employees", "employee_id")}
    assert metadata.foreign_keys[0].nullable


def test_several_references_to_one_table_and_a_foreign_name():
    rng = np.random.default_rng(2)
    codes = [a + b + c for a in "ABCDEFG" for b in "HJKLM" for c in "NOP"]
    metadata = detect(
        airports={"faa": codes, "alt": rng.random(len(codes))},
        flights={
            "origin": rng.choice(codes[:8], 500),
            "dest": rng.choice(codes, 500),
            "gate": rng.choice(["A", "B", "C"], 500),
            "delay": rng.normal(size=500),
        },
    )
    assert references(metadata) == {
        ("flights", "origin", "airports", "faa"),
        ("flights", "dest", "airports", "faa"),
    }
    assert "1e-" in notes_on(metadata, "flights.origin")


def test_sparse_numbers_speak_for_themselves():
    rng = np.random.default_rng(3)
    numbers = rng.choice(10**6, 300, replace=False)
    metadata = detect(
        accounts={"number": np.arange(300), "account_id": numbers},
        transfers={"source": rng.choice(numbers, 900), "amount": rng.integers(0, 10**6, 900)},
    )
    assert references(metadata) == {("transfers", "source", "accounts", "account_id")}


def test_one_to_one_and_bridges():
    pairs = [(a, b) for a in range(1, 31) for b in range(1, 21) if (a * b) % 3 == 0]
    metadata = detect(
        actors={"actor_id": range(1, 31), "name": [f"n {i}" for i in range(30)]},
        films={"film_id": range(1, 21), "length": np.arange(20) / 7},
        film_details={"film_id": range(1, 11), "summary": [f"a long text {i}" for i in range(10)]},
        film_actor={"actor_id": [a for a, _ in pairs], "film_id": [b for _, b in pairs]},
    )
    assert references(metadata) == {
        ("film_details", "film_id", "films", "film_id"),
        ("film_actor", "actor_id", "actors", "actor_id"),
        ("film_actor", "film_id", "films", "film_id"),
    }
    assert primary_keys(metadata)["film_actor"] == ("actor_id", "film_id")
    assert primary_keys(metadata)["film_details"] == ("film_id",)


def test_table_that_owns_the_key_is_preferred():
    rng = np.random.default_rng(5)
    metadata = detect(
        zz_customer_profiles={"customer_id": range(1, 41), "score": np.arange(40) / 3},
        customers={"customer_id": range(1, 51), "name": [f"n {i}" for i in range(50)]},
        orders={"order_id": range(80), "customer_id": rng.integers(1, 41, 80)},
    )
    assert references(metadata) == {
        ("zz_customer_profiles", "customer_id", "customers", "customer_id"),
        ("orders", "customer_id", "customers", "customer_id"),
    }


def test_table_named_key_and_glued_identifiers():
    metadata = detect(
        movies={"movieid": [10, 20, 30, 40, 50], "year": [1, 2, 3, 4, 5]},
        Stores={"Store": [1, 2, 3], "Size": [1.5, 2.5, 3.5]},
        ratings={"movieid": [10, 10, 20, 50], "Store": [1, 2, 3, 3], "stars": [1, 2, 3, 4]},
    )
    assert references(metadata) == {
        ("ratings", "movieid", "movies", "movieid"),
        ("ratings", "Store", "Stores", "Store"),
    }


def test_near_reference_is_reported_and_not_declared():
    metadata = detect(
        planes={"tailnum": [f"N{i}A" for i in range(100)], "seats": range(100)},
        flights={"tailnum": [f"N{i % 110}A" for i in range(330)], "hour": [1, 2, 3] * 110},
    )
    assert references(metadata) == set()
    assert "90.9% of 110 values exist in planes.tailnum" in notes_on(metadata, "flights.tailnum")


def test_reference_without_any_value_is_told_by_its_name():
    metadata = detect(
        language={"language_id": [1, 2, 3], "name": ["a", "b", "c"]},
        film={
            "film_id": range(9),
            "language_id": [1, 2, 3] * 3,
            "original_language_id": [None] * 9,
        },
    )
    assert ("film", "original_language_id", "language", "language_id") in references(metadata)
    assert "every value is missing" in notes_on(metadata, "film.original_language_id")


def test_numbers_as_keys():
    metadata = detect(
        employees={"emp_no": range(10_001, 10_041), "name": [f"n {i}" for i in range(40)]},
        departments={"dept_no": [f"d{i:03}" for i in range(9)], "budget": np.arange(9) / 7},
        dept_emp={
            "emp_no": [*range(10_001, 10_041), 10_001],
            "dept_no": [f"d{i % 9:03}" for i in range(41)],
        },
    )
    assert references(metadata) == {
        ("dept_emp", "emp_no", "employees", "emp_no"),
        ("dept_emp", "dept_no", "departments", "dept_no"),
    }
    assert primary_keys(metadata)["dept_emp"] == ("emp_no", "dept_no")


def test_calendar_with_dates_as_key():
    days = pd.date_range("2020-01-01", periods=40).strftime("%Y-%m-%d")
    metadata = detect(
        calendar={"date": days, "holiday": [True, False] * 20},
        visits={"visit_id": range(80), "visit_date": [*days, *days]},
    )
    assert references(metadata) == {("visits", "visit_date", "calendar", "date")}
    assert kinds(metadata, "calendar")["date"] == "datetime"
    assert metadata.tables["visits"].columns["visit_date"].format == "%Y-%m-%d"


def test_key_with_a_date_is_advised_and_not_declared():
    days = pd.date_range("2020-01-01", periods=10).strftime("%Y-%m-%d")
    metadata = detect(
        stores={"Store": range(1, 21), "Size": np.arange(20) / 3},
        features={"Store": np.repeat(range(1, 21), 10), "Date": [*days] * 20, "cpi": 1.5},
    )
    assert primary_keys(metadata) == {"stores": ("Store",)}
    assert "Store, Date would be one" in notes_on(metadata, "features")


def test_chance_uniqueness_is_no_key():
    rng = np.random.default_rng(4)
    metadata = detect(
        customers={"id": range(500)},
        visits={"customer_id": rng.permutation(500)[:40].repeat(2), "spent": rng.random(80)},
    )
    assert primary_keys(metadata) == {"customers": ("id",)}


def test_references_that_are_unique_together_by_chance_are_no_key():
    rng = np.random.default_rng(6)
    metadata = detect(
        customers={"id": range(1, 301)},
        products={"id": range(1, 301)},
        shops={"id": range(1, 301)},
        sales={
            "customer_id": rng.integers(1, 301, 100),
            "product_id": rng.integers(1, 301, 100),
            "shop_id": rng.integers(1, 301, 100),
            "paid": rng.random(100),
            "tip": rng.random(100),
        },
    )
    assert "sales" not in primary_keys(metadata)
    assert len(metadata.foreign_keys) == 3


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False] * 10, "boolean"),
        ([0, 1] * 10, "categorical"),
        (list(range(20)), "integer"),
        ([1.5] * 20, "numeric"),
        ([1.0, None] * 10, "integer"),
        (["1.50", "2"] * 10, "numeric"),
        (["007", "012"] * 10, "categorical"),
        (["a", "b"] * 10, "categorical"),
        ([f"some words {i}" for i in range(20)], "text"),
        (["2020-01-01 10:00:00", None] * 10, "datetime"),
        (pd.to_datetime(["2020-01-01"] * 20), "datetime"),
        (pd.to_timedelta(["1h"] * 20), "timedelta"),
        (pd.Categorical(["a", "b"] * 10), "categorical"),
        (pd.Categorical([1, 2] * 10, ordered=True), "ordinal"),
        ([f"{i:08x}-0000-4000-8000-000000000000" for i in range(20)], "key"),
        ([f"a{i}@b.org" for i in range(20)], "text"),
        ([None] * 20, "categorical"),
    ],
)
def test_kind_of_values(values, kind):
    metadata = detect(t={"first": [0.5] * 20, "x": values})
    assert kinds(metadata, "t")["x"] == kind


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("Phone", "phone_number"),
        ("nameFirst", "first_name"),
        ("last_name", "last_name"),
        ("BillingAddress", "street_address"),
        ("PostalCode", "postcode"),
    ],
)
def test_personal_columns_by_name(name, provider):
    column = detect(t={name: ["x y", "z", "x y", "w"]}).tables["t"].columns[name]
    assert (column.kind, column.provider, column.pii) == ("text", provider, True)


def test_empty_and_odd_tables():
    metadata = detect(
        empty=pd.DataFrame({"id": pd.Series([], dtype="int64"), "x": pd.Series([], dtype=object)}),
        one={"id": [7], "x": ["a"]},
    )
    assert primary_keys(metadata) == {"one": ("id",)}
    assert metadata.tables["empty"].columns["x"].nullable is None


@pytest.mark.parametrize(
    ("tables", "part"),
    [
        ({}, "no tables"),
        ({"t": pd.DataFrame()}, "'t' has no columns"),
        ({"t": pd.DataFrame([[1, 2]], columns=["a", "a"])}, "t.a is there more than once"),
        ({"t": pd.DataFrame([[1]])}, "column name 0 is no text"),
    ],
)
def test_tables_that_cannot_be_described(tables, part):
    with pytest.raises(rs.DataError, match=part):
        Metadata.detect(tables)


@pytest.mark.parametrize(
    ("column", "parent", "key", "score"),
    [
        ("customer_id", "customers", "id", 1.0),
        ("CustomerId", "Customer", "CustomerId", 1.0),
        ("customer", "customers", "id", 1.0),
        ("categories_id", "category", "category_id", 1.0),
        ("billing_address_id", "addresses", "id", 0.8),
        ("customer_key", "dim_customer", "customer_key", 1.0),
        ("ship_via", "shippers", "shipper_id", 0.5),
        ("id", "customers", "id", 0.0),
        ("customers", "customers", "id", 0.0),
        ("customer_age", "customers", "id", 0.0),
        ("person_id", "people", "id", 1.0),
        ("seat_no", "seats", "id", 0.0),
        ("id_client", "clients", "id_client", 1.0),
        ("fk_customer", "customers", "id", 1.0),
        ("atom_id2", "atom", "atom_id", 1.0),
        ("l_orderkey", "orders", "o_orderkey", 0.75),
        ("Store", "shops", "Store", 0.95),
        ("ss_customer_sk", "customer", "c_customer_sk", 0.8),
        ("OwnerUserId", "Users", "Id", 0.8),
        ("SupportRepId", "Employee", "EmployeeId", 0.6),
        ("SupportRepId", "Artist", "ArtistId", 0.0),
        ("x", "_", "id", 0.0),
    ],
)
def test_names_of_references(column, parent, key, score):
    assert reference_name(column, parent, key, same_table=False)[0] == pytest.approx(score)


def test_words():
    assert words_of("HTTPServerID") == ("http", "server", "id")
    assert words_of("order-lines 2") == ("order", "line", "2")
    assert words_of("status") == ("status",)
    assert words_of("Größe_in_cm") == ("größe", "in", "cm")
    assert words_of("_") == ()


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2020-01-31"], "%Y-%m-%d"),
        (["2020-01-31T01:02:03Z"], "%Y-%m-%dT%H:%M:%SZ"),
        (["2020-01-31 01:02:03.123456"], "%Y-%m-%d %H:%M:%S.%f"),
        (["31.01.2020", "01.02.2020"], "%d.%m.%Y"),
        (["01/02/2020", "01/31/2020"], "%m/%d/%Y"),
        (["01/02/2020", "31/01/2020"], "%d/%m/%Y"),
        (["20200131", "20200201"], "%Y%m%d"),
        (["31 Jan 2020"], "%d %b %Y"),
        (["1.2.2020", "31.12.2020"], "%d.%m.%Y"),
        (["2020-01-31", "9999-12-31"], "%Y-%m-%d"),
        (["20200131", "99999999"], None),
        (["12.5", "13.75"], None),
        (["2020-01-31", "soon"], None),
        (["555-1234"], None),
        (["abc"], None),
        ([], None),
    ],
)
def test_date_formats(values, form):
    assert guess_format(pd.Series(values, dtype=object)) == form


words = st.sampled_from(["id", "a_id", "b_id", "code", "name", "parent_id", "no", "day", "a", "x"])
columns = st.one_of(
    st.lists(st.integers(0, 9), min_size=12, max_size=12),
    st.lists(st.none() | st.integers(0, 3), min_size=12, max_size=12),
    st.lists(st.sampled_from(["u", "v", "2020-01-01", "1", "01", None]), min_size=12, max_size=12),
    st.permutations(list(range(12))),
    st.permutations(list("abcdefghijkl")),
    st.just([None] * 12),
)


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(["a", "bs", "c_items"]),
        st.dictionaries(words, columns, min_size=1, max_size=4),
        min_size=1,
    )
)
def test_detected_schema_is_always_fulfilled(tables):
    frames = {name: pd.DataFrame(table) for name, table in tables.items()}
    metadata = Metadata.detect(frames)
    metadata.check(frames)
    assert Metadata.from_dict(metadata.to_dict()) == metadata


@pytest.mark.skipif("RELSYNTH_DATA" not in os.environ, reason="RELSYNTH_DATA is not set")
def test_precision_and_recall_on_real_databases():
    right, found, there = np.zeros(2), np.zeros(2), np.zeros(2)
    for folder in sorted(Path(os.environ["RELSYNTH_DATA"]).glob("*/")):
        tables = read_tables(folder)
        known = Metadata.load(folder / "metadata.json")
        guessed = Metadata.detect(tables)
        guessed.check(tables)
        pairs = [(set(primary_keys(one).items()), references(one)) for one in (guessed, known)]
        right += [len(a & b) for a, b in zip(*pairs, strict=True)]
        found += [len(a) for a in pairs[0]]
        there += [len(a) for a in pairs[1]]
    assert (right / found >= 0.9).all()
    assert (right / there >= 0.95).all()


@pytest.mark.parametrize(
    ("usual", "odd", "told"),
    [
        (lambda i: f"{i * 7}.5", "NA", "2 of 300 rows are none: 'NA'"),
        (lambda i: str(i), "-", "2 of 300 rows are none: '-'"),
        (lambda i: f"2020-01-{i % 28 + 1:02d} 10:{i % 60:02d}", "later", "2 of 300 rows are none"),
    ],
)
def test_a_few_odd_values_that_make_a_column_text_are_pointed_out(usual, odd, told):
    values = [usual(i) for i in range(298)] + [odd] * 2
    metadata = Metadata.detect({"t": pd.DataFrame({"x": values, "y": range(0, 900, 3)})})
    (note,) = [note for note in metadata.notes if note.advice]
    assert note.where == "t.x"
    assert note.evidence.startswith(told)
    assert metadata.tables["t"].columns["x"].kind == "text"


def test_text_that_is_text_needs_no_advice():
    texts = {
        "code": [f"{i:03d}{'AB'[i % 2]}" for i in range(300)],
        "digest": [f"{i * 7919 % 10007:05d}e{i:04d}99999999999999999999" for i in range(300)],
        "half": [str(i) if i % 2 else f"no. {i}" for i in range(300)],
    }
    assert not any(note.advice for note in Metadata.detect({"t": pd.DataFrame(texts)}).notes)


def test_digests_that_begin_like_numbers_are_no_numbers():
    digest = "5e75681420888affdbdb4fca50d694a4"
    odd = pd.Series(["12", digest, "1e9999999999", "1e5", " 7 ", "-inf", None, "0x10", "1_0"])
    found = numbers_of(odd)
    assert found[[0, 3, 4, 5]].tolist() == [12.0, 1e5, 7.0, -np.inf]
    assert np.isnan(found[[1, 2, 6, 7, 8]]).all()


def test_a_composite_key_holds_the_identifier_of_its_table_and_is_referred_to_as_a_whole():
    rng = np.random.default_rng(0)
    teams = pd.DataFrame(
        [(year, f"T{n:02d}", f"F{n:02d}") for year in range(1990, 2020) for n in range(20)],
        columns=["yearID", "teamID", "franchID"],
    )
    franchises = pd.DataFrame({"franchID": [f"F{n:02d}" for n in range(20)]})
    franchises["active"] = rng.choice(["Y", "N"], 20)
    played = teams.iloc[rng.integers(len(teams), size=900)][["yearID", "teamID"]]
    salaries = played.reset_index(drop=True).assign(salary=rng.lognormal(10, 1, 900).round())
    tables = {"Teams": teams, "Franchises": franchises, "Salaries": salaries}
    metadata = rs.Metadata.detect(tables)
    assert primary_keys(metadata)["Teams"] == ("yearID", "teamID")
    assert references(metadata) == {
        ("Teams", "franchID", "Franchises", "franchID"),
        ("Salaries", "yearID+teamID", "Teams", "yearID+teamID"),
    }
    assert kinds(metadata, "Teams")["yearID"] == "integer"


def test_numbers_that_exist_as_text_in_a_key_are_noted():
    stops = pd.DataFrame({"stop_id": [f"{n}{side}" for n in range(100, 140) for side in ("", "N")]})
    transfers = pd.DataFrame({"from_stop_id": range(100, 130), "seconds": [180, 60] * 15})
    metadata = rs.Metadata.detect({"stops": stops, "transfers": transfers})
    assert not metadata.foreign_keys
    assert "all 30 numbers exist there as text" in notes_on(metadata, "transfers.from_stop_id")


@pytest.mark.parametrize(
    ("parent", "column"),
    [("kunden", "kunde"), ("klanten", "klant_id"), ("clienti", "cliente_id")],
)
def test_singular_in_other_languages_refers_to_the_plural(parent, column):
    rng = np.random.default_rng(0)
    tables = {
        parent: pd.DataFrame({"id": range(1001, 1061), "size": rng.random(60).round(2)}),
        "orders": pd.DataFrame({"nr": range(300), column: rng.integers(1001, 1061, 300)}),
    }
    assert references(Metadata.detect(tables)) == {("orders", column, parent, "id")}


@pytest.mark.parametrize(("table", "column"), [("position", "positionen"), ("cliente", "clienti")])
def test_a_plural_counts_and_refers_to_nothing(table, column):
    rng = np.random.default_rng(0)
    tables = {
        table: pd.DataFrame({"id": range(60), "size": rng.random(60).round(2)}),
        "orders": pd.DataFrame({"nr": range(300), column: rng.integers(0, 9, 300)}),
    }
    assert references(Metadata.detect(tables)) == set()


def test_a_table_of_statuses_is_referred_to_by_status():
    states = pd.DataFrame({"status": ["new", "paid", "sent", "closed"], "sort": range(4)})
    rng = np.random.default_rng(0)
    orders = pd.DataFrame({"id": range(200), "status": rng.choice(states["status"], 200)})
    metadata = Metadata.detect({"order_status": states, "orders": orders})
    assert references(metadata) == {("orders", "status", "order_status", "status")}


def test_a_count_of_cells_is_no_telephone_number():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": range(80), "cells": rng.integers(10, 9000, 80)})
    assert Metadata.detect({"sample": frame}).tables["sample"].columns["cells"].kind == "integer"


def test_months_with_a_slash_are_dates():
    months = pd.Series([f"{month:02d}/{year}" for year in (2019, 2020) for month in range(1, 13)])
    assert guess_format(months) == "%m/%Y"
    assert guess_format(pd.Series(["01/2345", "12/0007"])) is None


def test_keys_of_shared_columns_and_a_number_of_the_table():
    rng = np.random.default_rng(0)
    school = pd.DataFrame({"district": np.repeat(["D1", "D2", "D3"], 10)})
    school["school_no"] = np.tile(range(1, 11), 3)
    lesson = school.loc[school.index.repeat(rng.integers(2, 5, 30))].reset_index(drop=True)
    lesson["lesson_no"] = lesson.groupby(["district", "school_no"]).cumcount() + 1
    found = Metadata.detect({"schools": school.assign(kind="a"), "lessons": lesson})
    assert found.tables["schools"].primary_key == ("district", "school_no")
    assert found.tables["lessons"].primary_key == ("district", "school_no", "lesson_no")
    (key,) = found.foreign_keys
    assert (key.child, key.columns, key.parent) == ("lessons", ("district", "school_no"), "schools")


def test_whole_decimals_are_keys():
    numbers = [Decimal(1000 + n) for n in range(60)]
    depot = pd.DataFrame({"depot_key": pd.Series(numbers, dtype=object), "size": 1.5})
    truck = pd.DataFrame(
        {"truck_no": range(120), "depot_key": pd.Series(numbers * 2, dtype=object)}
    )
    found = Metadata.detect({"depot": depot, "truck": truck})
    assert [(key.child, key.parent) for key in found.foreign_keys] == [("truck", "depot")]


def test_texts_of_numpy_are_texts():
    words = np.array([f"thing {n}" for n in range(40)])
    frame = pd.DataFrame({"id": range(40), "word": pd.Series(list(words), dtype=object)})
    assert Metadata.detect({"t": frame}).tables["t"].columns["word"].kind == "text"
