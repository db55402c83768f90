"""Trees on binned features: bins, both growers, their leaves and what they ask for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from relsynth.models.association import association
from relsynth.models.binning import BinnedFeatures, edges_of, usual_bins
from relsynth.models.target import Target
from relsynth.models.tree import grow, importances


def features_of(*columns, n_bins=255):
    values = np.column_stack(columns).astype(np.float32)
    return values, BinnedFeatures.of(values, n_bins)


def test_edges_lie_between_distinct_values_and_share_the_rows_out():
    distinct = np.arange(6, dtype=np.float32)
    assert edges_of(distinct, np.ones(6, int), 6).tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert edges_of(distinct, np.ones(6, int), 3).tolist() == [1.5, 3.5]
    assert edges_of(distinct, np.array([90, 2, 2, 2, 2, 2]), 2).tolist() == [0.5]
    assert edges_of(distinct[:1], np.array([7]), 4).tolist() == []


def test_neighbouring_floats_stay_apart():
    low = np.float32(1.0)
    high = np.nextafter(low, np.float32(2.0))
    _, binned = features_of(np.array([low, high, low, high]))
    assert binned.codes[:, 0].tolist() == [0, 1, 0, 1]


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float32, st.integers(1, 200), elements=st.floats(-1e3, 1e3, width=32)),
    st.integers(2, 255),
)
def test_codes_are_the_number_of_edges_below(column, n_bins):
    binned = BinnedFeatures.of(column[:, None], n_bins)
    edges = binned.edges[0]
    assert len(edges) < n_bins
    assert (np.diff(edges) > 0).all()
    assert np.array_equal(binned.codes[:, 0], (column[:, None] > edges).sum(1))


@pytest.mark.parametrize("n_rows", [1, 999, 1_001, 5_000, 10**7])
def test_bins_fit_a_byte(n_rows):
    assert 2 <= usual_bins(n_rows) <= 255


def targets():
    rng = np.random.default_rng(0)
    x, other = rng.normal(size=(2, 600))
    gaps = np.where(rng.random(600) < 0.3, np.nan, 2 * x)
    classes = np.digitize(x, [-1, 0, 1]).astype(float)
    return (x, other), {
        "number": Target.of(2 * x + 0.1 * other, "number"),
        "number with gaps": Target.of(gaps, "number"),
        "two classes": Target.of((x > 0).astype(float), "category"),
        "four classes": Target.of(classes, "category"),
    }


@pytest.mark.parametrize("name", list(targets()[1]))
@pytest.mark.parametrize("significance", [0.0, 6.0])
def test_rows_are_routed_to_the_leaves_they_were_grown_into(name, significance):
    columns, made = targets()
    values, binned = features_of(*columns)
    tree, leaves = grow(binned, made[name], min_leaf=10, significance=significance, seed=0)
    assert tree.n_leaves > 1
    assert np.array_equal(tree.apply(values), leaves)
    assert np.bincount(leaves, minlength=tree.n_leaves).min() >= 10


def test_a_significant_tree_on_noise_is_a_single_leaf():
    rng = np.random.default_rng(1)
    _, binned = features_of(*rng.normal(size=(3, 500)))
    noise = Target.of(rng.normal(size=500), "number")
    grown, _ = grow(binned, noise, min_leaf=20, significance=0.0, seed=0)
    pruned, leaves = grow(binned, noise, min_leaf=20, significance=30.0, seed=0)
    assert grown.n_leaves > 5
    assert pruned.n_leaves == 1
    assert not leaves.any()


def test_a_golden_split():
    """Six rows, one step: the edge is halfway and each side is a leaf."""
    _, binned = features_of([1, 2, 3, 10, 11, 12])
    target = Target.of(np.array([0.0, 0, 0, 5, 5, 5]), "number")
    tree, leaves = grow(binned, target, min_leaf=2, significance=0.0, seed=0)
    assert tree.threshold[0] == 6.5
    assert leaves.tolist() == [0, 0, 0, 1, 1, 1]
    assert tree.apply(np.array([[6.5], [6.6]], np.float32)).tolist() == [0, 1]


def test_a_tree_is_narrowed_to_the_features_it_asks_for():
    columns, made = targets()
    values, binned = features_of(np.zeros(600), *columns)
    tree, leaves = grow(binned, made["two classes"], min_leaf=10, significance=6.0, seed=0)
    narrow, used = tree.narrowed()
    assert 0 not in used
    assert narrow.n_features == len(used)
    assert np.array_equal(narrow.apply(values[:, used]), leaves)


@pytest.mark.parametrize("name", list(targets()[1]))
def test_the_feature_that_tells_weighs_most(name):
    columns, made = targets()
    _, binned = features_of(columns[1], columns[0])
    weight = importances(binned, made[name], min_leaf=20, seed=0)
    assert weight.argmax() == 1
    assert (weight >= 0).all()


def test_association_sees_a_class_without_order_and_not_chance():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 5, 2_000)
    scrambled = np.array([3, 0, 4, 1, 2])[classes]
    _, binned = features_of(rng.normal(size=2_000), scrambled, np.ones(2_000))
    gain = association(binned, Target.of(classes.astype(float), "category"))
    assert gain.argmax() == 1
    assert gain[1] == pytest.approx(
        2_000 * (1 - ((np.bincount(classes) / 2_000) ** 2).sum()), rel=0.01
    )
    assert abs(gain[0]) < 0.02 * gain[1]
    assert gain[2] == pytest.approx(0)
