"""What the children of a linked parent have in common: the date of a race's laps."""

import numpy as np
import pandas as pd
import pytest
from small_databases import assert_valid, cart, link, table

import relsynth as rs
from relsynth.groups import modes
from relsynth.relational.links.swaps import swap_until_unique
from relsynth.relational.sources.agreeing_siblings import has_common, is_common


def season(seed=0):
    """Drivers take part in neighbouring races; the laps of a race share its date and tyre."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2015-03-01")
    date = start + pd.to_timedelta(np.sort(rng.choice(3000, 150, replace=False)), "D")
    entries = []
    for driver in range(100):
        first = rng.integers(0, 130)
        entries += [(driver, race) for race in range(first, min(150, first + rng.integers(5, 30)))]
    entries = [entry for entry in entries if rng.random() < 0.5]
    laps = pd.DataFrame(entries, columns=["driver", "race"])
    laps["date"] = date[laps["race"]]
    laps["tyre"] = rng.choice(list("abc"), 150)[laps["race"]]
    laps["seconds"] = rng.normal(80, 4, len(laps)).round(1)
    drivers = pd.DataFrame({"id": np.arange(100), "age": rng.integers(18, 40, 100)})
    races = pd.DataFrame({"id": np.arange(150), "rain": rng.random(150).round(2)})
    columns = {"driver": "key", "race": "key", "date": "datetime", "tyre": "categorical"}
    metadata = rs.Metadata(
        [
            table("drivers", {"id": "key", "age": "integer"}, "id"),
            table("races", {"id": "key", "rain": "numeric"}, "id"),
            table("laps", {**columns, "seconds": "numeric"}, ("driver", "race")),
        ],
        [
            link("laps", "driver", "drivers", context=True),
            link("laps", "race", "races"),
        ],
    )
    return metadata, {"drivers": drivers, "races": races, "laps": laps}


def days(laps):
    """Return the mean deviation of the dates of a driver, in days."""
    return laps.groupby("driver")["date"].std().dt.days.mean()


def test_the_laps_of_a_race_share_its_date():
    metadata, real = season()
    synthesizer = cart(metadata, real, seed=0)
    assert any("date is mostly the same" in note for note in synthesizer.notes_["laps"])
    fake = synthesizer.sample(seed=3)
    assert_valid(metadata, real, fake, observed=False)
    laps = fake["laps"]
    assert laps.groupby("race")[["date", "tyre"]].nunique().to_numpy().mean() < 1.1
    assert laps["date"].nunique() > 80
    assert laps.groupby("driver")["date"].apply(lambda date: date.is_monotonic_increasing).all()
    assert days(laps) < 2 * days(real["laps"])
    assert laps["tyre"].value_counts(normalize=True).to_numpy() == pytest.approx(
        real["laps"]["tyre"].value_counts(normalize=True).to_numpy(), abs=0.15
    )


def test_what_few_parents_or_chance_have_in_common_is_left_to_the_rows():
    rng = np.random.default_rng(0)
    links = rng.integers(0, 200, 1000)
    shared = rng.normal(size=200)[links]
    assert has_common(shared, links)
    assert not has_common(shared, rng.permutation(links))
    assert not has_common(np.zeros(1000), links)
    assert not has_common(rng.normal(size=4)[links % 4], links % 4)
    assert not has_common(np.full(1000, np.nan), links)
    assert not has_common(shared, np.full(1000, -1))


def test_modes_by_hand():
    column = np.array([1.0, 1.0, 2.0, np.nan, 3.0, 2.0])
    groups = np.array([0, 0, 0, 1, 2, 2])
    assert modes(column, groups, 4)[[0, 2]].tolist() == [1.0, 2.0]
    assert np.isnan(modes(column, groups, 4)[[1, 3]]).all()
    links = np.array([0, 0, 0, -1, 2, 2])
    assert is_common(column, links).tolist() == [True, True, False, False, False, True]


def test_swaps_go_no_further_than_they_must_where_blocks_are_in_order():
    rng = np.random.default_rng(0)
    fixed = rng.permutation(np.tile(np.arange(50), 40))
    moved = np.repeat(np.arange(200), 10)
    blocks = moved // 4
    near, left = swap_until_unique(fixed, moved, blocks, rng, ordered=True)
    assert not left.any()
    assert np.abs(blocks[near] - blocks).max() <= 1
