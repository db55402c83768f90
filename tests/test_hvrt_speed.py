"""Fitting costs little more than the tree; choosing rows needs memory like the data."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from relsynth.hvrt import HVRT, FastHVRT


def best_of(call, times=3):
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "limit"), [(HVRT, 1.5), (FastHVRT, 1.2)])
def test_fit_and_expand_cost_hardly_more_than_the_bare_tree(kind, limit):
    X = np.random.default_rng(0).normal(size=(50_000, 20))
    model = kind().fit(X)
    tree = DecisionTreeRegressor(**model.tree_.get_params())
    bare = best_of(lambda: tree.fit(model.X_z_, model.target_))
    fitted = best_of(lambda: kind().fit(X))
    assert fitted <= limit * bare
    assert best_of(lambda: model.expand(50_000)) <= fitted


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
