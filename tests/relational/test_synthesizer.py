"""The synthesizer through its public face: every kind of key, size, seed and file."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_databases import (
    N_CUSTOMERS,
    assert_valid,
    cart,
    link,
    references,
    school,
    shop_schema,
    shop_tables,
    staff,
    table,
    uuids,
)

import relsynth as rs
from relsynth.columns.matrix import Matrix
from relsynth.errors import CapacityError, DataError, ModelFileError, SchemaError
from relsynth.metadata import Column
from relsynth.packing import REGISTER
from relsynth.relational.links.forest import depths


@pytest.fixture(scope="module")
def real():
    return shop_tables()


@pytest.fixture(scope="module")
def synthesizer(real):
    return cart(shop_schema(), real, seed=1)


@pytest.fixture(scope="module")
def fake(synthesizer):
    return synthesizer.sample()


def test_a_whole_shop_comes_back_valid(synthesizer, real, fake):
    assert_valid(synthesizer.metadata, real, fake)
    for name, frame in fake.items():
        assert len(frame) == pytest.approx(len(real[name]), rel=0.05), name
    assert len(fake["customers"]) == N_CUSTOMERS
    assert len(fake["log"]) == 120


def test_fitting_does_not_change_the_data(real):
    copies = {name: frame.copy(deep=True) for name, frame in real.items()}
    cart(shop_schema(), real)
    for name, frame in real.items():
        pd.testing.assert_frame_equal(frame, copies[name])


def test_numbers_of_children_are_those_of_the_parents_kind(fake):
    orders = fake["customers"]["id"].map(fake["orders"]["customer"].value_counts()).fillna(0)
    grade = fake["customers"]["grade"]
    assert (orders[grade == "a"] == 0).all()
    assert (orders[grade == "b"] == 3).mean() > 0.95
    assert set(orders[grade == "c"]) <= set(range(1, 9))


def test_children_follow_their_parents_in_time(fake):
    owner = references(fake["orders"]["customer"], fake["customers"]["id"])
    since = fake["customers"]["since"].reindex(owner).reset_index(drop=True)
    known = owner.notna()
    lag = (fake["orders"]["placed"] - since)[known].dt.days
    assert (lag < -10).mean() < 0.05
    assert lag.median() == pytest.approx(200, abs=60)


def test_the_share_of_null_references_is_kept(real, fake):
    assert fake["orders"]["customer"].isna().mean() == pytest.approx(
        real["orders"]["customer"].isna().mean(), abs=0.005
    )


def test_line_numbers_restart_in_every_order(fake):
    lines = fake["lines"]
    assert (lines.groupby("order").cumcount() + 1 == lines["line_no"]).all()
    assert lines["line_no"].max() <= 4


def test_one_to_one_rows_have_a_parent_of_their_own(real, fake):
    profiles = fake["profiles"]
    assert profiles["customer"].is_unique
    assert len(profiles) == pytest.approx(len(real["profiles"]), abs=8)


def test_keys_are_issued_in_the_format_of_the_real_ones(fake):
    assert fake["orders"]["id"].str.fullmatch(r"O-\d{5}").all()
    assert fake["products"]["sku"].str.fullmatch(r"SKU\d{3}").all()
    assert fake["customers"]["id"].min() == 1001
    assert fake["customers"]["id"].is_unique


def test_the_plan_and_the_notes_are_told(synthesizer):
    assert synthesizer.plan_["lines"].context.parent == "orders"
    assert [key.parent for key in synthesizer.plan_["lines"].linked] == ["products"]
    assert set(synthesizer.notes_) == set(synthesizer.metadata.tables)


@pytest.mark.parametrize("scale", [0.1, 0.5, 3.0])
def test_scale_sizes_the_roots_and_their_families(synthesizer, real, scale):
    made = synthesizer.sample(scale)
    assert_valid(synthesizer.metadata, real, made)
    for name in ("customers", "products", "log"):
        assert len(made[name]) == round(scale * len(real[name]))
    assert len(made["orders"]) == pytest.approx(scale * len(real["orders"]), rel=0.2)


def test_rows_are_met_exactly_where_asked_for(synthesizer, real):
    wanted = {"customers": 37, "orders": 101, "lines": 333, "profiles": 20, "log": 0}
    made = synthesizer.sample(rows=wanted)
    assert_valid(synthesizer.metadata, real, made)
    assert {name: len(made[name]) for name in wanted} == wanted


def test_no_root_rows_give_no_children_of_theirs(synthesizer, real):
    made = synthesizer.sample(rows={"customers": 0})
    assert len(made["customers"]) == len(made["profiles"]) == 0
    assert made["orders"]["customer"].isna().all()
    for name, frame in made.items():
        assert list(frame.columns) == list(real[name].columns)


def test_rows_that_cannot_exist_are_refused_with_the_arithmetic(synthesizer):
    with pytest.raises(CapacityError, match=r"profiles: 12 rows .*at most 1 .*10 of them"):
        synthesizer.sample(rows={"customers": 10, "profiles": 12})
    with pytest.raises(CapacityError, match=r"lines: 5 rows .*'orders' has no row"):
        synthesizer.sample(rows={"orders": 0, "lines": 5})


def test_a_request_with_faults_lists_them_all(synthesizer):
    with pytest.raises(CapacityError) as caught:
        synthesizer.sample(-1.0, rows={"ordres": 3, "lines": -2, "log": 1.5})
    assert len(caught.value.faults) == 4
    assert "did you mean 'orders'?" in str(caught.value)
    with pytest.raises(CapacityError, match="scale"):
        synthesizer.sample(float("nan"))


def test_a_key_format_with_too_few_values_is_refused_before_drawing():
    synthesizer = cart(shop_schema(sku_length=6), shop_tables(), seed=3)
    with pytest.raises(CapacityError, match=r"products\.sku: 4000 rows .*allows 1000"):
        synthesizer.sample(100.0)
    with pytest.raises(CapacityError, match=r"products\.sku: 1001 rows"):
        synthesizer.sample(rows={"products": 1001})


def same(first, second) -> bool:
    return list(first) == list(second) and all(first[n].equals(second[n]) for n in first)


def test_the_seed_decides_everything(synthesizer, fake):
    assert same(synthesizer.sample(), fake)
    assert same(synthesizer.sample(seed=5), synthesizer.sample(seed=5))
    assert not same(synthesizer.sample(seed=5), fake)


def test_a_saved_model_draws_the_same(synthesizer, fake, tmp_path):
    path = tmp_path / "shop.relsynth"
    synthesizer.save(path)
    loaded = rs.RelationalSynthesizer.load(path)
    assert same(loaded.sample(), fake)
    assert loaded.metadata == synthesizer.metadata
    assert str(loaded.plan_) == str(synthesizer.plan_)
    assert loaded.notes_ == synthesizer.notes_
    loaded.save(tmp_path / "again.relsynth")
    assert (tmp_path / "again.relsynth").read_bytes() == path.read_bytes()


def test_a_model_file_that_is_none_is_refused(synthesizer, tmp_path):
    path = tmp_path / "shop.relsynth"
    synthesizer.save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelFileError, match=r"shop\.relsynth"):
        rs.RelationalSynthesizer.load(path)


SCRIPT = """
from test_synthesizer import digest, shop_tables
print(digest(dict(reversed(shop_tables().items()))))
"""


def digest(tables: dict[str, pd.DataFrame]) -> str:
    made = cart(shop_schema(), tables, seed=1).sample(0.5)
    found = hashlib.sha256()
    for name in sorted(made):
        found.update(made[name].to_csv().encode())
    return found.hexdigest()


def test_same_seed_same_bytes_in_any_process_and_table_order():
    here = Path(__file__).parent
    paths = [str(path) for path in (Path(rs.__file__).parents[1], here.parent, here)]
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == digest(shop_tables())


@pytest.mark.parametrize("table", list(shop_tables()))
def test_rows_of_any_table_may_be_given_without_their_own_parents(synthesizer, real, table):
    given = real[table].head(5)
    made = synthesizer.sample_children(of={table: given}, seed=2)
    pd.testing.assert_frame_equal(made[table], given)
    below = {key.child for key in synthesizer.metadata.foreign_keys if key.parent == table}
    assert below <= set(made)
    rest = {name for name in made if name != table}
    if rest:
        synthesizer.metadata.restrict(rest).check({name: made[name] for name in rest})


def test_given_parents_get_children_and_come_back_unchanged(synthesizer, real):
    mine = pd.DataFrame(
        {
            "id": [7, 8, 9, 10],
            "grade": ["b", "b", "a", "c"],
            "since": pd.to_datetime(["2021-01-01"] * 4).as_unit("ns"),
        }
    )
    made = synthesizer.sample_children(of={"customers": mine})
    pd.testing.assert_frame_equal(made["customers"], mine)
    assert set(made) == {"customers", "profiles", "orders", "lines", "products"}
    orders = made["orders"]["customer"].dropna()
    assert set(orders) <= {7.0, 8.0, 10.0}
    assert made["lines"]["order"].isin(made["orders"]["id"]).all()
    assert made["lines"]["sku"].isin(made["products"]["sku"]).all()
    assert same(made, synthesizer.sample_children(of={"customers": mine}))


def test_given_parents_with_faults_are_refused(synthesizer, real):
    with pytest.raises(DataError) as caught:
        synthesizer.sample_children(
            of={"custmers": real["customers"], "orders": real["orders"].drop(columns="placed")}
        )
    assert len(caught.value.faults) == 2
    assert "did you mean 'customers'?" in str(caught.value)
    assert "orders.placed" in str(caught.value)


# Kinds of keys, each in a database of its own


def test_composite_keys():
    rng = np.random.default_rng(0)
    area, number = np.divmod(np.arange(60), 10)
    stores = pd.DataFrame({"area": area, "number": number, "size": rng.integers(1, 5, 60)})
    at = np.sort(rng.integers(0, 60, 400))
    sales = pd.DataFrame(
        {"area": area[at], "number": number[at], "total": stores["size"][at].to_numpy() * 10.0}
    )
    metadata = rs.Metadata(
        [
            table(
                "stores",
                {"area": "key", "number": "key", "size": "integer"},
                ("area", "number"),
            ),
            table("sales", {"area": "key", "number": "key", "total": "numeric"}),
        ],
        [link("sales", "area number", "stores", "area number")],
    )
    tables = {"stores": stores, "sales": sales}
    made = cart(metadata, tables).sample()
    assert_valid(metadata, tables, made)
    joined = made["sales"].merge(made["stores"], on=["area", "number"])
    assert len(joined) == len(made["sales"])
    assert (joined["total"] == joined["size"] * 10).mean() > 0.95


def test_two_keys_to_one_parent():
    rng = np.random.default_rng(0)
    teams = pd.DataFrame({"id": range(1, 21), "strength": rng.normal(size=20).round(2)})
    home, away = rng.integers(0, 20, (2, 2000))
    home, away = home[home != away], away[home != away]
    goals = np.round(2 + teams["strength"].to_numpy()[home] - teams["strength"].to_numpy()[away])
    games = pd.DataFrame({"home": home + 1, "away": away + 1, "goals": goals})
    metadata = rs.Metadata(
        [
            table("teams", {"id": "key", "strength": "numeric"}, "id"),
            table("games", {"home": "key", "away": "key", "goals": "integer"}),
        ],
        [link("games", "home", "teams"), link("games", "away", "teams")],
    )
    tables = {"teams": teams, "games": games}
    made = cart(metadata, tables).sample()
    assert_valid(metadata, tables, made)
    assert (made["games"]["home"] != made["games"]["away"]).all()
    strength = made["teams"].set_index("id")["strength"]
    for side, sign in (("home", 1), ("away", -1)):
        of_side = made["games"][side].map(strength)
        assert sign * np.corrcoef(of_side, made["games"]["goals"])[0, 1] > 0.3, side


def test_a_key_to_an_alternate_key():
    rng = np.random.default_rng(0)
    users = pd.DataFrame(
        {"id": range(80), "login": [f"u{n:04d}" for n in range(80)], "age": rng.integers(9, 99, 80)}
    )
    posts = pd.DataFrame({"author": users["login"].to_numpy()[rng.integers(0, 80, 300)]})
    posts["likes"] = rng.integers(0, 9, 300)
    metadata = rs.Metadata(
        [
            table(
                "users", {"id": "key", "login": "key", "age": "integer"}, "id", unique=(("login",),)
            ),
            table("posts", {"author": "key", "likes": "integer"}),
        ],
        [link("posts", "author", "users", "login")],
    )
    tables = {"users": users, "posts": posts}
    made = cart(metadata, tables).sample(1.5)
    assert_valid(metadata, tables, made)
    assert made["users"]["login"].is_unique
    assert made["posts"]["author"].isin(made["users"]["login"]).all()


def test_a_linked_key_is_null_for_the_rows_for_which_it_was():
    rng = np.random.default_rng(0)
    orders = pd.DataFrame({"id": range(300), "weight": rng.integers(1, 9, 300)})
    carriers = pd.DataFrame({"id": [f"K{n}" for n in range(9)], "fee": rng.integers(1, 9, 9)})
    method = rng.choice(["post", "pickup"], 600)
    carrier = np.where(method == "pickup", None, carriers["id"].to_numpy()[rng.integers(0, 9, 600)])
    shipments = pd.DataFrame(
        {"order": np.sort(rng.integers(0, 300, 600)), "method": method, "carrier": carrier}
    )
    metadata = rs.Metadata(
        [
            table("orders", {"id": "key", "weight": "integer"}, "id"),
            table("carriers", {"id": "key", "fee": "integer"}, "id"),
            table("shipments", {"order": "key", "method": "categorical", "carrier": "key"}),
        ],
        [
            link("shipments", "order", "orders", context=True),
            link("shipments", "carrier", "carriers", nullable=True),
        ],
    )
    tables = {"orders": orders, "carriers": carriers, "shipments": shipments}
    made = cart(metadata, tables).sample()
    assert_valid(metadata, tables, made)
    null = made["shipments"]["carrier"].isna()
    assert ((made["shipments"]["method"] == "pickup") == null).all()


def test_a_cycle_and_a_forest():
    metadata, tables = staff()
    synthesizer = cart(metadata, tables)
    made = synthesizer.sample()
    assert_valid(metadata, tables, made)
    level, real_level = (
        depths(references(t["manager"], t["id"]).fillna(-1).to_numpy(np.int64))
        for t in (made["employees"], tables["employees"])
    )
    assert level is not None
    assert level.max() == real_level.max()
    shares = np.bincount(level) / len(level)
    assert shares == pytest.approx(np.bincount(real_level) / len(real_level), abs=0.06)
    pay = made["employees"].groupby(level)["pay"].mean()
    assert (pay.diff().dropna() < -1000).all()
    assert made["departments"]["head"].isna().sum() == pytest.approx(2, abs=3)
    small = synthesizer.sample(rows={"departments": 1, "employees": 2})
    assert_valid(metadata, tables, small)


def test_roots_that_refer_to_themselves():
    rng = np.random.default_rng(0)
    parent = np.arange(200)
    parent[20:] = rng.integers(0, np.arange(20, 200) // 2)
    parts = pd.DataFrame({"id": range(200), "parent": parent, "cost": rng.integers(1, 9, 200)})
    metadata = rs.Metadata(
        [table("parts", {"id": "key", "parent": "key", "cost": "integer"}, "id")],
        [link("parts", "parent", "parts")],
    )
    made = cart(metadata, {"parts": parts}).sample()
    assert_valid(metadata, {"parts": parts}, made)
    frame = made["parts"]
    loops = (frame["parent"] == frame["id"]).sum()
    assert loops == pytest.approx(20, abs=12)
    found = references(frame["parent"], frame["id"]).to_numpy(np.int64)
    assert depths(found) is not None


def test_a_chain_of_versions_stays_a_chain():
    versions = pd.DataFrame({"id": range(1, 61), "before": [np.nan, *range(1, 60)], "x": 0.5})
    metadata = rs.Metadata(
        [table("versions", {"id": "key", "before": "key", "x": "numeric"}, "id")],
        [link("versions", "before", "versions", nullable=True)],
    )
    synthesizer = cart(metadata, {"versions": versions})
    for scale in (0.3, 1.0, 2.0):
        made = synthesizer.sample(scale)
        assert_valid(metadata, {"versions": versions}, made)
        assert made["versions"]["before"].dropna().is_unique


def test_few_values_per_parent_stay_unique_in_small_samples():
    rng = np.random.default_rng(0)
    players = pd.DataFrame({"id": range(100), "x": rng.integers(0, 9, 100)})
    seasons = [(p, s) for p in range(100) for s in rng.permutation(4)[: rng.integers(0, 5)]]
    stints = pd.DataFrame(seasons, columns=["player", "season"])
    stints["runs"] = rng.integers(0, 50, len(stints))
    metadata = rs.Metadata(
        [
            table("players", {"id": "key", "x": "integer"}, "id"),
            table(
                "stints",
                {"player": "key", "season": "integer", "runs": "integer"},
                unique=(("player", "season"),),
            ),
        ],
        [link("stints", "player", "players", nullable=False)],
    )
    synthesizer = cart(metadata, {"players": players, "stints": stints})
    for seed in range(5):
        made = synthesizer.sample(rows={"players": 4, "stints": 15}, seed=seed)
        assert_valid(metadata, {"players": players, "stints": stints}, made)
        assert set(made["stints"]["season"]) <= set(range(4))
    with pytest.raises(CapacityError, match="stints: 17 rows"):
        synthesizer.sample(rows={"players": 4, "stints": 17})


def test_a_bridge_keeps_its_pairs_unique():
    metadata, tables = school()
    synthesizer = cart(metadata, tables)
    made = synthesizer.sample()
    assert_valid(metadata, tables, made)
    full = synthesizer.sample(rows={"students": 10, "courses": 4, "enrolments": 40})
    assert not full["enrolments"].duplicated(["student", "course"]).any()
    assert len(full["enrolments"]) == 40
    with pytest.raises(CapacityError, match="enrolments: 41 rows"):
        synthesizer.sample(rows={"students": 10, "courses": 4, "enrolments": 41})


def test_keys_of_every_format_are_issued_anew():
    rng = np.random.default_rng(0)
    days = pd.date_range("2023-01-01", periods=90).strftime("%d.%m.%Y")
    keys = {
        "uuid": (uuids(90), Column("uuid", "key"), r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        "coded": (
            [f"X{n * 7 % 100:02d}-{'abcdefghij'[n % 10]}" for n in range(90)],
            Column("coded", "key", pattern=r"X[0-9]{2}-[a-z]"),
            r"X\d\d-[a-z]",
        ),
        "day": (list(days), Column("day", "datetime", format="%d.%m.%Y"), r"\d\d\.\d\d\.20\d\d"),
        "number": (range(500, 590), Column("number", "key"), r"\d+"),
    }
    for name, (values, column, pattern) in keys.items():
        owners = pd.DataFrame({name: values, "x": rng.integers(0, 9, 90)})
        things = pd.DataFrame({"owner": owners[name].to_numpy()[rng.integers(0, 90, 200)]})
        things["y"] = rng.integers(0, 9, 200)
        metadata = rs.Metadata(
            [
                table("owners", {name: column, "x": "integer"}, name),
                table(
                    "things",
                    {
                        "owner": Column(
                            "owner", column.kind, pattern=column.pattern, format=column.format
                        ),
                        "y": "integer",
                    },
                ),
            ],
            [link("things", "owner", "owners", name)],
        )
        tables = {"owners": owners, "things": things}
        made = cart(metadata, tables).sample(1.2)
        assert_valid(metadata, tables, made)
        issued = made["owners"][name]
        assert issued.is_unique
        assert issued.astype(str).str.fullmatch(pattern).all(), name
        if name == "uuid":
            assert not issued.isin(owners[name]).any()


def test_a_declared_pattern_with_too_few_values_is_refused():
    owners = pd.DataFrame({"id": list("abcdefgh"), "x": range(8)})
    metadata = rs.Metadata(
        [table("owners", {"id": Column("id", "key", pattern="[a-j]"), "x": "integer"}, "id")]
    )
    synthesizer = cart(metadata, {"owners": owners})
    assert sorted(synthesizer.sample(rows={"owners": 10})["owners"]["id"]) == list("abcdefghij")
    with pytest.raises(CapacityError, match=r"owners\.id: 11 rows .*allows 10"):
        synthesizer.sample(rows={"owners": 11})


def test_a_polymorphic_key():
    rng = np.random.default_rng(0)
    posts = pd.DataFrame({"id": range(1, 61), "words": rng.integers(9, 99, 60)})
    films = pd.DataFrame({"id": range(1, 31), "length": rng.integers(9, 99, 30)})
    kind = rng.choice(["post", "film"], 400, p=[0.7, 0.3])
    target = np.where(kind == "post", rng.integers(1, 61, 400), rng.integers(1, 31, 400))
    comments = pd.DataFrame(
        {"id": range(400), "kind": kind, "target": target, "stars": rng.integers(1, 6, 400)}
    )
    metadata = rs.Metadata(
        [
            table("posts", {"id": "key", "words": "integer"}, "id"),
            table("films", {"id": "key", "length": "integer"}, "id"),
            table(
                "comments",
                {"id": "key", "kind": "categorical", "target": "key", "stars": "integer"},
                "id",
            ),
        ],
        [
            link("comments", "target", "posts", name="on post", when={"kind": "post"}),
            link("comments", "target", "films", name="on film", when={"kind": "film"}),
        ],
    )
    tables = {"posts": posts, "films": films, "comments": comments}
    made = cart(metadata, tables).sample()
    assert_valid(metadata, tables, made)
    assert (made["comments"]["kind"] == "post").mean() == pytest.approx(0.7, abs=0.06)
    on_film = made["comments"][made["comments"]["kind"] == "film"]
    assert on_film["target"].isin(made["films"]["id"]).all()
    assert made["comments"]["target"].notna().all()


def countries() -> tuple[rs.Metadata, dict[str, pd.DataFrame]]:
    rng = np.random.default_rng(0)
    lands = pd.DataFrame({"code": ["CZ", "DE", "FR", "MT"], "name": ["c", "d", "f", "m"]})
    people = pd.DataFrame(
        {
            "id": range(200),
            "land": rng.choice(["CZ", "DE", "FR", None], 200, p=[0.5, 0.3, 0.1, 0.1]),
            "pay": rng.integers(10, 90, 200),
        }
    )
    people.loc[people["land"] == "DE", "pay"] += 1000
    metadata = rs.Metadata(
        [
            table("lands", {"code": "key", "name": "categorical"}, "code"),
            table("people", {"id": "key", "land": "key", "pay": "integer"}, "id"),
        ],
        [link("people", "land", "lands", "code", nullable=True)],
    )
    return metadata, {"lands": lands, "people": people}


def test_a_kept_table_is_copied_and_referred_to_like_a_category():
    metadata, tables = countries()
    synthesizer = cart(metadata, tables, keep=["lands"])
    made = synthesizer.sample(2.0)
    pd.testing.assert_frame_equal(made["lands"], tables["lands"])
    people = made["people"]
    shares = people["land"].value_counts(normalize=True)
    expected = tables["people"]["land"].value_counts(normalize=True)
    assert shares[expected.index].to_numpy() == pytest.approx(expected.to_numpy(), abs=0.03)
    assert people["land"].isna().mean() == pytest.approx(
        tables["people"]["land"].isna().mean(), abs=0.02
    )
    assert ((people["pay"] >= 1000) == (people["land"] == "DE")).mean() > 0.97
    with pytest.raises(CapacityError, match="'lands' is kept as it is, with 4 rows; 9 are asked"):
        synthesizer.sample(rows={"lands": 9})
    with pytest.raises(SchemaError, match="did you mean 'lands'"):
        cart(metadata, tables, keep=["land"])


def test_a_kept_table_survives_the_model_file(tmp_path):
    metadata, tables = countries()
    synthesizer = cart(metadata, tables, keep=["lands"])
    synthesizer.save(tmp_path / "m.relsynth")
    loaded = rs.RelationalSynthesizer.load(tmp_path / "m.relsynth")
    assert same(loaded.sample(), synthesizer.sample())


def test_orphans_are_an_error_or_null():
    metadata, tables = countries()
    tables["people"].loc[[3, 5], "land"] = "XX"
    with pytest.raises(DataError, match=r"people\.land.*2") as caught:
        cart(metadata, tables)
    assert "XX" in str(caught.value)
    made = cart(metadata, tables, orphans="null").sample()
    assert made["people"]["land"].dropna().isin(made["lands"]["code"]).all()
    assert tables["people"]["land"].isin(["XX"]).sum() == 2


def test_keys_of_category_dtype_hold_the_new_keys():
    rng = np.random.default_rng(0)
    codes = [f"u{n:03d}" for n in range(50)]
    users = pd.DataFrame({"id": pd.Categorical(codes), "x": rng.integers(0, 9, 50)})
    posts = pd.DataFrame({"user": users["id"].iloc[rng.integers(0, 50, 200)].to_numpy()})
    posts["user"] = posts["user"].astype(users["id"].dtype).mask(rng.random(200) < 0.1)
    posts["y"] = rng.integers(0, 9, 200)
    metadata = rs.Metadata(
        [
            table("users", {"id": "key", "x": "integer"}, "id"),
            table("posts", {"user": "key", "y": "integer"}),
        ],
        [link("posts", "user", "users")],
    )
    tables = {"users": users, "posts": posts}
    made = cart(metadata, tables).sample(2.0)
    assert_valid(metadata, tables, made)
    assert made["posts"]["user"].isna().mean() == pytest.approx(
        posts["user"].isna().mean(), abs=0.01
    )


# Shapes of data


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_few_rows_everywhere(rows, real):
    metadata = shop_schema()
    customers = real["customers"].head(rows)
    orders = real["orders"][real["orders"]["customer"].isin(customers["id"])]
    few = {
        "customers": customers,
        "products": real["products"],
        "profiles": real["profiles"][real["profiles"]["customer"].isin(customers["id"])],
        "orders": orders,
        "lines": real["lines"][real["lines"]["order"].isin(orders["id"])],
        "log": real["log"].head(rows),
    }
    few = {name: frame.reset_index(drop=True) for name, frame in few.items()}
    synthesizer = cart(metadata, few)
    made = synthesizer.sample()
    assert_valid(metadata, few, made)
    assert len(made["customers"]) == rows
    assert_valid(metadata, few, synthesizer.sample(3.0))


def test_tables_of_keys_alone():
    rng = np.random.default_rng(0)
    left, right = pd.DataFrame({"id": range(40)}), pd.DataFrame({"id": range(100, 130)})
    pairs = rng.permutation(1200)[:150]
    both = pd.DataFrame({"l": pairs // 30, "r": 100 + pairs % 30})
    metadata = rs.Metadata(
        [
            table("left", {"id": "key"}, "id"),
            table("right", {"id": "key"}, "id"),
            table("both", {"l": "key", "r": "key"}, ("l", "r")),
        ],
        [link("both", "l", "left"), link("both", "r", "right")],
    )
    tables = {"left": left, "right": right, "both": both}
    made = cart(metadata, tables).sample()
    assert_valid(metadata, tables, made)
    assert len(made["both"]) == pytest.approx(150, rel=0.05)


def test_every_dtype_survives_the_whole_way():
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "id": pd.Series(range(n), dtype="Int64"),
            "small": rng.integers(0, 9, n).astype("int16"),
            "maybe": pd.Series(rng.integers(0, 9, n), dtype="Int64").where(rng.random(n) < 0.7),
            "flag": rng.random(n) < 0.5,
            "level": pd.Categorical(
                rng.choice(["low", "high"], n), categories=["low", "mid", "high"], ordered=True
            ),
            "zone": pd.date_range("2024-01-01", periods=n, freq="h", tz="Europe/Prague"),
            "span": pd.to_timedelta(rng.integers(1, 9, n), "h"),
            "price": [f"{value:.2f}" for value in rng.uniform(0, 9, n)],
            "nothing": pd.Series([None] * n, dtype=object),
            "same": "always",
        }
    )
    kinds = ["key", "integer", "integer", "boolean", "ordinal", "datetime", "timedelta", "numeric"]
    columns = dict(zip(frame.columns, [*kinds, "categorical", "categorical"], strict=True))
    columns["level"] = Column("level", "ordinal", values=("low", "mid", "high"))
    metadata = rs.Metadata([table("t", columns, "id")])
    for model in ("cart", "gaussian_copula", "hvrt"):
        made = cart(metadata, {"t": frame}, model=model).sample()
        assert_valid(metadata, {"t": frame}, made)
        assert (made["t"]["same"] == "always").all()
        assert made["t"]["nothing"].isna().all()
        assert made["t"]["price"].str.fullmatch(r"\d\.\d\d").all()


# Models


class Bootstrap:
    """A table model of a user's own: real rows, drawn with replacement."""

    def __init__(self, values=None):
        self.values = values

    def fit(self, rows, context, *, seed=None):
        self.values = rows.values.copy()
        return self

    def sample(self, context, rng):
        return self.values[rng.integers(len(self.values), size=len(context))]

    def to_state(self):
        return {"values": self.values}

    @classmethod
    def from_state(cls, state):
        return cls(np.asarray(state["values"]))


