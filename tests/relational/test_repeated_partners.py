"""The same parent again: a customer's salesman, a user's products, the category of a kind."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_databases import assert_valid, cart, link, table

import relsynth as rs
from relsynth.relational.links.families import Families
from relsynth.relational.links.matching import match_partner_groups
from relsynth.relational.links.rebalance import PartnerGroups, deal_out
from relsynth.relational.links.repeated_partners import find_path


def sales(loyal=True, seed=0):
    """Customers have one salesman each, some two; or whoever is there."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 16, 250)
    customer = np.repeat(np.arange(250), sizes)
    usual, other = rng.integers(0, 25, 250), rng.integers(0, 25, 250)
    other = np.where(rng.random(250) < 0.7, usual, other)
    salesman = np.where(rng.random(len(customer)) < 0.8, usual[customer], other[customer])
    if not loyal:
        salesman = rng.integers(0, 25, len(customer))
    orders = pd.DataFrame({"id": np.arange(len(customer)), "customer": customer})
    orders["salesman"] = salesman
    orders["amount"] = rng.gamma(2.0, 50.0, len(customer)).round(2)
    customers = pd.DataFrame({"id": np.arange(250), "size": rng.gamma(2.0, 9.0, 250).round(1)})
    staff = pd.DataFrame({"id": np.arange(25), "rank": rng.choice(list("abc"), 25)})
    metadata = rs.Metadata(
        [
            table("customers", {"id": "key", "size": "numeric"}, "id"),
            table("staff", {"id": "key", "rank": "categorical"}, "id"),
            table(
                "orders",
                {"id": "key", "customer": "key", "salesman": "key", "amount": "numeric"},
                "id",
            ),
        ],
        [
            link("orders", "customer", "customers", context=True),
            link("orders", "salesman", "staff"),
        ],
    )
    return metadata, {"customers": customers, "staff": staff, "orders": orders}


