"""What the moment of a row tells the rest of it: the calendar, holidays, slow columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_databases import cart, link, table

import relsynth as rs
from relsynth.columns.calendar import (
    DAY,
    PARTS,
    calendar,
    nearest_day,
    uneven_part,
    varying_parts,
)

MOMENT = st.datetimes(min_value=pd.Timestamp("1900-01-01"), max_value=pd.Timestamp("2100-01-01"))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(MOMENT, min_size=1, max_size=20))
def test_the_calendar_is_that_of_pandas(drawn):
    moments = pd.DatetimeIndex(np.array(drawn, "datetime64[us]"))
    seconds = moments.to_numpy().astype(np.int64) / 1e6
    left = moments.days_in_month - moments.day
    expected = np.column_stack(
        [moments.month, moments.day, left, moments.day_of_week, moments.hour]
    )
    np.testing.assert_array_equal(calendar(seconds, PARTS), expected)


@pytest.mark.parametrize(
    ("seconds", "parts"),
    [
        ([5 * DAY], ()),
        ([0.0, 7 * DAY, 14 * DAY], ("day", "left")),
        ([0.0, 3_600.0], ("hour",)),
        ([0.0, 31 * DAY], ("month", "left", "weekday")),
    ],
    ids=["one moment", "weeks", "hours", "months"],
)
def test_only_parts_that_differ_are_told(seconds, parts):
    assert varying_parts(np.array(seconds)) == parts


@pytest.mark.parametrize("part", ["day", "left", "weekday"])
@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(MOMENT, st.integers(0, 31), st.integers(0, 40)), min_size=1, max_size=9))
def test_moments_move_to_the_nearest_day_that_fits(part, drawn):
    values = np.array([m for m, _, _ in drawn], "datetime64[us]").astype(np.int64) / 1e6
    wanted, early = np.array([(w % 7 if part == "weekday" else w, e) for _, w, e in drawn]).T
    least = values - early * DAY
    moved = nearest_day(values, part, wanted, least, values + 62 * DAY)
    shifts = np.arange(-31, 63)
    for value, want, low, found in zip(values, wanted, least, moved, strict=True):
        days = value + shifts * DAY
        fits = (calendar(days, (part,))[:, 0] == want) & (days >= low)
        nearest = np.abs(shifts[fits]).min() if fits.any() else 0
        assert abs(found - value) == pytest.approx(nearest * DAY)


def test_a_moment_without_a_wish_stays():
    assert nearest_day(np.zeros(1), "day", np.full(1, np.nan), np.zeros(1), np.ones(1)).sum() == 0


def test_the_part_of_the_calendar_that_days_keep_to_is_found():
    days = np.arange(1_000) * DAY
    left = calendar(days, ("left",))[:, 0]
    assert uneven_part(days) is None
    assert uneven_part(days[calendar(days, ("weekday",))[:, 0] < 5]) == "weekday"
    assert uneven_part(np.r_[days, np.repeat(days[left == 0], 20)]) == "left"
    assert uneven_part(np.random.default_rng(0).permutation(days)[:40]) is None


def family_of(name: str, kinds: dict[str, str]) -> rs.Metadata:
    tables = [table("place", {"id": "key"}, "id"), table(name, {"place": "key", **kinds})]
    return rs.Metadata(tables, [link(name, "place", "place")])


@pytest.fixture(scope="module")
def shops():
    """120 shops over 400 days, all closed on the same five days."""
    days = pd.date_range("2023-01-01", periods=400)
    holidays = days[[36, 120, 199, 200, 358]]
    place = np.repeat(np.arange(120), len(days))
    day = np.tile(days, 120)
    closed = np.isin(day, holidays)
    rng = np.random.default_rng(0)
    sales = np.where(closed, 0.0, rng.gamma(5.0, 20.0, len(day)).round(2))
    state = np.where(closed, "closed", "open")
    frame = pd.DataFrame({"place": place, "day": day, "state": state, "sales": sales})
    columns = {
        "day": "datetime",
        "state": "categorical",
        "sales": "numeric",
    }
    metadata = family_of("sales", columns)
    tables = {"place": pd.DataFrame({"id": np.arange(120)}), "sales": frame}
    return metadata, tables, holidays


def test_holidays_of_all_families_come_back_on_their_day(shops):
    metadata, tables, holidays = shops
    made = cart(metadata, tables, seed=0).sample()["sales"]
    closed = (made["state"] == "closed").groupby(made["day"]).mean()
    assert closed.reindex(holidays).fillna(0.0).min() > 0.8
    assert closed.drop(holidays, errors="ignore").max() < 0.2


@pytest.fixture(scope="module")
def accounts():
    """300 accounts with payments on weekdays, and interest on the last day of every month."""
    rng = np.random.default_rng(0)
    parts = []
    for account in range(300):
        start = rng.integers(0, 200)
        days = pd.date_range("2022-01-03", periods=500)[start:]
        paid = days[(days.day_of_week < 5) & (rng.random(len(days)) < 0.15)]
        ends = days[days.is_month_end & (days.day_of_week < 5)]
        kinds = ["payment"] * len(paid) + ["interest"] * len(ends)
        parts.append(pd.DataFrame({"place": account, "day": paid.append(ends), "kind": kinds}))
    frame = pd.concat(parts).sort_values(["day", "place"], kind="stable", ignore_index=True)
    metadata = family_of("bookings", {"day": "datetime", "kind": "categorical"})
    return metadata, {"place": pd.DataFrame({"id": np.arange(300)}), "bookings": frame}


def test_dates_keep_to_the_calendar(accounts):
    metadata, tables = accounts
    made = cart(metadata, tables, seed=0).sample()["bookings"]
    assert (made["day"].dt.day_of_week < 5).mean() > 0.99
    real = (tables["bookings"]["kind"] == "interest").mean()
    assert (made["kind"] == "interest").mean() == pytest.approx(real, rel=0.25)
    assert made["day"][made["kind"] == "interest"].dt.is_month_end.mean() > 0.8


def test_monthly_rows_of_few_families_stay_on_the_first_of_the_month():
    months = pd.date_range("2015-01-01", periods=60, freq="MS")
    parts = [pd.DataFrame({"place": p, "month": months[4 * p :], "x": p}) for p in range(10)]
    frame = pd.concat(parts, ignore_index=True)
    metadata = family_of("sales", {"month": "datetime", "x": "numeric"})
    made = cart(metadata, {"place": pd.DataFrame({"id": np.arange(10)}), "sales": frame}, seed=0)
    fake = made.sample()["sales"]
    assert (fake["month"].dt.day == 1).mean() > 0.98
    assert not fake.duplicated(["place", "month"]).any()
    assert fake.groupby("place")["month"].is_monotonic_increasing.all()


def test_birthdays_do_not_order_the_members_of_a_club():
    rng = np.random.default_rng(0)
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 18_000, 600), "D")
    frame = pd.DataFrame({"place": np.arange(600) % 40, "born": born})
    metadata = family_of("members", {"born": "datetime"})
    model = cart(metadata, {"place": pd.DataFrame({"id": np.arange(40)}), "members": frame})
    assert not any(note.startswith("order:") for note in model.notes_["members"])
    visits = frame.assign(born=pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(600), "D"))
    visits["place"] = np.arange(600) // 15
    model = cart(metadata, {"place": pd.DataFrame({"id": np.arange(40)}), "members": visits})
    assert any(note.startswith("order:") for note in model.notes_["members"])


@pytest.fixture(scope="module")
def stations():
    """Two stations, measured every hour of 250 days, with the month in local time."""
    hours = pd.date_range("2023-01-01", periods=6_000, freq="h")
    moment = np.tile(hours, 2)
    local = pd.DatetimeIndex(moment) - pd.Timedelta(hours=5)
    season = np.sin(np.arange(12_000) % 6_000 / 6_000 * 6)
    temperature = 15 + 10 * season + np.random.default_rng(1).normal(0, 1, 12_000)
    frame = pd.DataFrame(
        {
            "place": np.repeat([0, 1], 6_000),
            "month": local.month.to_numpy(),
            "temperature": temperature.round(1),
            "moment": moment,
        }
    )
    columns = {
        "month": "numeric",
        "temperature": "numeric",
        "moment": "datetime",
    }
    return family_of("weather", columns), {"place": pd.DataFrame({"id": [0, 1]}), "weather": frame}


def test_slow_columns_of_long_families_keep_up_with_the_time(stations):
    metadata, tables = stations
    made = cart(metadata, tables, seed=0).sample()["weather"]
    local = (made["moment"] - pd.Timedelta(hours=5)).dt.month
    assert (made["month"] == local).mean() > 0.97
    real = tables["weather"]["month"].value_counts(normalize=True)
    drawn = made["month"].value_counts(normalize=True).reindex(real.index).fillna(0.0)
    assert (drawn - real).abs().sum() / 2 < 0.05


@pytest.mark.parametrize("model", ["hvrt", "gaussian_copula"])
def test_other_models_draw_times_first_too(stations, model):
    metadata, tables = stations
    weather = tables["weather"].groupby("place").head(1_000).reset_index(drop=True)
    some = {**tables, "weather": weather}
    made = rs.RelationalSynthesizer(metadata, model=model, seed=0).fit(some).sample()["weather"]
    ordered = made.groupby("place")["moment"]
    assert made["moment"].between("2023-01-01", "2023-02-12").all()
    assert abs(ordered.min().max() - pd.Timestamp("2023-01-01")) < pd.Timedelta(days=20)
