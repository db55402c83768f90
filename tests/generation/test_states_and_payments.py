"""Payments agree with what they pay, histories with what they tell of."""

from __future__ import annotations

import pandas as pd
import pytest

import relsynth as rs
from relsynth.formats.ddl import read_ddl
from relsynth.generation import assumptions

BILLS = """
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, created_at timestamp NOT NULL);
CREATE TABLE invoices (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers,
    currency char(3) NOT NULL, issued_on date NOT NULL, paid_at timestamp,
    total_cents int NOT NULL, amount_paid_cents int NOT NULL);
CREATE TABLE payments (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers,
    invoice_id int NOT NULL REFERENCES invoices, currency char(3) NOT NULL,
    amount_cents int NOT NULL CHECK (amount_cents > 0), received_at timestamp NOT NULL);
"""
TICKETS = """
CREATE TYPE state AS ENUM ('open', 'in_progress', 'waiting', 'resolved', 'closed', 'cancelled');
CREATE TABLE tickets (id int PRIMARY KEY, status state NOT NULL, created_at timestamp NOT NULL,
    resolved_at timestamp, closed_at timestamp);
CREATE TABLE changes (id int PRIMARY KEY, ticket_id int NOT NULL REFERENCES tickets,
    from_status state, to_status state NOT NULL, changed_at timestamp NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, status varchar(20) NOT NULL, placed_at timestamp NOT NULL,
    paid_at timestamp, shipped_at timestamp);
CREATE TABLE order_history (id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders,
    status varchar(20) NOT NULL, changed_at timestamp NOT NULL);
CREATE TABLE parcels (id int PRIMARY KEY, shipped_at timestamp, delivered_at timestamp,
    status varchar(20) NOT NULL CHECK (status IN ('label_created', 'shipped', 'out_for_delivery',
    'delivered')), succeeded_at timestamp, failed_at timestamp);
"""


@pytest.fixture(scope="module", params=[1, 2])
def bills(request) -> dict[str, pd.DataFrame]:
    rows = {"customers": 12, "invoices": 60, "payments": 70}
    return rs.generate(read_ddl(BILLS), rows=rows, seed=request.param)


@pytest.fixture(scope="module", params=[1, 2])
def life(request) -> dict[str, pd.DataFrame]:
    rows = {"tickets": 40, "changes": 120, "orders": 40, "order_history": 90, "parcels": 60}
    return rs.generate(read_ddl(TICKETS), rows=rows, seed=request.param)


def test_payments_are_parts_of_their_invoice_in_its_time_and_currency(bills):
    invoices, payments = bills["invoices"], bills["payments"]
    both = payments.merge(invoices, left_on="invoice_id", right_on="id", suffixes=("", "_of"))
    assert (both["customer_id"] == both["customer_id_of"]).all()
    assert (both["currency"] == both["currency_of"]).all()
    assert both["received_at"].between(both["issued_on"], both["paid_at"]).all()
    paid = payments.groupby("invoice_id")["amount_cents"].sum()
    told = invoices.set_index("id")
    assert (paid == told["total_cents"].reindex(paid.index)).all()
    assert (told["amount_paid_cents"] == paid.reindex(told.index).fillna(0)).all()
    assert set(paid.index) == set(invoices.loc[invoices["paid_at"].notna(), "id"])


def test_what_is_assumed_of_payments_is_told_and_can_be_switched_off():
    said = [str(note) for note in assumptions(read_ddl(BILLS))]
    assert any("payments.amount_cents" in note and "part of" in note for note in said)
    assert any("payments.customer_id" in note and "invoices" in note for note in said)
    made = rs.generate(read_ddl(BILLS), rows=50, assume=False)
    paid = made["payments"].groupby("invoice_id")["amount_cents"].sum()
    told = made["invoices"].set_index("id")["total_cents"].reindex(paid.index)
    assert (paid != told).any()


def test_changes_follow_on_each_other_up_to_the_present_state(life):
    ordered = life["changes"].sort_values(["ticket_id", "changed_at"])
    groups = ordered.groupby("ticket_id")
    before = groups["to_status"].shift()
    assert (before.isna() | (before == ordered["from_status"])).all()
    assert (ordered["from_status"] != ordered["to_status"]).all()
    last = groups.tail(1).set_index("ticket_id")["to_status"]
    assert (last == life["tickets"].set_index("id")["status"].reindex(last.index)).all()


def test_a_history_has_the_states_of_what_it_is_of_and_ends_in_its_state(life):
    ordered = life["order_history"].sort_values(["order_id", "changed_at"])
    last = ordered.groupby("order_id").tail(1).set_index("order_id")["status"]
    assert (last == life["orders"].set_index("id")["status"].reindex(last.index)).all()
    placed = life["orders"].set_index("id")["placed_at"].reindex(ordered["order_id"])
    late = ordered["changed_at"].to_numpy() - placed.to_numpy()
    assert pd.Series(late).between("0s", "90D").all()


def test_states_that_come_one_after_the_other_have_their_moments(life):
    tickets, parcels = life["tickets"], life["parcels"]
    assert (tickets["closed_at"].notna() == (tickets["status"] == "closed")).all()
    closed = tickets[tickets["status"] == "closed"]
    assert (closed["resolved_at"] <= closed["closed_at"]).all()
    assert (parcels["delivered_at"].notna() == (parcels["status"] == "delivered")).all()
    assert (parcels["shipped_at"].isna() == (parcels["status"] == "label_created")).all()
    assert not (parcels["succeeded_at"].notna() & parcels["failed_at"].notna()).any()


def test_every_value_is_shown_where_rows_allow_and_failures_are_seldom():
    sql = """CREATE TABLE t (id int PRIMARY KEY, status text NOT NULL
        CHECK (status IN ('draft', 'open', 'paid', 'void', 'failed')))"""
    made = rs.generate(read_ddl(sql), rows=400)["t"]["status"].value_counts()
    assert set(made.index) == {"draft", "open", "paid", "void", "failed"}
    assert made["void"] < made["paid"] / 2
    assert rs.generate(read_ddl(sql), rows=20)["t"]["status"].nunique() == 5


def test_stays_cost_their_nights_and_files_end_as_their_type_says():
    sql = """CREATE TABLE stays (id int PRIMARY KEY,
        check_in date NOT NULL, check_out date NOT NULL, nightly_rate numeric(8, 2) NOT NULL,
        total_price numeric(10, 2) NOT NULL,
        logo_mime_type varchar(80) NOT NULL, logo_filename varchar(80) NOT NULL,
        CHECK (check_out > check_in))"""
    made = rs.generate(read_ddl(sql), rows=60)["stays"]
    nights = (made["check_out"] - made["check_in"]).dt.days
    assert ((nights * made["nightly_rate"] - made["total_price"]).abs() < 0.01).all()
    endings = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
    assert (
        made["logo_filename"].str.split(".").str[-1] == made["logo_mime_type"].map(endings)
    ).all()