def baskets(seed=0):
    """Users order again and again, mostly what they had before, nothing twice in an order."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(120), rng.integers(2, 12, 120))
    rows = []
    known = [set() for _ in range(120)]
    for order, owner in enumerate(user):
        basket = set()
        for _ in range(rng.integers(1, 8)):
            again = sorted(known[owner] - basket)
            old = again and rng.random() < 0.7
            basket.add(int(rng.choice(again)) if old else int(rng.integers(0, 300)))
        known[owner] |= basket
        rows += [(order, product) for product in sorted(basket)]
    lines = pd.DataFrame(rows, columns=["order", "product"])
    lines["pieces"] = rng.integers(1, 5, len(lines))
    orders = pd.DataFrame({"id": np.arange(len(user)), "user": user})
    orders["hour"] = rng.integers(0, 24, len(user))
    metadata = rs.Metadata(
        [
            table("users", {"id": "key", "age": "integer"}, "id"),
            table("orders", {"id": "key", "user": "key", "hour": "integer"}, "id"),
            table("products", {"id": "key", "weight": "numeric"}, "id"),
            table(
                "lines",
                {"order": "key", "product": "key", "pieces": "integer"},
                ("order", "product"),
            ),
        ],
        [
            link("orders", "user", "users"),
            link("lines", "order", "orders", context=True),
            link("lines", "product", "products"),
        ],
    )
    users = pd.DataFrame({"id": np.arange(120), "age": rng.integers(18, 90, 120)})
    products = pd.DataFrame({"id": np.arange(300), "weight": rng.gamma(2.0, 1.0, 300).round(2)})
    return metadata, {"users": users, "orders": orders, "products": products, "lines": lines}


def distinct(families, members):
    """Return the mean number of different members of a family."""
    return pd.Series(list(members)).groupby(list(families)).nunique().mean()


def test_a_customer_keeps_the_salesman():
    metadata, real = sales()
    fake = cart(metadata, real, seed=0).sample(seed=1)
    assert_valid(metadata, real, fake, observed=False)
    wanted = distinct(real["orders"]["customer"], real["orders"]["salesman"])
    found = distinct(fake["orders"]["customer"], fake["orders"]["salesman"])
    assert found == pytest.approx(wanted, rel=0.2)
    counts = [t["orders"]["salesman"].value_counts().sort_values() for t in (real, fake)]
    assert counts[1].mean() == pytest.approx(counts[0].mean(), rel=0.1)
    assert counts[1].std() == pytest.approx(counts[0].std(), rel=0.4)


def test_salesmen_at_random_stay_at_random():
    metadata, real = sales(loyal=False)
    fake = cart(metadata, real, seed=0).sample(seed=1)
    wanted = distinct(real["orders"]["customer"], real["orders"]["salesman"])
    found = distinct(fake["orders"]["customer"], fake["orders"]["salesman"])
    assert found == pytest.approx(wanted, rel=0.05)


def test_a_user_buys_the_same_again_but_not_twice_in_an_order():
    metadata, real = baskets()
    fake = cart(metadata, real, seed=0).sample(seed=1)
    assert_valid(metadata, real, fake, observed=False)
    assert not fake["lines"].duplicated(["order", "product"]).any()
    means = []
    for tables in (real, fake):
        owner = tables["orders"].set_index("id")["user"]
        means.append(distinct(tables["lines"]["order"].map(owner), tables["lines"]["product"]))
    assert means[1] == pytest.approx(means[0], rel=0.15)


def test_a_kind_stays_in_its_category():
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 60, 2000)
    items = pd.DataFrame({"id": np.arange(2000), "maker": rng.integers(0, 150, 2000)})
    items["category"], items["kind"] = kind % 8, kind
    items["price"] = rng.gamma(2.0, 5.0, 2000).round(2)
    makers = pd.DataFrame({"id": np.arange(150), "size": rng.gamma(2.0, 5.0, 150).round(1)})
    columns = {"id": "key", "maker": "key", "category": "key", "kind": "key", "price": "numeric"}
    metadata = rs.Metadata(
        [
            table("makers", {"id": "key", "size": "numeric"}, "id"),
            table("categories", {"id": "key"}, "id"),
            table("kinds", {"id": "key"}, "id"),
            table("items", columns, "id"),
        ],
        [
            link("items", "maker", "makers", context=True),
            link("items", "category", "categories"),
            link("items", "kind", "kinds"),
        ],
    )
    real = {"makers": makers, "items": items}
    real |= {"categories": pd.DataFrame({"id": range(8)}), "kinds": pd.DataFrame({"id": range(60)})}
    fake = cart(metadata, real, seed=0).sample(seed=1)
    assert distinct(fake["items"]["kind"], fake["items"]["category"]) < 2.5


def test_what_is_unknown_to_families_is_found_by_no_path():
    rng = np.random.default_rng(0)
    links, families = rng.integers(0, 40, 1000), np.repeat(np.arange(100), 10)
    assert find_path({("key",): families}, links, lambda: links) is None
    loyal = families % 40
    found = find_path({("key",): families}, loyal, lambda: rng.permutation(loyal))
    assert found == ("key",)


def random_families(seed, n_rows=200):
    rng = np.random.default_rng(seed)
    owners = np.sort(rng.integers(-1, 12, n_rows))
    groups = np.sort(rng.integers(0, 60, n_rows))
    return rng, Families.of(owners, groups, np.arange(n_rows))


@given(st.integers(0, 999), st.booleans())
@settings(max_examples=60, deadline=None)
def test_chains_stay_in_a_family_and_apart_in_a_group(seed, apart):
    rng, families = random_families(seed)
    draws = rng.random((2, len(families.rows)))
    alike = lambda some, others: np.zeros(len(some))  # noqa: E731
    lags = np.where(draws[0] < 0.2, np.nan, 6 * draws[1])
    heads = families.heads(draws[0] < 0.4, draws[1] < 0.6, lags, apart, alike, rng)
    assert np.array_equal(heads[heads], heads)
    assert np.array_equal(families.family[heads], families.family)
    if apart:
        inside = families.group * len(heads) + families.family
        assert len(np.unique(inside * len(heads) + heads)) == len(heads)


def test_a_row_follows_the_one_before_where_told_so():
    families = Families.of(np.array([0, 0, 0, 1]), np.array([0, 1, 2, 3]), np.arange(4))
    same, never, lags = np.ones(4, bool), np.zeros(4, bool), np.full(4, np.nan)
    alike = lambda some, others: np.zeros(len(some))  # noqa: E731
    rng = np.random.default_rng(0)
    assert families.heads(same, never, lags, True, alike, rng).tolist() == [0, 0, 0, 3]
    assert families.heads(never, never, lags, True, alike, rng).tolist() == [0, 1, 2, 3]


@given(st.integers(0, 999), st.integers(1, 12), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_every_parent_has_its_rows_in_the_end_and_families_keep_theirs(seed, n_parents, n_bundles):
    rng = np.random.default_rng(seed)
    size, family = rng.integers(1, 9, n_bundles), rng.integers(0, 8, n_bundles)
    wanted = rng.multinomial(size.sum(), np.full(n_parents, 1 / n_parents))
    parent = rng.integers(0, n_parents, n_bundles)
    partner_groups = PartnerGroups(
        family, rng.integers(0, 3, n_bundles), size.copy(), parent, wanted
    )
    partner_groups.even_out(rng)
    rows = np.bincount(partner_groups.parent, partner_groups.size, n_parents)
    assert np.array_equal(rows, wanted)
    kept = np.bincount(partner_groups.family, partner_groups.size, 8)
    assert np.array_equal(kept, np.bincount(family, size, 8))
    before, turn = np.repeat(np.arange(n_bundles), size), rng.permutation(size.sum())
    dealt = deal_out(before, turn, partner_groups.family, partner_groups.size, rng)
    assert np.array_equal(
        np.bincount(dealt, minlength=len(partner_groups.size)), partner_groups.size
    )
    assert np.array_equal(partner_groups.family[dealt], np.repeat(family, size))


def test_rows_follow_those_a_lag_before_one_each():
    families = Families.of(np.zeros(400, int), np.arange(400), np.arange(400))
    again, never, rng = np.arange(400) >= 20, np.zeros(400, bool), np.random.default_rng(0)
    alike = lambda some, others: np.zeros(len(some))  # noqa: E731
    heads = families.heads(never, again, np.full(400, np.log2(20)), False, alike, rng)
    gaps = pd.Series(np.arange(400)).groupby(heads).diff().dropna()
    assert gaps.quantile([0.25, 0.75]).between(10, 28).all()


def test_large_bundles_go_where_many_rows_are_wanted():
    sizes, degrees = np.array([1, 9, 4]), np.array([4, 1, 9])
    zeros = np.zeros(3, int)
    found = match_partner_groups(
        zeros, sizes, zeros, np.ones(3, int), degrees, np.random.default_rng(0)
    )
    assert found.tolist() == [1, 2, 0]


def test_a_saved_model_draws_the_same_links(tmp_path):
    metadata, real = sales()
    synthesizer = cart(metadata, real, seed=0)
    assert any("tend to share rows of staff" in note for note in synthesizer.notes_["orders"])
    synthesizer.save(tmp_path / "sales.model")
    loaded = rs.RelationalSynthesizer.load(tmp_path / "sales.model")
    for name, frame in synthesizer.sample(seed=4).items():
        pd.testing.assert_frame_equal(frame, loaded.sample(seed=4)[name])


def test_what_hangs_below_a_part_of_the_tables_can_be_drawn_alone():
    metadata, real = sales()
    rng = np.random.default_rng(0)
    real["absences"] = pd.DataFrame(
        {"staff": rng.integers(0, 25, 200), "days": rng.integers(1, 9, 200)}
    )
    metadata = rs.Metadata(
        [*metadata.tables.values(), table("absences", {"staff": "key", "days": "integer"})],
        [*metadata.foreign_keys, link("absences", "staff", "staff")],
    )
    synthesizer = cart(metadata, real, seed=0)
    below = synthesizer.sample_children(of={"customers": real["customers"]}, seed=2)
    assert set(below) == {"customers", "staff", "orders"}
    assert distinct(below["orders"]["customer"], below["orders"]["salesman"]) < 1.6
    given = {"orders": real["orders"], "staff": real["staff"]}
    assert len(synthesizer.sample_children(of=given, seed=2)["absences"]) > 0


def test_parents_of_one_family_stay_with_it():
    """Each van belongs to one depot, whatever the tours tell of it; no column says which."""
    rng = np.random.default_rng(7)
    vans, depots, tours = 120, 6, 3_000
    home = rng.integers(0, depots, vans)
    van = rng.choice(vans, tours, p=(weight := rng.gamma(1.0, 1.0, vans)) / weight.sum())
    tables = {
        "depots": pd.DataFrame({"depot_id": np.arange(depots), "size": rng.normal(50, 9, depots)}),
        "vans": pd.DataFrame({"van_id": np.arange(vans), "load": rng.normal(900, 90, vans)}),
        "tours": pd.DataFrame(
            {
                "tour_id": np.arange(tours),
                "depot_id": home[van],
                "van_id": van,
                "km": (rng.gamma(4.0, 5.0, tours) + 40 * home[van]).round(1),
            }
        ),
    }
    metadata = rs.Metadata.detect(tables)
    assert metadata.plan(tables)["tours"].context.parent == "depots"
    made = rs.RelationalSynthesizer(metadata, model="cart", seed=0).fit(tables).sample()["tours"]
    assert (made.groupby("van_id")["depot_id"].nunique() == 1).all()
    real, drawn = (np.sort(np.bincount(t["van_id"])) for t in (tables["tours"], made))
    assert abs(real[-5:].mean() - drawn[-5:].mean()) < 0.3 * real[-5:].mean()


@pytest.fixture(scope="module")
def buses():
    """Trips of three firms: a bus is out for 6 to 12 hours and stays with its firm."""
    rng, rows = np.random.default_rng(8), []
    for firm in range(3):
        back = rng.integers(0, 12, 40)
        for hour in range(600):
            for bus in rng.permutation(np.flatnonzero(back <= hour))[:4]:
                back[bus] = hour + rng.integers(6, 13)
                rows.append((firm + 1, 40 * firm + bus + 1, hour))
    trips = pd.DataFrame(rows, columns=["firm_id", "bus_id", "hour"])
    trips["begins"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(trips.pop("hour"), "h")
    firms = pd.DataFrame({"id": [1, 2, 3], "city": ["Ulm", "Bern", "Graz"]})
    seats = pd.DataFrame({"id": np.arange(120) + 1, "seats": rng.integers(20, 60, 120)})
    return {"firms": firms, "buses": seats, "trips": trips.assign(id=np.arange(len(trips)) + 1)}


def test_partners_come_back_after_as_long_as_real_ones(buses):
    metadata = rs.Metadata.detect(buses)
    trips = rs.RelationalSynthesizer(metadata, model="cart", seed=0).fit(buses).sample()["trips"]
    assert trips.groupby("bus_id")["firm_id"].nunique().mean() < 1.05
    gaps = trips.sort_values("begins").groupby("bus_id")["begins"].diff().dropna()
    assert (gaps < pd.Timedelta("5h")).mean() < 0.2  # .4 where partners come back at random
    assert pd.Timedelta("8h") <= gaps.median() <= pd.Timedelta("12h")
