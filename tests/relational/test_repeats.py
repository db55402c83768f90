"""Columns that repeat what a parent says: the price of the product, the address of the customer."""

import numpy as np
import pandas as pd
import pytest
from small_databases import assert_valid, cart, link, table

import relsynth as rs
from relsynth.relational.sources.repeats import Repeat, find_repeats


def sales(discounted=0.0, seed=0):
    """Orders with lines; a line has the price of its product, some a price of their own."""
    rng = np.random.default_rng(seed)
    price = (rng.permutation(400)[:60] / 4 + 1).round(2)
    products = pd.DataFrame(
        {"sku": [f"P{n:03d}" for n in range(60)], "family": rng.choice(list("abc"), 60)}
    )
    products["price"] = price
    n_lines = rng.integers(1, 6, 300)
    order = np.repeat(np.arange(300), n_lines)
    product = rng.integers(0, 60, len(order))
    lines = pd.DataFrame({"order_id": order, "line": [i for n in n_lines for i in range(1, n + 1)]})
    lines["sku"] = products["sku"].to_numpy()[product]
    own = rng.random(len(order)) < discounted
    lines["price"] = np.where(own, (price[product] * 0.9).round(2), price[product])
    lines["quantity"] = rng.integers(1, 9, len(order))
    lines["total"] = (lines["price"] * lines["quantity"]).round(2)
    orders = pd.DataFrame({"id": np.arange(300), "channel": rng.choice(["web", "shop"], 300)})
    columns = {"order_id": "key", "line": "integer", "sku": "key", "price": "numeric"}
    columns |= {"quantity": "integer", "total": "numeric"}
    metadata = rs.Metadata(
        [
            table("orders", {"id": "key", "channel": "categorical"}, "id"),
            table("products", {"sku": "key", "family": "categorical", "price": "numeric"}, "sku"),
            table("lines", columns, ("order_id", "line")),
        ],
        [link("lines", "order_id", "orders"), link("lines", "sku", "products", "sku")],
    )
    return metadata, {"orders": orders, "products": products, "lines": lines}


def agreement(tables):
    price = tables["products"].set_index("sku")["price"]
    return (tables["lines"]["sku"].map(price) - tables["lines"]["price"]).abs() < 0.005


def test_a_line_has_the_price_of_its_product_and_the_total_that_follows():
    metadata, real = sales()
    synthesizer = cart(metadata, real, seed=0)
    assert any("price repeats price of" in note for note in synthesizer.notes_["lines"])
    fake = synthesizer.sample(seed=3)
    assert_valid(metadata, real, fake, observed=False)
    assert agreement(fake).all()
    lines = fake["lines"]
    follows = (lines["price"] * lines["quantity"] - lines["total"]).abs() < 0.011
    assert follows.mean() > 0.98


def test_most_lines_may_have_it():
    metadata, real = sales(discounted=0.2)
    synthesizer = cart(metadata, real, seed=0)
    assert any("price mostly repeats price of" in note for note in synthesizer.notes_["lines"])
    fake = synthesizer.sample(seed=3)
    assert agreement(fake).mean() == pytest.approx(agreement(real).mean(), abs=0.05)


def test_lines_with_another_price_have_one_a_product():
    metadata, real = sales(discounted=0.3)
    synthesizer = cart(metadata, real, seed=0)
    assert any("have one other value" in note for note in synthesizer.notes_["lines"])
    fake = synthesizer.sample(seed=3)
    others = fake["lines"][~agreement(fake)]
    assert len(others) > 100
    assert (others.groupby("sku").price.nunique() == 1).all()
    price = fake["products"].set_index("sku")["price"]
    assert (others.price / others.sku.map(price)).between(0.85, 0.95).mean() > 0.9


def test_a_kept_product_lends_its_price_as_well():
    metadata, real = sales()
    fake = cart(metadata, real, keep=["products"], seed=0).sample(seed=3)
    assert agreement(fake).all()


def test_what_agrees_by_chance_is_no_repetition():
    rng = np.random.default_rng(0)
    parent = pd.DataFrame({"size": rng.integers(0, 4, 50), "place": rng.choice(list("ab"), 50)})
    links = rng.integers(0, 50, 500)
    child = pd.DataFrame({"size": rng.integers(0, 4, 500), "side": rng.choice(list("ab"), 500)})
    assert find_repeats("key", child, parent, links, ("size", "side")) == ()


def test_numbers_agree_whatever_their_dtype_and_missing_values_with_each_other():
    parent = pd.DataFrame({"price": [1.0, 2.0, 3.0, np.nan]})
    links = np.tile([0, 1, 2, 3, -1], 20)
    child = pd.DataFrame({"price": np.tile([1, 2, 3, np.nan, 7], 20)})
    assert find_repeats("key", child, parent, links, ("price",)) == (
        Repeat("key", "price", "price", always=True),
    )


def test_a_product_without_a_price_lends_none_to_a_line_that_needs_one():
    metadata, real = sales()
    products, lines = real["products"].copy(), real["lines"].copy()
    whole = products["price"].round().astype("int64") + np.arange(60)
    price = pd.Series(whole.to_numpy(), index=products["sku"])
    lines["price"] = lines["sku"].map(price).astype("int64")
    lines["total"] = (lines["price"] * lines["quantity"]).astype(float)
    products["price"] = whole.astype(float).where(products.index % 3 > 0)
    lines = lines[lines["sku"].isin(products.loc[products["price"].notna(), "sku"])]
    real = {**real, "products": products, "lines": lines.reset_index(drop=True)}
    numbered = lines.groupby("order_id").cumcount().to_numpy() + 1
    real["lines"]["line"] = numbered
    synthesizer = cart(metadata, real, seed=0)
    assert any("price repeats price of" in note for note in synthesizer.notes_["lines"])
    fake = synthesizer.sample(seed=1)
    assert fake["lines"]["price"].dtype == "int64"
    priced = fake["products"].set_index("sku")["price"].dropna()
    sold = fake["lines"][fake["lines"]["sku"].isin(priced.index)]
    assert (sold["sku"].map(priced) == sold["price"]).all()


def test_a_team_without_a_division_lends_none_to_halves_that_always_have_one():
    rng = np.random.default_rng(0)
    split = np.arange(300) % 3 == 0
    division = np.where(split, rng.choice(["E", "W"], 300), None)
    teams = pd.DataFrame({"id": np.arange(300), "division": division})
    halves = teams.loc[np.repeat(np.flatnonzero(split), 2)].rename(columns={"id": "team_id"})
    halves = halves.reset_index(drop=True).assign(wins=rng.integers(10, 50, 200))
    real = {"teams": teams, "halves": halves}
    metadata = rs.Metadata.detect(real)
    assert [(key.child, key.columns) for key in metadata.foreign_keys] == [("halves", ("team_id",))]
    fake = cart(metadata, real).sample(seed=1)
    assert_valid(metadata, real, fake, observed=False)
    assert fake["halves"]["division"].notna().all()
