"""Levels of bands of a number or date, and formulas with a limit, hold in every row."""

import numpy as np
import pandas as pd
import pytest

import relsynth as rs


def sampled(frame, **options):
    tables = {"thing": frame.assign(id=range(len(frame)))}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0, **options).fit(tables)
    return synth.sample(scale=2)["thing"]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_grades_follow_from_marks_and_a_pass_from_both(rng):
    marks = rng.integers(0, 101, 400)
    grade = np.array(list("FDCBA"))[np.searchsorted([40, 55, 70, 85], marks, "right")]
    made = sampled(pd.DataFrame({"marks": marks, "grade": grade, "passed": marks >= 40}))
    edges = np.searchsorted([40, 55, 70, 85], made["marks"], "right")
    assert (np.array(list("FDCBA"))[edges] == made["grade"]).all()
    assert ((made["marks"] >= 40) == made["passed"]).all()


def test_brackets_of_amounts_keep_their_rates(rng):
    income = rng.lognormal(10.3, 0.7, 400).round(2)
    rates = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    edges = [15_000, 30_000, 45_000, 60_000]
    rate = rates[np.searchsorted(edges, income, "right")]
    made = sampled(pd.DataFrame({"income": income, "rate": rate}))
    assert (rates[np.searchsorted(edges, made["income"], "right")] == made["rate"]).mean() > 0.995


def test_periods_follow_from_days(rng):
    day = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, 600), "D"))
    made = sampled(
        pd.DataFrame(
            {
                "day": day,
                "quarter": day.dt.strftime("%Y") + "Q" + day.dt.quarter.astype(str),
                "month": day.dt.strftime("%Y%m").astype(int),
                "month_end": day.dt.is_month_end,
            }
        )
    )
    own = made["day"]
    assert (own.dt.strftime("%Y") + "Q" + own.dt.quarter.astype(str) == made["quarter"]).all()
    assert (own.dt.strftime("%Y%m").astype(int) == made["month"]).all()
    assert (own.dt.is_month_end == made["month_end"]).all()


def test_a_level_by_chance_is_no_band(rng):
    frame = pd.DataFrame({"x": rng.normal(size=300), "kind": rng.choice(["a", "b"], 300)})
    made = sampled(frame)
    crossed = np.diff((made.sort_values("x")["kind"] == "a").astype(int)) != 0
    assert crossed.mean() > 0.3


def test_days_late_are_never_below_none(rng):
    due = pd.Series(pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 300, 400), "D"))
    back = due + pd.to_timedelta(rng.integers(-14, 20, 400), "D")
    late = (back - due).dt.days.clip(lower=0)
    made = sampled(pd.DataFrame({"due": due, "back": back, "late": late}))
    assert ((made["back"] - made["due"]).dt.days.clip(lower=0) == made["late"]).all()


def test_what_is_missing_is_ordered_again(rng):
    wanted, stock = rng.integers(1, 60, 400), rng.integers(0, 50, 400)
    frame = pd.DataFrame({"wanted": wanted, "stock": stock})
    frame["ordered"] = (frame["wanted"] - frame["stock"]).clip(lower=0)
    frame["sent"] = frame["wanted"] - frame["ordered"]
    made = sampled(frame)
    assert ((made["wanted"] - made["stock"]).clip(lower=0) == made["ordered"]).all()
    assert (made["wanted"] - made["ordered"] == made["sent"]).all()


def test_limits_can_be_switched_off(rng):
    hours = rng.integers(8, 52, 300) * 0.25
    frame = pd.DataFrame({"hours": hours, "overtime": np.maximum(hours - 8, 0)})
    for kinds, exact in ((["limited"], True), (["presence"], False)):
        made = sampled(frame, relations=kinds)
        assert np.allclose(np.maximum(made["hours"] - 8, 0), made["overtime"]) is exact


@pytest.mark.parametrize("form", ["text", "object"])
def test_clocks_give_the_minutes_between_them(rng, form):
    start = rng.integers(60, 200, 300) * 5
    minutes = rng.integers(2, 30, 300) * 5
    frame = pd.DataFrame({"departs": start, "arrives": start + minutes})
    frame = frame.map(lambda m: f"{m // 60:02d}:{m % 60:02d}")
    if form == "object":
        frame = frame.map(lambda text: pd.Timestamp(text).time())
    made = sampled(frame.assign(minutes=minutes))
    at = {c: pd.to_timedelta(made[c].astype(str).str[:5] + ":00") for c in ("departs", "arrives")}
    between = (at["arrives"] - at["departs"]).dt.total_seconds() / 60
    assert (between == made["minutes"]).all()
    assert (between > 0).all()
