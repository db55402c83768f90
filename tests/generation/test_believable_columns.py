"""Columns that a person would believe, by what they are called."""

from __future__ import annotations

import pytest

import relsynth as rs
from relsynth.formats.ddl import read_ddl

pytest.importorskip("sqlglot")
SQL = """
CREATE TABLE users (
    id int PRIMARY KEY, username varchar(128) NOT NULL, mail_host varchar(60) NOT NULL,
    language varchar(5) NOT NULL, UNIQUE (username, mail_host)
);
CREATE TABLE contacts (
    id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, name varchar(60) NOT NULL,
    firstname varchar(40) NOT NULL, surname varchar(40) NOT NULL, email varchar(120) NOT NULL,
    del boolean NOT NULL, content_type text NOT NULL, access_token varchar(64) NOT NULL,
    short_token varchar(12) NOT NULL, app_version varchar(20) NOT NULL
);
"""


@pytest.fixture(scope="module")
def made():
    return rs.generate(read_ddl(SQL), rows={"users": 150, "contacts": 300})


def test_a_full_name_spells_the_parts_beside_it(made):
    contacts = made["contacts"]
    whole = contacts["firstname"] + " " + contacts["surname"]
    assert (contacts["name"] == whole).all()
    assert (contacts["email"].str.split("@").str[0].str.rstrip("0123456789")
            == whole.str.lower().str.replace(r"[^a-z]+", ".", regex=True)).mean() > 0.9  # fmt: skip


def test_names_are_numbered_only_where_a_pool_runs_out(made):
    assert not made["users"]["username"].str.contains(r" \d").any()
    assert not made["users"].duplicated(["username", "mail_host"]).any()


def test_codes_flags_and_secrets_look_like_them(made):
    contacts = made["contacts"]
    assert set(made["users"]["language"].str.len()) == {2}
    assert contacts["del"].mean() < 0.2
    assert contacts["content_type"].str.contains("/").all()
    assert contacts["access_token"].str.fullmatch("[0-9A-Za-z]{32}").all()
    assert (contacts["short_token"].str.len() <= 12).all()
    assert contacts["app_version"].str.fullmatch(r"\d\.\d\.\d").all()


def test_values_of_a_provider_are_drawn_once_for_all_columns(monkeypatch):
    from faker.providers.phone_number import Provider

    calls = []
    drawn = Provider.phone_number
    monkeypatch.setattr(Provider, "phone_number", lambda self: calls.append(1) or drawn(self))
    columns = ", ".join(f"phone_{n} text" for n in range(5))
    made = rs.generate(read_ddl(f"CREATE TABLE t ({columns})"), rows=3, locale="en_NZ")
    first = len(calls)
    rs.generate(read_ddl("CREATE TABLE one (phone text)"), rows=3, locale="en_IN")
    assert len(made["t"]) == 3
    assert first <= len(calls) - first


ISBN_WEIGHTS = [1, 3] * 6 + [1]
TRADE = """
CREATE TABLE countries (code char(2) PRIMARY KEY, name text NOT NULL UNIQUE, currency char(3));
CREATE TABLE books (isbn13 varchar(17) PRIMARY KEY, ean bigint NOT NULL, title text NOT NULL,
    price numeric(8, 2) NOT NULL CHECK (price >= 0), cost numeric(8, 2) NOT NULL,
    min_quantity int NOT NULL, max_quantity int NOT NULL, vat_number varchar(14) NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0), country_code char(2) NOT NULL REFERENCES countries,
    state text, city text NOT NULL, postal_code text);
CREATE TABLE payments (id int PRIMARY KEY, number varchar(20) NOT NULL, iban text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'paid', 'failed', 'cancelled')),
    amount numeric(10, 2) NOT NULL, created_at timestamp NOT NULL, paid_at timestamp,
    cancelled_at timestamp, cancel_reason text, failure_code text, is_cancelled boolean NOT NULL,
    planned_start timestamp NOT NULL, actual_start timestamp, starts_at timestamp NOT NULL,
    ends_at timestamp NOT NULL);
CREATE TABLE visits (id int PRIMARY KEY, method text NOT NULL, path text,
    status_code int NOT NULL, lat double precision NOT NULL, lng double precision NOT NULL,
    city text NOT NULL, country text NOT NULL, min_lat real NOT NULL, max_lat real NOT NULL);
"""


@pytest.fixture(scope="module")
def trade():
    schema = read_ddl(TRADE)
    return rs.generate(schema, rows=dict.fromkeys(schema.tables, 120), seed=2)


def _digits(values):
    return values.astype(str).map(list).apply(lambda signs: [int(sign) for sign in signs])


