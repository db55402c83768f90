"""Verdicts: good data are not condemned, planted faults stay red, and every one has a reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from evaluate_shop import copy_of, make_shop, shop_schema, shuffled

import relsynth as rs
from relsynth.evaluate import Limits
from relsynth.evaluate import detection as detection_module
from relsynth.evaluate.judgement import errors_needed
from relsynth.evaluate.page import headlines
from relsynth.metadata import Column, ForeignKey, Table

pytest.importorskip("matplotlib")
REAL = make_shop(200)
SCHEMA = shop_schema()
FEW = Limits(detection_rows=200, joined_rows=200, distance_rows=200, utility_rows=200)
LOOKS, FITS, PRIVATE = "Does it look real?", "Do tables fit together?", "Is it private?"


def cards(fake, holdout=None, schema=SCHEMA):
    report = rs.evaluate(REAL, fake, schema, holdout, limits=FEW)
    return {card["question"]: card for card in headlines(report.scores, report._measures)}


def test_another_sample_of_the_same_world_is_good_throughout():
    orders = SCHEMA.restrict({"customers", "orders"})
    found = cards(make_shop(200, seed=1), make_shop(200, seed=2), orders)
    assert len(found) == 5
    assert {card["verdict"] for card in found.values()} <= {"good", "fair"}
    for card in found.values():
        assert card["verdict"] == "good" or card["points"][0]["reason"]


def test_chance_in_few_rows_is_granted_and_faults_in_few_rows_are_not():
    measures = ("shapes", "trends", "time", "siblings", "repeats", "diamonds")

    def verdicts(real, fake):
        report = rs.evaluate(real, fake, SCHEMA, measures=measures)
        return {name: line["verdict"] for name, line in report.scores["summary"].items()}

    # most had a fair or poor figure when one split was all that was known
    for seed, rows in ((0, 100), (1, 100), (1, 40), (8, 40)):
        found = verdicts(make_shop(rows, seed=100 + seed), make_shop(rows, seed=seed))
        assert not {"fair", "poor"} & set(found.values()), found
    permuted, hasty = make_shop(100, seed=0), make_shop(100, seed=0)
    permuted["orders"]["customer"] = shuffled(permuted["orders"], "customer")
    assert verdicts(make_shop(100, seed=100), permuted)["diamonds"] == "poor"
    days = pd.to_datetime(hasty["orders"]["day"])
    first = days.groupby(hasty["orders"]["customer"]).transform("min")
    hasty["orders"]["day"] = (first + (days - first) / 2).dt.strftime("%Y-%m-%d")
    assert verdicts(make_shop(100, seed=100), hasty)["time_gaps"] == "poor"


@pytest.mark.slow
def test_a_copy_a_permuted_key_and_a_constant_column_turn_their_card_red():
    assert cards(copy_of(REAL))[PRIVATE]["verdict"] == "poor"
    held = cards(copy_of(REAL), make_shop(200, seed=2))
    assert held[PRIVATE]["verdict"] == "poor"
    assert held[LOOKS]["verdict"] == "memorisation"
    permuted = make_shop(200, seed=1)
    permuted["orders"]["customer"] = shuffled(permuted["orders"], "customer")
    assert cards(permuted)[FITS]["verdict"] == "poor"
    constant = make_shop(200, seed=1)
    constant["visits"]["minutes"] = constant["visits"]["minutes"].median()
    red = cards(constant)[LOOKS]
    assert red["verdict"] == "poor"
    assert all(point["title"] and point["reason"] for point in red["points"])


def test_margins_that_fit_too_well_are_not_called_memorisation():
    rng = np.random.default_rng(0)
    real = pd.DataFrame({"x": rng.normal(size=60), "on": np.arange(60) % 2 == 0})
    # every second value in between two real ones: no copy, and closer than chance would be
    order = np.sort(real["x"].to_numpy())
    fake = pd.DataFrame({"x": np.append((order[1:] + order[:-1]) / 2, 0.0), "on": real["on"]})
    columns = {"x": Column("x", "numeric"), "on": Column("on", "boolean")}
    schema = rs.Metadata([Table("t", columns)])
    report = rs.evaluate({"t": real}, {"t": fake}, schema, measures=["c2st"], baselines=False)
    assert report.scores["c2st"]["c2st"] < 0.4
    assert report.scores["summary"]["c2st"]["verdict"] == "good"


def test_invented_parents_are_compared_with_parents_nobody_shares():
    """Prices of products that are new tell every order line; so they do between real halves."""

    def world(seed):
        rng = np.random.default_rng(seed)
        prices = rng.lognormal(3, 0.5, 30).round(2)
        product = rng.integers(0, 30, 900)
        lines = {"order": np.repeat(np.arange(300), 3), "product": product}
        return {
            "orders": pd.DataFrame({"id": np.arange(300)}),
            "products": pd.DataFrame({"id": np.arange(30), "price": prices}),
            "lines": pd.DataFrame({**lines, "price": prices[product]}),
        }

    key, price = Column("id", "key"), Column("price", "numeric")
    lines = {name: Column(name, "key") for name in ("order", "product")} | {"price": price}
    schema = rs.Metadata(
        [
            Table("orders", {"id": key}, ("id",)),
            Table("products", {"id": key, "price": price}, ("id",)),
            Table("lines", lines),
        ],
        [
            ForeignKey("lines", ("order",), "orders", ("id",)),
            ForeignKey("lines", ("product",), "products", ("id",)),
        ],
    )
    line = rs.evaluate(world(0), world(1), schema, measures=["c2st"]).scores["summary"]["c2st_max"]
    assert line["score"] > 0.9
    assert line["ceiling"] > 0.9
    assert line["verdict"] == "within noise"


def test_more_tests_need_more_errors():
    few, many = ({"c2st": {"tests": {"c2st": [[0.6, 0.1]] * n}}} for n in (1, 50))
    assert errors_needed(few, ["c2st"]) == pytest.approx(1.645, abs=0.001)
    assert errors_needed(many, ["c2st"]) > 3


def test_without_xgboost_scikit_learn_detects_and_the_report_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(detection_module, "has", lambda module: False)
    real, fake = make_shop(300), make_shop(300, seed=1)
    fake["customers"]["income"] = fake["customers"]["income"].round(0)
    alone = SCHEMA.restrict({"customers"})
    report = rs.evaluate(real, fake, alone, measures=["c2st"], baselines=False)
    found = report.scores["c2st"]["tables"]["customers"]
    assert found["accuracy"] > 0.8
    assert next(iter(found["loudest"])) == "income"
    assert report.scores["detector"] == "scikit-learn"
    assert "scikit-learn" in report.save(tmp_path / "r.html").read_text(encoding="utf-8")
