"""The formulas of the partition, its targets, budgets and kernels, against worked values."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relsynth.hvrt import HVRT, FastHVRT
from relsynth.hvrt.budgets import allocate, partition_weights
from relsynth.hvrt.generation import epanechnikov_noise, scott_factor, silverman_factor
from relsynth.hvrt.partition import tune, untuned
from relsynth.hvrt.scores import NormalScores
from relsynth.hvrt.target import blend_with_outcome, pairwise_target, sum_target


@pytest.mark.parametrize(
    ("rows", "columns", "reducing", "expanding"),
    [
        (100, 5, (30, 133), (30, 10)),
        (500, 10, (30, 266), (34, 22)),
        (1000, 10, (30, 266), (48, 31)),
        (5000, 14, (30, 373), (107, 70)),
        (20000, 14, (80, 373), (212, 141)),
        (50000, 20, (140, 533), (336, 223)),
    ],
)
def test_the_tuner_gives_the_tabled_sizes(rows, columns, reducing, expanding):
    coarse, fine = (tune(rows, columns, reducing=flag) for flag in (True, False))
    assert (coarse.max_leaf_nodes, coarse.min_samples_leaf) == reducing
    assert (fine.max_leaf_nodes, fine.min_samples_leaf) == expanding


def test_without_tuning_sizes_follow_the_rule_of_thumb():
    assert (untuned(100_000).max_leaf_nodes, untuned(100_000).min_samples_leaf) == (1000, 100)
    assert (untuned(100).max_leaf_nodes, untuned(100).min_samples_leaf) == (2, 5)


def test_recommended_parameters_are_those_for_reducing():
    advice = HVRT.recommend_params(np.zeros((500, 5)))
    assert advice == {
        "n_partitions": 30,
        "min_samples_leaf": 133,
        "n_samples": 500,
        "n_features": 5,
    }


def test_the_pairwise_target_is_the_sum_of_standardised_products():
    rng = np.random.default_rng(0)
    z = rng.standard_t(4, (300, 6))
    z[:, 4] = z[:, 0] * 0.5 + z[:, 4]
    z = (z - z.mean(0)) / z.std(0)
    expected = np.zeros(300)
    for i, j in combinations(range(6), 2):
        product = z[:, i] * z[:, j]
        expected += (product - product.mean()) / product.std()
    np.testing.assert_allclose(pairwise_target(z), expected, atol=1e-9)


def test_products_without_spread_and_constant_columns_add_nothing():
    sign = np.tile([1.0, -1.0], 50)
    z = np.column_stack([sign, sign, np.zeros(100)])
    np.testing.assert_array_equal(pairwise_target(z), np.zeros(100))
    np.testing.assert_array_equal(pairwise_target(z[:, :1]), np.zeros(100))


def test_the_fast_target_is_the_row_sum():
    z = np.array([[1.0, 2.0], [-3.0, 0.5]])
    np.testing.assert_array_equal(sum_target(z), [3.0, -2.5])
    rng = np.random.default_rng(1)
    model = FastHVRT().fit(rng.normal(size=(200, 3)))
    np.testing.assert_allclose(model.target_, model.X_z_.sum(1))


def test_the_outcome_enters_by_its_distance_from_the_median():
    y = np.array([0.0, 0.0, 0.0, 10.0])
    extreme = np.abs((y - 2.5) / y.std() - np.median((y - 2.5) / y.std()))
    outcome = (extreme - extreme.mean()) / extreme.std()
    blend = blend_with_outcome(np.ones(4), y, 0.3)
    np.testing.assert_allclose(blend, 0.7 + 0.3 * outcome, atol=1e-8)


def test_budgets_use_largest_remainders():
    weights = np.array([0.52, 0.27, 0.14, 0.07])
    assert allocate(weights, 103).tolist() == [54, 28, 14, 7]
    assert allocate(np.array([0.6, 0.2, 0.1, 0.1]), 10, floor=5).tolist() == [6, 2, 1, 1]
    assert allocate(np.array([0.97, 0.01, 0.02]), 60, floor=5).tolist() == [50, 5, 5]
    assert allocate(np.ones(3), 10, capacity=np.array([1, 9, 9])).sum() == 10


@given(
    st.lists(st.floats(0.0, 1e6), min_size=1, max_size=30).filter(lambda w: sum(w) > 0),
    st.integers(0, 500),
    st.integers(0, 9),
    st.randoms(use_true_random=False),
)
def test_budgets_sum_up_and_stay_within_capacity(weights, total, floor, random):
    capacity = np.array([random.randint(1, 40) for _ in weights])
    total = min(total, int(capacity.sum()))
    budgets = allocate(np.array(weights), total, floor=floor, capacity=capacity)
    assert budgets.sum() == total
    assert (budgets >= 0).all()
    assert (budgets <= capacity).all()
    free = allocate(np.array(weights), total)
    shares = np.array(weights) / np.sum(weights) * total
    assert free.sum() == total
    assert (np.abs(free - shares) < 1 + 1e-6 * total).all()


def test_weights_follow_sizes_or_mean_absolute_z():
    z = np.array([[1.0], [1.0], [1.0], [3.0]])
    partitions = np.array([0, 0, 0, 1])
    by_size = partition_weights(z, partitions, 2, by_variance=False)
    by_extent = partition_weights(z, partitions, 2, by_variance=True)
    np.testing.assert_allclose(by_size, [0.75, 0.25])
    np.testing.assert_allclose(by_extent, [0.25, 0.75])


def test_epanechnikov_noise_is_bounded_with_variance_one_fifth():
    noise = epanechnikov_noise((200_000,), np.random.default_rng(0))
    assert np.abs(noise).max() <= 1
    assert abs(noise.var() - 0.2) < 0.002
    assert abs(noise.mean()) < 0.005
    assert abs((np.abs(noise) < 0.5).mean() - 0.6875) < 0.004


def test_bandwidth_factors():
    assert scott_factor(np.array([100]), 5)[0] == pytest.approx(100 ** (-1 / 9))
    assert silverman_factor(np.array([100]), 5)[0] == pytest.approx((100 * 7 / 4) ** (-1 / 9))


def test_normal_scores_return_atoms_codes_and_missing_values_exactly():
    rng = np.random.default_rng(0)
    values = np.column_stack(
        [
            np.where(rng.random(500) < 0.6, 0.0, rng.lognormal(size=500)),
            rng.integers(0, 3, 500),
            np.where(rng.random(500) < 0.3, np.nan, rng.normal(size=500)),
        ]
    )
    marginals = NormalScores.of(values, np.array([True, False, True]))
    scores = marginals.transform(values, rng)
    back = marginals.inverse(scores)
    np.testing.assert_array_equal(back[:, 0] == 0, values[:, 0] == 0)
    np.testing.assert_array_equal(back[:, 1], values[:, 1])
    np.testing.assert_array_equal(np.isnan(back[:, 2]), np.isnan(values[:, 2]))
    assert np.abs(np.mean(scores, axis=0)).max() < 0.05
    assert np.abs(np.std(scores, axis=0) - 1).max() < 0.05
