"""Sequential trees keep dependences, atoms and gaps, and survive a file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_matrices import assert_draws_of_few_rows, drawn_from, matrix, rng

from relsynth.columns.matrix import Matrix
from relsynth.errors import ModelFileError
from relsynth.models.cart import SequentialTrees
from relsynth.models.leaf_draw import LeafDraw
from relsynth.models.systematic import round_to_total, spread
from relsynth.models.tree import Tree
from relsynth.packing import pack, unpack

NAN = np.nan


def drawn(rows: Matrix, count: int = 4000, context: Matrix | None = None, **parameters):
    return drawn_from(SequentialTrees(**parameters), rows, count, context)


def test_a_functional_dependence_between_categories_is_kept():
    country = rng().integers(0, 12, 3000)
    currency = np.array([0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4])[country]
    made = drawn(matrix(category_country=country, category_currency=currency))
    pairs = set(map(tuple, made.astype(int)))
    assert pairs == set(zip(country.tolist(), currency.tolist(), strict=True))


def test_a_function_of_a_category_and_a_number_is_kept():
    group, size = rng().integers(0, 3, 5000), rng(1).integers(0, 10, 5000)
    total = np.where(group == 0, size, np.where(group == 1, -size, 5))
    made = drawn(matrix(category_group=group, count_size=size, count_total=total))
    g, s, t = made.T
    assert (t == np.where(g == 0, s, np.where(g == 1, -s, 5))).mean() > 0.999


def test_the_context_decides_where_it_decided_in_the_real_rows():
    kind = rng().integers(0, 4, 2000).astype(float)
    rows = matrix(amount=10.0**kind + rng(1).random(2000))
    made = drawn(rows, context=matrix(category_kind=kind))
    assert (np.floor(made[:, 0]) == 10.0**kind).mean() > 0.995


def test_independent_columns_stay_independent_with_their_shares():
    first, second = rng().random(6000) < 0.3, rng(1).random(6000) < 0.2
    made = drawn(matrix(category_a=first, category_b=second), 6000)
    assert made.mean(0) == pytest.approx([first.mean(), second.mean()], abs=0.005)
    assert abs(np.corrcoef(made.T)[0, 1]) < 0.05


def test_frequent_values_are_atoms_and_rare_ones_are_not_copied():
    zeros, prices = np.zeros(700), rng().uniform(1, 100, 300)
    column = rng(1).permutation(np.r_[zeros, prices])
    made = drawn(matrix(x=column), 10_000)[:, 0]
    assert (made == 0).mean() == pytest.approx(0.7, abs=0.005)
    rest = made[made != 0]
    assert prices.min() <= rest.min()
    assert rest.max() <= prices.max()
    assert not np.isin(rest, prices).any()
    assert np.quantile(rest, [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(prices, [0.1, 0.5, 0.9]), rel=0.05
    )


def test_counts_and_categories_are_drawn_exactly_as_seen():
    counts, codes = rng().integers(0, 50, 400) * 7, rng(1).integers(0, 90, 400) * 3
    made = drawn(matrix(count_n=counts, category_c=codes))
    assert set(made[:, 0]) <= set(counts)
    assert set(made[:, 1]) <= set(codes)


def test_the_share_of_missing_values_is_kept_in_every_group():
    group = np.repeat([0.0, 1.0, 2.0], 1000)
    share = np.array([0.0, 0.25, 1.0])
    hidden = rng().random(3000) < share[group.astype(int)]
    x = np.where(hidden, NAN, rng(1).normal(group * 10))
    flag = np.where(hidden, NAN, rng(2).integers(0, 2, 3000))
    made = drawn(matrix(category_group=group, x=x, category_flag=flag), 6000)
    for number in range(3):
        expected = hidden[group == number].mean()
        part = made[made[:, 0] == number]
        assert np.isnan(part[:, 1]).mean() == pytest.approx(expected, abs=0.02)
        assert (np.isnan(part[:, 1]) == np.isnan(part[:, 2])).mean() > 0.99


def test_a_drawn_number_follows_its_conditional_mean_and_spread():
    x = rng().uniform(0, 10, 8000)
    y = x**2 + rng(1).normal(scale=1 + x)
    made = drawn(matrix(x=x, y=y), 8000)
    for low in range(0, 10, 2):
        real_part = y[(x >= low) & (x < low + 2)]
        part = made[(made[:, 0] >= low) & (made[:, 0] < low + 2), 1]
        assert part.mean() == pytest.approx(real_part.mean(), abs=0.06 * y.std())
        assert part.std() == pytest.approx(real_part.std(), rel=0.15)


@pytest.mark.parametrize("rows", [0, 1, 2, 7])
def test_few_rows_columns_of_nothing_and_constants_are_fine(rows):
    assert_draws_of_few_rows(rows, drawn)


def test_a_table_without_columns_gives_rows_without_columns():
    assert drawn(Matrix.empty(5), 3).shape == (3, 0)


def test_threads_have_no_influence():
    rows = matrix(
        a=rng().normal(size=500), b=rng(1).normal(size=500), category_c=np.arange(500) % 3
    )
    assert np.array_equal(drawn(rows, threads=1), drawn(rows, threads=4))


def fitted() -> tuple[SequentialTrees, Matrix]:
    x = rng().normal(size=600)
    context = matrix(category_k=rng(2).integers(0, 5, 600))
    rows = matrix(x=x, y=np.where(x > 1, NAN, 2 * x), category_z=(x > 0) + 2 * (x > 1))
    return SequentialTrees().fit(rows, context, seed=1), context


def test_state_round_trip_draws_the_same():
    model, context = fitted()
    restored = unpack(pack(model))
    assert np.array_equal(
        model.sample(context, rng(5)), restored.sample(context, rng(5)), equal_nan=True
    )
    assert restored.to_state().keys() == model.to_state().keys()
    json.dumps(model.to_state()["parameters"])


def damage_child_beyond_the_end(state):
    state["left"][0] = len(state["left"]) + 3


def damage_loop(state):
    inner = np.flatnonzero(state["left"] >= 0)
    state["left"][inner[-1]] = inner[0]


def damage_lone_child(state):
    state["right"][0] = -1


def damage_feature(state):
    state["feature"][0] = state["n_features"]


def damage_length(state):
    state["threshold"] = state["threshold"][:-1]


def damage_everything(state):
    for name in ("left", "right", "feature", "threshold"):
        state[name] = state[name][:0]


@pytest.mark.parametrize(
    "damage",
    [
        damage_child_beyond_the_end,
        damage_loop,
        damage_lone_child,
        damage_feature,
        damage_length,
        damage_everything,
    ],
)
def test_damaged_trees_are_refused(damage):
    model, _ = fitted()
    state = pack(model)
    trees = [column["state"]["tree"]["state"] for column in state["state"]["columns"]]
    trees = [tree for tree in trees if len(tree["left"]) > 1]
    assert trees
    damage(trees[0])
    with pytest.raises(ModelFileError, match="damaged"):
        unpack(state)


def test_a_tree_of_two_leaves_sorts_rows_by_its_threshold():
    tree = Tree.from_state(
        {
            "left": [1, -1, -1],
            "right": [2, -1, -1],
            "feature": [1, 0, 0],
            "threshold": [0.5, 0.0, 0.0],
            "n_features": 2,
        }
    )
    rows = np.array([[9, 0.5], [0, 0.6], [0, -1]], np.float32)
    assert tree.n_leaves == 2
    assert tree.apply(rows).tolist() == [0, 1, 0]


def test_each_leaf_draws_its_own_values_and_no_donor_is_stored():
    column = np.array([1.0, 2.0, 3.0, 4.0, 100.0, 100.0, 100.0, 100.0, 100.0])
    leaves = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    draw = LeafDraw.of(column, "number", leaves, 2)
    made = draw.draw(np.array([0] * 400 + [1] * 40), rng())
    assert (made[400:] == 100.0).all()
    assert made[:400].min() >= 1.0
    assert made[:400].max() <= 4.0
    assert not np.isin(made[:400], column).any()
    assert set(pack(draw)["state"]) == {"lower", "upper", "ends", "bounds"}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 5), max_size=60), st.integers(0, 100))
def test_spread_covers_the_unit_interval_in_every_group(groups, seed):
    numbers = spread(np.array(groups, np.int64), rng(seed))
    for group in set(groups):
        part = np.sort(numbers[np.array(groups) == group])
        assert np.array_equal(np.floor(part * len(part)), np.arange(len(part)))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 9), max_size=40), st.integers(0, 100))
def test_random_rounding_keeps_the_total_and_the_neighbourhood(expected, seed):
    expected = np.array(expected)
    if len(expected):
        expected[-1] += np.ceil(expected.sum()) - expected.sum()
    rounded = round_to_total(expected, rng(seed))
    assert rounded.sum() == round(expected.sum())
    assert (np.abs(rounded - expected) < 1 + 1e-9).all()
