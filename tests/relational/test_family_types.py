"""What is predicted of families before their rows: their type, and what is sure about them."""

import numpy as np
import pandas as pd

import relsynth as rs


def _shop(n_customers: int, rows_each: int) -> dict[str, pd.DataFrame]:
    """Return customers of two kinds that nothing but their orders tells apart."""
    rng = np.random.default_rng(3)
    kind = rng.integers(2, size=n_customers)
    counts = 1 + rng.poisson(rows_each - 1, n_customers)
    owner = np.repeat(np.arange(n_customers), counts)
    price = np.where(kind[owner], 100.0, 20.0) + rng.normal(0, 5, len(owner)).round(2)
    rare = rng.random(len(owner)) < np.where(kind[owner], 0.9, 0.1)
    orders = pd.DataFrame(
        {
            "id": np.arange(len(owner)),
            "customer_id": owner,
            "price": price,
            "wraps": np.where(rare, "yes", "no"),
        }
    )
    return {"customers": pd.DataFrame({"id": np.arange(n_customers)}), "orders": orders}


def _likeness(orders: pd.DataFrame) -> tuple[float, float]:
    """Return how far two orders of a customer are alike, in price and in wrapping."""
    some = orders.assign(wraps=(orders.wraps == "yes").astype(float))
    first, last = (getattr(some.groupby("customer_id"), end)() for end in ("first", "last"))
    several = orders.customer_id.value_counts().reindex(first.index) > 1
    return tuple(
        float(np.corrcoef(first[name][several], last[name][several])[0, 1])
        for name in ("price", "wraps")
    )


def test_rows_of_short_families_are_as_alike_as_real_ones() -> None:
    real = _shop(600, 3)
    made = rs.RelationalSynthesizer(rs.Metadata.detect(real), seed=0).fit(real).sample()
    for ours, theirs in zip(_likeness(made["orders"]), _likeness(real["orders"]), strict=True):
        assert abs(ours - theirs) < 0.12


def test_levels_of_long_families_keep_their_spread() -> None:
    rng = np.random.default_rng(5)
    level = rng.lognormal(5, 1, 150).round(1)
    owner = np.repeat(np.arange(150), 20)
    sales = pd.DataFrame({"shop_id": owner, "sold": level[owner] + rng.normal(0, 3, len(owner))})
    real = {"shops": pd.DataFrame({"id": np.arange(150)}), "sales": sales.round(1)}
    made = rs.RelationalSynthesizer(rs.Metadata.detect(real), seed=0).fit(real).sample()
    ours, theirs = (
        tables["sales"].groupby("shop_id").sold.agg(["mean", "std"]) for tables in (made, real)
    )
    assert abs(np.log(ours["mean"].std() / theirs["mean"].std())) < 0.35
    assert ours["std"].median() < 3 * theirs["std"].median()


def test_a_saved_model_predicts_the_same_families(tmp_path) -> None:
    real = _shop(200, 3)
    fitted = rs.RelationalSynthesizer(rs.Metadata.detect(real), seed=0).fit(real)
    fitted.save(tmp_path / "shop.relsynth")
    again = rs.RelationalSynthesizer.load(tmp_path / "shop.relsynth").sample(seed=4)
    for name, table in fitted.sample(seed=4).items():
        pd.testing.assert_frame_equal(table, again[name])
