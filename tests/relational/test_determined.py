"""Columns that rows of kept tables determine: the distance of two towns, by the keys to them."""

import numpy as np
import pandas as pd
import pytest

import relsynth as rs

CODES = ["ULM", "BRN", "GRZ", "LNZ", "PRG", "LYN", "TRN", "GNV"]


@pytest.fixture(scope="module")
def trips():
    rng = np.random.default_rng(3)
    names = ["Ulm", "Bern", "Graz", "Linz", "Prague", "Lyon", "Turin", "Geneva"]
    towns = pd.DataFrame({"code": CODES, "name": names})
    apart = rng.integers(50, 900, (8, 8))
    ends = rng.integers(0, 8, (4_000, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    rows = pd.DataFrame(
        {
            "id": np.arange(len(ends)) + 1,
            "start": np.array(CODES)[ends[:, 0]],
            "goal": np.array(CODES)[ends[:, 1]],
            "km": apart[ends[:, 0], ends[:, 1]],
            "zone": np.array(["near", "far", "abroad"])[apart[ends[:, 0], 0] % 3],
            "minutes": rng.gamma(5, 30, len(ends)).round(),
        }
    )
    return {"towns": towns, "trips": rows}


@pytest.fixture(scope="module")
def metadata(trips):
    found = rs.Metadata.detect(trips)
    keys = {key.columns for key in found.foreign_keys}
    for name in ("start", "goal"):
        if (name,) not in keys:
            found.add_key("trips", name, "towns", "code")
    return found


def _exceptions(real, fake, keys, column):
    usual = real.groupby(keys)[column].first()
    drawn = fake.merge(usual.rename("usual"), on=keys)
    return (drawn[column] != drawn["usual"]).mean()


def test_what_follows_from_one_or_two_kept_rows_does_so_in_drawn_ones(trips, metadata, tmp_path):
    synth = rs.RelationalSynthesizer(metadata, seed=0).fit(trips)
    fake = synth.sample()["trips"]
    notes = " ".join(synth.notes_["trips"])
    assert "km follows from trips.goal and trips.start in all" in notes
    assert "minutes follows" not in notes
    assert _exceptions(trips["trips"], fake, ["start", "goal"], "km") == 0
    assert _exceptions(trips["trips"], fake, ["start"], "zone") == 0
    synth.save(tmp_path / "m.relsynth")
    loaded = rs.RelationalSynthesizer.load(tmp_path / "m.relsynth")
    pd.testing.assert_frame_equal(loaded.sample()["trips"], fake)


def test_the_rule_can_be_switched_off(trips, metadata):
    synth = rs.RelationalSynthesizer(metadata, relations="none", seed=0).fit(trips)
    assert "follows from trips" not in " ".join(synth.notes_["trips"])


def test_what_few_subjects_tell_is_not_looked_up(trips):
    rng = np.random.default_rng(4)
    rows = trips["trips"].assign(person_id=rng.integers(1, 301, len(trips["trips"])))
    own = (rows["start"] == "ULM") & (rows["goal"] == "BRN")
    rows.loc[own, ["person_id", "km"]] = [7, 98_765]
    people = pd.DataFrame({"id": np.arange(300) + 1, "born": rng.integers(1950, 2000, 300)})
    tables = {"persons": people, "towns": trips["towns"], "trips": rows}
    found = rs.Metadata.detect(tables)
    keys = {key.columns for key in found.foreign_keys}
    for name in ("start", "goal"):
        if (name,) not in keys:
            found.add_key("trips", name, "towns", "code")
    fake = rs.RelationalSynthesizer(found, seed=0).fit(tables).sample()["trips"]
    assert not (fake["km"] == 98_765).any()
