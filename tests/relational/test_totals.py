"""Columns of a parent that sum up its children go on doing so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_databases import cart, link, table

import relsynth as rs
from relsynth.metadata import Column

DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def shop():
    """400 orders that know the number of their lines, their total, and the first and last day."""
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 6, 400)
    order = np.repeat(np.arange(400), counts)
    start = pd.Timestamp("2024-01-01") + rng.integers(0, 300, 400) * DAY
    lines = pd.DataFrame(
        {
            "id": np.arange(len(order)),
            "order_id": order,
            "amount": rng.gamma(3.0, 10.0, len(order)).round(2),
            "shipped": start[order] + rng.integers(0, 9, len(order)) * DAY,
        }
    )
    of_order = lines.groupby("order_id")
    orders = pd.DataFrame({"id": np.arange(400), "channel": rng.choice(["web", "shop"], 400)})
    orders["n_lines"] = counts
    orders["total"] = of_order["amount"].sum().reindex(orders["id"]).fillna(0.0).round(2)
    orders["first"] = of_order["shipped"].min().reindex(orders["id"])
    orders["greatest"] = of_order["amount"].max().reindex(orders["id"])
    orders["points"] = rng.integers(0, 100, 400)
    kinds = {"id": "key", "channel": "categorical", "first": "datetime", "greatest": "numeric"}
    kinds |= {"n_lines": "integer", "total": "numeric", "points": "integer"}
    columns = {"id": "key", "order_id": "key", "amount": "numeric", "shipped": "datetime"}
    metadata = rs.Metadata(
        [
            table("orders", {name: kinds[name] for name in orders}, "id"),
            table("lines", columns, "id"),
        ],
        [link("lines", "order_id", "orders")],
    )
    return metadata, {"orders": orders, "lines": lines}


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_parents_say_what_their_children_turned_out_to_be(shop, scale):
    metadata, tables = shop
    made = cart(metadata, tables, seed=0).sample(scale)
    orders, of_order = made["orders"].set_index("id"), made["lines"].groupby("order_id")
    count = of_order.size().reindex(orders.index, fill_value=0)
    assert (orders["n_lines"] == count).all()
    total = of_order["amount"].sum().reindex(orders.index, fill_value=0.0)
    np.testing.assert_allclose(orders["total"], total, atol=0.006)
    pd.testing.assert_series_equal(
        orders["first"], of_order["shipped"].min().reindex(orders.index), check_names=False
    )
    greatest = of_order["amount"].max().reindex(orders.index)
    pd.testing.assert_series_equal(orders["greatest"], greatest, check_names=False)
    assert orders.dtypes.equals(tables["orders"].set_index("id").dtypes)


def test_every_total_is_named_and_nothing_else(shop):
    notes = cart(*shop).notes_["lines"]
    totals = sorted(note.split(" ")[1] for note in notes if note.startswith("total:"))
    assert totals == ["first", "greatest", "n_lines", "total"]


def test_totals_survive_the_model_file(shop, tmp_path):
    cart(*shop, seed=0).save(tmp_path / "shop.relsynth")
    made = rs.RelationalSynthesizer.load(tmp_path / "shop.relsynth").sample(seed=3)
    count = made["lines"].groupby("order_id").size().reindex(made["orders"]["id"], fill_value=0)
    assert (made["orders"]["n_lines"].to_numpy() == count.to_numpy()).all()


def test_given_parents_keep_their_columns(shop):
    metadata, tables = shop
    given = tables["orders"].head(20)
    made = cart(metadata, tables, seed=0).sample_children(of={"orders": given})
    pd.testing.assert_frame_equal(made["orders"], given)


def test_a_value_of_the_parent_that_children_repeat_is_no_total(shop):
    metadata, tables = shop
    lines = tables["lines"].assign(
        points=tables["orders"]["points"].to_numpy()[tables["lines"].order_id]
    )
    columns = dict(metadata.tables["lines"].columns) | {"points": "integer"}
    schema = rs.Metadata(
        [metadata.tables["orders"], table("lines", columns, "id")],
        [link("lines", "order_id", "orders")],
    )
    notes = cart(schema, {**tables, "lines": lines}).notes_["lines"]
    assert not any("points is the" in note for note in notes)


def test_a_column_with_a_declared_limit_is_left_inside_it(shop):
    metadata, tables = shop
    columns = dict(metadata.tables["orders"].columns)
    columns["total"] = Column("total", "numeric", low=0.0, high=500.0)
    schema = rs.Metadata(
        [table("orders", columns, "id"), metadata.tables["lines"]],
        [link("lines", "order_id", "orders")],
    )
    model = cart(schema, tables, seed=0)
    assert not any("total is the" in note for note in model.notes_["lines"])
    assert model.sample(scale=3.0)["orders"]["total"].max() <= 500.0


def test_sums_over_linked_rows_are_kept_only_where_they_stay_what_they_were():
    """A race has one winner, so that wins add up to its number; linked rows cannot know that."""
    rng = np.random.default_rng(0)
    number = np.tile(np.arange(1, 13), 20)
    standings = []
    for year in range(20):
        wins = np.zeros(8, int)
        for race in range(12):
            wins[rng.choice(8, p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05])] += 1
            standings += [(12 * year + race, 8 * year + team, w) for team, w in enumerate(wins)]
    frame = pd.DataFrame(standings, columns=["race", "team", "wins"])
    frame.insert(0, "id", np.arange(len(frame)))
    tables = {
        "races": pd.DataFrame({"id": np.arange(240), "number": number}),
        "teams": pd.DataFrame({"id": np.arange(160), "base": rng.choice(list("ab"), 160)}),
        "standings": frame,
    }
    keys = {"id": "key", "race": "key", "team": "key", "wins": "integer"}
    metadata = rs.Metadata(
        [
            table("races", {"id": "key", "number": "integer"}, "id"),
            table("teams", {"id": "key", "base": "categorical"}, "id"),
            table("standings", keys, "id"),
        ],
        [link("standings", "race", "races"), link("standings", "team", "teams", context=True)],
    )
    made = cart(metadata, tables, seed=0).sample()["races"]["number"]
    share = made.value_counts(normalize=True).reindex(range(1, 13), fill_value=0)
    assert share.to_numpy() == pytest.approx(1 / 12, abs=0.05)


def test_levels_of_children_are_counted_and_summed_in_the_parent():
    rng = np.random.default_rng(4)
    owner = np.repeat(np.arange(150), rng.integers(1, 6, 150))
    bill = pd.DataFrame({"client_id": owner, "id": range(len(owner))})
    bill["status"] = rng.choice(["paid", "open", "void"], len(owner))
    bill["amount"] = rng.gamma(2, 30, len(owner)).round(2)
    bill["late"] = rng.random(len(owner)) < 0.3

    def told(rows, clients):
        by = rows["client_id"]
        paid = rows["amount"].where(rows["status"] == "paid", 0.0).groupby(by).sum()
        late = rows["late"].astype(int).groupby(by).sum()
        return [part.reindex(clients).fillna(0).to_numpy() for part in (paid.round(2), late)]

    client = pd.DataFrame({"client_id": range(150), "town": rng.choice(["A", "B"], 150)})
    client["paid"], client["n_late"] = told(bill, client["client_id"])
    client["n_late"] = client["n_late"].astype(int)
    tables = {"client": client, "bill": bill}
    made = cart(rs.Metadata.detect(tables), tables).sample(scale=2)
    paid, late = told(made["bill"], made["client"]["client_id"])
    assert np.allclose(made["client"]["paid"], paid, atol=0.011)
    assert (made["client"]["n_late"] == late).all()