def two_tables() -> tuple[rs.Metadata, dict[str, pd.DataFrame]]:
    rng = np.random.default_rng(0)
    metadata = rs.Metadata(
        [
            table("parents", {"id": "key", "x": "numeric"}, "id"),
            table("children", {"parent": "key", "y": "numeric"}),
        ],
        [link("children", "parent", "parents")],
    )
    parents = pd.DataFrame({"id": range(60), "x": rng.normal(size=60).round(2)})
    children = pd.DataFrame({"parent": rng.integers(0, 60, 150)})
    children["y"] = (10 * parents["x"].to_numpy()[children["parent"]]).round(1)
    return metadata, {"parents": parents, "children": children}


def test_models_are_chosen_by_table_by_name_or_as_an_object(tmp_path):
    metadata, tables = two_tables()
    own = Bootstrap()
    synthesizer = cart(metadata, tables, models={"parents": own, "children": "gaussian_copula"})
    assert own.values is None
    made = synthesizer.sample()
    assert_valid(metadata, tables, made)
    assert made["parents"]["x"].isin(tables["parents"]["x"]).all()
    synthesizer.save(tmp_path / "own.relsynth")
    loaded = rs.RelationalSynthesizer.load(tmp_path / "own.relsynth", models=[Bootstrap])
    assert same(loaded.sample(), made)


