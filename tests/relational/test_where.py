"""Conditions on what is drawn: every row has the value, everything else follows from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_databases import assert_valid, cart, link, references, shop_schema, shop_tables, table

import relsynth as rs
from relsynth.cli import main
from relsynth.errors import CapacityError, DataError

COUNTRIES = np.array(["DE", "FR", "US"])


def market(n: int = 600) -> tuple[rs.Metadata, dict[str, pd.DataFrame]]:
    """Customers of three countries; euros are spent in two of them, income and age vary by land.

    Germans order twice, others four times; a vat number is total * 2; one in six has no age.
    """
    rng = np.random.default_rng(5)
    land = rng.choice(3, n, p=[0.2, 0.3, 0.5])
    age = np.where(rng.random(n) < 1 / 6, np.nan, 20 + 15 * land + rng.integers(0, 10, n))
    customers = pd.DataFrame(
        {
            "id": 1 + np.arange(n),
            "country": COUNTRIES[land],
            "age": age,
            "member": land + rng.random(n) < 1.2,
        }
    )
    owner = np.repeat(np.arange(n), np.where(land == 0, 2, 4))
    euro = land[owner] < 2
    total = np.where(euro, 10.0, 200.0) + rng.integers(0, 9, len(owner))
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 360, len(owner)), "D")
    orders = pd.DataFrame(
        {
            "id": 1 + np.arange(len(owner)),
            "customer": customers["id"].to_numpy()[owner],
            "currency": np.where(euro, "EUR", "USD"),
            "total": total,
            "twice": 2 * total,
            "state": rng.choice(["paid", "open", "lost"], len(owner), p=[0.8, 0.15, 0.05]),
            "placed": day.as_unit("ns"),
        }
    )
    orders = orders.sort_values(["customer", "placed"], ignore_index=True)
    orders["id"] = 1 + np.arange(len(orders))
    metadata = rs.Metadata(
        [
            table(
                "customers",
                {"id": "key", "country": "categorical", "age": "integer", "member": "boolean"},
                "id",
            ),
            table(
                "orders",
                {
                    "id": "key",
                    "customer": "key",
                    "currency": "categorical",
                    "total": "numeric",
                    "twice": "numeric",
                    "state": "categorical",
                    "placed": "datetime",
                },
                "id",
            ),
        ],
        [link("orders", "customer", "customers", nullable=False)],
    )
    return metadata, {"customers": customers, "orders": orders}


@pytest.fixture(scope="module")
def real():
    return market()[1]


@pytest.fixture(scope="module")
def synthesizer(real):
    return cart(market()[0], real, seed=2)


def test_root_rows_are_drawn_with_the_value_and_children_follow(synthesizer, real):
    fake = synthesizer.sample(rows={"customers": 400}, where={"customers": {"country": "DE"}})
    assert_valid(synthesizer.metadata, real, fake)
    customers, orders = fake["customers"], fake["orders"]
    assert len(customers) == 400
    assert set(customers["country"]) == {"DE"}
    assert customers["age"].dropna().between(20, 29).mean() > 0.97
    assert orders.groupby("customer").size().value_counts(normalize=True)[2] > 0.95
    assert (orders["currency"] == "EUR").mean() > 0.98


def test_any_of_several_values_keeps_their_shares(synthesizer, real):
    where = {"customers": {"country": ["DE", "US"]}}
    fake = synthesizer.sample(scale=2, where=where)["customers"]
    known = real["customers"]["country"]
    usual = (known == "DE").sum() / known.isin(["DE", "US"]).sum()
    assert len(fake) == 2 * len(known)
    assert (fake["country"] == "DE").mean() == pytest.approx(usual, abs=0.04)
    assert set(fake["country"]) == {"DE", "US"}


@pytest.mark.parametrize(
    ("column", "value"),
    [("age", 25), ("age", None), ("age", float("nan")), ("member", True), ("member", np.False_)],
)
def test_values_of_all_kinds_can_be_asked_for(synthesizer, column, value):
    made = synthesizer.sample(scale=0.2, where={"customers": {column: value}})["customers"]
    shown = made[column]
    assert len(made) == 120
    assert (shown.isna() if pd.isna(value) else shown == value).all()


def test_several_conditions_hold_together(synthesizer):
    where = {"customers": {"country": "FR", "age": None}, "orders": {"state": ["open", "lost"]}}
    fake = synthesizer.sample(where=where)
    assert set(fake["customers"]["country"]) == {"FR"}
    assert fake["customers"]["age"].isna().all()
    assert set(fake["orders"]["state"]) == {"open", "lost"}
    shares = fake["orders"]["state"].value_counts(normalize=True)
    assert shares["open"] == pytest.approx(0.72, abs=0.12)


def test_children_with_a_value_belong_to_those_who_have_such_children(synthesizer, real):
    fake = synthesizer.sample(where={"orders": {"currency": "EUR"}})
    assert_valid(synthesizer.metadata, real, fake)
    orders = fake["orders"]
    assert set(orders["currency"]) == {"EUR"}
    assert orders["total"].between(10, 18).mean() > 0.99
    assert (orders["twice"] == 2 * orders["total"]).all()
    owner = references(orders["customer"], fake["customers"]["id"])
    assert (fake["customers"]["country"].to_numpy()[owner] == "US").mean() < 0.02
    assert len(orders) == pytest.approx(len(real["orders"]), rel=0.1)
    assert set(fake["customers"]["country"]) == set(COUNTRIES)


def test_rows_suit_the_linked_parents_asked_for():
    rng = np.random.default_rng(7)
    orders = pd.DataFrame({"id": range(400), "way": rng.choice(["web", "shop"], 400)})
    goods = pd.DataFrame({"sku": [f"P{n:03d}" for n in range(80)], "kind": ["book", "toy"] * 40})
    lines = pd.DataFrame({"order": np.repeat(np.arange(400), 4), "sku": rng.integers(0, 80, 1600)})
    toy = lines["sku"] % 2 == 1
    lines["pieces"] = np.where(toy, rng.integers(5, 9, 1600), rng.integers(1, 3, 1600))
    lines["sku"] = goods["sku"].to_numpy()[lines["sku"]]
    kinds = {"order": "key", "sku": "key", "pieces": "integer"}
    metadata = rs.Metadata(
        [
            table("orders", {"id": "key", "way": "categorical"}, "id"),
            table("goods", {"sku": "key", "kind": "categorical"}, "sku"),
            table("lines", kinds),
        ],
        [
            link("lines", "order", "orders", context=True),
            link("lines", "sku", "goods", "sku"),
        ],
    )
    fitted = cart(metadata, {"orders": orders, "goods": goods, "lines": lines})
    assert (fitted.sample()["lines"]["pieces"] > 2).mean() == pytest.approx(0.5, abs=0.07)
    fake = fitted.sample(where={"goods": {"kind": "toy"}})
    metadata.check(fake)
    assert (fake["lines"]["pieces"] > 2).mean() > 0.95
    assert len(fake["lines"]) == 1600


def test_exact_relations_hold_under_a_condition(synthesizer):
    made = synthesizer.sample(where={"orders": {"twice": 24}})["orders"]
    assert set(made["total"]) == {12.0}
    assert set(made["currency"]) == {"EUR"}


def test_exact_rows_of_a_rare_kind(synthesizer):
    fake = synthesizer.sample(rows={"orders": 321}, where={"orders": {"state": "lost"}})
    assert len(fake["orders"]) == 321
    assert set(fake["orders"]["state"]) == {"lost"}


def test_the_moment_of_children_can_be_asked_for(synthesizer):
    days = ["2024-03-01", pd.Timestamp("2024-07-02")]
    made = synthesizer.sample(where={"orders": {"placed": days, "state": "open"}})["orders"]
    assert set(made["placed"]) == {pd.Timestamp(day) for day in days}
    assert set(made["state"]) == {"open"}


def test_the_same_request_gives_the_same_tables(synthesizer, tmp_path):
    where = {"orders": {"state": "open"}, "customers": {"member": False}}
    first = synthesizer.sample(where=where, seed=8)
    path = tmp_path / "market.relsynth"
    synthesizer.save(path)
    again = rs.RelationalSynthesizer.load(path).sample(where=where, seed=8)
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, again[name])


def test_all_faults_of_conditions_are_told_at_once(synthesizer):
    with pytest.raises(DataError) as told:
        synthesizer.sample(
            where={
                "customer": {"country": "DE"},
                "customers": {"contry": "DE", "id": 3, "country": "DEU", "age": 200},
                "orders": {"customer": 5, "total": 10.123, "state": []},
            }
        )
    text = str(told.value)
    for part in (
        "no table 'customer'; did you mean 'customers'?",
        "customers.contry: no such column; did you mean 'country'?",
        "customers.id: identifies the rows",
        "customers.country: 'DEU' is never emitted",
        "did you mean 'DE'?",
        "customers.age: 200 is never emitted; the nearest value is",
        "orders.customer: is a key to 'customers'",
        "sample_children(of={'customers': rows})",
        "orders.total: 10.123 is never emitted",
        "orders.state: the list of values is empty",
    ):
        assert part in text


def test_what_no_row_has_is_refused_with_the_share_found(synthesizer):
    with pytest.raises(CapacityError, match=r"customers: 0 of [\d,]+ rows .*country = None .*0\.0"):
        synthesizer.sample(where={"customers": {"country": None}})
    with pytest.raises(CapacityError, match=r"orders: 0 of [\d,]+ rows .*state = None"):
        synthesizer.sample(where={"orders": {"state": None}})
    with pytest.raises(CapacityError, match=r"orders: .*currency = 'USD' .*are asked for"):
        synthesizer.sample(
            rows={"orders": 50},
            where={"customers": {"country": "DE"}, "orders": {"currency": "USD"}},
        )


def test_protected_values_are_never_emitted():
    frame = pd.DataFrame({"name": ["Anna"] * 60 + ["Bert"] * 60 + ["Zoltan"], "n": range(121)})
    metadata = rs.Metadata([table("people", {"name": "categorical", "n": "integer"})])
    fitted = cart(metadata, {"people": frame})
    with pytest.raises(DataError, match=r"people\.name: 'Zoltan' is never emitted.*protected"):
        fitted.sample(where={"people": {"name": "Zoltan"}})


def test_an_invented_value_can_be_asked_for():
    frame = pd.DataFrame({"name": [f"Firm {n // 2}" for n in range(80)], "n": range(80)})
    metadata = rs.Metadata([table("firms", {"name": "categorical", "n": "integer"})])
    fitted = cart(metadata, {"firms": frame})
    name = fitted.sample()["firms"]["name"].iloc[0]
    assert name not in set(frame["name"])
    made = fitted.sample(rows={"firms": 7}, where={"firms": {"name": name}})["firms"]
    assert made["name"].tolist() == [name] * 7


def test_columns_that_follow_from_others_are_refused():
    metadata, tables = shop_schema(), shop_tables()
    fitted = cart(metadata, tables, keep=["products"])
    with pytest.raises(DataError, match=r"lines\.line_no: numbers the rows of one parent"):
        fitted.sample(where={"lines": {"line_no": 1}})
    with pytest.raises(DataError, match="products: the table is kept as it is"):
        fitted.sample(where={"products": {"family": "toy"}})


@pytest.mark.parametrize("model", ["gaussian_copula", "hvrt"])
def test_conditions_hold_for_every_table_model(real, model):
    fitted = rs.RelationalSynthesizer(market()[0], model=model, seed=1).fit(real)
    where = {"customers": {"country": "DE"}, "orders": {"state": "open"}}
    fake = fitted.sample(scale=0.5, where=where)
    assert set(fake["customers"]["country"]) == {"DE"}
    assert set(fake["orders"]["state"]) == {"open"}
    assert len(fake["customers"]) == 300
    assert fake["customers"]["age"].mean() < 30


def test_the_command_line_takes_conditions(synthesizer, tmp_path, monkeypatch, capsys):
    model, out = tmp_path / "market.relsynth", tmp_path / "out"
    synthesizer.save(model)
    words = ["relsynth", "sample", model, "-o", out, "--where", "customers.country=DE"]
    words += ["--where", "customers.country=FR", "--where", "customers.age=", "--where"]
    monkeypatch.setattr("sys.argv", [*map(str, words), "orders.total=12"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    made = rs.read_tables(out)
    assert set(made["customers"]["country"]) == {"DE", "FR"}
    assert made["customers"]["age"].isna().all()
    assert set(made["orders"]["total"]) == {12}
    monkeypatch.setattr("sys.argv", [*map(str, words), "orders.total"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert "table.column=value" in capsys.readouterr().err


def test_a_linked_parent_of_several_tables_may_have_conditions():
    rng = np.random.default_rng(0)
    products = pd.DataFrame({"id": np.arange(80), "kind": rng.choice(["book", "toy", "tool"], 80)})
    shops = pd.DataFrame({"id": np.arange(60), "size": rng.choice(["s", "l"], 60)})
    tables = {"products": products, "shops": shops}
    for name, count in (("sales", 900), ("returns", 300)):
        product = rng.integers(80, size=count)
        price = np.where(products["kind"].to_numpy()[product] == "book", 10, 40)
        tables[name] = pd.DataFrame(
            {
                "shop_id": rng.integers(60, size=count),
                "product_id": product,
                "price": price + rng.integers(5, size=count),
            }
        )
    metadata = rs.Metadata.detect(tables)
    fake = cart(metadata, tables).sample(where={"products": {"kind": "book"}}, seed=1)
    assert set(fake["products"]["kind"]) == {"book"}
    assert (fake["sales"]["price"] < 20).mean() > 0.9
    assert (fake["returns"]["price"] < 20).mean() > 0.9
