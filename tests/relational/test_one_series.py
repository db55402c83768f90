"""A table without parents that is one long series keeps to the row before, and to its time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import relsynth as rs

PERSISTENCE = (0.91, 0.86, 0.90)


def readings(n: int = 1_500, *, irregular: bool = False, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = np.zeros((n, 3))
    for t in range(1, n):
        x[t] = PERSISTENCE * x[t - 1] + rng.normal(size=3)
    gaps = rng.exponential(3_600, n).round() + 1 if irregular else np.full(n, 3_600)
    when = pd.Timestamp("2021-03-01") + pd.to_timedelta(np.cumsum(gaps), unit="s")
    frame = pd.DataFrame({"when": when, **dict(zip("abc", x.round(3).T, strict=True))})
    frame["state"] = np.where(frame["a"] > 1, "high", np.where(frame["a"] < -1, "low", "mid"))
    return frame


def fitted(tables: dict[str, pd.DataFrame], **options) -> rs.RelationalSynthesizer:
    metadata = rs.Metadata.detect(tables)
    return rs.RelationalSynthesizer(metadata, model="cart", seed=0, **options).fit(tables)


def lag_one(frame: pd.DataFrame) -> np.ndarray:
    ordered = frame.sort_values("when")
    return np.array([ordered[name].autocorr(1) for name in "abc"])


@pytest.mark.parametrize("irregular", [False, True])
@pytest.mark.parametrize("scale", [0.6, 1, 3])
def test_rows_follow_each_other_however_many_there_are(irregular, scale):
    real = readings(irregular=irregular)
    synth = fitted({"reading": real})
    fake = synth.sample(scale)["reading"]
    assert any(note.startswith("sequence: all rows") for note in synth.notes_["reading"])
    assert list(fake) == list(real)
    assert len(fake) == round(len(real) * scale)
    assert fake["when"].is_unique
    assert np.abs(lag_one(fake) - lag_one(real)).max() < 0.08
    pace = [np.ptp(frame["when"]) / len(frame) for frame in (fake, real)]
    assert pace[0] / pace[1] == pytest.approx(1, abs=0.2)


def test_numbers_of_rows_conditions_files_and_tables_beside(tmp_path):
    tables = {"reading": readings(), "site": pd.DataFrame({"id": range(90), "size": range(90)})}
    synth = fitted(tables)
    assert len(synth.sample(rows={"reading": 77})["reading"]) == 77
    high = synth.sample(where={"reading": {"state": "high"}})["reading"]
    assert set(high["state"]) == {"high"}
    synth.save(tmp_path / "model")
    loaded = rs.RelationalSynthesizer.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.sample()["reading"], synth.sample()["reading"])
    written = synth.sample_to(tmp_path / "out", scale=2, rows_of_a_part=500)
    assert written == {"reading": 3_000, "site": 180}
    read = rs.read_tables(tmp_path / "out")
    assert read["site"]["id"].is_unique
    assert np.abs(lag_one(read["reading"]) - lag_one(tables["reading"])).max() < 0.08


def test_a_moment_that_is_the_key_stays_one():
    real = readings()
    detected = rs.Metadata.detect({"reading": real})
    metadata = detected.replace_table("reading", primary_key=("when",))
    synth = rs.RelationalSynthesizer(metadata, model="cart", seed=0).fit({"reading": real})
    fake = synth.sample()["reading"]
    metadata.check({"reading": fake})
    assert np.abs(lag_one(fake) - lag_one(real)).max() < 0.08


def test_what_is_no_series_is_learned_row_by_row():
    rng = np.random.default_rng(1)
    alone = readings().sample(frac=1, random_state=0).reset_index(drop=True)
    alone["when"] = np.sort(alone["when"])
    trend = pd.DataFrame({"when": alone["when"], "a": np.arange(1_500) + rng.normal(size=1_500)})
    people = readings().rename(columns={"state": "last_name"})
    several = pd.concat([readings(500, seed=s) for s in range(3)], ignore_index=True)
    for name, frame in {
        "shuffled": alone,
        "trend": trend,
        "patient": people,
        "several": several,
    }.items():
        notes = fitted({name: frame}).notes_[name]
        assert not any(note.startswith("sequence") for note in notes), name
