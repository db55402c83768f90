"""Rows that agree with each other: steps in order, what only some states have, what is left."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs
from relsynth.formats.ddl import read_ddl

pytest.importorskip("sqlglot")

PARCELS = """
CREATE TABLE parcels (id int PRIMARY KEY, status varchar(20) NOT NULL CHECK (status IN
    ('label_created', 'picked_up', 'in_transit', 'out_for_delivery', 'delivered')),
    created_at timestamp NOT NULL, delivered_at timestamp, signed_by varchar(60),
    delivery_rating smallint CHECK (delivery_rating BETWEEN 1 AND 5), rating_comment text);
CREATE TABLE scans (id int PRIMARY KEY, parcel_id int NOT NULL REFERENCES parcels,
    event varchar(30) NOT NULL CHECK (event IN ('label_created', 'picked_up', 'arrived_at_hub',
    'departed_hub', 'out_for_delivery', 'delivered')), scanned_at timestamp NOT NULL);
CREATE TABLE stays (id int PRIMARY KEY, status varchar(12) NOT NULL CHECK (status IN
    ('pending', 'confirmed', 'checked_in', 'checked_out')), booked_at timestamp NOT NULL,
    checked_in_at timestamp, checked_out_at timestamp);
CREATE TABLE staff (id int PRIMARY KEY, status varchar(12) NOT NULL CHECK (status IN
    ('active', 'terminated')), hire_date date NOT NULL, termination_date date,
    locked boolean NOT NULL, locked_at timestamp);
