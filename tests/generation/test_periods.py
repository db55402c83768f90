"""Moments that belong together lie together: what is sold, held, called off, and what it costs."""

from __future__ import annotations

import pandas as pd
import pytest

import relsynth as rs

NOW = "2026-06-01"
CONCERTS = """
CREATE TABLE venues (id serial PRIMARY KEY, name varchar(80) NOT NULL, opened_on date NOT NULL);
CREATE TABLE concerts (id serial PRIMARY KEY, venue_id int NOT NULL REFERENCES venues (id),
  title varchar(120) NOT NULL, doors_at timestamptz NOT NULL, starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL, cancelled_at timestamptz, cancel_reason text,
  status varchar(20) NOT NULL CHECK (status IN ('scheduled', 'cancelled', 'finished')),
  UNIQUE (venue_id, starts_at), CHECK (doors_at < starts_at));
CREATE TABLE people (id serial PRIMARY KEY, full_name text NOT NULL,
  created_at timestamptz NOT NULL);
CREATE TABLE tickets (id serial PRIMARY KEY, concert_id int NOT NULL REFERENCES concerts (id),
  person_id int NOT NULL REFERENCES people (id), price numeric(8,2) NOT NULL,
  fee numeric(8,2) NOT NULL CHECK (fee >= 0), total numeric(8,2) NOT NULL,
  purchased_at timestamptz NOT NULL);
CREATE TABLE scans (id serial PRIMARY KEY, ticket_id int NOT NULL REFERENCES tickets (id),
  scanned_at timestamptz NOT NULL);
"""


def made(tmp_path, ddl: str, rows: int = 60, **options) -> dict[str, pd.DataFrame]:
    path = tmp_path / "schema.sql"
    path.write_text(ddl)
    metadata = rs.Metadata.load(path)
    options = {"now": NOW, "seed": 1, **options}
    return rs.generate(metadata, rows=dict.fromkeys(metadata.tables, rows), **options)


@pytest.fixture(scope="module", params=[1, 8])
def concerts(request, tmp_path_factory):
    return made(tmp_path_factory.mktemp("concerts"), CONCERTS, seed=request.param)


def test_moments_that_must_differ_do_not_run_day_by_day(concerts):
    starts = concerts["concerts"]["starts_at"]
    present = pd.Timestamp(NOW)
    assert starts.between(present - pd.DateOffset(years=5), present + pd.DateOffset(days=90)).all()
    assert starts.dt.date.nunique() > len(starts) / 2
    assert not concerts["concerts"].duplicated(["venue_id", "starts_at"]).any()
    assert (starts.dt.minute % 15 == 0).all()
    assert starts.dt.hour.between(18, 21).all()


def test_a_condition_alone_puts_moments_hours_apart(concerts):
    frame = concerts["concerts"]
    gap = frame["starts_at"] - frame["doors_at"]
    assert gap.between(pd.Timedelta(1, "min"), pd.Timedelta(3, "h")).all()


def test_what_is_called_off_is_so_before_it_starts(concerts):
    frame = concerts["concerts"]
    off = frame["cancelled_at"].notna()
    assert off.any()
    assert (frame["cancelled_at"] < frame["starts_at"])[off].all()
    assert (off == (frame["status"] == "cancelled")).all()
    assert not frame["cancel_reason"].str.contains("eliver|cheaper", na=False).any()


def test_children_lie_in_the_time_of_what_they_belong_to(concerts):
    shows, people = (concerts[name].set_index("id") for name in ("concerts", "people"))
    tickets = concerts["tickets"].set_index("id")
    shown = tickets.join(shows, on="concert_id").join(people["created_at"], on="person_id")
    assert (shown["purchased_at"] >= shown["created_at"]).all()
    assert (shown["purchased_at"] <= shown["starts_at"]).mean() > 0.9
    scans = concerts["scans"].join(shown, on="ticket_id")
    assert scans["scanned_at"].between(scans["starts_at"], scans["ends_at"]).all()


def test_fees_are_a_small_part_of_the_price(concerts):
    tickets = concerts["tickets"].astype({"price": float, "fee": float, "total": float})
    assert (tickets["fee"] / tickets["price"]).between(0.01, 0.1).all()
    assert (tickets["price"] + tickets["fee"] - tickets["total"]).abs().max() < 0.011


def test_nothing_of_it_holds_where_nothing_is_assumed(tmp_path):
    tables = made(tmp_path, CONCERTS, assume=False)
    scans = tables["scans"].merge(tables["tickets"], left_on="ticket_id", right_on="id")
    scans = scans.merge(tables["concerts"], left_on="concert_id", right_on="id")
    assert not scans["scanned_at"].between(scans["starts_at"], scans["ends_at"]).all()
    path = tmp_path / "schema.sql"
    said = [str(note) for note in rs.generation.assumptions(path)]
    assert any("scanned_at within the time of" in line or "purchased_at before" in line
               for line in said)  # fmt: skip
    assert any("tickets.fee" in line for line in said)


