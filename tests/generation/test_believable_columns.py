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
    assert contacts["access_token"].str.fullmatch("[0-9a-f]{32}").all()
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
