"""Persons are protected, and not the two branches, schemas or tenants above them."""

import numpy as np
import pandas as pd
import pytest
from small_databases import cart, link, table

import relsynth as rs
from relsynth.columns.encoder import learn_encoder
from relsynth.columns.protection import Entities, tells
from relsynth.schema import Column

STATES = ["paid", "open", "sent"]


def shop(n_branches: int, n_orders: int = 1_000):
    """Return orders directly below a few branches."""
    rng = np.random.default_rng(0)
    branches = pd.DataFrame({"id": list("abcdefghij")[:n_branches]})
    orders = pd.DataFrame(
        {
            "id": np.arange(n_orders),
            "branch_id": rng.choice(branches["id"], n_orders),
            "state": rng.choice(STATES, n_orders, p=[0.6, 0.3, 0.1]),
        }
    )
    metadata = rs.Metadata(
        [
            table("branches", {"id": "key"}, "id"),
            table("orders", {"id": "key", "branch_id": "key", "state": "categorical"}, "id"),
        ],
        [link("orders", "branch_id", "branches")],
    )
    return metadata, {"branches": branches, "orders": orders}


@pytest.mark.parametrize("n_branches", [1, 2, 3, 7])
def test_categories_below_a_few_branches_are_kept(n_branches):
    metadata, real = shop(n_branches)
    fake = cart(metadata, real).sample(seed=1)["orders"]["state"]
    assert set(fake) == set(STATES)
    shares = fake.value_counts(normalize=True)
    assert shares["paid"] == pytest.approx(0.6, abs=0.05)


def customers_below_branches():
    """Return 3 branches, 60 customers, and ten orders each with a note of the customer's own."""
    rng = np.random.default_rng(0)
    customers = pd.DataFrame({"id": np.arange(60), "branch_id": np.arange(60) % 3})
    customers["city"] = np.array(["Brno", "Praha", "Plzen"])[customers["branch_id"]]
    customer = np.repeat(np.arange(60), 10)
    own = np.array([f"note {a}{b}" for a in "bcdfgh" for b in "aeiouklmnp"])
    orders = pd.DataFrame(
        {
            "id": np.arange(600),
            "customer_id": customer,
            "note": np.where(rng.random(600) < 0.5, own[customer], "usual note"),
        }
    )
    metadata = rs.Metadata(
        [
            table("branches", {"id": "key"}, "id"),
            table("customers", {"id": "key", "branch_id": "key", "city": "categorical"}, "id"),
            table("orders", {"id": "key", "customer_id": "key", "note": "categorical"}, "id"),
        ],
        [link("customers", "branch_id", "branches"), link("orders", "customer_id", "customers")],
    )
    tables = {"branches": pd.DataFrame({"id": [0, 1, 2]}), "customers": customers, "orders": orders}
    return metadata, tables, own


def test_below_branches_the_customers_are_the_entities():
    metadata, real, own = customers_below_branches()
    fake = cart(metadata, real).sample(seed=1)
    assert set(fake["customers"]["city"]) == {"Brno", "Praha", "Plzen"}
    assert "usual note" in set(fake["orders"]["note"])
    assert not set(fake["orders"]["note"]) & set(own)


def test_numbers_of_accounts_need_three_roots_however_few_there_are():
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(10), 100)
    numbers = rng.integers(10**9, 10**10, (10, 3)).astype(str)
    payments = pd.Series(numbers[owner, rng.integers(0, 3, 1_000)])
    towns = pd.Series([f"Town {chr(65 + at)}" for at in owner])
    entities = Entities.on_path((np.arange(1_000), owner), (1_000, 10))
    assert entities.of(payments, "integer") is entities.units
    for values, kept in ((payments, False), (payments.astype("int64"), False), (towns, True)):
        counted = entities.of(values, "categorical")
        encoder = learn_encoder(values, Column("c", "categorical"), counted)
        back = encoder.decode(encoder.encode(values), np.random.default_rng(0))
        assert set(back) == set(values) if kept else not set(back) & set(values)


def test_the_first_table_with_enough_rows_counts():
    rows, customers, branches = np.arange(300), np.arange(300) // 3, np.arange(300) % 4
    path = (rows, customers, branches)
    assert Entities.on_path(path, (300, 100, 4)).units is customers
    assert Entities.on_path(path, (300, 100, 50)).units is branches
    assert Entities.on_path((rows, branches), (300, 4)).units is rows


def test_small_tables_are_their_own_entities():
    entities = Entities.on_path((np.arange(8), np.arange(8) % 4), (8, 4))
    assert entities.units.tolist() == list(range(8))


@pytest.mark.parametrize(
    ("value", "telling"),
    [("Novak", True), ("CZ", True), (1999, True), (2.5, True), ("t", False), ("?", False)],
)
def test_a_single_character_tells_nothing_of_anybody(value, telling):
    assert tells(value) is telling


def decoded(values):
    series = pd.Series(values)
    encoder = learn_encoder(series, Column("c", "categorical"), np.arange(len(series)))
    return encoder.decode(encoder.encode(series), np.random.default_rng(0)).tolist()


def test_flags_of_small_tables_are_not_scrambled():
    for flags in (["f", "f", "t", "t"], ["stock"] * 8 + ["index"] * 2, ["v"] * 5 + ["r", "i"]):
        assert decoded(flags) == flags


def test_two_names_are_no_flag():
    names = decoded(["Jan Novak"] * 8 + ["Eva Mala"] * 2)
    assert "Eva Mala" not in names
    assert not {"Anna", "Petr"} & set(decoded(["Anna", "Petr"]))


def test_a_secret_of_one_among_many_never_comes_out_though_there_are_two_values_only():
    assert set(decoded(["common"] * 100 + ["secret"])) == {"common"}


def test_a_few_places_with_very_many_rows_each_are_no_entities():
    rows, station = np.arange(3_000), np.arange(3_000) % 3
    assert Entities.on_path((rows, station), (3_000, 900)).units is rows
    customer = np.arange(300) % 3
    assert Entities.on_path((rows[:300], customer), (300, 900)).units is customer


def test_kept_tables_are_no_entities():
    metadata, real = shop(3)
    branches = pd.DataFrame({"id": [f"b{n:03d}" for n in range(50)]})
    real = {
        "branches": branches,
        "orders": real["orders"].replace({"a": "b000", "b": "b001", "c": "b002"}),
    }
    synthesizer = rs.RelationalSynthesizer(metadata, model="cart", keep=["branches"]).fit(real)
    assert set(synthesizer.sample(seed=1)["orders"]["state"]) == set(STATES)