def test_numbers_end_with_the_digits_that_check_them(trade):
    from stdnum_rules import is_de_vat, is_iban

    books = trade["books"]
    for column in ("isbn13", "ean"):
        sums = _digits(books[column]).map(
            lambda d: sum(a * b for a, b in zip(d, ISBN_WEIGHTS, strict=True))
        )
        assert (sums % 10 == 0).all()
    assert books["isbn13"].is_unique
    assert books["isbn13"].str[:3].isin(["978", "979"]).all()
    assert trade["payments"]["iban"].map(is_iban).all()
    assert books["vat_number"].map(is_de_vat).all()


def test_unique_numbers_with_check_digits_do_not_run_out():
    sql = "CREATE TABLE t (iban text UNIQUE NOT NULL, card_number text PRIMARY KEY)"
    made = rs.generate(read_ddl(sql), rows=5_000)["t"]
    assert made["iban"].is_unique
    assert made["card_number"].str.fullmatch(r"\d{16}").all()


def test_numbers_stand_in_the_order_of_their_names(trade):
    books = trade["books"]
    assert (books["min_quantity"] <= books["max_quantity"]).all()
    assert (books["cost"] < books["price"]).all()
    assert books["quantity"].between(1, 10).all()
    assert (trade["visits"]["min_lat"] <= trade["visits"]["max_lat"]).all()


def test_countries_are_real_and_towns_lie_in_them(trade):
    countries = trade["countries"].set_index("code")
    assert countries["name"]["DE"] == "Germany"
    assert countries["currency"].dropna()["GB"] == "GBP"
    visits = trade["visits"]
    assert visits["country"].nunique() > 8
    munich = visits[visits["city"] == "Munich"]
    assert (munich["country"] == "Germany").all()
    assert visits.loc[visits["country"] == "Spain", "lat"].between(27, 44).all()
    books = trade["books"]
    assert books.loc[books["country_code"] != "US", "state"].isna().all()


def test_only_what_was_cancelled_has_a_reason_and_ends_follow_soon(trade):
    paid = trade["payments"]
    gone = paid["status"] == "cancelled"
    assert gone.any()
    assert (paid["cancel_reason"].notna() == gone).all()
    assert (paid["is_cancelled"] == gone).all()
    assert (paid["failure_code"].notna() == (paid["status"] == "failed")).all()
    assert paid["number"].str.fullmatch(r"PAY-[1-9]\d{5}").all()
    late = (paid["actual_start"] - paid["planned_start"]).dropna()
    assert late.between("0s", "1D").all()
    assert (paid["ends_at"] - paid["starts_at"]).median().total_seconds() < 86_400


def test_a_state_or_a_method_means_what_its_table_does(trade):
    visits = trade["visits"]
    assert set(visits["method"]) <= {"GET", "POST", "PUT", "DELETE"}
    assert visits["status_code"].isin([200, 201, 204, 301, 304, 400, 401, 403, 404, 500]).all()
    assert visits["path"].dropna().str.startswith("/").all()


def test_each_group_of_assumptions_can_be_switched_off():
    schema = read_ddl(TRADE)
    made = rs.generate(schema, rows=dict.fromkeys(schema.tables, 60), assume=())
    books = made["books"]
    assert (books["min_quantity"] > books["max_quantity"]).any()
    notes = [str(note) for note in rs.generation.assumptions(schema)]
    assert any("min_quantity <= max_quantity" in note for note in notes)


WEAK = """
CREATE TABLE app_customers (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app_orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, parent_id bigint,
    external_id bigint, "shippingAddressId" uuid);
CREATE TABLE addresses (id uuid PRIMARY KEY, customer_id text);
"""


def test_columns_named_like_a_table_refer_to_it_and_that_is_told():
    schema = read_ddl(WEAK)
    notes = {str(note).split(":")[0] for note in rs.generation.assumptions(schema)}
    refer = {"app_orders.customer_id", "app_orders.parent_id", "app_orders.shippingAddressId"}
    assert refer <= notes
    assert not notes & {"app_orders.external_id", "addresses.customer_id"}
    made = rs.generate(schema, rows={"app_customers": 20, "app_orders": 60, "addresses": 30})
    orders = made["app_orders"]
    assert orders["customer_id"].isin(made["app_customers"]["id"]).all()
    assert orders["customer_id"].duplicated().any()
    assert orders["parent_id"].dropna().isin(orders["id"]).all()
    assert orders["shippingAddressId"].dropna().isin(made["addresses"]["id"]).all()
    apart = rs.generate(schema, rows={"app_customers": 20, "app_orders": 60}, assume=["sums"])
    assert not apart["app_orders"]["shippingAddressId"].isin(apart["addresses"]["id"]).any()


def test_degrees_in_whole_units_are_left_as_they_are():
    sql = """CREATE TABLE nodes (id bigint PRIMARY KEY, latitude int NOT NULL,
        longitude int NOT NULL,
        country text NOT NULL, city text)"""
    made = rs.generate(read_ddl(sql), rows=300)["nodes"]
    assert made["country"].nunique() > 8
    assert made["latitude"].dtype.kind == "i"
