"""Numbers that rank the rows of a parent, and numbers that lie where their linked parent does."""

import numpy as np
import pandas as pd
import pytest
from small_databases import assert_valid, cart, link, races_schema, table

import relsynth as rs

POINTS = {1: 10, 2: 8, 3: 6, 4: 5, 5: 4, 6: 3, 7: 2, 8: 1}


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
    columns = {"place": "integer", "points": "integer"}
    metadata = races_schema({"wet": "categorical"}, "results", columns)
    return metadata, {"races": races, "drivers": drivers, "results": results}


def test_a_place_is_given_once_a_race_without_a_gap_and_keeps_its_points(season):
    metadata, real = season
    fake = cart(metadata, real, seed=0).sample()
    assert_valid(metadata, real, fake)
    results = fake["results"]
    assert not results.duplicated(["race", "place"]).any()
    assert results.duplicated(["race", "driver"]).mean() < 0.01
    of_race = results.groupby("race")["place"]
    assert ((of_race.min() == 1) & (of_race.max() == of_race.size())).all()
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


def test_times_lie_where_their_race_lies_and_keep_their_order():
    rng = np.random.default_rng(6)
    level = rng.lognormal(4, 0.7, 80)
    race = np.repeat(np.arange(80), 15)
    driver = np.concatenate([rng.permutation(100)[:15] for _ in range(80)])
    skill = rng.normal(0, 1, 100)
    seconds = level[race] * (1 + 0.01 * skill[driver] + rng.normal(0, 0.005, len(race)))
    laps = pd.DataFrame({"race": race, "driver": driver, "seconds": seconds.round(3)})
    real = {
        "races": pd.DataFrame({"id": np.arange(80), "wet": rng.choice(["yes", "no"], 80)}),
        "drivers": pd.DataFrame({"id": np.arange(100), "skill": skill.round(2)}),
        "laps": laps,
    }
    metadata = rs.Metadata(
        [
            table("races", {"id": "key", "wet": "categorical"}, "id"),
            table("drivers", {"id": "key", "skill": "numeric"}, "id"),
            table("laps", {"race": "key", "driver": "key", "seconds": "numeric"}),
        ],
        [link("laps", "driver", "drivers", context=True), link("laps", "race", "races")],
    )
    drawn = cart(metadata, real, seed=0).sample(seed=1)["laps"]
    ours, theirs = (
        laps.groupby("race")["seconds"].agg(["mean", "std"]) for laps in (drawn, real["laps"])
    )
    assert (ours["std"] / ours["mean"]).median() < 3 * (theirs["std"] / theirs["mean"]).median()
    assert abs(np.log(ours["mean"].std() / theirs["mean"].std())) < 0.4
