"""Rows with several parents: careers go from race to race, kept parents have their children."""

import numpy as np
import pandas as pd
import pytest
from small_databases import assert_valid, cart, link, races_schema, table

import relsynth as rs


@pytest.fixture(scope="module")
def careers():
    """90 races at uneven distances; each of 150 drivers takes part in a run of them."""
    rng = np.random.default_rng(3)
    dates = pd.Timestamp("2001-03-01") + pd.to_timedelta(np.cumsum(rng.integers(5, 60, 90)), "D")
    heat = rng.normal(0, 10, 90)
    rows = []
    for driver in range(150):
        first = rng.integers(90)
        run = range(first, min(first + 1 + int(rng.geometric(0.08)), 90))
        rows += [(driver, race) for race in run if race == first or rng.random() < 0.95]
    entries = pd.DataFrame(rows, columns=["driver", "race"])
    entries.insert(0, "id", np.arange(len(entries)))
    entries["date"] = dates[entries["race"]].strftime("%Y-%m-%d")
    entries["seconds"] = (heat[entries["race"]] + rng.normal(100, 1, len(entries))).round(2)
    real = {
        "races": pd.DataFrame({"id": np.arange(90), "date": dates.strftime("%Y-%m-%d")}),
        "drivers": pd.DataFrame({"id": np.arange(150), "born": rng.integers(1960, 1990, 150)}),
        "entries": entries,
    }
    columns = {"date": "datetime", "seconds": "numeric"}
    metadata = races_schema({"date": "datetime"}, "entries", columns)
    return metadata, real, cart(metadata, real, seed=0)


def _steps(tables):
    """How many races lie between one entry of a driver and the next."""
    place = tables["races"]["date"].rank(method="dense").to_numpy() - 1
    place = pd.Series(place, index=tables["races"]["id"])
    entries = tables["entries"].assign(place=tables["entries"]["race"].map(place))
    entries = entries.sort_values(["driver", "place"])
    return entries.groupby("driver")["place"].diff().dropna()


def test_careers_go_from_race_to_race(careers):
    metadata, real, model = careers
    fake = model.sample(seed=1)
    assert_valid(metadata, real, fake)
    ours, theirs = _steps(fake), _steps(real)
    assert abs((ours == 1).mean() - (theirs == 1).mean()) < 0.07
    dates = fake["races"].set_index("id")["date"]
    assert (fake["entries"]["date"] == fake["entries"]["race"].map(dates)).all()


def test_races_have_their_numbers_of_entries(careers):
    _, real, model = careers
    ours, theirs = (
        t["entries"].groupby("race").size().reindex(t["races"]["id"], fill_value=0).sort_values()
        for t in (model.sample(seed=1), real)
    )
    assert np.abs(ours.to_numpy() - theirs.to_numpy()).mean() < 0.15 * theirs.mean()


def test_twice_as_many_races_share_the_entries_of_twice_as_many_drivers(careers):
    _, _, model = careers
    fake = model.sample(scale=2.0, seed=1)
    assert len(fake["races"]) == 180
    counts = fake["entries"].groupby("race").size().reindex(fake["races"]["id"], fill_value=0)
    assert (counts > 0).mean() > 0.95


def test_what_a_race_tells_is_drawn_given_the_race(careers):
    _, real, model = careers
    ours, theirs = (t["entries"].groupby("race")["seconds"] for t in (model.sample(seed=1), real))
    assert ours.std().median() < 3 * theirs.std().median()
    assert ours.mean().std() > 0.5 * theirs.mean().std()


def test_kept_parents_have_their_numbers_of_children():
    rng = np.random.default_rng(8)
    kinds = pd.DataFrame({"id": np.arange(5), "label": ["oil", "gas", "sun", "wind", "wood"]})
    sites = pd.DataFrame({"id": np.arange(300), "size": rng.normal(0, 1, 300).round(3)})
    site = np.repeat(np.arange(300), rng.integers(1, 5, 300))
    plants = pd.DataFrame({"id": np.arange(len(site)), "site": site})
    plants["kind"] = rng.choice(5, len(site), p=[0.6, 0.2, 0.15, 0.03, 0.02])
    plants["power"] = (plants["kind"] * 10 + rng.normal(0, 1, len(site))).round(2)
    metadata = rs.Metadata(
        [
            table("kinds", {"id": "key", "label": "categorical"}, "id"),
            table("sites", {"id": "key", "size": "numeric"}, "id"),
            table(
                "plants",
                dict.fromkeys(("id", "site", "kind"), "key") | {"power": "numeric"},
                "id",
            ),
        ],
        [link("plants", "site", "sites"), link("plants", "kind", "kinds")],
    )
    real = {"kinds": kinds, "sites": sites, "plants": plants}
    fake = cart(metadata, real, keep=["kinds"], seed=0).sample(seed=3)
    ours, theirs = (t["plants"]["kind"].value_counts() for t in (fake, real))
    assert sorted(ours) == sorted(theirs)
    means = fake["plants"].groupby("kind")["power"].median()
    assert (np.abs(means - np.arange(5) * 10) < 2).all()
