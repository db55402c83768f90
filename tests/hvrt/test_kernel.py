"""Donors take turns; kernels lie between real rows and keep the spread of a leaf."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relsynth.hvrt import HVRT
from relsynth.hvrt.kernel import shrunk_kernel
from relsynth.hvrt.partition import Partition


@given(
    leaves=st.lists(st.integers(0, 4), min_size=1, max_size=40),
    share=st.floats(0.0, 3.0),
    seed=st.integers(0, 1000),
)
def test_donors_take_turns_in_their_partition(leaves, share, seed):
    partition = Partition(np.array(leaves))
    budgets = np.round(partition.sizes * share).astype(np.int64)
    drawn = partition.draw(budgets, np.random.default_rng(seed))
    assert (np.bincount(partition.codes[drawn], minlength=len(partition)) == budgets).all()
    assert (np.diff(partition.codes[drawn]) >= 0).all()
    turns = np.bincount(drawn, minlength=len(leaves))
    for members in partition.members():
        assert np.ptp(turns[members]) <= 1


def test_without_noise_every_real_row_is_returned_once():
    X = np.random.default_rng(3).gamma(2.0, size=(400, 4))
    made = HVRT().fit(X).expand(400, bandwidth=0.0)
    order = [np.argsort(rows[:, 0]) for rows in (made, X)]
    np.testing.assert_allclose(made[order[0]], X[order[1]])


@pytest.mark.parametrize("bandwidth", [0.1, 0.5, 1.0, 3.0])
def test_kernels_keep_mean_spread_and_correlation_of_a_leaf(bandwidth):
    rng = np.random.default_rng(4)
    scores = rng.multivariate_normal([1.0, -1.0, 0.0], [[1, 0.8, 0], [0.8, 1, 0], [0, 0, 4]], 300)
    partition, budgets = Partition(np.zeros(300, dtype=np.int64)), np.array([30_000])
    donors = partition.draw(budgets, rng)
    made = shrunk_kernel(scores, partition, budgets, np.array([bandwidth]), donors, rng)
    assert made.mean(axis=0) == pytest.approx(scores.mean(axis=0), abs=0.05)
    assert made.std(axis=0) == pytest.approx(scores.std(axis=0), rel=0.02)
    correlation = [np.corrcoef(rows.T)[0, 1] for rows in (made, scores)]
    assert correlation[0] == pytest.approx(correlation[1], abs=0.09)


def test_kernels_lie_between_near_rows():
    rng = np.random.default_rng(5)
    scores = np.concatenate([rng.normal(-5, 0.1, (100, 2)), rng.normal(5, 0.1, (100, 2))])
    partition, budgets = Partition(np.zeros(200, dtype=np.int64)), np.array([2000])
    donors = partition.draw(budgets, rng)
    made = shrunk_kernel(scores, partition, budgets, np.array([0.05]), donors, rng)
    assert (np.sign(made) == np.sign(scores[donors])).all()
    apart = np.abs(made[:, None] - scores[None]).max(axis=2).min(axis=1)
    assert apart.min() > 0
