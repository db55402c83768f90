"""Rows go to other parents, with their values, until several combinations are unique at once."""

import numpy as np
import pandas as pd
import pytest
from small_databases import assert_valid, cart, link, table

import relsynth as rs
from relsynth.relational.unique.joint_swaps import Claim, swap_jointly

POINTS = {1: 10, 2: 8, 3: 6, 4: 5, 5: 4, 6: 3, 7: 2, 8: 1}


def repeated(left, right):
    return int(pd.DataFrame({"left": left, "right": right}).duplicated().sum())


def shuffled_races(n_races=40, n_places=10, n_drivers=25, seed=0):
    """Places and drivers that fit into races without repetition, and a random race for each."""
    rng = np.random.default_rng(seed)
    place = np.tile(np.arange(n_places), n_races)
    driver = np.concatenate([rng.permutation(n_drivers)[:n_places] for _ in range(n_races)])
    return place, driver, rng.permutation(np.repeat(np.arange(n_races), n_places))


def test_every_race_gets_each_place_and_each_driver_once():
    place, driver, race = shuffled_races()
    rng = np.random.default_rng(1)
    source = swap_jointly([Claim(place), Claim(driver)], race, np.zeros_like(race), rng)
    assert sorted(source) == list(range(len(race)))
    assert repeated(race, place) > 100
    assert repeated(race[source], place) <= 4
    assert repeated(race[source], driver) <= 4


def test_nothing_moves_where_nothing_repeats():
    place = np.tile(np.arange(5), 8)
    race = np.repeat(np.arange(8), 5)
    source = swap_jointly([Claim(place)], race, np.zeros_like(race), np.random.default_rng(0))
    assert source.tolist() == list(range(40))


def test_swaps_stay_within_their_blocks():
    place, driver, race = shuffled_races()
    blocks = race % 3
    rng = np.random.default_rng(2)
    source = swap_jointly([Claim(place), Claim(driver)], race, blocks, rng, within=True)
    assert (blocks[source] == blocks).all()
    assert repeated(race[source], place) < repeated(race, place) / 4


def test_both_sides_of_a_pair_may_have_to_differ():
    rng = np.random.default_rng(3)
    home, away = rng.integers(0, 30, 300), rng.integers(0, 30, 300)
    claim = Claim(home, may_be_equal=False, may_repeat=True)
    source = swap_jointly([claim], away, np.zeros_like(away), rng)
    assert (home == away).any()
    assert not (home == away[source]).any()


def test_rows_without_a_value_claim_nothing():
    place = np.r_[np.full(50, -1), np.arange(10)]
    race = np.zeros(60, np.int64)
    source = swap_jointly([Claim(place)], race, np.zeros_like(race), np.random.default_rng(0))
    assert source.tolist() == list(range(60))


def test_a_claim_may_hold_no_row():
    claims = [Claim(np.full(4, -1)), Claim(np.zeros(4, np.int64))]
    moved = np.array([0, 1, 1, 2])
    source = swap_jointly(claims, moved, np.zeros(4, np.int64), np.random.default_rng(0))
    assert sorted(source) == [0, 1, 2, 3]


@pytest.fixture(scope="module")
def season():
    """120 races in which each of 60 drivers has a place and the points of that place."""
    rng = np.random.default_rng(5)
    skill = rng.normal(0, 1, 60)
    rows = []
    for race in range(120):
        starting = rng.choice(60, 12, replace=False)
        order = np.argsort(-(skill[starting] + rng.normal(0, 0.5, 12)))
        rows += [(race, int(d), p + 1, POINTS.get(p + 1, 0)) for p, d in enumerate(starting[order])]
    results = pd.DataFrame(rows, columns=["race", "driver", "place", "points"])
    results.insert(0, "id", np.arange(len(results)))
    races = pd.DataFrame({"id": np.arange(120), "wet": rng.choice(["yes", "no"], 120)})
    drivers = pd.DataFrame({"id": np.arange(60), "born": (1980 + 5 * skill).round().astype(int)})
    metadata = rs.Metadata(
        [
            table("races", {"id": "key", "wet": "categorical"}, "id"),
            table("drivers", {"id": "key", "born": "integer"}, "id"),
            table(
                "results",
                dict.fromkeys(("id", "race", "driver"), "key")
                | {"place": "integer", "points": "integer"},
                "id",
            ),
        ],
        [
            link("results", "race", "races"),
            link("results", "driver", "drivers", context=True),
        ],
    )
    return metadata, {"races": races, "drivers": drivers, "results": results}


def test_a_place_is_given_once_a_race_and_keeps_its_points(season):
    metadata, real = season
    fake = cart(metadata, real, seed=0).sample()
    assert_valid(metadata, real, fake)
    results = fake["results"]
    assert not results.duplicated(["race", "place"]).any()
    assert not results.duplicated(["race", "driver"]).any()
    right = results["place"].map(POINTS).fillna(0) == results["points"]
    assert right.mean() > 0.9


def test_years_stay_with_what_they_tell_where_places_of_a_year_are_unique():
    rng = np.random.default_rng(4)
    years, clubs = np.arange(1900, 2000), 24
    table_of = {
        "club_id": np.tile(np.arange(clubs), len(years)),
        "year": np.repeat(years, clubs),
        "place": np.concatenate([1 + rng.permutation(clubs) for _ in years]),
    }
    seasons = pd.DataFrame(table_of)
    seasons["era"] = np.where(seasons["year"] < 1950, "old", "new")
    seasons["points"] = 60 - 2 * seasons["place"] + rng.integers(3, size=len(seasons))
    columns = {"club_id": "key", "year": "integer", "place": "integer", "era": "categorical"}
    metadata = rs.Metadata(
        [
            table("clubs", {"id": "key"}, "id"),
            table("seasons", columns | {"points": "integer"}, unique=(("year", "place"),)),
        ],
        [link("seasons", "club_id", "clubs")],
    )
    real = {"clubs": pd.DataFrame({"id": np.arange(clubs)}), "seasons": seasons}
    fake = cart(metadata, real).sample(seed=2)
    assert_valid(metadata, real, fake, observed=False)
    drawn = fake["seasons"]
    assert ((drawn["year"] < 1950) == (drawn["era"] == "old")).mean() > 0.97
    assert drawn["points"].corr(drawn["place"]) < -0.6
