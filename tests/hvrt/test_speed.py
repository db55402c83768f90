"""Fitting costs little more than the tree; choosing rows needs memory like the data."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from relsynth.hvrt import HVRT, FastHVRT


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "limit"), [(HVRT, 1.5), (FastHVRT, 1.2)])
def test_fit_and_expand_cost_hardly_more_than_the_bare_tree(kind, limit):
    """Judged by the best of five rounds, each with both sides, as other load comes and goes."""
    X = np.random.default_rng(0).normal(size=(50_000, 20))
    model = kind().fit(X)
    tree = DecisionTreeRegressor(**model.tree_.get_params())
    rounds = [
        (
            seconds(lambda: tree.fit(model.X_z_, model.target_)),
            seconds(lambda: kind().fit(X)),
            seconds(lambda: model.expand(50_000)),
        )
        for _ in range(5)
    ]
    assert min(fitted / bare for bare, fitted, _ in rounds) <= limit
    assert min(expanded / fitted for _, fitted, expanded in rounds) <= 1


def test_farthest_points_need_memory_in_proportion_to_the_data():
    rng = np.random.default_rng(0)
    peaks = []
    for rows in (4_000, 16_000):
        model = HVRT(n_partitions=2).fit(rng.normal(size=(rows, 10)))
        tracemalloc.start()
        model.reduce(n=100)
        peaks.append(tracemalloc.get_traced_memory()[1] / (rows * 10 * 8))
        tracemalloc.stop()
    assert max(peaks) < 12
    assert peaks[1] < 1.5 * peaks[0]
