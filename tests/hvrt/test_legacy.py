"""The reducers of the first version still work, and say that they are old."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from relsynth.errors import DataError
from relsynth.hvrt import AdaptiveHVRTReducer, HVRTSampleReducer


@pytest.fixture(scope="module")
def task():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 3))
    return X, X @ [1.0, 2.0, -1.0] + 0.1 * rng.normal(size=1000)


def reducer(**options):
    with pytest.warns(DeprecationWarning, match="HVRTSampleReducer"):
        return HVRTSampleReducer(**options)


def adaptive(**options):
    with pytest.warns(DeprecationWarning, match="AdaptiveHVRTReducer"):
        return AdaptiveHVRTReducer(**options)


def test_rows_and_outcome_are_reduced_together(task):
    X, y = task
    model = reducer(reduction_ratio=0.1)
    rows, outcome = model.fit_transform(X, y)
    np.testing.assert_array_equal(rows, X[model.selected_indices_])
    np.testing.assert_array_equal(outcome, y[model.selected_indices_])
    assert len(np.unique(model.selected_indices_)) == 100
    info = model.get_reduction_info()
    assert info["n_selected"] == 100
    assert info["reduction_ratio"] == pytest.approx(0.1)
    assert info["n_partitions"] == model.n_partitions_
    assert info["max_leaf_nodes"] == 30
    assert info["min_samples_leaf"] == 80


def test_the_tree_grows_on_the_outcome_unless_it_is_blended(task):
    X, y = task
    on_y = reducer(max_leaf_nodes=2, min_samples_leaf=5).fit(X, y).tree_
    z = (X - X.mean(0)) / X.std(0)
    assert on_y.score(z, y) > 0.2
    alone = reducer(max_leaf_nodes=2, min_samples_leaf=5).fit(X).tree_
    assert alone.score(z, y) < 0.1
    assert reducer(y_weight=0.5).fit(X, y).n_partitions_ > 1


def test_frames_stay_frames(task):
    X = pd.DataFrame(task[0], columns=list("abc"))
    rows = reducer().fit_transform(X)
    pd.testing.assert_frame_equal(rows, X.iloc[rows.index])


def test_own_strategies_get_the_rows_of_a_partition(task):
    X, y = task
    model = reducer(selection_strategy=lambda part, count, seed: np.arange(count)).fit(X, y)
    assert len(model.selected_indices_) == 200
    with pytest.raises(TypeError, match="not int"):
        reducer(selection_strategy=3).fit(X)


def test_the_ratio_is_raised_or_refused(task):
    with pytest.warns(UserWarning, match="raised to 0.120"):
        model = reducer(reduction_ratio=0.05, maintain_ratio=True).fit(task[0])
    assert len(model.selected_indices_) == 120
    with pytest.raises(DataError, match="120 in all, but X has 50"):
        reducer(maintain_ratio=True).fit(task[0][:50])


def test_the_smallest_ratio_that_keeps_the_score_is_found(task):
    X, y = task
    model = adaptive(validator=LinearRegression(), reduction_ratios=[0.1, 0.5, 0.2])
    rows, outcome = model.fit_transform(X, y)
    assert model.best_reduction_["ratio"] == 0.1
    assert [result["ratio"] for result in model.reduction_results_] == [0.5, 0.2, 0.1]
    assert len(rows) == len(outcome) == 100
    assert model.baseline_score_ > 0.99
    summary = model.get_reduction_summary()
    assert list(summary["n_samples"]) == [500, 200, 100]


def test_it_stops_at_the_first_failure_and_takes_several_scores(task):
    X, y = task
    noisy = y + 30 * np.random.default_rng(0).normal(size=1000)
    model = adaptive(
        validator=LinearRegression(),
        accuracy_threshold=100.0,
        scoring={"r2": r2_score, "error": "neg_mean_absolute_error"},
    ).fit(X, noisy)
    assert len(model.reduction_results_) == 1
    assert model.best_reduction_["ratio"] == 0.5
    assert len(model.reduction_results_[0]["all_scores"]) == 2


def test_xgboost_is_the_default_judge(task):
    pytest.importorskip("xgboost")
    X, y = task
    model = adaptive(reduction_ratios=[0.5], cv=2).fit(X[:300], y[:300] > 0)
    assert model.baseline_score_ > 0.7
