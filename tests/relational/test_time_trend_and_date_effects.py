"""Long families keep to the season; special days are special for all families."""

import numpy as np
import pandas as pd
import pytest
from small_databases import cart, link, table

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.relational.children.date_effects import DateEffects
from relsynth.relational.children.history import Siblings
from relsynth.relational.children.time_trend import Trends


def schema(parent, child, kinds):
    columns = {f"{parent[:-1]}_id": "key", **kinds}
    return rs.Metadata(
        [table(parent, {"id": "key", "size": "integer"}, "id"), table(child, columns)],
        [link(child, f"{parent[:-1]}_id", parent)],
    )


def weather(n_stations=4, n_steps=3_000, seed=0):
    """Temperatures every three hours for a year: a summer, and swings that last for days."""
    rng = np.random.default_rng(seed)
    when = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(n_steps) * 3, "h")
    season = -15 * np.cos(2 * np.pi * when.day_of_year.to_numpy() / 365)
    frames = []
    for station in range(n_stations):
        swing = np.zeros(n_steps)
        for step in range(1, n_steps):
            swing[step] = 0.98 * swing[step - 1] + rng.normal(0, 0.6)
        temperature = (10 + season + swing + station).round(1)
        frames.append(
            pd.DataFrame({"station_id": station, "taken": when, "temperature": temperature})
        )
    readings = pd.concat(frames, ignore_index=True)
    stations = pd.DataFrame({"id": range(n_stations), "size": rng.integers(1, 9, n_stations)})
    kinds = {"taken": "datetime", "temperature": "numeric"}
    return schema("stations", "readings", kinds), {"stations": stations, "readings": readings}


def test_summers_are_warm_after_a_thousand_steps():
    metadata, real = weather()
    synthesizer = cart(metadata, real, seed=0)
    assert "trend: temperature follows the mean of its time" in synthesizer.notes_["readings"]
    fake = synthesizer.sample()["readings"]
    means = [
        part.groupby(part["taken"].dt.month)["temperature"].mean()
        for part in (real["readings"], fake)
    ]
    assert (means[0] - means[1]).abs().max() < 3.0
    steps = [
        part.groupby("station_id")["temperature"].diff().std() for part in (real["readings"], fake)
    ]
    assert steps[1] == pytest.approx(steps[0], rel=0.5)
    assert (fake["temperature"] * 10 % 1).round(6).isin([0.0, 1.0]).all()


def test_numbers_of_few_values_and_short_families_have_no_trend():
    rng = np.random.default_rng(0)
    time = np.tile(np.arange(1_000.0), 3)
    values = np.column_stack([np.round(time / 100), time + rng.normal(0, 1, 3_000)])
    rows = Matrix(("coarse", "fine"), ("number", "number"), values)
    siblings = Siblings.of(np.repeat(np.arange(3), 1_000), None)
    assert list(Trends.find(rows, siblings, ("coarse", "fine"), time).levels) == ["fine"]
    short = Siblings.of(np.repeat(np.arange(30), 100), None)
    assert Trends.find(rows, short, ("fine",), time).levels == {}


def shops(n_shops=60, n_days=400, seed=0):
    """Daily sales; three single days are holidays in all shops, and shops are closed on them."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2022-01-03") + pd.to_timedelta(np.arange(n_days), "D")
    holiday = np.isin(np.arange(n_days), [97, 211, 355])
    frames = []
    for shop in range(n_shops):
        sales = np.where(holiday, 0.0, rng.gamma(20, 5, n_days)).round(2)
        frames.append(
            pd.DataFrame(
                {
                    "shop_id": shop,
                    "day": days,
                    "holiday": np.where(holiday, "yes", "no"),
                    "sales": sales,
                }
            )
        )
    tables = {
        "shops": pd.DataFrame({"id": range(n_shops), "size": rng.integers(1, 9, n_shops)}),
        "sales": pd.concat(frames, ignore_index=True),
    }
    kinds = {"day": "datetime", "holiday": "categorical", "sales": "numeric"}
    return schema("shops", "sales", kinds), tables


def test_holidays_fall_on_their_days():
    metadata, real = shops()
    fake = cart(metadata, real, seed=0).sample()["sales"]
    on = set(real["sales"].loc[real["sales"]["holiday"] == "yes", "day"])
    right = fake["day"].isin(on) == (fake["holiday"] == "yes")
    assert right.mean() > 0.999
    assert (fake.loc[fake["holiday"] == "yes", "sales"] == 0).all()


def test_only_what_a_moment_explains_is_told():
    rng = np.random.default_rng(1)
    moments = np.repeat(np.arange(100.0), 40)
    rows = Matrix(
        ("special", "noise", "level"),
        ("category", "category", "number"),
        np.column_stack(
            [
                (moments == 50).astype(float),
                rng.integers(0, 3, 4_000),
                np.sin(moments) + rng.normal(0, 0.1, 4_000),
            ]
        ),
    )
    found = DateEffects.find(rows, rows.names, moments)
    assert found.names == ("at.special[1]", "at.level")
    told = found.features(np.array([49.6, 50.4, 51.0]))
    assert told["at.special[1]"].tolist() == [1.0, 1.0, 0.0]
    few = DateEffects.find(rows, rows.names, np.arange(4_000.0))
    assert few.names == ()


def test_what_the_calendar_tells_is_nothing_special():
    days = np.repeat(np.arange(140.0) * 86_400, 30)
    sunday = ((days / 86_400 + 3) % 7 == 6).astype(float)
    rows = Matrix(("closed",), ("category",), sunday[:, None])
    assert DateEffects.find(rows, ("closed",), days).names == ("at.closed[1]",)
    assert DateEffects.find(rows, ("closed",), days, ("weekday",)).names == ()