def test_a_file_with_an_unknown_model_says_what_to_pass(tmp_path, monkeypatch):
    metadata, tables = two_tables()
    path = tmp_path / "own.relsynth"
    cart(metadata, tables, models={"parents": Bootstrap()}).save(path)
    monkeypatch.delitem(REGISTER, Bootstrap.__name__)  # as in another process
    with pytest.raises(ModelFileError, match=r"load\(path, models=\[MyModel\]\)"):
        rs.RelationalSynthesizer.load(path)


def test_auto_says_why_it_chose():
    metadata, tables = two_tables()
    synthesizer = rs.RelationalSynthesizer(metadata, seed=3).fit(tables)
    assert_valid(metadata, tables, synthesizer.sample())
    for name in tables:
        assert any(note.startswith("rows: ") for note in synthesizer.notes_[name])


def test_unknown_models_and_tables_are_refused_at_once():
    metadata, _ = two_tables()
    with pytest.raises(SchemaError, match=r"no table model 'crat'; did you mean 'cart'\?"):
        rs.RelationalSynthesizer(metadata, model="crat")
    with pytest.raises(SchemaError, match="no table model 'tvae'"):
        rs.RelationalSynthesizer(metadata, models={"parents": "tvae"})
    with pytest.raises(SchemaError, match=r"no table 'parent'; did you mean 'parents'\?"):
        rs.RelationalSynthesizer(metadata, models={"parent": "cart"})
    with pytest.raises(SchemaError, match="methods fit, sample, to_state and from_state, not as"):
        rs.RelationalSynthesizer(metadata, models={"parents": Matrix.empty(1)})


def test_nothing_is_drawn_before_fitting():
    metadata, _ = two_tables()
    for act in ("sample", "save"):
        arguments = ("x.relsynth",) if act == "save" else ()
        with pytest.raises(DataError, match=r"not fitted yet; call fit\(tables\) first"):
            getattr(rs.RelationalSynthesizer(metadata), act)(*arguments)


def test_data_that_contradict_the_schema_are_refused_with_every_fault():
    metadata, tables = two_tables()
    tables["parents"].loc[1, "id"] = 0
    tables["children"].loc[0, "parent"] = 999
    with pytest.raises(DataError) as caught:
        cart(metadata, tables)
    assert len(caught.value.faults) == 2
    assert "parents.id" in str(caught.value)
    assert "children.parent" in str(caught.value)
