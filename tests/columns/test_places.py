"""Countries, states and cities of people: others that agree, the same ones in every table."""

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_databases import cart

import relsynth as rs
from relsynth.columns.providers import provided

TOWNS = {
    "Germany": ["Uelzen", "Zwiesel", "Nidda", "Selb", "Olpe", "Soest", "Prüm", "Werl"],
    "Brazil": ["Bagé", "Ijuí", "Tatuí", "Araxá", "Sobral", "Patos", "Picos", "Crato"],
    "Iceland": ["Hella", "Vogar"],
}


def firms(seed=0, n=90):
    """Return customers, suppliers of the same towns, and orders that repeat them."""
    rng = np.random.default_rng(seed)
    tables = {}
    for name, rows in (("customers", n), ("suppliers", n // 3)):
        country = rng.choice(["Germany", "Brazil", "Iceland"], rows, p=[0.5, 0.46, 0.04])
        tables[name] = pd.DataFrame(
            {
                f"{name[:-1]}_id": range(rows),
                "company": [f"{name} {number} Ltd" for number in range(rows)],
                "city": [TOWNS[one][rng.integers(len(TOWNS[one]))] for one in country],
                "country": country,
            }
        )
    buyer = np.repeat(np.arange(n), rng.integers(1, 5, n))
    tables["orders"] = pd.DataFrame(
        {
            "order_id": range(len(buyer)),
            "customer_id": buyer,
            "state": rng.choice(
                ["open", "paid", "sent", "lost"], len(buyer), p=[0.4, 0.4, 0.19, 0.01]
            ),
            "ship_city": tables["customers"]["city"].to_numpy()[buyer],
            "ship_country": tables["customers"]["country"].to_numpy()[buyer],
        }
    )
    return tables


def fitted(tables, k=8):
    metadata = rs.Metadata.detect(tables)
    for name in ("customers", "suppliers"):
        for column in ("city", "country"):
            metadata = metadata.set(name, column, treatment="learn")
    return rs.RelationalSynthesizer(metadata, model="cart", k=k, seed=0).fit(tables)


@pytest.fixture(scope="module")
def drawn():
    tables = firms()
    return tables, fitted(tables).sample(scale=4)


def places(tables):
    """Return the pairs of city and country of all tables."""
    own = [tables[name][["city", "country"]] for name in ("customers", "suppliers")]
    ship = tables["orders"][["ship_city", "ship_country"]].set_axis(own[0].columns, axis=1)
    return pd.concat([*own, ship], ignore_index=True)


def test_a_town_of_few_is_another_one_and_the_same_in_every_table(drawn):
    real, fake = map(places, drawn)
    holders = sum(drawn[0][name]["city"].value_counts() for name in ("customers",))
    rare = set(holders[holders < 4].index) - set(
        drawn[0]["suppliers"]["city"].value_counts().loc[lambda c: c >= 2].index
    )
    towns = {name: set(drawn[1][name]["city"]) for name in ("customers", "suppliers")}
    assert not towns["customers"] & rare
    invented = (towns["customers"] | towns["suppliers"]) - set(real["city"])
    assert set(drawn[1]["orders"]["ship_city"]) <= towns["customers"]
    assert fake.groupby("city")["country"].nunique().max() == 1
    assert len(invented) > 0


def test_a_town_is_in_its_country_and_written_like_the_others(drawn):
    fake = places(drawn[1]).drop_duplicates()
    pairs = set(places(drawn[0]).itertuples(index=False, name=None))
    known = fake[fake["city"].isin(places(drawn[0])["city"])]
    assert set(known.itertuples(index=False, name=None)) <= pairs
    letters = "".join(fake["city"] + fake["country"])
    assert all("LATIN" in unicodedata.name(sign) for sign in letters if sign.isalpha())


def test_a_country_of_few_becomes_one_of_many(drawn):
    assert set(places(drawn[1])["country"]) == {"Germany", "Brazil"}


def test_the_state_of_an_order_is_none_of_a_country(drawn):
    assert set(drawn[1]["orders"]["state"]) <= {"open", "paid", "sent", "lost"}


def test_conditions_on_a_town_hold():
    tables = firms(seed=1)
    synth = fitted(tables, k=3)
    town = synth.sample()["customers"]["city"].mode()[0]
    some = synth.sample(where={"customers": {"city": town}})["customers"]
    assert set(some["city"]) == {town}
    assert some["country"].nunique() == 1


def test_a_single_table_saved_and_loaded_gives_the_same_places(tmp_path):
    people = firms()["customers"]
    metadata = rs.Metadata.detect({"customers": people})
    synth = cart(metadata, {"customers": people})
    path = tmp_path / "m.relsynth"
    synth.save(path)
    again = rs.RelationalSynthesizer.load(path).sample(seed=3)["customers"]
    pd.testing.assert_frame_equal(again, synth.sample(seed=3)["customers"])


def test_towns_are_the_same_in_every_process():
    script = "from relsynth.columns.providers import provided; print(provided('city', 'it_IT')[:9])"
    path = str(Path(rs.__file__).parents[1])
    told = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.strip() == str(provided("city", "it_IT")[:9])