STAYS = """
CREATE TABLE rooms (id int PRIMARY KEY, rate numeric(8,2) NOT NULL);
CREATE TABLE bookings (id int PRIMARY KEY, room_id int NOT NULL REFERENCES rooms (id),
  check_in date NOT NULL, check_out date NOT NULL, nights int NOT NULL,
  nightly_rate numeric(8,2) NOT NULL, total_amount numeric(10,2) NOT NULL, deposit numeric(10,2),
  booked_at timestamp NOT NULL, UNIQUE (room_id, check_in), CHECK (check_out > check_in));
CREATE TABLE reviews (id int PRIMARY KEY, booking_id int NOT NULL REFERENCES bookings (id),
  comment text, created_at timestamp NOT NULL);
CREATE TABLE cars (id int PRIMARY KEY, start_odometer int NOT NULL, end_odometer int,
  make varchar(30) NOT NULL, model varchar(30) NOT NULL);
CREATE TABLE files (id int PRIMARY KEY, filename varchar(80) NOT NULL,
  content_type varchar(40) NOT NULL);
CREATE TABLE invoices (id int PRIMARY KEY, total numeric(8,2) NOT NULL,
  amount_paid numeric(8,2) NOT NULL, amount_due numeric(8,2) NOT NULL, paid_at timestamp);
CREATE TABLE branches (id int PRIMARY KEY, opens_at time NOT NULL, closes_at time NOT NULL);
CREATE TABLE students (id int PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL,
  birth_date date NOT NULL, guardian_name varchar(80) NOT NULL);
"""


@pytest.fixture(scope="module")
def stays(tmp_path_factory):
    return made(tmp_path_factory.mktemp("stays"), STAYS)


def test_nights_are_those_between_arrival_and_departure(stays):
    frame = stays["bookings"].astype({"nightly_rate": float, "total_amount": float})
    assert ((frame["check_out"] - frame["check_in"]).dt.days == frame["nights"]).all()
    assert (frame["nights"] * frame["nightly_rate"] - frame["total_amount"]).abs().max() < 0.011
    assert (frame["deposit"].astype(float) < frame["total_amount"]).all()
    assert (frame["booked_at"] <= frame["check_in"]).all()


def test_a_review_soon_follows_a_stay(stays):
    frame = stays["reviews"].merge(stays["bookings"], left_on="booking_id", right_on="id")
    present = pd.Timestamp(NOW)
    over = frame["check_out"].where(frame["check_out"] < present, present)
    late = frame["created_at"] - over
    assert late.between(pd.Timedelta(0), pd.Timedelta(11, "D")).all()


def test_a_car_is_driven_and_is_of_a_make(stays):
    cars = stays["cars"].dropna()
    driven = cars["end_odometer"] - cars["start_odometer"]
    assert (driven > 0).all()
    assert (driven < 2_500).all()
    assert cars.groupby("model")["make"].nunique().eq(1).all()


def test_files_end_as_their_type_says(stays):
    endings = (
        stays["files"]
        .groupby("content_type")["filename"]
        .agg(lambda names: names.str.rsplit(".", n=1).str[-1].nunique())
    )
    assert endings.eq(1).all()


def test_what_is_open_is_what_is_not_paid(stays):
    frame = stays["invoices"].astype({"total": float, "amount_paid": float, "amount_due": float})
    assert (frame["total"] - frame["amount_paid"] - frame["amount_due"]).abs().max() < 0.011
    assert (frame["amount_paid"].eq(0) == frame["paid_at"].isna()).all()


def test_hours_are_those_of_the_day(stays):
    frame = stays["branches"].astype(str)
    assert (frame["opens_at"] < frame["closes_at"]).all()
    assert frame["opens_at"].str.fullmatch(r"(08|09|10|11):\d\d:00").all()


def test_pupils_are_young_and_not_their_own_guardians(stays):
    frame = stays["students"]
    age = (pd.Timestamp(NOW) - frame["birth_date"]).dt.days / 365.25
    assert age.between(6.9, 23.1).all()
    own = frame["first_name"] + " " + frame["last_name"]
    assert (own != frame["guardian_name"]).mean() > 0.9


def test_many_days_of_one_parent_stay_apart(tmp_path):
    ddl = """
    CREATE TABLE meters (id int PRIMARY KEY);
    CREATE TABLE readings (meter_id int NOT NULL REFERENCES meters (id), reading_date date NOT NULL,
      value_kwh numeric(10,1) NOT NULL, PRIMARY KEY (meter_id, reading_date));
    """
    (tmp_path / "schema.sql").write_text(ddl)
    rows = {"meters": 2, "readings": 3_000}
    frame = rs.generate(tmp_path / "schema.sql", rows=rows, seed=3, now=NOW)["readings"]
    assert not frame.duplicated(["meter_id", "reading_date"]).any()
    more = rs.generate(
        tmp_path / "schema.sql",
        rows={"meters": 1, "readings": 50},
        seed=4,
        now=NOW,
        existing={"meters": pd.DataFrame({"id": [1, 2]}), "readings": frame},
    )
    both = pd.concat([frame, more["readings"]])
    assert not both.duplicated(["meter_id", "reading_date"]).any()
