"""Tests that need a filled database and get one from the schema alone."""

import pytest
from hypothesis import HealthCheck, given, settings
from library import give_back, open_loans, remove_member
from sqlalchemy import text

from relsynth.strategies import databases


@pytest.mark.relsynth(rows={"members": 30, "books": 40, "loans": 200}, seed=7)
def test_open_loans_are_those_without_a_return(relsynth_db, relsynth_tables):
    loans = relsynth_tables["loans"]
    expected = loans[loans["returned"].isna()].groupby("member_id").size()
    for member, count in expected.items():
        assert len(open_loans(relsynth_db, member)) == count


@pytest.mark.relsynth(rows={"members": 30, "books": 40, "loans": 200}, seed=7)
def test_giving_back_closes_a_loan(relsynth_db, relsynth_tables):
    loans = relsynth_tables["loans"]
    loan = loans[loans["returned"].isna()].iloc[0]
    assert give_back(relsynth_db, int(loan.member_id), loan.isbn, "2030-01-01") >= 1
    assert loan.isbn not in open_loans(relsynth_db, int(loan.member_id))


@pytest.mark.relsynth(rows={"members": 30, "books": 40, "loans": 200}, seed=7)
def test_the_write_of_another_test_is_gone(relsynth_db, relsynth_tables):
    open_now = relsynth_db.scalar(text("SELECT count(*) FROM loans WHERE returned IS NULL"))
    assert open_now == relsynth_tables["loans"]["returned"].isna().sum()


@pytest.mark.relsynth(profile="edge", seed=1)
def test_every_member_without_loans_can_be_removed(relsynth_db, relsynth_tables):
    removed = 0
    for member in relsynth_tables["members"]["id"]:
        if not open_loans(relsynth_db, int(member)):
            assert remove_member(relsynth_db, int(member))
            removed += 1
    left = relsynth_db.scalar(text("SELECT count(*) FROM members"))
    assert left == len(relsynth_tables["members"]) - removed


@pytest.mark.relsynth(profile="minimal")
def test_the_smallest_library_shows_both_kinds_of_loan(relsynth_tables):
    returned = relsynth_tables["loans"]["returned"]
    assert returned.isna().any()
    assert returned.notna().any()


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(databases("library.sql", rows={"members": 5, "books": 5, "loans": 10}))
def test_no_book_comes_back_before_it_was_lent(tables):
    loans = tables["loans"].dropna(subset=["returned"])
    assert (loans["returned"] >= loans["lent"]).all()
