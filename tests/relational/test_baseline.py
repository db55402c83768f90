"""Columns that siblings have in common stay in common, around the family's own level."""

import numpy as np
import pandas as pd
import pytest
from small_databases import cart, link, table

import relsynth as rs


@pytest.fixture(scope="module")
def shops():
    """Shops with a level of prices of their own, a tax rate of few, and one currency each."""
    rng = np.random.default_rng(0)
    shops = pd.DataFrame({"id": np.arange(60), "size": rng.integers(1, 5, 60)})
    counts = rng.integers(2, 9, 60)
    shop = np.repeat(np.arange(60), counts)
    level = rng.uniform(100, 900, 60)
    days = pd.DataFrame(
        {
            "id": np.arange(len(shop)),
            "shop_id": shop,
            "index": (level[shop] + rng.normal(0, 0.5, len(shop))).round(3),
            "tax": np.array([0.07, 0.19, 0.2])[np.arange(60) % 3][shop],
            "currency": np.array(["EUR", "USD", "GBP", "CHF"])[rng.integers(0, 4, 60)][shop],
            "sales": rng.normal(50, 10, len(shop)).round(1),
        }
    )
    tables = {"shops": shops, "days": days}
    columns = {"id": "key", "shop_id": "key", "currency": "categorical"}
    columns |= dict.fromkeys(("index", "tax", "sales"), "numeric")
    metadata = rs.Metadata(
        [
            table("shops", {"id": "key", "size": "integer"}, "id"),
            table("days", {name: columns[name] for name in days}, "id"),
        ],
        [link("days", "shop_id", "shops")],
    )
    return tables, metadata


@pytest.fixture(scope="module")
def drawn(shops):
    tables, metadata = shops
    synthesizer = cart(metadata, tables)
    return synthesizer, synthesizer.sample(scale=2.0, seed=1)["days"].groupby("shop_id")


def test_a_number_stays_near_the_level_of_its_family(shops, drawn):
    real = shops[0]["days"].groupby("shop_id")["index"]
    families = drawn[1]["index"]
    several = families.size() > 1
    assert families.std()[several].max() < 4 * real.std().max()
    assert families.mean().std() == pytest.approx(real.mean().std(), rel=0.25)
    assert families.mean().between(real.min().min(), real.max().max()).all()


def test_what_all_siblings_share_they_share_in_the_copy_too(shops, drawn):
    for name in ("tax", "currency"):
        assert (drawn[1][name].nunique() == 1).all()
        assert set(drawn[1][name].first()) == set(shops[0]["days"][name])


def test_what_varies_among_siblings_goes_on_varying(drawn):
    families = drawn[1]["sales"]
    assert families.std()[families.size() > 3].median() > 4


def test_the_choice_is_told(drawn):
    notes = " ".join(drawn[0].notes_["days"])
    assert "baseline: index stays near the mean of its family" in notes
    assert "baseline: currency is the same for all rows of one parent" in notes
    assert "baseline: sales" not in notes


def test_a_saved_model_keeps_them_too(drawn, tmp_path):
    path = tmp_path / "shops.relsynth"
    drawn[0].save(path)
    again = rs.RelationalSynthesizer.load(path)
    left, right = drawn[0].sample(seed=5), again.sample(seed=5)
    assert all(left[name].equals(right[name]) for name in left)


def fitted_series(values: np.ndarray):
    """Return a model of families given as rows of an array, and their frame."""
    n_families, length = values.shape
    rows = {"town_id": np.repeat(np.arange(n_families), length), "size": values.ravel()}
    tables = {"towns": pd.DataFrame({"id": np.arange(n_families)}), "census": pd.DataFrame(rows)}
    kinds = {"town_id": "key", "size": "numeric"}
    metadata = rs.Metadata(
        [table("towns", {"id": "key"}, "id"), table("census", kinds)],
        [link("census", "town_id", "towns")],
    )
    return cart(metadata, tables, seed=0), tables["census"]


def steps(census: pd.DataFrame) -> pd.Series:
    return census.groupby("town_id")["size"].pct_change().dropna()


def test_sizes_of_many_magnitudes_move_by_their_own_measure():
    rng = np.random.default_rng(0)
    base = np.exp(rng.normal(10, 2.5, 200))[:, None]
    model, real = fitted_series((base * 1.02 ** np.arange(12)).round())
    made = model.sample()["census"]
    assert steps(made).std() < 5 * steps(real).std() + 0.02
    assert np.log(made["size"]).std() == pytest.approx(np.log(real["size"]).std(), rel=0.2)


def test_levels_that_families_share_come_back_exactly():
    rng = np.random.default_rng(0)
    offset = rng.integers(-11, 13, 200)[:, None] * 3600
    model, real = fitted_series(offset + 3600 * (np.arange(20) % 2))
    made = model.sample()["census"]
    assert set(made["size"]) <= set(real["size"])
