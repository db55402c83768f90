"""Shops stay closed at night and offices on Sundays, in every kind of table."""

import numpy as np
import pandas as pd
import pytest

import relsynth as rs


def openings(n=1_200, seed=0):
    """Return moments from 8 to 17 o'clock on working days, on quarters of an hour."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2021-01-04", periods=500)[rng.integers(0, 500, n)]
    return days + pd.to_timedelta(rng.integers(8 * 4, 17 * 4, n) * 15, "min")


def sampled(tables, name, **options):
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0, **options).fit(tables)
    return synth.sample(seed=1)[name]


@pytest.mark.parametrize("model", ["cart", "hvrt", "gaussian_copula"])
def test_a_root_table_keeps_to_opening_hours_and_working_days(model):
    tables = {"booking": pd.DataFrame({"id": range(1_200), "at": openings()})}
    at = sampled(tables, "booking", model=model)["at"].dt
    assert at.hour.between(8, 16).all()
    assert (at.day_of_week < 5).mean() > 0.99
    assert at.minute.isin([0, 15, 30, 45]).all()
    assert at.hour.value_counts(normalize=True).between(0.06, 0.16).all()


def test_visits_of_a_patient_keep_to_opening_hours():
    rng = np.random.default_rng(1)
    visits = pd.DataFrame({"patient_id": rng.integers(0, 150, 1_200), "at": openings()})
    visits["at"] = visits["at"].dt.strftime("%d.%m.%Y %H:%M")
    tables = {"patients": pd.DataFrame({"patient_id": range(150)}), "visits": visits}
    at = pd.to_datetime(sampled(tables, "visits")["at"], format="%d.%m.%Y %H:%M").dt
    assert at.hour.between(8, 16).mean() > 0.99
    assert at.minute.isin([0, 15, 30, 45]).all()


def test_an_end_still_follows_its_beginning():
    rng = np.random.default_rng(2)
    start = openings()
    frame = pd.DataFrame({"id": range(len(start)), "start": start})
    frame["end"] = frame["start"] + pd.to_timedelta(rng.integers(1, 9, len(start)) * 15, "min")
    fake = sampled({"call": frame}, "call")
    assert fake["start"].dt.hour.between(8, 16).all()
    assert (fake["end"] - fake["start"]).between(pd.Timedelta("15min"), pd.Timedelta("2h")).all()


def test_a_model_file_keeps_the_hours(tmp_path):
    tables = {"booking": pd.DataFrame({"id": range(1_200), "at": openings()})}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(tables), seed=0).fit(tables)
    synth.save(tmp_path / "m.relsynth")
    again = rs.RelationalSynthesizer.load(tmp_path / "m.relsynth")
    assert again.sample(seed=3)["booking"].equals(synth.sample(seed=3)["booking"])


def test_races_on_sundays_keep_apart():
    sundays = pd.date_range("1990-01-07", periods=1_200, freq="7D")
    days = np.sort(np.random.default_rng(3).choice(sundays, 400, replace=False))
    tables = {"races": pd.DataFrame({"id": range(400), "day": days})}
    drawn = sampled(tables, "races")["day"]
    assert (drawn.dt.day_of_week == 6).mean() > 0.97
    assert not drawn.duplicated().any()
    assert drawn.between(days.min(), days.max()).mean() > 0.97
