"""Times written as numbers, and parts of dates as clocks of other zones show them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs


def _synthetic(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    metadata = rs.Metadata.detect(tables)
    return rs.RelationalSynthesizer(metadata, model="cart", seed=0).fit(tables).sample()


def _written(minutes: np.ndarray) -> np.ndarray:
    return minutes // 60 * 100 + minutes % 60


def _departures(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    due = rng.integers(5 * 60, 22 * 60, rows) // 5 * 5
    late = np.maximum(rng.normal(8, 15, rows).round().astype(int), -12)
    return pd.DataFrame(
        {
            "departure_id": np.arange(rows),
            "due": _written(due),
            "left": _written(due + late),
            "late": late,
            "hour": due // 60,
            "minute": due % 60,
        }
    )


def test_times_written_as_numbers_stay_times_and_their_parts_and_delays_agree():
    made = _synthetic({"departures": _departures(np.random.default_rng(1), 600)})["departures"]
    for name in ("due", "left"):
        assert (made[name] % 100 < 60).all()
        assert made[name].between(0, 2359).all()
    due, left = (made[name] // 100 * 60 + made[name] % 100 for name in ("due", "left"))
    assert (left == due + made["late"]).all()
    assert (made["due"] == made["hour"] * 100 + made["minute"]).all()


@pytest.mark.parametrize("width", [4, 6])
def test_padded_texts_of_digits_are_times_as_well(width):
    rng = np.random.default_rng(2)
    seconds = rng.integers(6 * 3_600, 20 * 3_600, 400)
    parts = [seconds // 3_600, seconds // 60 % 60, seconds % 60][: width // 2]
    texts = ["".join(f"{part:02d}" for part in row) for row in zip(*parts, strict=True)]
    frame = pd.DataFrame({"at": texts, "amount": rng.normal(50, 9, 400).round(1)})
    made = _synthetic({"stops": frame})["stops"]["at"].astype(str)
    assert made.str.fullmatch(r"([01]\d|2[0-3])" + r"[0-5]\d" * (width // 2 - 1)).all()


def test_amounts_that_only_look_like_times_are_left_alone():
    rng = np.random.default_rng(3)
    amounts = rng.integers(0, 2_400, 500)
    made = _synthetic({"sales": pd.DataFrame({"amount": amounts})})["sales"]
    assert 0.3 < (made["amount"] % 100 >= 60).mean() < 0.5


@pytest.mark.parametrize(
    ("zone", "days"), [("America/New_York", 365), ("Asia/Kolkata", 100), ("Etc/GMT+5", 100)]
)
def test_parts_of_a_date_are_those_of_its_own_zone(zone, days):
    rng = np.random.default_rng(4)
    moments = pd.Timestamp("2021-01-01", tz="UTC") + pd.to_timedelta(
        rng.integers(0, days * 48, 900) * 30, unit="min"
    )
    there = moments.tz_convert(zone)
    frame = pd.DataFrame(
        {
            "taken_at": moments.tz_localize(None),
            "month": there.month,
            "day": there.day,
            "hour": there.hour,
            "level": rng.normal(0, 1, 900).round(2),
        }
    )
    made = _synthetic({"readings": frame})["readings"]
    there = made["taken_at"].dt.tz_localize("UTC").dt.tz_convert(zone)
    for part in ("hour", "day", "month"):
        assert (made[part] == getattr(there.dt, part)).mean() > 0.995


def test_what_follows_from_a_copied_column_follows_the_copy():
    rng = np.random.default_rng(5)
    slots = pd.DataFrame({"slot_id": np.arange(300), "hour": rng.integers(6, 22, 300)})
    trips = pd.DataFrame({"trip_id": np.arange(2_000), "slot_id": rng.integers(0, 300, 2_000)})
    trips["hour"] = slots["hour"].to_numpy()[trips["slot_id"]]
    trips["minute"] = rng.integers(0, 12, 2_000) * 5
    trips["due"] = trips["hour"] * 100 + trips["minute"]
    made = _synthetic({"slots": slots, "trips": trips})
    hour = made["slots"].set_index("slot_id")["hour"].reindex(made["trips"]["slot_id"]).to_numpy()
    assert (made["trips"]["hour"].to_numpy() == hour).all()
    assert (made["trips"]["due"] == hour * 100 + made["trips"]["minute"]).all()


def test_what_follows_holds_where_values_of_few_people_are_taken_apart():
    """Ranges are cut and rare combinations parted for protection; rules hold nevertheless."""
    rng = np.random.default_rng(6)
    patients = pd.DataFrame(
        {
            "patient_id": np.arange(200),
            "last_name": [f"{a}{b}" for a in ("Hu", "Wag", "Gru", "Mo") for b in "abcdefghij"] * 5,
            "born": pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 20_000, 200), "D"),
        }
    )
    rows = 2_000
    day = pd.Timestamp("2023-01-02") + pd.to_timedelta(rng.integers(0, 100, rows) * 7, unit="D")
    day += pd.to_timedelta(rng.integers(0, 5, rows), unit="D")
    slot, wait = 480 + rng.integers(0, 36, rows) * 15, rng.poisson(9, rows)
    came = rng.random(rows) < 0.6
    visits = pd.DataFrame(
        {
            "visit_id": np.arange(rows),
            "patient_id": rng.integers(0, 200, rows),
            "day": day,
            "weekday": day.day_of_week + 1,
            "slot": _written(slot),
            "called": np.where(came, _written(slot + wait), np.nan),
            "wait": np.where(came, wait, np.nan),
            "status": np.where(came, "done", rng.choice(["no-show", "cancelled"], rows)),
        }
    )
    tables = {"patients": patients, "visits": visits}
    metadata = rs.Metadata.detect(tables)
    model = rs.RelationalSynthesizer(metadata, seed=0, subjects=["patients"]).fit(tables)
    made = model.sample()["visits"]
    assert (made["weekday"] == made["day"].dt.day_of_week + 1).all()
    called = made[made["called"].notna()]
    minutes = {n: called[n] // 100 * 60 + called[n] % 100 for n in ("slot", "called")}
    assert (minutes["called"] - minutes["slot"] == called["wait"]).all()