"""


@pytest.fixture(scope="module")
def parcels():
    rows = {"parcels": 80, "scans": 300, "stays": 80, "staff": 60}
    return rs.generate(read_ddl(PARCELS), rows=rows, seed=2)


def test_steps_come_in_order_and_stop_where_the_state_is(parcels):
    scans, sent = parcels["scans"], parcels["parcels"]
    events = ["label_created", "picked_up", "arrived_at_hub", "departed_hub",
              "out_for_delivery", "delivered"]  # fmt: skip
    scans = scans.sort_values(["parcel_id", "scanned_at"])
    place = scans["event"].map(events.index)
    assert (place.groupby(scans["parcel_id"]).diff().dropna() >= 0).all()
    states = scans["parcel_id"].map(sent.set_index("id")["status"])
    assert set(states[scans["event"] == "delivered"]) == {"delivered"}
    assert place[states == "in_transit"].max() == events.index("departed_hub")


def test_only_what_arrived_is_signed_for_and_rated(parcels):
    sent = parcels["parcels"]
    for name in ("signed_by", "delivery_rating", "delivered_at"):
        assert set(sent["status"][sent[name].notna()]) == {"delivered"}
    assert sent["delivery_rating"][sent["rating_comment"].notna()].notna().all()


def test_states_of_two_words_and_nouns_have_their_moments(parcels):
    stays, staff = parcels["stays"], parcels["staff"]
    arrived = stays["status"].isin(["checked_in", "checked_out"])
    assert stays["checked_in_at"].notna().equals(arrived)
    assert stays["checked_out_at"].notna().equals(stays["status"] == "checked_out")
    assert staff["termination_date"].notna().equals(staff["status"] == "terminated")
    assert staff["locked"].astype(bool).equals(staff["locked_at"].notna())


def test_what_is_left_and_what_is_paid_out_follow_from_the_rest():
    made = rs.generate(
        read_ddl("""
        CREATE TABLE levels (id int PRIMARY KEY, on_hand int NOT NULL, reserved int NOT NULL,
            available int NOT NULL);
        CREATE TABLE shows (id int PRIMARY KEY, tickets_total int NOT NULL,
            tickets_sold int NOT NULL, tickets_left int NOT NULL);
        CREATE TABLE payslips (id int PRIMARY KEY, gross_pay numeric(9, 2) NOT NULL,
            income_tax numeric(9, 2) NOT NULL, pension numeric(9, 2) NOT NULL,
            deductions numeric(9, 2) NOT NULL, net_pay numeric(9, 2) NOT NULL);
        CREATE TABLE rooms (id int PRIMARY KEY, nightly_rate numeric(8, 2) NOT NULL);
        CREATE TABLE bookings (id int PRIMARY KEY, room_id int NOT NULL REFERENCES rooms,
            nights int NOT NULL, nightly_rate numeric(8, 2) NOT NULL,
            room_total numeric(9, 2) NOT NULL, tax numeric(9, 2) NOT NULL,
            total numeric(9, 2) NOT NULL)"""),
        rows=40,
        seed=1,
    )
    levels, shows, pay, booked = (made[n] for n in ("levels", "shows", "payslips", "bookings"))
    assert (levels["reserved"] <= levels["on_hand"]).all()
    assert (levels["on_hand"] - levels["reserved"] == levels["available"]).all()
    assert (shows["tickets_total"] - shows["tickets_sold"] == shows["tickets_left"]).all()
    assert (shows["tickets_left"] >= 0).all()
    assert np.allclose(pay["income_tax"] + pay["pension"], pay["deductions"])
    assert np.allclose(pay["gross_pay"] - pay["deductions"], pay["net_pay"])
    rates = booked["room_id"].map(made["rooms"].set_index("id")["nightly_rate"])
    assert np.allclose(booked["nightly_rate"], rates)
    assert np.allclose(booked["nights"] * booked["nightly_rate"], booked["room_total"], atol=0.01)
    assert np.allclose(booked["room_total"] + booked["tax"], booked["total"])


def test_comments_say_what_the_stars_say_and_replies_follow():
    made = rs.generate(
        read_ddl("""
        CREATE TABLE articles (id int PRIMARY KEY, title text NOT NULL, created timestamp NOT NULL);
        CREATE TABLE photos (id int PRIMARY KEY, content_type varchar(30) NOT NULL);
        CREATE TABLE product_reviews (id int PRIMARY KEY, stars smallint NOT NULL
            CHECK (stars BETWEEN 1 AND 5), comment text NOT NULL);
        CREATE TABLE responses (id int PRIMARY KEY, article_id int NOT NULL REFERENCES articles,
            reply_to int REFERENCES responses, created timestamp NOT NULL);
        CREATE TABLE remarks (id int PRIMARY KEY, subject_type varchar(20) NOT NULL
            CHECK (subject_type IN ('Article', 'Photo')), subject_id int NOT NULL)"""),
        rows={"articles": 10, "photos": 30, "product_reviews": 80, "responses": 90, "remarks": 50},
        seed=4,
    )
    reviews, said = made["product_reviews"], made["responses"]
    good, bad = (set(reviews["comment"][reviews["stars"].isin(s)]) for s in ([4, 5], [1, 2]))
    assert good
    assert bad
    assert not good & bad
    both = said.merge(said, left_on="reply_to", right_on="id")
    assert len(both)
    assert (both["created_x"] >= both["created_y"]).all()
    assert (both["article_id_x"] == both["article_id_y"]).all()
    known = {"Article": set(made["articles"]["id"]), "Photo": set(made["photos"]["id"])}
    pairs = made["remarks"][["subject_type", "subject_id"]].itertuples(index=False)
    assert all(number in known[kind] for kind, number in pairs)
    assert made["photos"]["content_type"].str.startswith("image/").all()
    assert pd.Series(made["remarks"]["subject_type"]).nunique() == 2


def test_what_is_named_after_a_state_belongs_to_it():
    made = rs.generate(
        read_ddl("""
        CREATE TABLE deals (id int PRIMARY KEY, stage varchar(12) NOT NULL CHECK (stage IN
            ('lead', 'proposal', 'won', 'lost')), won_at timestamp, lost_at timestamp,
            lost_reason text, created_at timestamp NOT NULL);
        CREATE TABLE claims (id int PRIMARY KEY, status varchar(12) NOT NULL CHECK (status IN
            ('filed', 'under_review', 'approved', 'denied', 'paid')), incident_date date NOT NULL,
            filed_at timestamp NOT NULL, denial_reason text, approved_amount numeric(9, 2));
        CREATE TABLE chores (id int PRIMARY KEY, status varchar(12) NOT NULL CHECK (status IN
            ('todo', 'blocked', 'done')), completed_at timestamp, blocked_reason text);
        CREATE TABLE calls (id int PRIMARY KEY, done boolean NOT NULL, done_at timestamp)"""),
        rows=60,
        seed=3,
    )
    deals, claims, chores, calls = (made[n] for n in ("deals", "claims", "chores", "calls"))
    for name, state in (("won_at", "won"), ("lost_at", "lost"), ("lost_reason", "lost")):
        assert deals[name].notna().equals(deals["stage"] == state)
    assert claims["denial_reason"].notna().equals(claims["status"] == "denied")
    assert set(claims["status"][claims["approved_amount"].notna()]) == {"approved", "paid"}
    assert (claims["incident_date"] <= claims["filed_at"]).all()
    assert chores["completed_at"].notna().equals(chores["status"] == "done")
    assert calls["done"].astype(bool).equals(calls["done_at"].notna())
