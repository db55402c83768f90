"""Copies are caught, strangers are not suspected, and utility is measured on unseen data."""

from __future__ import annotations

import numpy as np
import pytest
from evaluate_shop import copy_of, make_shop, shop_schema

import relsynth as rs
from relsynth.errors import RelsynthError
from relsynth.evaluate import Limits
from relsynth.evaluate.neighbours import Space, nearest

pytest.importorskip("xgboost")
REAL, UNSEEN, STRANGERS = make_shop(), make_shop(seed=1), make_shop(seed=2)
SCHEMA = shop_schema()


def privacy(fake, holdout=UNSEEN):
    report = rs.evaluate(REAL, fake, SCHEMA, holdout, measures=["privacy"])
    return report.scores["privacy"], report.scores["summary"]


def test_an_exact_copy_is_caught():
    found, summary = privacy(REAL)
    assert found["rows"]["orders"]["copies"] == 1.0
    assert found["rows"]["orders"]["dcr_share"] > 0.8
    assert found["families"]["customers"]["dcr_share"] > 0.8
    assert found["membership"] > 0.9
    assert found["verdict"].startswith("Not safe")
    assert summary["copies"]["verdict"] == "poor"


def test_strangers_are_not_suspected():
    found, _ = privacy(STRANGERS)
    for unit, table in (("rows", "orders"), ("rows", "customers"), ("families", "customers")):
        assert found[unit][table]["dcr_share"] == pytest.approx(0.5, abs=0.05)
        assert found[unit][table]["membership"] == pytest.approx(0.5, abs=0.05)
    assert found["copies"] < 0.01
    assert found["verdict"].startswith("No sign of memorisation")


def test_a_slightly_blurred_copy_is_no_copy_and_still_caught():
    fake = copy_of(REAL)
    rng = np.random.default_rng(0)
    fake["orders"]["total"] += rng.normal(0, 0.05, len(fake["orders"]))
    fake["customers"]["income"] += rng.normal(0, 0.05, len(fake["customers"]))
    found, _ = privacy(fake)
    assert found["rows"]["orders"]["copies"] < 0.05
    assert found["rows"]["orders"]["dcr_share"] > 0.8


def test_rows_that_repeat_in_reality_are_no_copies():
    found, _ = privacy(STRANGERS)
    shops = found["rows"]["shops"]
    assert shops["copies"] == 1.0
    assert shops["excess_copies"] == 0.0


def test_without_a_holdout_only_copies_are_judged():
    found, summary = privacy(STRANGERS, None)
    assert found["dcr_share"] is None
    assert found["membership"] is None
    assert summary["dcr_share"]["verdict"] == "not measured"
    assert "Give a holdout" in found["verdict"]


def test_nearest_neighbours_by_hand():
    rows = {"x": np.array([0.0, 10.0, 100.0]), "c": np.array([0, 1, 1])}
    kinds = {"x": "number", "c": "category"}
    space = Space(kinds, {"x": 0.0}, {"x": 100.0})
    place = space.place(rows)
    first, second = nearest(place, place, own=np.arange(3))
    np.testing.assert_allclose(first, [1.1, 0.9, 0.9])
    np.testing.assert_allclose(second, [2.0, 1.1, 2.0])


def test_row_caps_do_not_hide_copies():
    limits = Limits(distance_rows=100)
    report = rs.evaluate(REAL, REAL, SCHEMA, UNSEEN, measures=["privacy"], limits=limits)
    orders = report.scores["privacy"]["rows"]["orders"]
    assert orders["compared_rows"] == 100
    assert orders["dcr_share"] > 0.9


def test_utility_of_a_good_and_of_an_independent_copy():
    target = {"orders": "total"}
    good = rs.evaluate(REAL, STRANGERS, SCHEMA, UNSEEN, measures=["utility"], targets=target)
    noise = copy_of(STRANGERS)
    for column in ("total", "stage", "day"):
        noise["orders"][column] = np.random.default_rng(0).permutation(noise["orders"][column])
    bad = rs.evaluate(REAL, noise, SCHEMA, UNSEEN, measures=["utility"], targets=target)
    found = good.scores["utility"]["tables"]["orders"]
    assert found["column"] == "total"
    assert found["score"] == "R2"
    assert found["real"] > 0.8
    assert found["synthetic"] == pytest.approx(found["real"], abs=0.05)
    assert bad.scores["utility"]["tables"]["orders"]["synthetic"] < 0.1


def test_unknown_targets_are_refused_together():
    with pytest.raises(RelsynthError, match="2 faults") as error:
        rs.evaluate(
            REAL, REAL, SCHEMA, measures=["utility"], targets={"orders": "id", "order": "total"}
        )
    assert "did you mean 'orders'?" in str(error.value)
