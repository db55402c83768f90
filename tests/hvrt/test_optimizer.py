"""The optimizer: what it searches, what it keeps, and that the outcome counts."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from relsynth.errors import DataError
from relsynth.hvrt import HVRT, HVRTOptimizer
from relsynth.hvrt.optimizer import decode

pytest.importorskip("optuna")


@pytest.fixture(scope="module")
def task():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3))
    return X, X[:, 0] + X[:, 1] ** 2 + 0.1 * rng.normal(size=150)


@pytest.fixture(scope="module")
def tuned(task):
    return HVRTOptimizer(n_trials=4, cv=2, expansion_ratio=2.0, random_state=0).fit(*task)


def test_the_defaults_are_the_first_trial(tuned):
    first = tuned.study_.trials[0]
    assert first.params == {
        "n_partitions": "auto",
        "min_samples_leaf": "auto",
        "y_weight": 0.0,
        "kernel": "auto",
        "variance_weighted": False,
    }
    assert len(tuned.study_.trials) == 4
    assert tuned.best_score_ >= first.value


def test_attributes_are_usable_parameters(tuned):
    assert set(tuned.best_params_) == {
        "n_partitions",
        "min_samples_leaf",
        "y_weight",
        "bandwidth",
    }
    HVRT(**tuned.best_params_)
    assert set(tuned.best_expand_params_) <= {"variance_weighted", "generation_strategy"}
    assert tuned.best_model_.X_.shape == (150, 4)


def test_expand_and_augment_leave_the_outcome_out(tuned, task):
    assert tuned.expand(n=40).shape == (40, 3)
    rows, stats = tuned.expand(40, return_novelty_stats=True, variance_weighted=True)
    assert rows.shape == (40, 3)
    assert set(stats) == {"min", "mean", "p5"}
    augmented = tuned.augment(n=160)
    np.testing.assert_allclose(augmented[:150], task[0])


def test_augment_draws_with_the_tuned_kernel(task):
    X, y = task
    one = HVRTOptimizer(n_trials=1, cv=2, expansion_ratio=1.0, random_state=0).fit(X, y)
    one.best_expand_params_ = {"variance_weighted": True, "generation_strategy": "bootstrap_noise"}
    other = clone(one).fit(X, y)
    named = other.augment(170, variance_weighted=True, generation_strategy="bootstrap_noise")
    np.testing.assert_array_equal(one.augment(170), named)


def test_without_an_outcome_the_least_detectable_rows_win(task):
    X, _ = task
    tuned = HVRTOptimizer(n_trials=3, cv=2, expansion_ratio=1.0, random_state=0).fit(X)
    values = [trial.value for trial in tuned.study_.trials]
    assert len(set(values)) > 1
    assert tuned.best_score_ == max(values)
    assert tuned.expand(20).shape == (20, 3)
    assert tuned.best_model_.X_.shape == X.shape


def test_the_same_seed_searches_the_same_way(task, tuned):
    again = clone(tuned).fit(*task)
    assert again.best_score_ == tuned.best_score_
    assert again.best_params_ == tuned.best_params_


def test_the_outcome_reaches_the_partition(task):
    X, y = task
    params, _ = decode(
        {
            "n_partitions": 20,
            "min_samples_leaf": 5,
            "y_weight": 0.5,
            "kernel": "h=0.30",
            "variance_weighted": True,
        }
    )
    assert params == {
        "n_partitions": 20,
        "min_samples_leaf": 5,
        "y_weight": 0.5,
        "bandwidth": 0.3,
    }
    seen = []
    original = HVRT._learn_outcome

    def spy(self, outcome):
        seen.append(outcome)
        return original(self, outcome)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HVRT, "_learn_outcome", spy)
        HVRTOptimizer(n_trials=1, cv=2, expansion_ratio=1.0).fit(X, y)
    assert len(seen) == 3
    assert all(outcome is not None for outcome in seen)
    np.testing.assert_array_equal(seen[-1], y)


def test_classes_frames_and_an_own_objective():
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"a": rng.normal(size=120), "b": rng.choice(["u", "v"], 120)})
    y = np.where(X["a"] + (X["b"] == "u") > 0.5, "yes", "no")
    calls = []

    def objective(**given):
        calls.append(given)
        return given["tstr"]

    optimizer = HVRTOptimizer(
        n_trials=2, cv=2, expansion_ratio=1.5, random_state=0, objective=objective
    ).fit(X, y)
    assert set(calls[0]) == {
        "tstr",
        "trtr",
        "tstr_delta",
        "X_synth",
        "X_real",
        "y_synth",
        "y_real",
        "fold",
        "n_synth",
    }
    assert calls[0]["tstr_delta"] == pytest.approx(calls[0]["tstr"] - calls[0]["trtr"])
    assert list(calls[0]["X_synth"].columns) == ["a", "b"]
    assert 0.6 < optimizer.best_score_ <= 1.0
    drawn = optimizer.expand(30)
    assert drawn.dtypes.equals(X.dtypes)


def test_what_cannot_work_is_refused(task):
    X, y = task
    with pytest.raises(DataError, match="needs y"):
        HVRTOptimizer(task="regression").fit(X)
    with pytest.raises(DataError, match="149 entries"):
        HVRTOptimizer().fit(X, y[1:])
    with pytest.raises(DataError, match="missing in 1 rows"):
        HVRTOptimizer().fit(X, np.where(np.arange(150) == 3, np.nan, y))
    with pytest.raises(ValueError, match="'regression'"):
        HVRTOptimizer(task="ranking").fit(X, y)
    with pytest.raises(ValueError, match=r"n_trials.*; cv.*; expansion_ratio"):
        HVRTOptimizer(n_trials=0, cv=1, expansion_ratio=-1.0).fit(X, y)
    with pytest.raises(DataError, match=r"2 sample.*cv=3"):
        HVRTOptimizer().fit(X[:2], y[:2])
    with pytest.raises(NotFittedError):
        HVRTOptimizer().expand(5)


def test_without_optuna_it_says_what_to_install(task, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"relsynth-hma\[optimizer\]"):
        HVRTOptimizer().fit(*task)
