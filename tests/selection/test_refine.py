"""The best part of a pool: golden cases, whole families, links, seeds, errors, real data."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy import sparse
from small_databases import link, school, staff, table

import relsynth as rs
from relsynth.cli import cli
from relsynth.errors import CapacityError, DataError
from relsynth.selection.cells import Cells
from relsynth.selection.edges import match_edges
from relsynth.selection.propensity import score, separation
from relsynth.selection.raking import draw, rake
from relsynth.selection.swaps import improve
from relsynth.strategies import schemas


def rng(seed=0):
    return np.random.default_rng(seed)


def cells_of(counts, target):
    """Cells of one margin that costs a half per row too many or too few."""
    counts = sparse.csr_matrix(np.array(counts, dtype=np.float32))
    targets = np.array([target], dtype=np.float32)
    weights = np.full(counts.shape[1], 0.5 / targets.sum(), dtype=np.float32)
    return Cells(counts, targets, weights)


def test_raking_reaches_a_target_in_closed_form():
    # ten units of cell a, thirty of cell b; wanted are five of each
    cells = cells_of([[1, 0]] * 10 + [[0, 1]] * 30, [5, 5])
    probability = rake(cells, 10)
    assert np.allclose(probability[:10], 0.5, atol=0.02)
    assert np.allclose(probability[10:], 1 / 6, atol=0.02)


def test_raking_never_wants_a_unit_more_than_once():
    probability = rake(cells_of([[1, 0]] * 2 + [[0, 1]] * 30, [8, 2]), 10)
    assert probability.max() <= 1
    assert probability.sum() == pytest.approx(10)
    assert probability[:2].min() > 0.95


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(1, 60), st.integers(0, 99))
def test_a_draw_has_the_wanted_size_and_no_unit_twice(wanted, seed):
    weight = rng(seed).exponential(size=60)
    taken = draw(np.minimum(weight / weight.sum() * wanted, 1), wanted, rng(seed))
    assert len(np.unique(taken)) == len(taken) == wanted


def test_a_draw_takes_units_as_often_as_their_probability():
    probability = np.array([0.9, 0.6, 0.3, 0.2])
    often = np.zeros(4)
    for seed in range(2_000):
        often[draw(probability, 2, rng(seed))] += 1
    assert np.allclose(often / 2_000, probability, atol=0.04)


def test_swaps_reach_the_only_selection_without_distance():
    # units hold 0 to 3 rows of two cells; only the units 1 and 6 add up to (3, 3)
    counts = [[0, 1], [3, 1], [0, 1], [1, 0], [0, 1], [1, 0], [0, 2], [1, 1]]
    cells = cells_of(counts, [3, 3])
    chosen, steps = improve(cells, np.array([2, 3]), rng(), rounds=12)
    assert chosen.tolist() == [1, 6]
    assert steps[-1].distance == 0


def test_the_distance_falls_with_every_round_and_is_exact():
    counts = rng(1).poisson(0.9, size=(300, 40))
    cells = cells_of(counts, rng(2).poisson(0.7, size=(60, 40)).sum(axis=0))
    start = np.arange(60)
    chosen, steps = improve(cells, start, rng(3))
    distances = [step.distance for step in steps]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.3 * distances[0]
    assert len(chosen) == 60
    assert cells.distance(cells.total(chosen)) == pytest.approx(distances[-1], abs=1e-6)


def test_with_a_holdout_the_selection_nearest_to_it_is_returned():
    counts = rng(1).poisson(0.9, size=(300, 40))
    plain = cells_of(counts, rng(2).poisson(0.7, size=(60, 40)).sum(axis=0))
    start = np.arange(60)
    held = Cells(plain.counts, np.vstack([plain.targets, plain.total(start)[None]]), plain.weights)
    chosen, steps = improve(held, start, rng(3))
    assert chosen.tolist() == start.tolist()
    assert steps[-1].held > steps[0].held


def test_edges_go_to_the_nearest_place_of_their_group():
    rows = np.array([[0.0, 0], [1, 0], [0, 0], [5, 5]])
    places = np.array([[1.1, 0], [0.1, 0], [0.2, 0]])
    found = match_edges(rows, places, np.array([0, 0, 1, 2]), np.array([0, 0, 1]), rng(), once=True)
    assert found.tolist() == [1, 0, 2, -1]


def test_places_are_taken_again_only_where_that_is_allowed():
    rows, places = np.zeros((5, 1)), np.zeros((2, 1))
    groups = np.zeros(5, dtype=np.int64)
    once = match_edges(rows, places, groups, groups[:2], rng(), once=True)
    again = match_edges(rows, places, groups, groups[:2], rng())
    assert sorted(once) == [-1, -1, -1, 0, 1]
    assert sorted(np.bincount(again)) == [2, 3]


def test_scores_tell_what_differs_and_nothing_else():
    real, pool = rng(0).normal(size=(400, 3)), rng(1).normal(size=(900, 3))
    same = score([real, pool], np.arange(900), rng(2))
    assert abs(separation(*same) - 0.5) < 0.06
    apart = score([real + np.eye(3)[0], pool], np.arange(900), rng(2))
    assert separation(*apart) > 0.64
    assert score([real[:10], pool], np.arange(900), rng(2)) is None


def shop(n, lift, seed):
    """Customers and orders; `lift` is how much more often grade a orders than grade b."""
    r = rng(seed)
    grade = r.choice(["a", "b"], n)
    count = r.poisson(np.where(grade == "a", 2 + lift, 2))
    owner = np.repeat(np.arange(n), count)
    size = r.choice(["s", "l"], len(owner))
    customers = pd.DataFrame({"id": [f"C{k:05d}" for k in range(n)], "grade": grade})
    orders = pd.DataFrame({"customer": customers["id"].to_numpy()[owner], "size": size})
    metadata = rs.Metadata(
        [
            table("customers", {"id": "key", "grade": "categorical"}, "id"),
            table("orders", {"customer": "key", "size": "categorical"}),
        ],
        [link("orders", "customer", "customers")],
    )
    return metadata, {"customers": customers, "orders": orders}


def orders_by_grade(tables):
    count = tables["customers"]["id"].map(tables["orders"]["customer"].value_counts()).fillna(0)
    return count.groupby(tables["customers"]["grade"]).mean()


def test_whole_families_are_chosen_so_that_parents_and_children_fit():
    metadata, real = shop(400, 1, 0)
    _, pool = shop(2_000, 0, 1)
    better = rs.refine(pool, real, metadata)
    metadata.check(better)
    wanted = orders_by_grade(real)
    assert (orders_by_grade(pool) - wanted).abs().max() > 0.7
    assert (orders_by_grade(better) - wanted).abs().max() < 0.15
    assert len(better["customers"]) == 400
    assert abs(len(better["orders"]) - len(real["orders"])) <= 3
    # a family is chosen with all its orders, in the order of the pool
    taken = pool["orders"][pool["orders"]["customer"].isin(better["customers"]["id"])]
    pd.testing.assert_frame_equal(better["orders"], taken.reset_index(drop=True))
    (choice,) = better.choices
    assert choice.family == "customers"
    assert (choice.chosen, choice.available) == (400, 2_000)
    assert choice.after < 0.3 * choice.before
    assert choice.separation > 0.5
    assert "customers: 400 of 2,000, distance" in str(better)


def test_a_holdout_is_reported_and_shows_no_overfitting():
    metadata, real = shop(400, 2, 0)
    better = rs.refine(shop(2_000, 0, 1)[1], real, metadata, holdout=shop(300, 2, 2)[1])
    (choice,) = better.choices
    assert choice.held_after < choice.held_before
    assert "to the holdout" in str(better)


def test_the_seed_alone_decides_and_frames_keep_their_form():
    metadata, real = shop(100, 1, 0)
    _, pool = shop(500, 0, 1)
    pool["customers"] = pool["customers"].astype({"grade": "category"})
    before = {name: frame.copy() for name, frame in pool.items()}
    first = rs.refine(pool, real, metadata, {"customers": 80}, seed=5)
    again = rs.refine(
        dict(reversed(pool.items())),
        dict(reversed(real.items())),
        metadata,
        {"customers": 80},
        seed=5,
    )
    other = rs.refine(pool, real, metadata, {"customers": 80}, seed=6)
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, again[name])
        assert frame.dtypes.equals(pool[name].dtypes)
        assert frame.index.equals(pd.RangeIndex(len(frame)))
        pd.testing.assert_frame_equal(pool[name], before[name])
    assert not first["customers"].equals(other["customers"])
    assert len(first["customers"]) == 80


def test_bridges_stay_unique_and_courses_keep_their_number_of_students():
    metadata, real = school()
    pool = rs.RelationalSynthesizer(metadata, model="cart").fit(real).sample(5)
    better = rs.refine(pool, real, metadata)
    metadata.check(better)
    assert (len(better["students"]), len(better["courses"])) == (120, 15)
    assert better.relinked
    sizes = [t["enrolments"]["course"].value_counts() for t in (pool, better)]
    kept = sizes[1] - sizes[0].reindex(sizes[1].index)
    assert kept.abs().mean() < 0.2 * sizes[1].mean()


def test_forests_and_cycles_stay_whole():
    metadata, real = staff()
    pool = rs.RelationalSynthesizer(metadata, model="cart").fit(real).sample(4)
    better = rs.refine(pool, real, metadata)
    metadata.check(better)
    boss = better["employees"].set_index("id")["manager"]
    up = boss
    for _ in range(8):
        up = up.map(boss)
    assert up.isna().all()
    share = [t["employees"]["manager"].isna().mean() for t in (real, better)]
    assert share[1] == pytest.approx(share[0], abs=0.05)


def test_a_repeated_column_follows_its_parent():
    r = rng(0)
    metadata = rs.Metadata(
        [
            table("products", {"id": "key", "price": "numeric"}, "id"),
            table("carts", {"id": "key", "by": "categorical"}, "id"),
            table("lines", {"cart": "key", "product": "key", "price": "numeric"}),
        ],
        [link("lines", "cart", "carts", context=True), link("lines", "product", "products")],
    )

    def make(n):
        price = r.integers(100, 130, n) / 100
        item = r.integers(n, size=3 * n)
        cart = r.integers(n, size=3 * n)
        return {
            "products": pd.DataFrame({"id": np.arange(n), "price": price}),
            "carts": pd.DataFrame({"id": np.arange(n), "by": r.choice(["x", "y"], n)}),
            "lines": pd.DataFrame({"cart": cart, "product": item, "price": price[item]}),
        }

    real, pool = make(60), make(300)
    better = rs.refine(pool, real, metadata)
    assert better.relinked["lines.product -> products"] > 50
    price = better["lines"]["product"].map(better["products"].set_index("id")["price"])
    assert (price == better["lines"]["price"]).all()


def test_kept_tables_stay_whole_and_rows_without_a_parent_are_chosen_in_proportion():
    metadata, real = shop(200, 1, 0)
    metadata = rs.Metadata(
        [
            *metadata.tables.values(),
            table("sizes", {"size": "key", "weight": "integer"}, "size", role="reference"),
        ],
        [
            link("orders", "customer", "customers", nullable=True),
            link("orders", "size", "sizes", "size"),
        ],
    )
    sizes = pd.DataFrame({"size": ["s", "l", "xl"], "weight": [1, 2, 3]})
    _, pool = shop(900, 0, 1)
    for tables, share in ((real, 0.1), (pool, 0.2)):
        tables["sizes"] = sizes
        gone = rng(3).random(len(tables["orders"])) < share
        tables["orders"] = tables["orders"].assign(customer=tables["orders"]["customer"].mask(gone))
    better = rs.refine(pool, real, metadata, {"customers": 100})
    metadata.check(better)
    pd.testing.assert_frame_equal(better["sizes"], sizes)
    nulls = [tables["orders"]["customer"].isna().sum() for tables in (real, better)]
    assert nulls[1] == round(nulls[0] / 2)


def test_all_faults_of_a_request_are_listed():
    metadata, real = shop(50, 1, 0)
    _, pool = shop(60, 0, 1)
    with pytest.raises(DataError) as caught:
        rs.refine(pool, real, metadata, {"custmers": 5, "orders": 3})
    assert len(caught.value.faults) == 2
    assert "did you mean 'customers'?" in str(caught.value)
    assert "give rows of 'customers'" in str(caught.value)
    with pytest.raises(DataError, match=r"2\.5 is not a whole number"):
        rs.refine(pool, real, metadata, {"customers": 2.5})
    with pytest.raises(CapacityError, match="61 rows wanted but the pool has 60"):
        rs.refine(pool, real, metadata, {"customers": 61})
    broken = {**pool, "orders": pool["orders"].assign(customer="nobody")}
    with pytest.raises(DataError, match="orders"):
        rs.refine(broken, real, metadata)


def test_all_or_nothing_of_a_pool_can_be_taken():
    metadata, real = shop(50, 1, 0)
    _, pool = shop(60, 0, 1)
    everything = rs.refine(pool, real, metadata, {"customers": 60})
    for name, frame in everything.items():
        pd.testing.assert_frame_equal(frame, pool[name])
    assert everything.choices == ()
    assert not len(rs.refine(pool, real, metadata, {"customers": 0})["orders"])


@settings(
    max_examples=int(os.environ.get("RELSYNTH_EXAMPLES", "6")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)
@given(schemas(5), st.integers(0, 2**32 - 1), st.sampled_from(["realistic", "minimal", "edge"]))
def test_references_hold_in_any_schema(metadata, seed, profile):
    real = rs.generate(metadata, 40, seed=seed, profile=profile)
    pool = rs.generate(metadata, 120, seed=seed + 1, profile=profile)
    try:
        better = rs.refine(pool, real, metadata)
    except CapacityError:
        # a family may have more rows than there are chosen parents to pair them with
        return
    metadata.check(better)
    assert list(better) == list(metadata.tables)
    for name, frame in better.items():
        assert frame.dtypes.equals(pool[name].dtypes)
    for choice in better.choices:
        if not choice.family.endswith("without a parent"):
            assert len(better[choice.family]) == len(real[choice.family])


def test_the_command_writes_what_it_says(tmp_path):
    metadata, real = shop(80, 1, 0)
    _, pool = shop(300, 0, 1)
    for name, tables in (("real", real), ("pool", pool)):
        rs.write_tables(tables, tmp_path / name)
    metadata.save(tmp_path / "schema.json")
    said = [str(tmp_path / "pool"), str(tmp_path / "real"), "-s", str(tmp_path / "schema.json")]
    written = ["--output", str(tmp_path / "out"), "--json", "--rows", "customers=40"]
    result = CliRunner().invoke(cli, ["refine", *said, *written])
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    better = rs.read_tables(tmp_path / "out", metadata)
    assert told["rows"] == {name: len(frame) for name, frame in better.items()}
    assert told["choices"][0]["after"] < told["choices"][0]["before"]
    expected = rs.refine(pool, real, metadata, {"customers": 40})
    pd.testing.assert_frame_equal(better["customers"], expected["customers"])


@pytest.mark.skipif("RELSYNTH_DATA" not in os.environ, reason="needs RELSYNTH_DATA")
@pytest.mark.parametrize("name", ["cora", "sakila_pagila", "berka_small"])
@pytest.mark.slow
def test_real_databases_are_refined_without_a_broken_reference(name):
    folder = Path(os.environ["RELSYNTH_DATA"]) / name
    metadata = rs.Metadata.load(folder / "metadata.json")
    real = metadata.check(rs.read_tables(folder, metadata), orphans="null")
    pool = rs.RelationalSynthesizer(metadata, model="cart").fit(real).sample(4)
    better = rs.refine(pool, real, metadata)
    report = rs.evaluate(real, better, metadata, measures=["validity"], baselines=False)
    assert report.scores["validity"]["validity"] == 0
    assert all(choice.after < choice.before for choice in better.choices)


def correlated(n, how, seed):
    x = rng(seed).normal(size=(n, 3))
    x[:, 1] = how * x[:, 0] + np.sqrt(1 - how**2) * x[:, 1]
    return pd.DataFrame(x, columns=["a", "b", "c"]).assign(d=np.where(x[:, 0] > 0, "p", "q"))


def test_a_single_table_needs_no_metadata():
    real, pool, unseen = correlated(600, 0.8, 0), correlated(3_000, 0.3, 1), correlated(600, 0.8, 2)
    better = rs.refine(pool, real, holdout=unseen)
    assert list(better.columns) == list(pool.columns)
    assert len(better) == 600
    assert better["a"].corr(better["b"]) > 0.6 > pool["a"].corr(pool["b"])
    (choice,) = better.attrs["refined"]
    distances = [stage["distance"] for stage in choice["stages"]]
    assert [stage["name"] for stage in choice["stages"]] == ["ipf", "trim", "refine"]
    assert distances[-1] <= distances[1] <= distances[0] < choice["before"]
    assert choice["held_after"] < choice["held_before"]
    assert len(rs.refine(pool, real, rows=50)) == 50


def test_stages_bins_and_pairs_can_be_chosen():
    real, pool = correlated(400, 0.8, 0), correlated(2_000, 0.3, 1)
    drawn = rs.refine(pool, real, swaps=0, trim=False).attrs["refined"][0]
    assert [stage["name"] for stage in drawn["stages"]] == ["ipf"]
    assert drawn["swaps"] == 0
    coarse = rs.refine(pool, real, bins=3, top_pairs=1)
    assert coarse["a"].corr(coarse["b"]) > 0.6
    with pytest.raises(DataError, match=r"(?s)bins.*top_pairs.*swaps"):
        rs.refine(pool, real, bins=1, top_pairs=0, swaps=-1)
    with pytest.raises(DataError, match=r"(?s)pool: missing columns \['d'\], columns not in real"):
        rs.refine(pool.rename(columns={"d": "e"}), real)
    with pytest.raises(DataError, match="no rows"):
        rs.refine(pool, real.head(0))
    with pytest.raises(DataError, match="single frame"):
        rs.refine({"a": pool}, {"a": real})
    with pytest.raises(CapacityError, match="the pool has"):
        rs.refine(pool, real, rows=9_000)
    with pytest.raises(DataError, match=r"(?s)bins.*'few'.*trim must be True or False"):
        rs.refine(pool, real, bins="few", trim="yes")
    with pytest.raises(CapacityError, match="the pool has 0"):
        rs.refine(pool.head(0), real, rows=5)
    same = rs.refine(pool.assign(a=1.0, b=np.nan), real.assign(a=1.0, b=np.nan), rows=5)
    assert len(same) == 5
    assert len(rs.refine(pool.head(1), real.head(1), rows=1)) == 1


@pytest.mark.parametrize("oversample", [1, 0, np.nan, "many"])
def test_a_pool_that_leaves_nothing_to_choose_is_refused(oversample):
    real = {"points": correlated(80, 0.5, 0)}
    synth = rs.RelationalSynthesizer(rs.Metadata.detect(real), model="cart").fit(real)
    with pytest.raises(DataError, match="oversample must be above 1"):
        synth.sample(refine="fast", oversample=oversample)
