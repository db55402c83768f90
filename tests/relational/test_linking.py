"""Links between rows that exist: exact capacities, unique pairs, diamonds, forests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relsynth.columns.matrix import Matrix
from relsynth.metadata import Column, ForeignKey, Metadata, Table
from relsynth.relational.links.diamond import find_diamond, follow
from relsynth.relational.links.forest import close_gaps, depths, is_root, limit_levels
from relsynth.relational.links.link_model import LinkModel
from relsynth.relational.links.matching import draw_labels, match_blocks, match_cells, match_once
from relsynth.relational.links.quotas import meet_counts
from relsynth.relational.links.swaps import swap_until_unique

CALM = settings(max_examples=80, deadline=None, derandomize=True)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_blocks_get_parents_of_their_own_label_and_the_rest_goes_to_neighbours():
    row_labels = np.array([0, 0, 0, 1, 2])
    parent_labels = np.array([0, 1, 2])
    found = match_blocks(row_labels, parent_labels, np.array([2, 2, 1]), rng())
    assert np.bincount(found).tolist() == [2, 2, 1]
    assert sorted(found[:3]) == [0, 0, 1]
    assert found[3:].tolist() == [1, 2]


@CALM
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=20),
    st.lists(st.integers(0, 4), min_size=120, max_size=120),
    st.integers(0, 99),
)
def test_every_capacity_is_met_exactly_and_labels_as_far_as_possible(parents, labels, seed):
    parent_labels, capacities = np.array(parents).T
    row_labels = np.array(labels[: capacities.sum()], np.int64)
    found = match_blocks(row_labels, parent_labels, capacities, rng(seed))
    assert np.array_equal(np.bincount(found, minlength=len(parents)), capacities)
    agree = parent_labels[found] == row_labels
    for label in range(5):
        demand = int((row_labels == label).sum())
        supply = int(capacities[parent_labels == label].sum())
        assert agree[row_labels == label].sum() == min(demand, supply)


def test_cells_share_their_rows_out_by_weight():
    row_cells = np.array([0] * 100 + [1] * 10 + [5] * 3 + [-1] * 2)
    parent_cells, weights = np.array([1, 0, 0, 0, -1]), np.array([1.0, 3.0, 1.0, 0.0, 9.0])
    found = match_cells(row_cells, parent_cells, weights, rng())
    assert np.abs(np.bincount(found[:100], minlength=4) - [0, 75, 25, 0]).max() <= 1
    assert (found[100:110] == 0).all()
    assert (found[110:] == -1).all()


def test_cells_without_parents_or_rows_give_nothing():
    nothing = np.empty(0, np.int64)
    assert match_cells(np.array([0, 1]), nothing, np.empty(0), rng()).tolist() == [-1, -1]
    assert match_cells(nothing, np.array([0]), np.ones(1), rng()).tolist() == []
    assert match_cells(np.array([0]), np.array([-1]), np.ones(1), rng()).tolist() == [-1]


@CALM
@given(
    st.lists(st.integers(-1, 4), max_size=40),
    st.lists(st.integers(-1, 4), max_size=40),
    st.integers(0, 99),
)
def test_each_parent_is_given_once_and_as_many_as_possible(rows, parents, seed):
    row_cells, parent_cells = np.array(rows, np.int64), np.array(parents, np.int64)
    found = match_once(row_cells, parent_cells, rng(seed))
    has = found >= 0
    assert len(np.unique(found[has])) == has.sum()
    assert np.array_equal(parent_cells[found[has]], row_cells[has])
    for cell in range(5):
        places = int((parent_cells == cell).sum())
        assert has[row_cells == cell].sum() == min(int((row_cells == cell).sum()), places)


def test_labels_follow_the_table_and_both_margins():
    table = np.array([[90.0, 10.0], [0.0, 50.0]])
    rows = np.repeat([0, 1], [1000, 500])
    labels = draw_labels(table, rows, np.array([900, 600]), rng())
    assert np.bincount(labels).tolist() == pytest.approx([900, 600], abs=2)
    assert (labels[1000:] == 1).mean() > 0.99
    crowded = draw_labels(table, rows, np.array([500, 1000]), rng())
    assert np.bincount(crowded).tolist() == pytest.approx([500, 1000], abs=2)


@CALM
@given(st.integers(2, 12), st.integers(2, 12), st.floats(0.1, 0.6), st.integers(0, 99))
def test_swaps_make_pairs_unique_and_keep_every_degree(n_left, n_right, density, seed):
    generator = rng(seed)
    cells = generator.permutation(n_left * n_right)[: int(density * n_left * n_right)]
    fixed, right = np.divmod(cells, n_right)
    moved = right.copy()
    for value in np.unique(fixed % 2):
        some = np.flatnonzero(fixed % 2 == value)
        moved[some] = generator.permutation(moved[some])
    source, left = swap_until_unique(fixed, moved, np.zeros(len(fixed), np.int64), generator)
    assert np.array_equal(np.sort(source), np.arange(len(fixed)))
    pairs = list(zip(fixed.tolist(), moved[source].tolist(), strict=True))
    assert len(pairs) - len(set(pairs)) == left.sum()
    assert np.array_equal(np.bincount(moved[source]), np.bincount(moved))


def test_many_repeated_pairs_are_mended_without_a_rest():
    fixed, moved = np.repeat(np.arange(200), 10), rng().integers(0, 100, 2000)
    blocks = moved // 10
    source, left = swap_until_unique(fixed, moved, blocks, rng())
    assert not left.any()
    assert len(set(zip(fixed, moved[source], strict=True))) == 2000
    assert np.array_equal(np.sort(moved[source]), np.sort(moved))
    assert (blocks[source] == blocks).mean() > 0.9


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("sizes", [(95, 95, 40, 6, 2), (950, 940, 400, 60, 20, 5, 1)])
def test_lists_that_hold_nearly_everything_nearly_keep_their_lengths(sizes, ordered):
    generator, most = rng(), int(1.05 * max(sizes))
    fixed = np.sort(np.concatenate([generator.permutation(most)[:size] for size in sizes]))
    moved = generator.permutation(np.repeat(np.arange(len(sizes)), sizes))
    blocks = np.zeros(len(fixed), np.int64)
    source, left = swap_until_unique(fixed, moved, blocks, generator, ordered=ordered)
    # one partner a round leaves 45 of 2,426 rows, which then take values of other lists
    assert left.sum() <= 0.005 * len(fixed) + 2
    assert len(set(zip(fixed, moved[source], strict=True))) == len(fixed) - left.sum()
    assert np.array_equal(np.bincount(moved[source]), np.bincount(moved))


def test_home_and_away_differ_where_they_must():
    fixed, moved = rng().integers(0, 6, 400), rng(1).integers(0, 6, 400)
    source, left = swap_until_unique(
        fixed, moved, np.zeros(400, np.int64), rng(), may_be_equal=False, may_repeat=True
    )
    assert not left.any()
    assert (fixed != moved[source]).all()
    assert np.array_equal(np.bincount(moved[source]), np.bincount(moved))


def test_depths_of_a_forest_by_hand():
    assert depths(np.array([-1, 0, 1, 1, -1, 4, 6])).tolist() == [0, 1, 2, 2, 0, 1, 0]
    assert depths(np.array([1, 2, 0])) is None
    assert depths(np.array([-1, 2, 1])) is None
    assert depths(np.empty(0, np.int64)).tolist() == []
    assert is_root(np.array([-1, 1, 0])).tolist() == [True, True, False]


def test_levels_close_up_in_every_cell():
    levels, cells = np.array([0, 2, 5, 3, 3, 9]), np.array([0, 0, 0, 1, 1, 1])
    assert close_gaps(levels, cells).tolist() == [0, 1, 2, 0, 0, 1]
    assert close_gaps(np.empty(0, np.int64), np.empty(0, np.int64)).tolist() == []


def test_levels_have_room_for_their_rows_in_every_cell():
    levels, cells = np.array([0, 1, 1, 1, 1, 0, 0, 1, 1]), np.array([0] * 5 + [1] * 4)
    assert limit_levels(levels, cells, 1).tolist() == [0, 1, 2, 3, 4, 0, 0, 1, 1]
    assert limit_levels(levels, cells, 3).tolist() == [0, 1, 1, 1, 2, 0, 0, 1, 1]
    assert limit_levels(levels, cells, 4).tolist() == levels.tolist()
    assert limit_levels(np.empty(0, np.int64), np.empty(0, np.int64), 1).tolist() == []


def numbers(**columns) -> Matrix:
    values = np.column_stack(list(columns.values())).astype(float)
    return Matrix(tuple(columns), ("number",) * len(columns), values)


def test_a_link_model_matches_like_with_like_and_keeps_capacities():
    n_rows, n_parents = 3000, 300
    wealth, degrees = rng().normal(size=n_parents), np.full(n_parents, 10)
    links = rng(1).permutation(np.repeat(np.arange(n_parents), degrees))
    price = wealth[links] + rng(2).normal(scale=0.1, size=n_rows)
    model = LinkModel.fit(numbers(price=price), numbers(wealth=wealth), links, seed=0)
    assert model.most == 10
    new_wealth = rng(3).normal(size=n_parents)
    new_price = new_wealth[rng(4).integers(0, n_parents, n_rows)]
    found = model.assign(numbers(price=new_price), numbers(wealth=new_wealth), degrees, rng(5))
    assert np.array_equal(np.bincount(found), degrees)
    assert np.corrcoef(new_price, new_wealth[found])[0, 1] > 0.9


def test_a_link_model_scales_capacities_and_takes_no_rows():
    parents = numbers(size=np.arange(30.0))
    links = np.repeat(np.arange(30), 4)
    rows = numbers(x=links.astype(float))
    model = LinkModel.fit(rows, parents, links, seed=0)
    twice = numbers(x=np.repeat(np.arange(30.0), 8))
    found = model.assign(twice, parents, np.full(30, 4), rng())
    assert np.bincount(found, minlength=30).tolist() == [8] * 30
    few = model.assign(rows.take(np.arange(7)), parents, np.full(30, 4), rng())
    assert len(few) == 7
    assert model.assign(rows.take(np.arange(0)), parents, np.full(30, 4), rng()).tolist() == []


def city_schema() -> Metadata:
    """Return people and shops of one city each, and visits of people to shops."""
    identity = {"id": Column("id", "key")}
    city = {**identity, "city": Column("city", "key")}
    visit = {"person": Column("person", "key"), "shop": Column("shop", "key")}
    return Metadata(
        [
            Table("cities", identity, primary_key=("id",)),
            Table("people", city, primary_key=("id",)),
            Table("shops", city, primary_key=("id",)),
            Table("visits", visit),
        ],
        [
            ForeignKey("people", ("city",), "cities", ("id",), "lives"),
            ForeignKey("shops", ("city",), "cities", ("id",), "stands"),
            ForeignKey("visits", ("person",), "people", ("id",), "who"),
            ForeignKey("visits", ("shop",), "shops", ("id",), "where"),
        ],
    )


@pytest.mark.parametrize("share", [1.0, 0.8, 0.1])
def test_a_diamond_is_found_where_the_paths_agree_beyond_chance(share):
    metadata = city_schema()
    keys = {key.name: key for key in metadata.foreign_keys}
    lives, stands = rng().integers(0, 10, 400), rng(1).integers(0, 10, 100)
    who = rng(2).integers(0, 400, 3000)
    at_home = rng(3).random(3000) < share
    shop_by_city = pd.Series(range(100)).groupby(stands).agg(list)
    near = np.array([shop_by_city[lives[person]][0] for person in who])
    where = np.where(at_home, near, rng(4).integers(0, 100, 3000))
    links = {"lives": lives, "stands": stands, "who": who, "where": where}
    found = find_diamond(
        metadata, keys["where"], (keys["who"],), links, frozenset({"lives", "stands", "who"})
    )
    if share == 0.1:
        assert found is None
        return
    assert found.ancestor == "cities"
    assert found.own_path == ("who", "lives")
    assert found.parent_path == ("stands",)
    assert found.always == (share == 1.0)
    assert found.agreement == pytest.approx(share + (1 - share) / 10, abs=0.03)


def test_paths_are_followed_through_nulls():
    links = {"up": np.array([1, -1, 0]), "top": np.array([5, 6])}
    assert follow(("up", "top"), links).tolist() == [6, -1, 5]
    assert follow(("top",), links, np.array([1, -1, 0])).tolist() == [6, -1, 5]
    assert follow((), links, np.array([3])).tolist() == [3]
    with pytest.raises(ValueError, match="empty path"):
        follow((), links)


def test_kept_rows_that_no_row_refers_to_yet_get_their_number():
    codes = np.repeat(np.arange(20), 5)
    wanted = np.array([4, 4, *[5] * 18, 0, 0, 2])
    colours = Matrix(("colour",), ("category",), (codes % 3)[:, None].astype(float))
    made = meet_counts(codes, wanted, colours, np.random.default_rng(0))
    assert np.bincount(made, minlength=23).tolist() == wanted.tolist()
